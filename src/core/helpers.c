/* SPDX-License-Identifier: MIT
 *
 * There are as many helpers as work was ever under way at once, so that one piece of work may wait for another; those
 * that are idle sleep on a word of their own, and a few are kept. A helper is idle before it wakes the one who waited,
 * so that one piece of work after another is done by the same thread. */
#include "core/helpers.h"

#include "core/parker.h"
#include "platform/platform.h"

#include <stdlib.h>

enum { idle_at_most = 16, stack_bytes = 8 << 20 };

struct job {
    void (*work)(void *data);
    void *data;
    struct parker parker;
};

enum { NOTHING, GIVEN, ENDED };

struct helper {
    struct helper *next; /* among the idle */
    struct job *job;
    atomic_uint word; /* the job is there, or the end */
    pthread_t thread;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct helper *idle;
static unsigned idle_count;
static bool finished;
static _Thread_local bool is_one;

bool helpers_is_one(void)
{
    return is_one;
}

/* False: the helper is not needed any more. */
static bool join_idle(struct helper *helper)
{
    pthread_mutex_lock(&lock);
    bool keep = !finished && idle_count < idle_at_most;
    if (keep) {
        atomic_store(&helper->word, NOTHING);
        helper->next = idle;
        idle = helper;
        idle_count++;
    }
    pthread_mutex_unlock(&lock);
    return keep;
}

static struct helper *take_idle(void)
{
    struct helper *helper = idle;
    if (helper) {
        idle = helper->next;
        idle_count--;
    }
    return helper;
}

static void *help(void *data)
{
    struct helper *helper = data;
    bool keep = true;
    is_one = true;
    platform_signals_block(); /* they are for the program's own threads */
    while (keep) {
        while (atomic_load(&helper->word) == NOTHING)
            platform_wait(&helper->word, NOTHING, -1);
        if (atomic_load(&helper->word) == ENDED)
            return NULL; /* joined and freed by helpers_finish */
        struct job *job = helper->job;
        job->work(job->data);
        keep = join_idle(helper);
        parker_wake(&job->parker); /* the job is gone now */
    }
    pthread_detach(helper->thread);
    free(helper);
    return NULL;
}

static jlt_status start(struct job *job)
{
    struct helper *helper = calloc(1, sizeof *helper);
    if (!helper)
        return JLT_NO_MEMORY;
    helper->job = job;
    pthread_mutex_lock(&lock); /* until helper->thread is there: a helper that ends reads it, after taking the lock */
    atomic_init(&helper->word, GIVEN);
    int error = platform_thread_start(&helper->thread, stack_bytes, help, helper);
    pthread_mutex_unlock(&lock);
    if (!error)
        return JLT_OK;
    free(helper);
    return JLT_NO_MEMORY;
}

static jlt_status submit(struct job *job)
{
    pthread_mutex_lock(&lock);
    bool closed = finished;
    struct helper *helper = take_idle();
    pthread_mutex_unlock(&lock);
    if (closed)
        return JLT_CLOSED;
    if (!helper)
        return start(job);
    helper->job = job;
    atomic_store(&helper->word, GIVEN);
    platform_wake_one(&helper->word);
    return JLT_OK;
}

jlt_status helpers_run(void (*work)(void *data), void *data)
{
    struct job job;
    job.work = work;
    job.data = data;
    parker_init(&job.parker);
    jlt_status status = submit(&job);
    if (status == JLT_OK)
        parker_wait(&job.parker, -1);
    else
        parker_drop(&job.parker);
    return status;
}

void helpers_finish(void)
{
    pthread_mutex_lock(&lock);
    finished = true;
    pthread_mutex_unlock(&lock);
    for (struct helper *helper; (helper = take_idle());) { /* nobody joins them any more */
        atomic_store(&helper->word, ENDED);
        platform_wake_one(&helper->word);
        pthread_join(helper->thread, NULL);
        free(helper);
    }
}
