/* SPDX-License-Identifier: MIT
 *
 * A guest that begins to wait when its own thread's worker has ended already, since the runtime closes, while another
 * worker still runs what it waits for. */
#include "julia/fixture.h"

#include <stdatomic.h>

static int threads;
static int64_t second; /* the id of the second worker's thread */
static jlt_receiver *_Atomic awaited;

static void count_threads(jlt_frame *frame)
{
    threads = (int)jlt_unbox_i64(frame, jlt_eval(frame, "Threads.nthreads()"));
}

static void second_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    second = jlt_unbox_i64(frame, jlt_eval(frame, "Threads.threadid()"));
}

static void sleep_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    jlt_call(frame, jlt_global(frame, "Base.sleep"), jlt_box_f64(frame, 1));
    *(int *)output = 7;
}

/* On the second thread, in a task of Julia's own: a second after the close has begun, at the latest, its worker has
 * ended, unless the machine stands still; then this shows nothing. */
static jlt_value *wait_late(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    (void)data, (void)arguments, (void)count;
    int output = 0;
    while (!jlt_runtime_is_closed(runtime))
        jlt_call(frame, jlt_global(frame, "Base.sleep"), jlt_box_f64(frame, 0.001));
    jlt_call(frame, jlt_global(frame, "Base.sleep"), jlt_box_f64(frame, 0.3));
    if (jlt_receiver_recv(atomic_load(&awaited), &output) != JLT_OK)
        output = -1;
    return jlt_box_i64(frame, output);
}

static void fetch_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    jlt_value *start = jlt_eval(frame, "(f, thread) -> begin\n"
                                       "    t = Task(f)\n"
                                       "    ccall(:jl_set_task_tid, Cvoid, (Any, Cint), t, thread - 1)\n"
                                       "    schedule(t)\n"
                                       "    fetch(t)\n"
                                       "end");
    jlt_value *function = jlt_function(frame, "wait_late", wait_late, NULL, NULL);
    *(int64_t *)output = jlt_unbox_i64(frame, jlt_call(frame, start, function, jlt_box_i64(frame, second)));
}

static void test_a_guest_is_woken_though_its_worker_has_ended(void **unused)
{
    (void)unused;
    static const jlt_task_type fetch_type = {
        .name = "fetch", .output_size = sizeof(int64_t), .run = fetch_run, .thread = 1};
    static const jlt_task_type sleep_type = {
        .name = "sleep", .output_size = sizeof(int), .run = sleep_run, .thread = 1};
    static const jlt_task_type second_type = {.name = "second", .run = second_run, .thread = 2};
    int64_t output = 0;
    jlt_receiver *fetched, *slept;
    in_body(count_threads);
    if (threads < 2)
        skip();
    assert_ok(jlt_task_invoke(runtime, &second_type, NULL, NULL));
    assert_ok(jlt_task_dispatch(runtime, &sleep_type, NULL, &slept));
    atomic_store(&awaited, slept);
    assert_ok(jlt_task_dispatch(runtime, &fetch_type, NULL, &fetched));
    assert_ok(jlt_runtime_close(runtime, false));
    assert_ok(jlt_receiver_recv(fetched, &output));
    assert_int_equal(output, 7);
}

static int start_two_threads(void **unused)
{
    (void)unused;
    assert_ok(jlt_runtime_spawn(&(jlt_options){.threads = 2}, &runtime, &thread));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_guest_is_woken_though_its_worker_has_ended),
    };
    return cmocka_run_group_tests(tests, start_two_threads, stop_runtime);
}
