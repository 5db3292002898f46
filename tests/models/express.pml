/* SPDX-License-Identifier: MIT
 *
 * The express way of synchronous calls: core/express.c, over the mailbox of core/task.c. A thread that has a message of
 * its own makes calls of two tasks, any of them; it may send an asynchronous message between them, give a call up, drop
 * its handle, and end. Another thread may send one message, to the same task or to one with a long body. Two workers
 * look at what they expect, take what is in the queue, begin bodies, step aside and sleep. One of the tasks may be
 * bound to a worker, or stop after a failure. All of that is chosen at will; so is whether a worker expects what it has
 * answered, when it looks, and when it stops looking. The queue and the wake-ups are taken to work (queue.pml shows
 * that): what was pushed there wakes a worker that sleeps. So are the mailbox's steps (mailbox.pml); here they have no
 * numbers, but for those that core/express.c makes.
 *
 * Each call is answered once, and nobody waits for ever: no call is left with a worker that sleeps, is in a body or has
 * stepped aside. A task has one owner at a time, runs what one sender has sent in its order, and on its own worker if
 * it is bound. The thread's message, and the task, are freed once, and not touched after that. */
#include "common.pml"

/* Numbers of messages: from 1 what the first thread sends, all of them calls but one; then the other thread's. */
#ifdef LONG_FORM
#define MESSAGES 4
#define IN_SHORT(what) true
#else
#define MESSAGES 3
#define IN_SHORT(what) (what)
#endif
#define ASYNCHRONOUS 2
#define OTHERS (MESSAGES + 1)
#define DROPPED 15
#define IN_BLOCK 16 /* in a mailbox: a call, and its block */
#define LONG 2      /* the task with the long body; the calls are of tasks 0 and 1 */
#define NONE 255

/* item.phase, and the state */
#define WAITING 0
#define EXPECTED 1
#define ARMED 2
#define RETIRED 3
#define PENDING 0
#define DONE 1
#define FORSAKEN 2
#define CANCELLED 3
#define CANCELLED_OVER 4
byte phase[1], state[1], call[1], task_of[1], freed[1], made;
bool keeps[1]; /* a handle to the task */
byte own = NONE, expected[2] = NONE;
chan mailbox[3] = [4] of { byte };
chan batch[3] = [4] of { byte };
chan ready = [3] of { byte };
chan inbox = [2] of { byte };   /* worker 0's */
bool idle[3] = true, sealed[3]; /* the mailbox's other states */
bool running[3], last_dropped[3], task_freed[3];
byte handles[3] = 1, owners[3] = 2;
byte next[2] = 1;               /* the least number that the first thread's next message to the task can have */
byte answered[OTHERS + 1];
bool over, was_away, was_given_up, has_dropped, has_stopped, was_put_back;

/* What is chosen: in the short form one of them. */
bool by_another; /* another thread sends too, and a thread of the workers' has other things to do once */
bool bound;      /* task 1 is worker 0's */
bool may_stop;   /* task 1 */
bool gives_up;   /* one call, and drops its handle of task 0 or not */
#define TOUCH(b) assert(!freed[b])
#define HAS_COME (expected[w] != NONE && phase[expected[w]] != EXPECTED)

/* ---- what others keep ---- */
inline answer(n_)
{
    answered[n_]++;
    assert(answered[n_] == 1)
}

inline to_queue(t_)
{
    assert(!task_freed[t_]);
    if :: bound && t_ == 1 -> inbox!t_ :: else -> ready!t_ fi
}

/* base/inbox.h inbox_push: } while (!atomic_compare_exchange_weak(&inbox->head, &head, node)); */
inline push(t_, what_, ok_)
{
    atomic {
        assert(!task_freed[t_]);
        ok_ = !sealed[t_];
        if
        :: ok_ ->
            mailbox[t_]!what_;
            if :: idle[t_] -> idle[t_] = false; to_queue(t_) :: else fi
        :: else
        fi
    }
}

inline let_go(t_)
{
    atomic {
        assert(!task_freed[t_]);
        owners[t_]--;
        if :: owners[t_] == 0 -> task_freed[t_] = true :: else fi
    }
}

inline drop(t_, ok_)
{
    atomic { /* core/task.c task_drop: long handles = atomic_fetch_sub(&task->handles, 1); */
        assert(handles[t_]);
        handles[t_]--;
        ok_ = handles[t_] == 0
    };
    if
    :: ok_ ->
        push(t_, DROPPED, ok_);
        let_go(t_)
    :: else
    fi
}

inline free_block(b_)
{
    TOUCH(b_);
    freed[b_]++
}

inline express_free(b_, ok_)
{
    atomic { free_block(b_) }; /* core/express.c express_free: free(message); */
    if
    :: keeps[b_] && DO(35) -> drop(task_of[b_], ok_) /* core/express.c express_free: task_drop(kept); */
    :: else
    fi
}

/* ---- the threads that send ---- */

inline open()
{
    atomic {
        if
        :: own == NONE -> /* core/express.c make: atomic_init(&message->item.phase, MESSAGE_WAITING); */
            own = made;
            made++
        :: own != NONE && phase[own] == ARMED ->
            /* core/express.c express_open: atomic_store_explicit(&own->item.phase, MESSAGE_WAITING,
                memory_order_relaxed); */
            if :: DO(1) -> phase[own] = WAITING :: else fi /* spare: only who counts what was given up looks at it */
        :: else
        fi;
        if :: t = 0 :: IN_SHORT(bound || may_stop) -> t = 1 fi;
        TOUCH(own);
        call[own] = m;
        task_of[own] = t;
        state[own] = PENDING
    }
}

inline make_call()
{
    open();
    /* core/express.c express_send: return atomic_compare_exchange_strong(&message->item.phase, &phase,
        MESSAGE_ARMED); */
    if
    :: DO(2) ->
        atomic {
            ok = phase[own] == EXPECTED || !DO(3);
            if :: ok && DO(4) -> phase[own] = ARMED :: else fi
        }
    :: else -> /* a look, and a store */
        ok = phase[own] == EXPECTED;
        if :: ok -> phase[own] = ARMED :: else fi
    fi;
    if
    :: !ok -> push(t, IN_BLOCK + own, ok); atomic { if :: !ok -> answer(m); state[own] = DONE :: else fi }
    :: else
    fi;
    atomic {
        if
        :: state[own] == DONE
        /* core/message.c set_state: } while (!atomic_compare_exchange_strong(&message->state, &was, forsaken ?
            MESSAGE_FORSAKEN : answered(was, as))); */
        :: state[own] == PENDING && gives_up && !was_given_up -> was_given_up = true; state[own] = CANCELLED
        fi
    };
    if
    :: state[own] != DONE -> leave()
    :: else
    fi
}

/* Without an answer. */
inline leave()
{
    atomic { /* core/express.c express_abandon: *kept_by(message) = task_clone(called); */
        TOUCH(own);
        assert(handles[t]);
        if :: DO(34) -> keeps[own] = true; handles[t]++ :: else fi;
        if :: DO(5) -> left = own; own = NONE :: else -> left = own fi
    };
    atomic { /* core/message.c receive_early: state = atomic_exchange(&message->state, MESSAGE_FORSAKEN); */
        TOUCH(left);
        ok = state[left] == CANCELLED_OVER && own == NONE;
        state[left] = FORSAKEN
    };
    if
    :: ok -> express_free(left, ok)
    :: else
    fi;
    left = 0
}

proctype caller()
{
    byte m = 1, t, left;
    bool ok;
    do
    :: m <= MESSAGES ->
        if
        /* core/send.c send_and_wait: if (runtime_is_closed(runtime)) */
        :: was_given_up -> atomic { answer(m) } /* which is so at the end of patience */
        :: !was_given_up && m == ASYNCHRONOUS ->
            if
            :: IN_SHORT(!gives_up) -> push(0, m, ok); atomic { if :: !ok -> answer(m) :: else fi }
            :: may_stop -> push(1, m, ok); atomic { if :: !ok -> answer(m) :: else fi }
            :: atomic { answer(m) }
            fi
        :: !was_given_up && m != ASYNCHRONOUS -> make_call()
        fi;
        atomic { m++; t = 0; ok = false }
    :: else -> break
    od;
    over = true;
    if
    :: gives_up && answered[OTHERS] -> has_dropped = true; drop(0, ok)
    :: true
    fi;
    if
    :: own != NONE -> /* its thread ends */
        /* core/express.c retire: if (!atomic_compare_exchange_strong(&message->item.phase, &phase,
            MESSAGE_RETIRED)) */
        if
        :: DO(6) ->
            atomic {
                ok = phase[own] == EXPECTED && DO(7);
                if :: ok && DO(8) -> phase[own] = RETIRED :: else fi
            }
        :: else -> /* a look, and a store */
            ok = phase[own] == EXPECTED;
            if :: ok -> phase[own] = RETIRED :: else fi
        fi;
        atomic { /* core/express.c retire: free(message); */
            if :: !ok && DO(9) -> free_block(own) :: else fi;
            own = NONE
        }
    :: true
    fi
}

proctype another()
{
    bool ok;
    if
    :: !by_another -> atomic { answer(OTHERS) }
    :: by_another -> push(0, OTHERS, ok); atomic { if :: !ok -> answer(OTHERS) :: else fi }
    :: by_another -> push(LONG, OTHERS, ok)
    fi
}

/* ---- the workers ---- */

/* ok: it was answered, and its receiver was there. */
inline message_complete(b_)
{
    atomic { /* core/message.c message_complete: } while (!atomic_compare_exchange_strong(&message->state, &was,
                next)); */
        TOUCH(b_);
        answer(call[b_]);
        assert(state[b_] == PENDING || state[b_] == CANCELLED || state[b_] == FORSAKEN);
        /* core/message.c message_complete: if (was & message_answer) */
        ok = state[b_] == PENDING || (state[b_] == CANCELLED && !DO(36));
        if
        :: state[b_] == PENDING -> state[b_] = DONE
        :: state[b_] == CANCELLED -> state[b_] = CANCELLED_OVER
        :: state[b_] == FORSAKEN -> gone = true
        fi
    };
    if
    :: gone -> express_free(b_, ok); gone = false; ok = false
    :: else
    fi
}

/* e: the call, or NONE */
inline take()
{
    atomic {
        e = expected[w];
        /* core/express.c take: worker->expected = NULL; */
        if :: DO(10) -> expected[w] = NONE :: else fi;
        TOUCH(e);
        if /* core/express.c take: if (atomic_load(&message->item.phase) == MESSAGE_ARMED) */
        :: phase[e] == ARMED || !DO(11)
        :: else -> /* core/express.c take: free(message); */
            if :: DO(12) -> free_block(e) :: else fi;
            e = NONE
        fi
    }
}

inline send()
{
    to = task_of[e];
    push(to, IN_BLOCK + e, ok); /* core/express.c send: if (task_send(task, message) == JLT_OK) */
    if /* core/express.c send: message_refuse_unsent(message, failure_closed(task)); */
    :: !ok && DO(13) -> message_complete(e)
    :: else
    fi
}

inline forget()
{
    if
    :: expected[w] != NONE ->
        /* core/express.c express_stop: if (atomic_compare_exchange_strong(&worker->expected->item.phase, &phase,
            MESSAGE_WAITING)) { */
        if
        :: DO(14) ->
            atomic {
                TOUCH(expected[w]);
                ok = phase[expected[w]] == EXPECTED;
                if :: ok && DO(15) -> phase[expected[w]] = WAITING :: else fi;
                if :: ok -> expected[w] = NONE :: else fi
            }
        :: else -> /* a look, and a store */
            ok = phase[expected[w]] == EXPECTED;
            if :: ok -> phase[expected[w]] = WAITING; expected[w] = NONE :: else fi
        fi;
        if
        :: !ok ->
            take();
            /* core/express.c express_stop: send(worker, message); */
            if :: e != NONE && DO(16) -> send() :: else fi
        :: else
        fi;
        atomic { e = NONE; to = 0; ok = false }
    :: else
    fi
}

inline own_task()
{
    assert(!task_freed[t] && !running[t]);
    running[t] = true;
    mine = true
}

/* core/express.c give_to: task->batch = &message->item.node; */
inline give_to()
{
    atomic {
        assert(!task_freed[t] && len(batch[t]) == 0);
        if :: DO(17) -> batch[t]!(IN_BLOCK + e) :: else fi
    }
}

inline express_take()
{
    take();
    if
    :: e != NONE ->
        t = task_of[e];
        if
        /* core/express.c express_take: if ((place && place != worker) ||
            !inbox_claim(&task->mailbox)) { */
        :: t == 1 && bound && w != 0 && DO(18) -> ok = false
        :: else ->
            atomic { /* base/inbox.h inbox_claim: return atomic_compare_exchange_strong(&inbox->head, &idle, NULL); */
                assert(!task_freed[t]);
                ok = idle[t] || !DO(19);
                if :: ok && DO(20) -> idle[t] = false :: else fi;
                if :: ok -> own_task() :: else fi
            }
        fi;
        if
        :: ok -> give_to()
        :: else -> if :: DO(21) -> send() :: else fi /* core/express.c express_take: send(worker, message); */
        fi
    :: else
    fi;
    atomic { e = NONE; to = 0; ok = false; if :: !mine -> t = 0 :: else fi }
}

inline express_take_for()
{
    atomic {
        /* core/express.c express_take_for: if (!message ||
            atomic_load(&message->item.phase) != MESSAGE_ARMED || message->task != task) */
        ok = expected[w] != NONE && (phase[expected[w]] == ARMED || !DO(22)) && (task_of[expected[w]] == t || !DO(23))
    };
    if
    :: ok ->
        take();
        assert(e != NONE);
        atomic { /* core/express.c express_take_for: if (!inbox_is_empty(&task->mailbox)) { */
            ok = len(mailbox[t]) == 0 || !DO(24)
        };
        if
        :: ok -> give_to()
        :: else -> if :: DO(25) -> send() :: else fi /* core/express.c express_take_for: send(worker, message); */
        fi;
        atomic { e = NONE; to = 0; ok = false }
    :: else
    fi
}

inline give_up()
{
    if
    :: last_dropped[t] || sealed[t] -> /* its exit may run; then others' bodies wait for nothing of it */
        /* core/body.c begin_row: express_forget(worker); */
        if :: DO(26) -> forget() :: else fi;
        /* core/task.c end_task: atomic_store(&task->mailbox.head, INBOX_SEALED); */
        atomic { sealed[t] = true; running[t] = false; mine = false };
        let_go(t)
    :: else ->
        atomic { /* core/task.c go_idle: if (inbox_leave(&task->mailbox, INBOX_IDLE)) */
            assert(!task_freed[t]);
            if :: len(mailbox[t]) == 0 -> idle[t] = true; running[t] = false; mine = false :: else fi
        }
    fi;
    atomic { if :: !mine -> t = 0 :: else fi }
}

/* Takes until the calls are over: the other worker is to run them. */
inline be_away()
{
    over
}

inline body()
{
    /* core/body.c begin_row: express_forget(worker); */
    if
    :: !in_row && DO(26) -> forget()
    :: else
    fi;
    atomic {
        assert(running[t] && (t != 1 || !bound || w == 0));
        if
        :: x >= IN_BLOCK ->
            TOUCH(x - IN_BLOCK);
            assert(task_of[x - IN_BLOCK] == t);
            n = call[x - IN_BLOCK]
        :: else -> n = x
        fi;
        if
        :: n != OTHERS -> assert(next[t] <= n); next[t] = n + 1
        :: else
        fi;
        if :: t == LONG && !was_away -> was_away = true; be_away() :: else fi;
        if
        :: in_row = false
        :: len(batch[t]) > 0 -> in_row = true
        fi;
        if
        :: x < IN_BLOCK ->
            answer(n);
            if :: t == 1 && may_stop && !has_stopped -> has_stopped = true :: true fi
        :: x >= IN_BLOCK && t == 1 && may_stop && !has_stopped -> has_stopped = true
        :: x >= IN_BLOCK && !in_row && len(batch[t]) == 0 -> expects = true
        :: x >= IN_BLOCK
        fi
    };
    if
    :: x >= IN_BLOCK && !(t == 1 && has_stopped && !sealed[1]) ->
        atomic { /* core/express.c express_complete: atomic_store_explicit(&message->item.phase, expects ?
                    MESSAGE_EXPECTED : MESSAGE_WAITING, memory_order_relaxed); */
            TOUCH(x - IN_BLOCK);
            if :: DO(27) -> phase[x - IN_BLOCK] = (expects -> EXPECTED : WAITING) :: else fi
        };
        message_complete(x - IN_BLOCK);
        /* core/express.c express_complete: if (message_complete(message, error) && expects) */
        atomic {
            if
            :: expects && (ok || !DO(28)) ->
                assert(expected[w] == NONE);
                /* core/express.c express_complete: worker->expected = message; */
                if :: DO(29) -> expected[w] = x - IN_BLOCK :: else fi
            :: else
            fi
        }
    :: t == 1 && has_stopped && !sealed[1] -> stop()
    :: else
    fi;
    atomic { expects = false; ok = false; n = 0; x = 0 }
}

/* Task 1, which has failed, ends. */
inline stop()
{
    atomic { /* core/task.c stop: *end = take(task, true); */
        sealed[1] = true;
        do :: len(mailbox[1]) > 0 -> mailbox[1]?n; batch[1]!n :: else -> break od
    };
    if /* core/task.c stop: answer_failed(task->failure); */
    :: x >= IN_BLOCK -> message_complete(x - IN_BLOCK)
    :: else
    fi;
    do
    :: len(batch[1]) > 0 ->
        batch[1]?x;
        if
        :: x >= IN_BLOCK -> message_complete(x - IN_BLOCK)
        :: else -> atomic { answer(x) }
        fi
    :: else -> break
    od
}

proctype worker(bit w)
{
    byte t, x, n, to, e = NONE;
    bool mine, in_row, expects, ok, gone;
end_asleep:
    do
    /* core/pump.c next_item: struct item *expected = express_take(worker); */
    :: !mine && HAS_COME && DO(30) -> express_take() /* spare: what has come is found at the latest by who forgets it */
    :: atomic { !mine && len(ready) > 0 -> ready?t; own_task() }
    :: atomic { !mine && w == 0 && len(inbox) > 0 -> inbox?t; own_task() }
    :: !mine && expected[w] != NONE -> /* sleeps */
        /* core/attention.c stop_looking: express_forget(worker); */
        if :: DO(31) -> forget() :: else fi;
end_asleep_too_early:
        expected[w] == NONE || len(ready) > 0 || (w == 0 && len(inbox) > 0)
    :: atomic { !mine && expected[w] != NONE && by_another && !was_away -> was_away = true };
        /* its thread has other things to do */
        /* core/pump.c step_aside: express_forget(worker); */
        if :: DO(32) -> forget() :: else fi;
        be_away()
    :: mine && len(batch[t]) > 0 ->
        atomic { batch[t]?x };
        if
        :: x == DROPPED -> atomic { last_dropped[t] = true; x = 0 }
        :: else -> body()
        fi
    :: mine && len(batch[t]) == 0 ->
        atomic { /* base/inbox.h inbox_take_head: return atomic_exchange(&inbox->head, NULL); */
            assert(!task_freed[t]);
            in_row = false;
            do :: len(mailbox[t]) > 0 -> mailbox[t]?x; batch[t]!x :: else -> break od;
            x = 0
        };
        if
        :: len(batch[t]) == 0 ->
            /* core/task.c run_turn: bool more = stays && (worker_linger(worker, &task->mailbox) ||
                express_take_for(worker, task)); */
            if
            :: !last_dropped[t] && !sealed[t] && DO(33) -> express_take_for() /* spare: next_item finds it */
            :: else
            fi;
            if :: len(batch[t]) == 0 -> give_up() :: else fi
        :: else
        fi
    :: mine && !was_put_back && IN_SHORT(by_another) -> /* others should have a turn */
        atomic { /* core/pump.c put_back: ready_put_back(&worker->runtime->ready, &task->item); */
            in_row = false;
            running[t] = false;
            mine = false;
            was_put_back = true;
            to_queue(t);
            t = 0
        }
    od
}

init
{
    byte i = 1;
    atomic {
#ifdef LONG_FORM
        if :: by_another = true :: true fi;
        if :: bound = true :: true fi;
        if :: may_stop = true :: true fi;
        if :: gives_up = true :: true fi;
#else
        if
        :: by_another = true
        :: bound = true
        :: may_stop = true
        :: gives_up = true
        fi;
#endif
        run caller();
        run another();
        run worker(0);
        run worker(1)
    };
    timeout;
    assert(over && expected[0] == NONE && expected[1] == NONE);
    assert(handles[0] == !has_dropped && task_freed[0] == has_dropped);
    do :: i <= OTHERS -> assert(answered[i] == 1); i++ :: else -> break od;
    i = 0;
    do :: i < made -> assert(freed[i] == (i != own)); i++ :: else -> break od
}
