/* SPDX-License-Identifier: MIT
 *
 * A bound on what may wait: messages in a task's mailbox, in the runtime's channel, in all of them, and their bytes.
 * Entering is one atomic step; only senders that find it full touch a lock. They wait in a list of the runtime, oldest
 * first: behind one that asks for much, those that ask for little wait too. */
#ifndef JLT_CORE_GATE_H
#define JLT_CORE_GATE_H

#include "core/limit.h"

#include <jltask.h>

#include <pthread.h>
#include <stdatomic.h>

struct gate {
    size_t capacity; /* in places; 0: no limit, and the rest is unused then */
    atomic_size_t used;
    atomic_uint waiters;
    atomic_uint timed; /* of those that have a place, how many have a deadline, and so give it back by themselves */
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

/* Takes places without waiting. False: there are not so many. */
bool gate_try_enter(struct gate *gate, size_t places);

/* Takes places that may not be there: it is fuller than full then. */
void gate_force(struct gate *gate, size_t places);

/* Takes places, no more than there are in all, waiting for them if need be. JLT_OK, JLT_CLOSED once gate_queue_close
 * was called, or, where nothing is listed and there is no deadline, JLT_WOULD_DEADLOCK (ring.h; only this one is
 * reported). With a deadline nothing is listed, and no wait is refused for a ring. With that or a canceller also
 * JLT_DEADLINE_EXCEEDED, JLT_NO_MEMORY, and JLT_CANCELLED, which a body that is told to stop gets as well. */
struct gate_wait {
    size_t places;
    const struct task *owner;    /* whose mailbox it is; NULL: no task's */
    struct ring_wait *listed;    /* the caller's wait that has begun already, for what it is to send; or NULL */
    int64_t deadline;            /* or limit_never */
    struct canceller *canceller; /* or NULL */
};
jlt_status gate_enter(struct gate *gate, struct gate_queue *queue, const struct gate_wait *wait);

/* Gives places back. */
void gate_leave(struct gate *gate, struct gate_queue *queue, size_t places);

/* The same, of one that was counted in `timed`. */
void gate_leave_timed(struct gate *gate, struct gate_queue *queue, size_t places);

/* Ends all waits, those to come included, with JLT_CLOSED. */
void gate_queue_close(struct gate_queue *queue);

#endif
