/* SPDX-License-Identifier: MIT
 *
 * Ownership. A task is idle (its mailbox says INBOX_IDLE) or owned by exactly one of: the sender that found it idle,
 * until it has put it into its worker's inbox; that inbox; the worker's ready list; the fiber that runs it; the timer
 * of its back-off (failure.c). Only the owner takes from the mailbox. The owner gives the task up by turning an empty
 * mailbox into INBOX_IDLE, and must not touch it after that.
 *
 * End. The last handle's drop puts `dropped` into the mailbox, after all messages, so the owner meets it last and
 * runs exit. When the runtime closes first, `seal` is put there; the owner that has met it turns the empty mailbox into
 * INBOX_SEALED and runs exit; then no message can come, and the last drop finds the mailbox sealed. The struct is freed
 * when both the handles and the worker have let go of it.
 *
 * Failures. Of a type that restarts or stops, body_run_message leaves the failed message to the owner, which answers it
 * or keeps it (failure->message) to run it again. A restart takes the task DOWN, exit run and its roots released, and,
 * after the back-off, UP again. While it is down it stays on the list of live tasks, so that its worker does not end.
 * It is not brought up for nobody: if nothing waits when the last handle is gone or the runtime closes, it ends as it
 * is. A task that stops seals its mailbox in the step that takes out what is there, so each message is answered by a
 * body or told the cause, and its sender refused or answered.
 *
 * Counting. A reader of the queue's length says so in `readers` before it looks at the mailbox, and whoever takes the
 * mailbox's head waits for readers before it touches what it took; those that come meanwhile wait for it, so that one
 * who asks again and again does not keep the task from its mailbox. What was taken and has not begun is in `waiting`;
 * what was given up before that is counted in `given_up` from then until it is met. */
#include "core/task.h"

#include "base/checks.h"
#include "core/attention.h"
#include "core/body.h"
#include "core/closing.h"
#include "core/engine.h"
#include "core/express.h"
#include "core/failure.h"
#include "core/message.h"
#include "core/runtime.h"
#include "core/say.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { messages_per_turn = 64 };

static _Thread_local struct inbox_trail pushed;

/* All of it zeroed, but for what jltask puts there. */
static void reset_state(struct task *task)
{
    memset(task->state, 0, task->type->fields.state_size);
    if (task->type->fields.julia_run)
        memcpy(task->state, &task->type, sizeof task->type); /* as struct julia_bodies says */
}

jlt_status task_new(struct runtime *runtime, const struct type *type, struct task **made)
{
    static struct gate unlimited;
    size_t size = offsetof(struct task, state) + type->fields.state_size; /* not sizeof, which has padding */
    size_t gate_at = (size + alignof(struct gate) - 1) & ~(alignof(struct gate) - 1);
    struct task *task = malloc(type->fields.capacity ? gate_at + sizeof(struct gate) : size);
    if (!task)
        return JLT_NO_MEMORY;
    memset(task, 0, offsetof(struct task, state));
    task->item.kind = ITEM_TASK;
    task->dropped.kind = ITEM_DROPPED;
    task->seal.kind = ITEM_SEAL;
    atomic_init(&task->mailbox.head, INBOX_IDLE);
    task->gate = &unlimited;
    if (type->fields.capacity) {
        task->gate = (struct gate *)(void *)((unsigned char *)task + gate_at);
        gate_init(task->gate, type->fields.capacity);
    }
    atomic_init(&task->handles, 1);
    atomic_init(&task->owners, 2);
    task->runtime = runtime;
    task->type = type;
    reset_state(task);
    jlt_status status = type->fields.on_failure ? failure_new(task, &task->failure) : JLT_OK;
    if (status != JLT_OK) {
        free(task);
        return status;
    }
    COUNT(tasks, 1);
    *made = task;
    return JLT_OK;
}

void task_set_start(struct task *task, struct message *start)
{
    if (task->failure)
        failure_keep_config(task->failure, message_input(start));
    start->item.node.next = NULL;
    atomic_init(&task->mailbox.head, &start->item.node);
}

bool task_push(struct task *task)
{
    return runtime_push(task->runtime, task_place(task), &task->item);
}

static void let_go(struct task *task)
{
    if (atomic_fetch_sub(&task->owners, 1) == 1)
        runtime_free_task(task);
}

struct task *task_clone(struct task *task)
{
    /* relaxed: the caller's own handle keeps the task, and passing the new one on is the caller's to order */
    if (atomic_fetch_add_explicit(&task->handles, 1, memory_order_relaxed) <= 0)
        checks_abort("jlt_persistent_clone", "the handle was dropped before");
    return task;
}

bool task_try_clone(struct task *task)
{
    /* relaxed: the caller has the task from where it was published, and passing the handle on is its own to order */
    long handles = atomic_load_explicit(&task->handles, memory_order_relaxed);
    while (handles > 0)
        if (atomic_compare_exchange_weak_explicit(&task->handles, &handles, handles + 1, memory_order_relaxed,
                                                  memory_order_relaxed))
            return true;
    return false;
}

void task_drop(struct task *task)
{
    long handles = atomic_fetch_sub(&task->handles, 1);
    if (handles > 1)
        return;
    if (handles <= 0)
        checks_abort("jlt_persistent_drop", "the handle was dropped before");
    enum inbox_push push = inbox_push(&task->mailbox, &task->dropped.node, &pushed);
    if (push == INBOX_WAS_IDLE || (push == INBOX_PUSHED && task->failure && failure_wake(task->failure)))
        task_push(task);
    let_go(task);
}

static jlt_status sent(struct task *task, enum inbox_push push)
{
    if (push == INBOX_WAS_IDLE)
        task_push(task);
    return push == INBOX_REFUSED ? JLT_CLOSED : JLT_OK;
}

jlt_status task_send(struct task *task, struct message *message)
{
    return sent(task, inbox_push(&task->mailbox, &message->item.node, &pushed));
}

jlt_status task_send_many(struct task *task, struct message *first, struct message *last)
{
    return sent(task, inbox_push_chain(&task->mailbox, &first->item.node, &last->item.node));
}

/* ---- the owner ---- */

/* relaxed: its own, read by those who look */
static void add_waiting(struct task *task, unsigned messages)
{
    unsigned waiting = atomic_load_explicit(&task->waiting, memory_order_relaxed);
    atomic_store_explicit(&task->waiting, waiting + messages, memory_order_relaxed);
}

/* The owner's. */
static void await_readers(struct task *task)
{
    atomic_store(&task->taking, true);
    while (atomic_load(&task->readers))
        sched_yield();
    atomic_store(&task->taking, false);
}

/* What the mailbox has: kept as long as somebody counts it, since it is about to be turned round, handled and freed. A
 * reader comes before it looks at the head; who has taken the head looks for readers after that; so if the reader has
 * seen what was taken, the owner sees the reader. */
static struct inbox_node *take(struct task *task, bool seals)
{
    struct inbox_node *head = seals ? inbox_seal_head(&task->mailbox) : inbox_take_head(&task->mailbox);
    if (__builtin_expect(atomic_load(&task->readers), 0))
        await_readers(task);
    struct inbox_chain chain = inbox_in_order(head);
    unsigned messages = chain.length;
    /* what else is there comes when it is new, when all handles are gone, and when the runtime closes */
    bool others = !task->live || runtime_is_closed(task->runtime) || atomic_load(&task->handles) <= 0;
    for (struct inbox_node *node = chain.first; others && node; node = node->next)
        messages -= item_of(node)->kind != ITEM_RUN;
    add_waiting(task, messages);
    return chain.first;
}

/* What init and the code since then have left behind. */
static void release(struct task *task)
{
    const struct engine *engine = task->runtime->engine;
    if (task->kept)
        engine->release(task->kept);
    if (task->identity)
        engine->identity_free(task->identity);
    task->kept = task->identity = NULL;
}

/* Lets go of a task that never came to life or whose exit has been run. */
static void end_task(struct task *task, enum jlt_end_reason reason, jlt_status status)
{
    release(task);
    atomic_store(&task->mailbox.head, INBOX_SEALED);
    names_forget(task);
    monitor_tell(task, (jlt_end){reason, status, task->failure ? task->failure->restarts : 0});
    let_go(task);
}

static void call_exit(struct task *task, struct fiber *fiber)
{
    const struct engine *engine = task->runtime->engine;
    if (!task->type->fields.exit)
        return;
    uint64_t begin = body_clock(fiber);
    body_begin(fiber);
    jlt_frame *frame = engine->frame_open(fiber);
    if (frame) {
        task->type->fields.exit(frame, task->state);
        error_free(engine->frame_close(frame, false));
    }
    body_end(fiber, false);
    body_record(fiber, TRACE_EXIT, begin, task->type, JLT_OK);
}

static bool is_down(const struct task *task)
{
    return task->failure && task->failure->down;
}

/* For the last time. */
static void run_exit(struct task *task, struct fiber *fiber)
{
    closing_remove_task(&task->runtime->workers[task->home], task);
    task->live = false;
    if (!is_down(task))
        call_exit(task, fiber);
}

static void warm_up(struct task *task, struct fiber *fiber)
{
    const struct engine *engine = task->runtime->engine;
    jlt_frame *frame = engine->frame_open(fiber);
    if (!frame)
        return;
    task->type->fields.warm_up(frame, task->state);
    error_free(engine->frame_close(frame, false));
}

/* Between body_begin and body_end. NULL: it succeeded, and what it has rooted is kept. wanted: its failure's text. */
static struct error *call_init(struct task *task, struct fiber *fiber, const void *config, bool wanted)
{
    const struct engine *engine = task->runtime->engine;
    if (!task->type->fields.init)
        return NULL;
    jlt_frame *frame = engine->frame_open(fiber);
    if (!frame)
        return error_constant(JLT_NO_MEMORY);
    task->type->fields.init(frame, task->state, config);
    return engine->frame_keep(frame, &task->kept) ? NULL : engine->frame_close(frame, wanted);
}

/* Runs init. On success the message's output is the first handle, else the task ends and its handle with it. */
static void run_start(struct task *task, struct fiber *fiber, struct message *message)
{
    uint64_t begin = body_clock(fiber);
    body_begin(fiber);
    body_is_of(fiber, message);
    fiber->runs = &message->item;
    struct error *error = call_init(task, fiber, message_input(message), message_is_wanted(message));
    body_record(fiber, TRACE_INIT, begin, task->type, error ? error->status : JLT_OK);
    if (!error && type_claim_warm_up(task->type))
        warm_up(task, fiber);
    fiber->runs = &task->item;
    body_is_of(fiber, NULL);
    body_end(fiber, false);
    if (error) {
        message_complete(message, error);
        let_go(task); /* for the handle that was never delivered */
        return;
    }
    task->live = true;
    task->home = fiber->worker->number;
    task->sealing = closing_add_task(fiber->worker, task); /* it is owned, and will seal itself */
    *(struct task **)message_output(message) = task;
    message_complete(message, NULL);
}

/* A message that is cancelled; a start that is cancelled takes its handle with it. */
static void cancel(struct task *task, struct message *message)
{
    bool start = message->item.kind == ITEM_START;
    message_cancel(message);
    if (start)
        let_go(task);
}

/* Takes one item out of the batch. DROPPED and SEAL are only noted, and what was given up is gone. */
static struct message *take_message(struct task *task, struct worker *worker)
{
    struct item *item = item_of(task->batch);
    task->batch = task->batch->next;
    if (item->kind == ITEM_DROPPED) {
        task->last_dropped = true;
        return NULL;
    }
    if (item->kind == ITEM_SEAL) {
        task->sealing = true;
        return NULL;
    }
    struct message *message = (struct message *)item;
    bool start = item->kind == ITEM_START;
    if (!start)
        add_waiting(task, -1U);
    if (!message_begin(message, worker)) {
        if (start)
            let_go(task); /* for the handle that is never delivered */
        else
            atomic_fetch_sub(&task->given_up, 1);
        return NULL;
    }
    if (!start)
        stats_begun(&worker->stats);
    message_leave_place(message, start ? &task->runtime->channel : task->gate, task->runtime);
    return message;
}

/* The fiber is the task's current one in its code's eyes, from enter to leave. */
static void enter_identity(struct task *task, struct fiber *fiber)
{
    if (task->identity)
        task->runtime->engine->identity_enter(fiber, task->identity);
}

static void leave_identity(struct task *task, struct fiber *fiber)
{
    if (task->runtime->engine->identity_leave)
        task->runtime->engine->identity_leave(fiber, &task->identity);
}

static bool go_idle(struct task *task, struct fiber *fiber)
{
    leave_identity(task, fiber);
    if (inbox_leave(&task->mailbox, INBOX_IDLE)) /* it is not ours any more */
        return true;
    enter_identity(task, fiber);
    return false;
}

/* The batch is empty and nothing more can come, or did: gives the task up. True if there is more after all. */
static bool give_up(struct task *task, struct fiber *fiber)
{
    if (task->live && !task->last_dropped && !task->sealing)
        return !go_idle(task, fiber);
    if (task->live) { /* else its start failed, and nobody has a handle */
        if (!task->last_dropped && !inbox_leave(&task->mailbox, INBOX_SEALED))
            return true;
        run_exit(task, fiber);
    }
    leave_identity(task, fiber);
    end_task(task, task->last_dropped ? JLT_END_DROPPED : JLT_END_CLOSED, JLT_OK);
    return false;
}

/* ---- failures ---- */

/* How a task is after a step of its owner's. GONE: it is not the caller's any more. */
enum condition { TASK_UP, TASK_DOWN, TASK_GONE };

static void answer_failed(struct failure *failure)
{
    struct message *message = failure->message;
    if (message)
        message_complete(message, failure->error);
    failure->message = NULL;
}

/* The task ends, since a message or a restart has failed: it accepts nothing more, and what waits is told the cause,
 * which is owned. */
static enum condition stop(struct task *task, struct fiber *fiber, struct error *cause)
{
    jlt_status status = cause->status;
    say(SAY_ERROR, "a \"%s\" ends, for %s: %s", task->type->name, jlt_status_name(status), cause->message);
    struct inbox_node **end = &task->batch;
    /* release: the texts of the cause; and before the seal, after which senders look for it */
    atomic_store_explicit(&task->failure->cause, cause, memory_order_release);
    while (*end)
        end = &(*end)->next;
    *end = take(task, true);
    answer_failed(task->failure);
    run_exit(task, fiber);
    leave_identity(task, fiber);
    while (task->batch) {
        struct message *message = take_message(task, fiber->worker);
        if (message)
            message_refuse(message, failure_closed(task));
    }
    end_task(task, JLT_END_FAILED, status);
    return TASK_GONE;
}

/* A message has failed. */
static enum condition fail(struct task *task, struct fiber *fiber, struct message *message, struct error *error)
{
    struct failure *failure = task->failure;
    bool restarts = failure_may_restart(failure);
    struct error *cause = restarts ? NULL : error_copy(error);
    failure->message = message;
    failure->error = error;
    if (!restarts)
        return stop(task, fiber, cause);
    say(SAY_WARN, "a \"%s\" is to be restarted, for %s: %s", task->type->name, jlt_status_name(error->status),
        error->message);
    if (!task->type->fields.retry || runtime_is_closed(task->runtime))
        answer_failed(failure);
    call_exit(task, fiber);
    leave_identity(task, fiber);
    release(task);
    reset_state(task);
    failure->down = true;
    return TASK_DOWN;
}

static enum condition run_message(struct task *task, struct fiber *fiber, struct message *message)
{
    struct error *error = NULL;
    body_run_message(fiber, message, task->state, &task->batch, task->failure ? &error : NULL);
    if (__builtin_expect(!error, 1))
        return TASK_UP;
    if (!message_is_given_up(message))
        return fail(task, fiber, message, error);
    message_complete(message, error); /* a body that was told to stop has not failed */
    return TASK_UP;
}

/* The failed message, once more. */
static enum condition retry(struct task *task, struct fiber *fiber)
{
    struct message *message = task->failure->message;
    task->failure->message = NULL;
    if (message_is_given_up(message)) {
        message_complete(message, task->failure->error);
        return TASK_UP;
    }
    error_free(task->failure->error);
    memset(message_output(message), 0, task->type->fields.output_size); /* a body may have written there */
    return run_message(task, fiber, message);
}

static enum condition restart(struct task *task, struct fiber *fiber)
{
    struct failure *failure = task->failure;
    uint64_t begin = body_clock(fiber);
    failure->restarts++;
    count_own(&fiber->worker->stats.restarts, 1);
    body_begin(fiber);
    struct error *error = call_init(task, fiber, failure->config, true);
    body_end(fiber, false);
    body_record(fiber, TRACE_RESTART, begin, task->type, error ? error->status : JLT_OK);
    if (error)
        return stop(task, fiber, error);
    failure->down = false;
    return failure->message ? retry(task, fiber) : TASK_UP;
}

/* Takes what has come, as far as it is no message. True: messages wait. */
static bool has_waiting(struct task *task, struct worker *worker)
{
    for (;;) {
        if (!task->batch)
            task->batch = take(task, false);
        if (!task->batch)
            return task->failure->message;
        enum item_kind kind = item_of(task->batch)->kind;
        if (kind != ITEM_DROPPED && kind != ITEM_SEAL)
            return true;
        take_message(task, worker);
    }
}

/* Brings a task up that is down, unless it backs off, or is not needed any more. */
static enum condition come_up(struct task *task, struct fiber *fiber)
{
    struct runtime *runtime = task->runtime;
    bool closed = runtime_is_closed(runtime);
    if (runtime_is_cancelled(runtime)) {
        answer_failed(task->failure);
        task_cancel_waiting(task, fiber->worker);
    }
    bool waiting = has_waiting(task, fiber->worker);
    if (!waiting && (task->last_dropped || closed))
        return give_up(task, fiber) ? TASK_DOWN : TASK_GONE;
    enum back_off back_off = closed ? BACK_OFF_OVER : failure_back_off(task->failure);
    if (back_off == BACK_OFF_OVER)
        return restart(task, fiber);
    return back_off == BACK_OFF_WAITS ? TASK_GONE : TASK_DOWN;
}

/* Until it is up, or others should have a turn. */
static enum condition recover(struct task *task, struct fiber *fiber)
{
    enum condition condition = TASK_DOWN;
    while (condition == TASK_DOWN && !fiber->worker->yield_due)
        condition = come_up(task, fiber);
    return condition;
}

/* ---- turns ---- */

static enum condition handle(struct task *task, struct fiber *fiber, struct message *message)
{
    if (runtime_is_cancelled(task->runtime))
        cancel(task, message);
    else if (message->item.kind == ITEM_START)
        run_start(task, fiber, message);
    else
        return run_message(task, fiber, message);
    return TASK_UP;
}

static bool run_turn(struct task *task, struct fiber *fiber)
{
    struct worker *worker = fiber->worker;
    enum condition condition = is_down(task) ? recover(task, fiber) : TASK_UP;
    if (condition != TASK_UP)
        return condition == TASK_DOWN;
    enter_identity(task, fiber);
    for (int messages = 0; messages < messages_per_turn && !worker->yield_due;) {
        if (!task->batch) {
            if (!worker_has_taken(worker)) /* else the last in the row was cancelled, or no message */
                body_end_row(fiber);
            task->batch = take(task, false);
        }
        if (!task->batch) {
            bool stays = task->live && !task->last_dropped && !task->sealing;
            bool more = stays && (worker_linger(worker, &task->mailbox) || express_take_for(worker, task));
            if (!more && !give_up(task, fiber))
                return false;
            continue;
        }
        struct message *message = take_message(task, worker);
        if (!message)
            continue;
        condition = handle(task, fiber, message);
        if (condition == TASK_DOWN)
            condition = recover(task, fiber);
        if (condition != TASK_UP)
            return condition == TASK_DOWN;
        messages++;
    }
    leave_identity(task, fiber);
    return true;
}

/* relaxed: its own, read by those who look */
static void note_worker(struct task *task, struct worker *worker)
{
    unsigned here = worker->number + 1, before = atomic_load_explicit(&task->ran_on, memory_order_relaxed);
    if (__builtin_expect(before == here, 1))
        return;
    atomic_store_explicit(&task->ran_on, here, memory_order_relaxed);
    if (!before)
        return;
    atomic_store_explicit(&task->takeovers, atomic_load_explicit(&task->takeovers, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    count_own(&worker->stats.takeovers, 1);
}

bool task_run(struct task *task, struct fiber *fiber)
{
    struct turn turn = {.task = task};
    note_worker(task, fiber->worker);
    worker_begin_turn(fiber->worker, &turn);
    bool more = run_turn(task, fiber);
    worker_end_turn(fiber->worker, &turn);
    return more;
}

bool task_seal(struct task *task)
{
    return inbox_push(&task->mailbox, &task->seal.node, &pushed) == INBOX_WAS_IDLE;
}

void task_cancel_waiting(struct task *task, struct worker *worker)
{
    struct inbox_node **end = &task->batch;
    struct inbox_node *head = atomic_load(&task->mailbox.head);
    while (*end)
        end = &(*end)->next;
    if (head != INBOX_IDLE && head != INBOX_SEALED)
        *end = take(task, false);
    while (task->batch) {
        struct message *message = take_message(task, worker);
        if (message)
            cancel(task, message);
    }
}
