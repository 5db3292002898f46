/* SPDX-License-Identifier: MIT
 *
 * Tasks whose reply is their input, for tests of how a runtime closes; and what they count. */
#ifndef JLT_TESTS_ECHO_TASK_H
#define JLT_TESTS_ECHO_TASK_H

#include "core/fake_engine.h"

extern struct runtime *runtime;
extern atomic_uint begun, go_on, handled, inits, exits, inputs_disposed;

/* Setup of a test: all counted is 0. */
int reset(void **unused);

void count_init(jlt_frame *frame, void *state, const void *config);
void count_exit(jlt_frame *frame, void *state);

/* A negative number: raises begun, and waits for go_on; the output is the input. */
void echo_run(jlt_frame *frame, void *state, const void *input, void *output);

extern const jlt_persistent_type echo_type, bounded_type; /* bounded: to one message */
extern const jlt_task_type echo_once_type;

/* Keeps the worker's thread until go_on, so that everything that follows stays where it was put. */
extern const jlt_task_type busy_type;

void assert_reply(struct message *receiver, jlt_status status, int wanted);

#endif
