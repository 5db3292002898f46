/* SPDX-License-Identifier: MIT
 *
 * The statistics as Prometheus reads them: the text-based format, version 0.0.4. */
#ifndef JLT_CORE_PROMETHEUS_H
#define JLT_CORE_PROMETHEUS_H

#include <jltask.h>

struct out;
struct runtime;

/* Any thread. JLT_NO_MEMORY: what was written is of no use. */
jlt_status prometheus_write(const struct runtime *runtime, struct out *out);

#endif
