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
 * until it runs. When a body suspends with nothing else ready, nothing needs to happen; the next sender rings.
 *
 * ready and tasks are private to the thread. The pump runs nothing that could switch fibers, except in bodies. */
#include "core/worker.h"

#include "core/engine.h"
#include "core/message.h"
#include "core/parker.h"
#include "core/runtime.h"
#include "core/task.h"
#include "platform/platform.h"

#include <sched.h>
#include <string.h>

enum {
    parked_at_most = 64,     /* spare fibers; further ones end */
    fibers_at_most = 24000,  /* of all workers; Julia moves stacks beyond 30000, and parkers and messages are on them */
    bodies_per_clock = 16,   /* the clock is read no less often */
    yield_every_ns = 1000000 /* Julia's own tasks, timers and I/O on this thread wait no longer than twice this, but
                                for the length of a body */
};

_Thread_local struct fiber *current_fiber;

void worker_init(struct worker *worker, struct runtime *runtime)
{
    memset(worker, 0, sizeof *worker);
    worker->runtime = runtime;
    worker->ready_end = &worker->ready;
    worker->close.kind = ITEM_CLOSE;
    worker->cancel.kind = ITEM_CANCEL;
    atomic_flag_clear(&worker->lock.held);
}

/* ---- senders and the doorbell ---- */

/* Rings the doorbell, and marks that, unless one of the flags `unless` is set. RUNG is set only by the one who rings: a
 * mark without a ring would silence all senders after it. */
static void ring(struct worker *worker, unsigned unless, unsigned mark)
{
    atomic_fetch_add(&worker->ringers, 1); /* before the look at the flags, as end_if_closed says */
    unsigned flags = atomic_load(&worker->flags);
    bool marked = false;
    while (!marked && !(flags & unless))
        marked = atomic_compare_exchange_weak(&worker->flags, &flags, flags | mark);
    if (marked && !(flags & WORKER_RUNG))
        worker->runtime->engine->ring(worker);
    atomic_fetch_sub(&worker->ringers, 1);
}

bool worker_push(struct worker *worker, struct item *item)
{
    if (inbox_push(&worker->inbox, &item->node) == INBOX_REFUSED)
        return false;
    if (atomic_load(&worker->flags) == 0)
        ring(worker, ~0u, WORKER_RUNG);
    return true;
}

/* An awake worker's look. Collections and the end of the wait are the only things it can miss for a moment. */
static bool has_work(void *context)
{
    const struct worker *worker = context;
    if (worker->runtime->engine->safepoint)
        worker->runtime->engine->safepoint();
    return !inbox_is_empty(&worker->inbox);
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
        ring(worker, WORKER_ENDED, WORKER_RUNG | WORKER_WANTING);
}

void worker_doorbell(struct worker *worker)
{
    unsigned flags = atomic_fetch_and(&worker->flags, ~(unsigned)(WORKER_RUNG | WORKER_WANTING));
    if ((flags & WORKER_WANTING) || !inbox_is_empty(&worker->inbox))
        make_standby(worker);
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
        ring(worker, WORKER_ENDED, WORKER_RUNG | WORKER_WANTING);
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
    atomic_fetch_and(&worker->flags, ~WORKER_ATTENTIVE);
    if (worker->ready || !inbox_is_empty(&worker->inbox))
        make_standby(worker);
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
    atomic_fetch_or(&worker->flags, WORKER_ATTENTIVE);
    if (--worker->clock_in == 0)
        look_at_clock(worker);
}

void worker_end_message(struct worker *worker, struct message *message, jlt_frame *frame)
{
    struct error *error = NULL;
    if (frame)
        error = worker->runtime->engine->frame_close(frame, message_is_wanted(message));
    worker_end_body(worker);
    if (frame)
        message_complete(message, error);
    else
        message_refuse(message, JLT_NO_MEMORY);
}

/* ---- live tasks ---- */

static void append_ready(struct worker *worker, struct inbox_node *nodes)
{
    *worker->ready_end = nodes;
    while (*worker->ready_end)
        worker->ready_end = &(*worker->ready_end)->next;
}

/* Seals a task; if it was idle it becomes ready, to run its exit. */
static void seal(struct worker *worker, struct task *task)
{
    if (task_seal(task)) {
        task->item.node.next = NULL;
        append_ready(worker, &task->item.node);
    }
}

void worker_add_task(struct worker *worker, struct task *task)
{
    task->previous = NULL;
    task->next = worker->tasks;
    if (task->next)
        task->next->previous = task;
    worker->tasks = task;
    if (worker->closing)
        task->sealing = true; /* it is owned, and will seal itself */
}

void worker_remove_task(struct worker *worker, struct task *task)
{
    if (task->previous)
        task->previous->next = task->next;
    else
        worker->tasks = task->next;
    if (task->next)
        task->next->previous = task->previous;
}

/* ---- the pump ---- */

static void run_once(struct worker *worker, struct fiber *fiber, struct message *message)
{
    if (message->gate)
        gate_leave(message->gate, &worker->runtime->senders);
    if (runtime_is_cancelled(worker->runtime)) {
        message_refuse(message, JLT_CANCELLED);
        return;
    }
    worker_begin_body(worker);
    jlt_frame *frame = worker->runtime->engine->frame_open(fiber);
    if (frame)
        message->type->run_once(frame, message->input, message->output);
    worker_end_message(worker, message, frame);
}

static void run_item(struct worker *worker, struct fiber *fiber, struct item *item)
{
    switch (item->kind) {
    case ITEM_TASK:
        if (task_run((struct task *)item, fiber)) {
            append_ready(worker, inbox_take(&worker->inbox)); /* those that came meanwhile have their turn first */
            item->node.next = NULL;
            append_ready(worker, &item->node);
        }
        break;
    case ITEM_MESSAGE:
        run_once(worker, fiber, (struct message *)item);
        break;
    case ITEM_WAKE:
        wake(worker, ((struct parker *)item)->fiber);
        break;
    case ITEM_CLOSE:
        worker->closing = true;
        for (struct task *task = worker->tasks; task; task = task->next)
            seal(worker, task);
        break;
    case ITEM_CANCEL:
        for (struct task *task = worker->tasks; task; task = task->next)
            task_cancel_waiting(task);
        break;
    case ITEM_DROPPED:
        break; /* only in mailboxes */
    }
}

static struct item *next_item(struct worker *worker)
{
    if (!worker->ready) {
        worker->ready_end = &worker->ready;
        if (worker->ended)
            return NULL;
        append_ready(worker, inbox_take(&worker->inbox));
    }
    struct inbox_node *node = worker->ready;
    if (!node)
        return NULL;
    worker->ready = node->next;
    if (!worker->ready)
        worker->ready_end = &worker->ready;
    return item_of(node);
}

/* Nothing is ready. If nothing can become ready either, the worker ends. The engine may then take its doorbell down, so
 * senders that are between their push and their ring are waited for: ringers and ENDED are changed and looked at in
 * opposite orders, so that either they are seen here or they see that they need not ring. */
static void end_if_closed(struct worker *worker)
{
    if (!worker->closing || worker->ended || worker->tasks || worker->bodies || atomic_load(&worker->guests) ||
        !inbox_leave(&worker->inbox, INBOX_SEALED))
        return;
    worker->ended = true;
    atomic_fetch_or(&worker->flags, WORKER_ENDED);
    while (atomic_load(&worker->ringers))
        sched_yield();
    runtime_worker_ended(worker->runtime);
}

/* Puts the fiber among the parked. False: something became ready, and the fiber goes on. */
static bool park(struct worker *worker, struct fiber *fiber)
{
    add_parked(worker, fiber);
    atomic_fetch_and(&worker->flags, ~WORKER_ATTENTIVE);
    if (inbox_is_empty(&worker->inbox))
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
    unsigned flags = atomic_load(&worker->flags), next;
    do
        next = (flags & ~(unsigned)WORKER_ATTENTIVE) | WORKER_STANDBY;
    while (!atomic_compare_exchange_weak(&worker->flags, &flags, next));
    if (!(flags & WORKER_STANDBY))
        return PUMP_YIELD;
    if (enough_parked(worker))
        return PUMP_EXIT;
    add_parked(worker, fiber);
    return PUMP_PARK;
}

/* The fiber takes its turn: from standby to attentive. */
static void enter(struct worker *worker, struct fiber *fiber)
{
    unsigned flags = atomic_load(&worker->flags);
    while (!atomic_compare_exchange_weak(&worker->flags, &flags,
                                         (flags & ~(unsigned)WORKER_STANDBY) | WORKER_ATTENTIVE)) {
    }
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
        /* not while a body is suspended: it may be waiting to have this thread */
        if (!worker->ended && !worker->bodies && spin_until(&worker->spinner, &spin_workers, has_work, worker))
            continue;
        if (enough_parked(worker)) {
            atomic_fetch_and(&worker->flags, ~WORKER_ATTENTIVE);
            if (!inbox_is_empty(&worker->inbox))
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
