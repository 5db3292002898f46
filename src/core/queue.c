/* SPDX-License-Identifier: MIT
 *
 * A queue has an inbox of the answered, which those who answer push to, and a list, into which takers empty it, under
 * the lock. Where nobody is to be told, since the descriptor was not asked for and no taker sleeps, that is all, and a
 * push needs no lock. Else an empty queue has an idle inbox: INBOX_IDLE says that who pushes next takes the lock, and
 * tells. While the lock is held the inbox is not idle; who takes it sees to that before anything else (open_up), and
 * restores the rule last (settle). So
 *
 *   - the descriptor is rung exactly where the queue becomes not empty, and cleared where a take leaves it empty, all
 *     under the lock: no ring is lost between a take and a clear, each is an edge, and who has taken what there was
 *     finds the descriptor clear;
 *   - one taker that sleeps is woken where the queue becomes not empty, and another wherever somebody leaves something
 *     behind, so that none sleeps while there is something. One that was chosen, and does not take, passes that on.
 *
 * What is attached is listed until it comes out, since a drop gives up all of it, and so does the end of the runtime's
 * patience; a close with cancel gives up what has not begun. A message is attached and sent in one step, under the
 * lock, so that it cannot come out, be received and freed, while its sender still has to do with it. One that has a
 * limit, which may answer it before it is sent, is attached afterwards (its receiver is the sender's until then), as
 * is a receiver that was there before: in the step in which its state says so, it has an answer or will be pushed by
 * who gives it one. Between that one's step and its push the message is neither pending nor in the queue; the queue is
 * there until the push is over, since each that is attached is one of its owners (so are the handle, a send under way,
 * and a taker that waits).
 *
 * Who answers touches only the message's first line, whose node goes into the inbox; it is free once the message has
 * begun. One that has not may still be in a mailbox: its struct queued goes there in its stead.
 *
 * A drop seals the inbox; a push that comes too late drops the message itself. This it cannot do under the lock of
 * timers, under which limits fire; so a drop holds that lock, and limits that fire later find nothing attached.
 *
 * Order of locks: of timers; of the list of queues; of a queue; of gates and workers. No lock is held where a
 * message is freed, or a user's function called. */
#include "base/checks.h"
#include "base/list.h"
#include "core/limit.h"
#include "core/message.h"
#include "core/quarantine.h"
#include "core/queue_parts.h"
#include "core/timers.h"
#include "platform/platform.h"
#include "platform/thread_state.h"

#include <stdlib.h>
#include <string.h>

static pthread_mutex_t queues_lock = PTHREAD_MUTEX_INITIALIZER;
static struct queue *queues;
static atomic_bool has_ended; /* the runtime */

/* ---- life ---- */

jlt_status queue_new(struct queue **made)
{
    struct queue *queue = aligned_alloc(alignof(struct queue), sizeof *queue);
    if (!queue)
        return error_report(error_constant(JLT_NO_MEMORY));
    memset(queue, 0, sizeof *queue);
    queue->event = platform_event_open();
    if (queue->event < 0) {
        int reason = -queue->event;
        free(queue);
        return error_fail(JLT_FAILED, "jlt_queue_new: no descriptor (errno %d)", reason);
    }
    atomic_init(&queue->inbox.head, INBOX_IDLE);
    atomic_init(&queue->entered, 1);
    pthread_mutex_lock(&queues_lock);
    LIST_ADD(queues, queue);
    pthread_mutex_unlock(&queues_lock);
    *made = queue;
    return error_none();
}

void queue_let_go_of(struct queue *queue, long owners)
{
    mutex_lock(&queue->lock);
    queue->left += owners;
    bool was_last = queue->left == atomic_load(&queue->entered);
    mutex_unlock(&queue->lock);
    if (!was_last)
        return;
    platform_event_close(queue->event);
    free(queue);
}

void queue_hold(struct queue *queue)
{
    atomic_fetch_add(&queue->entered, 1);
}

void queue_let_go(struct queue *queue)
{
    queue_let_go_of(queue, 1);
}

/* ---- under the lock ---- */

void queue_drain(struct queue *queue)
{
    inbox_append(&queue->list, inbox_take(&queue->inbox));
}

static void open_up(struct queue *queue)
{
    /* relaxed: who holds the lock is the only one who changes that, and who sees it late takes the lock */
    if (atomic_load_explicit(&queue->inbox.head, memory_order_relaxed) == INBOX_IDLE)
        atomic_store_explicit(&queue->inbox.head, NULL, memory_order_relaxed);
}

static struct waiter *choose(struct queue *queue, struct waiter *waiter)
{
    if (waiter) {
        LIST_REMOVE(queue->waiters, waiter);
        waiter->chosen = true;
    }
    return waiter;
}

/* Clear before the inbox is idle: the next ring comes after that. */
static void set_event(struct queue *queue, bool readable)
{
    if (readable && !queue->rung)
        platform_event_set(queue->event);
    else if (!readable && queue->rung)
        platform_event_clear(queue->event);
    queue->rung = readable;
}

/* The last step. Returns who is to be woken after the lock, or NULL. */
static struct waiter *settle(struct queue *queue)
{
    for (;; queue_drain(queue)) {
        /* relaxed: a hint for who waits awake */
        atomic_store_explicit(&queue->has_list, queue->list.first, memory_order_relaxed);
        set_event(queue, queue->list.first && queue->watched);
        if (queue->list.first)
            return choose(queue, queue->waiters);
        if ((!queue->watched && !queue->waiters) || inbox_leave(&queue->inbox, INBOX_IDLE))
            return NULL;
    }
}

void queue_unlock(struct queue *queue)
{
    struct waiter *chosen = settle(queue);
    mutex_unlock(&queue->lock);
    if (chosen)
        parker_wake(&chosen->parker);
}

void queue_lock(struct queue *queue)
{
    mutex_lock(&queue->lock);
    if (!queue->dropped)
        open_up(queue);
}

bool queue_is_over(const struct queue *queue)
{
    return atomic_load(&has_ended) && !queue->attached;
}

/* ---- coming in ---- */

struct queued *queue_place_of(struct inbox_node *node)
{
    struct item *item = item_of(node);
    return item->kind == ITEM_QUEUED ? (struct queued *)item : message_place((struct message *)item);
}

void queue_free_block(struct queued *queued)
{
    if (queued->item.flags & QUEUED_BLOCK)
        free(queued);
}

/* With JLT_CHECKS; of a message that may be gone. */
static void end_receiver(struct message *message)
{
    if (quarantine_enabled)
        quarantine_change(&message->item.life, LIFE_ALIVE, LIFE_ENDED);
}

/* Of an answered one that is not in the queue any more, without a lock. */
void queue_drop_answered(struct queued *queued)
{
    struct message *message = queued->message;
    COUNT(receivers, queued->item.flags & QUEUED_DROPPED ? 0 : -1); /* else it was counted when it was dropped */
    message_leave_queue(message);
    queue_free_block(queued);
    end_receiver(message);
    message_drop_answered(message);
}

static struct inbox_node *node_of(struct message *message)
{
    bool begun = atomic_load(&message->item.phase) == MESSAGE_BEGUN;
    return begun ? &message->item.node : &message_place(message)->item.node;
}

static void append_one(struct queue *queue, struct message *message)
{
    queue_drain(queue);
    inbox_append(&queue->list, inbox_chain_of(node_of(message)));
}

/* It was dropped, or the inbox was idle. */
static void push_locked(struct queue *queue, struct message *message)
{
    queue_lock(queue);
    if (queue->dropped) {
        struct queued *queued = message_place(message);
        mutex_unlock(&queue->lock);
        queue_drop_answered(queued);
        queue_let_go_of(queue, 1);
        return;
    }
    append_one(queue, message);
    queue_unlock(queue);
}

void queue_push(struct queue *queue, struct message *message)
{
    static _Thread_local struct inbox_trail pushed;
    if (!inbox_push_to_owned(&queue->inbox, node_of(message), &pushed))
        push_locked(queue, message);
}

/* The lock's holder's. */
static void list(struct queue *queue, struct queued *queued, struct message *message, void *user)
{
    queued->message = message;
    queued->queue = queue;
    queued->user = user;
    LIST_ADD(queue->attached, queued);
}

bool queue_open(struct queue *queue)
{
    mutex_lock(&queue->lock);
    if (!queue->dropped)
        return true;
    mutex_unlock(&queue->lock);
    return false;
}

void queue_enter(struct queue *queue, struct message *message, void *user)
{
    list(queue, message_queued(message), message, user);
    message_begin_in_queue(message, queue);
}

void queue_leave(struct queue *queue, struct message *message)
{
    LIST_REMOVE(queue->attached, message_queued(message));
    message_leave_queue(message);
}

static void call_off_attached(struct queue *queue)
{
    for (struct queued *queued = queue->attached; queued; queued = queued->next)
        message_call_off(queued->message);
}

void queue_shut(struct queue *queue)
{
    if (!message_may_be_called_off()) { /* else it is set when or before what was entered is found in the list */
        mutex_unlock(&queue->lock);
        return;
    }
    open_up(queue);
    call_off_attached(queue);
    queue_unlock(queue);
}

void queue_attach(struct queue *queue, struct queued *queued, struct message *message, void *user)
{
    mutex_lock(&queue->lock);
    if (queue->dropped) {
        mutex_unlock(&queue->lock);
        queue_free_block(queued);
        message_drop(message);
        queue_let_go_of(queue, 1);
        return;
    }
    list(queue, queued, message, user);
    bool pending = message_enter_queue(message, queued);
    if (pending && !message_may_be_called_off()) { /* as in queue_shut */
        mutex_unlock(&queue->lock);
        return;
    }
    open_up(queue);
    if (pending)
        message_call_off(message);
    else
        append_one(queue, message);
    queue_unlock(queue);
}

jlt_status queue_add(struct queue *queue, struct message *message, void *user)
{
    if (!message_can_enter_queue(message))
        return error_fail(JLT_INVALID_ARGUMENT, "jlt_queue_add: the receiver is in a queue, or waited for");
    struct queued *queued = aligned_alloc(queued_block_alignment, sizeof *queued);
    if (!queued)
        return error_report(error_constant(JLT_NO_MEMORY));
    queued->item.kind = ITEM_QUEUED;
    queued->item.flags = QUEUED_BLOCK;
    queue_hold(queue);
    queue_attach(queue, queued, message, user);
    return error_none();
}

void queue_forget(struct queued *queued)
{
    struct queue *queue = queued->queue;
    bool is_block = queued->item.flags & QUEUED_BLOCK;
    queue_lock(queue);
    LIST_REMOVE(queue->attached, queued);
    bool forsaken = message_forsake(queued->message); /* then the message may be gone, and what follows it */
    if (!forsaken) {
        LIST_ADD(queue->attached, queued);
        queued->item.flags |= QUEUED_DROPPED;
    }
    queue_unlock(queue);
    if (!forsaken)
        return;
    if (is_block)
        free(queued);
    queue_let_go_of(queue, 1);
}

int queue_descriptor(struct queue *queue)
{
    queue_lock(queue);
    queue_drain(queue);
    queue->watched = true;
    queue_unlock(queue);
    return queue->event;
}

/* ---- all at once ---- */

static struct waiter *choose_all(struct queue *queue)
{
    struct waiter *all = queue->waiters;
    for (struct waiter *waiter = all; waiter; waiter = waiter->next)
        waiter->chosen = true;
    queue->waiters = NULL;
    return all;
}

static void wake_all(struct waiter *all)
{
    for (struct waiter *waiter = all, *next; waiter; waiter = next) {
        next = waiter->next;
        parker_wake(&waiter->parker);
    }
}

void queues_call_off(void)
{
    pthread_mutex_lock(&queues_lock);
    for (struct queue *queue = queues; queue; queue = queue->next) {
        queue_lock(queue);
        call_off_attached(queue);
        queue_drain(queue);
        queue_unlock(queue);
    }
    pthread_mutex_unlock(&queues_lock);
}

void queues_end(bool ended)
{
    atomic_store(&has_ended, ended);
    pthread_mutex_lock(&queues_lock);
    for (struct queue *queue = queues; queue; queue = queue->next) {
        queue_lock(queue);
        queue_drain(queue);
        struct waiter *all = choose_all(queue); /* who waits looks again */
        queue_unlock(queue);
        wake_all(all);
    }
    pthread_mutex_unlock(&queues_lock);
}

/* ---- the end of a queue ---- */

/* Under the lock: gives up what has no answer, and forgets what is attached. Returns how many are not there any more;
 * those that were answered, and are not in the list yet, are dropped by who is about to push them. */
static long forsake_all(struct queue *queue)
{
    long gone = 0;
    for (struct queued *queued = queue->attached, *next; queued; queued = next) {
        bool is_block = queued->item.flags & QUEUED_BLOCK;
        struct message *message = queued->message; /* gone, and what follows it, when it is forsaken */
        next = queued->next;
        if (!message_forsake(message))
            continue;
        end_receiver(message);
        COUNT(receivers, -1);
        gone++;
        if (is_block)
            free(queued);
    }
    queue->attached = NULL;
    return gone;
}

/* Under the locks of timers and the queue: what is ready to come out, which is not attached any more. */
static struct inbox_node *seal(struct queue *queue)
{
    inbox_append(&queue->list, inbox_seal(&queue->inbox));
    struct inbox_node *first = queue->list.first;
    for (struct inbox_node *node = first; node; node = node->next)
        LIST_REMOVE(queue->attached, queue_place_of(node));
    queue->list.first = NULL;
    queue->dropped = true;
    return first;
}

static long drop_all(struct inbox_node *first)
{
    long count = 0;
    for (struct inbox_node *node = first, *next; node; node = next, count++) {
        next = node->next;
        queue_drop_answered(queue_place_of(node));
    }
    return count;
}

/* Until no callback runs, but for the one that drops its own queue. */
static void await_callback(struct queue *queue)
{
    struct waiter self = {.chosen = false};
    parker_init(&self.parker);
    mutex_lock(&queue->lock);
    bool waits = queue->callback_runs && !pthread_equal(queue->callback_thread, pthread_self());
    if (waits)
        queue->dropper = &self;
    mutex_unlock(&queue->lock);
    if (waits)
        parker_wait(&self.parker, -1);
    else
        parker_drop(&self.parker);
}

void queue_drop(struct queue *queue)
{
    pthread_mutex_lock(&queues_lock);
    LIST_REMOVE(queues, queue);
    pthread_mutex_unlock(&queues_lock);
    timers_lock();
    mutex_lock(&queue->lock);
    struct inbox_node *answered = seal(queue);
    long gone = forsake_all(queue);
    struct waiter *waiting = choose_all(queue);
    mutex_unlock(&queue->lock);
    timers_unlock();
    wake_all(waiting);
    gone += drop_all(answered);
    if (queue->callback)
        await_callback(queue);
    queue_let_go_of(queue, gone + 1);
}

/* ---- callbacks ---- */

static void *call_back(void *argument)
{
    struct queue *queue = argument;
    jlt_completion completion;
    size_t count;
    thread_state_julia(); /* signals are for the program's own threads */
    while (queue_take(queue, INT64_MAX, &completion, sizeof completion, 1, &count) == JLT_OK)
        queue->callback(queue->context, &completion);
    mutex_lock(&queue->lock);
    queue->callback_runs = false;
    struct waiter *dropper = queue->dropper;
    mutex_unlock(&queue->lock);
    if (dropper)
        parker_wake(&dropper->parker);
    queue_let_go_of(queue, 1);
    return NULL;
}

jlt_status queue_set_callback(struct queue *queue, void (*callback)(void *context, const jlt_completion *completion),
                              void *context)
{
    enum { stack_bytes = 1 << 20 };
    mutex_lock(&queue->lock);
    bool has_one = queue->callback;
    int failed = 0;
    if (!has_one) {
        queue->callback = callback;
        queue->context = context;
        queue_hold(queue);
        failed = platform_thread_start(&queue->callback_thread, stack_bytes, call_back, queue);
        queue->callback_runs = !failed;
        if (failed)
            queue->callback = NULL;
        else
            pthread_detach(queue->callback_thread);
    }
    mutex_unlock(&queue->lock);
    if (failed)
        queue_let_go_of(queue, 1);
    if (has_one)
        return error_fail(JLT_INVALID_ARGUMENT, "jlt_queue_set_callback: the queue has a callback");
    return failed ? error_report(error_constant(JLT_NO_MEMORY)) : error_none();
}
