/* SPDX-License-Identifier: MIT
 *
 * The rules are at the top of express.h. */
#include "core/express.h"

#include "core/attention.h"
#include "core/failure.h"
#include "core/message_memory.h"
#include "core/runtime.h"
#include "core/task.h"

#include <pthread.h>
#include <stdlib.h>

static _Thread_local struct message *own;
static _Thread_local struct task *called; /* the last task that it was sent to, or is */
static pthread_key_t own_key;
static pthread_once_t own_once = PTHREAD_ONCE_INIT;
static bool has_key; /* false: the program has used them all up, and calls go the ordinary way */

/* ---- the sender's ---- */

static void retire(void *data)
{
    struct message *message = data;
    unsigned char phase = MESSAGE_EXPECTED;
    own = NULL;
    if (!atomic_compare_exchange_strong(&message->item.phase, &phase, MESSAGE_RETIRED))
        free(message);
}

/* Behind the message: the task of which it has a handle, or NULL. */
static struct task **kept_by(struct message *message)
{
    return (struct task **)(void *)((unsigned char *)message + message_express_size);
}

static void make_key(void)
{
    has_key = !pthread_key_create(&own_key, retire);
}

static struct message *make(void)
{
    pthread_once(&own_once, make_key);
    size_t size = message_express_size + alignof(struct message); /* a multiple, and more than a pointer */
    struct message *message = has_key ? aligned_alloc(alignof(struct message), size) : NULL;
    if (!message)
        return NULL;
    if (pthread_setspecific(own_key, message)) {
        free(message);
        return NULL;
    }
    *kept_by(message) = NULL;
    atomic_init(&message->item.phase, MESSAGE_WAITING);
    return own = message;
}

struct message *express_open(void)
{
    if (!own)
        return make();
    /* relaxed, both: it was answered, and who answered has said then what he expects */
    if (atomic_load_explicit(&own->item.phase, memory_order_relaxed) == MESSAGE_ARMED)
        atomic_store_explicit(&own->item.phase, MESSAGE_WAITING, memory_order_relaxed);
    return own;
}

bool express_is_own(const struct message *message)
{
    return message == own;
}

void express_abandon(struct message *message)
{
    *kept_by(message) = task_clone(called);
    own = NULL;
    pthread_setspecific(own_key, NULL);
}

void express_free(struct message *message)
{
    struct task *kept = *kept_by(message);
    free(message);
    if (kept)
        task_drop(kept);
}

bool express_is_expected(void)
{
    return own && atomic_load_explicit(&own->item.phase, memory_order_relaxed) == MESSAGE_EXPECTED;
}

bool express_send(struct message *message)
{
    unsigned char phase = MESSAGE_EXPECTED;
    called = message->task;
    return atomic_compare_exchange_strong(&message->item.phase, &phase, MESSAGE_ARMED);
}

/* ---- the worker's ---- */

/* Only where it will look at it at once, and what came before is not kept waiting. */
static bool may_expect(const struct worker *worker)
{
    return !worker->closing && attention_may_wait_awake(worker) && !worker_has_own(worker) &&
           !worker_has_taken(worker) && (!worker_has_others(worker) || ready_is_empty(&worker->runtime->ready));
}

void express_complete(struct worker *worker, struct message *message, struct error *error)
{
    bool expects = may_expect(worker);
    /* relaxed: it is published by the answer */
    atomic_store_explicit(&message->item.phase, expects ? MESSAGE_EXPECTED : MESSAGE_WAITING, memory_order_relaxed);
    if (message_complete(message, error) && expects)
        worker->expected = message;
}

/* The one that has come, if it is a call. */
static struct message *take(struct worker *worker)
{
    struct message *message = worker->expected;
    worker->expected = NULL;
    if (atomic_load(&message->item.phase) == MESSAGE_ARMED)
        return message;
    free(message);
    return NULL;
}

/* As its sender would have. */
static void send(struct worker *worker, struct message *message)
{
    struct task *task = message->task;
    if (task_send(task, message) == JLT_OK)
        return;
    stats_begun(&worker->stats);
    message_leave_place(message, task->gate, task->runtime);
    message_refuse_unsent(message, failure_closed(task));
}

/* By the task's owner, which has nothing else of it. */
static void give_to(struct task *task, struct message *message)
{
    message->item.node.next = NULL;
    task->batch = &message->item.node;
    atomic_store_explicit(&task->waiting, 1, memory_order_relaxed); /* relaxed: the owner's, read by those who look */
}

struct item *express_take(struct worker *worker)
{
    struct message *message = express_has_come(worker) ? take(worker) : NULL;
    if (!message)
        return NULL;
    struct task *task = message->task;
    const struct worker *place = task_place(task);
    if ((place && place != worker) || !inbox_claim(&task->mailbox)) {
        send(worker, message);
        return NULL;
    }
    give_to(task, message);
    return &task->item;
}

bool express_take_for(struct worker *worker, struct task *task)
{
    struct message *message = worker->expected;
    if (!message || atomic_load(&message->item.phase) != MESSAGE_ARMED || message->task != task)
        return false;
    worker->expected = NULL;
    if (!inbox_is_empty(&task->mailbox)) {
        send(worker, message);
        return false;
    }
    give_to(task, message);
    return true;
}

void express_stop(struct worker *worker)
{
    unsigned char phase = MESSAGE_EXPECTED;
    if (atomic_compare_exchange_strong(&worker->expected->item.phase, &phase, MESSAGE_WAITING)) {
        worker->expected = NULL;
        return;
    }
    struct message *message = take(worker);
    if (message)
        send(worker, message);
}
