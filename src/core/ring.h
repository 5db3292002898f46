/* SPDX-License-Identifier: MIT
 *
 * Bodies that wait for bodies, and the wait that would close a ring of them, which would never end. The rule is at the
 * top of ring.c. */
#ifndef JLT_CORE_RING_H
#define JLT_CORE_RING_H

#include "core/engine.h"
#include "core/worker.h"

/* A wait of a body's, on its stack. */
struct ring_wait {
    const void *runs;             /* what the body is one of: its task, or its message (ring.c); NULL: not counted */
    const void *awaits;           /* the same, of the body that must end first */
    size_t thread;                /* that this one can only run on, as its type says it */
    struct worker *worker;        /* of the waiting body */
    bool stuck;                   /* while it is looked for fibers (ring.c) */
    const char *name;             /* of the waiting body's type */
    bool (*is_over)(void *event); /* what it waits for has happened */
    void *event;                  /* good until ring_end_wait */
    struct ring_wait *previous, *next; /* in its bucket */
};

/* Whether a wait of the caller's is counted: it is a body, and no guest. */
static inline bool ring_counts(void)
{
    return current_fiber && current_fiber->runs;
}

jlt_status ring_add_wait(struct ring_wait *wait);
void ring_remove_wait(struct ring_wait *wait);

/* Before a wait without a limit in time, and before anything is done that the wait is to end. thread: the only one that
 * what is awaited can run on; 0: any. JLT_OK, and ring_end_wait must follow. JLT_WOULD_DEADLOCK, reported: the wait
 * would close a ring, or leave no fiber for what it waits for. */
static inline jlt_status ring_begin_wait(struct ring_wait *wait, const void *awaits, size_t thread,
                                         bool (*is_over)(void *event), void *event)
{
    wait->runs = NULL;
    if (!ring_counts())
        return JLT_OK;
    wait->awaits = awaits;
    wait->thread = thread;
    wait->is_over = is_over;
    wait->event = event;
    return ring_add_wait(wait);
}

/* What ends the wait is another event from here on, as far as others see. */
void ring_set_event(struct ring_wait *wait, bool (*is_over)(void *event), void *event);

/* After the wait, while `event` is still good. */
static inline void ring_end_wait(struct ring_wait *wait)
{
    if (wait->runs)
        ring_remove_wait(wait);
}

#endif
