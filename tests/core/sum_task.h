/* SPDX-License-Identifier: MIT
 *
 * A task that sums, and fails when it is told to, and the runtime that it is tested in. */
#ifndef JLT_TESTS_SUM_TASK_H
#define JLT_TESTS_SUM_TASK_H

#include "core/fake_engine.h"

enum { FAILS = -1, WAITS = -2, FLAKY = -3 }; /* inputs: fails; waits for go_on; fails as often as fails_left says */

extern struct runtime *runtime;
extern atomic_uint begun, go_on, inits, exits, inputs_disposed, fails_left, init_fails;
extern int64_t init_times[8]; /* when the first inits began */

/* Setup, with one worker, and teardown of a test. end_now: a test that looks at what is left when all has ended. */
int reset(void **unused);
int finish(void **unused);
void end_now(void);

/* Of any type that does this on a failure; the rest is the caller's to set. Its config is 100, and so its first sum. */
jlt_persistent_type sum_type(jlt_on_failure on_failure);
struct task *spawn_sum(const jlt_persistent_type *type);

jlt_status invoke(struct task *task, int input, int *output);
struct message *send(struct task *task, int input);
struct message *monitor(struct task *task);
void check_end(struct message *receiver, enum jlt_end_reason reason, jlt_status status, unsigned restarts);

/* The task has ended, and says why. */
void check_stopped(struct task *task, const char *cause);

#endif
