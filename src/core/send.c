/* SPDX-License-Identifier: MIT
 *
 * Sending: from what a caller gave to a message that a worker will take. A message first passes the gate of its
 * mailbox, or of the channel; from then on it has a place there, which whoever takes it, or gives it up, gives back.
 * Its limits, if any, begin to count before it is pushed, since it may be gone after that. One whose reply is to come
 * out of a queue is attached in the same step as it is pushed; with limits after that, and its receiver is the sender's
 * until then (queue.c). */
#include "core/send.h"

#include "base/prefetch.h"
#include "core/express.h"
#include "core/failure.h"
#include "core/message.h"
#include "core/parker.h"
#include "core/probes.h"
#include "core/queue.h"
#include "core/ring.h"
#include "core/task.h"

static struct error runtime_closed = {JLT_CLOSED, true, "the runtime is closed or closing", "", ""};

static jlt_status closed(void)
{
    return error_report(&runtime_closed);
}

/* Whether something is wrong with what the caller gave; it is reported then. */
static bool is_refused(const struct runtime *runtime, const struct type *type, enum item_kind kind, const void *input)
{
    size_t size = message_input_size(kind, type), most = runtime->quota.bytes.capacity;
    if (type->fields.thread > runtime->worker_count)
        error_fail(JLT_INVALID_ARGUMENT, "\"%s\" asks for thread %zu, but Julia has %u threads that run tasks",
                   type->name, type->fields.thread, runtime->worker_count);
    else if (!input && size)
        error_fail(JLT_INVALID_ARGUMENT, "%s is NULL, but \"%s\" takes %zu bytes",
                   kind == ITEM_START ? "config" : "input", type->name, size);
    else if (most && size > most)
        error_fail(JLT_INVALID_ARGUMENT, "the %s of \"%s\" has %zu bytes, but options.bytes_at_most is %zu",
                   kind == ITEM_START ? "config" : "input", type->name, size, most);
    else
        return false;
    return true;
}

static const struct call_options waiting = {.deadline = limit_never},
                                 trying = {.deadline = limit_never, .dont_wait = true};

/* Of the message. */
static unsigned limit_flags(const struct call_options *options)
{
    return (call_is_limited(options) ? MESSAGE_LIMITED : 0U) |
           (call_is_limited_in_time(options) ? MESSAGE_DEADLINE : 0U);
}

/* ---- handing over ---- */

/* goes_past: where the caller must not wait for room (quota.h), it does without. */
static jlt_status pass_gate(struct runtime *runtime, struct gate *gate, const struct gate_wait *wait, bool dont_wait,
                            bool goes_past)
{
    if (gate_try_enter(gate, wait->places))
        return JLT_OK;
    if (dont_wait)
        return JLT_FULL;
    if (goes_past && quota_is_inside()) {
        gate_force(gate, wait->places);
        return JLT_OK;
    }
    jlt_status status = parker_prepare(-1);
    return status == JLT_OK ? gate_enter(gate, &runtime->senders, wait) : status;
}

static jlt_status pass_quota(struct runtime *runtime, size_t bytes, const struct call_options *options, bool dont_wait)
{
    struct quota *quota = &runtime->quota;
    struct gate_wait wait = {1, NULL, NULL, options->deadline, options->canceller};
    jlt_status status = pass_gate(runtime, &quota->messages, &wait, dont_wait, true);
    if (status != JLT_OK)
        return status;
    wait.places = bytes;
    status = pass_gate(runtime, &quota->bytes, &wait, dont_wait, true);
    if (status != JLT_OK)
        gate_leave(&quota->messages, &runtime->senders, 1);
    return status;
}

/* Through the gate, and into the runtime's quota. Who waits for one has not the other: a body may wait for the place at
 * the gate, which would not be free until there is room in the quota, which may be for want of that body's end. Bodies
 * themselves never wait for the quota. */
static jlt_status pass(struct runtime *runtime, struct gate *gate, const struct task *task,
                       const struct message *message, const struct call_options *options, struct ring_wait *listed)
{
    const struct gate_wait wait = {1, task, listed, options->deadline, options->canceller};
    bool goes_past = !task && runtime->quota.few_fibers;
    jlt_status status = pass_gate(runtime, gate, &wait, options->dont_wait, goes_past);
    if (status != JLT_OK || !runtime->quota.is_set)
        return status;
    size_t bytes = message_input_size(message->item.kind, message->type);
    bool tries = options->dont_wait || !quota_is_inside();
    while ((status = pass_quota(runtime, bytes, options, tries)) != JLT_OK) {
        gate_leave(gate, &runtime->senders, 1);
        if (status != JLT_FULL || options->dont_wait)
            return status;
        status = pass_quota(runtime, bytes, options, false);
        if (status != JLT_OK || gate_try_enter(gate, 1))
            return status;
        quota_leave(&runtime->quota, &runtime->senders, bytes);
        status = pass_gate(runtime, gate, &wait, false, goes_past);
        if (status != JLT_OK)
            return status;
    }
    return JLT_OK;
}

static jlt_status push(struct runtime *runtime, struct task *task, struct message *message)
{
    if (message->item.flags & MESSAGE_EXPRESS && express_send(message))
        return JLT_OK;
    if (message->item.kind == ITEM_RUN)
        return task_send(task, message);
    if (message->item.kind == ITEM_START)
        task_set_start(task, message);
    struct worker *worker = runtime_place(runtime, message->type);
    return runtime_push(runtime, worker, task ? &task->item : &message->item) ? JLT_OK : JLT_CLOSED;
}

/* The same for one whose reply is to come out of a queue, and which has no limit. Where the queue was dropped
 * meanwhile, so is the receiver. *receiver is told before anything can come out, and whoever takes it may do away with
 * it. */
static jlt_status push_queued(struct runtime *runtime, struct task *task, struct message *message,
                              const struct call_options *options, struct message **receiver)
{
    struct queue *queue = options->queue;
    bool open = queue_open(queue);
    if (open)
        queue_enter(queue, message, options->user);
    jlt_status status = push(runtime, task, message);
    if (open && status != JLT_OK)
        queue_leave(queue, message);
    else if (status == JLT_OK && receiver)
        *receiver = message;
    if (open) {
        queue_shut(queue);
    } else if (status == JLT_OK) {
        message_drop(message);
        queue_let_go(queue);
    }
    return status;
}

static void count_sent(struct runtime *runtime, struct message *message)
{
    unsigned insight = insight_of(runtime);
    PROBE1(send, message->type->name);
    count_own(&account_here()->sent, 1);
    if (__builtin_expect(insight, 0)) {
        message_set_sent(message);
        if (insight & INSIGHT_TRACED)
            trace_record(TRACE_SEND, trace_clock(), message->type->name, 0, JLT_OK);
    }
}

/* It was not sent after all; if it was given up until then, it was never in the mailbox. */
static void uncount_sent(struct runtime *runtime, struct task *task, const struct message *message)
{
    count_own(&account_here()->sent, -(uint64_t)1);
    if (atomic_load(&message->item.phase) == MESSAGE_WAITING)
        return;
    atomic_fetch_sub(&runtime->stats.given_up, 1);
    if (task)
        atomic_fetch_sub(&task->given_up, 1);
}

/* A message that has its place at the gate. If it fails the message is the caller's, and the place is given back. */
static jlt_status hand_over(struct runtime *runtime, struct task *task, struct message *message,
                            const struct call_options *options, struct message **receiver)
{
    struct task *made = NULL;
    if (message->item.kind == ITEM_START) {
        jlt_status status = task_new(runtime, message->type, &made);
        if (status != JLT_OK)
            return status;
        task = made;
    }
    bool limited = message->item.flags & MESSAGE_LIMITED;
    if (task)
        message->task = task;
    else
        message->runtime = runtime;
    bool counted = message->item.kind != ITEM_START && !message->type->own;
    if (counted)
        count_sent(runtime, message);
    jlt_status status = limited ? message_limit(message, options->deadline, options->canceller) : JLT_OK;
    if (status == JLT_OK)
        status = call_enters_queue(options) ? push_queued(runtime, task, message, options, receiver)
                                            : push(runtime, task, message);
    if (status == JLT_OK)
        return JLT_OK;
    if (limited)
        message_unlimit(message);
    if (counted)
        uncount_sent(runtime, task, message);
    if (made)
        runtime_free_task(made);
    return status;
}

static jlt_status report(jlt_status status, struct task *task, const struct message *message)
{
    const char *name = message->type->name;
    if (status == JLT_DEADLINE_EXCEEDED)
        return error_fail(status, "\"%s\": the deadline passed before there was room; the call was not made", name);
    if (status == JLT_CANCELLED)
        return error_fail(status, "\"%s\": cancelled before there was room; the call was not made", name);
    if (status == JLT_CLOSED)
        return error_report(task ? failure_closed(task) : &runtime_closed);
    if (status == JLT_FULL && task && !task->runtime->quota.is_set)
        return error_fail(status, "\"%s\": its mailbox of %zu is full", name, task->gate->capacity);
    bool is_new = status == JLT_FULL || status == JLT_NO_MEMORY;
    return is_new ? error_report(error_constant(status)) : status; /* else parker_prepare has reported it */
}

/* A place at the gate, for a message that is made. */
static jlt_status take_place(struct runtime *runtime, struct task *task, struct message *message,
                             const struct call_options *options, struct ring_wait *listed)
{
    struct gate *gate = task ? task->gate : &runtime->channel;
    jlt_status status = pass(runtime, gate, task, message, options, listed);
    if (status == JLT_OK && gate->capacity && message->item.flags & MESSAGE_DEADLINE)
        atomic_fetch_add(&gate->timed, 1);
    return status;
}

/* Of one that was not sent. Who gave it up, if anybody has, has given its place back. */
static void leave_place(struct runtime *runtime, struct task *task, struct message *message)
{
    if (atomic_load(&message->item.phase) == MESSAGE_WAITING)
        message_leave_place(message, task ? task->gate : &runtime->channel, runtime);
}

/* One that was not sent, and has no place any more. */
static jlt_status discard(struct task *task, struct message *message, const struct call_options *options,
                          jlt_status status)
{
    report(status, task, message);
    message_discard(message);
    if (options->queue)
        queue_let_go(options->queue);
    return status;
}

/* Through the gate; task is NULL for a new task. wait: begins here, before anything is sent, if the sender is going to
 * wait for the reply without a limit in time; else NULL. On failure the wait has ended, and the message is
 * discarded. */
static jlt_status send(struct runtime *runtime, struct task *task, struct message *message,
                       const struct call_options *options, struct ring_wait *wait, struct message **receiver)
{
    jlt_status status = wait ? message_begin_wait(message, wait, task ? (const void *)task : message) : JLT_OK;
    if (status != JLT_OK)
        return discard(task, message, options, status);
    status = take_place(runtime, task, message, options, wait);
    if (status == JLT_OK) {
        status = hand_over(runtime, task, message, options, receiver);
        if (status == JLT_OK)
            return JLT_OK;
        leave_place(runtime, task, message);
    }
    if (wait)
        ring_end_wait(wait);
    return discard(task, message, options, status);
}

static unsigned timed(const struct runtime *runtime, enum item_kind kind)
{
    return insight_of(runtime) & INSIGHT_TIMED && kind != ITEM_START ? MESSAGE_TIMED : 0;
}

/* Checks, and makes the message. NULL: why not is reported. */
static struct message *make(struct runtime *runtime, struct task *task, const struct type *type, enum item_kind kind,
                            const void *input, const struct call_options *options, bool wanted)
{
    unsigned flags = limit_flags(options) | (options->queue ? MESSAGE_QUEUED : 0U) | timed(runtime, kind);
    if (runtime_is_closed(runtime)) {
        closed();
        return NULL;
    }
    if (is_refused(runtime, type, kind, input))
        return NULL;
    struct message *message = message_new(kind, flags, type, input, wanted || options->queue);
    if (!message) {
        error_report(error_constant(JLT_NO_MEMORY));
        return NULL;
    }
    if (task)
        message_set_task(message, task);
    if (options->queue)
        queue_hold(options->queue);
    return message;
}

static jlt_status send_copy(struct runtime *runtime, struct task *task, const struct type *type, enum item_kind kind,
                            const void *input, const struct call_options *options, struct message **receiver)
{
    struct message *message = make(runtime, task, type, kind, input, options, receiver != NULL);
    if (!message)
        return error_last()->status;
    jlt_status status = send(runtime, task, message, options, NULL, receiver);
    if (status != JLT_OK)
        return status;
    /* then *receiver is told; and the message may be gone, as it may be without a receiver */
    if (call_enters_queue(options))
        return error_none();
    if (receiver)
        *receiver = message;
    if (options->queue)
        queue_attach(options->queue, message_queued(message), message, options->user);
    return error_none();
}

void send_undo(struct task *task, struct message *message, const struct call_options *options, jlt_status status)
{
    if (message->item.flags & MESSAGE_LIMITED)
        message_unlimit(message);
    uncount_sent(task->runtime, task, message);
    leave_place(task->runtime, task, message);
    discard(task, message, options, status);
}

jlt_status send_prepare(struct task *task, const void *input, const struct call_options *options, bool wanted,
                        struct message **made)
{
    struct message *message = make(task->runtime, task, task->type, ITEM_RUN, input, options, wanted);
    if (!message)
        return error_last()->status;
    jlt_status status = take_place(task->runtime, task, message, options, NULL);
    if (status != JLT_OK)
        return discard(task, message, options, status);
    message->task = task;
    count_sent(task->runtime, message);
    if (call_is_limited(options))
        status = message_limit(message, options->deadline, options->canceller);
    if (status != JLT_OK) {
        send_undo(task, message, options, status);
        return status;
    }
    *made = message;
    return JLT_OK;
}

/* Without limits the message of an invoke is over the caller's input if that is large. */
static struct message *invoked(unsigned flags, const struct type *type, enum item_kind kind, const void *input,
                               const struct call_options *options)
{
    enum { small = 512 };
    if (call_is_limited(options))
        return message_new(kind, flags | limit_flags(options), type, input, true);
    struct message *message =
        kind == ITEM_RUN && !flags && !parker_suspends() ? message_new_express(type, input) : NULL;
    if (message)
        return message;
    if (message_size(kind, type) <= small)
        return message_new(kind, flags | MESSAGE_INVOKED, type, input, true);
    return message_new_borrowing(kind, flags, type, input);
}

static jlt_status send_and_wait(struct runtime *runtime, struct task *task, const struct type *type,
                                enum item_kind kind, const void *input, const struct call_options *options,
                                void *output)
{
    if (runtime_is_closed(runtime))
        return closed();
    if (is_refused(runtime, type, kind, input))
        return JLT_INVALID_ARGUMENT;
    struct message *message = invoked(timed(runtime, kind), type, kind, input, options);
    if (!message)
        return error_report(error_constant(JLT_NO_MEMORY));
    jlt_status status = parker_prepare(-1);
    if (status != JLT_OK) {
        message_discard(message);
        return status;
    }
    struct ring_wait wait, *listed = call_is_limited_in_time(options) || !ring_counts() ? NULL : &wait;
    status = send(runtime, task, message, options, listed, NULL);
    if (status != JLT_OK)
        return status;
    return listed ? message_receive_awaited(message, listed, output) : message_receive(message, -1, output);
}

/* ---- what there is to send ---- */

static enum item_kind kind_of(const struct type *type)
{
    return type->persistent ? ITEM_START : ITEM_ONCE;
}

static const struct call_options *options_of(enum sending sending)
{
    return sending == SEND_TRY ? &trying : &waiting;
}

jlt_status runtime_dispatch_with(struct runtime *runtime, const struct type *type, const void *input,
                                 const struct call_options *options, struct message **receiver)
{
    return send_copy(runtime, NULL, type, kind_of(type), input, options, receiver);
}

jlt_status runtime_invoke_with(struct runtime *runtime, const struct type *type, const void *input,
                               const struct call_options *options, void *output)
{
    return send_and_wait(runtime, NULL, type, kind_of(type), input, options, output);
}

jlt_status runtime_call_with(struct task *task, const void *input, const struct call_options *options,
                             struct message **receiver)
{
    return send_copy(task->runtime, task, task->type, ITEM_RUN, input, options, receiver);
}

jlt_status runtime_invoke_task_with(struct task *task, const void *input, const struct call_options *options,
                                    void *output)
{
    if (!express_is_expected())
        prefetch_to_write(&task->mailbox); /* its worker may be looking at it */
    return send_and_wait(task->runtime, task, task->type, ITEM_RUN, input, options, output);
}

jlt_status runtime_dispatch(struct runtime *runtime, const struct type *type, const void *input, enum sending sending,
                            struct message **receiver)
{
    return runtime_dispatch_with(runtime, type, input, options_of(sending), receiver);
}

jlt_status runtime_invoke(struct runtime *runtime, const struct type *type, const void *input, void *output)
{
    return runtime_invoke_with(runtime, type, input, &waiting, output);
}

jlt_status runtime_call(struct task *task, const void *input, enum sending sending, struct message **receiver)
{
    return runtime_call_with(task, input, options_of(sending), receiver);
}

jlt_status runtime_invoke_task(struct task *task, const void *input, void *output)
{
    return runtime_invoke_task_with(task, input, &waiting, output);
}
