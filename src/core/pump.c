/* SPDX-License-Identifier: MIT
 *
 * What a fiber does between bodies: takes the next ready thing and runs it; when there is none, waits awake for a
 * moment, if nobody else does, and parks. Who else may sleep meanwhile, attention.c decides. */
#include "base/list.h"
#include "core/attention.h"
#include "core/body.h"
#include "core/closing.h"
#include "core/engine.h"
#include "core/express.h"
#include "core/interrupt.h"
#include "core/message.h"
#include "core/parker.h"
#include "core/task.h"
#include "platform/platform.h"

enum {
    looks_per_safepoint = 16,
    ahead_ns = 4000,         /* of work that is taken from the queue at once */
    yield_every_ns = 1000000 /* Julia's own tasks, timers and I/O on this thread wait no longer than twice this, but
                                for the length of a body */
};

_Thread_local struct fiber *current_fiber;

/* ---- what is ready ---- */

static struct item *take_own(struct worker *worker)
{
    if (!worker->own.first && !worker->ended)
        inbox_append(&worker->own, inbox_take(&worker->inbox));
    struct inbox_node *node = inbox_pop(&worker->own);
    return node ? item_of(node) : NULL;
}

void worker_take_back_held(struct worker *worker)
{
    inbox_append(&worker->held, (struct inbox_chain){worker->own.first, worker->own.last, 0});
    worker->own = worker->held;
    worker->held = (struct inbox_list){NULL, NULL};
}

/* Of a worker that is full: what wakes a body, or tells one to stop. */
static struct item *next_errand(struct worker *worker)
{
    struct item *item;
    while ((item = take_own(worker)) && (item->kind == ITEM_TASK || item->kind == ITEM_ONCE))
        inbox_append(&worker->held, inbox_chain_of(&item->node));
    return item;
}

/* How many to take besides the first: as many as are done in a moment, and leave their share to others. */
static unsigned to_take_ahead(const struct worker *worker)
{
    /* relaxed: a hint */
    unsigned length = atomic_load_explicit(&worker->runtime->ready.length, memory_order_relaxed) / 2;
    unsigned most = worker->slow ? 0 : (unsigned)(ahead_ns / (worker->body_ns + 1));
    most = most < ahead_at_most ? most : ahead_at_most;
    return length < most ? length : most;
}

/* A row ends before something is taken from the queue, so that what stays there, or is taken ahead, is looked after
 * when the next row begins. */
static struct item *take_anyones(struct worker *worker, struct fiber *fiber)
{
    struct ready *ready = &worker->runtime->ready;
    if (!worker_has_others(worker) || worker->ended)
        return NULL;
    struct item *item = ahead_is_empty(&worker->ahead) ? NULL : ahead_take(&worker->ahead);
    if (item || ready_is_empty(ready))
        return item;
    body_end_row(fiber);
    return ready_take(ready, &worker->ahead, to_take_ahead(worker));
}

/* From the worker's inbox and from the runtime's queue in turn. */
static struct item *next_item(struct worker *worker, struct fiber *fiber)
{
    if (worker->bodies - fiber->in_row == worker->bodies_at_most)
        return next_errand(worker);
    struct item *expected = express_take(worker);
    if (expected)
        return expected;
    worker->own_next = !worker->own_next;
    struct item *item = worker->own_next ? take_own(worker) : take_anyones(worker, fiber);
    if (!item)
        item = worker->own_next ? take_anyones(worker, fiber) : take_own(worker);
    return item;
}

/* A task that has more to do, behind all that came meanwhile. */
static void put_back(struct worker *worker, struct task *task)
{
    if (!task_place(task) && !worker->ended) {
        ready_put_back(&worker->runtime->ready, &task->item);
        return;
    }
    inbox_append(&worker->own, inbox_take(&worker->inbox));
    inbox_append(&worker->own, inbox_chain_of(&task->item.node));
}

/* ---- waiting awake ---- */

/* What an awake worker looks at. */
struct wait {
    const struct worker *worker;
    const struct inbox *mailbox; /* or NULL */
    unsigned looks;
};

/* Collections and the end of the wait are the only things it can miss for a moment. */
static bool has_work(void *context)
{
    struct wait *wait = context;
    const struct worker *worker = wait->worker;
    if (worker->runtime->engine->safepoint && ++wait->looks % looks_per_safepoint == 0)
        worker->runtime->engine->safepoint();
    return express_has_come(worker) || !inbox_is_empty(&worker->inbox) || !ready_is_empty(&worker->runtime->ready) ||
           (wait->mailbox && !inbox_is_empty(wait->mailbox));
}

static bool wait_awake(struct worker *worker, const struct inbox *mailbox)
{
    struct wait wait = {worker, mailbox, 0};
    return attention_may_wait_awake(worker) && spin_until(&worker->spinner, SPIN_WORKER, SPIN_CLOSE, has_work, &wait);
}

bool worker_linger(struct worker *worker, const struct inbox *mailbox)
{
    if (worker->closing || worker_has_own(worker) || worker_has_taken(worker) ||
        !ready_is_empty(&worker->runtime->ready))
        return false;
    worker->lingered = !wait_awake(worker, mailbox);
    return !inbox_is_empty(mailbox);
}

/* ---- items ---- */

void worker_begin_turn(struct worker *worker, struct turn *turn)
{
    LIST_ADD(worker->turns, turn);
}

void worker_end_turn(struct worker *worker, struct turn *turn)
{
    LIST_REMOVE(worker->turns, turn);
}

/* A one-shot task. */
static void run_once(struct fiber *fiber, struct message *message)
{
    struct runtime *runtime = fiber->worker->runtime;
    struct inbox_node *nothing = NULL;
    if (!message_begin(message, fiber->worker))
        return;
    if (!message->type->own)
        stats_begun(&fiber->worker->stats);
    message_leave_place(message, &runtime->channel, runtime);
    if (runtime_is_cancelled(runtime))
        message_cancel(message);
    else
        body_run_message(fiber, message, NULL, &nothing, NULL);
    if (runtime->engine->identity_leave)
        runtime->engine->identity_leave(fiber, NULL);
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

static void run_item(struct worker *worker, struct fiber *fiber, struct item *item)
{
    fiber->runs = item;
    switch (item->kind) {
    case ITEM_TASK:
        if (task_run((struct task *)item, fiber))
            put_back(worker, (struct task *)item);
        break;
    case ITEM_ONCE:
        run_once(fiber, (struct message *)item);
        break;
    case ITEM_WAKE:
        wake(worker, ((struct parker *)item)->fiber);
        break;
    case ITEM_CLOSE:
        closing_begin(worker);
        break;
    case ITEM_CANCEL:
        for (struct turn *turn = worker->turns; turn; turn = turn->next) /* suspended; the others will see */
            task_cancel_waiting(turn->task, worker);
        break;
    case ITEM_INTERRUPT:
        interrupt_bodies(worker);
        break;
    default:
        break; /* the others are only in mailboxes */
    }
}

/* ---- the pump ---- */

/* The list of a worker's fibers is changed by its own thread, which alone walks it without the lock. */
static void add_fiber(struct worker *worker, struct fiber *fiber)
{
    spin_lock(&worker->lock);
    fiber->before = NULL;
    fiber->after = worker->fibers_here;
    if (fiber->after)
        fiber->after->before = fiber;
    if (!worker->has_no_fibers)
        worker->fibers_here = fiber;
    spin_unlock(&worker->lock);
    fiber->is_here = true;
    atomic_fetch_add_explicit(&worker->fibers, 1, memory_order_relaxed);
    fiber->track = trace_track(worker->number, worker->tracks++);
}

static void remove_fiber(struct worker *worker, struct fiber *fiber)
{
    spin_lock(&worker->lock);
    if (fiber->after)
        fiber->after->before = fiber->before;
    if (fiber->before)
        fiber->before->after = fiber->after;
    else if (!worker->has_no_fibers)
        worker->fibers_here = fiber->after;
    spin_unlock(&worker->lock);
}

/* The fiber takes its turn: from standby to attentive. */
static void enter(struct worker *worker, struct fiber *fiber)
{
    attention_enter(worker);
    spin_slept(&worker->spinner);
    if (!fiber->is_here)
        add_fiber(worker, fiber);
    worker->clock_every = worker->clock_in = 1;
    int64_t now = platform_now();
    worker->yield_at = now + yield_every_ns;
    worker->yield_due = false;
    body_hand_over(worker, fiber, now);
    current_fiber = fiber;
}

/* The fiber leaves the pump with things perhaps still ready. Either it comes back itself, as the standby, or there is
 * one already and it parks, or ends. */
static enum pump_result step_aside(struct worker *worker, struct fiber *fiber)
{
    express_forget(worker);
    if (attention_step_aside(worker))
        return PUMP_YIELD;
    if (attention_has_enough_parked(worker))
        return PUMP_EXIT;
    attention_add_parked(worker, fiber);
    return PUMP_PARK;
}

/* Whether something came while the worker waited for it. */
static bool await_more(struct worker *worker)
{
    bool lingered = worker->lingered;
    worker->lingered = false;
    return !lingered && wait_awake(worker, NULL);
}

enum pump_result worker_pump(struct worker *worker, struct fiber *fiber)
{
    enum pump_result result = PUMP_PARK;
    enter(worker, fiber);
    for (;;) {
        struct item *item = next_item(worker, fiber);
        if (item) {
            run_item(worker, fiber, item);
            fiber->row_turns++;
            if (!worker->yield_due)
                continue;
            body_end_row(fiber);
            result = step_aside(worker, fiber);
            break;
        }
        body_end_row(fiber);
        if (worker->closing)
            express_forget(worker);
        closing_end_if_done(worker);
        if (await_more(worker))
            continue;
        if (attention_has_enough_parked(worker)) {
            result = PUMP_EXIT;
            attention_exit(worker);
            break;
        }
        if (attention_park(worker, fiber))
            break;
    }
    if (result == PUMP_EXIT) {
        remove_fiber(worker, fiber);
        atomic_fetch_sub_explicit(&worker->fibers, 1, memory_order_relaxed);
        worker->running = NULL;
    }
    current_fiber = NULL;
    return result;
}
