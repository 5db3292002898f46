/* SPDX-License-Identifier: MIT
 *
 * What the random program asks of what it runs on: the core with the engine made of threads, or jltask with Julia. The
 * rest it does through the public API, which the first has over its core. */
#ifndef JLT_TESTS_RANDOM_ENGINE_H
#define JLT_TESTS_RANDOM_ENGINE_H

#include "random/types.h"

extern const bool engine_restarts; /* a runtime can be started more than once */

/* shape: some number, of which things follow that are not fixed: how many threads, how they wait. */
jlt_runtime *engine_start(unsigned shape);

/* Waits until the runtime, which has been closed, has ended. */
void engine_await_end(void);

/* The runtime has been closed, and every handle dropped: waits for its end and checks that nothing is left. */
void engine_finish(void);

/* Between rounds, of a runtime that goes on: whether nothing is left. */
bool engine_is_quiet(void);

/* In bodies, which begin with the first. A sum that is kept in Julia's memory where there is one. */
struct engine_sum {
    jlt_value *julia;
    int64_t plain;
};

void engine_begin(jlt_frame *frame);
bool engine_ok(jlt_frame *frame);
void engine_init_sum(jlt_frame *frame, struct engine_sum *sum);
int64_t engine_add(jlt_frame *frame, struct engine_sum *sum, int64_t value);
void engine_act(jlt_frame *frame, enum act act, unsigned how); /* those that are the engine's */

#endif
