/* SPDX-License-Identifier: MIT
 *
 * There are as many helpers as work was ever under way at once, so that one piece of work may wait for another; those
 * that are idle sleep on a word of their own, and a few are kept. A helper is idle before it wakes the one who waited,
 * so that one piece of work after another is done by the same thread. One that is not kept is joined by the next that
 * is started, or at the end: when a runtime has ended, no code of this library's is running. */
#include "core/helpers.h"

#include "core/parker.h"
#include "platform/platform.h"
#include "platform/thread_state.h"

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
static struct helper *idle, *left; /* left: to be joined and freed */
static unsigned idle_count;
static bool is_open;
static _Thread_local bool is_one;

bool helpers_is_one(void)
{
    return is_one;
}

/* False: the helper is not needed any more. */
static bool join_idle(struct helper *helper)
{
    pthread_mutex_lock(&lock);
    bool keep = is_open && idle_count < idle_at_most;
    struct helper **list = keep ? &idle : &left;
    if (keep) {
        atomic_store(&helper->word, NOTHING);
        idle_count++;
    }
    helper->next = *list;
    *list = helper;
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
    thread_state_julia();
    while (keep) {
        while (atomic_load(&helper->word) == NOTHING)
            platform_wait(&helper->word, NOTHING, -1);
        if (atomic_load(&helper->word) == ENDED)
            break;
        struct job *job = helper->job;
        job->work(job->data);
        keep = join_idle(helper);
        parker_wake(&job->parker); /* the job is gone now */
    }
    return NULL;
}

static void join_all(struct helper *helpers)
{
    while (helpers) {
        struct helper *helper = helpers;
        helpers = helper->next;
        pthread_join(helper->thread, NULL);
        free(helper);
    }
}

static struct helper *take_left(void)
{
    struct helper *helpers = left;
    left = NULL;
    return helpers;
}

static jlt_status start(struct job *job)
{
    struct helper *helper = calloc(1, sizeof *helper);
    if (!helper)
        return JLT_NO_MEMORY;
    helper->job = job;
    atomic_init(&helper->word, GIVEN);
    pthread_mutex_lock(&lock); /* until helper->thread is there, for whoever joins it */
    struct helper *gone = take_left();
    int error = platform_thread_start(&helper->thread, stack_bytes, help, helper);
    pthread_mutex_unlock(&lock);
    join_all(gone); /* they are on their last steps */
    if (!error)
        return JLT_OK;
    free(helper);
    return JLT_NO_MEMORY;
}

static jlt_status submit(struct job *job)
{
    pthread_mutex_lock(&lock);
    bool closed = !is_open;
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

void helpers_open(void)
{
    pthread_mutex_lock(&lock);
    is_open = true;
    pthread_mutex_unlock(&lock);
}

void helpers_finish(void)
{
    pthread_mutex_lock(&lock);
    is_open = false;
    struct helper *last = idle, *gone = take_left();
    idle = NULL;
    idle_count = 0;
    pthread_mutex_unlock(&lock);
    for (struct helper *helper = last; helper; helper = helper->next) {
        atomic_store(&helper->word, ENDED);
        platform_wake_one(&helper->word);
    }
    join_all(last);
    join_all(gone);
}
