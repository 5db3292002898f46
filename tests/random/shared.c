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

/* Of cancellers, then of queues. */
static pthread_mutex_t places_lock = PTHREAD_MUTEX_INITIALIZER;
static struct shared *places[canceller_count + queue_count];

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

/* ---- cancellers and queues ---- */

static struct shared *new_shared(unsigned place)
{
    unsigned number = atomic_load(&model.shared_count);
    if (number == shared_at_most)
        return NULL;
    struct shared *made = &model.shared[number];
    if (place < canceller_count)
        must(jlt_canceller_new(&made->canceller) == JLT_OK);
    else
        must(jlt_queue_new(&made->queue) == JLT_OK);
    if (made->queue && number % 2)
        must(jlt_queue_descriptor(made->queue) >= 0); /* from here on it is rung */
    atomic_store(&made->users, 1);
    atomic_store(&model.shared_count, number + 1); /* under the lock, as all of this */
    return made;
}

static struct shared *use(unsigned place)
{
    pthread_mutex_lock(&places_lock);
    struct shared *shared = places[place];
    if (shared)
        atomic_fetch_add(&shared->users, 1);
    pthread_mutex_unlock(&places_lock);
    return shared;
}

void shared_leave(struct shared *shared)
{
    if (!shared || atomic_fetch_sub(&shared->users, 1) != 1)
        return;
    if (shared->queue)
        model_queue_dropped(shared);
    jlt_queue_drop(shared->queue);
    jlt_canceller_drop(shared->canceller);
}

static void renew(unsigned place)
{
    pthread_mutex_lock(&places_lock);
    struct shared *old = places[place];
    places[place] = new_shared(place);
    pthread_mutex_unlock(&places_lock);
    shared_leave(old);
}

struct shared *cancellers_use(uint8_t number)
{
    return use(number % canceller_count);
}

void cancellers_cancel(uint8_t number, bool renews)
{
    struct shared *canceller = cancellers_use(number);
    if (canceller) {
        atomic_store(&canceller->used, true);
        must(jlt_canceller_cancel(canceller->canceller) == JLT_OK);
        shared_leave(canceller);
    }
    if (renews)
        renew(number % canceller_count);
}

struct shared *queues_use(uint8_t number)
{
    return use(canceller_count + number % queue_count);
}

void queues_renew(uint8_t number)
{
    renew(canceller_count + number % queue_count);
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
    for (unsigned i = 0; i < canceller_count + queue_count; i++)
        places[i] = new_shared(i);
}

void shared_empty_slots(void)
{
    atomic_store(&slots_are_shut, true);
    for (unsigned i = 0; i < slot_count; i++)
        slots_put((uint8_t)i, NULL, -1);
}

void shared_end(void)
{
    for (unsigned i = 0; i < canceller_count + queue_count; i++)
        shared_leave(places[i]);
}
