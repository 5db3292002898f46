/* SPDX-License-Identifier: MIT */
#include "core/limit.h"

#include "base/checks.h"
#include "base/list.h"
#include "platform/platform.h"

#include <stdlib.h>

struct canceller {
    struct limit *limits;
    long owners;
    bool used, dropped;
};

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
    timers_clear(&limit->timer);
    detach(limit);
    limit->fire(limit, reason);
}

/* ---- limits ---- */

static void be_late(struct timer *timer)
{
    fire((struct limit *)timer, LIMIT_LATE);
}

jlt_status limit_add(struct limit *limit, void *owner, int64_t deadline, struct canceller *canceller,
                     void (*fire_limit)(struct limit *limit, enum limit_reason reason))
{
    *limit = (struct limit){.timer = {.due = be_late, .at_ns = deadline}, .fire = fire_limit, .owner = owner};
    timers_lock();
    if (deadline != limit_never) {
        if (!timers_run()) {
            timers_unlock();
            return JLT_NO_MEMORY;
        }
        timers_set(&limit->timer);
    }
    if (canceller) {
        limit->canceller = canceller;
        canceller->owners++;
        LIST_ADD(canceller->limits, limit);
        if (canceller->used)
            fire(limit, LIMIT_CANCELLED);
    }
    timers_unlock();
    return JLT_OK;
}

void limit_remove(struct limit *limit)
{
    timers_lock();
    timers_clear(&limit->timer);
    detach(limit);
    timers_unlock();
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
    timers_lock();
    canceller->used = true;
    canceller->owners++; /* not to go with its last limit */
    while (canceller->limits)
        fire(canceller->limits, LIMIT_CANCELLED);
    canceller->owners--;
    timers_unlock();
}

void canceller_drop(struct canceller *canceller)
{
    timers_lock();
    if (canceller->dropped)
        checks_abort("jlt_canceller_drop", "the handle was dropped before");
    canceller->dropped = true;
    bool last = --canceller->owners == 0;
    timers_unlock();
    if (last)
        free(canceller);
}
