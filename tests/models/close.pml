/* SPDX-License-Identifier: MIT
 *
 * The close: two workers, a sender of something that any may run (FOR_ONE: the first worker; SENDERS: two such senders,
 * and so something that a worker takes ahead; LATE: it is done by a thread, as one that cancels does it), a guest of
 * that one (WITH_GUEST), which waits for it, perhaps from when its worker has ended already; and the close, at any
 * time. Each worker ends, the last one when nothing is left; nobody rings a bell after that; and the guest goes on.
 * STAYS: a guest of the first worker waits from the start. AFTER: it is sent when the second worker has ended. */
#include "common.pml"

#define WORKERS 2
#ifndef FIBERS
#define FIBERS 2
#endif
#define ITEMS 2
#define OWN
#define CLOSES
#define GUEST_WORKER 0
#define GUEST 29

inline begin_closing(w)
{
    closing[w] = true /* core/closing.c closing_begin: worker->closing = true; */
}

inline guest_woken(w)
{
    /* core/pump.c wake: atomic_fetch_sub(&worker->guests, 1); */
    atomic { if :: DO(90) -> guests[w]-- :: else fi; assert(!guest_scheduled); guest_scheduled = true }
}

byte waker; /* of the guest; WORKERS: it waits as a thread does */

/* By whoever completes what the guest waits for: a worker, or a thread that may come late, as one that cancels. */
inline wake_guest()
{
    /* core/parker.c parker_wake: worker_push(parker->waker, &parker->item); */
    worker_push(waker, GUEST, y_);
    assert(y_)
}

#define OVER false

#include "worker.pml"

/* Something is sent that any may run, or that the first worker is to run. */
proctype sender(byte item)
{
    LOCALS;
#ifdef AFTER
    ended[1 - GUEST_WORKER];
#endif
#ifdef LATE
    some_ = false;
#elif defined(FOR_ONE)
    worker_push(0, item, some_);
#else
    attention_push(item, some_);
#endif
    if
    :: !some_ -> complete(item) /* the sender is told that the runtime is closed, or is the thread that does it */
    :: else
    fi
}

#ifdef WITH_GUEST
proctype guest()
{
    LOCALS;
    waker = GUEST_WORKER;
    /* core/closing.c closing_add_guest: atomic_fetch_add(&worker->guests, 1); */
    atomic { if :: DO(92) -> guests[GUEST_WORKER]++ :: else fi };
    if
    /* core/closing.c closing_add_guest: if (!runtime_is_closed(runtime)) */
    :: closed && DO(91) ->
        /* core/closing.c closing_add_guest: spin_lock(&runtime->end_lock); */
        atomic { if :: DO(96) -> !end_locked -> end_locked = true :: else fi };
        atomic { if :: ended[GUEST_WORKER] -> waker = 1 - GUEST_WORKER :: else fi };
        atomic { if :: ended[waker] -> waker = WORKERS :: else fi };
        if
        :: waker != GUEST_WORKER ->
            /* core/closing.c closing_add_guest: atomic_fetch_sub(&worker->guests, 1); */
            atomic { if :: DO(97) -> guests[GUEST_WORKER]-- :: else fi }; /* spare: that one has ended */
            /* core/closing.c closing_add_guest: atomic_fetch_add(&waker->guests, 1); */
            atomic { if :: waker < WORKERS && DO(98) -> guests[waker]++ :: else fi }
        :: else
        fi;
        end_locked = false
    :: else
    fi;
    if
    :: waker == WORKERS -> done[1]
    :: else ->
        atomic { y_ = done[1]; if :: !y_ -> waiter[1] = GUEST :: else fi };
        if
        :: y_ ->
            /* core/closing.c closing_remove_guest: if (atomic_fetch_sub(&worker->guests, 1) == 1 &&
                runtime_is_closed(worker->runtime)) */
            atomic { if :: DO(93) -> guests[waker]-- :: else fi; y_ = closed };
            /* core/closing.c closing_remove_guest: worker_rouse(worker); */
            if :: y_ && DO(94) -> ring(waker, true) :: else fi;
            y_ = false
        :: else -> guest_scheduled
        fi
    fi
}
#endif

proctype closer()
{
    LOCALS;
    byte v;
    closed = true; /* core/runtime.c runtime_close: if (!atomic_exchange(&runtime->closed, true)) { */
    /* core/runtime.c runtime_close: worker_push(&runtime->workers[i], &runtime->workers[i].close); */
    do
    :: v < WORKERS -> worker_push(v, CLOSE, some_); assert(some_); v++
    :: else -> break
    od
}

init
{
    byte i_;
    atomic {
        start();
#ifdef STAYS
        guests[GUEST_WORKER]++;
        waker = GUEST_WORKER;
        waiter[1] = GUEST;
#endif
        run sender(1);
#ifdef SENDERS
        run sender(2);
#endif
#ifdef WITH_GUEST
        run guest();
#endif
        run closer()
    };
    timeout;
#ifdef SENDERS
    assert(done[2] == 1);
#endif
    assert(done[1] == 1 && ended[0] && ended[1] && bells_down && box_sealed[0] && box_sealed[1] && sealed);
    assert(EMPTY(box[0]) && EMPTY(box[1]) && EMPTY(own[0]) && EMPTY(own[1]) && EMPTY(inbox) && EMPTY(list))
}
