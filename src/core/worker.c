/* SPDX-License-Identifier: MIT
 *
 * Many fibers, one thread: at any time one fiber of a worker runs; the others are parked, or suspended inside a body
 * (in a call that waits inside Julia), or waiting for their turn. Whichever runs the pump takes the next ready item.
 *
 * The rule that keeps a worker live: whenever something is ready, then
 *     a fiber is in the pump outside bodies and will look (ATTENTIVE), or
 *     a fiber will enter the pump as soon as the thread is free (STANDBY), or
 *     the doorbell has been rung and its answer will make one a standby (RUNG).
 * It is kept at three places. A sender pushes, then looks at the flags: if none is set, it rings. A fiber that is
 * about to leave the pump (to park, or for a body) clears ATTENTIVE, then looks at the inbox: if something came, it
 * stays, or makes a standby. The doorbell clears RUNG, then looks at the inbox. Pushing, looking and changing flags
 * are all sequentially consistent, so of a sender and a leaving fiber at least one sees the other (Dekker).
 *
 * So a body costs no task switch: a standby is made for it only when other items are ready, once, and stays made
 * until it runs. When a body suspends with nothing else ready, nothing needs to happen; the next sender rings. And the
 * bodies of messages that a task has taken together count as one here: a step that no sender can pass costs more than
 * the rest of a small message.
 *
 * Several workers. A worker with nothing to do takes over what another has ready while that one is inside a body: tasks
 * and one-shots, but none whose type asked for a thread. A task keeps the worker that it was placed on (task->worker):
 * that one's inbox is where senders put it and that one's list of tasks it is on; whoever takes it over only runs it.
 * Work is not left lying while a worker is idle: who begins a body with something ready wakes an idle worker, so does
 * the answer to a doorbell of a worker inside a body, and a worker looks at the others after it has stopped being
 * attentive. As above, each changes a flag or a list and then looks at the other's. A thief that finds things that are
 * not for it leaves them in the ready list, and rings for them like a sender.
 *
 * The pump runs nothing that could switch fibers, except in bodies. */
#include "core/worker.h"

#include "base/list.h"
#include "core/engine.h"
#include "core/message.h"
#include "core/parker.h"
#include "core/runtime.h"
#include "core/task.h"
#include "platform/platform.h"

#include <sched.h>
#include <string.h>

enum {
    parked_at_most = 64,    /* spare fibers; further ones end */
    fibers_at_most = 24000, /* of all workers; Julia moves stacks beyond 30000, and parkers and messages are on them */
    bodies_per_clock = 16,  /* the clock is read no less often */
    looks_per_safepoint = 16,
    steal_from_at_most = 64, /* items looked at under another worker's lock */
    yield_every_ns = 1000000 /* Julia's own tasks, timers and I/O on this thread wait no longer than twice this, but
                                for the length of a body */
};

_Thread_local struct fiber *current_fiber;

void worker_init(struct worker *worker, struct runtime *runtime)
{
    memset(worker, 0, sizeof *worker);
    worker->runtime = runtime;
    worker->close.kind = ITEM_CLOSE;
    worker->cancel.kind = ITEM_CANCEL;
    atomic_flag_clear(&worker->lock.held);
    atomic_flag_clear(&worker->ready_lock.held);
    atomic_flag_clear(&worker->tasks_lock.held);
}

static bool has_others(const struct worker *worker)
{
    return worker->runtime->worker_count > 1;
}

/* ---- what is ready ---- */

static void lock_ready(struct worker *worker)
{
    if (has_others(worker))
        spin_lock(&worker->ready_lock);
}

static void unlock_ready(struct worker *worker)
{
    if (has_others(worker))
        spin_unlock(&worker->ready_lock);
}

/* relaxed: by the one who holds the lock */
static struct inbox_node *first_ready(struct worker *worker)
{
    return atomic_load_explicit(&worker->ready, memory_order_relaxed);
}

static void set_first_ready(struct worker *worker, struct inbox_node *node)
{
    atomic_store_explicit(&worker->ready, node, memory_order_relaxed);
}

static void append_locked(struct worker *worker, struct inbox_node *nodes)
{
    if (!nodes)
        return;
    if (first_ready(worker))
        worker->ready_last->next = nodes;
    else
        set_first_ready(worker, nodes);
    while (nodes->next)
        nodes = nodes->next;
    worker->ready_last = nodes;
}

static void append_ready(struct worker *worker, struct inbox_node *nodes)
{
    lock_ready(worker);
    append_locked(worker, nodes);
    unlock_ready(worker);
}

/* A hint unless paired with the flags. */
static bool has_backlog(const struct worker *worker)
{
    return !inbox_is_empty(&worker->inbox) || atomic_load(&worker->ready);
}

/* ---- senders and the doorbell ---- */

/* Whether nobody is going to look at the inbox soon. A standby that waits for a body to end is not soon if another
 * worker may be idle. */
static bool is_unattended(const struct worker *worker, unsigned flags)
{
    if (flags & (WORKER_ATTENTIVE | WORKER_RUNG | WORKER_ENDED))
        return false;
    return !(flags & WORKER_STANDBY) || ((flags & WORKER_BUSY) && has_others(worker));
}

/* Rings the doorbell, and marks that, unless it is attended to, or has ended. RUNG is set only by the one who rings: a
 * mark without a ring would silence all senders after it. */
static void ring(struct worker *worker, unsigned mark)
{
    atomic_fetch_add(&worker->ringers, 1); /* before the look at the flags, as end_if_closed says */
    unsigned flags = atomic_load(&worker->flags);
    bool marked = false;
    while (!marked && ((mark & WORKER_WANTING) ? !(flags & WORKER_ENDED) : is_unattended(worker, flags)))
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
    if (is_unattended(worker, atomic_load(&worker->flags)))
        ring(worker, WORKER_RUNG);
    return true;
}

/* Sets some flags and clears others. Returns what they were. */
static unsigned change_flags(struct worker *worker, unsigned clear, unsigned set)
{
    unsigned flags = atomic_load_explicit(&worker->flags, memory_order_relaxed); /* only a first guess */
    while (!atomic_compare_exchange_weak(&worker->flags, &flags, (flags & ~clear) | set)) {
    }
    return flags;
}

static void add_parked(struct worker *worker, struct fiber *fiber)
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

/* Makes a standby unless there is one or none is needed. Without memory for it the doorbell tries again. */
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
    bool full = atomic_fetch_add_explicit(&worker->fibers, 1, memory_order_relaxed) >=
                fibers_at_most / worker->runtime->worker_count;
    if (!full && engine->start_fiber(worker))
        return;
    atomic_fetch_sub_explicit(&worker->fibers, 1, memory_order_relaxed);
    atomic_fetch_and(&worker->flags, ~(unsigned)WORKER_STANDBY);
    /* full: all are inside bodies, and the first to come back goes on; but one may have come back already, and have
     * parked because it saw STANDBY */
    if (!full || atomic_load_explicit(&worker->parked_count, memory_order_relaxed))
        ring(worker, WORKER_RUNG | WORKER_WANTING);
}

/* Wakes another worker that is idle, if there is one, to take over what this one cannot begin now. One whose last body
 * may be suspended is the second choice: if it is not, its standby comes after that body. */
static void offer(struct worker *worker)
{
    /* not RUNG: what it was rung for may have been taken over since */
    const unsigned coming = WORKER_ATTENTIVE | WORKER_STANDBY | WORKER_ENDED;
    struct runtime *runtime = worker->runtime;
    struct worker *second = NULL;
    unsigned self = (unsigned)(worker - runtime->workers), others = runtime->worker_count - 1;
    /* relaxed: where the search begins does not matter */
    unsigned first = others > 1 ? atomic_fetch_add_explicit(&runtime->next_offer, 1, memory_order_relaxed) : 0;
    for (unsigned i = 0; i < others; i++) {
        struct worker *other = &runtime->workers[(self + 1 + (first + i) % others) % (others + 1)];
        unsigned flags = atomic_load(&other->flags);
        if (flags & coming)
            continue;
        if (!(flags & WORKER_BUSY)) {
            make_standby(other);
            return;
        }
        second = other;
    }
    if (second)
        make_standby(second);
}

void worker_doorbell(struct worker *worker)
{
    unsigned flags = atomic_fetch_and(&worker->flags, ~(unsigned)(WORKER_RUNG | WORKER_WANTING));
    if (!(flags & WORKER_WANTING) && !has_backlog(worker))
        return;
    make_standby(worker);
    if (flags & WORKER_BUSY)
        offer(worker);
}

/* ---- guests ---- */

void worker_add_guest(struct worker *worker)
{
    atomic_fetch_add(&worker->guests, 1);
}

/* The worker may have parked for good because of this guest: after the count, `closed` says whether it has to look
 * again. It was set before the worker began to close and looked at the count. */
void worker_remove_guest(struct worker *worker)
{
    if (atomic_fetch_sub(&worker->guests, 1) == 1 && runtime_is_closed(worker->runtime))
        ring(worker, WORKER_RUNG | WORKER_WANTING);
}

/* A guest needs this thread, most likely: the pump would spin on it for a while. */
static void wake(struct worker *worker, struct fiber *fiber)
{
    if (fiber->guest) {
        atomic_fetch_sub(&worker->guests, 1);
        worker->yield_due = true;
    }
    worker->runtime->engine->schedule(fiber);
}

/* ---- bodies ---- */

void worker_begin_body(struct worker *worker)
{
    worker->bodies++;
    change_flags(worker, WORKER_ATTENTIVE, WORKER_BUSY);
    if (!has_backlog(worker))
        return;
    make_standby(worker);
    offer(worker);
}

/* Whether Julia's other tasks on this thread should have a turn. Reading the clock can cost as much as a small message,
 * so it is read after one body, two more, four more and so on: when it is noticed that the time has passed, no more
 * than twice the time has, however long bodies are. */
static void look_at_clock(struct worker *worker)
{
    worker->yield_due = platform_now() >= worker->yield_at;
    if (worker->clock_every < bodies_per_clock)
        worker->clock_every *= 2;
    worker->clock_in = worker->clock_every;
}

void worker_end_body(struct worker *worker)
{
    worker->bodies--;
    change_flags(worker, WORKER_BUSY, WORKER_ATTENTIVE);
    worker_count_body(worker);
}

void worker_count_body(struct worker *worker)
{
    if (--worker->clock_in == 0)
        look_at_clock(worker);
}

bool worker_run_message(struct fiber *fiber, struct message *message, void *state, bool in_row,
                        struct inbox_node *const *rest)
{
    struct worker *worker = fiber->worker;
    const struct engine *engine = worker->runtime->engine;
    const struct type *type = message->type;
    alignas(message_alignment) unsigned char small[message_small_output];
    bool is_small = type->fields.output_size <= message_small_output;
    void *output = is_small ? memset(small, 0, type->fields.output_size) : message_output(message);
    if (!in_row)
        worker_begin_body(worker);
    jlt_frame *frame = engine->frame_open(fiber);
    if (frame && type->persistent)
        type->fields.run(frame, state, message_input(message), output);
    else if (frame)
        type->run_once(frame, message_input(message), output);
    struct error *error = frame ? engine->frame_close(frame, message_is_wanted(message)) : NULL;
    in_row = *rest != NULL;
    if (in_row)
        worker_count_body(worker);
    else
        worker_end_body(worker); /* before the reply, whose receiver may send the next message */
    if (!frame) {
        message_refuse(message, JLT_NO_MEMORY);
        return in_row;
    }
    if (is_small && !error)
        memcpy(message_output(message), small, type->fields.output_size);
    message_complete(message, error);
    return in_row;
}

/* ---- waiting awake ---- */

/* What an awake worker looks at. */
struct watch {
    const struct worker *worker;
    const struct inbox *mailbox; /* or NULL */
    unsigned looks;
};

/* Collections and the end of the wait are the only things it can miss for a moment. */
static bool has_work(void *context)
{
    struct watch *watch = context;
    const struct worker *worker = watch->worker;
    if (worker->runtime->engine->safepoint && ++watch->looks % looks_per_safepoint == 0)
        worker->runtime->engine->safepoint();
    return !inbox_is_empty(&worker->inbox) || (watch->mailbox && !inbox_is_empty(watch->mailbox));
}

/* Not while a body is suspended: it may be waiting to have this thread. */
static bool wait_awake(struct worker *worker, const struct inbox *mailbox)
{
    struct watch watch = {worker, mailbox, 0};
    return !worker->bodies && spin_until(&worker->spinner, &spin_workers, SPIN_CLOSE, has_work, &watch);
}

bool worker_linger(struct worker *worker, const struct inbox *mailbox)
{
    if (worker->closing || has_backlog(worker))
        return false;
    worker->lingered = !wait_awake(worker, mailbox);
    return !inbox_is_empty(mailbox);
}

/* ---- live tasks ---- */

bool worker_add_task(struct worker *worker, struct task *task)
{
    spin_lock(&worker->tasks_lock);
    LIST_ADD(worker->tasks, task);
    bool closing = worker->closing;
    spin_unlock(&worker->tasks_lock);
    return closing;
}

void worker_remove_task(struct worker *worker, struct task *task)
{
    spin_lock(&worker->tasks_lock);
    LIST_REMOVE(worker->tasks, task);
    bool may_end = worker->closing && !worker->tasks;
    spin_unlock(&worker->tasks_lock);
    if (may_end && current_fiber->worker != worker)
        ring(worker, WORKER_RUNG | WORKER_WANTING); /* it may have looked already, and be waiting for this */
}

static bool has_tasks(struct worker *worker)
{
    spin_lock(&worker->tasks_lock);
    bool any = worker->tasks != NULL;
    spin_unlock(&worker->tasks_lock);
    return any;
}

/* Seals all tasks; those that were idle become ready, to run their exits. */
static void seal_tasks(struct worker *worker)
{
    spin_lock(&worker->tasks_lock);
    worker->closing = true;
    for (struct task *task = worker->tasks; task; task = task->next) {
        if (task_seal(task)) {
            task->item.node.next = NULL;
            append_ready(worker, &task->item.node);
        }
    }
    spin_unlock(&worker->tasks_lock);
}

void worker_begin_turn(struct worker *worker, struct turn *turn)
{
    LIST_ADD(worker->turns, turn);
}

void worker_end_turn(struct worker *worker, struct turn *turn)
{
    LIST_REMOVE(worker->turns, turn);
}

/* ---- taking over ---- */

static bool may_be_taken_over(struct item *item)
{
    if (item->kind == ITEM_TASK)
        return !((struct task *)item)->type->fields.thread;
    return item->kind == ITEM_ONCE && !((struct message *)item)->type->fields.thread;
}

/* Takes every other one of the first things that may be taken, beginning with the first. */
static struct inbox_node *take_half(struct worker *victim)
{
    struct inbox_node *taken = NULL, **end = &taken, *previous = NULL, *next;
    bool take = true;
    int looks = 0;
    for (struct inbox_node *node = first_ready(victim); node && looks < steal_from_at_most; node = next, looks++) {
        next = node->next;
        bool may = may_be_taken_over(item_of(node));
        if (!may || !take) {
            take |= may;
            previous = node;
            continue;
        }
        take = false;
        if (previous)
            previous->next = next;
        else
            set_first_ready(victim, next);
        if (!next)
            victim->ready_last = previous;
        node->next = NULL;
        *end = node;
        end = &node->next;
    }
    return taken;
}

static bool take_over_from(struct worker *worker, struct worker *victim)
{
    if ((atomic_load(&victim->flags) & WORKER_ATTENTIVE) || !has_backlog(victim) || !spin_try_lock(&victim->ready_lock))
        return false;
    append_locked(victim, inbox_steal(&victim->inbox));
    struct inbox_node *taken = take_half(victim);
    bool rest = first_ready(victim) != NULL;
    spin_unlock(&victim->ready_lock);
    if (rest) {
        /* what was in the inbox is in the list now, and the victim may have looked at the list before and at the inbox
         * after that; the fence puts the list's change before the look at the flags. With a standby it is attended to:
         * to ring then would have this worker woken to look at the same rest again. */
        const unsigned attended = WORKER_ATTENTIVE | WORKER_STANDBY | WORKER_RUNG | WORKER_ENDED;
        atomic_thread_fence(memory_order_seq_cst);
        if (!(atomic_load(&victim->flags) & attended))
            ring(victim, WORKER_RUNG);
        if (taken && worker->runtime->worker_count > 2)
            offer(victim); /* a third may have found the lock taken, and is about to sleep */
    }
    append_ready(worker, taken);
    return taken != NULL;
}

static bool take_over(struct worker *worker)
{
    struct runtime *runtime = worker->runtime;
    unsigned self = (unsigned)(worker - runtime->workers);
    for (unsigned i = 1; i < runtime->worker_count && !worker->ended; i++)
        if (take_over_from(worker, &runtime->workers[(self + i) % runtime->worker_count]))
            return true;
    return false;
}

/* ---- the pump ---- */

/* A one-shot task. */
static void run_once(struct fiber *fiber, struct message *message)
{
    struct runtime *runtime = fiber->worker->runtime;
    struct inbox_node *nothing = NULL;
    gate_leave(&runtime->channel, &runtime->senders);
    if (runtime_is_cancelled(runtime))
        message_refuse(message, JLT_CANCELLED);
    else
        worker_run_message(fiber, message, NULL, false, &nothing);
    if (runtime->engine->identity_leave)
        runtime->engine->identity_leave(fiber, NULL);
}

static void run_item(struct worker *worker, struct fiber *fiber, struct item *item)
{
    switch (item->kind) {
    case ITEM_TASK:
        if (task_run((struct task *)item, fiber)) {
            item->node.next = NULL;
            lock_ready(worker);
            append_locked(worker, inbox_take(&worker->inbox)); /* those that came meanwhile have their turn first */
            append_locked(worker, &item->node);
            unlock_ready(worker);
        }
        break;
    case ITEM_ONCE:
        run_once(fiber, (struct message *)item);
        break;
    case ITEM_WAKE:
        wake(worker, ((struct parker *)item)->fiber);
        break;
    case ITEM_CLOSE:
        seal_tasks(worker);
        break;
    case ITEM_CANCEL:
        for (struct turn *turn = worker->turns; turn; turn = turn->next) /* suspended; the others will see */
            task_cancel_waiting(turn->task);
        break;
    default:
        break; /* the others are only in mailboxes */
    }
}

static struct item *next_item(struct worker *worker)
{
    lock_ready(worker);
    struct inbox_node *node = first_ready(worker);
    if (!node && !worker->ended) {
        append_locked(worker, inbox_take(&worker->inbox));
        node = first_ready(worker);
    }
    if (node)
        set_first_ready(worker, node->next);
    unlock_ready(worker);
    return node ? item_of(node) : NULL;
}

/* But for what may be ready. */
static bool may_end(struct worker *worker)
{
    return worker->closing && !worker->ended && !worker->bodies && !atomic_load(&worker->guests) && !has_tasks(worker);
}

/* Nothing is ready. If nothing can become ready either, the worker ends. The engine may then take its doorbell down, so
 * senders that are between their push and their ring are waited for: ringers and ENDED are changed and looked at in
 * opposite orders, so that either they are seen here or they see that they need not ring. */
static void end_if_closed(struct worker *worker)
{
    if (!may_end(worker))
        return;
    lock_ready(worker); /* a thief may be about to leave something in the ready list */
    worker->ended = !first_ready(worker) && inbox_leave(&worker->inbox, INBOX_SEALED);
    unlock_ready(worker);
    if (!worker->ended)
        return;
    atomic_fetch_or(&worker->flags, WORKER_ENDED);
    while (atomic_load(&worker->ringers))
        sched_yield();
    runtime_worker_ended(worker->runtime);
}

/* Not attentive any more: whether there is something to do after all. */
static bool has_missed_something(struct worker *worker)
{
    return has_backlog(worker) || may_end(worker) || take_over(worker);
}

/* Puts the fiber among the parked. False: something became ready, and the fiber goes on. */
static bool park(struct worker *worker, struct fiber *fiber)
{
    add_parked(worker, fiber);
    atomic_fetch_and(&worker->flags, ~WORKER_ATTENTIVE);
    if (!has_missed_something(worker))
        return true;
    /* too early: come back, unless the doorbell has made some parked fiber the standby already */
    unsigned flags = atomic_load(&worker->flags);
    do {
        if (flags & WORKER_STANDBY)
            return true;
    } while (!atomic_compare_exchange_weak(&worker->flags, &flags, flags | WORKER_ATTENTIVE));
    struct fiber *top = unpark(worker);
    (void)top; /* this fiber: only its own thread parks, and with ATTENTIVE set nobody else unparks */
    return false;
}

/* relaxed: off by a few is fine */
static bool enough_parked(struct worker *worker)
{
    return atomic_load_explicit(&worker->parked_count, memory_order_relaxed) >= parked_at_most;
}

/* The fiber leaves the pump with items perhaps still ready. Either it comes back itself, as the standby, or there
 * is one already and it parks, or ends. */
static enum pump_result step_aside(struct worker *worker, struct fiber *fiber)
{
    if (!(change_flags(worker, WORKER_ATTENTIVE, WORKER_STANDBY) & WORKER_STANDBY))
        return PUMP_YIELD;
    if (enough_parked(worker))
        return PUMP_EXIT;
    add_parked(worker, fiber);
    return PUMP_PARK;
}

/* The fiber takes its turn: from standby to attentive. */
static void enter(struct worker *worker, struct fiber *fiber)
{
    change_flags(worker, WORKER_STANDBY | WORKER_BUSY, WORKER_ATTENTIVE);
    worker->clock_every = worker->clock_in = 1;
    worker->yield_at = platform_now() + yield_every_ns;
    worker->yield_due = false;
    current_fiber = fiber;
    if (worker->runtime->engine->entered)
        worker->runtime->engine->entered(worker);
}

enum pump_result worker_pump(struct worker *worker, struct fiber *fiber)
{
    enum pump_result result = PUMP_PARK;
    enter(worker, fiber);
    for (;;) {
        struct item *item = next_item(worker);
        if (item) {
            run_item(worker, fiber, item);
            if (!worker->yield_due)
                continue;
            result = step_aside(worker, fiber);
            break;
        }
        end_if_closed(worker);
        if (take_over(worker))
            continue;
        bool lingered = worker->lingered;
        worker->lingered = false;
        if (!worker->ended && !lingered && wait_awake(worker, NULL))
            continue;
        if (enough_parked(worker)) {
            atomic_fetch_and(&worker->flags, ~WORKER_ATTENTIVE);
            if (has_missed_something(worker))
                make_standby(worker);
            result = PUMP_EXIT;
            break;
        }
        if (park(worker, fiber))
            break;
    }
    if (result == PUMP_EXIT)
        atomic_fetch_sub_explicit(&worker->fibers, 1, memory_order_relaxed);
    current_fiber = NULL;
    return result;
}
