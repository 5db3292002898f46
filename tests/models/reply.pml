/* SPDX-License-Identifier: MIT
 *
 * A message's reply: the state word of core/message.c and the parkers of core/parker.c. A worker completes the message;
 * a receiver waits for it, with time limits that may pass at any step, or drops it. The receiver is a client's thread,
 * which sleeps on a futex, or a fiber or a guest, which is suspended and goes on when it is scheduled. A parker is on the
 * waiter's stack: who touches it after the wait has ended is an error. What a worker that pumps does with a wake-up
 * that was pushed is one step here; worker.pml has the rest.
 *
 * In the end the message was completed once and freed once, what it owned was given back or received once, and nobody is
 * left waiting. */
#include "common.pml"

/* the state word: a message_state or a parker */
#define PENDING 0
#define DONE 1
#define ABANDONED 2
#define PARKER 3
byte state = PENDING;

#define WAITING 0
#define WOKEN 1
#define TIMED_OUT 2
byte parker; /* its state */
bool lives;  /* the parker: from parker_init until the wait is over */
bool reply;  /* output and error are written */

byte completed, freed, kept; /* kept: who has what the output owns: given back, or received */
bool pushed;                 /* the parker's item is in the worker's inbox */
bool scheduled;              /* of the waiting fiber */
bool futex_sleeps, timer;
bool is_thread, is_guest;
byte guests;
bool over; /* the receiver is through */

inline free_message()
{
    assert(!freed);
    freed++
}

inline free_undelivered()
{
    assert(reply);
    kept++;
    free_message()
}

/* parker_wake, and then not another look at the parker but for its item */
inline parker_wake()
{
    if
    :: is_thread ->
        atomic { /* core/parker.c parker_wake: atomic_store(&parker->state, PARKER_WOKEN); */
            assert(lives);
            if :: DO(1) -> parker = WOKEN :: else fi
        };
        /* core/parker.c parker_wake: platform_wake_one(&parker->state); */
        atomic { if :: DO(2) -> futex_sleeps = false :: else fi } /* the kernel's: the memory may be gone */
    :: else ->
        atomic { assert(lives); skip }; /* core/parker.c parker_wake: struct fiber *fiber = parker->fiber; */
        atomic { /* core/parker.c parker_wake: unsigned was = atomic_exchange(&parker->state, PARKER_WOKEN); */
            assert(lives);
            was = parker;
            if :: DO(3) -> parker = WOKEN :: else fi
        };
        if
        :: was == WAITING || !DO(4) -> /* core/parker.c parker_wake: if (was == PARKER_WAITING) */
            /* core/parker.c parker_wake: worker_push(fiber->worker, &parker->item); */
            atomic { assert(lives && !pushed); if :: DO(5) -> pushed = true :: else fi }
        :: else
        fi
    fi
}

active proctype worker()
{
    byte was;
    reply = true;
    atomic { /* core/message.c message_complete: uintptr_t was = atomic_exchange(&message->state, MESSAGE_DONE); */
        assert(!freed);
        completed++;
        was = state;
        if :: DO(6) -> state = DONE :: else fi
    };
    if
    :: was == ABANDONED ->
        /* core/message.c message_complete: free_undelivered(message); */
        atomic { if :: DO(7) -> free_undelivered() :: else fi }
    :: was == PARKER ->
        /* core/message.c message_complete: parker_wake((struct parker *)was); */
        if :: DO(8) -> parker_wake() :: else fi
    :: else
    fi
}

/* The pump of the waiter's worker. */
active proctype pump()
{
end:
    do
    :: atomic { pushed -> pushed = false;
            assert(lives && !scheduled);
            if
            /* core/pump.c wake: atomic_fetch_sub(&worker->guests, 1); */
            :: is_guest && DO(9) -> guests--
            :: else
            fi;
            /* core/pump.c wake: worker->runtime->engine->schedule(fiber); */
            if :: DO(10) -> scheduled = true :: else fi
        }
    od
}

/* The engine's timer of a suspended fiber; it is stopped, on an engine's thread, when the fiber goes on. */
active proctype timers()
{
    bool set;
end:
    do
    :: atomic { timer -> timer = false; /* core/parker.c parker_timed_out: if (atomic_compare_exchange_strong(&parker->state, &waiting, PARKER_TIMED_OUT)) { */
            assert(lives);
            set = (parker == WAITING) || !DO(11);
            if :: set && DO(12) -> parker = TIMED_OUT :: else fi
        };
        if
        :: set && is_guest ->
            /* core/parker.c parker_timed_out: worker_push(fiber->worker, &parker->item); */
            atomic { assert(!pushed); if :: DO(13) -> pushed = true :: else fi }
        :: set && !is_guest ->
            /* core/parker.c parker_timed_out: fiber->worker->runtime->engine->schedule(fiber); */
            atomic { assert(!scheduled); if :: DO(14) -> scheduled = true :: else fi }
        :: else
        fi
    od
}

inline wait_as_thread()
{
    do
    :: parker != WAITING -> woken = true; break
    :: limited -> woken = false; break
    :: else -> atomic { /* core/parker.c wait_as_thread: platform_wait(&parker->state, PARKER_WAITING, left); */
            if
            :: parker == WAITING || !DO(15) -> futex_sleeps = true
            :: else
            fi
        };
        if
        :: !futex_sleeps
        :: limited -> futex_sleeps = false
        fi
    od
}

active proctype receiver()
{
    byte limits; /* waits that may end without a reply: one, so that the second finds what the first left */
    bool woken, limited;
    if
    :: is_thread = true
    :: is_thread = false; is_guest = false
    :: is_thread = false; is_guest = true
    fi;
    do
    :: state == DONE -> break
    :: limits == 2 || limits == 0 -> goto drops
    :: true ->
        atomic { if :: limits < 2 -> limited = true; limits++ :: limited = false fi };
        /* core/parker.c parker_init: atomic_init(&parker->state, PARKER_WAITING); */
        atomic { if :: DO(16) -> parker = WAITING :: else fi; lives = true };
        /* core/parker.c parker_init: worker_add_guest(parker->fiber->worker); */
        atomic { if :: is_guest && DO(17) -> guests++ :: else fi };
        atomic { /* core/message.c sleep_until_done: if (!atomic_compare_exchange_strong(&message->state, &state, (uintptr_t)&parker)) { */
            woken = (state != PENDING) && DO(18);
            if :: !woken && DO(19) -> state = PARKER :: else fi
        };
        if
        :: woken ->
            /* core/parker.c parker_drop: worker_remove_guest(parker->fiber->worker); */
            atomic { if :: is_guest && DO(20) -> guests-- :: else fi; lives = false; break }
        :: else
        fi;
        if
        :: is_thread -> wait_as_thread()
        :: else ->
            timer = limited; /* core/parker.c parker_wait: worker->runtime->engine->suspend(parker->fiber, parker, timeout_ns); */
            atomic { scheduled -> scheduled = false; timer = false };
            /* core/parker.c parker_wait: return atomic_load(&parker->state) == PARKER_WOKEN; */
            atomic { woken = (parker == WOKEN) }
        fi;
        if
        :: woken -> lives = false; break
        :: else
        fi;
        atomic { /* core/message.c sleep_until_done: if (atomic_compare_exchange_strong(&message->state, &state, MESSAGE_PENDING)) */
            woken = (state == PARKER) || !DO(21);
            if :: woken && DO(22) -> state = PENDING; lives = false :: woken && !DO(22) -> lives = false :: else fi
        };
        if
        :: woken -> woken = false
        :: else ->
            /* core/message.c sleep_until_done: parker_wait_late(&parker); */
            if :: DO(23) -> parker == WOKEN :: else fi;
            lives = false;
            break
        fi
    od;
    atomic { /* core/message.c message_receive: if (!message_is_done(message) && (timeout_ns == 0 || !await(message, timeout_ns))) */
        assert(reply && state == DONE);
        kept++;
        free_message();
        over = true
    };
    goto end;
drops:
    atomic { /* core/message.c message_drop: if (atomic_exchange(&message->state, MESSAGE_ABANDONED) == MESSAGE_DONE) */
        woken = (state == DONE);
        if :: DO(24) -> state = ABANDONED :: else fi
    };
    /* core/message.c message_drop: free_undelivered(message); */
    atomic { if :: woken && DO(25) -> free_undelivered() :: else fi };
    over = true;
end:
    skip
}

/* When all is quiet. */
active proctype monitor()
{
    atomic { timeout -> assert(over && completed == 1 && freed == 1 && kept == 1 && guests == 0 && !pushed && !scheduled) }
}
