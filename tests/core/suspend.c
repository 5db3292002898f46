/* SPDX-License-Identifier: MIT
 *
 * Bodies that wait: what else their worker does meanwhile, and how they go on. */
#include "core/fake_engine.h"
#include "platform/platform.h"

#include <sched.h>

static struct runtime *runtime;
static atomic_uint begun, go_on, ended;

static int start(void **unused)
{
    (void)unused;
    atomic_store(&begun, 0);
    atomic_store(&go_on, 0);
    atomic_store(&ended, 0);
    runtime = fake_start(1, 0);
    return 0;
}

static int finish(void **unused)
{
    (void)unused;
    fake_end(runtime);
    return 0;
}

static void sleep_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
    event_raise(&begun);
    fake_wait(&go_on, 1);
    event_raise(&ended);
}

static const jlt_task_type sleep_type = {.name = "sleep", .run = sleep_run};

static void add_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame;
    *(int *)output = *(int *)state += *(const int *)input;
}

static const jlt_persistent_type add_type = {
    .name = "add",
    .state_size = sizeof(int),
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .run = add_run,
};

/* ---- the others on the worker ---- */

static void test_others_go_on_while_a_body_sleeps(void **unused)
{
    (void)unused;
    int one = 1, sum = 0;
    struct message *sleeper = dispatch(runtime, &sleep_type, NULL);
    event_await(&begun, 1);
    struct task *task = spawn(runtime, &add_type, NULL);
    for (int i = 0; i < 100; i++)
        assert_ok(runtime_invoke_task(task, &one, &sum));
    assert_int_equal(sum, 100);
    assert_false(message_is_done(sleeper));
    event_raise(&go_on);
    assert_ok(message_receive(sleeper, -1, NULL));
    task_drop(task);
}

static void sleep_in_state_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    int *calls = state;
    check(++*calls % 2 == 1); /* one message at a time, although each is suspended */
    sleep_run(frame, input, output);
    ++*calls;
}

static void test_a_task_handles_one_message_at_a_time_though_its_body_sleeps(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {.state_size = sizeof(int), .run = sleep_in_state_run};
    int one = 1, sum;
    struct task *task = spawn(runtime, &type, NULL), *other = spawn(runtime, &add_type, NULL);
    struct message *receivers[10];
    for (int i = 0; i < 10; i++)
        receivers[i] = call(task, NULL);
    event_await(&begun, 1);
    assert_ok(runtime_invoke_task(other, &one, &sum));
    assert_int_equal(atomic_load(&begun), 1);
    event_raise(&go_on);
    for (int i = 0; i < 10; i++)
        assert_ok(message_receive(receivers[i], -1, NULL));
    assert_int_equal(atomic_load(&ended), 10);
    task_drop(task);
    task_drop(other);
}

static void test_many_bodies_sleep_at_once_and_their_fibers_end_afterwards(void **unused)
{
    (void)unused;
    enum { many = 150, kept_at_most = 70 };
    struct message *receivers[many];
    for (int i = 0; i < many; i++)
        receivers[i] = dispatch(runtime, &sleep_type, NULL);
    event_await(&begun, many); /* so each has a fiber of its own */
    assert_true(fake_fibers(runtime) >= many);
    event_raise(&go_on);
    for (int i = 0; i < many; i++)
        assert_ok(message_receive(receivers[i], -1, NULL));
    await_true(fake_fibers(runtime) <= kept_at_most);
    int one = 1, sum;
    struct task *task = spawn(runtime, &add_type, NULL);
    assert_ok(runtime_invoke_task(task, &one, &sum));
    task_drop(task);
}

static void yield_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    for (int i = *(const int *)input % 5; i; i--)
        fake_yield();
    add_run(frame, state, input, output);
}

static void test_bodies_that_yield_lose_no_message(void **unused)
{
    (void)unused;
    enum { tasks = 5, messages = 300 };
    static const jlt_persistent_type type = {
        .state_size = sizeof(int),
        .input_size = sizeof(int),
        .output_size = sizeof(int),
        .run = yield_run,
    };
    struct task *all[tasks];
    for (int i = 0; i < tasks; i++)
        all[i] = spawn(runtime, &type, NULL);
    for (int i = 0; i < messages; i++)
        for (int t = 0; t < tasks; t++)
            assert_ok(runtime_call(all[t], &i, SEND_WAIT, NULL));
    for (int t = 0; t < tasks; t++) {
        int none = 0, sum;
        assert_ok(runtime_invoke_task(all[t], &none, &sum));
        assert_int_equal(sum, messages * (messages - 1) / 2);
        task_drop(all[t]);
    }
}

/* Sends to its own task until the other has had its turn, so there is always something ready. */
static void flood_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state, (void)output;
    if (!atomic_load(&ended))
        check_ok(runtime_call(*(struct task *const *)input, input, SEND_WAIT, NULL));
    else
        event_raise(&begun);
}

static void test_a_busy_pump_lets_others_on_its_thread_have_their_turn(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {.input_size = sizeof(struct task *), .run = flood_run};
    struct message *sleeper = dispatch(runtime, &sleep_type, NULL);
    event_await(&begun, 1);
    struct task *task = spawn(runtime, &type, NULL);
    assert_ok(runtime_call(task, &task, SEND_WAIT, NULL));
    event_raise(&go_on); /* it now waits for the thread, as any Julia task may */
    assert_ok(message_receive(sleeper, -1, NULL));
    event_await(&begun, 2); /* and the flood ends */
    task_drop(task);
}

static void raise_ended_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
    event_raise(&ended);
}

static void test_a_busy_task_lets_others_on_its_worker_have_their_turn(void **unused)
{
    (void)unused;
    static const jlt_persistent_type flood_type = {.input_size = sizeof(struct task *), .run = flood_run};
    static const jlt_task_type type = {.run = raise_ended_run};
    struct task *task = spawn(runtime, &flood_type, NULL);
    assert_ok(runtime_call(task, &task, SEND_WAIT, NULL));
    assert_ok(runtime_invoke(runtime, type_of(&type), NULL, NULL));
    event_await(&begun, 1); /* the flood ends */
    task_drop(task);
}

static atomic_uint slow_handled;

static void slow_flood_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    for (int64_t end = platform_now() + 200000; platform_now() < end;) {
    }
    atomic_fetch_add(&slow_handled, 1);
    flood_run(frame, state, input, output);
}

static void yield_among_slow_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input;
    for (int i = 0; i < 20; i++) {
        unsigned before = atomic_load(&slow_handled);
        fake_yield();
        unsigned handled = atomic_load(&slow_handled) - before;
        if (handled > *(unsigned *)output)
            *(unsigned *)output = handled;
    }
    event_raise(&ended);
}

static void test_others_on_its_thread_do_not_wait_for_many_slow_bodies(void **unused)
{
    (void)unused;
    static const jlt_persistent_type flood_type = {.input_size = sizeof(struct task *), .run = slow_flood_run};
    static const jlt_task_type type = {.output_size = sizeof(unsigned), .run = yield_among_slow_run};
    unsigned most;
    struct task *task = spawn(runtime, &flood_type, NULL);
    assert_ok(runtime_call(task, &task, SEND_WAIT, NULL));
    assert_ok(runtime_invoke(runtime, type_of(&type), NULL, &most));
    assert_in_range(most, 1, 16); /* a turn is a millisecond, and it may be noticed when another has passed */
    event_await(&begun, 1);
    task_drop(task);
}

/* ---- bodies that wait for others ---- */

static void invoke_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame;
    struct task *next = *(struct task **)state;
    check_ok(runtime_invoke_task(next, input, output));
    ++*(int *)output;
}

static void invoke_init(jlt_frame *frame, void *state, const void *config)
{
    (void)frame;
    *(struct task **)state = task_clone(*(struct task *const *)config);
}

static void invoke_exit(jlt_frame *frame, void *state)
{
    (void)frame;
    task_drop(*(struct task **)state);
}

static const jlt_persistent_type invoke_type = {
    .name = "invoke",
    .state_size = sizeof(struct task *),
    .config_size = sizeof(struct task *),
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .init = invoke_init,
    .run = invoke_run,
    .exit = invoke_exit,
};

static void test_bodies_invoke_each_other_on_one_worker(void **unused)
{
    (void)unused;
    enum { depth = 10 };
    int input = 100, output;
    struct task *task = spawn(runtime, &add_type, NULL);
    for (int i = 0; i < depth; i++) {
        struct task *outer = spawn(runtime, &invoke_type, &task);
        task_drop(task);
        task = outer;
    }
    for (int i = 1; i <= 20; i++) {
        assert_ok(runtime_invoke_task(task, &input, &output));
        assert_int_equal(output, i * 100 + depth);
    }
    task_drop(task);
}

static void spawn_in_body_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame;
    struct task *task = spawn(runtime, &add_type, NULL);
    struct message *receivers[5];
    for (int i = 0; i < 5; i++)
        receivers[i] = call(task, input);
    for (int i = 0; i < 5; i++)
        check_ok(message_receive(receivers[i], -1, output));
    task_drop(task);
}

static void test_a_body_starts_a_task_and_talks_to_it(void **unused)
{
    (void)unused;
    static const jlt_task_type type = {
        .input_size = sizeof(int),
        .output_size = sizeof(int),
        .run = spawn_in_body_run,
    };
    int input = 7, output;
    assert_ok(runtime_invoke(runtime, type_of(&type), &input, &output));
    assert_int_equal(output, 35);
}

/* ---- time limits in bodies ---- */

static void hold_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state, (void)input;
    event_raise(&begun);
    fake_wait(&go_on, 1);
    *(int *)output = 9;
}

static void time_limit_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame;
    struct message *receiver = call(*(struct task *const *)input, NULL);
    check_status(message_receive(receiver, 0, output), JLT_TIMEOUT);
    check_status(message_receive(receiver, 1000000, output), JLT_TIMEOUT);
    check(*(int *)output == 0);
    event_raise(&go_on);
    check_ok(message_receive(receiver, INT64_MAX, output));
}

static void test_a_body_waits_no_longer_than_it_asked_for(void **unused)
{
    (void)unused;
    static const jlt_persistent_type held_type = {.output_size = sizeof(int), .run = hold_run};
    static const jlt_task_type type = {
        .input_size = sizeof(struct task *),
        .output_size = sizeof(int),
        .run = time_limit_run,
    };
    int output;
    struct task *task = spawn(runtime, &held_type, NULL);
    assert_ok(runtime_invoke(runtime, type_of(&type), &task, &output));
    assert_int_equal(output, 9);
    task_drop(task);
}

/* Its time limits are about as long as a reply takes, so that all orders occur. */
static void race_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame;
    unsigned seed = 11;
    struct task *task = *(struct task *const *)input;
    for (int i = 1; i <= 300; i++) {
        jlt_status status;
        struct message *receiver = call(task, &i);
        do
            status = message_receive(receiver, random_below(&seed, 60000), output);
        while (status == JLT_TIMEOUT && (i % 10 || random_below(&seed, 2)));
        if (status == JLT_TIMEOUT)
            message_drop(receiver);
        else
            check(status == JLT_OK && *(int *)output == i);
    }
}

static void echo_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state;
    *(int *)output = *(const int *)input;
}

static void test_time_limits_that_race_with_replies_lose_nothing(void **unused)
{
    (void)unused;
    static const jlt_persistent_type echo_type = {
        .input_size = sizeof(int),
        .output_size = sizeof(int),
        .run = echo_run,
    };
    static const jlt_task_type type = {
        .input_size = sizeof(struct task *),
        .output_size = sizeof(int),
        .run = race_run,
    };
    struct runtime *only_worker = runtime;
    for (unsigned workers = 1; workers <= 2; workers++) {
        runtime = fake_start(workers, 0);
        struct task *here = spawn(runtime, &echo_type, NULL), *there = spawn(runtime, &echo_type, NULL);
        struct message *racers[4];
        for (int i = 0; i < 4; i++)
            racers[i] = dispatch(runtime, &type, i % 2 ? &here : &there);
        for (int i = 0; i < 4; i++)
            assert_ok(message_receive(racers[i], -1, &(int){0}));
        task_drop(here);
        task_drop(there);
        fake_end(runtime);
    }
    runtime = only_worker;
}

/* ---- bodies at a full gate ---- */

static void fill_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame;
    struct task *task = *(struct task *const *)input;
    for (int i = 0; i < 50; i++) /* all but the first few find it full */
        check_ok(runtime_call(task, &(int){1}, SEND_WAIT, NULL));
    check_ok(runtime_invoke_task(task, &(int){0}, output));
}

static void test_a_body_waits_at_a_full_mailbox_while_its_worker_goes_on(void **unused)
{
    (void)unused;
    static const jlt_persistent_type bounded_type = {
        .state_size = sizeof(int),
        .input_size = sizeof(int),
        .output_size = sizeof(int),
        .capacity = 2,
        .run = add_run,
    };
    static const jlt_task_type type = {
        .input_size = sizeof(struct task *),
        .output_size = sizeof(int),
        .run = fill_run,
    };
    int none = 0, output;
    struct task *task = spawn(runtime, &bounded_type, NULL);
    struct message *receivers[3];
    for (int i = 0; i < 3; i++)
        receivers[i] = dispatch(runtime, &type, &task);
    for (int i = 0; i < 3; i++)
        assert_ok(message_receive(receivers[i], -1, &output));
    assert_ok(runtime_invoke_task(task, &none, &output));
    assert_int_equal(output, 150);
    task_drop(task);
}

int main(void)
{
#define suspend_test(name) cmocka_unit_test_setup_teardown(name, start, finish)
    const struct CMUnitTest tests[] = {
        suspend_test(test_others_go_on_while_a_body_sleeps),
        suspend_test(test_a_task_handles_one_message_at_a_time_though_its_body_sleeps),
        suspend_test(test_many_bodies_sleep_at_once_and_their_fibers_end_afterwards),
        suspend_test(test_bodies_that_yield_lose_no_message),
        suspend_test(test_a_busy_pump_lets_others_on_its_thread_have_their_turn),
        suspend_test(test_a_busy_task_lets_others_on_its_worker_have_their_turn),
        suspend_test(test_others_on_its_thread_do_not_wait_for_many_slow_bodies),
        suspend_test(test_bodies_invoke_each_other_on_one_worker),
        suspend_test(test_a_body_starts_a_task_and_talks_to_it),
        suspend_test(test_a_body_waits_no_longer_than_it_asked_for),
        suspend_test(test_time_limits_that_race_with_replies_lose_nothing),
        suspend_test(test_a_body_waits_at_a_full_mailbox_while_its_worker_goes_on),
    };
    return fake_run_tests(tests);
}
