/* SPDX-License-Identifier: MIT
 *
 * A guest is any Julia task that runs C code and is not a fiber inside its body: an @async or @spawn task, or a body's
 * own task in C that Julia code has called (current_fiber is NULL while Julia runs, so that nobody takes one task for
 * another). It waits like a fiber: suspended, until a worker schedules its task, from whichever thread that worker is
 * on. A task that could be moved to another thread is pinned meanwhile: its wake-up may come before it waits, and C
 * code must not change threads.
 *
 * A wait's fiber is in the waiter's own memory. Those of called functions have frames, and are kept for the next. */
#include "julia/guests.h"

#include "base/error.h"
#include "core/guest.h"
#include "julia/bootstrap.h"
#include "julia/calls.h"
#include "julia/stack.h"
#include "julia/symbols.h"

#include <stdlib.h>
#include <string.h>

static const char julia_text[] = {
#include "guests.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:guests.jl", 0};

JULIA_FUNCTION(source, int, pin, (void), "Cint, ()");
JULIA_FUNCTION(source, void, unpin, (void), "Cvoid, ()");

enum { spare_at_most = 64 };

/* In a parker. */
struct waiting_guest {
    struct julia_fiber fiber; /* first: cast from it */
    bool pinned;
};
_Static_assert(sizeof(struct waiting_guest) <= sizeof(struct guest_room), "there is room for it");

static struct runtime *served;
static struct spinlock spare_lock = {ATOMIC_FLAG_INIT};
static struct fiber *spare; /* listed, without a task */
static unsigned spare_count;

/* On a thread that is not Julia's there is no task. 1.7 and 1.8 then give an address just below 0. */
static bool has_task(void)
{
    enum { page = 4096 };
    return (uintptr_t)julia.get_current_task() - page < UINTPTR_MAX - (uintptr_t)2 * page;
}

static bool is_julias_thread(void)
{
    static _Thread_local enum { UNKNOWN, CLIENTS, JULIAS } whose;
    if (whose == UNKNOWN)
        whose = has_task() ? JULIAS : CLIENTS;
    return whose == JULIAS;
}

static void set_up(struct julia_fiber *fiber)
{
    fiber->base.guest = true;
    struct worker *here = julia_worker_here();
    fiber->base.worker = here ? here : &served->workers[0];
    fiber->task = julia.get_current_task();
}

/* ---- waits ---- */

/* What a wait calls is made ready before it begins, since it cannot be broken off. */
static jlt_status prepare(int64_t timeout_ns)
{
    struct error *error = NULL;
    if (!stack_has_room(STACK_TO_CALL))
        error = stack_overflow("to wait here");
    else if ((timeout_ns < 0 || julia_can_time_out(&error)) && !current_fiber && LATE(pin, &error))
        (void)LATE(unpin, &error);
    return error_report(error);
}

static struct fiber *enter(struct guest_room *room)
{
    struct waiting_guest *guest = (struct waiting_guest *)room;
    struct body body = leave_body();
    memset(guest, 0, sizeof *guest);
    guest->pinned = LATE_AGAIN(pin)(); /* prepare was called */
    back_in_body(body);
    set_up(&guest->fiber);
    julia_list_fiber(&guest->fiber);
    return &guest->fiber.base;
}

static void leave(struct fiber *fiber)
{
    struct waiting_guest *guest = (struct waiting_guest *)fiber;
    struct body body = leave_body();
    julia_unlist_fiber(&guest->fiber);
    if (guest->pinned)
        LATE_AGAIN(unpin)();
    back_in_body(body);
}

void julia_guests_open(struct runtime *runtime)
{
    static const struct guests julia_guests = {is_julias_thread, prepare, enter, leave};
    served = runtime;
    guests = &julia_guests;
}

/* ---- functions that Julia calls ---- */

static struct julia_fiber *take_spare(void)
{
    spin_lock(&spare_lock);
    struct fiber *fiber = spare;
    if (fiber) {
        spare = fiber->next;
        spare_count--;
    }
    spin_unlock(&spare_lock);
    return (struct julia_fiber *)fiber;
}

struct julia_fiber *julia_guest_begin(void)
{
    struct julia_fiber *fiber = take_spare();
    if (!fiber) {
        fiber = calloc(1, sizeof *fiber);
        if (!fiber)
            return NULL;
        julia_list_fiber(fiber);
    }
    set_up(fiber);
    return fiber;
}

void julia_guest_end(struct julia_fiber *fiber)
{
    fiber->task = NULL;
    spin_lock(&spare_lock);
    bool keep = spare_count < spare_at_most;
    if (keep) {
        fiber->base.next = spare;
        spare = &fiber->base;
        spare_count++;
    }
    spin_unlock(&spare_lock);
    if (!keep)
        julia_free_fiber(fiber);
}
