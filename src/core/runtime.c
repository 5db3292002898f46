/* SPDX-License-Identifier: MIT
 *
 * Closing. `closed` turns new senders away at once; those that are already past it are accepted or refused by the
 * inbox or mailbox that they push on, and whatever was accepted there is answered. Each worker gets a CLOSE item,
 * seals its tasks' mailboxes when they are empty, runs their exits, seals its own inbox when nothing is left, and
 * says so; the last one ends the runtime. `struct runtime` and its workers stay allocated until the process ends,
 * for senders that are still between a push and a look at a worker's flags. */
#include "core/runtime.h"

#include "base/checks.h"
#include "core/attention.h"
#include "core/engine.h"
#include "core/message.h"
#include "core/parker.h"
#include "core/ring.h"
#include "core/task.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

static void init_worker(struct runtime *runtime, unsigned number)
{
    struct worker *worker = &runtime->workers[number];
    memset(worker, 0, sizeof *worker);
    worker->runtime = runtime;
    worker->number = number;
    worker->slow = true;
    worker->time_in = 1;
    worker->close.kind = ITEM_CLOSE;
    worker->cancel.kind = ITEM_CANCEL;
    atomic_flag_clear(&worker->lock.held);
    atomic_flag_clear(&worker->tasks_lock.held);
    atomic_fetch_or(&runtime->idle[number / 64], (uint64_t)1 << number % 64);
}

jlt_status runtime_init(struct runtime *runtime, const struct engine *engine, unsigned workers, size_t channel_capacity)
{
    memset(runtime, 0, sizeof *runtime);
    runtime->workers = aligned_alloc(alignof(struct worker), workers * sizeof(struct worker));
    if (!runtime->workers)
        return error_report(error_constant(JLT_NO_MEMORY));
    runtime->engine = engine;
    runtime->worker_count = workers;
    ready_init(&runtime->ready);
    for (unsigned i = 0; i < workers; i++)
        init_worker(runtime, i);
    atomic_flag_clear(&runtime->end_lock.held);
    runtime->workers_left = workers;
    atomic_init(&runtime->workers_running, workers);
    atomic_init(&runtime->handles, 1);
    gate_init(&runtime->channel, channel_capacity);
    gate_queue_init(&runtime->senders);
    return watch_start(&runtime->watch, runtime) == JLT_OK ? JLT_OK : error_report(error_constant(JLT_NO_MEMORY));
}

void runtime_stop(struct runtime *runtime)
{
    watch_stop(&runtime->watch);
}

void runtime_finish(struct runtime *runtime)
{
    runtime_stop(runtime);
    gate_queue_finish(&runtime->senders);
    free(runtime->workers);
}

void runtime_clone(struct runtime *runtime)
{
    /* relaxed: as in task_clone */
    if (atomic_fetch_add_explicit(&runtime->handles, 1, memory_order_relaxed) <= 0)
        checks_abort("jlt_runtime_clone", "the handle was dropped before");
}

void runtime_drop(struct runtime *runtime)
{
    long handles = atomic_fetch_sub(&runtime->handles, 1);
    if (handles <= 0)
        checks_abort("jlt_runtime_drop", "the handle was dropped before");
    if (handles == 1)
        runtime_close(runtime, false);
}

void runtime_close(struct runtime *runtime, bool cancel)
{
    bool cancel_now = cancel && !atomic_exchange(&runtime->cancelled, true);
    if (!atomic_exchange(&runtime->closed, true)) {
        gate_queue_close(&runtime->senders);
        for (unsigned i = 0; i < runtime->worker_count; i++)
            worker_push(&runtime->workers[i], &runtime->workers[i].close);
    }
    for (unsigned i = 0; cancel_now && i < runtime->worker_count; i++)
        worker_push(&runtime->workers[i], &runtime->workers[i].cancel);
}

void runtime_worker_ended(struct runtime *runtime)
{
    if (atomic_fetch_sub(&runtime->workers_running, 1) == 1)
        runtime->engine->finished(runtime);
}

/* ---- sending ---- */

bool runtime_push(struct runtime *runtime, struct worker *worker, struct item *item)
{
    return worker ? worker_push(worker, item) : attention_push(runtime, item);
}

static jlt_status closed(void)
{
    return error_report(error_constant(JLT_CLOSED));
}

static jlt_status pass(struct gate *gate, struct runtime *runtime, struct task *task, enum sending sending,
                       struct ring_wait *wait)
{
    if (sending == SEND_WAIT)
        return gate_enter(gate, &runtime->senders, task, wait);
    return gate_try_enter(gate) ? JLT_OK : JLT_FULL;
}

/* The worker that a type asks for; NULL: any. */
static struct worker *place(struct runtime *runtime, const struct type *type)
{
    if (type->fields.thread)
        return &runtime->workers[type->fields.thread - 1];
    return runtime->worker_count == 1 ? &runtime->workers[0] : NULL;
}

/* Hands over a message for which there is no task yet, or none ever. */
static jlt_status send_new(struct runtime *runtime, struct message *message)
{
    struct worker *worker = place(runtime, message->type);
    if (message->item.kind == ITEM_ONCE)
        return runtime_push(runtime, worker, &message->item) ? JLT_OK : JLT_CLOSED;
    struct task *task = task_new(runtime, worker, message->type);
    if (!task)
        return JLT_NO_MEMORY;
    task_set_start(task, message);
    if (runtime_push(runtime, worker, &task->item))
        return JLT_OK;
    runtime_free_task(task);
    return JLT_CLOSED;
}

/* Whether something is wrong with what the caller gave; it is reported then. */
static bool is_refused(const struct runtime *runtime, const struct type *type, enum item_kind kind, const void *input)
{
    size_t size = message_input_size(kind, type);
    if (type->fields.thread > runtime->worker_count)
        error_fail(JLT_INVALID_ARGUMENT, "\"%s\" asks for thread %zu, but Julia has %u threads that run tasks",
                   type->name, type->fields.thread, runtime->worker_count);
    else if (!input && size)
        error_fail(JLT_INVALID_ARGUMENT, "%s is NULL, but \"%s\" takes %zu bytes",
                   kind == ITEM_START ? "config" : "input", type->name, size);
    else
        return false;
    return true;
}

/* Through the gate; task is NULL for a new task. wait: begins here, before anything is sent, if the sender is a body
 * that is going to wait for the reply; else NULL. On failure the wait has ended, and the message is discarded. */
static jlt_status send(struct runtime *runtime, struct task *task, struct message *message, enum sending sending,
                       struct ring_wait *wait)
{
    struct gate *gate = task ? &task->gate : &runtime->channel;
    jlt_status status = gate->capacity && sending == SEND_WAIT ? parker_prepare(-1) : JLT_OK;
    if (status == JLT_OK && wait)
        status = message_begin_wait(message, wait, task ? (const void *)task : message);
    if (status != JLT_OK) {
        message_discard(message);
        return status;
    }
    status = gate->capacity ? pass(gate, runtime, task, sending, wait) : JLT_OK;
    if (status == JLT_OK) {
        status = task ? task_send(task, message) : send_new(runtime, message);
        if (status == JLT_OK)
            return JLT_OK;
        gate_leave(gate, &runtime->senders);
    }
    if (wait)
        ring_end_wait(wait);
    message_discard(message);
    return status == JLT_WOULD_DEADLOCK ? status : error_report(error_constant(status));
}

static jlt_status send_copy(struct runtime *runtime, struct task *task, const struct type *type, enum item_kind kind,
                            const void *input, enum sending sending, struct message **receiver)
{
    if (runtime_is_closed(runtime))
        return closed();
    if (is_refused(runtime, type, kind, input))
        return JLT_INVALID_ARGUMENT;
    struct message *message = message_new(kind, type, input, receiver != NULL);
    if (!message)
        return error_report(error_constant(JLT_NO_MEMORY));
    if (task)
        message_set_task(message, task);
    jlt_status status = send(runtime, task, message, sending, NULL);
    if (status != JLT_OK)
        return status;
    if (receiver)
        *receiver = message; /* without one the message may be gone by now */
    return error_none();
}

static jlt_status send_and_wait(struct runtime *runtime, struct task *task, struct message *message, void *output)
{
    jlt_status status = parker_prepare(-1);
    if (status != JLT_OK) {
        message_discard(message);
        return status;
    }
    struct ring_wait wait, *listed = ring_counts() ? &wait : NULL;
    status = send(runtime, task, message, SEND_WAIT, listed);
    if (status != JLT_OK)
        return status;
    status = message_receive(message, -1, output);
    if (listed)
        ring_end_wait(listed);
    return status;
}

/* The message of an invoke is on the stack: with its input and output, if they are small; else over the caller's input
 * and an output of its own, since the caller's is left untouched on failure. */
static jlt_status send_borrowed(struct runtime *runtime, struct task *task, const struct type *type,
                                enum item_kind kind, const void *input, void *output)
{
    enum { small = 512 };
    if (runtime_is_closed(runtime))
        return closed();
    if (is_refused(runtime, type, kind, input))
        return JLT_INVALID_ARGUMENT;
    if (message_size(kind, type) <= small) {
        union {
            struct message message;
            unsigned char bytes[small];
        } block;
        prefetch_to_write(&block); /* likely where the last one was, and its worker has a copy of that */
        message_init_on_stack(&block.message, kind, type, input);
        return send_and_wait(runtime, task, &block.message, output);
    }
    struct message message;
    void *written = calloc(1, type->fields.output_size + 1);
    if (!written)
        return error_report(error_constant(JLT_NO_MEMORY));
    message_borrow(&message, kind, type, input, written);
    jlt_status status = send_and_wait(runtime, task, &message, output);
    free(written);
    return status;
}

static enum item_kind kind_of(const struct type *type)
{
    return type->persistent ? ITEM_START : ITEM_ONCE;
}

jlt_status runtime_dispatch(struct runtime *runtime, const struct type *type, const void *input, enum sending sending,
                            struct message **receiver)
{
    return send_copy(runtime, NULL, type, kind_of(type), input, sending, receiver);
}

jlt_status runtime_invoke(struct runtime *runtime, const struct type *type, const void *input, void *output)
{
    return send_borrowed(runtime, NULL, type, kind_of(type), input, output);
}

jlt_status runtime_call(struct task *task, const void *input, enum sending sending, struct message **receiver)
{
    return send_copy(task->runtime, task, task->type, ITEM_RUN, input, sending, receiver);
}

jlt_status runtime_invoke_task(struct task *task, const void *input, void *output)
{
    prefetch_to_write(&task->mailbox); /* its worker may be looking at it */
    return send_borrowed(task->runtime, task, task->type, ITEM_RUN, input, output);
}

/* ---- memory of tasks ---- */

#ifdef JLT_CHECKS
/* Handles that are dropped twice are found as long as the task's memory is not used again: the last some thousand
 * are kept, in the order they ended. */
enum { quarantine_size = 4096 };
static pthread_mutex_t quarantine_lock = PTHREAD_MUTEX_INITIALIZER;
static struct task *quarantine[quarantine_size];
static unsigned quarantine_next;

void runtime_free_task(struct task *task)
{
    atomic_store(&task->handles, 0);
    pthread_mutex_lock(&quarantine_lock);
    struct task *oldest = quarantine[quarantine_next % quarantine_size];
    quarantine[quarantine_next++ % quarantine_size] = task;
    pthread_mutex_unlock(&quarantine_lock);
    COUNT(tasks, -1);
    free(oldest);
}
#else
void runtime_free_task(struct task *task)
{
    free(task);
}
#endif
