/* SPDX-License-Identifier: MIT
 *
 * Taking from a queue, and waiting for that. The rules are at the top of queue.c. */
#include "base/checks.h"
#include "base/list.h"
#include "core/limit.h"
#include "core/message.h"
#include "core/queue_parts.h"
#include "core/spin.h"
#include "platform/platform.h"

#include <string.h>

struct taking {
    unsigned char *into;
    size_t size, room, count;
    struct inbox_node *dropped; /* that came out, but for nobody */
};

static void put(struct taking *taking, const struct queued *queued)
{
    const jlt_completion completion = {(jlt_receiver *)queued->message, queued->user};
    size_t known = taking->size < sizeof completion ? taking->size : sizeof completion;
    unsigned char *into = taking->into + taking->count++ * taking->size;
    memcpy(into, &completion, known);
    memset(into + known, 0, taking->size - known);
}

static void take_all(struct queue *queue, struct taking *taking)
{
    while (taking->count < taking->room) {
        if (!queue->list.first)
            queue_drain(queue);
        struct inbox_node *node = inbox_pop(&queue->list);
        if (!node)
            return;
        struct queued *queued = queue_place_of(node);
        LIST_REMOVE(queue->attached, queued);
        queue->left++; /* not the last: there is the handle */
        if (queued->item.flags & QUEUED_DROPPED) {
            node->next = taking->dropped;
            taking->dropped = node;
            continue;
        }
        put(taking, queued);
        message_leave_queue(queued->message);
        queue_free_block(queued);
    }
}

/* After the lock. */
static void finish_taking(struct taking *taking)
{
    for (struct inbox_node *node = taking->dropped, *next; node; node = next) {
        next = node->next;
        queue_drop_answered(queue_place_of(node));
    }
    taking->dropped = NULL;
}

/* Takes what there is. JLT_PENDING: there is nothing; *held: the caller is an owner, since it may wait. */
static jlt_status take_now(struct queue *queue, struct taking *taking, int64_t timeout_ns, bool *held)
{
    jlt_status status = JLT_CLOSED;
    queue_lock(queue);
    if (queue->dropped) {
        mutex_unlock(&queue->lock);
        return status;
    }
    take_all(queue, taking);
    if (taking->count)
        status = JLT_OK;
    else if (!(timeout_ns < 0 && queue_is_over(queue)))
        status = JLT_PENDING;
    if (status == JLT_PENDING && timeout_ns != 0 && !*held) {
        queue_hold(queue);
        *held = true;
    }
    queue_unlock(queue);
    finish_taking(taking);
    return status;
}

/* False: there is something to see already. */
static bool list_waiter(struct queue *queue, struct waiter *self, int64_t timeout_ns)
{
    queue_lock(queue);
    if (queue->dropped) {
        mutex_unlock(&queue->lock);
        return false;
    }
    queue_drain(queue);
    bool waits = !queue->list.first && !(timeout_ns < 0 && queue_is_over(queue));
    if (waits)
        LIST_ADD(queue->waiters, self);
    queue_unlock(queue);
    return waits;
}

/* After a wait that has ended by itself. What it was chosen for, and does not take, is passed on. */
static void unlist_waiter(struct queue *queue, struct waiter *self)
{
    queue_lock(queue);
    bool chosen = self->chosen;
    if (!chosen)
        LIST_REMOVE(queue->waiters, self);
    if (queue->dropped)
        mutex_unlock(&queue->lock);
    else
        queue_unlock(queue);
    if (chosen)
        parker_wait_late(&self->parker);
}

static jlt_status sleep_for_more(struct queue *queue, int64_t timeout_ns)
{
    struct waiter self = {.chosen = false};
    jlt_status status = parker_prepare(timeout_ns);
    bool stopped = false;
    if (status != JLT_OK)
        return status;
    if (parker_is_to_stop())
        return JLT_CANCELLED;
    parker_init(&self.parker);
    if (!list_waiter(queue, &self, timeout_ns)) {
        parker_drop(&self.parker);
        return JLT_OK;
    }
    if (parker_wait_interruptibly(&self.parker, timeout_ns, &stopped))
        return JLT_OK; /* also where it is told to stop just now: it was chosen, and takes */
    unlist_waiter(queue, &self);
    return stopped ? JLT_CANCELLED : JLT_OK;
}

/* relaxed: a hint, looked at again */
static bool has_something(void *context)
{
    struct queue *queue = context;
    struct inbox_node *head = atomic_load_explicit(&queue->inbox.head, memory_order_relaxed);
    return (head && head != INBOX_IDLE) || atomic_load_explicit(&queue->has_list, memory_order_relaxed);
}

/* Until there may be something. */
static jlt_status wait_for_more(struct queue *queue, int64_t timeout_ns)
{
    static _Thread_local struct spinner spinner;
    if (timeout_ns >= 0 || parker_suspends())
        return sleep_for_more(queue, timeout_ns);
    if (spin_until(&spinner, SPIN_CLIENT, SPIN_WIDE, has_something, queue) && has_something(queue))
        return JLT_OK;
    jlt_status status = sleep_for_more(queue, timeout_ns);
    spin_slept(&spinner);
    return status;
}

static jlt_status take(struct queue *queue, int64_t timeout_ns, struct taking *taking)
{
    int64_t deadline = limit_deadline(timeout_ns), left = timeout_ns;
    bool held = false;
    jlt_status status;
    while ((status = take_now(queue, taking, timeout_ns, &held)) == JLT_PENDING && timeout_ns != 0) {
        if (timeout_ns > 0 && (left = deadline - platform_now()) <= 0)
            status = JLT_TIMEOUT;
        else
            status = wait_for_more(queue, left);
        if (status != JLT_OK)
            break;
    }
    if (held)
        queue_let_go_of(queue, 1);
    return status;
}

/* What is said where it is no receiver that was waited for. */
static struct error *error_of(jlt_status status)
{
    static struct error pending = {JLT_PENDING, true, "nothing has come out of the queue yet", "", ""};
    static struct error timeout = {JLT_TIMEOUT, true, "the time limit passed, and nothing came out of the queue", "",
                                   ""};
    static struct error closed = {
        JLT_CLOSED, true, "the queue was dropped, or the runtime has ended and nothing more comes out of it", "", ""};
    return status == JLT_PENDING   ? &pending
           : status == JLT_TIMEOUT ? &timeout
           : status == JLT_CLOSED  ? &closed
                                   : error_constant(status);
}

jlt_status queue_take(struct queue *queue, int64_t timeout_ns, void *into, size_t size, size_t room, size_t *count)
{
    struct taking taking = {.into = into, .size = size, .room = room};
    jlt_status status = take(queue, timeout_ns, &taking);
    if (status == JLT_OK) {
        *count = taking.count;
        return error_none();
    }
    bool is_new = status == JLT_PENDING || status == JLT_TIMEOUT || status == JLT_CLOSED || status == JLT_CANCELLED;
    return is_new ? error_report(error_of(status)) : status; /* else parker_prepare has reported it */
}
