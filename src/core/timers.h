/* SPDX-License-Identifier: MIT
 *
 * What is due at a time: deadlines of calls and closes, ends of back-offs. One thread of its own for all of them, made
 * when the first may be needed: no thread of the engine's, so that nothing that computes or waits there delays one. It
 * sleeps until the next is due, for ever if there is none. */
#ifndef JLT_CORE_TIMERS_H
#define JLT_CORE_TIMERS_H

#include <jltask.h>

#include <stdbool.h>
#include <stdint.h>

/* The caller's, zeroed at first. */
struct timer {
    struct timer *child, *sibling; /* in the heap (timers.c) */
    struct timer *previous;        /* the one before among its siblings, or whose child it is */
    int64_t at_ns;                 /* as platform_now says it */
    bool set;
    /* On the timers' thread, with the lock: must neither set nor clear a timer, nor wait. It is not set any more, and
     * free to go. */
    void (*due)(struct timer *timer);
};

/* Any thread: before the first timer is set. JLT_NO_MEMORY, not reported. */
jlt_status timers_start(void);

/* The same, with the lock. False: no memory. */
bool timers_run(void);

/* When none is set, and none will be before another start. Joins the thread. */
void timers_stop(void);

/* Held for short walks, and for calls of `due`, never across a wait or a call into Julia. Locks of gates and workers
 * may be taken under it, not the other way round. */
void timers_lock(void);
void timers_unlock(void);

/* With the lock, and the thread. A timer that is not set. */
void timers_set(struct timer *timer);

/* With the lock. True: it was set. In any case it is not due any more. */
bool timers_clear(struct timer *timer);

#endif
