/* SPDX-License-Identifier: MIT
 *
 * What is ready for any worker: tasks with messages, and one-shots, of types that ask for no thread. Any thread pushes;
 * any worker takes, one thing at a time and the oldest first, so that nothing waits behind a body that another worker
 * has begun. There is one such queue a runtime. A worker takes a task, and with it all the messages in its mailbox, so
 * the queue is touched once a turn and not once a message.
 *
 * Who looks at it is attention.c's to say. */
#ifndef JLT_CORE_READY_H
#define JLT_CORE_READY_H

#include "base/spinlock.h"
#include "core/item.h"

#include <stdalign.h>
#include <stdatomic.h>

struct ready {
    /* written by senders; one line, since a push is followed by a look at who looks */
    alignas(64) struct inbox inbox;
    atomic_uint lookout; /* attention.c */
    atomic_uint callers; /* threads that may be ringing for it */

    /* what was taken out of the inbox, in order */
    alignas(64) struct spinlock lock;
    _Atomic(struct inbox_node *) first; /* changed under the lock, looked at without it */
    struct inbox_node *last;
    atomic_uint length; /* of the list, without the inbox; changed under the lock */
    atomic_uint taken;  /* how many things were, modulo its range; changed under the lock */
};

void ready_init(struct ready *ready);

/* What a worker has taken ahead, while bodies are short: the things that follow the one that it runs. If that takes
 * long after all, the watch gives them back; so both take each thing by an exchange. */
enum { ahead_at_most = 15 };
struct ahead {
    _Atomic(struct inbox_node *) nodes[ahead_at_most];
    unsigned next, end; /* the worker's own */
    atomic_uint taken;  /* how many it has taken, modulo its range; relaxed: the watch's, to see whether it moves */
    unsigned taken_before;
};

/* A worker's: the oldest thing, NULL if there is none; up to `most` that follow go into ahead, which is empty. */
struct item *ready_take(struct ready *ready, struct ahead *ahead, unsigned most);

/* A worker's: the next thing of those, NULL if there is none. */
struct item *ahead_take(struct ahead *ahead);

/* The watch's: puts them back into the queue if none was taken since it was last asked. True: there are some left. */
bool ahead_give_back(struct ahead *ahead, struct ready *ready);

/* The worker's own. */
static inline bool ahead_is_empty(const struct ahead *ahead)
{
    return ahead->next == ahead->end;
}

/* A worker's: puts back what it has taken, behind all that is there. */
void ready_put_back(struct ready *ready, struct item *item);

/* Accepts nothing any more, if it is empty; else false. */
bool ready_seal(struct ready *ready);

/* A hint unless paired with the lookout: what leaves the inbox for the list is in one of them at any time. */
static inline bool ready_is_empty(const struct ready *ready)
{
    return inbox_is_empty(&ready->inbox) && !atomic_load(&ready->first);
}

#endif
