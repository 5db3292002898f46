/* SPDX-License-Identifier: MIT
 *
 * Who waits in a take, or at a gate. */
#ifndef JLT_TESTS_WAITERS_H
#define JLT_TESTS_WAITERS_H

#include "core/fake_engine.h"
#include "core/gate.h"
#include "core/queue_parts.h"

/* Such a thread holds the queue: it may be dropped. */
static inline unsigned takers_of(struct queue *waited)
{
    unsigned count = 0;
    queue_lock(waited);
    for (const struct waiter *waiter = waited->waiters; waiter; waiter = waiter->next)
        count++;
    queue_unlock(waited);
    return count;
}

/* Until as many are in the queue for the gate: who has counted itself, and is not yet in it, may still be faster to a
 * place than one who is. */
static inline void await_waiters(struct gate *gate, struct gate_queue *senders, unsigned count)
{
    await_true(atomic_load(&gate->waiters) == count);
    pthread_mutex_lock(&senders->lock); /* who counts itself keeps it until it is in the queue */
    pthread_mutex_unlock(&senders->lock);
}

#endif
