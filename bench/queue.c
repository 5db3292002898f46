/* SPDX-License-Identifier: MIT */
#include "queue.h"

void queue_put(struct queue *queue, struct request *request)
{
    request->next = NULL;
    pthread_mutex_lock(&queue->lock);
    if (queue->first)
        queue->last->next = request;
    else
        queue->first = request;
    queue->last = request;
    pthread_cond_signal(&queue->filled);
    pthread_mutex_unlock(&queue->lock);
}

static struct request *pop(struct queue *queue)
{
    struct request *request = queue->first;
    if (request)
        queue->first = request->next;
    return request;
}

struct request *queue_take(struct queue *queue)
{
    struct request *request;
    pthread_mutex_lock(&queue->lock);
    while (!(request = pop(queue))) {
        int8_t state = api.gc_safe_enter();
        pthread_cond_wait(&queue->filled, &queue->lock);
        pthread_mutex_unlock(&queue->lock); /* leaving may wait for a collection, and senders need the lock */
        api.gc_safe_leave(state);
        pthread_mutex_lock(&queue->lock);
    }
    pthread_mutex_unlock(&queue->lock);
    return request;
}

struct request *queue_try_take(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    struct request *request = pop(queue);
    pthread_mutex_unlock(&queue->lock);
    return request;
}

void request_prepare(struct request *request, size_t task, double input)
{
    request->task = task;
    request->value = input;
    request->done = false;
}

void request_reply(struct request *request, double value)
{
    pthread_mutex_lock(&request->lock);
    request->value = value;
    request->done = true;
    pthread_cond_signal(&request->changed);
    pthread_mutex_unlock(&request->lock);
}

double request_wait(struct request *request)
{
    pthread_mutex_lock(&request->lock);
    while (!request->done)
        pthread_cond_wait(&request->changed, &request->lock);
    double value = request->value;
    pthread_mutex_unlock(&request->lock);
    return value;
}
