/* SPDX-License-Identifier: MIT */
#include "julia/fixture.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

jlt_runtime *runtime;
jlt_thread *thread;

int start_runtime(void **unused)
{
    (void)unused;
    assert_ok(jlt_runtime_spawn(NULL, &runtime, &thread));
    return 0;
}

static void count_threads(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    *(int64_t *)output = jlt_unbox_i64(frame, jlt_eval(frame, "Threads.nthreads()"));
}

static void forget_error(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    (void)output;
    jlt_catch(frame);
}

/* Each thread keeps the text of its last error, and Julia's own threads never end. One-shot tasks go round the threads
 * when no task is alive. */
static void forget_errors(void)
{
    static const jlt_task_type count = {.output_size = sizeof(int64_t), .run = count_threads};
    static const jlt_task_type forget = {.run = forget_error};
    int64_t threads = 0;
    jlt_task_invoke(runtime, &count, NULL, &threads); /* does nothing if the test has closed the runtime */
    while (threads-- > 0)
        assert_ok(jlt_task_invoke(runtime, &forget, NULL, NULL));
}

/* cmocka reports a teardown that fails, and returns success. */
static bool nothing_left;

static void fail_if_something_is_left(void)
{
    if (!nothing_left)
        _exit(1);
}

int stop_runtime(void **unused)
{
    atexit(fail_if_something_is_left);
    (void)unused;
    forget_errors();
    jlt_runtime_drop(runtime);
    assert_ok(jlt_thread_join(thread));
    jlt_counts counts = jlt_debug_counts();
    if (counts.tasks >= 0) { /* -1: counted in builds with JLT_CHECKS only */
        assert_int_equal(counts.tasks, 0);
        assert_int_equal(counts.messages, 0);
        assert_int_equal(counts.receivers, 0);
        assert_int_equal(counts.held, 0);
        assert_int_equal(counts.errors, 0); /* join succeeded, so this thread keeps none */
    }
    nothing_left = true;
    return 0;
}

static void run_body(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    (*(void (*const *)(jlt_frame *))input)(frame);
}

void in_body(void (*body)(jlt_frame *frame))
{
    static const jlt_task_type type = {.name = "test body", .input_size = sizeof body, .run = run_body};
    assert_ok(jlt_task_invoke(runtime, &type, &body, NULL));
}

/* cmocka takes SIGSEGV and its like for itself while a test runs, through signal(); but Julia needs them. This one
 * stands before the C library's for the whole program. */
__attribute__((visibility("default"))) void (*signal(int number, void (*handler)(int)))(int)
{
    switch (number) {
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGSYS:
        return SIG_DFL;
    default:
        break;
    }
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART}, old;
    return sigaction(number, &action, &old) == 0 ? old.sa_handler : SIG_ERR;
}

void at_safepoint(jlt_frame *frame)
{
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_call(scope, jlt_global(scope, "Base.GC.safepoint"));
    jlt_scope_close(scope);
    sched_yield();
}
