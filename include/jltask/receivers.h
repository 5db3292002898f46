/* SPDX-License-Identifier: MIT
 *
 * Client side: the replies of messages and starts. */
#ifndef JLTASK_RECEIVERS_H
#define JLTASK_RECEIVERS_H

#include "status.h"

JLT_BEGIN_DECLARATIONS

/* Waits for the reply, copies its output and frees the receiver. The reply's status: JLT_OK, JLT_EXCEPTION,
 * JLT_FAILED, JLT_TYPE_MISMATCH, JLT_NOT_FOUND, JLT_INVALID_ARGUMENT, JLT_NO_MEMORY, JLT_CANCELLED, JLT_CLOSED.
 * output has the type's output_size bytes (for a start: a jlt_persistent *) and is written only on JLT_OK; it
 * may be NULL for a message, whose output is then thrown away, but not for a start. With JLT_PENDING, JLT_TIMEOUT,
 * JLT_WOULD_DEADLOCK (from a body, without a limit in time: tasks.h) and JLT_INVALID_ARGUMENT for a NULL argument, the
 * receiver stays good; all else frees it.
 * recv_timeout waits at most timeout_ns nanoseconds (negative: no limit). One thread at a time may use a
 * receiver; it may be another than the sender. In a body, only that task is suspended. */
JLT_API jlt_status jlt_receiver_recv(jlt_receiver *receiver, void *output);
JLT_API jlt_status jlt_receiver_recv_timeout(jlt_receiver *receiver, int64_t timeout_ns, void *output);
JLT_API jlt_status jlt_receiver_try_recv(jlt_receiver *receiver, void *output);

/* Gives up a reply: the message is still handled, its output disposed of. NULL is ignored. Any thread. */
JLT_API void jlt_receiver_drop(jlt_receiver *receiver);

JLT_END_DECLARATIONS

#endif
