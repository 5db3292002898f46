/* SPDX-License-Identifier: MIT
 *
 * Starting and ending Julia itself. */
#ifndef JLT_JULIA_START_H
#define JLT_JULIA_START_H

#include <jltask.h>

/* Finds, loads and initialises Julia on the calling thread, which is Julia's first thread from then on, and fills
 * `julia` and `bootstrap`. *initialised tells whether Julia was reached: a failure after that is final for the
 * process. JLT_NO_JULIA, JLT_INVALID_ARGUMENT, JLT_ALREADY_STARTED, JLT_NO_MEMORY, reported. */
jlt_status julia_start(const jlt_options *options, bool *initialised);

/* Runs Julia's exit hooks. The thread may end after that. */
void julia_end(void);

#endif
