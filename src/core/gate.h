/* SPDX-License-Identifier: MIT
 *
 * A bound on how many may wait: a task's mailbox, the runtime's channel. Entering is one atomic step; only senders
 * that find it full touch a lock. They wait in a list of the runtime, oldest first. */
#ifndef JLT_CORE_GATE_H
#define JLT_CORE_GATE_H

#include "core/limit.h"

#include <jltask.h>

#include <pthread.h>
#include <stdatomic.h>

struct gate {
    size_t capacity; /* 0: no limit; the rest is unused then */
    atomic_size_t used;
    atomic_uint waiters;
    atomic_uint limited; /* of those that have a place, how many may give it back by themselves, in time */
};

struct gate_waiter;
struct ring_wait;
struct task;

/* The senders that wait at any gate of one runtime. */
struct gate_queue {
    pthread_mutex_t lock; /* held for short walks, never across a wait or a call into Julia */
    struct gate_waiter *first;
    bool closed;
};

void gate_init(struct gate *gate, size_t capacity);
void gate_queue_init(struct gate_queue *queue);
void gate_queue_finish(struct gate_queue *queue);

/* Takes a place without waiting. False: full. */
bool gate_try_enter(struct gate *gate);

/* Takes a place, waiting for one if need be. owner: the task whose mailbox it is; NULL: no task's. listed: the
 * caller's wait that has begun already, for what it is to send; NULL: there is none. JLT_OK, JLT_CLOSED once
 * gate_queue_close was called, or, where nothing is listed, JLT_WOULD_DEADLOCK (ring.h; only this one is reported). */
jlt_status gate_enter(struct gate *gate, struct gate_queue *queue, const struct task *owner, struct ring_wait *listed);

/* The same, and with a limit: then nothing is listed, and no wait is refused for a ring. Also JLT_DEADLINE_EXCEEDED,
 * JLT_CANCELLED (the canceller was used, or the body that calls is told to stop), JLT_NO_MEMORY. */
struct gate_wait {
    const struct task *owner;
    struct ring_wait *listed;
    int64_t deadline;            /* or limit_never */
    struct canceller *canceller; /* or NULL */
};
jlt_status gate_enter_within(struct gate *gate, struct gate_queue *queue, const struct gate_wait *wait);

/* Gives a place back. */
void gate_leave(struct gate *gate, struct gate_queue *queue);

/* Ends all waits, those to come included, with JLT_CLOSED. */
void gate_queue_close(struct gate_queue *queue);

#endif
