/* SPDX-License-Identifier: MIT
 *
 * What people write today: threads that own Julia, as many as it has, take requests from queues under a mutex, with a
 * condition variable to wait for them; each request has its own mutex and condition variable for its reply. A task
 * belongs to one of the threads, so that its messages are handled one at a time and in order. */
#include "measure.h"
#include "queue.h"

enum { most_queues = 64 };

static struct queue queues[most_queues];
static size_t queue_count;

static void mutex_loop(const struct server *self)
{
    struct request *request;
    while ((request = queue_take(&queues[self->index]))->task != QUEUE_STOP)
        request_reply(request, accumulate(self->states[request->task], request->value));
}

static void mutex_start(size_t tasks)
{
    queue_count = bench.threads < most_queues ? (size_t)bench.threads : most_queues;
    for (size_t i = 0; i < queue_count; i++)
        queues[i] = (struct queue)QUEUE_EMPTY;
    servers_start(mutex_loop, tasks, queue_count);
}

static void mutex_stop(void)
{
    struct request stop[most_queues];
    for (size_t i = 0; i < queue_count; i++) {
        stop[i].task = QUEUE_STOP;
        queue_put(&queues[i], &stop[i]);
    }
    servers_join();
}

static void mutex_send(struct request *request, size_t task, double input)
{
    request_prepare(request, task, input);
    queue_put(&queues[task % queue_count], request);
}

const struct peer mutex_worker = {
    .name = "mutex+condvar", .start = mutex_start, .stop = mutex_stop, .send = mutex_send, .receive = request_wait};
