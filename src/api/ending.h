/* SPDX-License-Identifier: MIT
 *
 * The end of a process in which Julia still runs. */
#ifndef JLT_API_ENDING_H
#define JLT_API_ENDING_H

#include "core/runtime.h"

/* When Julia runs: from now on exit() closes the runtime first. */
void ending_watch(struct runtime *runtime);

/* When Julia has ended. */
void ending_julia_ended(void);

/* Whether Julia's threads have been stopped, since the process ends; nobody may wait for them any more. */
bool ending_is_stopped(void);

#endif
