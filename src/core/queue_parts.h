/* SPDX-License-Identifier: MIT
 *
 * What queue.c and queue_take.c share. The rules are at the top of queue.c. */
#ifndef JLT_CORE_QUEUE_PARTS_H
#define JLT_CORE_QUEUE_PARTS_H

#include "core/mutex.h"
#include "core/parker.h"
#include "core/queue.h"

#include <pthread.h>

struct waiter {
    struct parker parker;
    bool chosen; /* under the lock: not listed any more, and about to be woken */
    struct waiter *previous, *next;
};

struct queue {
    alignas(64) struct inbox inbox; /* of the answered; written by those who answer */

    /* one line: all that a send or a take touches. What is not atomic is under the lock, as is the rest */
    alignas(64) struct mutex lock;
    int event;
    bool watched; /* the descriptor was asked for */
    bool rung;    /* it is readable */
    bool dropped;
    atomic_bool has_list; /* not empty */
    struct inbox_list list;
    struct queued *attached;
    struct waiter *waiters;
    atomic_long entered; /* owners: those that came, ... */
    long left;           /* ... less those that went */

    bool callback_runs;
    struct waiter *dropper; /* waits for the end of callbacks */
    pthread_t callback_thread;
    void (*callback)(void *context, const jlt_completion *completion);
    void *context;
    struct queue *previous, *next; /* under the lock of the list of queues */
};

/* Locks, and makes the inbox not idle unless the queue was dropped. */
void queue_lock(struct queue *queue);

/* Settles, unlocks, and wakes a taker if something is there. Not where the queue was dropped. */
void queue_unlock(struct queue *queue);

/* Under the lock: from the inbox to the list. */
void queue_drain(struct queue *queue);

/* Under the lock: whether a wait without a limit would never end, since the runtime has ended. */
bool queue_is_over(const struct queue *queue);

/* Without the lock: so many owners go, and with the last of them the queue. */
void queue_let_go_of(struct queue *queue, long owners);

/* Without a lock: drops the receiver of an answered message that is not in the queue any more. */
void queue_drop_answered(struct queued *queued);

/* Of an answered one's node. */
struct queued *queue_place_of(struct inbox_node *node);

/* Its memory, if it is a block of its own. */
void queue_free_block(struct queued *queued);

#endif
