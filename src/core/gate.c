/* SPDX-License-Identifier: MIT
 *
 * No wake-up is lost: one who waits raises `waiters` and then tries once more; one who leaves lowers `used` and
 * then looks at `waiters`. Both pairs are sequentially consistent, so at least one sees the other. The one who
 * leaves takes the place again on behalf of the oldest waiter, who therefore has it when it wakes. */
#include "core/gate.h"

#include "core/parker.h"
#include "core/ring.h"

struct gate_waiter {
    struct gate_waiter *next;
    struct gate *gate;
    struct parker parker;
    atomic_int status; /* a jlt_status; JLT_PENDING while it is in the queue */
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
    atomic_store(&waiter->status, (int)status);
    return waiter;
}

static bool is_decided(void *waiter)
{
    return atomic_load(&((struct gate_waiter *)waiter)->status) != JLT_PENDING;
}

/* False: it is not in the queue any more. */
static bool give_up(struct gate_waiter *self, struct gate_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    bool undecided = !is_decided(self);
    if (undecided) {
        struct gate_waiter **link = &queue->first;
        while (*link != self)
            link = &(*link)->next;
        take_out(link, JLT_WOULD_DEADLOCK);
    }
    pthread_mutex_unlock(&queue->lock);
    return undecided;
}

static bool is_turned_away(void *waiter)
{
    return is_decided(waiter) && atomic_load(&((struct gate_waiter *)waiter)->status) != JLT_OK;
}

/* One who is given a place goes on to wait for the task. */
static void await_place_listed(struct gate_waiter *self, struct ring_wait *listed)
{
    bool (*is_over)(void *event) = listed->is_over;
    void *event = listed->event;
    ring_set_event(listed, is_turned_away, self);
    parker_wait(&self->parker, -1);
    ring_set_event(listed, is_over, event);
}

/* It is listed when it is in the queue, and not before: from then on the owner's next body, if it waits in turn, finds
 * that this one has been given a place. */
static void await_place(struct gate_waiter *self, struct gate_queue *queue, const struct task *owner)
{
    struct ring_wait wait;
    if (ring_begin_wait(&wait, owner, is_decided, self) != JLT_OK && give_up(self, queue)) {
        parker_drop(&self->parker);
        return;
    }
    parker_wait(&self->parker, -1);
    ring_end_wait(&wait);
}

jlt_status gate_enter(struct gate *gate, struct gate_queue *queue, const struct task *owner, struct ring_wait *listed)
{
    if (gate_try_enter(gate))
        return JLT_OK;
    struct gate_waiter self;
    self.gate = gate;
    self.next = NULL;
    atomic_init(&self.status, JLT_PENDING);
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
    if (listed)
        await_place_listed(&self, listed);
    else
        await_place(&self, queue, owner);
    return (jlt_status)atomic_load(&self.status);
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
