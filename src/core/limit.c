/* SPDX-License-Identifier: MIT
 *
 * Deadlines are in a binary heap, earliest first, where each limit knows its place: adding and removing one takes a
 * number of steps that is the logarithm of how many there are. */
#include "core/limit.h"

#include "base/checks.h"
#include "base/list.h"
#include "platform/platform.h"
#include "platform/thread_state.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct canceller {
    struct limit *limits;
    long owners;
    bool used, dropped;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct limit **heap; /* from 1 */
static size_t count, room;

static struct {
    pthread_t thread;
    bool runs, stopping;
    int64_t wakes_at;    /* limit_never: it sleeps */
    atomic_uint changes; /* of what it should wait for */
} keeper = {.wakes_at = limit_never};

/* ---- the heap ---- */

static void put(struct limit *limit, size_t at)
{
    heap[at] = limit;
    limit->at = at;
}

static void rise(struct limit *limit, size_t at)
{
    for (; at > 1 && heap[at / 2]->deadline > limit->deadline; at /= 2)
        put(heap[at / 2], at);
    put(limit, at);
}

static void sink(struct limit *limit, size_t at)
{
    for (size_t child; (child = 2 * at) <= count; at = child) {
        if (child < count && heap[child + 1]->deadline < heap[child]->deadline)
            child++;
        if (heap[child]->deadline >= limit->deadline)
            break;
        put(heap[child], at);
    }
    put(limit, at);
}

static bool make_room(void)
{
    if (count + 1 < room)
        return true;
    size_t more = room ? 2 * room : 64;
    struct limit **larger = realloc(heap, more * sizeof *larger);
    if (!larger)
        return false;
    heap = larger;
    room = more;
    return true;
}

static void take_out(struct limit *limit)
{
    size_t at = limit->at;
    if (!at)
        return;
    limit->at = 0;
    struct limit *last = heap[count--];
    if (last == limit)
        return;
    if (at > 1 && heap[at / 2]->deadline > last->deadline)
        rise(last, at);
    else
        sink(last, at);
}

/* ---- firing ---- */

static void detach(struct limit *limit)
{
    struct canceller *canceller = limit->canceller;
    if (!canceller)
        return;
    limit->canceller = NULL;
    LIST_REMOVE(canceller->limits, limit);
    if (--canceller->owners == 0)
        free(canceller);
}

static void fire(struct limit *limit, enum limit_reason reason)
{
    take_out(limit);
    detach(limit);
    limit->fire(limit, reason);
}

/* ---- the thread ---- */

static void *keep(void *unused)
{
    (void)unused;
    thread_state_julia(); /* signals are for the program's own threads */
    pthread_mutex_lock(&lock);
    while (!keeper.stopping) {
        int64_t now = platform_now();
        while (count && heap[1]->deadline <= now)
            fire(heap[1], LIMIT_LATE);
        keeper.wakes_at = count ? heap[1]->deadline : limit_never;
        unsigned changes = atomic_load(&keeper.changes);
        int64_t left = count ? keeper.wakes_at - now : -1;
        pthread_mutex_unlock(&lock);
        platform_wait(&keeper.changes, changes, left);
        pthread_mutex_lock(&lock);
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void wake_keeper(void)
{
    atomic_fetch_add(&keeper.changes, 1);
    platform_wake_one(&keeper.changes);
}

static bool start_keeper(void)
{
    enum { stack_bytes = 64 << 10 };
    if (!keeper.runs)
        keeper.runs = !platform_thread_start(&keeper.thread, stack_bytes, keep, NULL);
    return keeper.runs;
}

void limits_stop(void)
{
    pthread_mutex_lock(&lock);
    bool runs = keeper.runs;
    keeper.stopping = true;
    wake_keeper();
    pthread_mutex_unlock(&lock);
    if (runs)
        pthread_join(keeper.thread, NULL);
    pthread_mutex_lock(&lock);
    keeper.runs = keeper.stopping = false;
    keeper.wakes_at = limit_never;
    pthread_mutex_unlock(&lock);
}

/* ---- limits ---- */

static bool schedule(struct limit *limit)
{
    if (limit->deadline == limit_never)
        return true;
    if (!make_room() || !start_keeper())
        return false;
    rise(limit, ++count);
    if (limit->deadline < keeper.wakes_at) {
        keeper.wakes_at = limit->deadline; /* the next that is later need not wake it */
        wake_keeper();
    }
    return true;
}

jlt_status limit_add(struct limit *limit, void *owner, int64_t deadline, struct canceller *canceller,
                     void (*fire_limit)(struct limit *limit, enum limit_reason reason))
{
    *limit = (struct limit){.fire = fire_limit, .owner = owner, .deadline = deadline};
    pthread_mutex_lock(&lock);
    bool scheduled = schedule(limit);
    if (scheduled && canceller) {
        limit->canceller = canceller;
        canceller->owners++;
        LIST_ADD(canceller->limits, limit);
        if (canceller->used)
            fire(limit, LIMIT_CANCELLED);
    }
    pthread_mutex_unlock(&lock);
    return scheduled ? JLT_OK : JLT_NO_MEMORY;
}

void limit_remove(struct limit *limit)
{
    pthread_mutex_lock(&lock);
    take_out(limit);
    detach(limit);
    pthread_mutex_unlock(&lock);
}

int64_t limit_deadline(int64_t timeout_ns)
{
    if (timeout_ns <= 0)
        return limit_never;
    int64_t now = platform_now();
    return timeout_ns < limit_never - now ? now + timeout_ns : limit_never;
}

/* ---- cancellers ---- */

struct canceller *canceller_new(void)
{
    struct canceller *canceller = calloc(1, sizeof *canceller);
    if (canceller)
        canceller->owners = 1;
    return canceller;
}

void canceller_cancel(struct canceller *canceller)
{
    pthread_mutex_lock(&lock);
    canceller->used = true;
    canceller->owners++; /* not to go with its last limit */
    while (canceller->limits)
        fire(canceller->limits, LIMIT_CANCELLED);
    canceller->owners--;
    pthread_mutex_unlock(&lock);
}

void canceller_drop(struct canceller *canceller)
{
    pthread_mutex_lock(&lock);
    if (canceller->dropped)
        checks_abort("jlt_canceller_drop", "the handle was dropped before");
    canceller->dropped = true;
    bool last = --canceller->owners == 0;
    pthread_mutex_unlock(&lock);
    if (last)
        free(canceller);
}
