/* SPDX-License-Identifier: MIT
 *
 * What may wait in a whole runtime, in mailboxes and in the channel together: so many messages, and so many bytes of
 * their inputs and configs. A message takes its part when it is sent, after its place at its own gate, and gives it
 * back when it begins or is given up.
 *
 * Senders outside of Julia's threads wait there as at a full mailbox. A body must not: what would make room may stand
 * in the mailbox of its own task, behind it. So what bodies send counts, and does not wait. Where fibers are limited
 * the same holds for the channel: what is in it may need the fiber of the body that would wait. */
#ifndef JLT_CORE_QUOTA_H
#define JLT_CORE_QUOTA_H

#include "core/gate.h"

struct quota {
    bool is_set; /* of messages or bytes; else the gates are unused */
    bool few_fibers;
    struct gate messages, bytes;
};

struct runtime_limits;
void quota_init(struct quota *quota, const struct runtime_limits *limits);

/* Whether the caller must not wait for room: a body, C that Julia calls, or a body's work on another thread. */
bool quota_is_inside(void);

/* Gives back what a message with so many bytes of input takes. */
void quota_leave_set(struct quota *quota, struct gate_queue *senders, size_t bytes);

static inline void quota_leave(struct quota *quota, struct gate_queue *senders, size_t bytes)
{
    if (quota->is_set)
        quota_leave_set(quota, senders, bytes);
}

#endif
