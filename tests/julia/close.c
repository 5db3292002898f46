/* SPDX-License-Identifier: MIT
 *
 * Closing without cancel: what was accepted is answered, every exit runs, Julia's exit hooks run; what comes later is
 * refused. */
#include "julia/fixture.h"

#include <pthread.h>
#include <stdatomic.h>

static atomic_int exits, hooks, runs;

static void counter_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    int *count = state;
    (void)input;
    jlt_call(frame, jlt_global(frame, "Base.yield")); /* others get between */
    atomic_fetch_add(&runs, 1);
    *(int *)output = ++*count;
}

static void counter_exit(jlt_frame *frame, void *state)
{
    (void)state;
    jlt_eval(frame, "error(\"a failure in exit is ignored\")");
    atomic_fetch_add(&exits, 1);
}

static const jlt_persistent_type counter_type = {
    .name = "counter",
    .state_size = sizeof(int),
    .output_size = sizeof(int),
    .run = counter_run,
    .exit = counter_exit,
};

static const jlt_persistent_type narrow_type = {
    .name = "narrow",
    .state_size = sizeof(int),
    .output_size = sizeof(int),
    .capacity = 1,
    .run = counter_run,
    .exit = counter_exit,
};

static void hook(void)
{
    atomic_fetch_add(&hooks, 1);
}

static void add_exit_hook(jlt_frame *frame)
{
    jlt_value *add = jlt_eval(frame, "f -> atexit(() -> ccall(f, Cvoid, ()))");
    jlt_call(frame, add, jlt_box_pointer(frame, (void *)(uintptr_t)hook));
}

/* Sends until it is refused, and waits at a full mailbox most of the time. */
static void *send_until_closed(void *task)
{
    intptr_t sent = 0;
    jlt_status status;
    while ((status = jlt_persistent_call(task, NULL, NULL)) == JLT_OK)
        sent++;
    if (status != JLT_CLOSED)
        sent = -1;
    jlt_persistent_drop(task);
    return (void *)sent;
}

static void test_close_answers_what_was_accepted(void **unused)
{
    (void)unused;
    enum { tasks = 8, calls = 50 };
    jlt_persistent *task[tasks], *narrow;
    jlt_receiver *receiver[tasks][calls], *refused;
    int n = test_is_stress() ? 2 : calls, answered = 0;
    in_body(add_exit_hook);
    for (int i = 0; i < tasks; i++)
        assert_ok(jlt_persistent_spawn(runtime, &counter_type, NULL, &task[i]));
    assert_ok(jlt_persistent_spawn(runtime, &narrow_type, NULL, &narrow));
    pthread_t sender;
    assert_int_equal(pthread_create(&sender, NULL, send_until_closed, jlt_persistent_clone(narrow)), 0);
    for (int j = 0; j < n; j++)
        for (int i = 0; i < tasks; i++)
            assert_ok(jlt_persistent_call(task[i], NULL, &receiver[i][j]));

    assert_ok(jlt_runtime_close(runtime, false));
    assert_true(jlt_runtime_is_closed(runtime));
    assert_ok(jlt_runtime_close(runtime, false)); /* again is allowed */
    assert_status(jlt_persistent_try_call(task[0], NULL, &refused), JLT_CLOSED);
    assert_status(jlt_persistent_spawn(runtime, &counter_type, NULL, &task[0]), JLT_CLOSED);
    assert_status(jlt_persistent_invoke(task[0], NULL, NULL), JLT_CLOSED);
    assert_status(jlt_runtime_settings(runtime, &(jlt_settings){0}), JLT_CLOSED);

    for (int j = 0; j < n; j++) {
        for (int i = 0; i < tasks; i++) {
            int count = 0;
            assert_ok(jlt_receiver_recv(receiver[i][j], &count));
            assert_int_equal(count, j + 1);
        }
    }
    void *sent;
    pthread_join(sender, &sent);
    jlt_runtime_drop(runtime);
    assert_ok(jlt_thread_join(thread));
    answered = n * tasks;
    assert_int_equal(atomic_load(&runs), answered + (int)(intptr_t)sent);
    assert_int_equal(atomic_load(&exits), tasks + 1);
    assert_int_equal(atomic_load(&hooks), 1);
    for (int i = 0; i < tasks; i++)
        jlt_persistent_drop(task[i]); /* handles may outlive the runtime */
    assert_status(jlt_persistent_call(narrow, NULL, NULL), JLT_CLOSED);
    jlt_persistent_drop(narrow);
    assert_status(jlt_thread_join(NULL), JLT_INVALID_ARGUMENT);
    assert_status(jlt_runtime_close(NULL, false), JLT_INVALID_ARGUMENT);
}

static void test_nothing_is_left(void **unused)
{
    (void)unused;
    jlt_counts counts = jlt_debug_counts();
    if (counts.tasks < 0)
        skip();
    assert_int_equal(counts.tasks, 0);
    assert_int_equal(counts.messages, 0);
    assert_int_equal(counts.receivers, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_close_answers_what_was_accepted),
        cmocka_unit_test(test_nothing_is_left),
    };
    return cmocka_run_group_tests(tests, start_runtime, NULL);
}
