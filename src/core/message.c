/* SPDX-License-Identifier: MIT
 *
 * Every message has one answer: the reply of the worker that took it, or what it was given up with, whichever came
 * first; the step from PENDING, or from a waiting receiver's parker, to the answer is one compare-and-exchange. The one
 * that stores DONE publishes the reply (output and error), and the look that sees DONE acquires it; all steps of
 * `state` and `phase` are sequentially consistent.
 *
 * It is freed once, by the later of its two owners: the receiver, which leaves ABANDONED or FORSAKEN behind if it comes
 * first, and the worker, which leaves DONE or ..._OVER. Who gives it up is the receiver itself, or does it under the
 * lock of limits while the message has one; to free a message with a limit one needs that lock, so it is there until
 * then.
 *
 * A message that is in a queue (queue.c) has its answer in the same step, with the address that says where it is to
 * come out; who stored it pushes it there.
 *
 * Who waits for a reply asleep is listed, so that a close with cancel can answer those for whom nothing has begun, and
 * the end of the runtime's patience all of them, whatever its workers do. Who only looks, or comes later, sees
 * `begins_nothing` or `impatient`; and so does a body that ends later. */
#include "core/message_memory.h"

#include "base/checks.h"
#include "base/list.h"
#include "base/prefetch.h"
#include "core/attention.h"
#include "core/body.h"
#include "core/engine.h"
#include "core/express.h"
#include "core/interrupt.h"
#include "core/queue.h"
#include "core/ring.h"
#include "core/runtime.h"
#include "core/spin.h"
#include "core/task.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

static atomic_bool begins_nothing, impatient; /* the runtime; the second is set after the first */

static const char not_begun[] = "\"%s\": %s; its body had not begun, and will not";

/* ---- nobody receives it ---- */

void message_discard(struct message *message)
{
    uintptr_t state = atomic_load(&message->state);
    (void)state; /* FORSAKEN: it had no receiver either, and was given up before it could be sent */
    COUNT(receivers, state == MESSAGE_ABANDONED || state == MESSAGE_FORSAKEN ? 0 : -1);
    message_free(message);
}

/* Nobody will receive the output: whatever it owns is given back. */
static void dispose_output(struct message *message)
{
    if (message->item.kind == ITEM_START)
        task_drop(*(struct task **)message_output(message));
    else if (message->type->fields.dispose_output)
        message->type->fields.dispose_output(message_output(message));
}

static void dispose_input(struct message *message)
{
    if (message->item.kind != ITEM_START && message->type->fields.dispose_input)
        message->type->fields.dispose_input((void *)(uintptr_t)message_input(message));
}

static void free_undelivered(struct message *message)
{
    if (message->error)
        error_free(message->error);
    else
        dispose_output(message);
    message_free(message);
}

/* ---- whom an answer is for ---- */

static void *address_of(uintptr_t state)
{
    return (void *)(state & ~(uintptr_t)(message_in_queue | message_in_block | message_answer));
}

static struct queue *queue_of(uintptr_t state)
{
    void *address = address_of(state);
    return state & message_in_block ? ((struct queued *)address)->queue : address;
}

/* The state with this answer, of one that has none. */
static uintptr_t answered(uintptr_t was, enum message_state as)
{
    return was & message_in_queue ? was | as : (uintptr_t)as;
}

/* After that. */
static void tell(struct message *message, uintptr_t was)
{
    if (was & message_in_queue)
        queue_push(queue_of(was), message);
    else if (was >= message_states)
        parker_wake((struct parker *)was);
}

/* ---- the worker's side ---- */

/* What a body says after the end of patience is not told any more, whenever its receiver comes. */
static bool is_too_late(const struct message *message)
{
    return atomic_load(&impatient) && !(message->item.flags & MESSAGE_BODILESS);
}

bool message_complete(struct message *message, struct error *error)
{
    enum { over = MESSAGE_CANCELLED_OVER - MESSAGE_CANCELLED };
    message->error = error;
    enum message_state answer = is_too_late(message) ? MESSAGE_CANCELLED_OVER : MESSAGE_DONE;
    uintptr_t was = atomic_load(&message->state), next;
    do {
        if (was == MESSAGE_ABANDONED || was == MESSAGE_FORSAKEN) {
            free_undelivered(message);
            return false;
        }
        next = was & message_answer ? was + over : answered(was, answer);
    } while (!atomic_compare_exchange_strong(&message->state, &was, next));
    if (was & message_answer)
        return false;
    tell(message, was);
    return answer == MESSAGE_DONE;
}

void message_refuse(struct message *message, struct error *error)
{
    dispose_input(message);
    message_complete(message, error);
}

void message_cancel(struct message *message)
{
    struct error *error = error_constant(JLT_CANCELLED);
    if (message_is_wanted(message)) {
        struct error *told = error_format(JLT_CANCELLED, not_begun, message->type->name, "the call was cancelled");
        error = told->status == JLT_CANCELLED ? told : error;
    }
    message_refuse(message, error);
}

void message_refuse_unsent(struct message *message, struct error *error)
{
    uintptr_t was = atomic_load(&message->state);
    message->error = error;
    do {
        if (was & message_answer) { /* given up: its caller was told so, and has left the input */
            message_refuse(message, error);
            return;
        }
    } while (!atomic_compare_exchange_strong(&message->state, &was, answered(was, MESSAGE_DONE)));
    tell(message, was);
}

bool message_begin(struct message *message, struct worker *worker)
{
    unsigned char phase = MESSAGE_WAITING;
    if (!(message->item.flags & MESSAGE_PHASED))
        return true;
    /* nobody needs the hint any more; relaxed: the next step publishes it */
    atomic_store_explicit(&message->item.node.hint, (struct inbox_node *)(void *)worker, memory_order_relaxed);
    if (atomic_compare_exchange_strong(&message->item.phase, &phase, MESSAGE_BEGUN))
        return true;
    while (atomic_load(&message->item.phase) != MESSAGE_GONE)
        sched_yield(); /* who gives it up is between two steps */
    if (!(message->item.flags & MESSAGE_BORROWS))
        dispose_input(message); /* else its caller has it, and does that (receive_early) */
    message_complete(message, error_constant(JLT_CANCELLED));
    return false;
}

bool message_is_given_up(const struct message *message)
{
    /* relaxed: it is looked at again and again */
    unsigned answer = atomic_load_explicit(&message->state, memory_order_relaxed) & message_answer;
    return answer == MESSAGE_FORSAKEN || answer == MESSAGE_CANCELLED || answer == MESSAGE_LATE ||
           atomic_load_explicit(&impatient, memory_order_relaxed);
}

/* ---- giving up ---- */

void message_leave_place(const struct message *message, struct gate *gate, struct runtime *runtime)
{
    if (message->item.flags & MESSAGE_DEADLINE)
        gate_leave_timed(gate, &runtime->senders, 1);
    else
        gate_leave(gate, &runtime->senders, 1);
    quota_leave(&runtime->quota, &runtime->senders, message_input_size(message->item.kind, message->type));
}

static void leave_gate(const struct message *message)
{
    struct runtime *runtime = message->item.kind == ITEM_ONCE ? message->runtime : message->task->runtime;
    struct gate *gate = message->item.kind == ITEM_RUN ? message->task->gate : &runtime->channel;
    message_leave_place(message, gate, runtime);
}

/* It will not begin. */
static void count_given_up(const struct message *message)
{
    if (message->item.kind == ITEM_START)
        return;
    if (message->item.kind == ITEM_RUN)
        atomic_fetch_add(&message->task->given_up, 1);
    struct runtime *runtime = message->item.kind == ITEM_ONCE ? message->runtime : message->task->runtime;
    atomic_fetch_add(&runtime->stats.given_up, 1);
}

/* Where a message that is not phased runs is not known. */
static void interrupt_all(struct runtime *runtime)
{
    for (unsigned i = 0; i < runtime->worker_count; i++)
        worker_interrupt(&runtime->workers[i]);
}

/* From no answer to this one; without a receiver, to FORSAKEN. False: there is one. */
static bool set_state(struct message *message, enum message_state as)
{
    uintptr_t was = atomic_load(&message->state);
    bool forsaken;
    do {
        if (was & message_answer && was != MESSAGE_ABANDONED)
            return false;
        forsaken = was == MESSAGE_ABANDONED || as == MESSAGE_FORSAKEN;
    } while (!atomic_compare_exchange_strong(&message->state, &was, forsaken ? MESSAGE_FORSAKEN : answered(was, as)));
    if (!forsaken)
        tell(message, was);
    return true;
}

/* Of a phased one. False: it has begun, which stays so, or somebody else has given it up. */
static bool give_up_unbegun(struct message *message, enum message_state as)
{
    unsigned char phase = MESSAGE_WAITING;
    if (!atomic_compare_exchange_strong(&message->item.phase, &phase, MESSAGE_LEAVING))
        return false;
    leave_gate(message);
    count_given_up(message);
    bool given_up = set_state(message, as);
    atomic_store(&message->item.phase, MESSAGE_GONE);
    return given_up;
}

static bool give_up(struct message *message, enum message_state as)
{
    unsigned flags = message->item.flags;
    if (!(flags & MESSAGE_PHASED)) {
        bool given_up = set_state(message, as);
        if (given_up && current_fiber)
            interrupt_all(current_fiber->worker->runtime);
        return given_up;
    }
    if (give_up_unbegun(message, as))
        return true;
    if (atomic_load(&message->item.phase) != MESSAGE_BEGUN || flags & MESSAGE_BORROWS)
        return false;
    /* relaxed: where it is no worker any more, the message is in its queue, and so has an answer */
    struct worker *worker = (void *)atomic_load_explicit(&message->item.node.hint, memory_order_relaxed);
    if (!set_state(message, as))
        return false;
    worker_interrupt(worker);
    return true;
}

bool message_give_up(struct message *message, enum message_state as)
{
    return give_up(message, as);
}

static void fire(struct limit *limit, enum limit_reason reason)
{
    struct message *message = limit->owner;
    give_up(message, reason == LIMIT_LATE ? MESSAGE_LATE : MESSAGE_CANCELLED);
}

jlt_status message_limit(struct message *message, int64_t deadline, struct canceller *canceller)
{
    return limit_add(message_limit_of(message), message, deadline, canceller, fire);
}

void message_unlimit(struct message *message)
{
    limit_remove(message_limit_of(message));
}

/* ---- the close ---- */

struct waiting {
    struct message *message;
    struct waiting *previous, *next;
};

static pthread_mutex_t waiting_lock = PTHREAD_MUTEX_INITIALIZER;
static struct waiting *all_waiting;

static void list_waiting(struct waiting *waiting)
{
    pthread_mutex_lock(&waiting_lock);
    LIST_ADD(all_waiting, waiting);
    pthread_mutex_unlock(&waiting_lock);
}

static void unlist_waiting(struct waiting *waiting)
{
    pthread_mutex_lock(&waiting_lock);
    LIST_REMOVE(all_waiting, waiting);
    pthread_mutex_unlock(&waiting_lock);
}

/* Whether an invoke's that is not phased has begun only its worker knows. */
bool message_call_off(struct message *message)
{
    if (atomic_load(&impatient))
        return give_up(message, MESSAGE_CANCELLED);
    return atomic_load(&begins_nothing) && message->item.flags & MESSAGE_PHASED &&
           give_up_unbegun(message, MESSAGE_CANCELLED);
}

static void call_off_all(void)
{
    pthread_mutex_lock(&waiting_lock);
    for (struct waiting *waiting = all_waiting; waiting; waiting = waiting->next)
        message_call_off(waiting->message);
    pthread_mutex_unlock(&waiting_lock);
    queues_call_off();
}

void message_cancel_all(void)
{
    atomic_store(&begins_nothing, true);
    call_off_all();
}

void message_give_up_all(void)
{
    atomic_store(&impatient, true);
    call_off_all();
}

void message_accept_waits(void)
{
    atomic_store(&begins_nothing, false);
    atomic_store(&impatient, false);
}

bool message_may_be_called_off(void)
{
    return atomic_load(&begins_nothing);
}

/* ---- the receiver's side ---- */

bool message_is_done(struct message *message)
{
    uintptr_t state = atomic_load(&message->state);
    return state >= MESSAGE_DONE && state < message_states;
}

static bool is_done(void *message)
{
    return message_is_done(message) ||
           atomic_load_explicit(&impatient, memory_order_relaxed); /* relaxed: looked at again */
}

enum wait_end { WAIT_DONE, WAIT_TIMED_OUT, WAIT_STOPPED };

/* Waits asleep until there is an answer. If there is none, the state is PENDING again. */
static enum wait_end sleep_until_done(struct message *message, int64_t timeout_ns)
{
    uintptr_t state = MESSAGE_PENDING;
    struct waiting waiting = {.message = message};
    struct parker parker;
    bool stopped;
    if (parker_is_to_stop())
        return WAIT_STOPPED;
    parker_init(&parker);
    if (!atomic_compare_exchange_strong(&message->state, &state, (uintptr_t)&parker)) { /* there is an answer */
        parker_drop(&parker);
        return WAIT_DONE;
    }
    if (current_fiber)
        body_suspend(current_fiber, FIBER_WAITS_FOR_REPLY, message->type->name);
    list_waiting(&waiting);
    message_call_off(message); /* it was set before this was listed, or will find it there */
    bool woken = parker_wait_interruptibly(&parker, timeout_ns, &stopped);
    unlist_waiting(&waiting);
    if (woken)
        return WAIT_DONE;
    state = (uintptr_t)&parker;
    if (atomic_compare_exchange_strong(&message->state, &state, MESSAGE_PENDING))
        return stopped ? WAIT_STOPPED : WAIT_TIMED_OUT;
    parker_wait_late(&parker); /* it was answered just now, and who did it is about to touch the parker */
    return WAIT_DONE;
}

static enum wait_end await(struct message *message, int64_t timeout_ns)
{
    static _Thread_local struct spinner spinner;
    /* one who has a receiver may have many, and finds several replies at the next look */
    enum spin_pace pace = message->item.flags & MESSAGE_INVOKED ? SPIN_CLOSE : SPIN_WIDE;
    if (timeout_ns >= 0 || parker_suspends())
        return sleep_until_done(message, timeout_ns);
    while (!message_is_done(message)) {
        if (!spin_until(&spinner, SPIN_CLIENT, pace, is_done, message) || !message_is_done(message)) {
            sleep_until_done(message, timeout_ns);
            spin_slept(&spinner);
        }
    }
    return WAIT_DONE;
}

/* What a message that was given up is answered with. Whether it had begun is known once it was. One that borrows its
 * input and had not: its receiver disposes of that while it is there; the worker may meet the message much later. */
static jlt_status receive_early(struct message *message, uintptr_t state)
{
    bool late = state == MESSAGE_LATE || state == MESSAGE_LATE_OVER;
    bool phased = message->item.flags & MESSAGE_PHASED, begun = atomic_load(&message->item.phase) == MESSAGE_BEGUN;
    const char *name = message->type->name;
    jlt_status status = late ? JLT_DEADLINE_EXCEEDED : JLT_CANCELLED;
    error_fail(status,
               !phased ? "\"%s\": %s"
               : begun ? "\"%s\": %s; its body had begun"
                       : not_begun,
               name, late ? "the deadline has passed" : "the call was cancelled");
    if (message->item.flags & MESSAGE_BORROWS && !begun)
        dispose_input(message);
    if (message->item.flags & MESSAGE_LIMITED)
        limit_remove(message_limit_of(message));
    if (message->item.flags & MESSAGE_EXPRESS)
        express_abandon(message);
    state = atomic_exchange(&message->state, MESSAGE_FORSAKEN);
    if (state == MESSAGE_CANCELLED_OVER || state == MESSAGE_LATE_OVER)
        free_undelivered(message);
    return status;
}

static jlt_status receive_answer(struct message *message, void *output)
{
    uintptr_t state = atomic_load(&message->state);
    COUNT(receivers, -1);
    if (state != MESSAGE_DONE)
        return receive_early(message, state);
    struct error *error = message->error;
    size_t output_size = message_output_size(message->item.kind, message->type);
    if (!error) {
        if (!output)
            dispose_output(message);
        else if (output_size)
            memcpy(output, message_output(message), output_size);
    }
    message_free(message);
    return error_report(error);
}

jlt_status message_begin_wait(struct message *message, struct ring_wait *wait, const void *awaits)
{
    return ring_begin_wait(wait, awaits, message->type->fields.thread, is_done, message);
}

/* Until there is an answer. False: the time has passed. */
static bool await_answer(struct message *message, int64_t timeout_ns)
{
    while (!message_is_done(message)) {
        enum wait_end end = timeout_ns == 0 ? WAIT_TIMED_OUT : await(message, timeout_ns);
        if (end == WAIT_STOPPED && give_up(message, MESSAGE_CANCELLED))
            break;
        if (end == WAIT_TIMED_OUT && !message_call_off(message))
            return false;
    }
    return true;
}

jlt_status message_receive_awaited(struct message *message, struct ring_wait *wait, void *output)
{
    (void)await_answer(message, -1);
    ring_end_wait(wait); /* before the message is freed */
    return receive_answer(message, output);
}

jlt_status message_receive(struct message *message, int64_t timeout_ns, void *output)
{
    struct ring_wait wait;
    bool invoked = message->item.flags & (MESSAGE_INVOKED | MESSAGE_BORROWS);
    if (!invoked && message_is_in_queue(message))
        return error_fail(JLT_INVALID_ARGUMENT, "\"%s\": the receiver is in a queue, and has not come out of it",
                          message->type->name);
    if (!invoked && timeout_ns != 0 && !message_is_done(message) && parker_prepare(timeout_ns) != JLT_OK) {
        message_drop(message);
        return error_last()->status;
    }
    if (timeout_ns < 0 && message->item.flags & MESSAGE_COUNTED && !message_is_done(message)) {
        jlt_status status = message_begin_wait(message, &wait, message_awaits(message));
        return status == JLT_OK ? message_receive_awaited(message, &wait, output) : status;
    }
    return await_answer(message, timeout_ns) ? receive_answer(message, output)
                                             : error_report(error_constant(JLT_TIMEOUT));
}

void message_drop_answered(struct message *message)
{
    uintptr_t was = atomic_load(&message->state), next;
    do {
        if (was == MESSAGE_DONE || was == MESSAGE_CANCELLED_OVER || was == MESSAGE_LATE_OVER) {
            free_undelivered(message);
            return;
        }
        next = was == MESSAGE_PENDING ? MESSAGE_ABANDONED : MESSAGE_FORSAKEN;
    } while (!atomic_compare_exchange_strong(&message->state, &was, next));
}

void message_drop(struct message *message)
{
    uintptr_t state = atomic_load(&message->state);
    COUNT(receivers, -1);
    if (state & message_in_queue)
        queue_forget(message_place(message));
    else if (!message->type->fields.skip_if_dropped || !give_up(message, MESSAGE_FORSAKEN))
        message_drop_answered(message);
}

/* ---- in a queue ---- */

bool message_can_enter_queue(struct message *message)
{
    return atomic_load(&message->state) < message_states;
}

struct queued *message_place(struct message *message)
{
    uintptr_t state = atomic_load(&message->state);
    return state & message_in_block ? address_of(state) : message_queued(message);
}

/* relaxed: sending it publishes it */
void message_begin_in_queue(struct message *message, struct queue *queue)
{
    atomic_store_explicit(&message->state, (uintptr_t)queue | message_in_queue | MESSAGE_PENDING, memory_order_relaxed);
}

bool message_enter_queue(struct message *message, struct queued *queued)
{
    bool in_block = queued->item.flags & QUEUED_BLOCK;
    uintptr_t where = in_block ? (uintptr_t)queued | message_in_block : (uintptr_t)queued->queue;
    uintptr_t was = atomic_load(&message->state);
    while (!atomic_compare_exchange_strong(&message->state, &was, where | message_in_queue | was))
        continue;
    return was == MESSAGE_PENDING;
}

void message_leave_queue(struct message *message)
{
    uintptr_t was = atomic_load(&message->state);
    if ((was & message_answer) == MESSAGE_DONE) {
        /* relaxed: nobody else has to do with it, and passing it on is the taker's to order */
        atomic_store_explicit(&message->state, MESSAGE_DONE, memory_order_relaxed);
        return;
    }
    while (!atomic_compare_exchange_strong(&message->state, &was, was & message_answer))
        continue; /* the worker is through with one that was given up */
}

bool message_forsake(struct message *message)
{
    uintptr_t was = atomic_load(&message->state);
    if (was & message_answer)
        return false;
    return (message->type->fields.skip_if_dropped && give_up(message, MESSAGE_FORSAKEN)) ||
           atomic_compare_exchange_strong(&message->state, &was, MESSAGE_ABANDONED);
}
