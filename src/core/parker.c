/* SPDX-License-Identifier: MIT */
#include "core/parker.h"

#include "core/attention.h"
#include "core/closing.h"
#include "core/body.h"
#include "core/engine.h"
#include "core/message.h"
#include "core/runtime.h"
#include "platform/platform.h"

#include <sched.h>

const struct guests *guests;

bool parker_suspends(void)
{
    return current_fiber || (guests && guests->here());
}

jlt_status parker_prepare(int64_t timeout_ns)
{
    return guests && parker_suspends() ? guests->prepare(timeout_ns) : JLT_OK;
}

/* The fiber that was made for this wait is not needed any more. */
static void leave(struct parker *parker)
{
    if ((void *)parker->fiber == (void *)&parker->room)
        guests->leave(parker->fiber);
}

void parker_init(struct parker *parker)
{
    parker->item.kind = ITEM_WAKE;
    parker->fiber = current_fiber;
    atomic_init(&parker->state, PARKER_WAITING);
    if (!parker->fiber && parker_suspends())
        parker->fiber = guests->enter(&parker->room);
    if (!parker->fiber)
        return;
    struct worker *worker = parker->fiber->worker;
    parker->waker = parker->fiber->guest ? closing_add_guest(worker) : worker;
    if (!parker->waker) { /* all have ended: what is still to come is on its way, from another thread */
        leave(parker);
        parker->fiber = NULL;
    }
}

void parker_drop(struct parker *parker)
{
    if (parker->fiber && parker->fiber->guest)
        closing_remove_guest(parker->waker);
    leave(parker);
}

static bool wait_as_thread(struct parker *parker, int64_t timeout_ns)
{
    int64_t now = timeout_ns < 0 ? 0 : platform_now();
    bool limited = timeout_ns >= 0 && timeout_ns <= INT64_MAX - now; /* else beyond what the clock can say */
    while (atomic_load(&parker->state) == PARKER_WAITING) {
        int64_t left = limited ? now + timeout_ns - platform_now() : -1;
        if (limited && left <= 0)
            return false;
        platform_wait(&parker->state, PARKER_WAITING, left);
    }
    return true;
}

bool parker_wait(struct parker *parker, int64_t timeout_ns)
{
    if (!parker->fiber)
        return wait_as_thread(parker, timeout_ns);
    struct fiber *fiber = parker->fiber;
    if (atomic_load_explicit(&fiber->standing, memory_order_relaxed) == FIBER_RUNS) /* else its caller has said more */
        body_suspend(fiber, FIBER_WAITS, NULL);
    fiber->worker->runtime->engine->suspend(fiber, parker, timeout_ns);
    body_resume(fiber);
    leave(parker);
    return atomic_load(&parker->state) == PARKER_WOKEN;
}

bool parker_is_to_stop(void)
{
    struct fiber *fiber = current_fiber;
    if (!fiber || fiber->interrupted || !fiber->message || !message_is_given_up(fiber->message))
        return false;
    return fiber->interrupted = true;
}

bool parker_wait_interruptibly(struct parker *parker, int64_t timeout_ns, bool *stopped)
{
    struct fiber *fiber = current_fiber;
    bool before = fiber && fiber->interrupted;
    if (fiber)
        fiber->interruptible = parker;
    bool woken = parker_wait(parker, timeout_ns);
    if (fiber)
        fiber->interruptible = NULL;
    *stopped = fiber && fiber->interrupted && !before;
    return woken;
}

void parker_wait_late(struct parker *parker)
{
    while (atomic_load(&parker->state) != PARKER_WOKEN)
        sched_yield();
}

void parker_wake(struct parker *parker)
{
    /* read before the exchange: the waiter may leave as soon as it sees PARKER_WOKEN */
    struct fiber *fiber = parker->fiber;
    if (fiber) {
        /* the item is still needed after the state says woken, so the fiber stays suspended until the item has
         * been taken from the inbox by its own worker, which alone makes it go on */
        unsigned was = atomic_exchange(&parker->state, PARKER_WOKEN);
        if (was == PARKER_WAITING)
            worker_push(parker->waker, &parker->item); /* it does not end before the waiter goes on */
        return;
    }
    atomic_store(&parker->state, PARKER_WOKEN);
    platform_wake_one(&parker->state);
}

void parker_timed_out(struct parker *parker)
{
    unsigned waiting = PARKER_WAITING;
    if (atomic_compare_exchange_strong(&parker->state, &waiting, PARKER_TIMED_OUT)) {
        struct fiber *fiber = parker->fiber;
        if (fiber->guest)
            worker_push(parker->waker, &parker->item); /* which counts it off */
        else
            fiber->worker->runtime->engine->schedule(fiber);
    }
}
