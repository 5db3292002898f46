/* SPDX-License-Identifier: MIT
 *
 * Cells of the tables: clients that follow a pattern, with one peer, over a number of tasks. */
#ifndef BENCH_DRIVER_H
#define BENCH_DRIVER_H

#include "measure.h"
#include "peers.h"

struct client;

struct cell {
    const char *name; /* the case */
    void (*pattern)(struct client *self);
    const struct peer *peer;
    int clients;
    size_t tasks;
    int64_t compute_ns; /* in each body */
};

/* A thread that sends messages until its deadline, and a little longer to finish what it has begun. */
struct client {
    const struct cell *cell;
    int index;
    pthread_t thread;
    pthread_barrier_t *begin;
    int64_t turn_ns, deadline;
    size_t messages; /* that were answered */
    struct request *requests;
    size_t request_count;
    double *times; /* the last ones */
    size_t time_count;
    int64_t start, end, processor_start, processor_end;
};

/* Patterns. A time is that of one message ("ns"), or the mean of several that overlapped ("ns each"). */
void invoke_in_turn(struct client *self);        /* ns: the next follows at once, over all tasks in turn */
void invoke_after_silence(struct client *self);  /* ns: each after 5 ms */
void keep_in_flight(struct client *self);        /* ns each, of 256 in a row: up to 256 messages */
void send_to_each(struct client *self);          /* ns each, of all tasks: one message to each, then all replies */
void loop_without_messages(struct client *self); /* ns each: of a peer with a loop */
void client_time(struct client *self, double ns);

/* One round of all cells. */
void cells_measure(const struct cell *cells, size_t count);

#endif
