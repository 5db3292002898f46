/* SPDX-License-Identifier: MIT
 *
 * Who waits in a take. Such a thread holds the queue: it may be dropped. */
#ifndef JLT_TESTS_TAKERS_H
#define JLT_TESTS_TAKERS_H

#include "core/queue_parts.h"

static inline unsigned takers_of(struct queue *waited)
{
    unsigned count = 0;
    queue_lock(waited);
    for (const struct waiter *waiter = waited->waiters; waiter; waiter = waiter->next)
        count++;
    queue_unlock(waited);
    return count;
}

#endif
