/* SPDX-License-Identifier: MIT */
#include "random/shared.h"

#include <pthread.h>

enum { canceller_count = 3, queue_count = 2 };

static struct slot {
    pthread_mutex_t lock;
    jlt_persistent *handle;
    int task;
} slots[slot_count];
static bool slots_are_ready;
static atomic_bool slots_are_shut;

static pthread_mutex_t canceller_lock = PTHREAD_MUTEX_INITIALIZER;
static struct shared_canceller *cancellers[canceller_count];

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static struct shared_queue *queues[queue_count];

/* ---- slots ---- */

jlt_persistent *slots_take(uint8_t number, int *task)
{
    struct slot *slot = &slots[number % slot_count];
    pthread_mutex_lock(&slot->lock);
    jlt_persistent *handle = jlt_persistent_clone(slot->handle);
    *task = slot->task;
    pthread_mutex_unlock(&slot->lock);
    return handle;
}

void slots_put(uint8_t number, jlt_persistent *handle, int task)
{
    struct slot *slot = &slots[number % slot_count];
    pthread_mutex_lock(&slot->lock);
    jlt_persistent *old = slot->handle;
    slot->handle = handle;
    slot->task = task;
    if (atomic_load(&slots_are_shut)) { /* set before all are emptied */
        jlt_persistent_drop(handle);
        slot->handle = NULL;
    }
    pthread_mutex_unlock(&slot->lock);
    jlt_persistent_drop(old);
}

/* ---- cancellers ---- */

static struct shared_canceller *new_canceller(void)
{
    unsigned number = atomic_load(&model.canceller_count);
    if (number == cancellers_at_most)
        return NULL;
    struct shared_canceller *made = &model.cancellers[number];
    must(jlt_canceller_new(&made->canceller) == JLT_OK);
    atomic_store(&made->users, 1);
    atomic_store(&model.canceller_count, number + 1); /* under the lock, as all of this */
    return made;
}

void cancellers_leave(struct shared_canceller *canceller)
{
    if (canceller && atomic_fetch_sub(&canceller->users, 1) == 1)
        jlt_canceller_drop(canceller->canceller);
}

struct shared_canceller *cancellers_use(uint8_t number)
{
    pthread_mutex_lock(&canceller_lock);
    struct shared_canceller *canceller = cancellers[number % canceller_count];
    if (canceller)
        atomic_fetch_add(&canceller->users, 1);
    pthread_mutex_unlock(&canceller_lock);
    return canceller;
}

void cancellers_cancel(uint8_t number, bool renew)
{
    struct shared_canceller *canceller = cancellers_use(number);
    if (canceller) {
        atomic_store(&canceller->used, true);
        must(jlt_canceller_cancel(canceller->canceller) == JLT_OK);
        cancellers_leave(canceller);
    }
    if (!renew)
        return;
    pthread_mutex_lock(&canceller_lock);
    struct shared_canceller **place = &cancellers[number % canceller_count], *old = *place;
    *place = new_canceller();
    pthread_mutex_unlock(&canceller_lock);
    cancellers_leave(old);
}

/* ---- queues ---- */

static struct shared_queue *new_queue(void)
{
    unsigned number = atomic_load(&model.queue_count);
    if (number == queues_at_most)
        return NULL;
    struct shared_queue *made = &model.queues[number];
    must(jlt_queue_new(&made->queue) == JLT_OK);
    if (number % 2)
        must(jlt_queue_descriptor(made->queue) >= 0); /* from here on it is rung */
    atomic_store(&made->users, 1);
    atomic_store(&model.queue_count, number + 1); /* under the lock, as all of this */
    return made;
}

void queues_leave(struct shared_queue *queue)
{
    if (!queue || atomic_fetch_sub(&queue->users, 1) != 1)
        return;
    model_queue_dropped(queue);
    jlt_queue_drop(queue->queue);
}

struct shared_queue *queues_use(uint8_t number)
{
    pthread_mutex_lock(&queue_lock);
    struct shared_queue *queue = queues[number % queue_count];
    if (queue)
        atomic_fetch_add(&queue->users, 1);
    pthread_mutex_unlock(&queue_lock);
    return queue;
}

void queues_renew(uint8_t number)
{
    pthread_mutex_lock(&queue_lock);
    struct shared_queue **place = &queues[number % queue_count], *old = *place;
    *place = new_queue();
    pthread_mutex_unlock(&queue_lock);
    queues_leave(old);
}

/* ---- before and after ---- */

void shared_begin(void)
{
    for (unsigned i = 0; i < slot_count; i++) {
        if (!slots_are_ready)
            pthread_mutex_init(&slots[i].lock, NULL);
        slots[i].task = -1;
    }
    slots_are_ready = true;
    atomic_store(&slots_are_shut, false);
    for (unsigned i = 0; i < canceller_count; i++)
        cancellers[i] = new_canceller();
    for (unsigned i = 0; i < queue_count; i++)
        queues[i] = new_queue();
}

void shared_empty_slots(void)
{
    atomic_store(&slots_are_shut, true);
    for (unsigned i = 0; i < slot_count; i++)
        slots_put((uint8_t)i, NULL, -1);
}

void shared_end(void)
{
    for (unsigned i = 0; i < canceller_count; i++)
        cancellers_leave(cancellers[i]);
    for (unsigned i = 0; i < queue_count; i++)
        queues_leave(queues[i]);
}
