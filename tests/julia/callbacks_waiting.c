/* SPDX-License-Identifier: MIT
 *
 * C that Julia calls waits for other tasks, which suspends only who called it, also while the runtime ends. */
#include "julia/callbacks.h"

#include <stdatomic.h>

/* Answers twice the input, each time after it has let others run. */
static void twice_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state;
    jlt_eval(frame, "yield()");
    *(int64_t *)output = 2 * *(const int64_t *)input;
}

static const jlt_persistent_type twice_type = {
    .name = "twice",
    .input_size = sizeof(int64_t),
    .output_size = sizeof(int64_t),
    .capacity = 1,
    .run = twice_run,
};

static jlt_persistent *twice[2]; /* one on each thread */

/* Waits for replies and for room, for a limited time and without limit; 4 * x + 2. A plain C function. */
static int64_t ask(int64_t x)
{
    int64_t sum_of_all = 0, one = 1;
    for (int i = 0; i < 2; i++) {
        jlt_receiver *receivers[3];
        int64_t answer = 0;
        if (jlt_persistent_invoke(twice[i], &x, &answer) != JLT_OK)
            return -1;
        sum_of_all += answer;
        for (int j = 0; j < 3; j++) /* capacity 1 */
            if (jlt_persistent_call(twice[i], &one, &receivers[j]) != JLT_OK)
                return -2;
        jlt_status status;
        while ((status = jlt_receiver_recv_timeout(receivers[0], 1000, &answer)) == JLT_TIMEOUT) {
        }
        if (status != JLT_OK || jlt_receiver_recv_timeout(receivers[1], INT64_MAX, NULL) != JLT_OK ||
            jlt_receiver_recv(receivers[2], &answer) != JLT_OK || answer != 2)
            return -3;
        sum_of_all += 1;
    }
    return sum_of_all;
}

static jlt_value *ask_with_frame(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    (void)data, (void)count;
    jlt_value *kept = jlt_eval(frame, "[0.5]");
    int64_t answer = ask(jlt_unbox_i64(frame, arguments[0]));
    if (jlt_unbox_f64(frame, jlt_call(frame, jlt_global(frame, "Base.first"), kept)) != 0.5)
        jlt_fail(frame, "the array is gone");
    return jlt_box_i64(frame, answer);
}

static const char ask_in_all_ways[] = "function (f)\n"
                                      "    n = 5\n"
                                      "    total = sum(f, 1:n)\n"
                                      "    tasks = [[@async(f(i)) for i in 1:n]; [Threads.@spawn(f(i)) for i in 1:n]]\n"
                                      "    total += sum(f, 1:n)\n"
                                      "    total + sum(fetch, tasks)\n"
                                      "end";

static void plain_functions_that_wait(jlt_frame *frame)
{
    jlt_value *int64 = jlt_global(frame, "Core.Int64");
    jlt_value *f = jlt_c_function(frame, PLAIN(ask), int64, jlt_eval(frame, "(Int64,)"));
    EXPECT(is_int(frame, apply(frame, ask_in_all_ways, f), 4 * (4 * 15 + 5 * 2)));
}

static void functions_that_wait(jlt_frame *frame)
{
    jlt_value *f = jlt_function(frame, "ask", ask_with_frame, NULL, NULL);
    EXPECT(is_int(frame, apply(frame, ask_in_all_ways, f), 4 * (4 * 15 + 5 * 2)));
}

/* While all bodies wait here, on all threads, Julia's tasks that they have started call C, which waits for tasks. */
static void wait_while_others_ask(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    jlt_value *int64 = jlt_global(frame, "Core.Int64");
    jlt_value *f = jlt_c_function(frame, PLAIN(ask), int64, jlt_eval(frame, "(Int64,)"));
    jlt_value *g = jlt_function(frame, "ask", ask_with_frame, NULL, NULL);
    jlt_value *first = jlt_call(frame, jlt_eval(frame, "f -> @async(f(1))"), f);
    jlt_value *second = jlt_spawn(frame, g, jlt_box_i64(frame, 2));
    *(int64_t *)output = jlt_unbox_i64(frame, jlt_fetch(frame, first)) + jlt_unbox_i64(frame, jlt_fetch(frame, second));
}

static void test_c_that_julia_calls_may_wait(void **unused)
{
    (void)unused;
    static const jlt_task_type type = {.output_size = sizeof(int64_t), .run = wait_while_others_ask};
    enum { most = 20 };
    jlt_receiver *receivers[most];
    int count = test_is_stress() ? 3 : most;
    for (int i = 0; i < 2; i++)
        assert_ok(jlt_persistent_spawn(runtime, &twice_type, NULL, &twice[i]));
    in_body(plain_functions_that_wait);
    in_body(functions_that_wait);
    for (int i = 0; i < count; i++)
        assert_ok(jlt_task_dispatch(runtime, &type, NULL, &receivers[i]));
    for (int i = 0; i < count; i++) {
        int64_t answer = 0;
        assert_ok(jlt_receiver_recv(receivers[i], &answer));
        assert_int_equal(answer, (4 * 1 + 2) + (4 * 2 + 2));
    }
    for (int i = 0; i < 2; i++)
        jlt_persistent_drop(twice[i]);
}

static int64_t join(void)
{
    jlt_status status = jlt_thread_join(thread);
    return status == JLT_INVALID_ARGUMENT && strstr(jlt_error_message(), "called from a task's body");
}

static void functions_that_join(jlt_frame *frame)
{
    jlt_value *int64 = jlt_global(frame, "Core.Int64");
    jlt_value *f = jlt_c_function(frame, PLAIN(join), int64, jlt_eval(frame, "()"));
    EXPECT(is_int(frame, apply(frame, "f -> f() + fetch(@async f())", f), 2));
}

static void test_joining_is_refused(void **unused)
{
    (void)unused;
    in_body(functions_that_join);
}

/* ---- at the end ---- */

static jlt_persistent *at_end;
static jlt_runtime *watched; /* a handle of its own, since the fixture's is dropped meanwhile */
static atomic_int answered_at_end;

/* Answers only when the runtime is closed. */
static void wait_for_close(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state, (void)input;
    while (!jlt_runtime_is_closed(watched))
        jlt_eval(frame, "sleep(0.001)");
    *(int64_t *)output = 8;
}

static const jlt_persistent_type waits_for_close = {.output_size = sizeof(int64_t), .run = wait_for_close};

static int64_t ask_at_end(void)
{
    int64_t answer = 0;
    if (jlt_persistent_invoke(at_end, NULL, &answer) == JLT_OK && answer == 8)
        atomic_fetch_add(&answered_at_end, 1);
    return answer;
}

/* Nobody waits for these tasks of Julia's but the runtime, which does not end before they have their answers. */
static void leave_tasks(jlt_frame *frame)
{
    jlt_value *int64 = jlt_global(frame, "Core.Int64");
    jlt_value *f = jlt_c_function(frame, PLAIN(ask_at_end), int64, jlt_eval(frame, "()"));
    apply(frame,
          "function (f)\n"
          "    started = Threads.Atomic{Int}(0)\n"
          "    ask() = (Threads.atomic_add!(started, 1); f())\n"
          "    for i in 1:3; @async ask(); Threads.@spawn ask(); end\n"
          "    while started[] < 6; sleep(0.001); end\n"
          "end",
          f);
}

/* Called in Julia's exit hooks: functions still work, but nothing can be waited for. */
static atomic_int called_at_exit;

static void never(void *data)
{
    (void)data;
}

static jlt_value *call_at_exit(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    (void)data, (void)arguments, (void)count;
    bool works = jlt_unbox_i64(frame, jlt_eval(frame, "GC.gc(); 1 + 1")) == 2;
    bool refused = !jlt_blocking(frame, never, NULL) && jlt_catch(frame) == JLT_CLOSED;
    refused = refused && jlt_persistent_invoke(at_end, NULL, NULL) == JLT_CLOSED;
    jlt_persistent_drop(at_end);
    atomic_store(&called_at_exit, works && refused ? 1 : -1);
    return NULL;
}

static void leave_exit_hook(jlt_frame *frame)
{
    apply(frame, "f -> atexit(() -> f())", jlt_function(frame, "at exit", call_at_exit, NULL, NULL));
}

static int stop_and_look(void **unused)
{
    watched = jlt_runtime_clone(runtime);
    assert_ok(jlt_persistent_spawn(runtime, &waits_for_close, NULL, &at_end));
    in_body(leave_tasks);
    in_body(leave_exit_hook);
    jlt_stats stats;
    do /* they have started, and are to ask before the close: one runs, the others wait */
        assert_ok(jlt_persistent_stats(at_end, &stats));
    while (stats.queued < 5);
    assert_ok(jlt_runtime_close(runtime, false));
    int result = stop_runtime(unused);
    jlt_runtime_drop(watched);
    assert_int_equal(atomic_load(&answered_at_end), 6);
    assert_int_equal(atomic_load(&called_at_exit), 1);
    return result;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_c_that_julia_calls_may_wait),
        cmocka_unit_test(test_joining_is_refused),
    };
    return cmocka_run_group_tests(tests, start_two_threads, stop_and_look);
}
