/* SPDX-License-Identifier: MIT
 *
 * A message to a task, in two steps, for batch.c; all other sending is in runtime.h. */
#ifndef JLT_CORE_SEND_H
#define JLT_CORE_SEND_H

#include "core/runtime.h"

/* Makes a message that has its place at the gate, its limits and, where the options have one, its hold on a queue.
 * Then it is either pushed or undone. Reports its status. */
jlt_status send_prepare(struct task *task, const void *input, const struct call_options *options, bool wanted,
                        struct message **made);

/* After a push that was refused with this status, which is reported. */
void send_undo(struct task *task, struct message *message, const struct call_options *options, jlt_status status);

#endif
