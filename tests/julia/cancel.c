/* SPDX-License-Identifier: MIT
 *
 * Closing with cancel: what has begun ends, what has not is answered with JLT_CANCELLED, and every exit runs. */
#include "julia/fixture.h"

#include <stdatomic.h>

static atomic_int exits, begun, disposed;

static void waiter_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state;
    (void)input;
    atomic_fetch_add(&begun, 1);
    jlt_eval(frame, "wait(gate)");
    *(int *)output = 1;
}

static void waiter_exit(jlt_frame *frame, void *state)
{
    (void)frame;
    (void)state;
    atomic_fetch_add(&exits, 1);
}

static void dispose(void *input)
{
    atomic_fetch_add(&disposed, *(int *)input);
}

static const jlt_persistent_type waiter_type = {
    .name = "waiter",
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .run = waiter_run,
    .exit = waiter_exit,
    .dispose_input = dispose,
};

static void make_gate(jlt_frame *frame)
{
    jlt_eval(frame, "gate = Base.Event()");
}

/* Opens the gate when told by C, from a task of Julia's own, since the runtime accepts nothing by then. */
static atomic_int may_open;

static int32_t is_open(void)
{
    return atomic_load(&may_open);
}

static void open_later(jlt_frame *frame)
{
    jlt_value *start = jlt_eval(frame, "f -> @async (while ccall(f, Int32, ()) == 0; sleep(0.001); end; notify(gate))");
    jlt_call(frame, start, jlt_box_pointer(frame, (void *)(uintptr_t)is_open));
}

static void test_cancel_answers_what_has_not_begun(void **unused)
{
    (void)unused;
    enum { tasks = 4, calls = 6 };
    jlt_persistent *task[tasks];
    jlt_receiver *receiver[tasks][calls];
    int one = 1, output;
    in_body(make_gate);
    in_body(open_later);
    for (int i = 0; i < tasks; i++)
        assert_ok(jlt_persistent_spawn(runtime, &waiter_type, NULL, &task[i]));
    for (int j = 0; j < calls; j++)
        for (int i = 0; i < tasks; i++)
            assert_ok(jlt_persistent_call(task[i], &one, &receiver[i][j]));
    while (atomic_load(&begun) < tasks) { /* each has begun its first */
    }
    assert_ok(jlt_runtime_close(runtime, true));
    for (int j = 1; j < calls; j++) {
        for (int i = 0; i < tasks; i++) { /* answered although the first is still suspended */
            assert_status(jlt_receiver_recv(receiver[i][j], &output), JLT_CANCELLED);
            assert_true(strlen(jlt_error_message()) > 0);
        }
    }
    atomic_store(&may_open, 1);
    for (int i = 0; i < tasks; i++) {
        assert_ok(jlt_receiver_recv(receiver[i][0], &output));
        assert_int_equal(output, 1);
        jlt_persistent_drop(task[i]);
    }
    jlt_runtime_drop(runtime);
    assert_ok(jlt_thread_join(thread));
    assert_int_equal(atomic_load(&exits), tasks);
    assert_int_equal(atomic_load(&begun), tasks);
    assert_int_equal(atomic_load(&disposed), tasks * (calls - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cancel_answers_what_has_not_begun)};
    return cmocka_run_group_tests(tests, start_runtime, NULL);
}
