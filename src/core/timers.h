/* SPDX-License-Identifier: MIT
 *
 * What is due at a time. One thread of its own for all timers of a runtime, made when the first may be needed: no
 * thread of the engine's, so that nothing that computes or waits there delays one. It sleeps until the next is due. */
#ifndef JLT_CORE_TIMERS_H
#define JLT_CORE_TIMERS_H

#include <jltask.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* The caller's, zeroed at first. */
struct timer {
    struct timer *child, *sibling; /* in the heap (timers.c) */
    struct timer *previous;        /* the one before among its siblings, or whose child it is */
    int64_t at_ns;                 /* as platform_now says it */
    bool set;
    void (*due)(struct timer *timer); /* on the timers' thread, without the lock; not set any more, and free to go */
};

struct timers {
    pthread_mutex_t lock; /* held for short walks, never across a wait or a call into Julia */
    struct timer *first;
    int alarm; /* of the platform's; negative: there is no thread */
    pthread_t thread;
    bool stopping;
};

void timers_init(struct timers *timers);
void timers_finish(struct timers *timers);

/* Any thread: before the first timer is set. JLT_NO_MEMORY, or JLT_CLOSED after a stop; not reported. */
jlt_status timers_start(struct timers *timers);

/* When nobody sets one any more, and none is set. Joins the thread. */
void timers_stop(struct timers *timers);

void timers_lock(struct timers *timers);
void timers_unlock(struct timers *timers);

/* With the lock. A timer that is not set. */
void timers_set(struct timers *timers, struct timer *timer);

/* With the lock. True: it was set, and will not be due any more. */
bool timers_clear(struct timers *timers, struct timer *timer);

#endif
