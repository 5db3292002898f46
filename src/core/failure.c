/* SPDX-License-Identifier: MIT
 *
 * A task that backs off is owned by the timer: nobody runs it, and no thread waits. It comes back to those who run
 * tasks in one step under the timers' lock: the timer's, when the time has come, or that of whoever wakes it before,
 * since its last handle was dropped or the runtime closes. Who wakes it changes first what it should know of (the drop
 * is in its mailbox, `closed` is set) and then looks, under the lock, whether it backs off, and leaves `woken`; who
 * begins to back off looks for that under the lock. So one of the two sees the other. */
#include "core/failure.h"

#include "core/runtime.h"
#include "core/task.h"
#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>

enum { doublings_at_most = 62 };

/* ---- memory ---- */

static void end_back_off(struct timer *timer)
{
    struct task *task = ((struct failure *)timer)->task;
    task_push(task); /* its worker cannot have ended: the task lives */
}

jlt_status failure_new(struct task *task, struct failure **failure)
{
    const jlt_persistent_type *type = &task->type->fields;
    size_t config = type->on_failure == JLT_RESTART ? type->config_size : 0;
    jlt_status status = type->backoff_ns ? timers_start() : JLT_OK;
    if (status != JLT_OK)
        return status;
    struct failure *made = calloc(1, sizeof *made + config);
    if (!made)
        return JLT_NO_MEMORY;
    made->timer.due = end_back_off;
    made->task = task;
    *failure = made;
    return JLT_OK;
}

void failure_free(struct failure *failure)
{
    if (!failure)
        return;
    error_free(atomic_load(&failure->cause));
    free(failure->times);
    free(failure);
}

void failure_keep_config(struct failure *failure, const void *config)
{
    const jlt_persistent_type *type = &failure->task->type->fields;
    if (type->on_failure == JLT_RESTART && type->config_size)
        memcpy(failure->config, config, type->config_size);
}

/* ---- when to restart ---- */

/* Forgets the restarts that are not in the window any more. */
static void forget_old(struct failure *failure, int64_t window_ns, int64_t now)
{
    size_t old = 0;
    while (old < failure->recent && now - failure->times[old] >= window_ns)
        old++;
    failure->recent -= old;
    if (old && failure->recent)
        memmove(failure->times, failure->times + old, failure->recent * sizeof *failure->times);
}

/* Keeps the time of a restart. Without a limit, no more are kept than the back-off is doubled. False: no memory. */
static bool keep_time(struct failure *failure, bool limited, int64_t now)
{
    if (!limited && failure->recent == doublings_at_most)
        memmove(failure->times, failure->times + 1, --failure->recent * sizeof *failure->times);
    if (failure->recent == failure->room) {
        size_t room = failure->room ? 2 * failure->room : 4;
        int64_t *times = malloc(room * sizeof *times);
        if (!times)
            return false;
        if (failure->recent)
            memcpy(times, failure->times, failure->recent * sizeof *times);
        free(failure->times);
        failure->times = times;
        failure->room = room;
    }
    failure->times[failure->recent] = now;
    return true;
}

/* For the n-th restart in the window, from 0. Tasks that failed together shall not come back together, so it is up to a
 * quarter more or less. */
static int64_t back_off_ns(int64_t first_ns, size_t n)
{
    const int64_t limit = INT64_MAX / 4; /* some 70 years, so that nothing overflows */
    int64_t delay_ns = first_ns < limit ? first_ns : limit;
    for (size_t i = 0; i < n && i < doublings_at_most && delay_ns; i++)
        delay_ns = delay_ns < limit / 2 ? 2 * delay_ns : limit;
    int64_t most = delay_ns / 4; /* either way */
    return most ? delay_ns - most + (int64_t)(platform_random() % (uint64_t)(2 * most + 1)) : delay_ns;
}

bool failure_may_restart(struct failure *failure)
{
    const jlt_persistent_type *type = &failure->task->type->fields;
    int64_t now = platform_now();
    if (type->on_failure != JLT_RESTART)
        return false;
    if (type->restart_window_ns)
        forget_old(failure, type->restart_window_ns, now);
    if (type->restarts && failure->recent >= type->restarts)
        return false;
    if (type->restart_window_ns && !keep_time(failure, type->restarts, now))
        return false;
    failure->until_ns = type->backoff_ns ? now + back_off_ns(type->backoff_ns, failure->recent) : 0;
    failure->recent++;
    return true;
}

/* ---- backing off ---- */

enum back_off failure_back_off(struct failure *failure)
{
    if (!failure->until_ns || failure->until_ns <= platform_now())
        return BACK_OFF_OVER;
    enum back_off result = BACK_OFF_WAITS;
    timers_lock();
    if (failure->woken) {
        failure->woken = false;
        result = BACK_OFF_AGAIN;
    } else {
        failure->timer.at_ns = failure->until_ns;
        timers_set(&failure->timer);
    }
    timers_unlock();
    return result;
}

bool failure_wake(struct failure *failure)
{
    timers_lock();
    bool backed_off = timers_clear(&failure->timer);
    failure->woken = !backed_off;
    timers_unlock();
    return backed_off;
}

/* ---- afterwards ---- */

struct error *failure_closed(const struct task *task)
{
    /* acquire: the texts of the cause were written before it was stored */
    const struct error *cause =
        task->failure ? atomic_load_explicit(&task->failure->cause, memory_order_acquire) : NULL;
    if (!cause)
        return error_constant(JLT_CLOSED);
    struct error *closed = error_format(JLT_CLOSED, "\"%s\" has ended: %s", task->type->name, cause->message);
    return closed->status == JLT_CLOSED ? closed : error_constant(JLT_CLOSED);
}
