/* SPDX-License-Identifier: MIT
 *
 * Many messages at once. */
#include "core/queue_calls.h"

enum { many = 200 };

static struct task *task_itself(const jlt_persistent *handle)
{
    return (struct task *)(uintptr_t)handle;
}

static void test_a_batch_is_sent_in_order_to_one_task_and_to_many(void **unused)
{
    (void)unused;
    struct call_options options = through(queue, NULL);
    struct task *tasks[3];
    static int inputs[many];
    static jlt_message messages[many];
    struct message *receiver = NULL;
    int output, previous[3] = {-1, -1, -1};
    size_t sent = 0;
    for (int i = 0; i < 3; i++)
        tasks[i] = spawn(runtime, &task_type, NULL);
    for (int i = 0; i < many; i++) {
        inputs[i] = i;
        messages[i] = (jlt_message){(jlt_persistent *)tasks[i < many / 2 ? 0 : i % 3], &inputs[i], NULL, &inputs[i]};
    }
    assert_ok(runtime_call_many(messages, sizeof *messages, many, &options, task_itself, &sent));
    assert_int_equal(sent, many);
    for (int i = 0; i < many; i++) {
        void *user;
        assert_ok(next(&output, &user));
        assert_ptr_equal(user, &inputs[output]);
        int *last = &previous[output < many / 2 ? 0 : output % 3];
        assert_true(output > *last);
        *last = output;
    }
    options.queue = NULL; /* without one */
    sent = 0;
    messages[1].receiver = (jlt_receiver **)&receiver;
    assert_ok(runtime_call_many(messages, sizeof *messages, 2, &options, task_itself, &sent));
    assert_ok(message_receive(receiver, -1, &output));
    assert_int_equal(output, 1);
    for (int i = 0; i < 3; i++)
        task_drop(tasks[i]);
}

static void test_a_batch_ends_with_the_first_that_cannot_be_sent(void **unused)
{
    (void)unused;
    struct call_options options = through(queue, NULL);
    struct task *task = spawn(runtime, &small_type, NULL);
    int input = COMPUTES, output;
    jlt_message messages[5];
    size_t sent = 0;
    for (int i = 0; i < 5; i++)
        messages[i] = (jlt_message){(jlt_persistent *)task, &i, NULL, NULL};
    check_ok(runtime_call_with(task, &input, &options, NULL));
    event_await(&begun, 1);
    options.dont_wait = true;
    for (int i = 0; i < 5; i++)
        messages[i].input = &input;
    input = 7;
    assert_status(runtime_call_many(messages, sizeof *messages, 5, &options, task_itself, &sent), JLT_FULL);
    assert_int_equal(sent, 2);
    event_raise(&go_on);
    options.dont_wait = false;
    sent = 0;
    messages[4].task = NULL;
    assert_status(runtime_call_many(messages, sizeof *messages, 5, &options, task_itself, &sent), JLT_INVALID_ARGUMENT);
    assert_int_equal(sent, 4); /* with waits for room */
    for (int i = 0; i < 7; i++)
        assert_ok(next(&output, NULL));
    check_empty();
    runtime_close(runtime, false);
    sent = 0;
    assert_status(runtime_call_many(messages, sizeof *messages, 4, &options, task_itself, &sent), JLT_CLOSED);
    assert_int_equal(sent, 0);
    task_drop(task);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST(a_batch_is_sent_in_order_to_one_task_and_to_many),
        TEST(a_batch_ends_with_the_first_that_cannot_be_sent),
    };
    return fake_run_tests(tests);
}
