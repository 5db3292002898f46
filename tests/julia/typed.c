/* SPDX-License-Identifier: MIT
 *
 * Typed tasks over a real Julia: each function that the macros make, and types without a part. */
#include "julia/fixture.h"

struct counter_state {
    jlt_slot *sum;
};

struct tally {
    double sum;
    int64_t messages;
};

JLT_PERSISTENT(counter, struct counter_state, double, int64_t, struct tally, .capacity = 1)

static void counter_init(jlt_frame *frame, struct counter_state *state, const double *config)
{
    state->sum = jlt_slot_new(frame, jlt_box(frame, *config));
}

static void counter_run(jlt_frame *frame, struct counter_state *state, const int64_t *input, struct tally *output)
{
    if (*input < 0)
        jlt_fail(frame, "less than nothing");
    jlt_value *sum =
        jlt_call(frame, jlt_global(frame, "Base.+"), jlt_slot_get(frame, state->sum), jlt_box(frame, *input));
    if (!jlt_ok(frame))
        return;
    jlt_slot_set(frame, state->sum, sum);
    *output = (struct tally){jlt_unbox_f64(frame, sum), 1};
}

static int exits;

static void counter_exit(jlt_frame *frame, struct counter_state *state)
{
    exits += jlt_unbox_f64(frame, jlt_slot_get(frame, state->sum)) == 15.5;
}

/* Without any part. */
JLT_PERSISTENT(bell, void, void, void, void)
static int rung;

static void bell_init(jlt_frame *frame, void *state, const void *config)
{
    (void)frame;
    (void)state;
    (void)config;
}

static void bell_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame;
    (void)state;
    (void)input;
    (void)output;
    rung++;
}

static void bell_exit(jlt_frame *frame, void *state)
{
    (void)frame;
    (void)state;
}

JLT_TASK(root, double, double)

static void root_run(jlt_frame *frame, const double *input, double *output)
{
    *output = jlt_unbox_f64(frame, jlt_call(frame, jlt_global(frame, "Base.sqrt"), jlt_box(frame, *input)));
}

/* A pointer as an input, with a member of the type's. */
JLT_TASK(length, const char *, int64_t, .skip_if_dropped = true)

static void length_run(jlt_frame *frame, const char *const *input, int64_t *output)
{
    *output = jlt_unbox_i64(frame, jlt_call(frame, jlt_global(frame, "Base.length"), jlt_box(frame, *input)));
}

/* A type that is written by hand, with bodies in Julia. */
static const jlt_persistent_type adder_type = {.name = "adder",
                                               .config_size = sizeof(double),
                                               .input_size = sizeof(double),
                                               .output_size = sizeof(double),
                                               .julia_init = "Base.identity",
                                               .julia_run = "Base.+",
                                               .julia_config = "Float64",
                                               .julia_input = "Float64",
                                               .julia_output = "Float64"};
JLT_PERSISTENT_CLIENT(adder, double, double, double)

static void test_persistent(void **unused)
{
    (void)unused;
    counter_start start;
    counter_task task, other;
    counter_receiver receiver;
    struct tally tally = {0};
    const jlt_call_options options = {.timeout_ns = INT64_C(60000000000)};

    assert_ok(counter_dispatch(runtime, &(double){0.5}, &start));
    assert_ok(counter_started(start, &task));
    assert_ok(counter_call(task, &(int64_t){1}, &receiver));
    assert_ok(counter_recv(receiver, &tally));
    assert_true(tally.sum == 1.5);
    assert_int_equal(tally.messages, 1);
    assert_ok(counter_try_call(task, &(int64_t){2}, &receiver));
    assert_ok(counter_recv_timeout(receiver, -1, &tally));
    assert_true(tally.sum == 3.5);
    assert_ok(counter_call_with(task, &(int64_t){3}, &options, &receiver));
    jlt_status status;
    while ((status = counter_try_recv(receiver, &tally)) == JLT_PENDING)
        ;
    assert_ok(status);
    assert_true(tally.sum == 6.5);
    other = counter_clone(task);
    assert_ok(counter_invoke(other, &(int64_t){4}, &tally));
    assert_true(tally.sum == 10.5);
    assert_ok(counter_invoke_with(other, &(int64_t){4}, &options, NULL));
    counter_drop(other);

    assert_int_equal(counter_invoke(task, &(int64_t){-1}, &tally), JLT_FAILED);
    assert_string_equal(jlt_error_message(), "less than nothing");
    assert_ok(counter_call(task, &(int64_t){1}, &receiver));
    counter_receiver_drop(receiver);
    assert_ok(counter_invoke(task, &(int64_t){0}, &tally));
    assert_true(tally.sum == 15.5);
    assert_ok(counter_call(task, &(int64_t){0}, NULL));
    jlt_receiver *end;
    assert_ok(jlt_persistent_monitor(task.task, &end));
    counter_drop(task);
    assert_ok(jlt_receiver_recv(end, &(jlt_end){0}));
    assert_int_equal(exits, 1);

    assert_ok(counter_try_dispatch(runtime, &(double){0}, &start));
    assert_ok(counter_started(start, &task));
    counter_drop(task);
    assert_ok(counter_dispatch_with(runtime, &(double){0}, &options, &start));
    assert_ok(counter_started(start, &task));
    counter_drop(task);
    assert_ok(counter_spawn(runtime, &(double){7}, &task));
    assert_ok(counter_invoke(task, &(int64_t){1}, &tally));
    assert_true(tally.sum == 8);
    counter_drop(task);
}

static void test_without_a_part(void **unused)
{
    (void)unused;
    bell_task task;
    bell_receiver receiver;
    assert_int_equal(bell_type.state_size + bell_type.config_size + bell_type.input_size + bell_type.output_size, 0);
    assert_ok(bell_spawn(runtime, NULL, &task));
    assert_ok(bell_call(task, NULL, &receiver));
    assert_ok(bell_recv(receiver, NULL));
    assert_ok(bell_invoke(task, NULL, NULL));
    assert_int_equal(rung, 2);
    bell_drop(task);
}

static void test_one_shot(void **unused)
{
    (void)unused;
    const jlt_call_options options = {.timeout_ns = INT64_C(60000000000)};
    root_receiver receiver;
    double root = 0;
    assert_ok(root_invoke(runtime, &(double){4}, &root));
    assert_true(root == 2);
    assert_ok(root_invoke_with(runtime, &(double){9}, &options, &root));
    assert_true(root == 3);
    assert_ok(root_dispatch(runtime, &(double){16}, &receiver));
    assert_ok(root_recv(receiver, &root));
    assert_true(root == 4);
    assert_ok(root_try_dispatch(runtime, &(double){25}, &receiver));
    assert_ok(root_recv(receiver, &root));
    assert_true(root == 5);
    assert_ok(root_dispatch_with(runtime, &(double){-1}, &options, &receiver));
    assert_int_equal(root_recv(receiver, &root), JLT_EXCEPTION);
    assert_string_equal(jlt_error_type(), "DomainError");
    assert_true(root == 5);

    int64_t length = 0;
    assert_ok(length_invoke(runtime, &(const char *){"length"}, &length));
    assert_int_equal(length, 6);
    assert_true(length_type.skip_if_dropped);
}

static void test_type_by_hand(void **unused)
{
    (void)unused;
    adder_task task;
    double sum = 0;
    assert_ok(adder_spawn(runtime, &(double){1.5}, &task));
    assert_ok(adder_invoke(task, &(double){2}, &sum));
    assert_true(sum == 3.5);
    adder_drop(task);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_persistent),
        cmocka_unit_test(test_without_a_part),
        cmocka_unit_test(test_one_shot),
        cmocka_unit_test(test_type_by_hand),
    };
    return cmocka_run_group_tests_name("typed", tests, start_runtime, stop_runtime);
}
