/* SPDX-License-Identifier: MIT */
#include "queue.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static struct request *first, **end = &first;

void queue_put(struct request *request)
{
    request->next = NULL;
    pthread_mutex_lock(&lock);
    *end = request;
    end = &request->next;
    pthread_cond_signal(&filled);
    pthread_mutex_unlock(&lock);
}

static struct request *pop(void)
{
    struct request *request = first;
    if (!request)
        return NULL;
    first = request->next;
    if (!first)
        end = &first;
    return request;
}

struct request *queue_take(void)
{
    struct request *request;
    pthread_mutex_lock(&lock);
    while (!(request = pop()))
        pthread_cond_wait(&filled, &lock);
    pthread_mutex_unlock(&lock);
    return request;
}

struct request *queue_try_take(void)
{
    pthread_mutex_lock(&lock);
    struct request *request = pop();
    pthread_mutex_unlock(&lock);
    return request;
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
