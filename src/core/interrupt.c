/* SPDX-License-Identifier: MIT
 *
 * A body is told once: its next wait in jltask turns back (parker_is_to_stop), the one that it is in ends here, and so
 * does one in Julia that can be ended. If that cannot, or the body is about to go on, it has not been told, and may
 * come to a wait that can be ended; Julia does not say when. So it is tried again as long as there is such a body,
 * first soon and then less and less often. */
#include "core/interrupt.h"

#include "core/attention.h"
#include "core/engine.h"
#include "core/message.h"
#include "core/parker.h"
#include "core/runtime.h"
#include "platform/platform.h"

#include <stddef.h>

enum { first_retry_ns = 1000000, retries_ns = 128 * first_retry_ns }; /* ... and no less often than that */

void worker_interrupt(struct worker *worker)
{
    if (!atomic_exchange(&worker->interrupting, true))
        worker_push(worker, &worker->interrupt);
}

static void be_due(struct timer *timer)
{
    worker_interrupt((struct worker *)(void *)((unsigned char *)timer - offsetof(struct worker, interrupt_again)));
}

void interrupt_init(struct worker *worker)
{
    worker->interrupt.kind = ITEM_INTERRUPT;
    worker->interrupt_again.due = be_due;
    worker->interrupt_in_ns = first_retry_ns;
    atomic_init(&worker->interrupting, false);
}

/* Without memory for the thread of timers it is not. */
static void try_again(struct worker *worker)
{
    timers_lock();
    if (!worker->interrupt_again.set && timers_run()) {
        worker->interrupt_again.at_ns = platform_now() + worker->interrupt_in_ns;
        timers_set(&worker->interrupt_again);
    }
    timers_unlock();
    if (worker->interrupt_in_ns < retries_ns)
        worker->interrupt_in_ns *= 2;
}

/* Every body on this thread but the caller's, which is none, is suspended. What asks again from here on pushes the item
 * again. */
void interrupt_bodies(struct worker *worker)
{
    const struct engine *engine = worker->runtime->engine;
    bool some_left = false;
    atomic_store(&worker->interrupting, false);
    for (struct fiber *fiber = worker->fibers_here; fiber; fiber = fiber->after) {
        if (!fiber->message || fiber->interrupted || !message_is_given_up(fiber->message))
            continue;
        if (!fiber->interruptible) {
            fiber->interrupted = engine->interrupt(fiber);
            some_left |= !fiber->interrupted;
        } else {
            fiber->interrupted = true;
            parker_timed_out(fiber->interruptible);
        }
    }
    if (some_left)
        try_again(worker);
    else
        worker->interrupt_in_ns = first_retry_ns;
}

void interrupt_finish(struct worker *worker)
{
    timers_lock();
    timers_clear(&worker->interrupt_again);
    timers_unlock();
}
