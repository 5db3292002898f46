/* SPDX-License-Identifier: MIT
 *
 * Calls whose replies come out of a queue, and the runtime and the queue that they are tested in. */
#ifndef JLT_TESTS_QUEUE_CALLS_H
#define JLT_TESTS_QUEUE_CALLS_H

#include "core/fake_engine.h"
#include "core/limit.h"
#include "core/queue.h"

extern struct runtime *runtime;
extern struct queue *queue;
extern atomic_uint begun, go_on, saw; /* saw: bodies, that they were given up */

/* Setup, with one worker, and teardown of a test. */
int start(void **unused);
int finish(void **unused);

/* Inputs. COMPUTES: until go_on, without suspending; WAITS: suspended; FAILS; of any other the output is the input. */
enum { COMPUTES = -1, WAITS = -2, FAILS = -3 };

extern const jlt_task_type once_type;
extern const jlt_persistent_type task_type, small_type; /* small: bounded to two, and skip_if_dropped */

static const int64_t moment = 1000000; /* ns */

struct call_options through(struct queue *to, void *user);
void send(const jlt_task_type *type, int input, void *user, struct message **receiver);

/* Out of the queue. next: its status, its output, and, if wanted, the user's value. */
jlt_status take(int64_t timeout_ns, jlt_completion *completion);
jlt_status receive(const jlt_completion *completion, int *output);
jlt_status next(int *output, void **user);

bool is_readable(void);
void check_empty(void);

#endif
