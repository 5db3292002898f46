/* SPDX-License-Identifier: MIT
 *
 * No wake-up is lost: one who waits raises `waiters` and then tries once more; one who leaves lowers `used` and
 * then looks at `waiters`. Both pairs are sequentially consistent, so at least one sees the other. The one who
 * leaves takes the places again on behalf of the oldest waiters, who therefore have them when they wake.
 *
 * A body's wait is not counted for rings (ring.h) while something has a place that has a deadline: there will be room.
 * But somebody else may be faster to take it. So when the last of these has left, those whose waits are not counted
 * look again, and what they begin then is a wait that is. That wake-up is not lost either: one who waits raises
 * `waiters` and then looks at `timed`, the last to leave lowers `timed` and then looks at `waiters`. */
#include "core/gate.h"

#include "core/body.h"
#include "core/parker.h"
#include "core/ring.h"
#include "core/task.h"

enum { look_again = -1 };

struct gate_waiter {
    struct gate_waiter *next;
    struct gate *gate;
    struct gate_queue *queue;
    size_t places;
    const char *name; /* of the type of the task whose gate it is; NULL: the channel */
    struct parker parker;
    bool uncounted;    /* since something there has a deadline */
    atomic_int status; /* a jlt_status, or look_again; JLT_PENDING while it is in the queue */
};

void gate_init(struct gate *gate, size_t capacity)
{
    gate->capacity = capacity;
    atomic_init(&gate->used, 0);
    atomic_init(&gate->waiters, 0);
    atomic_init(&gate->timed, 0);
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

bool gate_try_enter(struct gate *gate, size_t places)
{
    if (!gate->capacity)
        return true;
    size_t used = atomic_load(&gate->used);
    do {
        if (used + places > gate->capacity)
            return false;
    } while (!atomic_compare_exchange_weak(&gate->used, &used, used + places));
    return true;
}

void gate_force(struct gate *gate, size_t places)
{
    if (gate->capacity)
        atomic_fetch_add(&gate->used, places);
}

/* Takes the waiter at *link out of the queue. The caller holds the lock, and wakes it. */
static struct gate_waiter *take_out(struct gate_waiter **link, int status)
{
    struct gate_waiter *waiter = *link;
    *link = waiter->next;
    atomic_fetch_sub(&waiter->gate->waiters, 1);
    atomic_store(&waiter->status, status);
    return waiter;
}

/* Gives what is free to those who wait at the gate. Returns a list of them, to be woken. */
static struct gate_waiter *let_in(struct gate *gate, struct gate_queue *queue)
{
    struct gate_waiter *woken = NULL, **end = &woken, **link = &queue->first;
    while (*link) {
        if ((*link)->gate != gate) {
            link = &(*link)->next;
            continue;
        }
        if (!gate_try_enter(gate, (*link)->places))
            break;
        *end = take_out(link, JLT_OK);
        end = &(*end)->next;
        *end = NULL;
    }
    return woken;
}

static void wake_all(struct gate_waiter *woken)
{
    for (struct gate_waiter *next; woken; woken = next) {
        next = woken->next;
        parker_wake(&woken->parker);
    }
}

/* Unless it has its place, or the gates are closed, already. Those behind it may ask for less. */
static bool stop_waiting(struct gate_waiter *waiter, jlt_status status)
{
    struct gate_queue *queue = waiter->queue;
    struct gate_waiter *woken = NULL;
    bool waits = false;
    pthread_mutex_lock(&queue->lock);
    for (struct gate_waiter **link = &queue->first; *link; link = &(*link)->next) {
        waits = *link == waiter;
        if (waits) {
            take_out(link, status);
            woken = let_in(waiter->gate, queue);
            break;
        }
    }
    pthread_mutex_unlock(&queue->lock);
    wake_all(woken);
    return waits;
}

static void fire(struct limit *limit, enum limit_reason reason)
{
    struct gate_waiter *waiter = limit->owner;
    if (stop_waiting(waiter, reason == LIMIT_LATE ? JLT_DEADLINE_EXCEEDED : JLT_CANCELLED))
        parker_wake(&waiter->parker); /* it does not leave before the limit is removed */
}

static bool is_decided(void *waiter)
{
    return atomic_load(&((struct gate_waiter *)waiter)->status) != JLT_PENDING;
}

static bool is_turned_away(void *waiter)
{
    return is_decided(waiter) && atomic_load(&((struct gate_waiter *)waiter)->status) != JLT_OK;
}

/* The wait ends by a wake-up, but for a body that is told to stop. */
static void await_place(struct gate_waiter *self)
{
    bool stopped;
    if (current_fiber)
        body_suspend(current_fiber, FIBER_WAITS_FOR_ROOM, self->name);
    if (!parker_wait_interruptibly(&self->parker, -1, &stopped) && !stop_waiting(self, JLT_CANCELLED))
        parker_wait_late(&self->parker);
    int again = look_again;
    if (stopped) /* it is told once */
        atomic_compare_exchange_strong(&self->status, &again, JLT_CANCELLED);
}

/* One who is given a place goes on to wait for the task. */
static void await_place_listed(struct gate_waiter *self, struct ring_wait *listed)
{
    bool (*is_over)(void *event) = listed->is_over;
    void *event = listed->event;
    ring_set_event(listed, is_turned_away, self);
    await_place(self);
    ring_set_event(listed, is_over, event);
}

/* It is listed when it is in the queue, and not before: from then on the owner's next body, if it waits in turn, finds
 * that this one has been given a place. */
static void await_place_counted(struct gate_waiter *self, const struct task *owner)
{
    struct ring_wait wait;
    if (ring_begin_wait(&wait, owner, owner ? owner->type->fields.thread : 0, is_decided, self) != JLT_OK &&
        stop_waiting(self, JLT_WOULD_DEADLOCK)) {
        parker_drop(&self->parker);
        return;
    }
    await_place(self);
    ring_end_wait(&wait);
}

static void await_place_for(struct gate_waiter *self, const struct gate_wait *wait)
{
    if (wait->listed)
        await_place_listed(self, wait->listed);
    else if (self->uncounted || wait->deadline != limit_never)
        await_place(self);
    else
        await_place_counted(self, wait->owner);
}

static void await_place_limited(struct gate_waiter *self, const struct gate_wait *wait)
{
    struct limit limit;
    bool limited = limit_add(&limit, self, wait->deadline, wait->canceller, fire) == JLT_OK;
    if (!limited && stop_waiting(self, JLT_NO_MEMORY))
        parker_wake(&self->parker);
    await_place_for(self, wait);
    if (limited)
        limit_remove(&limit);
}

/* A jlt_status, or look_again. */
static int enter(struct gate *gate, struct gate_queue *queue, const struct gate_wait *wait)
{
    if (gate_try_enter(gate, wait->places))
        return JLT_OK;
    if (parker_is_to_stop())
        return JLT_CANCELLED;
    const char *name = wait->owner ? wait->owner->type->name : NULL;
    struct gate_waiter self = {.gate = gate, .queue = queue, .places = wait->places, .name = name};
    atomic_init(&self.status, JLT_PENDING);
    parker_init(&self.parker);
    pthread_mutex_lock(&queue->lock);
    atomic_fetch_add(&gate->waiters, 1);
    bool entered = gate_try_enter(gate, wait->places);
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
    self.uncounted = !wait->listed && wait->deadline == limit_never && atomic_load(&gate->timed);
    pthread_mutex_unlock(&queue->lock);
    if (wait->deadline != limit_never || wait->canceller)
        await_place_limited(&self, wait);
    else
        await_place_for(&self, wait);
    return atomic_load(&self.status);
}

jlt_status gate_enter(struct gate *gate, struct gate_queue *queue, const struct gate_wait *wait)
{
    int status;
    do {
        status = enter(gate, queue, wait);
    } while (status == look_again);
    return (jlt_status)status;
}

void gate_leave(struct gate *gate, struct gate_queue *queue, size_t places)
{
    if (!gate->capacity)
        return;
    atomic_fetch_sub(&gate->used, places);
    if (!atomic_load(&gate->waiters))
        return;
    pthread_mutex_lock(&queue->lock);
    struct gate_waiter *woken = let_in(gate, queue);
    pthread_mutex_unlock(&queue->lock);
    wake_all(woken);
}

void gate_leave_timed(struct gate *gate, struct gate_queue *queue, size_t places)
{
    bool last = gate->capacity && atomic_fetch_sub(&gate->timed, 1) == 1;
    gate_leave(gate, queue, places);
    if (!last || !atomic_load(&gate->waiters))
        return;
    pthread_mutex_lock(&queue->lock);
    for (struct gate_waiter **link = &queue->first; *link;) {
        if ((*link)->gate == gate && (*link)->uncounted)
            parker_wake(&take_out(link, look_again)->parker); /* under the lock, as below */
        else
            link = &(*link)->next;
    }
    struct gate_waiter *woken = let_in(gate, queue); /* those behind them may ask for less */
    pthread_mutex_unlock(&queue->lock);
    wake_all(woken);
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
