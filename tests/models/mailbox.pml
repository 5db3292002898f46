/* SPDX-License-Identifier: MIT
 *
 * Who owns a task, and its end: core/task.c over base/inbox.h. Two senders with a handle each send, and drop their
 * handles or keep them; two workers run the task; the runtime closes at any time, or not. The queue between them is
 * taken to work (queue.pml shows that); how many messages a turn takes, and whether a body is cancelled, is chosen at
 * will.
 *
 * One at a time runs the task; what was accepted is answered once; exit is run once; the struct is freed once, and
 * not touched after that. */
#include "common.pml"

#ifdef LONG_FORM
#define MESSAGES 3
#else
#define MESSAGES 2
#endif
#define DROPPED 10
#define SEAL 11

chan mailbox = [MESSAGES + 2] of { byte };
chan batch = [MESSAGES + 2] of { byte };
bool idle = true, sealed;       /* the mailbox's other states */
chan ready = [4] of { bool };   /* the task, once for each time that it was pushed */
byte handles = 2, owners = 2;
bool listed = true, list_locked; /* among the live tasks */
bool last_dropped, sealing;
bool running, freed;
bool down, stopped;             /* after a failure: until it is restarted; or for ever */
bool timer_set, woken;          /* of the back-off: under the timers' lock, so that what is done there is one step */
byte failures;
byte accepted[MESSAGES], answered[MESSAGES];
byte exits;
bool closed;
byte kept; /* handles */

inline let_go()
{
    atomic { /* core/task.c let_go: if (atomic_fetch_sub(&task->owners, 1) == 1) */
        assert(!freed);
        owners--;
        if :: owners == 0 -> freed = true :: else fi
    }
}

/* base/inbox.h inbox_push: } while (!atomic_compare_exchange_weak(&inbox->head, &head, node)); */
inline push(item_, ok, was_idle)
{
    assert(!freed);
    ok = !sealed || !DO(1); /* base/inbox.h inbox_push: if (head == INBOX_SEALED) */
    was_idle = ok && idle;
    if :: ok -> mailbox!item_; if :: DO(2) -> idle = false :: else fi :: else fi
}

inline hand_over()
{
    if
    :: was_idle -> atomic { assert(!freed); ready!true }
    :: else
    fi
}

/* By one who has changed what a task that backs off should know of. */
inline wake(backed_off)
{
    atomic { /* core/failure.c failure_wake: bool backed_off = timers_clear(&failure->timer); */
        assert(!freed);
        backed_off = timer_set;
        if :: DO(24) -> timer_set = false :: else fi;
        /* core/failure.c failure_wake: failure->woken = !backed_off; */
        if :: !backed_off && DO(25) -> woken = true :: else -> woken = false fi
    }
}

proctype sender(byte first, last)
{
    byte m;
    bool ok, was_idle;
    m = first;
    do
    :: m <= last ->
        atomic { /* core/task.c task_send: return sent(task, inbox_push(&task->mailbox, &message->item.node,
                &pushed)); */
            push(m, ok, was_idle);
            if :: ok && DO(3) -> accepted[m] = 1 :: ok && !DO(3) :: else fi
        };
        /* core/task.c task_send: task_push(task); */
        if :: DO(4) -> hand_over() :: else fi;
        m++
    :: else -> break
    od;
    ok = false; was_idle = false; m = 0;
    if
    :: kept++; goto end /* until long after the close */
    :: true
    fi;
    atomic { /* core/task.c task_drop: long handles = atomic_fetch_sub(&task->handles, 1); */
        ok = (handles == 1) || !DO(6);
        if :: DO(5) -> handles-- :: else fi
    };
    if
    :: ok ->
        atomic {
            /* core/task.c task_drop: enum inbox_push push = inbox_push(&task->mailbox,
                &task->dropped.node, &pushed); */
            was_idle = false; ok = false;
            if :: DO(7) -> push(DROPPED, ok, was_idle) :: else fi
        };
        if
        /* core/task.c task_drop: if (push == INBOX_WAS_IDLE || (push == INBOX_PUSHED && task->failure &&
            failure_wake(task->failure))) */
        :: ok && !was_idle && DO(26) -> wake(was_idle)
        :: else
        fi;
        /* core/task.c task_drop: task_push(task); */
        if :: DO(8) -> hand_over() :: else fi;
        /* core/task.c task_drop: let_go(task); */
        if :: DO(9) -> let_go() :: else fi
    :: else
    fi;
end:
    skip
}

/* A worker of which the task's list is, when it meets CLOSE. */
active proctype closer()
{
    bool ok, was_idle;
    if
    :: closed = true
    :: goto end
    fi;
    /* core/closing.c closing_begin: spin_lock(&worker->tasks_lock); */
    if :: DO(10) -> atomic { !list_locked -> list_locked = true } :: else fi;
    if
    :: listed ->
        atomic {
            /* core/task.c task_seal: return inbox_push(&task->mailbox, &task->seal.node, &pushed) ==
                INBOX_WAS_IDLE; */
            if :: DO(11) -> push(SEAL, ok, was_idle) :: else fi
        };
        if
        /* core/closing.c closing_begin: if (task_seal(task) || (task->failure && failure_wake(task->failure))) */
        :: !was_idle && DO(27) -> wake(was_idle)
        :: else
        fi;
        list_locked = false;
        /* core/closing.c closing_begin: runtime_push(worker->runtime, NULL, item_of(node)); */
        if :: DO(12) -> hand_over() :: else fi
    :: else -> list_locked = false
    fi;
end:
    skip
}

inline answer(n) /* message_complete, or message_refuse */
{
    answered[n]++;
    assert(answered[n] == 1)
}

inline take_all()
{
    /* base/inbox.h inbox_take_head: return atomic_exchange(&inbox->head, NULL); */
    do :: len(mailbox) > 0 -> mailbox?item; batch!item :: else -> break od
}

inline take_message()
{
    batch?item;
    if
    /* core/task.c take_message: task->last_dropped = true; */
    :: item == DROPPED -> if :: DO(13) -> last_dropped = true :: else fi
    /* core/task.c take_message: task->sealing = true; */
    :: item == SEAL -> if :: DO(14) -> sealing = true :: else fi
    :: else -> answer(item) /* or it was given up, and its sender has been answered: reply.pml */
    fi
}

inline run_exit()
{
    /* core/closing.c closing_remove_task: LIST_REMOVE(worker->tasks, task); */
    if :: DO(15) -> atomic { !list_locked -> listed = false } :: else fi;
    exits++;
    assert(exits == 1);
    /* core/task.c end_task: atomic_store(&task->mailbox.head, INBOX_SEALED); */
    atomic { /* the seal may have come after all: it is part of the task */
        assert(!freed && (len(mailbox) == 0 || (len(mailbox) == 1 && mailbox?[SEAL])));
        if :: DO(16) -> sealed = true :: else fi /* spare: by now nobody is left who could push */
    };
    running = false;
    if :: DO(17) -> let_go() :: else fi
}

inline give_up()
{
    if
    :: !last_dropped && !sealing ->
        atomic { /* core/task.c go_idle: if (inbox_leave(&task->mailbox, INBOX_IDLE)) */
            /* base/inbox.h inbox_leave: return atomic_compare_exchange_strong(&inbox->head, &empty, as); */
            assert(!freed);
            gone = (len(mailbox) == 0) || !DO(18);
            if :: gone && DO(19) -> idle = true :: else fi;
            if :: gone -> running = false; mine = false :: else fi;
            gone = false
        }
    :: else ->
        gone = true;
        if
        :: !last_dropped || !DO(20) -> /* spare: after the last drop it could be sealed as well */
            atomic { /* core/task.c give_up: if (!task->last_dropped && !inbox_leave(&task->mailbox,
                        INBOX_SEALED)) */
                gone = (len(mailbox) == 0) || !DO(21);
                if :: gone && DO(22) -> sealed = true :: else fi
            }
        :: else
        fi;
        if
        :: gone -> mine = false; run_exit()
        :: else
        fi;
        gone = false
    fi
}

inline stop()
{
    atomic { /* core/task.c stop: *end = take(task, true); */
        stopped = true;
        if :: DO(28) -> take_all() :: else fi;
        if :: DO(29) -> sealed = true :: else fi
    };
    atomic {
        do :: len(batch) > 0 -> take_message() :: else -> break od;
        item = 0
    };
    mine = false;
    run_exit()
}

/* A task that is down comes up, ends, or is left to the timer. */
inline come_up()
{
    was_closed = closed; /* core/task.c come_up: bool closed = runtime_is_closed(runtime); */
    do
    :: len(batch) == 0 -> /* core/task.c has_waiting: task->batch = take(task, false); */
        atomic { take_all(); item = 0 };
        if :: len(batch) == 0 -> break :: else fi
    :: len(batch) > 0 && (batch?[DROPPED] || batch?[SEAL]) -> atomic { take_message(); item = 0 }
    :: len(batch) > 0 && !(batch?[DROPPED] || batch?[SEAL]) -> break
    od;
    if
    /* core/task.c come_up: if (!waiting && (task->last_dropped || closed)) */
    :: len(batch) == 0 && (last_dropped || was_closed) && DO(30) -> give_up() /* spare: it is restarted for nobody */
    :: else ->
        if
        :: atomic { down = false } /* core/task.c restart: failure->down = false; */
#ifdef LONG_FORM
        :: failures < 2 -> failures++; stop()
#endif
        :: !was_closed -> /* core/failure.c failure_back_off: timers_set(&failure->timer); */
            atomic {
                assert(!freed && !timer_set);
                if
                :: woken && DO(31) -> woken = false /* core/failure.c failure_back_off: if (failure->woken) { */
                :: else ->
                    running = false; mine = false;
                    if :: DO(32) -> timer_set = true :: else fi
                fi
            }
        fi
    fi
}

active proctype timer()
{
end:
    do
    /* it may take so long that it is of no use to one that has nothing to wait for, which others are to wake */
    :: atomic { timer_set && (len(batch) > 0 || (!closed && handles)) -> timer_set = false };
        /* core/failure.c end_back_off: task_push(task); */
        atomic { assert(!freed); if :: DO(33) -> ready!true :: else fi }
    od
}

active [2] proctype runner()
{
    byte item;
    bool mine, gone, was_closed;
end:
    do
    :: atomic { ready?_ -> assert(!freed && !running); running = true; mine = true };
        do
        :: !mine -> break
        :: mine && down -> come_up(); was_closed = false
        :: mine && !down && len(batch) > 0 -> atomic { take_message(); item = 0 };
            if
            :: true
            :: failures == 0 -> failures++; down = true
            :: failures == 0 -> failures++; stop()
            fi
        :: mine && !down && len(batch) > 0 -> /* a body is suspended, and the runtime cancels */
            atomic { /* core/task.c task_cancel_waiting: *end = take(task, false); */
                take_all();
                do :: len(batch) > 0 -> take_message() :: else -> break od;
                item = 0
            }
        :: mine && !down && len(batch) == 0 ->
            atomic { take_all(); item = 0 };
            if
            :: len(batch) == 0 -> give_up()
            :: len(batch) > 0
            fi
        :: mine ->
            /* others should have a turn: core/pump.c put_back: ready_put_back(&worker->runtime->ready,
                &task->item); */
            atomic { running = false; mine = false; if :: DO(23) -> ready!true :: else fi }
        od
    od
}

init
{
    atomic { run sender(0, MESSAGES - 2); run sender(MESSAGES - 1, MESSAGES - 1) };
    timeout;
    assert(exits == (closed || !kept || stopped) && !timer_set && freed == !kept && handles == kept);
    assert(accepted[0] == answered[0] && accepted[1] == answered[1] && accepted[MESSAGES - 1] == answered[MESSAGES - 1])
}
