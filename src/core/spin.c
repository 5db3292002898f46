/* SPDX-License-Identifier: MIT */
#include "core/spin.h"

#include "base/spinlock.h"
#include "platform/platform.h"

enum { most_failures = 4, most_failures_alone = 12, looks_at_once = 512, looks_per_clock = 16, default_ns = 50000 };

struct spin_kind spin_clients, spin_workers;

static int64_t limit_ns;
static int most_awake;

void spin_configure(int64_t ns)
{
    limit_ns = ns ? ns : default_ns;
    most_awake = platform_processors() - 1;
}

/* Whether this wait is one that should be tried awake. */
static bool is_worth_it(struct spinner *spinner)
{
    if (!spinner->skip)
        return true;
    spinner->skip--;
    return false;
}

static void learn(struct spinner *spinner, bool success)
{
    if (success)
        spinner->failures = 0;
    else if (spinner->failures < most_failures)
        spinner->failures++;
    spinner->skip = (1u << spinner->failures) - 1;
    /* bound to the one processor that those it waits for need, too, as it may have been since the start */
    if (spinner->failures == most_failures && platform_processors() == 1)
        spinner->skip = (1u << most_failures_alone) - 1;
}

static bool spin(enum spin_pace pace, bool (*done)(void *context), void *context)
{
    if (pace == SPIN_CLOSE) /* what comes at once is seen at once: a cpu_relax is a good part of an exchange */
        for (int i = 0; i < looks_at_once; i++)
            if (done(context))
                return true;
    int64_t end = platform_now() + limit_ns;
    do {
        for (int i = 0; i < looks_per_clock; i++) {
            if (done(context))
                return true;
            for (int pauses = 0; pauses < (int)pace; pauses++)
                cpu_relax();
        }
    } while (platform_now() < end);
    return false;
}

bool spin_until(struct spinner *spinner, struct spin_kind *kind, enum spin_pace pace, bool (*done)(void *context),
                void *context)
{
    if (limit_ns <= 0 || !is_worth_it(spinner))
        return false;
    bool success = false;
    if (atomic_fetch_add_explicit(&kind->awake, 1, memory_order_relaxed) < most_awake) {
        success = spin(pace, done, context);
        learn(spinner, success);
    }
    atomic_fetch_sub_explicit(&kind->awake, 1, memory_order_relaxed);
    return success;
}
