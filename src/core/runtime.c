/* SPDX-License-Identifier: MIT
 *
 * Closing. `closed` turns new senders away at once; those that are already past it are accepted or refused by the
 * inbox or mailbox that they push on, and whatever was accepted there is answered. Each worker gets a CLOSE item,
 * seals its tasks' mailboxes when they are empty, runs their exits, seals its own inbox when nothing is left, and
 * says so; the last one ends the runtime. `struct runtime` and its workers stay allocated until the process ends,
 * for senders that are still between a push and a look at a worker's flags. */
#include "core/runtime.h"

#include "base/checks.h"
#include "core/attention.h"
#include "core/engine.h"
#include "core/failure.h"
#include "core/interrupt.h"
#include "core/message.h"
#include "core/parker.h"
#include "core/queue.h"
#include "core/say.h"
#include "core/task.h"
#include "core/timers.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

static unsigned bodies_at_most(const struct runtime_limits *limits, unsigned workers)
{
    unsigned share = (unsigned)(limits->fibers ? limits->fibers : fibers_at_most) / workers;
    return share ? share : 1;
}

static void init_worker(struct runtime *runtime, unsigned number, unsigned bodies)
{
    struct worker *worker = &runtime->workers[number];
    memset(worker, 0, sizeof *worker);
    worker->runtime = runtime;
    worker->number = number;
    worker->bodies_at_most = bodies;
    worker->slow = true;
    worker->time_in = 1;
    worker->close.kind = ITEM_CLOSE;
    worker->cancel.kind = ITEM_CANCEL;
    interrupt_init(worker);
    atomic_flag_clear(&worker->lock.held);
    atomic_flag_clear(&worker->tasks_lock.held);
    atomic_fetch_or(&runtime->idle[number / 64], (uint64_t)1 << number % 64);
}

jlt_status runtime_init(struct runtime *runtime, const struct engine *engine, unsigned workers,
                        const struct runtime_limits *limits)
{
    memset(runtime, 0, sizeof *runtime);
    runtime->workers = aligned_alloc(alignof(struct worker), workers * sizeof(struct worker));
    if (!runtime->workers)
        return error_report(error_constant(JLT_NO_MEMORY));
    runtime->engine = engine;
    runtime->worker_count = workers;
    ready_init(&runtime->ready);
    for (unsigned i = 0; i < workers; i++)
        init_worker(runtime, i, bodies_at_most(limits, workers));
    atomic_flag_clear(&runtime->end_lock.held);
    runtime->workers_left = workers;
    atomic_init(&runtime->workers_running, workers);
    atomic_init(&runtime->handles, 1);
    atomic_flag_clear(&runtime->close_limited);
    message_accept_waits();
    queues_end(false);
    gate_init(&runtime->channel, limits->channel_capacity);
    quota_init(&runtime->quota, limits);
    gate_queue_init(&runtime->senders);
    names_init(&runtime->names);
    stats_init(runtime);
    return watch_start(&runtime->watch, runtime) == JLT_OK ? JLT_OK : error_report(error_constant(JLT_NO_MEMORY));
}

void runtime_stop(struct runtime *runtime)
{
    watch_stop(&runtime->watch);
    if (atomic_flag_test_and_set(&runtime->close_limited))
        limit_remove(&runtime->close_limit);
    for (unsigned i = 0; i < runtime->worker_count; i++)
        interrupt_finish(&runtime->workers[i]);
    timers_stop();
    queues_end(true);
}

void runtime_finish(struct runtime *runtime)
{
    runtime_stop(runtime);
    gate_queue_finish(&runtime->senders);
    names_finish(&runtime->names);
    stats_finish(runtime);
    free(runtime->workers);
}

void runtime_clone(struct runtime *runtime)
{
    /* relaxed: as in task_clone */
    if (atomic_fetch_add_explicit(&runtime->handles, 1, memory_order_relaxed) <= 0)
        checks_abort("jlt_runtime_clone", "the handle was dropped before");
}

void runtime_drop(struct runtime *runtime)
{
    long handles = atomic_fetch_sub(&runtime->handles, 1);
    if (handles <= 0)
        checks_abort("jlt_runtime_drop", "the handle was dropped before");
    if (handles == 1)
        runtime_close(runtime, false);
}

void runtime_close(struct runtime *runtime, bool cancel)
{
    bool cancel_now = cancel && !atomic_exchange(&runtime->cancelled, true);
    if (!atomic_exchange(&runtime->closed, true)) {
        gate_queue_close(&runtime->senders);
        for (unsigned i = 0; i < runtime->worker_count; i++)
            worker_push(&runtime->workers[i], &runtime->workers[i].close);
    }
    if (!cancel_now)
        return;
    for (unsigned i = 0; i < runtime->worker_count; i++)
        worker_push(&runtime->workers[i], &runtime->workers[i].cancel);
    message_cancel_all();
}

void runtime_worker_ended(struct runtime *runtime)
{
    if (atomic_fetch_sub(&runtime->workers_running, 1) == 1)
        runtime->engine->finished(runtime);
}

bool runtime_push(struct runtime *runtime, struct worker *worker, struct item *item)
{
    return worker ? worker_push(worker, item) : attention_push(runtime, item);
}

/* ---- the end of patience ---- */

void runtime_give_up(struct runtime *runtime)
{
    char names[256];
    if (runtime_running(runtime, names, sizeof names))
        say(SAY_WARN, "the close does not wait any longer for %s", names);
    runtime_close(runtime, true);
    message_give_up_all();
    for (unsigned i = 0; i < runtime->worker_count; i++)
        worker_interrupt(&runtime->workers[i]);
}

static void fire_close(struct limit *limit, enum limit_reason reason)
{
    (void)reason;
    runtime_give_up(limit->owner);
}

jlt_status runtime_close_within(struct runtime *runtime, int64_t timeout_ns)
{
    jlt_status status = JLT_OK;
    if (timeout_ns > 0 && !atomic_flag_test_and_set(&runtime->close_limited))
        status = limit_add(&runtime->close_limit, runtime, limit_deadline(timeout_ns), NULL, fire_close);
    runtime_close(runtime, false);
    if (timeout_ns == 0)
        runtime_give_up(runtime);
    return status == JLT_OK ? JLT_OK : error_report(error_constant(status));
}

/* ---- memory of tasks ---- */

#ifdef JLT_CHECKS
/* Handles that are dropped twice are found as long as the task's memory is not used again: the last some thousand
 * are kept, in the order they ended. */
enum { quarantine_size = 4096 };
static pthread_mutex_t quarantine_lock = PTHREAD_MUTEX_INITIALIZER;
static struct task *quarantine[quarantine_size];
static unsigned quarantine_next;

void runtime_free_task(struct task *task)
{
    failure_free(task->failure);
    task->failure = NULL;
    tally_finish(&task->tally);
    atomic_store(&task->handles, 0);
    pthread_mutex_lock(&quarantine_lock);
    struct task *oldest = quarantine[quarantine_next % quarantine_size];
    quarantine[quarantine_next++ % quarantine_size] = task;
    pthread_mutex_unlock(&quarantine_lock);
    COUNT(tasks, -1);
    free(oldest);
}
#else
void runtime_free_task(struct task *task)
{
    failure_free(task->failure);
    tally_finish(&task->tally);
    free(task);
}
#endif
