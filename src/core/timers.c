/* SPDX-License-Identifier: MIT
 *
 * The timers that are set are in a pairing heap (M. Fredman et al., "The pairing heap", 1986), so that none needs
 * memory of its own: setting one takes a few steps, clearing one O(log n) amortised. Everything is under the lock, but
 * for the calls of `due`: who clears a timer and finds that it was not set knows that its call has begun, or had. The
 * alarm is set for the first; one that was cleared meanwhile makes the thread look once in vain. */
#include "core/timers.h"

#include "platform/platform.h"
#include "platform/thread_state.h"

enum { stack_bytes = 64 << 10 };

/* ---- the heap ---- */

/* Of two heaps, each with no siblings. */
static struct timer *meld(struct timer *a, struct timer *b)
{
    if (!a || !b)
        return a ? a : b;
    if (b->at_ns < a->at_ns) {
        struct timer *swap = a;
        a = b;
        b = swap;
    }
    b->previous = a;
    b->sibling = a->child;
    if (a->child)
        a->child->previous = b;
    a->child = b;
    return a;
}

/* Takes the first of some siblings off them. */
static struct timer *take_sibling(struct timer **siblings)
{
    struct timer *timer = *siblings;
    if (timer) {
        *siblings = timer->sibling;
        timer->sibling = timer->previous = NULL;
    }
    return timer;
}

/* One heap of some siblings: in pairs from the left, and those together from the right. */
static struct timer *meld_siblings(struct timer *siblings)
{
    struct timer *pairs = NULL, *heap = NULL;
    while (siblings) {
        struct timer *one = take_sibling(&siblings);
        struct timer *pair = meld(one, take_sibling(&siblings));
        pair->sibling = pairs;
        pairs = pair;
    }
    while (pairs) {
        struct timer *pair = take_sibling(&pairs);
        heap = meld(heap, pair);
    }
    return heap;
}

static void take_out(struct timers *timers, struct timer *timer)
{
    struct timer *below = meld_siblings(timer->child);
    if (timer == timers->first) {
        timers->first = below;
    } else {
        if (timer->previous->child == timer)
            timer->previous->child = timer->sibling;
        else
            timer->previous->sibling = timer->sibling;
        if (timer->sibling)
            timer->sibling->previous = timer->previous;
        timers->first = meld(timers->first, below);
    }
    timer->child = timer->sibling = timer->previous = NULL;
    timer->set = false;
}

/* ---- the thread ---- */

static void set_alarm(struct timers *timers)
{
    int64_t delay_ns = timers->first->at_ns - platform_now();
    platform_timer_set(timers->alarm, delay_ns > 0 ? delay_ns : 1);
}

static void *run_timers(void *data)
{
    struct timers *timers = data;
    thread_state_julia(); /* signals are for the program's own threads */
    timers_lock(timers);
    while (!timers->stopping) {
        struct timer *timer = timers->first;
        if (timer && timer->at_ns <= platform_now()) {
            take_out(timers, timer);
            timers_unlock(timers);
            timer->due(timer);
        } else {
            if (timer)
                set_alarm(timers);
            timers_unlock(timers);
            platform_timer_wait(timers->alarm);
        }
        timers_lock(timers);
    }
    timers_unlock(timers);
    return NULL;
}

void timers_init(struct timers *timers)
{
    *timers = (struct timers){.alarm = -1};
    pthread_mutex_init(&timers->lock, NULL);
}

void timers_finish(struct timers *timers)
{
    pthread_mutex_destroy(&timers->lock);
}

static bool start(struct timers *timers)
{
    int alarm = platform_timer_open();
    if (alarm < 0)
        return false;
    timers->alarm = alarm;
    if (!platform_thread_start(&timers->thread, stack_bytes, run_timers, timers))
        return true;
    timers->alarm = -1;
    platform_timer_close(alarm);
    return false;
}

jlt_status timers_start(struct timers *timers)
{
    jlt_status status = JLT_OK;
    timers_lock(timers);
    if (timers->stopping)
        status = JLT_CLOSED;
    else if (timers->alarm < 0 && !start(timers))
        status = JLT_NO_MEMORY;
    timers_unlock(timers);
    return status;
}

void timers_stop(struct timers *timers)
{
    timers_lock(timers);
    bool runs = timers->alarm >= 0;
    timers->stopping = true;
    if (runs)
        platform_timer_set(timers->alarm, 1);
    timers_unlock(timers);
    if (!runs)
        return;
    pthread_join(timers->thread, NULL);
    platform_timer_close(timers->alarm);
    timers->alarm = -1;
}

/* ---- any thread ---- */

void timers_lock(struct timers *timers)
{
    pthread_mutex_lock(&timers->lock);
}

void timers_unlock(struct timers *timers)
{
    pthread_mutex_unlock(&timers->lock);
}

void timers_set(struct timers *timers, struct timer *timer)
{
    timer->set = true;
    timers->first = meld(timers->first, timer);
    if (timers->first == timer)
        set_alarm(timers);
}

bool timers_clear(struct timers *timers, struct timer *timer)
{
    if (!timer->set)
        return false;
    take_out(timers, timer);
    return true;
}
