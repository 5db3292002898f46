/* SPDX-License-Identifier: MIT
 *
 * What people write today: one thread owns Julia and takes requests from a queue under a mutex, with a condition
 * variable to wait for them; each request has its own mutex and condition variable for its reply. */
#include "peers.h"

#include "queue.h"

static void mutex_loop(jlt_frame *frame, jlt_value **states, size_t tasks)
{
    (void)frame, (void)tasks;
    struct request *request;
    while ((request = queue_take())->task != QUEUE_STOP)
        request_reply(request, accumulate(states[request->task], request->value));
}

static void mutex_start(size_t tasks)
{
    server_start(mutex_loop, tasks);
}

static void mutex_stop(void)
{
    struct request stop = {.task = QUEUE_STOP};
    queue_put(&stop);
    server_join();
}

static void mutex_send(struct request *request, size_t task, double input)
{
    request->task = task;
    request->value = input;
    request->done = false;
    queue_put(request);
}

static double mutex_invoke(size_t task, double input)
{
    static struct request request = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    mutex_send(&request, task, input);
    return request_wait(&request);
}

const struct peer mutex_worker = {"mutex+condvar", mutex_start, mutex_stop, mutex_invoke, mutex_send, request_wait};
