/* SPDX-License-Identifier: MIT
 *
 * jlt_runtime_start: Julia on the calling thread, the program's main function on a new one. */
#include "julia/fixture.h"

#include <pthread.h>

static pthread_t caller;

static void note_thread(jlt_frame *frame, const void *input, void *output)
{
    (void)frame;
    (void)input;
    *(bool *)output = pthread_equal(pthread_self(), caller);
}

static int program(jlt_runtime *handle, void *argument)
{
    static const jlt_task_type type = {.output_size = sizeof(bool), .run = note_thread};
    bool on_caller = false;
    if (pthread_equal(pthread_self(), caller))
        return 1;
    if (jlt_task_invoke(handle, &type, NULL, &on_caller) != JLT_OK || !on_caller)
        return 2;
    if (jlt_runtime_start(NULL, program, NULL, NULL) != JLT_ALREADY_STARTED)
        return 3;
    jlt_runtime_drop(handle);
    return *(int *)argument;
}

static void test_start_runs_julia_here_and_main_elsewhere(void **unused)
{
    (void)unused;
    int argument = 42, result = 0;
    caller = pthread_self();
    assert_status(jlt_runtime_start(NULL, NULL, NULL, NULL), JLT_INVALID_ARGUMENT);
    assert_status(jlt_runtime_start(&(jlt_options){.julia = "/nonexistent"}, program, &argument, &result),
                  JLT_NO_JULIA);
    assert_int_equal(result, 0);
    assert_ok(jlt_runtime_start(&(jlt_options){.threads = 1}, program, &argument, &result));
    assert_int_equal(result, 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_start_runs_julia_here_and_main_elsewhere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
