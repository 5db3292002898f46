/* SPDX-License-Identifier: MIT
 *
 * Who looks at what is ready, and who sleeps.
 *
 * Many fibers, one thread: at any time one fiber of a worker runs; the others are parked, or suspended inside a body
 * (in a call that waits inside Julia), or waiting for their turn. Whichever runs the pump takes the next ready thing.
 * From outside nobody can tell whether a body computes or is suspended and has left its thread free.
 *
 * The rules that keep all of it live. Whenever something is in the runtime's queue (ready.h), then
 *     a worker has the lookout and is in the pump, outside bodies: it will look (it LOOKS), or
 *     somebody was called (CALLED): the bell was rung, which an idle thread of the engine's answers (attention_answer),
 *     or a standby was made, whose fiber enters the pump, and the watch was set in case it does not, or
 *     the worker that has the lookout is AWAY, in a body that should be short, and the watch was set (WATCHED), which
 *     looks again soon (attention_overdue).
 * Whenever something is in a worker's own inbox, then
 *     a fiber is in its pump, outside bodies (ATTENTIVE), or
 *     a fiber will enter the pump as soon as the thread is free (STANDBY), or
 *     its doorbell was rung, and its answer will make one a standby (RUNG).
 * Whenever a worker that is inside a body has taken something ahead (ready.h), the watch was set.
 * A worker all of whose fibers are in bodies is full. It begins nothing: it neither looks at the queue nor is called,
 * and what is in its inbox and would begin a body is held. A fiber of it still runs errands, which wake its bodies or
 * tell them to stop. Where all are full nobody is called: who ends a body is not full any more, and then looks.
 * Each is kept in the same way, at three places:
 *     who pushes, pushes first and then looks at the word: if the rule does not hold, it calls, or sets the watch;
 *     who stops looking, to sleep or for a body, says so in the word first and then looks at the queue: if something is
 *     there and the rule does not hold, it does the same, or goes on;
 *     who answers, enters or looks again takes its flag out of the word first and then looks at the queue.
 * The queue and the word are sequentially consistent, so of two at least one sees the other (Dekker). The word of the
 * runtime's queue is `lookout`: the number of the worker that has it, AWAY, CALLED, WATCHED. That of a worker is
 * `flags`.
 *
 * As few as suffice. One worker at a time has the lookout, and only that one waits awake: another that finds nothing
 * sleeps at once. It gives the lookout up when it begins a body, and takes it again, if nobody else looks, when the
 * body ends. Where bodies are short it keeps the lookout, marked AWAY: it will be back before anybody could be woken.
 * So a sender does not ring then, but sets the watch, once: if nothing has been taken when that has passed, the body is
 * long after all, and the watch rings. There, too, a worker takes some things ahead, to run them in a row; the watch
 * gives them back if it does not come to them. Who begins a body and leaves more behind than it would do in the time of
 * a wake-up, wakes one idle worker, which does the same in turn; so work that takes long spreads to all, and nothing
 * that is short wakes anybody.
 *
 * A body costs no task switch: a standby is made for it only when other things are ready, once, and stays made until it
 * runs. The bodies of messages that a task has taken together count as one: a step that no sender can pass costs more
 * than the rest of a small message. The pump runs nothing that could switch fibers, except in bodies. */
#include "core/attention.h"

#include "core/closing.h"
#include "core/engine.h"
#include "core/express.h"

#include <sched.h>

enum {
    parked_at_most = 64,   /* spare fibers; further ones end */
    soon_ns = 50000,       /* of the watch, when a short body may be long after all */
    late_ns = 1000000,     /* the same while things are being taken, or when a standby is to come */
    wake_pays_ns = 100000, /* of work that is left behind, from which on somebody is woken for it */
};

/* The lookout: flags, and above them the number of the worker that has it, from 1; 0: nobody. */
enum { CALLED = 1, WATCHED = 2, AWAY = 4, ENDED = 8, holder_shift = 4 };

static inline bool is_looked_at(unsigned lookout)
{
    return lookout >> holder_shift && !(lookout & AWAY);
}

static inline bool is_looked_after(unsigned lookout)
{
    return is_looked_at(lookout) || (lookout & (CALLED | ENDED)) || !(~lookout & (AWAY | WATCHED));
}

static inline unsigned held_by(const struct worker *worker)
{
    return (worker->number + 1) << holder_shift;
}

/* ---- fibers ---- */

void attention_add_parked(struct worker *worker, struct fiber *fiber)
{
    spin_lock(&worker->lock);
    fiber->next = worker->parked;
    worker->parked = fiber;
    atomic_fetch_add_explicit(&worker->parked_count, 1, memory_order_relaxed);
    spin_unlock(&worker->lock);
}

static struct fiber *unpark(struct worker *worker)
{
    spin_lock(&worker->lock);
    struct fiber *fiber = worker->parked;
    if (fiber) {
        worker->parked = fiber->next;
        atomic_fetch_sub_explicit(&worker->parked_count, 1, memory_order_relaxed);
    }
    spin_unlock(&worker->lock);
    return fiber;
}

/* relaxed: off by a few is fine */
bool attention_has_enough_parked(struct worker *worker)
{
    return atomic_load_explicit(&worker->parked_count, memory_order_relaxed) >= parked_at_most;
}

/* ---- a worker's own inbox ---- */

static inline bool is_unattended(unsigned flags)
{
    return !(flags & (WORKER_ATTENTIVE | WORKER_STANDBY | WORKER_RUNG | WORKER_ENDED));
}

/* Rings the doorbell, and marks that, unless it is attended to, or has ended. RUNG is set only by the one who rings: a
 * mark without a ring would silence all senders after it. */
static void ring(struct worker *worker, unsigned mark)
{
    atomic_fetch_add(&worker->ringers, 1); /* before the look at the flags, as attention_end says */
    unsigned flags = atomic_load(&worker->flags);
    bool marked = false;
    while (!marked && ((mark & WORKER_WANTING) ? !(flags & WORKER_ENDED) : is_unattended(flags)))
        marked = atomic_compare_exchange_weak(&worker->flags, &flags, flags | mark);
    if (marked && !(flags & WORKER_RUNG))
        worker->runtime->engine->ring(worker);
    atomic_fetch_sub(&worker->ringers, 1);
}

bool worker_push(struct worker *worker, struct item *item)
{
    static _Thread_local struct inbox_trail pushed;
    if (inbox_push(&worker->inbox, &item->node, &pushed) == INBOX_REFUSED)
        return false;
    if (is_unattended(atomic_load(&worker->flags)))
        ring(worker, WORKER_RUNG);
    return true;
}

void worker_rouse(struct worker *worker)
{
    ring(worker, WORKER_RUNG | WORKER_WANTING);
}

/* Makes a standby unless there is one or none is needed. Without memory for it the doorbell tries again. A worker has
 * one fiber for each of its bodies, the one that pumps or is to pump, and those that are parked. */
static void make_standby(struct worker *worker)
{
    unsigned flags = atomic_load(&worker->flags);
    do {
        if (flags & (WORKER_ATTENTIVE | WORKER_STANDBY))
            return;
    } while (!atomic_compare_exchange_weak(&worker->flags, &flags, flags | WORKER_STANDBY));
    const struct engine *engine = worker->runtime->engine;
    struct fiber *fiber = unpark(worker);
    if (fiber) {
        engine->schedule(fiber);
        return;
    }
    if (engine->start_fiber(worker))
        return;
    atomic_fetch_and(&worker->flags, ~(unsigned)WORKER_STANDBY);
    worker_rouse(worker);
}

void worker_doorbell(struct worker *worker)
{
    unsigned flags = atomic_fetch_and(&worker->flags, ~(unsigned)(WORKER_RUNG | WORKER_WANTING));
    if ((flags & WORKER_WANTING) || !inbox_is_empty(&worker->inbox)) /* what was taken out of it has a standby */
        make_standby(worker);
}

/* Sets some flags and clears others. Returns what they were. */
static unsigned change_flags(struct worker *worker, unsigned clear, unsigned set)
{
    unsigned flags = atomic_load_explicit(&worker->flags, memory_order_relaxed); /* only a first guess */
    while (!atomic_compare_exchange_weak(&worker->flags, &flags, (flags & ~clear) | set)) {
    }
    return flags;
}

/* ---- who is idle ---- */

enum { workers_per_word = 64 };

static void set_idle(struct worker *worker)
{
    atomic_fetch_or(&worker->runtime->idle[worker->number / workers_per_word],
                    (uint64_t)1 << worker->number % workers_per_word);
}

/* True: it was idle, and it is the caller's to wake. */
static bool claim_idle(struct worker *worker)
{
    _Atomic uint64_t *word = &worker->runtime->idle[worker->number / workers_per_word];
    uint64_t bit = (uint64_t)1 << worker->number % workers_per_word;
    return (atomic_load(word) & bit) && (atomic_fetch_and(word, ~bit) & bit);
}

/* The first: those with low numbers do what there is to do, so that the others can sleep. */
struct worker *attention_idle_worker(struct runtime *runtime, const struct worker *but)
{
    for (unsigned i = 0; i * workers_per_word < runtime->worker_count; i++) {
        uint64_t idle = atomic_load(&runtime->idle[i]);
        if (but && but->number / workers_per_word == i)
            idle &= ~((uint64_t)1 << but->number % workers_per_word);
        if (idle)
            return &runtime->workers[i * workers_per_word + (unsigned)__builtin_ctzll(idle)];
    }
    return NULL;
}

static struct worker *claim_first_idle(struct runtime *runtime, const struct worker *but)
{
    struct worker *worker;
    do {
        worker = attention_idle_worker(runtime, but);
    } while (worker && !claim_idle(worker));
    return worker;
}

/* ---- calling ---- */

/* Marks the lookout, unless it is marked so or it has ended: what is marked is the caller's to do then. */
static bool mark(struct ready *ready, unsigned flag)
{
    return !(atomic_load(&ready->lookout) & (flag | ENDED)) &&
           !(atomic_fetch_or(&ready->lookout, flag) & (flag | ENDED));
}

static void ring_for(struct runtime *runtime)
{
    atomic_fetch_add(&runtime->ready.callers, 1); /* before the look at the lookout, as attention_end says */
    if (mark(&runtime->ready, CALLED))
        runtime->engine->call(runtime);
    atomic_fetch_sub(&runtime->ready.callers, 1);
}

static void watch(struct runtime *runtime, int64_t delay_ns)
{
    atomic_fetch_add(&runtime->ready.callers, 1); /* the same */
    if (mark(&runtime->ready, WATCHED))
        watch_set(&runtime->watch, delay_ns);
    atomic_fetch_sub(&runtime->ready.callers, 1);
}

bool attention_push(struct runtime *runtime, struct item *item)
{
    static _Thread_local struct inbox_trail pushed;
    if (inbox_push(&runtime->ready.inbox, &item->node, &pushed) == INBOX_REFUSED)
        return false;
    unsigned lookout = atomic_load(&runtime->ready.lookout);
    if (is_looked_after(lookout))
        return true;
    if (lookout & AWAY)
        watch(runtime, soon_ns);
    else
        ring_for(runtime);
    return true;
}

static bool is_worth_a_wake(const struct worker *worker)
{
    /* relaxed: a hint */
    unsigned length = atomic_load_explicit(&worker->runtime->ready.length, memory_order_relaxed);
    return worker->slow || worker->turn_ns * length >= wake_pays_ns;
}

/* For a worker that leaves something behind in the queue. A standby of another may be long in coming, if its thread
 * runs a task of Julia's own, or may come without having been called, so that is watched as well. CALLED is marked
 * first: one who comes by itself is not idle any more, and then takes CALLED out. */
static void look_after(struct worker *worker)
{
    struct runtime *runtime = worker->runtime;
    if (is_looked_at(atomic_load(&runtime->ready.lookout)))
        return;
    if (!is_worth_a_wake(worker)) {
        watch(runtime, soon_ns);
        return;
    }
    if (!mark(&runtime->ready, CALLED))
        return;
    struct worker *other = claim_first_idle(runtime, worker);
    if (other) {
        make_standby(other);
        watch(runtime, late_ns);
    } else {
        runtime->engine->call(runtime);
    }
}

/* For an answer when none is idle: the next one that is not full, whose thread may be free. NULL: all are full. */
static struct worker *next_worker(struct runtime *runtime)
{
    for (unsigned i = 0; i < runtime->worker_count; i++) {
        struct worker *worker = &runtime->workers[runtime->next_answer++ % runtime->worker_count];
        if (!atomic_load(&worker->full))
            return worker;
    }
    return NULL;
}

static struct worker *choose(struct runtime *runtime, struct worker *here)
{
    if (here && !atomic_load(&here->full))
        return here;
    struct worker *idle = claim_first_idle(runtime, NULL); /* has no body, and so is not full */
    return idle ? idle : next_worker(runtime);
}

/* CALLED is marked first, as in look_after. Where all are full it is taken out again, and then somebody may have ended
 * a body, and looked, and something may have been pushed since by one who saw CALLED. */
static void answer(struct runtime *runtime, struct worker *here)
{
    while (!is_looked_at(atomic_load(&runtime->ready.lookout)) && mark(&runtime->ready, CALLED)) {
        struct worker *other = choose(runtime, here);
        if (other) {
            make_standby(other);
            if (other != here) /* as look_after says */
                watch(runtime, late_ns);
            return;
        }
        atomic_fetch_and(&runtime->ready.lookout, ~(unsigned)CALLED);
        if (ready_is_empty(&runtime->ready) || !next_worker(runtime))
            return;
    }
}

void attention_answer(struct runtime *runtime, struct worker *here)
{
    atomic_fetch_and(&runtime->ready.lookout, ~(unsigned)CALLED);
    if (!ready_is_empty(&runtime->ready))
        answer(runtime, here);
}

/* Of what workers have taken ahead, that of those who do not come to it goes back. True: some have things ahead still,
 * which are to be watched on. */
static bool give_back(struct runtime *runtime)
{
    bool any = false;
    for (unsigned i = 0; i < runtime->worker_count; i++)
        any |= ahead_give_back(&runtime->workers[i].ahead, &runtime->ready);
    return any;
}

/* Whether the queue's things are being taken, by one who is away and was thought to be back soon. */
static bool moves(struct runtime *runtime)
{
    unsigned taken = atomic_load_explicit(&runtime->ready.taken, memory_order_relaxed);
    bool same = taken == runtime->taken_before;
    runtime->taken_before = taken;
    return !same && atomic_load(&runtime->ready.lookout) & AWAY;
}

void attention_overdue(struct runtime *runtime)
{
    struct ready *ready = &runtime->ready;
    atomic_fetch_add(&ready->callers, 1);
    atomic_fetch_and(&ready->lookout, ~(unsigned)(WATCHED | CALLED));
    bool again = give_back(runtime);
    if (!ready_is_empty(ready) && !is_looked_at(atomic_load(&ready->lookout))) {
        if (moves(runtime))
            again = true;
        else if (mark(ready, CALLED)) /* perhaps again: who was called has not come */
            runtime->engine->call(runtime);
    }
    if (again)
        watch(runtime, late_ns);
    atomic_fetch_sub(&ready->callers, 1);
}

/* ---- looking, or not ---- */

/* Takes the lookout unless somebody else looks. done: flags to be cleared. */
static void look(struct worker *worker, unsigned done)
{
    struct ready *ready = &worker->runtime->ready;
    unsigned lookout = atomic_load(&ready->lookout), next;
    do {
        worker->looks = !is_looked_at(lookout);
        next = (worker->looks ? held_by(worker) | (lookout & (CALLED | WATCHED | ENDED)) : lookout) & ~done;
        if (next == lookout)
            return;
    } while (!atomic_compare_exchange_weak(&ready->lookout, &lookout, next));
}

/* Gives it up, or marks it AWAY. */
static void look_away(struct worker *worker, bool soon_back)
{
    if (!worker->looks)
        return;
    worker->looks = false;
    if (soon_back)
        atomic_fetch_or(&worker->runtime->ready.lookout, AWAY);
    else
        atomic_fetch_sub(&worker->runtime->ready.lookout, held_by(worker)); /* nobody takes it from one who looks */
}

static inline bool may_look(const struct worker *worker)
{
    return !worker->ended && worker->bodies < worker->bodies_at_most;
}

/* A worker is awake from when a fiber enters the pump until the last one parks; suspended, it may not be. */
static void count_awake(struct worker *worker, bool awake)
{
    if (worker->awake != awake)
        spin_count_worker(awake);
    worker->awake = awake;
}

static void start_looking(struct worker *worker)
{
    count_awake(worker, true);
    if (!worker_has_others(worker))
        return;
    claim_idle(worker);
    if (may_look(worker)) {
        look(worker, CALLED);
        return;
    }
    /* a standby that comes late, or for errands, and takes nothing */
    atomic_fetch_and(&worker->runtime->ready.lookout, ~(unsigned)CALLED);
    if (!ready_is_empty(&worker->runtime->ready))
        ring_for(worker->runtime);
}

void attention_enter(struct worker *worker)
{
    change_flags(worker, WORKER_STANDBY, WORKER_ATTENTIVE);
    start_looking(worker);
}

void attention_return(struct worker *worker)
{
    change_flags(worker, 0, WORKER_ATTENTIVE);
    if (worker_has_others(worker))
        look(worker, 0);
}

static void leave_behind(struct worker *worker, bool soon_back)
{
    if (!worker_has_others(worker))
        return;
    look_away(worker, soon_back);
    bool anything = !ready_is_empty(&worker->runtime->ready), ahead = !ahead_is_empty(&worker->ahead);
    if (anything || ahead)
        make_standby(worker);
    if (anything)
        look_after(worker);
    if (ahead)
        watch(worker->runtime, soon_ns);
}

void attention_leave(struct worker *worker)
{
    change_flags(worker, WORKER_ATTENTIVE, 0);
    if (worker_has_own(worker))
        make_standby(worker);
    leave_behind(worker, !worker->slow);
}

/* A standby that was made when the row began may have come and gone while a body of it was suspended. */
void attention_go_on(struct worker *worker)
{
    if (worker->own.first && !(atomic_load(&worker->flags) & WORKER_STANDBY))
        make_standby(worker);
}

bool attention_step_aside(struct worker *worker)
{
    bool first = !(change_flags(worker, WORKER_ATTENTIVE, WORKER_STANDBY) & WORKER_STANDBY);
    leave_behind(worker, true);
    return first;
}

/* Not looking any more: whether there is something to do after all. */
static bool has_missed_something(struct worker *worker)
{
    if (worker_has_own(worker) || closing_may_end(worker))
        return true;
    return worker_has_others(worker) && may_look(worker) && !ready_is_empty(&worker->runtime->ready) &&
           !is_looked_at(atomic_load(&worker->runtime->ready.lookout));
}

static void stop_looking(struct worker *worker)
{
    express_forget(worker);
    change_flags(worker, WORKER_ATTENTIVE, 0);
    count_awake(worker, false);
    if (!worker_has_others(worker))
        return;
    look_away(worker, false);
    if (!worker->bodies && !worker->ended)
        set_idle(worker);
}

void attention_exit(struct worker *worker)
{
    stop_looking(worker);
    if (has_missed_something(worker))
        make_standby(worker);
}

bool attention_park(struct worker *worker, struct fiber *fiber)
{
    attention_add_parked(worker, fiber);
    stop_looking(worker);
    if (!has_missed_something(worker))
        return true;
    /* too early: come back, unless somebody has made a parked fiber the standby already */
    unsigned flags = atomic_load(&worker->flags);
    do {
        if (flags & WORKER_STANDBY)
            return true;
    } while (!atomic_compare_exchange_weak(&worker->flags, &flags, flags | WORKER_ATTENTIVE));
    struct fiber *top = unpark(worker);
    (void)top; /* this fiber: only its own thread parks, and with ATTENTIVE set nobody else unparks */
    start_looking(worker);
    return false;
}

/* The only one who looks; and not while a body is suspended, which may be waiting to have this thread. */
bool attention_may_wait_awake(const struct worker *worker)
{
    return !worker->bodies && !worker->ended && (worker->looks || !worker_has_others(worker));
}

/* The engine may take its bells down after that, so senders that are between their push and their ring are waited for:
 * their count and ENDED are changed and looked at in opposite orders, so that either they are seen here or they see
 * that they need not ring. */
void attention_end(struct worker *worker, bool last)
{
    struct ready *ready = &worker->runtime->ready;
    atomic_fetch_or(&worker->flags, WORKER_ENDED);
    while (atomic_load(&worker->ringers))
        sched_yield();
    if (!worker_has_others(worker))
        return;
    look_away(worker, false);
    if (!last) {
        if (!ready_is_empty(ready))
            ring_for(worker->runtime);
        return;
    }
    atomic_fetch_or(&ready->lookout, ENDED);
    while (atomic_load(&ready->callers))
        sched_yield();
}
