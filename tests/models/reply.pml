/* SPDX-License-Identifier: MIT
 *
 * A message's answer: the state and the phase of core/message.c, the parkers of core/parker.c, and a limit of
 * core/limit.c. A worker takes the message, unless it was given up before, and completes it. A limit fires or not;
 * the runtime's patience ends or not; the receiver waits, with time limits that may pass at any step, cancels, or
 * drops it. The receiver is a client's thread, which sleeps on a futex, or a fiber, which may be told to stop, or a
 * guest; the two are suspended and go on when they are scheduled. The message is an invoke's, whose caller stays
 * until it is answered, or one that borrows the caller's memory, or was sent with a receiver, or without. All of that
 * is chosen at will.
 *
 * A parker is on the waiter's stack: who touches it after the wait is an error; so is who touches the message after
 * it was freed, or the caller's memory after the caller has left. What a worker that pumps does with a wake-up that
 * was pushed is one step here; worker.pml has the rest.
 *
 * In the end the receiver was told once, the message was completed, freed and left its place once, what it owned was
 * given back or received once, and nobody is left waiting: M1 to M9 of docs/lifetimes.md. */
#include "common.pml"

/* message.state */
#define PENDING 0
#define ABANDONED 1
#define FORSAKEN 2
#define DONE 3
#define CANCELLED 4
#define LATE 5
#define CANCELLED_OVER 6
#define LATE_OVER 7
#define PARKER 8
byte state = PENDING;
#define IS_DONE(s) (s >= DONE && s < PARKER)

/* item.phase */
#define WAITING 0
#define BEGUN 1
#define LEAVING 2
#define GONE 3
byte phase = WAITING;

/* what is chosen */
bool phased, limited, borrows, wanted, may_leave, skips, is_thread, is_guest, impatience;
bool for_ever, computes; /* the body may compute for ever, and it does */

/* A wait that ends without an answer leaves something behind for the next. */
#ifdef LONG_FORM
#define TIMED_WAITS 2
#else
#define TIMED_WAITS 1
#endif

/* parker.state, from 0 as the phases */
#define WOKEN 1
#define TIMED_OUT 2
byte parker;
bool lives; /* the parker: from parker_init until the wait is over */

bool hint;  /* the worker that has taken it is known */
bool reply; /* output and error are written */
bool too_late; /* patience had ended before the message was completed */
bool caller_left;
byte completed, freed, places, told, inputs, outputs; /* how often: each is to happen once */
bool limits_locked, has_limit, impatient, waits_locked, listed;
bool pushed;    /* the parker's item is in a worker's inbox */
bool scheduled; /* of the waiting fiber */
bool futex_sleeps, timer, timer_fires, interruptible;
byte guests;
bool over; /* the receiver is through */

#define TOUCH assert(!freed)

inline limit_remove()
{
    if
    :: limited -> /* core/limit.c limit_remove: timers_lock(); */
        atomic { !limits_locked || !DO(1) -> has_limit = false }
    :: else
    fi
}

inline free_message()
{
    TOUCH;
    limit_remove(); /* core/message_memory.c message_free: limit_remove(message_limit_of(message)); */
    atomic { TOUCH; freed++ }
}

inline free_undelivered()
{
    atomic { assert(reply); TOUCH; outputs++ };
    free_message()
}

inline push_wake()
{
    atomic {
        assert(lives && !pushed);
        /* core/parker.c parker_wake: worker_push(parker->waker, &parker->item); */
        if :: DO(2) -> pushed = true :: else fi
    }
}

/* After it not another look at the parker but for its item. */
inline parker_wake()
{
    if
    :: is_thread ->
        atomic { /* core/parker.c parker_wake: atomic_store(&parker->state, PARKER_WOKEN); */
            assert(lives);
            if :: DO(4) -> parker = WOKEN :: else fi
        };
        /* core/parker.c parker_wake: platform_wake_one(&parker->state); */
        atomic { if :: DO(5) -> futex_sleeps = false :: else fi } /* the kernel's: the memory may be gone */
    :: else ->
        assert(lives); /* core/parker.c parker_wake: struct fiber *fiber = parker->fiber; */
        atomic { /* core/parker.c parker_wake: unsigned was = atomic_exchange(&parker->state, PARKER_WOKEN); */
            assert(lives);
            p_ = parker;
            if :: DO(6) -> parker = WOKEN :: else fi
        };
        if
        :: p_ == WAITING || !DO(7) -> push_wake() /* core/parker.c parker_wake: if (was == PARKER_WAITING) */
        :: else
        fi
    fi
}

inline parker_timed_out(set)
{
    atomic { /* core/parker.c parker_timed_out: if (atomic_compare_exchange_strong(&parker->state, &waiting,
                PARKER_TIMED_OUT)) { */
        assert(lives);
        set = (parker == WAITING) || !DO(8);
        if :: set && DO(9) -> parker = TIMED_OUT :: else fi
    };
    if
    :: set && is_guest -> push_wake() /* core/parker.c parker_timed_out: worker_push(parker->waker, &parker->item); */
    :: set && !is_guest -> /* core/parker.c parker_timed_out: fiber->worker->runtime->engine->schedule(fiber); */
        atomic { assert(!scheduled); if :: DO(10) -> scheduled = true :: else fi }
    :: else
    fi
}

/* ---- giving up ---- */

inline set_state(as_, ok)
{
    atomic { /* core/message.c set_state: } while (!atomic_compare_exchange_strong(&message->state, &was, forsaken ?
                MESSAGE_FORSAKEN : answered(was, as))); */
        TOUCH;
        w_ = state;
        /* core/message.c set_state: if (was & message_answer && was != MESSAGE_ABANDONED) */
        ok = (w_ == PENDING || w_ == ABANDONED || w_ == PARKER) || !DO(11);
        if
        :: ok && w_ == ABANDONED -> state = FORSAKEN
        :: ok && w_ != ABANDONED && DO(12) -> state = as_
        :: else
        fi
    };
    if
    /* core/message.c set_state: parker_wake((struct parker *)was); */
    :: ok && w_ == PARKER && DO(13) -> parker_wake()
    :: else
    fi
}

inline give_up(as_, ok)
{
    if
    :: !phased -> set_state(as_, ok)
    :: else ->
        atomic { /* core/message.c give_up_unbegun: if (!atomic_compare_exchange_strong(&message->item.phase, &phase,
                    MESSAGE_LEAVING)) */
            TOUCH;
            p_ = phase;
            if :: p_ != WAITING && !DO(14) -> p_ = WAITING :: else fi;
            if :: p_ == WAITING && DO(15) -> phase = LEAVING :: else fi
        };
        if
        :: p_ == WAITING ->
            /* core/message.c give_up_unbegun: leave_gate(message); */
            atomic { TOUCH; if :: DO(16) -> places++ :: else fi };
            set_state(as_, ok);
            atomic { TOUCH; /* core/message.c give_up_unbegun: atomic_store(&message->item.phase, MESSAGE_GONE); */
                if :: DO(17) -> phase = GONE :: else fi }
        /* core/message.c give_up: if (atomic_load(&message->item.phase) != MESSAGE_BEGUN || flags &
            MESSAGE_BORROWS) */
        :: p_ == BEGUN && !(borrows && DO(18)) ->
            atomic { TOUCH; assert(hint) };
            set_state(as_, ok)
        :: else -> ok = false
        fi
    fi
}

/* The thread of deadlines, or who uses a canceller. */
proctype limiter()
{
    byte w_, p_, as;
    bool ok;
    if
    :: limited ->
        atomic { if :: as = LATE :: as = CANCELLED fi };
        /* core/timers.c keep: timers_lock(); */
        atomic { !limits_locked -> limits_locked = true };
        if
        :: has_limit -> has_limit = false; /* core/limit.c fire: timers_clear(&limit->timer); */
            /* core/limit.c fire: limit->fire(limit, reason); */
            if :: DO(19) -> give_up(as, ok) :: else fi
        :: else
        fi;
        limits_locked = false
    :: !limited || !for_ever
    fi
}

/* Who ends the runtime's patience. */
proctype patience()
{
    byte w_, p_;
    bool ok;
    if
    :: impatience ->
        impatient = true; /* core/message.c message_give_up_all: atomic_store(&impatient, true); */
        atomic { !waits_locked -> waits_locked = true };
        if
        /* core/message.c call_off_all: message_call_off(waiting->message); */
        :: listed && DO(20) -> give_up(CANCELLED, ok)
        :: else
        fi;
        waits_locked = false
    :: else
    fi
}

/* ---- the worker's side ---- */

proctype worker()
{
    byte w_, p_, answer;
    bool begins = true;
    if
    :: phased ->
        /* core/message.c message_begin: atomic_store_explicit(&message->item.node.hint,
            (struct inbox_node *)(void *)worker, memory_order_relaxed); */
        atomic { TOUCH; if :: DO(21) -> hint = true :: else fi };
        atomic { /* core/message.c message_begin: if (atomic_compare_exchange_strong(&message->item.phase, &phase,
                    MESSAGE_BEGUN)) */
            TOUCH;
            begins = (phase == WAITING) || !DO(22);
            if :: begins && DO(23) -> phase = BEGUN :: else fi
        };
        if
        :: begins
        :: else -> /* core/message.c message_begin: while (atomic_load(&message->item.phase) != MESSAGE_GONE) */
            if :: DO(24) -> phase == GONE :: else fi;
            TOUCH
        fi
    :: else
    fi;
    if
    :: begins ->
        /* core/task.c take_message: message_leave_place(message, start ? &task->runtime->channel : task->gate,
            task->runtime); */
        atomic { TOUCH; if :: DO(25) -> places++ :: else fi };
        atomic { TOUCH; assert(!borrows || !caller_left); inputs++ }; /* the body */
        if
        :: for_ever -> computes = true; goto end
        :: else
        fi;
        atomic { TOUCH; assert(!borrows || !caller_left); reply = true }
    :: else ->
        if
        /* core/message.c message_begin: if (!(message->item.flags & MESSAGE_BORROWS)) */
        :: !borrows || !DO(26) ->
            atomic { TOUCH; assert(!borrows || !caller_left); if :: DO(27) -> inputs++ :: else fi }
        :: else
        fi;
        reply = true
    fi;
    atomic { /* core/message.c is_too_late: return atomic_load(&impatient) && !(message->item.flags &
                MESSAGE_BODILESS); */
        too_late = impatient;
        if :: impatient && DO(65) -> answer = CANCELLED_OVER :: else -> answer = DONE fi
    };
    atomic {
        /* core/message.c message_complete: } while (!atomic_compare_exchange_strong(&message->state, &was,
            next)); */
        TOUCH;
        completed++;
        w_ = state;
        if
        :: w_ == ABANDONED || w_ == FORSAKEN
        /* core/message.c message_complete: next = was & message_answer ? was + over : answered(was, answer); */
        :: w_ == CANCELLED && DO(28) -> state = CANCELLED_OVER
        :: w_ == LATE && DO(29) -> state = LATE_OVER
        :: (w_ == PENDING || w_ == PARKER) && DO(30) -> state = answer
        :: else
        fi
    };
    if
    /* core/message.c message_complete: free_undelivered(message); */
    :: (w_ == ABANDONED || w_ == FORSAKEN) && DO(31) -> free_undelivered()
    /* core/message.c message_complete: parker_wake((struct parker *)was); */
    :: w_ == PARKER && DO(32) -> parker_wake()
    :: else
    fi;
end:
    skip
}

/* The pump of the waiter's worker, or of another. */
proctype pump()
{
end:
    do
    :: atomic { pushed -> pushed = false;
            assert(lives && !scheduled);
            if
            /* core/pump.c wake: atomic_fetch_sub(&worker->guests, 1); */
            :: is_guest && DO(33) -> guests--
            :: else
            fi;
            /* core/pump.c wake: worker->runtime->engine->schedule(fiber); */
            if :: DO(34) -> scheduled = true :: else fi
        }
    od
}

/* The engine's timer of a suspended fiber. It is stopped when the fiber goes on, which waits if it fires just then. */
proctype timers()
{
    bool set;
end:
    do
    :: atomic { timer -> timer = false; timer_fires = true; assert(lives) }; parker_timed_out(set); timer_fires = false
    od
}

/* ---- the receiver's side ---- */

inline wait_as_thread()
{
    do
    :: parker != WAITING -> woken = true; break
    :: in_time -> woken = false; break
    :: else -> atomic { /* core/parker.c wait_as_thread: platform_wait(&parker->state, PARKER_WAITING, left); */
            if
            :: parker == WAITING || !DO(35) -> futex_sleeps = true
            :: else
            fi
        };
        if
        :: !futex_sleeps
        :: in_time -> futex_sleeps = false
        fi
    od
}

/* A fiber or guest. What tells a body to stop runs on the fiber's own thread, while it is suspended. */
inline wait_suspended()
{
    interruptible = !is_guest; /* core/parker.c parker_wait_interruptibly: fiber->interruptible = parker; */
    /* core/parker.c parker_wait: fiber->worker->runtime->engine->suspend(fiber, parker, timeout_ns); */
    timer = in_time;
    if
    :: atomic { scheduled -> scheduled = false; timer = false; interruptible = false }
    :: atomic { interruptible && !interrupted -> interrupted = true; stopped = true };
        /* core/interrupt.c interrupt_bodies: parker_timed_out(fiber->interruptible); */
        if :: DO(36) -> parker_timed_out(ok) :: else fi; /* spare: only that a body is not told */
        atomic { scheduled -> scheduled = false; timer = false; interruptible = false }
    fi;
    !timer_fires;
    /* core/parker.c parker_wait: return atomic_load(&parker->state) == PARKER_WOKEN; */
    atomic { woken = (parker == WOKEN) }
}

proctype receiver()
{
    byte w_, p_, was;
    byte limits; /* waits that may end without a reply */
    bool woken, in_time, stopped, interrupted, ok, cancelled;
    if
    :: !wanted -> goto end
    :: else
    fi;
    do
    :: IS_DONE(state) -> goto receives /* core/message.c await_answer: while (!message_is_done(message)) { */
    :: may_leave -> goto drops
    :: may_leave && !cancelled -> cancelled = true; give_up(CANCELLED, ok) /* jlt_receiver_cancel */
    :: true ->
        atomic {
            if :: limits < TIMED_WAITS && may_leave -> in_time = true; limits++ :: in_time = false fi;
            stopped = false
        };
        /* core/parker.c parker_init: atomic_init(&parker->state, PARKER_WAITING); */
        atomic { if :: DO(37) -> parker = WAITING :: else fi; lives = true };
        /* core/parker.c parker_init: parker->waker = parker->fiber->guest ? closing_add_guest(worker) : worker; */
        atomic { if :: is_guest && DO(38) -> guests++ :: else fi };
        atomic { /* core/message.c sleep_until_done: if (!atomic_compare_exchange_strong(&message->state, &state,
                    (uintptr_t)&parker)) { */
            TOUCH;
            woken = (state != PENDING) && DO(39);
            if :: !woken && DO(40) -> state = PARKER :: else fi
        };
        if
        :: woken ->
            /* core/parker.c parker_drop: closing_remove_guest(parker->waker); */
            atomic { if :: is_guest && DO(41) -> guests-- :: else fi; lives = false; goto receives }
        :: else
        fi;
        /* core/message.c sleep_until_done: list_waiting(&waiting); */
        atomic { !waits_locked -> if :: DO(42) -> listed = true :: else fi };
        if
        /* core/message.c sleep_until_done: message_call_off(message); */
        :: impatient && DO(43) -> give_up(CANCELLED, ok)
        :: else
        fi;
        if
        :: is_thread -> wait_as_thread()
        :: else -> wait_suspended()
        fi;
        /* core/message.c sleep_until_done: unlist_waiting(&waiting); */
        atomic { !waits_locked || !DO(44) -> if :: DO(45) -> listed = false :: else fi };
        if
        :: woken -> lives = false; goto receives
        :: else
        fi;
        atomic { /* core/message.c sleep_until_done: if (atomic_compare_exchange_strong(&message->state, &state,
                    MESSAGE_PENDING)) */
            woken = (state == PARKER) || !DO(46);
            if :: woken && DO(47) -> state = PENDING; lives = false :: woken && !DO(47) -> lives = false :: else fi
        };
        if
        :: woken ->
            woken = false;
            if
            /* core/message.c await_answer: if (end == WAIT_STOPPED && give_up(message, MESSAGE_CANCELLED)) */
            :: stopped && DO(48) -> give_up(CANCELLED, ok) /* spare: it waits on */
            :: else
            fi
        :: else ->
            /* core/message.c sleep_until_done: parker_wait_late(&parker); */
            if :: DO(49) -> parker == WOKEN :: else fi;
            lives = false;
            goto receives
        fi
    od;
receives:
    atomic { /* core/message.c receive_answer: uintptr_t state = atomic_load(&message->state); */
        TOUCH;
        was = state;
        assert(IS_DONE(was));
        told++
    };
    if
    :: was == DONE -> atomic { assert(reply && !too_late); outputs++ }; free_message()
    :: else ->
        /* core/message.c receive_early: if (message->item.flags & MESSAGE_BORROWS && !begun) */
        atomic { if :: borrows && phase != BEGUN && DO(50) -> inputs++ :: else fi };
        /* core/message.c receive_early: limit_remove(message_limit_of(message)); */
        if :: DO(51) -> limit_remove() :: else fi; /* spare: whoever frees it does it as well */
        atomic { /* core/message.c receive_early: state = atomic_exchange(&message->state, MESSAGE_FORSAKEN); */
            TOUCH;
            was = state;
            if :: DO(52) -> state = FORSAKEN :: else fi
        };
        if
        /* core/message.c receive_early: free_undelivered(message); */
        :: (was == CANCELLED_OVER || was == LATE_OVER) && DO(53) -> free_undelivered()
        :: else
        fi
    fi;
    goto end;
drops:
    ok = false;
    told++; /* it asks not to be */
    /* core/message.c message_drop: else if (!message->type->fields.skip_if_dropped || !give_up(message,
        MESSAGE_FORSAKEN)) */
    if :: skips && DO(54) -> give_up(FORSAKEN, ok) :: else fi; /* spare: it begins for nobody */
    if
    :: !ok || !DO(55) ->
        atomic {
            /* core/message.c message_drop: } while (!atomic_compare_exchange_strong(&message->state,
                &was, next)); */
            TOUCH;
            was = state;
            if
            :: was == DONE || was == CANCELLED_OVER || was == LATE_OVER
            :: was == PENDING -> if :: DO(56) -> state = ABANDONED :: else fi
            :: else -> if :: DO(57) -> state = FORSAKEN :: else fi
            fi
        };
        if
        /* core/message.c message_drop: free_undelivered(message); */
        :: (was == DONE || was == CANCELLED_OVER || was == LATE_OVER) && DO(58) -> free_undelivered()
        :: else
        fi
    :: else
    fi;
end:
    caller_left = true;
    over = true
}

/* What is checked in the end is when all is quiet. */
init
{
    atomic {
        if
        :: wanted = true /* an invoke's */
        :: wanted = true; phased = true; borrows = true
        :: wanted = true; phased = true; may_leave = true
        :: wanted = true; phased = true; may_leave = true; limited = true
        :: wanted = true; phased = true; limited = true /* an invoke's with options */
        :: phased = true; limited = true; state = ABANDONED
        fi;
#ifdef LONG_FORM
        if :: may_leave -> skips = true :: true fi;
        if :: impatience = true :: true fi;
        if :: (limited || impatience) && !borrows -> for_ever = true :: true fi;
#else
        if :: may_leave && !limited -> skips = true :: true fi;
        if :: !limited -> impatience = true :: true fi;
        if :: (limited || impatience) && !borrows && !may_leave -> for_ever = true :: true fi;
#endif
        has_limit = limited;
        if
        :: is_thread = true
        :: wanted
#ifdef LONG_FORM
        :: wanted -> is_guest = true
#else
        :: wanted && !limited && !impatience && !skips -> is_guest = true
#endif
        fi;
        run limiter(); run patience(); run worker(); run pump(); run timers(); run receiver()
    };
    atomic {
        timeout -> assert(over && told == wanted && places == 1 && inputs == 1);
        assert(computes || (completed == 1 && freed == 1 && outputs == 1));
        assert(guests == 0 && !pushed && !scheduled && !listed && !limits_locked && !waits_locked)
    }
}
