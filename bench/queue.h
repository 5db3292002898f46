/* SPDX-License-Identifier: MIT
 *
 * Queues of requests under a mutex, and replies by condition variable: for the peers that model people's own code. */
#ifndef BENCH_QUEUE_H
#define BENCH_QUEUE_H

#include "peers.h"

#define QUEUE_STOP SIZE_MAX /* the task of a request that ends the server */

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct request *first, *last; /* last: of no meaning in an empty one */
};
#define QUEUE_EMPTY                                                                                                    \
    {                                                                                                                  \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, NULL                                                \
    }

void queue_put(struct queue *queue, struct request *request);
struct request *queue_take(struct queue *queue);     /* waits, on a Julia thread */
struct request *queue_try_take(struct queue *queue); /* NULL: empty */

void request_prepare(struct request *request, size_t task, double input);
void request_reply(struct request *request, double value);
double request_wait(struct request *request);

#endif
