/* SPDX-License-Identifier: MIT
 *
 * Ownership. A task is idle (its mailbox says INBOX_IDLE) or owned by exactly one of: the sender that found it idle,
 * until it has put it into its worker's inbox; that inbox; the worker's ready list; the fiber that runs it. Only the
 * owner takes from the mailbox. The owner gives the task up by turning an empty mailbox into INBOX_IDLE, and must
 * not touch it after that.
 *
 * End. The last handle's drop puts `dropped` into the mailbox, after all messages, so the owner meets it last and
 * runs exit. When the runtime closes first, `seal` is put there; the owner that has met it turns the empty mailbox into
 * INBOX_SEALED and runs exit; then no message can come, and the last drop finds the mailbox sealed. The struct is freed
 * when both the handles and the worker have let go of it. */
#include "core/task.h"

#include "base/checks.h"
#include "core/attention.h"
#include "core/body.h"
#include "core/closing.h"
#include "core/engine.h"
#include "core/message.h"
#include "core/runtime.h"

#include <stdlib.h>
#include <string.h>

enum { messages_per_turn = 64 };

static _Thread_local struct inbox_trail pushed;

struct task *task_new(struct runtime *runtime, struct worker *worker, const struct type *type)
{
    size_t size = offsetof(struct task, state) + type->fields.state_size; /* not sizeof, which is a line's multiple */
    struct task *task = malloc(size);
    if (!task)
        return NULL;
    memset(task, 0, size);
    task->item.kind = ITEM_TASK;
    task->dropped.kind = ITEM_DROPPED;
    task->seal.kind = ITEM_SEAL;
    atomic_init(&task->mailbox.head, INBOX_IDLE);
    gate_init(&task->gate, type->fields.capacity);
    atomic_init(&task->handles, 1);
    atomic_init(&task->owners, 2);
    task->runtime = runtime;
    task->worker = worker;
    task->type = type;
    if (type->fields.julia_run)
        memcpy(task->state, &type, sizeof type); /* as struct julia_bodies says */
    COUNT(tasks, 1);
    return task;
}

void task_set_start(struct task *task, struct message *start)
{
    start->item.node.next = NULL;
    atomic_init(&task->mailbox.head, &start->item.node);
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

void task_drop(struct task *task)
{
    long handles = atomic_fetch_sub(&task->handles, 1);
    if (handles > 1)
        return;
    if (handles <= 0)
        checks_abort("jlt_persistent_drop", "the handle was dropped before");
    if (inbox_push(&task->mailbox, &task->dropped.node, &pushed) == INBOX_WAS_IDLE)
        runtime_push(task->runtime, task->worker, &task->item);
    let_go(task);
}

jlt_status task_send(struct task *task, struct message *message)
{
    switch (inbox_push(&task->mailbox, &message->item.node, &pushed)) {
    case INBOX_REFUSED:
        return JLT_CLOSED;
    case INBOX_WAS_IDLE:
        runtime_push(task->runtime, task->worker, &task->item);
        return JLT_OK;
    default:
        return JLT_OK;
    }
}

/* ---- the owner ---- */

/* Lets go of a task that never came to life or whose exit has been run. */
static void end_task(struct task *task)
{
    const struct engine *engine = task->runtime->engine;
    if (task->kept)
        engine->release(task->kept);
    if (task->identity)
        engine->identity_free(task->identity);
    atomic_store(&task->mailbox.head, INBOX_SEALED);
    let_go(task);
}

static void run_exit(struct task *task, struct fiber *fiber)
{
    const struct engine *engine = task->runtime->engine;
    closing_remove_task(task->home, task);
    task->live = false;
    if (task->type->fields.exit) {
        body_begin(fiber);
        jlt_frame *frame = engine->frame_open(fiber);
        if (frame) {
            task->type->fields.exit(frame, task->state);
            error_free(engine->frame_close(frame, false));
        }
        body_end(fiber, false);
    }
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

/* Runs init. On success the message's output is the first handle, else the task ends and its handle with it. */
static void run_start(struct task *task, struct fiber *fiber, struct message *message)
{
    const struct engine *engine = task->runtime->engine;
    struct error *error = NULL;
    body_begin(fiber);
    fiber->runs = &message->item;
    if (task->type->fields.init) {
        jlt_frame *frame = engine->frame_open(fiber);
        if (frame) {
            task->type->fields.init(frame, task->state, message_input(message));
            if (!engine->frame_keep(frame, &task->kept))
                error = engine->frame_close(frame, message_is_wanted(message));
        } else {
            error = error_constant(JLT_NO_MEMORY);
        }
    }
    if (!error && type_claim_warm_up(task->type))
        warm_up(task, fiber);
    fiber->runs = &task->item;
    body_end(fiber, false);
    if (error) {
        message_complete(message, error);
        let_go(task); /* for the handle that was never delivered */
        return;
    }
    task->live = true;
    task->home = fiber->worker;
    task->sealing = closing_add_task(task->home, task); /* it is owned, and will seal itself */
    *(struct task **)message_output(message) = task;
    message_complete(message, NULL);
}

/* A message that is cancelled; a start that is cancelled takes its handle with it. */
static void cancel(struct task *task, struct message *message)
{
    bool start = message->item.kind == ITEM_START;
    message_refuse(message, JLT_CANCELLED);
    if (start)
        let_go(task);
}

/* Takes one item out of the batch. DROPPED and SEAL are only noted. */
static struct message *take_message(struct task *task)
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
    gate_leave(item->kind == ITEM_START ? &task->runtime->channel : &task->gate, &task->runtime->senders);
    return message;
}

static void handle(struct task *task, struct fiber *fiber, struct message *message)
{
    if (runtime_is_cancelled(task->runtime))
        cancel(task, message);
    else if (message->item.kind == ITEM_START)
        run_start(task, fiber, message);
    else
        body_run_message(fiber, message, task->state, &task->batch);
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
    end_task(task);
    return false;
}

static bool run_turn(struct task *task, struct fiber *fiber)
{
    struct worker *worker = fiber->worker;
    enter_identity(task, fiber);
    for (int messages = 0; messages < messages_per_turn && !worker->yield_due;) {
        if (!task->batch) {
            if (!worker_has_taken(worker)) /* else the last in the row was cancelled, or no message */
                body_end_row(fiber);
            task->batch = inbox_take(&task->mailbox).first;
        }
        if (!task->batch) {
            bool stays = task->live && !task->last_dropped && !task->sealing;
            if (!(stays && worker_linger(worker, &task->mailbox)) && !give_up(task, fiber))
                return false;
            continue;
        }
        struct message *message = take_message(task);
        if (message) {
            handle(task, fiber, message);
            messages++;
        }
    }
    leave_identity(task, fiber);
    return true;
}

bool task_run(struct task *task, struct fiber *fiber)
{
    struct turn turn = {.task = task};
    worker_begin_turn(fiber->worker, &turn);
    bool more = run_turn(task, fiber);
    worker_end_turn(fiber->worker, &turn);
    return more;
}

bool task_seal(struct task *task)
{
    return inbox_push(&task->mailbox, &task->seal.node, &pushed) == INBOX_WAS_IDLE;
}

void task_cancel_waiting(struct task *task)
{
    struct inbox_node **end = &task->batch;
    struct inbox_node *head = atomic_load(&task->mailbox.head);
    while (*end)
        end = &(*end)->next;
    if (head != INBOX_IDLE && head != INBOX_SEALED)
        *end = inbox_take(&task->mailbox).first;
    while (task->batch) {
        struct message *message = take_message(task);
        if (message)
            cancel(task, message);
    }
}
