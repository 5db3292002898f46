/* SPDX-License-Identifier: MIT
 *
 * The clients of the random program, and what they share: slots with tasks, receivers on their way from one to another,
 * cancellers, names. */
#ifndef JLT_TESTS_CLIENTS_H
#define JLT_TESTS_CLIENTS_H

#include "random/program.h"

#include <pthread.h>

enum { held_at_most = 12 };

/* A receiver, and what its answer must be held against. */
struct held {
    jlt_receiver *receiver;
    struct record *record; /* NULL: a monitor's */
    int task;              /* whose start or monitor it is; -1: not known */
    bool may_cancel;       /* a monitor's: somebody has cancelled it */
};

struct client {
    pthread_t thread;
    struct round *round;
    unsigned number;
    uint32_t sequence; /* of its messages */
    struct held held[held_at_most];
    unsigned held_count;
    atomic_uint done, now; /* operations, for the watchdog */
};

extern struct client clients[clients_at_most];
extern jlt_runtime *runtime;

void clients_begin(struct round *round);
void *clients_run(void *client);

/* When all have run: gives back what is left, and waits for what is to come. */
void clients_end(void);

#endif
