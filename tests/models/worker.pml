/* SPDX-License-Identifier: MIT
 *
 * Workers, their fibers, the queue, the bells, the watch and the close: core/attention.c, ready.c, pump.c, closing.c.
 * A scenario defines WORKERS, FIBERS (of a worker), ITEMS and what bodies do, and includes this file.
 *
 * A worker's thread is its baton: one fiber has it, or an answer to a call. A fiber is a process that waits for being
 * scheduled and for the baton. Where code waits awake, the fiber just may not go on. Whether a body is slow, whether
 * what is left is worth a wake-up, how much is taken ahead, whether things move, whether it is time to yield, whether
 * there are fibers enough, who is idle: all that is measured or counted in C, or is a hint there, is chosen at will
 * here, so that every way is tried. */

/* ---- what is ready: core/ready.h ---- */

chan inbox = [ITEMS] of { byte };  /* ready.inbox */
chan moving = [ITEMS] of { byte }; /* taken out of it, in a drain */
chan list = [ITEMS] of { byte };   /* ready.first */
bool sealed, locked;

/* the lookout: the number of the worker that has it, from 1, and the flags */
byte holder;
bool called, watched, away, lookout_ended;
byte callers;
#define LOOKED_AT (holder && !away)
#define LOOKED_AFTER (LOOKED_AT || called || lookout_ended || (away && watched))

/* Bodies may be thought short, or long: worker.slow. A scenario can rule one out. */
#ifndef FAST
#define FAST true
#endif
#ifndef SLOW
#define SLOW true
#endif

/* ---- workers: core/worker.h ---- */

chan box[WORKERS] = [ITEMS + WORKERS + 4] of { byte }; /* worker.inbox */
chan own[WORKERS] = [ITEMS + WORKERS + 4] of { byte };
bool box_sealed[WORKERS];
bool attentive[WORKERS], standby[WORKERS], rung[WORKERS], wanting[WORKERS], flag_ended[WORKERS];
byte ringers[WORKERS];
bool looks[WORKERS], ended[WORKERS], closing[WORKERS];
byte bodies[WORKERS];
byte ahead[WORKERS];      /* one thing at most */
bool has_ahead[WORKERS];  /* next < end: the thing may have been given back */
#define UNATTENDED(v) !(attentive[v] || standby[v] || rung[v] || flag_ended[v])
#define NONEMPTY(queue) (len(queue) > 0)
#define EMPTY(queue) (len(queue) == 0)
#define OTHERS (WORKERS > 1)

/* What only a scenario with a close, or with things in a worker's own inbox, looks at. */
#ifdef CLOSES
#define COUNT_IN(n, counter) atomic { if :: DO(n) -> counter++ :: else fi }
#define COUNT_OUT(n, counter) atomic { if :: DO(n) -> counter-- :: else fi }
#else
#define COUNT_IN(n, counter) skip
#define COUNT_OUT(n, counter) skip
#endif

/* ---- the engine ---- */

byte baton[WORKERS]; /* a fiber's number, from 1, or ANSWERS; 0: the thread is idle */
#define ANSWERS 100
bool parked[WORKERS * FIBERS], scheduled[WORKERS * FIBERS], exists[WORKERS * FIBERS];
bool bell[WORKERS], call_bell, timer;
bool bells_down;
byte next_answer;
byte no_memory; /* how often a fiber cannot be had yet */

/* ---- closing ---- */

bool closed, end_locked;
byte workers_left = WORKERS, workers_running = WORKERS;
byte guests[WORKERS];
bool guest_scheduled;
byte tasks[WORKERS]; /* live ones on its list */

/* ---- bodies ---- */

byte kind[ITEMS + 1], until[ITEMS + 1]; /* of the items 1.. */
byte done[ITEMS + 1];
bool one_left[ITEMS + 1];               /* of two messages */
byte waiter[ITEMS + 1];                 /* who has set a parker: a fiber's number from 1, or GUEST */
#define PLAIN 0
#define LONG 1  /* computes until another is done: its thread is not free meanwhile */
#define WAITS 2 /* is suspended until another is done, by something of Julia's */
#define PARKS 3 /* the same, in a wait of jltask's */
#define EXITS 4 /* the last message of a task: its exit is run */
#define TURNS 5 /* a task of this worker with two messages, of which the first WAITS */
#define CLOSE 20
#define CANCEL 21
#define GUEST 29
#define WAKE 30 /* and the fiber's number */

/* locals of every process that calls something */
#define LOCALS byte i_, v_, o_; bool x_, y_, some_, again_

/* ---- fibers: attention.c ---- */

inline unpark(v, f) /* under the lock; f: FIBERS * WORKERS: there is none */
{
    f = v * FIBERS;
    do
    :: f < (v + 1) * FIBERS && !parked[f] -> f++
    :: else -> break
    od;
    if
    :: f < (v + 1) * FIBERS -> parked[f] = false
    :: else -> f = FIBERS * WORKERS
    fi
}

inline start_fiber(v, ok)
{
    if
    :: no_memory -> no_memory--; ok = false
    :: else ->
        i_ = v * FIBERS;
        do
        :: i_ < (v + 1) * FIBERS && exists[i_] -> i_++
        :: else -> break
        od;
        assert(i_ < (v + 1) * FIBERS); /* else the scenario needs more of them */
        exists[i_] = true;
        scheduled[i_] = true;
        ok = true
    fi;
    i_ = 0
}

inline ring(v, want)
{
    /* core/attention.c ring: atomic_fetch_add(&worker->ringers, 1); */
    COUNT_IN(1, ringers[v]);
    atomic {
        x_ = false;
        if
        :: (want && !flag_ended[v]) || (!want && UNATTENDED(v)) ->
            x_ = !rung[v];
            /* core/attention.c ring: marked = atomic_compare_exchange_weak(&worker->flags, &flags, flags | mark); */
            if :: DO(2) -> rung[v] = true :: else fi; /* spare: rings are merged */
            if :: want && DO(3) -> wanting[v] = true :: else fi
        :: else
        fi
    };
    if
    :: x_ ->
        /* core/attention.c ring: worker->runtime->engine->ring(worker); */
        atomic { assert(!bells_down); if :: DO(4) -> bell[v] = true :: else fi; x_ = false }
    :: else
    fi;
    /* core/attention.c ring: atomic_fetch_sub(&worker->ringers, 1); */
    COUNT_OUT(1, ringers[v])
}

inline worker_push(v, item_, ok)
{
    atomic { /* core/attention.c worker_push: if (inbox_push(&worker->inbox, &item->node, &pushed) == INBOX_REFUSED) */
        ok = !box_sealed[v];
        if :: ok -> box[v]!item_ :: else fi
    };
    if
    :: ok ->
        /* core/attention.c worker_push: if (is_unattended(atomic_load(&worker->flags))) */
        atomic { x_ = DO(5) && UNATTENDED(v) };
        if :: x_ -> ring(v, false) :: else fi
    :: else
    fi;
    x_ = false
}

inline make_standby(v)
{
    atomic {
        x_ = !attentive[v] && !standby[v];
        /* core/attention.c make_standby: atomic_compare_exchange_weak(&worker->flags, &flags, flags | WORKER_STANDBY)
            */
        if :: x_ && DO(6) -> standby[v] = true :: else fi
    };
    if
    :: x_ ->
        atomic {
            unpark(v, i_);
            if
            :: i_ < FIBERS * WORKERS ->
                /* core/attention.c make_standby: engine->schedule(fiber); */
                if :: DO(7) -> assert(!scheduled[i_]); scheduled[i_] = true :: else fi;
                y_ = true; i_ = 0
            :: else -> start_fiber(v, y_)
            fi
        };
        if
        :: !y_ ->
            /* core/attention.c make_standby: atomic_fetch_and(&worker->flags, ~(unsigned)WORKER_STANDBY); */
            atomic { if :: DO(8) -> standby[v] = false :: else fi };
            /* core/attention.c make_standby: worker_rouse(worker); */
            if :: DO(9) -> ring(v, true) :: else fi
        :: else
        fi;
        y_ = false
    :: else
    fi;
    x_ = false
}

inline worker_doorbell(v)
{
    atomic {
        /* core/attention.c worker_doorbell: atomic_fetch_and(&worker->flags, ~(unsigned)(WORKER_RUNG |
            WORKER_WANTING)); */
        y_ = wanting[v];
        if :: DO(10) -> rung[v] = false; wanting[v] = false :: else fi
    };
    /* core/attention.c worker_doorbell: if ((flags & WORKER_WANTING) || !inbox_is_empty(&worker->inbox)) */
    atomic { y_ = (DO(11) && y_) || (DO(12) && NONEMPTY(box[v])) };
    if
    :: y_ ->
        y_ = false;
        /* core/attention.c worker_doorbell: make_standby(worker); */
        if :: DO(13) -> make_standby(v) :: else fi
    :: else
    fi;
    y_ = false
}

/* ---- the queue: ready.c ---- */

/* core/ready.h ready_is_empty: inbox_is_empty(&ready->inbox) && !atomic_load(&ready->first) */
inline look_at_queue(some)
{
    atomic { some = NONEMPTY(inbox) };
    if
    :: !some -> atomic { some = NONEMPTY(list) }
    :: else
    fi
}

/* The lock is taken with the step after it, and given back with the one before: nobody who does not ask for it sees
    it. */
inline drain_inbox()
{
    /* core/ready.c drain: append(ready, inbox_take(&ready->inbox)); */
    do :: NONEMPTY(inbox) -> inbox?i_; moving!i_ :: else -> break od;
    i_ = 0
}

inline drain_to_list()
{
    /* core/ready.c append: atomic_store(&ready->first, chain.first); */
    d_step { do :: NONEMPTY(moving) -> moving?i_; list!i_ :: else -> break od; i_ = 0 }
}

/* under the lock */
inline add_to_list(item_)
{
    atomic { drain_inbox() }; /* core/ready.c put_back: drain(ready); */
    if :: NONEMPTY(moving) -> drain_to_list() :: else fi;
    atomic { list!item_ } /* core/ready.c put_back: append(ready, inbox_chain_of(node)); */
}

inline put_back(item_)
{
    /* core/ready.c ready_put_back: put_back(ready, &item->node); */
    atomic { !locked -> locked = true };
    add_to_list(item_);
    locked = false
}

/* ---- calling ---- */

inline ring_for()
{
    /* core/attention.c ring_for: atomic_fetch_add(&runtime->ready.callers, 1); */
    COUNT_IN(14, callers);
    /* core/attention.c mark: !(atomic_fetch_or(&ready->lookout, flag) & (flag | ENDED)); */
    atomic {
        x_ = !called && !lookout_ended;
        if :: !lookout_ended && DO(15) -> called = true :: else fi /* spare: calls are merged */
    };
    if
    :: x_ ->
        /* core/attention.c ring_for: runtime->engine->call(runtime); */
        atomic { assert(!bells_down); if :: DO(16) -> call_bell = true :: else fi }
    :: else
    fi;
    /* core/attention.c ring_for: atomic_fetch_sub(&runtime->ready.callers, 1); */
    COUNT_OUT(14, callers);
    x_ = false
}

inline watch()
{
    /* core/attention.c watch: atomic_fetch_add(&runtime->ready.callers, 1); */
    COUNT_IN(17, callers);
    /* core/attention.c watch: if (mark(&runtime->ready, WATCHED)) */
    atomic {
        x_ = !watched && !lookout_ended;
        if :: !lookout_ended && DO(18) -> watched = true :: else fi /* spare: it need not be set twice */
    };
    if
    :: x_ ->
        /* core/attention.c watch: watch_set(&runtime->watch, delay_ns); */
        atomic { assert(!bells_down); if :: DO(19) -> timer = true :: else fi }
    :: else
    fi;
    /* core/attention.c watch: atomic_fetch_sub(&runtime->ready.callers, 1); */
    COUNT_OUT(17, callers);
    x_ = false
}

inline attention_push(item_, ok)
{
    atomic {
        /* core/attention.c attention_push: if (inbox_push(&runtime->ready.inbox, &item->node, &pushed) ==
            INBOX_REFUSED) */
        ok = !sealed;
        if :: ok -> inbox!item_ :: else fi
    };
    if
    :: ok ->
        /* core/attention.c attention_push: unsigned lookout = atomic_load(&runtime->ready.lookout); */
        atomic { x_ = DO(20) && !LOOKED_AFTER; y_ = away };
        if
        :: x_ && y_ ->
            /* core/attention.c attention_push: watch(runtime, soon_ns); */
            if :: DO(21) -> watch() :: else fi
        :: x_ && !y_ ->
            /* core/attention.c attention_push: ring_for(runtime); */
            if :: DO(22) -> ring_for() :: else fi
        :: else
        fi
    :: else
    fi;
    x_ = false; y_ = false
}

/* Any but w; WORKERS: none. The bits of who is idle are a hint (core/attention.h says so): this one is free to err. */
inline claim_first_idle(w, v)
{
    if
    :: w != 0 -> v = 0
#if WORKERS > 1
    :: w != 1 -> v = 1
#endif
    :: true -> v = WORKERS
    fi
}

inline look_after(w)
{
    atomic { x_ = LOOKED_AT };
    if
    :: x_
    :: !x_ && FAST -> /* it is not worth a wake-up */
        /* core/attention.c look_after: watch(runtime, soon_ns); */
        if :: DO(24) -> watch() :: else fi
    :: !x_ && SLOW ->
        atomic { x_ = !called && !lookout_ended; if :: x_ && DO(15) -> called = true :: else fi };
        if
        :: x_ ->
            /* core/attention.c look_after: struct worker *other = claim_first_idle(runtime, worker); */
            claim_first_idle(w, v_);
            if
            :: v_ < WORKERS ->
                /* core/attention.c look_after: make_standby(other); */
                if :: DO(25) -> make_standby(v_) :: else fi; /* spare: the watch comes */
                /* core/attention.c look_after: watch(runtime, late_ns); */
                if :: DO(26) -> watch() :: else fi /* spare: here the other's thread is free in the end */
            :: else ->
                /* core/attention.c look_after: runtime->engine->call(runtime); */
                atomic { assert(!bells_down); if :: DO(27) -> call_bell = true :: else fi }
            fi
        :: else
        fi
    fi;
    x_ = false; v_ = 0
}

/* here: a worker's number; WORKERS: the thread is no worker's */
inline attention_answer(here)
{
    /* core/attention.c attention_answer: atomic_fetch_and(&runtime->ready.lookout, ~(unsigned)CALLED); */
    atomic { if :: DO(28) -> called = false :: else fi };
    /* core/attention.c attention_answer: if (!ready_is_empty(&runtime->ready)) */
    look_at_queue(some_);
    if
    :: some_ ->
        atomic { x_ = LOOKED_AT };
        if
        :: !x_ -> atomic { x_ = called || lookout_ended; if :: !x_ && DO(15) -> called = true :: else fi }
        :: else
        fi;
        if
        :: !x_ ->
            v_ = here;
            if
            :: here == WORKERS ->
                claim_first_idle(WORKERS, v_);
                if
                :: v_ == WORKERS -> /* core/attention.c next_worker: runtime->next_answer++ % runtime->worker_count */
                    atomic { v_ = next_answer; next_answer = (next_answer + 1) % WORKERS }
                :: else
                fi
            :: else
            fi;
            /* core/attention.c answer: make_standby(other); */
            if :: DO(30) -> make_standby(v_) :: else fi;
            /* core/attention.c answer: watch(runtime, late_ns); */
            if :: here == WORKERS && DO(31) -> watch() :: else fi
        :: else
        fi
    :: else
    fi;
    some_ = false; x_ = false; v_ = 0
}

/* core/attention.c give_back: any |= ahead_give_back(&runtime->workers[i].ahead, &runtime->ready); */
inline give_back(v)
{
    /* core/ready.c ahead_give_back: spin_lock(&ready->lock); */
    if :: DO(95) -> atomic { !locked -> locked = true } :: else fi;
    atomic {
        if :: x_ = true :: x_ = false fi; /* whether it moves */
        i_ = 0;
        /* core/ready.c ahead_give_back: struct inbox_node *node = moves ? NULL : atomic_exchange(&ahead->nodes[i],
            NULL); */
        if :: !x_ -> i_ = ahead[v]; if :: DO(32) -> ahead[v] = 0 :: else fi :: else fi
    };
    o_ = i_;
    if
    /* core/ready.c ahead_give_back: put_back(ready, node); */
    :: o_ && DO(33) ->
        if :: !DO(95) -> atomic { !locked -> locked = true } :: else fi;
        add_to_list(o_)
    :: else
    fi;
    /* core/ready.c ahead_give_back: any = any || atomic_load(&ahead->nodes[i]); */
    atomic { again_ = again_ || (DO(34) && ahead[v]); i_ = 0; o_ = 0; x_ = false; locked = false }
}

inline attention_overdue()
{
    again_ = false;
    /* core/attention.c attention_overdue: atomic_fetch_add(&ready->callers, 1); */
    COUNT_IN(35, callers);
    atomic { /* core/attention.c attention_overdue: atomic_fetch_and(&ready->lookout, ~(unsigned)(WATCHED | CALLED)); */
        if :: DO(36) -> watched = false :: else fi;
        if :: DO(37) -> called = false :: else fi
    };
    /* core/attention.c attention_overdue: bool again = give_back(runtime); */
    if
    :: DO(38) ->
        give_back(0);
#if WORKERS > 1
        give_back(1)
#endif
    :: else
    fi;
    /* core/attention.c attention_overdue: if (!ready_is_empty(ready) && !is_looked_at(atomic_load(&ready->lookout))) */
    look_at_queue(some_);
    if
    :: some_ ->
        atomic { x_ = LOOKED_AT };
        if
        :: !x_ ->
            /* core/attention.c moves: return !same && atomic_load(&runtime->ready.lookout) & AWAY; */
            atomic { if :: y_ = away :: y_ = false fi };
            if
            /* core/attention.c attention_overdue: again = true; */
            :: y_ -> again_ = again_ || DO(39)
            :: else ->
                atomic { x_ = !called && !lookout_ended; if :: x_ && DO(15) -> called = true :: else fi };
                if
                :: x_ ->
                    /* core/attention.c attention_overdue: runtime->engine->call(runtime); */
                    atomic { assert(!bells_down); if :: DO(40) -> call_bell = true :: else fi }
                :: else
                fi
            fi
        :: else
        fi
    :: else
    fi;
    some_ = false; x_ = false; y_ = false;
    /* core/attention.c attention_overdue: watch(runtime, late_ns); */
    if :: again_ && DO(41) -> watch() :: else fi;
    /* core/attention.c attention_overdue: atomic_fetch_sub(&ready->callers, 1); */
    COUNT_OUT(35, callers);
    again_ = false
}

/* ---- looking, or not: w's own fiber ---- */

inline look(w, clear)
{
    atomic { /* core/attention.c look: } while (!atomic_compare_exchange_weak(&ready->lookout, &lookout, next)); */
        looks[w] = !LOOKED_AT;
        /* others ring for it and look themselves */
        if :: looks[w] && DO(42) -> holder = w + 1; away = false :: else fi; /* spare */
        if :: clear && DO(43) -> called = false :: else fi
    }
}

inline look_away(w, soon_back)
{
    if
    :: looks[w] ->
        atomic {
            looks[w] = false;
            if
            :: soon_back ->
                /* core/attention.c look_away: atomic_fetch_or(&worker->runtime->ready.lookout, AWAY); */
                if :: DO(44) -> away = true :: else fi
            :: else ->
                /* core/attention.c look_away: atomic_fetch_sub(&worker->runtime->ready.lookout, held_by(worker)); */
                if :: DO(45) -> assert(holder == w + 1 || !DO(42)); holder = 0 :: else fi
            fi
        }
    :: else
    fi
}

inline attention_enter(w)
{
    atomic { /* core/attention.c attention_enter: change_flags(worker, WORKER_STANDBY, WORKER_ATTENTIVE); */
        if :: DO(46) -> standby[w] = false :: else fi;
        if :: DO(47) -> attentive[w] = true :: else fi /* spare: it is rung for in vain */
    };
    if
    :: OTHERS ->
        if
        :: !ended[w] ->
            /* core/attention.c start_looking: look(worker, CALLED); */
            if :: DO(49) -> look(w, true) :: else fi
        :: else ->
            /* core/attention.c start_looking: atomic_fetch_and(&worker->runtime->ready.lookout, ~(unsigned)CALLED);
                */
            atomic { if :: DO(50) -> called = false :: else fi };
            look_at_queue(some_);
            /* core/attention.c start_looking: ring_for(worker->runtime); */
            if :: some_ && DO(51) -> ring_for() :: else fi;
            some_ = false
        fi
    :: else
    fi
}

inline attention_return(w)
{
    /* core/attention.c attention_return: change_flags(worker, 0, WORKER_ATTENTIVE); */
    atomic { if :: DO(52) -> attentive[w] = true :: else fi }; /* spare: as in enter */
    /* core/attention.c attention_return: look(worker, 0); */
    if :: OTHERS && DO(53) -> look(w, false) :: else fi /* spare: it takes what is there, and parks as one who looks */
}

inline leave_behind(w, soon_back)
{
    if
    :: OTHERS ->
        /* core/attention.c leave_behind: look_away(worker, soon_back); */
        if :: DO(54) -> look_away(w, soon_back) :: else fi;
        /* core/attention.c leave_behind: bool anything = !ready_is_empty(&worker->runtime->ready), ahead =
            !ahead_is_empty(&worker->ahead); */
        look_at_queue(some_);
        if
        /* core/attention.c leave_behind: make_standby(worker); */
        /* a standby of a busy thread comes late; in queue.pml another worker does it */
        :: (some_ || has_ahead[w]) && DO(55) -> make_standby(w) /* spare */
        :: else
        fi;
        if
        /* core/attention.c leave_behind: look_after(worker); */
        :: some_ && DO(56) -> look_after(w)
        :: else
        fi;
        if
        /* core/attention.c leave_behind: watch(worker->runtime, soon_ns); */
        :: has_ahead[w] && DO(57) -> watch()
        :: else
        fi;
        some_ = false
    :: else
    fi
}

inline attention_leave(w)
{
    /* core/attention.c attention_leave: change_flags(worker, WORKER_ATTENTIVE, 0); */
    atomic { if :: DO(58) -> attentive[w] = false :: else fi };
#ifdef OWN
    atomic { y_ = NONEMPTY(own[w]) || NONEMPTY(box[w]) };
    if
    /* core/attention.c attention_leave: if (worker_has_own(worker)) */
    :: y_ && DO(59) -> y_ = false; make_standby(w)
    :: else
    fi;
    y_ = false;
#endif
    if
    :: FAST -> leave_behind(w, true)
    :: SLOW -> leave_behind(w, false)
    fi
}

inline attention_go_on(w)
{
#ifdef OWN
    /* core/attention.c attention_go_on: if (worker->own.first && !(atomic_load(&worker->flags) & WORKER_STANDBY)) */
    atomic { y_ = NONEMPTY(own[w]) && !standby[w] };
    if
    :: y_ && DO(86) -> y_ = false; make_standby(w)
    :: else
    fi;
    y_ = false
#else
    skip
#endif
}

#define MAY_END(w) (closing[w] && !ended[w] && !bodies[w] && !guests[w] && !tasks[w])

inline has_missed_something(w, missed)
{
    /* core/attention.c has_missed_something: if (worker_has_own(worker) || closing_may_end(worker)) */
#ifdef OWN
    atomic { missed = DO(60) && (NONEMPTY(own[w]) || NONEMPTY(box[w])) };
    if :: !missed -> atomic { missed = DO(61) && MAY_END(w) } :: else fi;
#endif
    if
    :: !missed && OTHERS && !ended[w] ->
        /* core/attention.c has_missed_something: !is_looked_at(atomic_load(&worker->runtime->ready.lookout)); */
        look_at_queue(some_);
        atomic { missed = DO(62) && some_ && !LOOKED_AT; some_ = false }
    :: else
    fi
}

inline stop_looking(w)
{
    /* core/attention.c stop_looking: change_flags(worker, WORKER_ATTENTIVE, 0); */
    atomic { if :: DO(63) -> attentive[w] = false :: else fi };
    if
    :: OTHERS ->
        /* core/attention.c stop_looking: look_away(worker, false); */
        if :: DO(64) -> look_away(w, false) :: else fi
    :: else
    fi
}

/* ---- the end: closing.c ---- */

inline attention_end(w, last)
{
    /* core/attention.c attention_end: atomic_fetch_or(&worker->flags, WORKER_ENDED); */
    atomic { if :: DO(66) -> flag_ended[w] = true :: else fi };
    /* core/attention.c attention_end: while (atomic_load(&worker->ringers)) */
    if :: DO(67) -> ringers[w] == 0 :: else fi;
    if
    :: OTHERS ->
        look_away(w, false);
        if
        :: !last ->
            look_at_queue(some_);
            /* core/attention.c attention_end: ring_for(worker->runtime); */
            if :: some_ && DO(68) -> ring_for() :: else fi;
            some_ = false
        :: else ->
            /* core/attention.c attention_end: atomic_fetch_or(&ready->lookout, ENDED); */
            atomic { if :: DO(69) -> lookout_ended = true :: else fi };
            /* core/attention.c attention_end: while (atomic_load(&ready->callers)) */
            if :: DO(70) -> callers == 0 :: else fi
        fi
    :: else
    fi;
    /* core/runtime.c runtime_worker_ended: if (atomic_fetch_sub(&runtime->workers_running, 1) == 1) */
    atomic { workers_running--; if :: !workers_running -> bells_down = true :: else fi }
}

inline closing_end_if_done(w)
{
    /* core/closing.c closing_end_if_done: if (!closing_may_end(worker)) */
    atomic { x_ = MAY_END(w) };
    if
    :: x_ ->
        /* core/closing.c closing_end_if_done: spin_lock(&runtime->end_lock); */
        atomic { if :: DO(71) -> !end_locked -> end_locked = true :: else fi };
        /* core/closing.c closing_end_if_done: worker->ended = !atomic_load(&worker->guests) && (!last ||
            ready_seal(&runtime->ready)) && inbox_leave(&worker->inbox, INBOX_SEALED); */
        atomic { y_ = (workers_left == 1); x_ = !(guests[w] && DO(99)) };
        if
        :: x_ && y_ && OTHERS ->
            /* core/ready.c ready_seal: (inbox_leave(&ready->inbox, INBOX_SEALED) || inbox_is_sealed(&ready->inbox));
                */
            atomic { !locked;
                x_ = (EMPTY(list) && EMPTY(inbox)) || !DO(73);
                if :: x_ && DO(72) -> sealed = true :: else fi
            }
        :: else
        fi;
        if
        :: x_ -> atomic {
            x_ = EMPTY(box[w]) || !DO(75);
            if :: x_ && DO(74) -> box_sealed[w] = true :: else fi
        }
        :: else
        fi;
        atomic {
            if
            :: x_ -> ended[w] = true; workers_left--; assert(EMPTY(box[w])) /* else it looks for ever, in vain */
            :: else
            fi;
            end_locked = false
        };
        if
        :: x_ -> x_ = false; attention_end(w, y_)
        :: else
        fi;
        y_ = false
    :: else
    fi;
    x_ = false
}

/* ---- items: pump.c ---- */

inline complete(n) /* message_complete: the state word is modelled in reply.pml */
{
    atomic { done[n]++; assert(done[n] == 1); o_ = waiter[n] };
    if
#ifdef GUEST_WORKER
    :: o_ == GUEST -> wake_guest()
#endif
    :: o_ && o_ != GUEST -> worker_push((o_ - 1) / FIBERS, WAKE + o_ - 1, y_); assert(y_)
    :: else
    fi;
    o_ = 0; y_ = false
}

inline take_own(w)
{
    if
    :: EMPTY(own[w]) && !ended[w] -> /* core/pump.c take_own: inbox_append(&worker->own, inbox_take(&worker->inbox)); */
        d_step { do :: NONEMPTY(box[w]) -> box[w]?i_; own[w]!i_ :: else -> break od; i_ = 0 }
    :: else
    fi;
    if :: NONEMPTY(own[w]) -> own[w]?item :: else fi
}

inline end_row(w)
{
    if
    :: in_row -> atomic { in_row = false; bodies[w]-- }; attention_return(w)
    :: else
    fi
}

inline take_anyones(w)
{
    if
    :: has_ahead[w] ->
        /* core/ready.c ahead_take: struct inbox_node *node = atomic_exchange(&ahead->nodes[ahead->next++], NULL); */
        atomic { item = ahead[w]; has_ahead[w] = false; if :: DO(76) -> ahead[w] = 0 :: else fi }
    :: else
    fi;
    if
    :: !item && OTHERS && !ended[w] ->
        look_at_queue(some_);
        if
        :: some_ ->
            /* core/pump.c take_anyones: body_end_row(fiber); */
            if :: DO(87) -> end_row(w) :: else fi;
            atomic { /* core/ready.c ready_take: spin_lock(&ready->lock); */
                !locked -> locked = true;
                if :: EMPTY(list) -> drain_inbox() :: else fi
            };
            if :: NONEMPTY(moving) -> drain_to_list() :: else fi;
            atomic {
                if :: NONEMPTY(list) -> list?item :: else fi;
                if
                /* core/ready.c ready_take: atomic_store_explicit(&ahead->nodes[ahead->end++], next,
                    memory_order_release); */
                :: item && FAST && NONEMPTY(list) -> list?ahead[w]; has_ahead[w] = true
                :: true
                fi;
                locked = false
            }
        :: else
        fi;
        some_ = false
    :: else
    fi
}

inline put_back_own(w)
{
    d_step { /* core/pump.c put_back: inbox_append(&worker->own, inbox_take(&worker->inbox)); */
        do :: NONEMPTY(box[w]) -> box[w]?i_; own[w]!i_ :: else -> break od;
        i_ = 0;
        /* core/pump.c put_back: inbox_append(&worker->own, inbox_chain_of(&task->item.node)); */
        own[w]!item
    }
}

inline begin_body(w)
{
    if
    :: !in_row -> atomic { bodies[w]++; in_row = true }; attention_leave(w)
    :: else -> attention_go_on(w)
    fi
}

inline run_body(w, f)
{
    begin_body(w);
    if
    :: kind[item] == LONG -> done[until[item]]
    :: kind[item] == WAITS || (kind[item] == TURNS && !one_left[item]) ->
        baton[w] = 0;
        atomic { done[until[item]] && !baton[w] -> baton[w] = f + 1 }
    :: kind[item] == PARKS ->
        atomic { x_ = !done[until[item]]; if :: x_ -> waiter[until[item]] = f + 1 :: else fi };
        if
        :: x_ ->
            x_ = false; baton[w] = 0;
            atomic { scheduled[f] && !baton[w] -> scheduled[f] = false; baton[w] = f + 1 }
        :: else
        fi
#ifdef HOME
    :: kind[item] == EXITS -> exit_task(w)
#endif
    :: else
    fi;
    if
    :: kind[item] == TURNS && !one_left[item] -> /* the row goes on, and the turn, or that is over */
        one_left[item] = true;
        if
        :: true -> put_back_own(w); again_ = true
        :: true -> begin_body(w)
        fi
    :: else
    fi;
    if
    :: again_ -> again_ = false
    :: else ->
        /* core/body.c body_end: if (!more && (worker->yield_due || !worker_has_taken(worker))) */
        if :: EMPTY(own[w]) && !has_ahead[w] -> end_row(w) :: else fi;
        complete(item)
    fi
}

inline run_item(w, f)
{
    if
    :: item == CLOSE -> begin_closing(w)
    :: item == CANCEL
    :: item == GUEST ->
        /* core/pump.c wake: atomic_fetch_sub(&worker->guests, 1); */
        guest_woken(w)
    :: item >= WAKE -> /* core/pump.c wake: worker->runtime->engine->schedule(fiber); */
        atomic { if :: DO(78) -> assert(!scheduled[item - WAKE]); scheduled[item - WAKE] = true :: else fi }
    :: else -> run_body(w, f)
    fi
}

/* ---- the pump ---- */

proctype fiber(byte w, f)
{
    byte item;
    bool in_row, stays, left;
    LOCALS;
end:
    do
    :: atomic { scheduled[f] && !baton[w] && !OVER -> scheduled[f] = false; baton[w] = f + 1; stays = true };
        attention_enter(w);
end_of_all:
        do
        :: stays && !OVER ->
#ifdef OWN
            if
            :: true -> take_own(w); if :: !item -> take_anyones(w) :: else fi
            :: OTHERS -> take_anyones(w); if :: !item -> take_own(w) :: else fi
            fi;
#else
            take_anyones(w);
#endif
            if
            :: item ->
                run_item(w, f);
                item = 0;
                if
                :: true
#ifdef YIELDS
                :: true -> /* it is time to */
                    end_row(w);
                    atomic {
                        /* core/attention.c attention_step_aside: change_flags(worker,
                            WORKER_ATTENTIVE, WORKER_STANDBY) */
                        left = !standby[w];
                        /* the standby is the same to others */
                        if :: DO(79) -> attentive[w] = false :: else fi; /* spare */
                        if :: DO(80) -> standby[w] = true :: else fi
                    };
                    leave_behind(w, true);
                    atomic {
                        if :: left -> scheduled[f] = true :: else -> parked[f] = true fi;
                        stays = false; left = false
                    }
#endif
                fi
            :: else ->
                end_row(w);
#ifdef CLOSES
                closing_end_if_done(w);
#endif
                if
                :: true -> /* core/attention.c attention_park: attention_add_parked(worker, fiber); */
                    parked[f] = true;
                    stop_looking(w);
                    has_missed_something(w, left);
                    if
                    :: left ->
                        left = false;
                        atomic {
                            if
                            :: standby[w] -> stays = false
                            :: else ->
                                /* core/attention.c attention_park:
                                    atomic_compare_exchange_weak(&worker->flags,
                                    &flags, flags | WORKER_ATTENTIVE) */
                                if :: DO(81) -> attentive[w] = true :: else fi /* spare: as in enter */
                            fi
                        };
                        if
                        :: stays ->
                            /* core/attention.c attention_park: struct fiber *top = unpark(worker); */
                            atomic { assert(parked[f]); parked[f] = false };
                            if
                            :: OTHERS ->
                                /* core/attention.c start_looking: look(worker, CALLED); */
                                if :: DO(84) -> look(w, true) :: else fi /* spare: as in return */
                            :: else
                            fi
                        :: else
                        fi
                    :: else -> stays = false
                    fi
#ifdef EXITS_FIBERS
                :: true -> /* there are enough parked */
                    stop_looking(w);
                    has_missed_something(w, left);
                    /* core/attention.c attention_exit: make_standby(worker); */
                    if :: left && DO(85) -> make_standby(w) :: else fi;
                    left = false;
                    atomic { exists[f] = false; stays = false }
#endif
                fi
            fi
        :: !stays -> break
        od;
        baton[w] = 0
    od
}

/* ---- who answers ---- */

#ifdef OWN
active proctype doorbells()
{
    LOCALS;
end:
    do
    :: atomic { !OVER && bell[0] -> bell[0] = false }; worker_doorbell(0)
#if WORKERS > 1
    :: atomic { !OVER && bell[1] -> bell[1] = false }; worker_doorbell(1)
#endif
    od
}
#endif

#if WORKERS > 1
active proctype calls()
{
    LOCALS;
end:
    do
    :: atomic { !OVER && call_bell && !baton[0] -> call_bell = false; baton[0] = ANSWERS };
        attention_answer(0); baton[0] = 0
    :: atomic { !OVER && call_bell && !baton[1] -> call_bell = false; baton[1] = ANSWERS };
        attention_answer(1); baton[1] = 0
#ifdef OTHER_THREADS
    :: atomic { !OVER && call_bell -> call_bell = false }; attention_answer(WORKERS)
#endif
    od
}

active proctype watch_thread()
{
    LOCALS;
end:
    do
    :: atomic { !OVER && timer -> timer = false }; attention_overdue()
    od
}
#endif

inline start()
{
    i_ = 0;
    do
    :: i_ < WORKERS * FIBERS -> run fiber(i_ / FIBERS, i_); i_++
    :: else -> break
    od;
    i_ = 0
}
