/* SPDX-License-Identifier: MIT
 *
 * The timers that are set are in a pairing heap (M. Fredman et al., "The pairing heap", 1986), so that none needs
 * memory of its own: setting one takes a few steps, clearing one O(log n) amortised. Everything is under the lock, the
 * calls of `due` included: who has cleared a timer knows that it is not due any more, and is not being called. A timer
 * that was cleared before its time makes the thread look once in vain. */
#include "core/timers.h"

#include "platform/platform.h"
#include "platform/thread_state.h"

#include <pthread.h>
#include <stdatomic.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct timer *first;

static struct {
    pthread_t thread;
    bool runs, stopping;
    int64_t wakes_at;    /* INT64_MAX: it sleeps */
    atomic_uint changes; /* of when it should wake */
} keeper = {.wakes_at = INT64_MAX};

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

static void take_out(struct timer *timer)
{
    struct timer *below = meld_siblings(timer->child);
    if (timer == first) {
        first = below;
    } else {
        if (timer->previous->child == timer)
            timer->previous->child = timer->sibling;
        else
            timer->previous->sibling = timer->sibling;
        if (timer->sibling)
            timer->sibling->previous = timer->previous;
        first = meld(first, below);
    }
    timer->child = timer->sibling = timer->previous = NULL;
    timer->set = false;
}

/* ---- the thread ---- */

static void *keep(void *unused)
{
    (void)unused;
    thread_state_julia(); /* signals are for the program's own threads */
    timers_lock();
    while (!keeper.stopping) {
        int64_t now = platform_now();
        while (first && first->at_ns <= now) {
            struct timer *timer = first;
            take_out(timer);
            timer->due(timer);
        }
        keeper.wakes_at = first ? first->at_ns : INT64_MAX;
        unsigned changes = atomic_load(&keeper.changes);
        int64_t left = first ? keeper.wakes_at - now : -1;
        timers_unlock();
        platform_wait(&keeper.changes, changes, left);
        timers_lock();
    }
    timers_unlock();
    return NULL;
}

static void wake_keeper(void)
{
    atomic_fetch_add(&keeper.changes, 1);
    platform_wake_one(&keeper.changes);
}

bool timers_run(void)
{
    enum { stack_bytes = 64 << 10 };
    if (!keeper.runs)
        keeper.runs = !platform_thread_start(&keeper.thread, stack_bytes, keep, NULL);
    return keeper.runs;
}

jlt_status timers_start(void)
{
    timers_lock();
    bool runs = timers_run();
    timers_unlock();
    return runs ? JLT_OK : JLT_NO_MEMORY;
}

void timers_stop(void)
{
    timers_lock();
    bool runs = keeper.runs;
    keeper.stopping = true;
    wake_keeper();
    timers_unlock();
    if (runs)
        pthread_join(keeper.thread, NULL);
    timers_lock();
    keeper.runs = keeper.stopping = false;
    keeper.wakes_at = INT64_MAX;
    timers_unlock();
}

/* ---- any thread ---- */

void timers_lock(void)
{
    pthread_mutex_lock(&lock);
}

void timers_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

void timers_set(struct timer *timer)
{
    timer->set = true;
    first = meld(first, timer);
    if (timer->at_ns >= keeper.wakes_at)
        return;
    keeper.wakes_at = timer->at_ns; /* the next that is later need not wake it */
    wake_keeper();
}

bool timers_clear(struct timer *timer)
{
    if (!timer->set)
        return false;
    take_out(timer);
    return true;
}
