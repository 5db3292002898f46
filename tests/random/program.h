/* SPDX-License-Identifier: MIT
 *
 * The random program: clients that do what operations of some bytes each say. Where these come from is the caller's. */
#ifndef JLT_TESTS_PROGRAM_H
#define JLT_TESTS_PROGRAM_H

#include "random/types.h"

struct operation {
    uint8_t what, slot, how, value;
    struct order order;
};

/* How the runtime of a round is closed: under load, but for the first. */
enum closing { CLOSING_BY_DROP, CLOSING, CLOSING_CANCEL, CLOSING_NOW, CLOSING_WITHIN, closings };

struct round {
    uint64_t seed;
    unsigned shape;      /* engine_start's */
    unsigned clients;    /* at most clients_at_most */
    unsigned operations; /* of each client */
    bool ends;           /* the runtime, too */
    enum closing closing;
    unsigned closes_at; /* of the first client's operations; the others go on */
    /* The next operation of a client. */
    struct operation (*next)(struct round *round, unsigned client);
    uint64_t state[clients_at_most]; /* of `next` */
    const uint8_t *bytes;            /* the same */
    size_t size;
};

/* Operations that a generator makes of the seed. */
void program_init_random(struct round *round, uint64_t seed, bool ends);

/* A round, in a runtime of its own, or in the one that runs. Returns the number of bodies that ran. */
unsigned long program_run(struct round *round);

/* Starts the runtime of all rounds up to one that ends, where engine_restarts is not so. */
void program_open(unsigned shape);
jlt_runtime *program_runtime(void);

/* For bodies: does what the order says, sending messages. */
void program_nested(jlt_frame *frame, struct order order);

#endif
