/* SPDX-License-Identifier: MIT */
#include "core/spin.h"

#include "base/spinlock.h"
#include "platform/platform.h"

#include <sched.h>
#include <stdatomic.h>

enum {
    looks_at_once = 512,
    looks_per_clock = 16,
    tried_every = 16, /* of waits that are long */
    tried_every_alone = 4096,
    least_ns = 50000, /* to spin, if at all */
    most_ns = 200000,
    short_ns = 150000, /* of waits that are worth it: a wake-up, and some */
    most_failures = 2, /* in a row: others have the processors */
};

static int64_t fixed_ns;
static int processors;
static atomic_int awake_workers, awake_clients; /* relaxed: a limit that is right on the whole is enough */

void spin_configure(int64_t ns)
{
    fixed_ns = ns;
    processors = platform_processors();
}

void spin_count_worker(bool awake)
{
    atomic_fetch_add_explicit(&awake_workers, awake ? 1 : -1, memory_order_relaxed);
}

/* More are awake, or wait awake, than there are processors: a worker has one, asleep or not. */
static bool is_crowded(void)
{
    int workers = atomic_load_explicit(&awake_workers, memory_order_relaxed);
    int clients = atomic_load_explicit(&awake_clients, memory_order_relaxed);
    return clients + (workers ? workers : 1) > processors;
}

/* 0: none. */
static int64_t time_to_spin(struct spinner *spinner)
{
    int64_t shorter = spinner->last_ns[0] < spinner->last_ns[1] ? spinner->last_ns[0] : spinner->last_ns[1];
    if (fixed_ns)
        return fixed_ns;
    if (shorter > short_ns || spinner->failures == most_failures) {
        if (spinner->skip) {
            spinner->skip--;
            return 0;
        }
        spinner->skip = platform_processors() > 1 ? tried_every - 1 : tried_every_alone - 1;
        return least_ns;
    }
    return 2 * shorter < least_ns ? least_ns : 2 * shorter < most_ns ? 2 * shorter : most_ns;
}

static void learn(struct spinner *spinner, int64_t ns)
{
    spinner->last_ns[1] = spinner->last_ns[0];
    spinner->last_ns[0] = ns;
    spinner->began_ns = 0;
}

/* Between two looks. In a crowd, whoever has work to do has the processor first. */
static void rest(enum spin_pace pace)
{
    if (is_crowded())
        sched_yield();
    else
        for (int pauses = 0; pauses < (int)pace; pauses++)
            cpu_relax();
}

static bool spin(struct spinner *spinner, int64_t limit_ns, enum spin_pace pace, bool (*done)(void *context),
                 void *context)
{
    int64_t now = platform_now(), start = now;
    do {
        for (int i = 0; i < looks_per_clock; i++) {
            if (done(context)) {
                learn(spinner, now - start);
                spinner->failures = 0;
                return true;
            }
            rest(pace);
        }
        now = platform_now();
    } while (now < start + limit_ns);
    spinner->began_ns = start;
    if (spinner->failures < most_failures)
        spinner->failures++;
    return false;
}

/* What comes at once is seen at once, and costs no clock: a cpu_relax is a good part of an exchange. Nor is it counted
 * among those who wait awake: the count's line is at the core of whoever looked last. */
static bool comes_at_once(bool (*done)(void *context), void *context)
{
    for (int i = 0; i < looks_at_once && !is_crowded(); i++)
        if (done(context))
            return true;
    return false;
}

bool spin_until(struct spinner *spinner, enum spin_kind kind, enum spin_pace pace, bool (*done)(void *context),
                void *context)
{
    int64_t limit_ns = fixed_ns < 0 ? 0 : time_to_spin(spinner);
    bool counted = kind == SPIN_CLIENT, success = false;
    spinner->began_ns = 0;
    if (limit_ns > 0 && processors > 1) {
        if (pace == SPIN_CLOSE && comes_at_once(done, context)) {
            spinner->last_ns[0] = 0;
            spinner->failures = 0;
            return true;
        }
        if (counted)
            atomic_fetch_add_explicit(&awake_clients, 1, memory_order_relaxed);
        success = spin(spinner, limit_ns, pace, done, context);
        if (counted)
            atomic_fetch_sub_explicit(&awake_clients, 1, memory_order_relaxed);
    }
    if (!success && !spinner->began_ns && fixed_ns >= 0)
        spinner->began_ns = platform_now();
    return success;
}

void spin_slept(struct spinner *spinner)
{
    if (spinner->began_ns)
        learn(spinner, platform_now() - spinner->began_ns);
}
