/* SPDX-License-Identifier: MIT
 *
 * An engine of plain threads, so that core can be tested without Julia. A fiber is a thread. Each worker has a baton,
 * and only the fiber that holds it runs, as only one task at a time runs on a Julia thread: one that is suspended
 * gives it away, those that are scheduled queue for it. What core may not do to Julia (schedule a fiber twice, ring
 * after the end, open a frame on a fiber that is not running) ends the program. */
#ifndef JLT_TESTS_FAKE_ENGINE_H
#define JLT_TESTS_FAKE_ENGINE_H

#include "base/checks.h"
#include "core/message.h"
#include "core/runtime.h"
#include "core/task.h"
#include "core/threads.h"

/* ---- the engine ---- */

/* Who answers doorbells: the worker's own thread when it is free, as a Julia with one thread does; or another thread
 * at any time, as one with several does. */
enum fake_bells { FAKE_BELLS_OWN, FAKE_BELLS_OTHER };
extern enum fake_bells fake_bells;

/* A runtime with one handle, the caller's. */
struct runtime *fake_start(unsigned workers, size_t channel_capacity);
struct runtime *fake_start_limited(unsigned workers, const struct runtime_limits *limits);

/* Waits until the runtime has ended, takes it down, and checks that nothing is left but the `tasks` that the caller
 * still has handles on. */
void fake_finish_with(struct runtime *runtime, int tasks);
void fake_finish(struct runtime *runtime);

/* Drops the handle, then as fake_finish. */
void fake_end(struct runtime *runtime);

/* Until engine->finished was called. */
void fake_await_finished(struct runtime *runtime);
bool fake_is_finished(struct runtime *runtime);

/* Fibers that have not ended. */
unsigned fake_fibers(struct runtime *runtime);

/* What was asked of the engine since the start: rings of doorbells, calls, and fibers made or scheduled. */
struct fake_counts {
    unsigned rings, calls, wakes;
};
struct fake_counts fake_counts(struct runtime *runtime);

/* As many of the next attempts fail for lack of memory. */
extern atomic_int fake_failing_fibers, fake_failing_frames, fake_failing_keeps;

/* Whether the wait that a body is in, as in Julia, can be ended now; NULL: it cannot. Whoever says so ends it. */
extern bool (*_Atomic fake_interrupt)(void);

/* While this is set, who comes to a safepoint stays there, as in a collection; and how many do. */
extern atomic_bool fake_hold_at_safepoints;
extern atomic_uint fake_held_at_safepoints;

/* Runs an array of tests with each way to answer doorbells, and to wait. */
#define fake_run_tests(tests) fake_run_tests_(tests, sizeof(tests) / sizeof(tests)[0])
int fake_run_tests_(const struct CMUnitTest *tests, size_t count);

/* The same with waits that stay awake, 0.1 s long. */
#define fake_run_awake(tests) fake_run_awake_(tests, sizeof(tests) / sizeof(tests)[0])
int fake_run_awake_(const struct CMUnitTest *tests, size_t count);

/* ---- in bodies ---- */

/* Fails the frame; the first failure is kept. */
void fake_fail(jlt_frame *frame, jlt_status status, const char *message);

/* Suspends the fiber as Julia's yield does, and until event_await would return, as its sleep does. */
void fake_yield(void);
void fake_wait(atomic_uint *event, unsigned count);

/* Dispose functions of types, which count; the counters are the test's to reset. */
extern atomic_uint disposed_inputs, disposed_outputs;
void count_disposed_input(void *input);
void count_disposed_output(void *output);

/* ---- the API's shapes over core ---- */

#define type_of(type)                                                                                                  \
    _Generic((type), const jlt_task_type *: type_of_task((const void *)(type), sizeof(jlt_task_type)),       \
             const jlt_persistent_type *: type_of_persistent((const void *)(type), sizeof(jlt_persistent_type), NULL))

static inline struct task *spawn(struct runtime *runtime, const jlt_persistent_type *type, const void *config)
{
    struct task *task = NULL;
    check_ok(runtime_invoke(runtime, type_of(type), config, &task));
    return task;
}

static inline struct message *call(struct task *task, const void *input)
{
    struct message *receiver = NULL;
    check_ok(runtime_call(task, input, SEND_WAIT, &receiver));
    return receiver;
}

static inline struct message *dispatch(struct runtime *runtime, const jlt_task_type *type, const void *input)
{
    struct message *receiver = NULL;
    check_ok(runtime_dispatch(runtime, type_of(type), input, SEND_WAIT, &receiver));
    return receiver;
}

static inline struct message *dispatch_start(struct runtime *runtime, const jlt_persistent_type *type,
                                             const void *config)
{
    struct message *receiver = NULL;
    check_ok(runtime_dispatch(runtime, type_of(type), config, SEND_WAIT, &receiver));
    return receiver;
}

#endif
