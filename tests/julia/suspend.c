/* SPDX-License-Identifier: MIT
 *
 * Bodies that wait: inside Julia, or for other tasks. Only they are suspended, all on one Julia thread. */
#include "julia/fixture.h"

#include <stdatomic.h>

static int start_one_thread(void **unused)
{
    (void)unused;
    assert_ok(jlt_runtime_spawn(&(jlt_options){.threads = 1}, &runtime, &thread));
    return 0;
}

/* ---- many bodies wait for one event ---- */

static void make_gate(jlt_frame *frame)
{
    jlt_eval(frame, "gate = Base.Event(); waiting = Ref(0)");
}

static void open_gate(jlt_frame *frame)
{
    jlt_eval(frame, "notify(gate)");
}

static void wait_at_gate(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    jlt_value *kept = jlt_eval(frame, "[1.5]"); /* rooted across the suspension */
    jlt_eval(frame, "waiting[] += 1; wait(gate)");
    *(double *)output = jlt_unbox_f64(frame, jlt_call(frame, jlt_global(frame, "Base.first"), kept));
}

static void count_waiting(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    *(int64_t *)output = jlt_unbox_i64(frame, jlt_eval(frame, "waiting[]"));
}

static void test_waiting_bodies_suspend_only_themselves(void **unused)
{
    (void)unused;
    static const jlt_task_type waiter = {.output_size = sizeof(double), .run = wait_at_gate};
    static const jlt_task_type counter = {.output_size = sizeof(int64_t), .run = count_waiting};
    enum { most = 200 };
    jlt_receiver *receivers[most];
    int n = test_is_stress() ? 10 : most;
    int64_t waiting = 0;
    double value;
    in_body(make_gate);
    for (int i = 0; i < n; i++)
        assert_ok(jlt_task_dispatch(runtime, &waiter, NULL, &receivers[i]));
    while (waiting < n) /* one Julia thread answers this while the others wait on it */
        assert_ok(jlt_task_invoke(runtime, &counter, NULL, &waiting));
    assert_status(jlt_receiver_try_recv(receivers[0], &value), JLT_PENDING);
    in_body(open_gate);
    for (int i = 0; i < n; i++) {
        assert_ok(jlt_receiver_recv(receivers[i], &value));
        assert_true(value == 1.5);
    }
}

/* ---- a body waits for another task on its thread ---- */

static void twice_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame;
    (void)state;
    *(int *)output = 2 * *(const int *)input;
}

static const jlt_persistent_type twice_type = {
    .name = "twice",
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .capacity = 1,
    .run = twice_run,
};

static void ask_twice(jlt_frame *frame, const void *input, void *output)
{
    jlt_persistent *task = *(jlt_persistent *const *)input;
    jlt_value *kept = jlt_box_f64(frame, 0.25);
    jlt_receiver *receivers[3];
    int answer = 0, in = 21;
    EXPECT(jlt_persistent_invoke(task, &in, &answer) == JLT_OK);
    for (int i = 0; i < 3; i++) /* capacity 1: the later calls wait for room */
        EXPECT(jlt_persistent_call(task, &in, &receivers[i]) == JLT_OK);
    for (int i = 0; i < 3; i++)
        EXPECT(jlt_receiver_recv(receivers[i], &answer) == JLT_OK && answer == 42);
    EXPECT(jlt_unbox_f64(frame, kept) == 0.25);
    *(int *)output = answer;
}

static void test_a_body_may_wait_for_another_task(void **unused)
{
    (void)unused;
    static const jlt_task_type asker = {
        .input_size = sizeof(jlt_persistent *), .output_size = sizeof(int), .run = ask_twice};
    jlt_persistent *twice;
    int answer = 0;
    assert_ok(jlt_persistent_spawn(runtime, &twice_type, NULL, &twice));
    for (int i = 0; i < 20; i++) {
        assert_ok(jlt_task_invoke(runtime, &asker, &twice, &answer));
        assert_int_equal(answer, 42);
    }
    jlt_persistent_drop(twice);
}

/* ---- and for a limited time ---- */

static void gate_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state, (void)input, (void)output;
    jlt_eval(frame, "wait(opened)");
}

static const jlt_persistent_type gate_type = {.run = gate_run};

static void wait_shortly(jlt_frame *frame, const void *input, void *output)
{
    jlt_persistent *task = *(jlt_persistent *const *)input;
    (void)output;
    jlt_receiver *receiver;
    jlt_eval(frame, "opened = Base.Event()");
    EXPECT(jlt_persistent_call(task, NULL, &receiver) == JLT_OK);
    EXPECT(jlt_receiver_recv_timeout(receiver, 1000 * 1000, NULL) == JLT_TIMEOUT);
    EXPECT(jlt_receiver_recv_timeout(receiver, 0, NULL) == JLT_TIMEOUT);
    jlt_eval(frame, "notify(opened)");
    EXPECT(jlt_receiver_recv_timeout(receiver, (int64_t)60 * 1000 * 1000 * 1000, NULL) == JLT_OK);
}

static void test_a_body_may_wait_for_a_limited_time(void **unused)
{
    (void)unused;
    static const jlt_task_type type = {.input_size = sizeof(jlt_persistent *), .run = wait_shortly};
    jlt_persistent *gate;
    assert_ok(jlt_persistent_spawn(runtime, &gate_type, NULL, &gate));
    assert_ok(jlt_task_invoke(runtime, &type, &gate, NULL));
    jlt_persistent_drop(gate);
}

/* ---- Julia's own tasks go on while messages keep coming ---- */

static void start_ticking(jlt_frame *frame)
{
    jlt_eval(frame, "ticks = Ref(0); ticking = @async while ticks[] < 5; sleep(0.001); ticks[] += 1; end");
}

static void read_ticks(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    *(int64_t *)output = jlt_unbox_i64(frame, jlt_eval(frame, "ticks[]"));
}

static void test_julias_own_tasks_go_on_under_load(void **unused)
{
    (void)unused;
    static const jlt_task_type type = {.output_size = sizeof(int64_t), .run = read_ticks};
    enum { depth = 64 };
    jlt_receiver *receivers[depth];
    int64_t ticks = 0;
    in_body(start_ticking);
    for (int i = 0; i < depth; i++)
        assert_ok(jlt_task_dispatch(runtime, &type, NULL, &receivers[i]));
    for (int i = 0; ticks < 5; i = (i + 1) % depth) { /* the inbox never runs empty */
        assert_ok(jlt_receiver_recv(receivers[i], &ticks));
        assert_ok(jlt_task_dispatch(runtime, &type, NULL, &receivers[i]));
    }
    for (int i = 0; i < depth; i++)
        jlt_receiver_drop(receivers[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waiting_bodies_suspend_only_themselves),
        cmocka_unit_test(test_a_body_may_wait_for_another_task),
        cmocka_unit_test(test_a_body_may_wait_for_a_limited_time),
        cmocka_unit_test(test_julias_own_tasks_go_on_under_load),
    };
    return cmocka_run_group_tests(tests, start_one_thread, stop_runtime);
}
