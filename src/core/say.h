/* SPDX-License-Identifier: MIT
 *
 * What jltask itself has to say: seldom, and never on the way of a message that succeeds. */
#ifndef JLT_CORE_SAY_H
#define JLT_CORE_SAY_H

#include <jltask.h>

/* Julia's numbers of levels. */
enum say_level { SAY_DEBUG = -1000, SAY_INFO = 0, SAY_WARN = 1000, SAY_ERROR = 2000 };

/* Once, before the runtime is used: options.own_log, or standard error where JLTASK_LOG names a level. */
void say_configure(const jlt_options *options, const char *variable);

/* Any thread, without a lock that a sink could want. */
JLT_PRINTF(2, 3) void say(enum say_level level, const char *format, ...);

#endif
