/* SPDX-License-Identifier: MIT
 *
 * No wake-up is lost: one who waits raises `waiters` and then tries once more; one who leaves lowers `used` and
 * then looks at `waiters`. Both pairs are sequentially consistent, so at least one sees the other. The one who
 * leaves takes the place again on behalf of the oldest waiter, who therefore has it when it wakes. */
#include "core/gate.h"

#include "core/parker.h"

struct gate_waiter {
    struct gate_waiter *next;
    struct gate *gate;
    struct gate_queue *queue;
    struct parker parker;
    jlt_status status;
};

void gate_init(struct gate *gate, size_t capacity)
{
    gate->capacity = capacity;
    atomic_init(&gate->used, 0);
    atomic_init(&gate->waiters, 0);
}

void gate_queue_init(struct gate_queue *queue)
{
    pthread_mutex_init(&queue->lock, NULL);
    queue->first = NULL;
    queue->closed = false;
}

void gate_queue_finish(struct gate_queue *queue)
{
    pthread_mutex_destroy(&queue->lock);
}

bool gate_try_enter(struct gate *gate)
{
    if (!gate->capacity)
        return true;
    size_t used = atomic_load(&gate->used);
    do {
        if (used >= gate->capacity)
            return false;
    } while (!atomic_compare_exchange_weak(&gate->used, &used, used + 1));
    return true;
}

/* Takes the waiter at *link out of the queue. The caller holds the lock, and wakes it. */
static struct gate_waiter *take_out(struct gate_waiter **link, jlt_status status)
{
    struct gate_waiter *waiter = *link;
    *link = waiter->next;
    atomic_fetch_sub(&waiter->gate->waiters, 1);
    waiter->status = status;
    return waiter;
}

/* Unless it has its place, or the gates are closed, already. */
static bool stop_waiting(struct gate_waiter *waiter, jlt_status status)
{
    struct gate_queue *queue = waiter->queue;
    bool waits = false;
    pthread_mutex_lock(&queue->lock);
    for (struct gate_waiter **link = &queue->first; *link; link = &(*link)->next) {
        waits = *link == waiter;
        if (waits) {
            take_out(link, status);
            break;
        }
    }
    pthread_mutex_unlock(&queue->lock);
    return waits;
}

static void fire(struct limit *limit, enum limit_reason reason)
{
    struct gate_waiter *waiter = limit->owner;
    if (stop_waiting(waiter, reason == LIMIT_LATE ? JLT_DEADLINE_EXCEEDED : JLT_CANCELLED))
        parker_wake(&waiter->parker); /* it does not leave before the limit is removed */
}

/* In the queue. The wait ends by a wake-up, but for a body that is told to stop. */
static jlt_status wait_in_queue(struct gate_waiter *self, int64_t deadline, struct canceller *canceller)
{
    bool limited = deadline != limit_never || canceller, stopped;
    struct limit limit;
    if (limited && limit_add(&limit, self, deadline, canceller, fire) != JLT_OK) {
        limited = false;
        if (stop_waiting(self, JLT_NO_MEMORY))
            parker_wake(&self->parker);
    }
    if (!parker_wait_interruptibly(&self->parker, -1, &stopped) && !stop_waiting(self, JLT_CANCELLED))
        parker_wait_late(&self->parker);
    if (limited)
        limit_remove(&limit);
    return self->status;
}

jlt_status gate_enter_within(struct gate *gate, struct gate_queue *queue, int64_t deadline, struct canceller *canceller)
{
    if (gate_try_enter(gate))
        return JLT_OK;
    if (parker_is_to_stop())
        return JLT_CANCELLED;
    struct gate_waiter self = {.gate = gate, .queue = queue};
    parker_init(&self.parker);
    pthread_mutex_lock(&queue->lock);
    atomic_fetch_add(&gate->waiters, 1);
    bool entered = gate_try_enter(gate);
    if (entered || queue->closed) {
        atomic_fetch_sub(&gate->waiters, 1);
        pthread_mutex_unlock(&queue->lock);
        parker_drop(&self.parker);
        return entered ? JLT_OK : JLT_CLOSED;
    }
    struct gate_waiter **end = &queue->first;
    while (*end)
        end = &(*end)->next;
    *end = &self;
    pthread_mutex_unlock(&queue->lock);
    return wait_in_queue(&self, deadline, canceller);
}

jlt_status gate_enter(struct gate *gate, struct gate_queue *queue)
{
    return gate_enter_within(gate, queue, limit_never, NULL);
}

void gate_leave(struct gate *gate, struct gate_queue *queue)
{
    if (!gate->capacity)
        return;
    atomic_fetch_sub(&gate->used, 1);
    if (!atomic_load(&gate->waiters))
        return;
    struct gate_waiter *waiter = NULL;
    pthread_mutex_lock(&queue->lock);
    for (struct gate_waiter **link = &queue->first; *link; link = &(*link)->next) {
        if ((*link)->gate != gate)
            continue;
        if (gate_try_enter(gate))
            waiter = take_out(link, JLT_OK);
        break;
    }
    pthread_mutex_unlock(&queue->lock);
    if (waiter)
        parker_wake(&waiter->parker);
}

void gate_queue_close(struct gate_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    while (queue->first) {
        struct gate_waiter *waiter = take_out(&queue->first, JLT_CLOSED);
        /* woken under the lock: its `next` is gone with it */
        parker_wake(&waiter->parker);
    }
    pthread_mutex_unlock(&queue->lock);
}
