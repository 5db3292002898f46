/* SPDX-License-Identifier: MIT
 *
 * Threads that do C work for bodies, which are suspended meanwhile as in any wait. */
#ifndef JLT_CORE_HELPERS_H
#define JLT_CORE_HELPERS_H

#include <jltask.h>

/* Runs work(data) on another thread and waits until it has returned. From a body, or a guest (core/guest.h). JLT_OK, or
 * without having run it JLT_NO_MEMORY or JLT_CLOSED; not reported. */
jlt_status helpers_run(void (*work)(void *data), void *data);

/* Whether the calling thread is one of these. */
bool helpers_is_one(void);

/* Before and after the life of a runtime; until open, and from finish on, nothing is run. Finish joins all helpers,
 * when no body is left. */
void helpers_open(void);
void helpers_finish(void);

#endif
