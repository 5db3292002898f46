/* SPDX-License-Identifier: MIT
 *
 * Persistent and one-shot tasks on one or two workers: start, order, bounds, handles, end. */
#include "core/fake_engine.h"

#include <sched.h>

static struct runtime *runtime;
static atomic_uint begun, gate_open, exits, outputs_disposed;

static int start(void **unused)
{
    (void)unused;
    atomic_store(&begun, 0);
    atomic_store(&gate_open, 0);
    atomic_store(&exits, 0);
    atomic_store(&outputs_disposed, 0);
    runtime = fake_start(1, 0);
    return 0;
}

static int finish(void **unused)
{
    (void)unused;
    if (runtime)
        fake_end(runtime);
    runtime = NULL;
    return 0;
}

/* A test that looks at what is left when everything has ended. */
static void end_now(void)
{
    fake_end(runtime);
    runtime = NULL;
}

/* ---- a task that sums, and can fail ---- */

static void sum_init(jlt_frame *frame, void *state, const void *config)
{
    int first = *(const int *)config;
    if (first < 0)
        fake_fail(frame, JLT_FAILED, "init was told to fail");
    *(int *)state = first;
}

static void sum_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    int term = *(const int *)input;
    if (term < 0)
        fake_fail(frame, JLT_EXCEPTION, "run was told to fail");
    else
        *(int *)state += term;
    *(int *)output = *(int *)state;
}

static void count_exit(jlt_frame *frame, void *state)
{
    (void)frame, (void)state;
    event_raise(&exits);
}

static const jlt_persistent_type sum_type = {
    .name = "sum",
    .state_size = sizeof(int),
    .config_size = sizeof(int),
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .init = sum_init,
    .run = sum_run,
    .exit = count_exit,
};

static struct task *spawn_sum(int first)
{
    return spawn(runtime, &sum_type, &first);
}

static void test_a_task_keeps_its_state_between_messages(void **unused)
{
    (void)unused;
    int output = 0;
    struct task *task = spawn_sum(100);
    for (int i = 1; i <= 10; i++)
        assert_ok(runtime_invoke_task(task, &i, &output));
    assert_int_equal(output, 155);
    int input = 5;
    assert_ok(message_receive(call(task, &input), -1, &output));
    assert_int_equal(output, 160);
    task_drop(task);
    event_await(&exits, 1);
}

static void test_a_failing_message_is_answered_and_the_task_goes_on(void **unused)
{
    (void)unused;
    int input = -1, output = 77;
    struct task *task = spawn_sum(1);
    assert_status(runtime_invoke_task(task, &input, &output), JLT_EXCEPTION);
    assert_string_equal(jlt_error_message(), "run was told to fail");
    assert_int_equal(output, 77);
    assert_status(message_receive(call(task, &input), -1, &output), JLT_EXCEPTION);
    assert_int_equal(output, 77);
    input = 2;
    assert_ok(runtime_invoke_task(task, &input, &output));
    assert_int_equal(output, 3);
    task_drop(task);
}

static void test_a_failing_init_is_answered_and_leaves_no_task(void **unused)
{
    (void)unused;
    int config = -1;
    struct task *task = (struct task *)&config;
    assert_status(runtime_invoke(runtime, type_of(&sum_type), &config, &task), JLT_FAILED);
    assert_string_equal(jlt_error_message(), "init was told to fail");
    assert_ptr_equal(task, &config); /* untouched */
    assert_status(message_receive(dispatch_start(runtime, &sum_type, &config), -1, &task), JLT_FAILED);
    message_drop(dispatch_start(runtime, &sum_type, &config));
    assert_ok(runtime_dispatch(runtime, type_of(&sum_type), &config, SEND_WAIT, NULL));
    end_now();
    assert_int_equal(atomic_load(&exits), 0);
}

static void test_a_missing_input_is_refused_by_name(void **unused)
{
    (void)unused;
    struct task *task = spawn_sum(1), *other = NULL;
    struct message *receiver = NULL;
    int output;
    assert_status(runtime_invoke_task(task, NULL, &output), JLT_INVALID_ARGUMENT);
    assert_contains(jlt_error_message(), "input is NULL");
    assert_status(runtime_call(task, NULL, SEND_TRY, &receiver), JLT_INVALID_ARGUMENT);
    assert_contains(jlt_error_message(), "\"sum\"");
    assert_status(runtime_invoke(runtime, type_of(&sum_type), NULL, &other), JLT_INVALID_ARGUMENT);
    assert_contains(jlt_error_message(), "config is NULL");
    assert_null(other);
    assert_null(receiver);
    task_drop(task);
}

/* ---- state, input and output as memory ---- */

enum { large = 3000 };

static void bytes_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame;
    const unsigned char *in = input;
    unsigned char *kept = state, *out = output;
    check((uintptr_t)state % 16 == 0 && (uintptr_t)output % 16 == 0);
    for (int i = 0; i < large; i++) {
        check(kept[i] == 0 && out[i] == 0);
        out[i] = (unsigned char)(in[i] + 1);
    }
}

static const jlt_persistent_type bytes_type = {
    .state_size = large,
    .input_size = large,
    .output_size = large,
    .run = bytes_run,
};

static void test_state_and_output_start_zeroed_and_bytes_arrive(void **unused)
{
    (void)unused;
    static unsigned char input[large], output[large];
    for (int i = 0; i < large; i++)
        input[i] = (unsigned char)(i * 7);
    struct task *task = spawn(runtime, &bytes_type, NULL);
    assert_ok(runtime_invoke_task(task, input, output));
    for (int i = 0; i < large; i++)
        assert_int_equal(output[i], (unsigned char)(input[i] + 1));
    memset(output, 0, sizeof output);
    struct message *receiver = call(task, input);
    memset(input, 0xff, sizeof input); /* it was copied */
    assert_ok(message_receive(receiver, -1, output));
    assert_int_equal(output[1], 8);
    task_drop(task);
}

/* ---- one-shot tasks ---- */

static void square_run(jlt_frame *frame, const void *input, void *output)
{
    int x = *(const int *)input;
    if (x < 0)
        fake_fail(frame, JLT_TYPE_MISMATCH, "negative");
    *(int *)output = x * x;
}

static void dispose_output(void *output)
{
    (void)output;
    atomic_fetch_add(&outputs_disposed, 1);
}

static const jlt_task_type square_type = {
    .name = "square",
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .run = square_run,
    .dispose_output = dispose_output,
};

static void test_one_shot_tasks_are_answered(void **unused)
{
    (void)unused;
    int input = 12, output;
    assert_ok(runtime_invoke(runtime, type_of(&square_type), &input, &output));
    assert_int_equal(output, 144);
    assert_ok(message_receive(dispatch(runtime, &square_type, &input), -1, &output));
    input = -1;
    assert_status(runtime_invoke(runtime, type_of(&square_type), &input, &output), JLT_TYPE_MISMATCH);
    assert_int_equal(output, 144);
    input = 2;
    assert_ok(runtime_dispatch(runtime, type_of(&square_type), &input, SEND_WAIT, NULL));
    assert_ok(runtime_invoke(runtime, type_of(&square_type), &input, NULL));
    message_drop(dispatch(runtime, &square_type, &input));
    end_now();
    assert_int_equal(atomic_load(&outputs_disposed), 3);
}

/* ---- a worker that is kept busy ---- */

static void busy_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
    event_raise(&begun);
    event_await(&gate_open, 1); /* holds its thread, as a long computation does */
}

static const jlt_task_type busy_type = {.name = "busy", .run = busy_run};

static struct message *keep_worker_busy(void)
{
    struct message *busy = dispatch(runtime, &busy_type, NULL);
    event_await(&begun, 1);
    return busy;
}

static void let_worker_go(struct message *busy)
{
    event_raise(&gate_open);
    assert_ok(message_receive(busy, -1, NULL));
}

static void test_a_task_ends_after_its_last_handle_and_its_last_message(void **unused)
{
    (void)unused;
    int one = 1, output;
    struct task *task = spawn_sum(0);
    struct message *busy = keep_worker_busy(), *receivers[100];
    for (int i = 0; i < 100; i++)
        receivers[i] = call(task, &one);
    task_drop(task);
    assert_int_equal(atomic_load(&exits), 0);
    let_worker_go(busy);
    for (int i = 0; i < 100; i++) {
        assert_ok(message_receive(receivers[i], -1, &output));
        assert_int_equal(output, i + 1);
    }
    event_await(&exits, 1);
}

static void test_a_start_whose_receiver_is_dropped_starts_and_ends(void **unused)
{
    (void)unused;
    int config = 1;
    struct message *busy = keep_worker_busy();
    message_drop(dispatch_start(runtime, &sum_type, &config)); /* before the start */
    let_worker_go(busy);
    event_await(&exits, 1);
    struct message *receiver = dispatch_start(runtime, &sum_type, &config);
    await_true(message_is_done(receiver));
    message_drop(receiver); /* after it */
    event_await(&exits, 2);
    assert_ok(runtime_dispatch(runtime, type_of(&sum_type), &config, SEND_WAIT, NULL)); /* nobody ever */
    event_await(&exits, 3);
    assert_ok(runtime_invoke(runtime, type_of(&sum_type), &config, NULL));
    event_await(&exits, 4);
}

static atomic_uint order;

static void note_order_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state, (void)input;
    *(unsigned *)output = atomic_fetch_add(&order, 1);
}

static const jlt_persistent_type note_order_type = {.output_size = sizeof(unsigned), .run = note_order_run};

static void test_a_task_with_many_messages_lets_others_have_their_turn(void **unused)
{
    (void)unused;
    enum { many = 1000 };
    unsigned place;
    atomic_store(&order, 0);
    struct task *greedy = spawn(runtime, &note_order_type, NULL), *modest = spawn(runtime, &note_order_type, NULL);
    struct message *busy = keep_worker_busy();
    for (int i = 0; i < many; i++)
        assert_ok(runtime_call(greedy, NULL, SEND_WAIT, NULL));
    struct message *receiver = call(modest, NULL);
    let_worker_go(busy);
    assert_ok(message_receive(receiver, -1, &place));
    assert_in_range(place, 1, many / 2);
    task_drop(greedy);
    task_drop(modest);
}

/* ---- order ---- */

enum { senders = 4, sent = 1500 };
static struct task *sequence_task;

struct numbered {
    int sender, number;
};

/* The state is the number that each sender sends next. */
static void sequence_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)output;
    const struct numbered *in = input;
    int *next = state;
    check(in->number == next[in->sender]++);
    atomic_fetch_add(&order, 1);
}

static const jlt_persistent_type sequence_type = {
    .state_size = senders * sizeof(int),
    .input_size = sizeof(struct numbered),
    .run = sequence_run,
};

static void *send_in_sequence(void *data)
{
    struct numbered input = {.sender = (int)(intptr_t)data};
    for (; input.number < sent; input.number++) {
        if (input.number % 100 == 99)
            check_ok(runtime_invoke_task(sequence_task, &input, NULL));
        else
            check_ok(runtime_call(sequence_task, &input, SEND_WAIT, NULL));
    }
    return NULL;
}

static void test_each_senders_messages_are_handled_in_the_order_sent(void **unused)
{
    (void)unused;
    pthread_t threads[senders];
    atomic_store(&order, 0);
    sequence_task = spawn(runtime, &sequence_type, NULL);
    for (int i = 0; i < senders; i++)
        threads[i] = thread_start(send_in_sequence, (void *)(intptr_t)i);
    for (int i = 0; i < senders; i++)
        thread_join(threads[i]);
    task_drop(sequence_task);
    end_now();
    assert_int_equal(atomic_load(&order), senders * sent);
}

/* ---- bounds ---- */

static void hold_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state, (void)input, (void)output;
    event_raise(&begun);
    fake_wait(&gate_open, 1);
}

static const jlt_persistent_type bounded_type = {.name = "bounded", .capacity = 2, .run = hold_run};

static atomic_uint passed;

static void *call_and_receive(void *data)
{
    struct task *task = data;
    check_ok(message_receive(call(task, NULL), -1, NULL));
    event_raise(&passed);
    return NULL;
}

static void test_a_full_mailbox_says_so_or_makes_senders_wait(void **unused)
{
    (void)unused;
    struct task *task = spawn(runtime, &bounded_type, NULL);
    struct message *running = call(task, NULL), *waiting[2], *refused = NULL;
    pthread_t threads[3];
    atomic_store(&passed, 0);
    event_await(&begun, 1); /* its place is free again */
    for (int i = 0; i < 2; i++)
        waiting[i] = call(task, NULL);
    assert_status(runtime_call(task, NULL, SEND_TRY, &refused), JLT_FULL);
    assert_true(strlen(jlt_error_message()) > 0);
    assert_null(refused);
    for (int i = 0; i < 3; i++)
        threads[i] = thread_start(call_and_receive, task);
    await_true(atomic_load(&task->gate->waiters) == 3);
    assert_int_equal(atomic_load(&passed), 0);
    event_raise(&gate_open);
    for (int i = 0; i < 3; i++)
        thread_join(threads[i]);
    assert_ok(message_receive(running, -1, NULL));
    for (int i = 0; i < 2; i++)
        assert_ok(message_receive(waiting[i], -1, NULL));
    assert_int_equal(atomic_load(&begun), 6);
    assert_ok(runtime_call(task, NULL, SEND_TRY, NULL));
    task_drop(task);
}

static void *dispatch_square(void *unused)
{
    int input = 3, output;
    (void)unused;
    check_ok(message_receive(dispatch(runtime, &square_type, &input), -1, &output));
    check(output == 9);
    event_raise(&passed);
    return NULL;
}

static void test_a_full_channel_says_so_or_makes_senders_wait(void **unused)
{
    (void)unused;
    int input = 3, output;
    struct task *task;
    struct message *refused = NULL;
    end_now();
    runtime = fake_start(1, 2);
    atomic_store(&passed, 0);
    struct message *busy = keep_worker_busy();
    struct message *start_waiting = dispatch_start(runtime, &sum_type, &input);
    struct message *waiting = dispatch(runtime, &square_type, &input);
    assert_status(runtime_dispatch(runtime, type_of(&square_type), &input, SEND_TRY, &refused), JLT_FULL);
    assert_status(runtime_dispatch(runtime, type_of(&sum_type), &input, SEND_TRY, &refused), JLT_FULL);
    pthread_t thread = thread_start(dispatch_square, NULL);
    await_true(atomic_load(&runtime->channel.waiters) == 1);
    assert_int_equal(atomic_load(&passed), 0);
    let_worker_go(busy);
    thread_join(thread);
    assert_ok(message_receive(start_waiting, -1, &task));
    assert_ok(message_receive(waiting, -1, &output));
    assert_int_equal(atomic_load(&runtime->channel.used), 0);
    task_drop(task);
}

/* ---- handles ---- */

enum { cloners = 4, clones = 400 };

/* Owns one handle on the task, and makes more. */
static void *clone_call_and_drop(void *data)
{
    struct task *task = data;
    int one = 1, output;
    for (int i = 0; i < clones; i++) {
        struct task *copy = task_clone(task);
        if (i % 3 == 0)
            check_ok(runtime_call(copy, &one, SEND_WAIT, NULL));
        if (i % 50 == 0)
            check_ok(runtime_invoke_task(copy, &one, &output));
        task_drop(i % 2 ? task : copy);
        task = i % 2 ? copy : task;
    }
    check(atomic_load(&exits) == 0);
    task_drop(task);
    return NULL;
}

static void test_a_task_lives_until_the_last_of_its_handles_is_dropped(void **unused)
{
    (void)unused;
    pthread_t threads[cloners];
    struct task *task = spawn_sum(0);
    for (int i = 0; i < cloners; i++)
        threads[i] = thread_start(clone_call_and_drop, task_clone(task));
    for (int i = 0; i < cloners; i++)
        thread_join(threads[i]);
    int none = 0, output;
    assert_ok(runtime_invoke_task(task, &none, &output));
    assert_int_equal(output, cloners * ((clones + 2) / 3 + clones / 50));
    assert_int_equal(atomic_load(&exits), 0);
    task_drop(task);
    event_await(&exits, 1);
}

static void *drop_it(void *task)
{
    task_drop(task);
    return NULL;
}

static void test_last_handles_dropped_at_once_end_the_task_once(void **unused)
{
    (void)unused;
    enum { rounds = 100 };
    for (unsigned i = 1; i <= rounds; i++) {
        struct task *task = spawn_sum(0);
        int one = 1;
        assert_ok(runtime_call(task, &one, SEND_WAIT, NULL));
        pthread_t other = thread_start(drop_it, task_clone(task));
        task_drop(task);
        thread_join(other);
        event_await(&exits, i);
    }
    end_now();
    assert_int_equal(atomic_load(&exits), rounds);
}

/* A body may drop and clone handles too, its own task's last one included. */
static void drop_in_body_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state, (void)output;
    task_drop(*(struct task *const *)input);
}

static void test_a_body_may_drop_the_last_handle_on_its_own_task(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {
        .input_size = sizeof(struct task *),
        .run = drop_in_body_run,
        .exit = count_exit,
    };
    struct task *task = spawn(runtime, &type, NULL);
    struct message *receiver = call(task, &task);
    assert_ok(message_receive(receiver, -1, NULL));
    event_await(&exits, 1);
}

int main(void)
{
#define task_test(name) cmocka_unit_test_setup_teardown(name, start, finish)
    const struct CMUnitTest tests[] = {
        task_test(test_a_task_keeps_its_state_between_messages),
        task_test(test_a_failing_message_is_answered_and_the_task_goes_on),
        task_test(test_a_failing_init_is_answered_and_leaves_no_task),
        task_test(test_a_missing_input_is_refused_by_name),
        task_test(test_state_and_output_start_zeroed_and_bytes_arrive),
        task_test(test_one_shot_tasks_are_answered),
        task_test(test_a_task_ends_after_its_last_handle_and_its_last_message),
        task_test(test_a_start_whose_receiver_is_dropped_starts_and_ends),
        task_test(test_a_task_with_many_messages_lets_others_have_their_turn),
        task_test(test_each_senders_messages_are_handled_in_the_order_sent),
        task_test(test_a_full_mailbox_says_so_or_makes_senders_wait),
        task_test(test_a_full_channel_says_so_or_makes_senders_wait),
        task_test(test_a_task_lives_until_the_last_of_its_handles_is_dropped),
        task_test(test_last_handles_dropped_at_once_end_the_task_once),
        task_test(test_a_body_may_drop_the_last_handle_on_its_own_task),
    };
    return fake_run_tests(tests);
}
