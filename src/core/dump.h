/* SPDX-License-Identifier: MIT
 *
 * Says what a runtime is doing, for somebody who wonders why nothing happens. */
#ifndef JLT_CORE_DUMP_H
#define JLT_CORE_DUMP_H

#include <jltask.h>

struct runtime;

/* Writes the dump. Any thread, signal handlers too: it allocates nothing, waits for no lock and changes no error.
 * runtime: NULL: there is none. julia: its version. JLT_OK, JLT_PENDING: another dump is under way, and
 * JLT_INVALID_ARGUMENT: the descriptor cannot be written. */
jlt_status dump_write(struct runtime *runtime, const char *julia, int descriptor);

#endif
