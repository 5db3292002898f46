/* SPDX-License-Identifier: MIT
 *
 * Where Julia's log and output go, if not to the process's standard streams. */
#ifndef JLT_JULIA_SINKS_H
#define JLT_JULIA_SINKS_H

#include <jltask.h>

/* Installs the sinks that the options name. On Julia's first thread, before any code of the user's.
 * JLT_EXCEPTION, reported. */
jlt_status sinks_open(const jlt_options *options);

#endif
