/* SPDX-License-Identifier: MIT
 *
 * A worker that closes ends when it has no body, no guest, no live task on its list and nothing in its inbox, which it
 * seals then, and when no other worker is full: its bodies may wait for what only this one can still run. The last one
 * also has to find the runtime's queue empty, which it seals first: what a body sends from then on finds the runtime
 * closed. */
#include "core/closing.h"

#include "base/list.h"
#include "core/attention.h"
#include "core/engine.h"
#include "core/failure.h"
#include "core/task.h"

#include <stdio.h>
#include <string.h>

/* ---- live tasks ---- */

bool closing_add_task(struct worker *worker, struct task *task)
{
    spin_lock(&worker->tasks_lock);
    LIST_ADD(worker->tasks, task);
    atomic_fetch_add_explicit(&worker->task_count, 1, memory_order_relaxed); /* only told */
    bool closing = worker->closing;
    spin_unlock(&worker->tasks_lock);
    return closing;
}

void closing_remove_task(struct worker *worker, struct task *task)
{
    spin_lock(&worker->tasks_lock);
    LIST_REMOVE(worker->tasks, task);
    atomic_fetch_sub_explicit(&worker->task_count, 1, memory_order_relaxed); /* only told */
    bool may_end = worker->closing && !worker->tasks;
    spin_unlock(&worker->tasks_lock);
    if (may_end && current_fiber->worker != worker)
        worker_rouse(worker); /* it may have looked already, and be waiting for this */
}

static bool has_tasks(struct worker *worker)
{
    spin_lock(&worker->tasks_lock);
    bool any = worker->tasks != NULL;
    spin_unlock(&worker->tasks_lock);
    return any;
}

/* ---- bodies that run ---- */

enum { names_at_most = 8 };

struct running {
    const char *name[names_at_most];
    unsigned count[names_at_most], used, bodies;
};

static void add_name(struct running *names, const char *name)
{
    unsigned i = 0;
    names->bodies++;
    while (i < names->used && strcmp(names->name[i], name) != 0)
        i++;
    if (i == names_at_most)
        return;
    if (i == names->used) {
        names->name[names->used++] = name;
        names->count[i] = 0;
    }
    names->count[i]++;
}

unsigned runtime_running(struct runtime *runtime, char *text, size_t room)
{
    struct running names = {.used = 0};
    for (unsigned i = 0; i < runtime->worker_count; i++) {
        struct worker *worker = &runtime->workers[i];
        spin_lock(&worker->lock);
        for (struct fiber *fiber = worker->fibers_here; fiber; fiber = fiber->after) {
            const struct type *type = atomic_load_explicit(&fiber->type, memory_order_relaxed);
            if (type)
                add_name(&names, type->name);
        }
        spin_unlock(&worker->lock);
    }
    size_t length = 0;
    text[0] = 0;
    for (unsigned i = 0; i < names.used && length < room; i++)
        length += (size_t)snprintf(text + length, room - length, "%s\"%s\" (%u)", i ? ", " : "", names.name[i],
                                   names.count[i]);
    return names.bodies;
}

/* ---- guests ---- */

/* `closed` was set before any worker looked at its count to end: who does not see it is counted in time. */
struct worker *closing_add_guest(struct worker *worker)
{
    struct runtime *runtime = worker->runtime;
    struct worker *waker = worker;
    atomic_fetch_add(&worker->guests, 1);
    if (!runtime_is_closed(runtime))
        return worker;
    spin_lock(&runtime->end_lock);
    for (unsigned i = 0; waker && waker->ended; i++)
        waker = i < runtime->worker_count ? &runtime->workers[i] : NULL;
    if (waker != worker) {
        atomic_fetch_sub(&worker->guests, 1);
        if (waker)
            atomic_fetch_add(&waker->guests, 1);
    }
    spin_unlock(&runtime->end_lock);
    return waker;
}

/* The worker may have parked for good because of this guest: after the count, `closed` says whether it has to look
 * again. It was set before the worker began to close and looked at the count. */
void closing_remove_guest(struct worker *worker)
{
    if (atomic_fetch_sub(&worker->guests, 1) == 1 && runtime_is_closed(worker->runtime))
        worker_rouse(worker);
}

/* ---- the end ---- */

/* Tasks that any worker may run go to the runtime's queue: this one may be full, and one of its bodies wait for what
 * such a task is to run again. The queue is not sealed as long as this worker has tasks. */
void closing_begin(struct worker *worker)
{
    struct inbox_list anyones = {NULL, NULL};
    spin_lock(&worker->tasks_lock);
    worker->closing = true;
    for (struct task *task = worker->tasks; task; task = task->next)
        if (task_seal(task) || (task->failure && failure_wake(task->failure)))
            inbox_append(task_place(task) ? &worker->own : &anyones, inbox_chain_of(&task->item.node));
    spin_unlock(&worker->tasks_lock);
    for (struct inbox_node *node; (node = inbox_pop(&anyones));)
        runtime_push(worker->runtime, NULL, item_of(node));
}

/* By a worker that is full. The caller's has no body, and so is not. */
static bool is_needed(const struct worker *worker)
{
    const struct runtime *runtime = worker->runtime;
    for (unsigned i = 0; i < runtime->worker_count; i++)
        if (atomic_load(&runtime->workers[i].full))
            return true;
    return false;
}

bool closing_may_end(struct worker *worker)
{
    return worker->closing && !worker->ended && !worker->bodies && !atomic_load(&worker->guests) &&
           !has_tasks(worker) && !is_needed(worker);
}

/* `closed` was set before any worker began to close and looked at who is full. */
void closing_note_not_full(struct worker *worker)
{
    struct runtime *runtime = worker->runtime;
    if (!runtime_is_closed(runtime))
        return;
    for (unsigned i = 0; i < runtime->worker_count; i++)
        if (&runtime->workers[i] != worker)
            worker_rouse(&runtime->workers[i]);
}

void closing_end_if_done(struct worker *worker)
{
    if (!closing_may_end(worker))
        return;
    struct runtime *runtime = worker->runtime;
    spin_lock(&runtime->end_lock); /* one at a time, so that one is the last */
    bool last = runtime->workers_left == 1;
    /* a guest may have come since */
    worker->ended = !atomic_load(&worker->guests) && (!last || ready_seal(&runtime->ready)) &&
                    inbox_leave(&worker->inbox, INBOX_SEALED);
    if (worker->ended)
        runtime->workers_left--;
    spin_unlock(&runtime->end_lock);
    if (!worker->ended)
        return;
    spin_lock(&worker->lock); /* the engine may free them */
    worker->has_no_fibers = true;
    worker->fibers_here = NULL;
    spin_unlock(&worker->lock);
    attention_end(worker, last);
    runtime_worker_ended(runtime);
}
