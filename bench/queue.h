/* SPDX-License-Identifier: MIT
 *
 * A queue of requests under a mutex, and replies by condition variable: for the peers that model people's own code. */
#ifndef BENCH_QUEUE_H
#define BENCH_QUEUE_H

#include "peers.h"

#define QUEUE_STOP SIZE_MAX /* the task of a request that ends the server */

void queue_put(struct request *request);
struct request *queue_take(void);     /* waits */
struct request *queue_try_take(void); /* NULL: empty */

void request_reply(struct request *request, double value);
double request_wait(struct request *request);

#endif
