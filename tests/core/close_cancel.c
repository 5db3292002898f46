/* SPDX-License-Identifier: MIT
 *
 * Closing with cancel: what has not begun is answered, now, and nobody waits for ever. */
#include "core/echo_task.h"

static void test_cancelling_answers_what_was_not_begun(void **unused)
{
    (void)unused;
    enum { messages = 20 };
    struct message *receivers[messages], *once[messages];
    runtime = fake_start(1, 0);
    struct task *task = spawn(runtime, &echo_type, NULL);
    struct message *busy = dispatch(runtime, &busy_type, NULL);
    event_await(&begun, 1);
    for (int i = 0; i < messages; i++) {
        receivers[i] = call(task, &(int){i + 1});
        once[i] = dispatch(runtime, &echo_once_type, &(int){i + 1});
    }
    struct message *start = dispatch_start(runtime, &echo_type, NULL);
    message_drop(dispatch_start(runtime, &echo_type, NULL));
    assert_ok(runtime_call(task, &(int){1}, SEND_WAIT, NULL));
    runtime_close(runtime, true);
    assert_status(message_receive(once[0], 0, NULL), JLT_CANCELLED); /* while the worker computes */
    for (int i = 0; i < messages; i++) {
        assert_reply(receivers[i], JLT_CANCELLED, 0);
        if (i)
            assert_reply(once[i], JLT_CANCELLED, 0);
    }
    assert_status(message_receive(start, -1, &(struct task *){NULL}), JLT_CANCELLED);
    assert_status(message_receive(busy, 0, NULL), JLT_TIMEOUT); /* it has begun */
    event_raise(&go_on);
    assert_reply(busy, JLT_OK, 0);
    task_drop(task);
    fake_end(runtime);
    assert_int_equal(atomic_load(&handled), 0);
    assert_int_equal(atomic_load(&inputs_disposed), 2 * messages + 1);
    assert_int_equal(atomic_load(&inits), 1);
    assert_int_equal(atomic_load(&exits), 1);
}

/* Only its worker knows that it has not begun. */
static void *invoke_echo(void *task)
{
    int output = 0;
    check_status(runtime_invoke_task(task, &(int){1}, &output), JLT_CANCELLED);
    check(strstr(jlt_error_message(), "\"echo\"") && strstr(jlt_error_message(), "had not begun") && output == 0);
    return NULL;
}

static void test_cancelling_answers_an_invoke_when_its_worker_looks(void **unused)
{
    (void)unused;
    runtime = fake_start(1, 0);
    struct task *task = spawn(runtime, &echo_type, NULL);
    struct message *busy = dispatch(runtime, &busy_type, NULL);
    event_await(&begun, 1);
    pthread_t invoker = thread_start(invoke_echo, task);
    await_true(!inbox_is_empty(&task->mailbox));
    runtime_close(runtime, true);
    event_raise(&go_on);
    thread_join(invoker);
    assert_reply(busy, JLT_OK, 0);
    task_drop(task);
    fake_end(runtime);
    assert_int_equal(atomic_load(&handled), 0);
}

static void test_cancelling_answers_what_waits_behind_a_body_that_sleeps(void **unused)
{
    (void)unused;
    enum { messages = 20 };
    struct message *receivers[messages];
    runtime = fake_start(1, 0);
    struct task *task = spawn(runtime, &echo_type, NULL);
    struct message *sleeping = call(task, &(int){-1});
    event_await(&begun, 1);
    for (int i = 0; i < messages; i++)
        receivers[i] = call(task, &(int){i + 1});
    runtime_close(runtime, true);
    for (int i = 0; i < messages; i++) /* now, not when the body goes on */
        assert_reply(receivers[i], JLT_CANCELLED, 0);
    await_true(atomic_load(&inputs_disposed) == messages);
    assert_false(message_is_done(sleeping));
    assert_false(fake_is_finished(runtime));
    event_raise(&go_on);
    assert_reply(sleeping, JLT_OK, -1);
    task_drop(task);
    fake_end(runtime);
    assert_int_equal(atomic_load(&handled), 1);
    assert_int_equal(atomic_load(&exits), 1);
}

static void test_the_cancel_may_be_added_to_a_close(void **unused)
{
    (void)unused;
    runtime = fake_start(2, 0);
    struct task *task = spawn(runtime, &echo_type, NULL);
    struct message *sleeping = call(task, &(int){-1});
    event_await(&begun, 1);
    struct message *waiting = call(task, &(int){1});
    runtime_close(runtime, false);
    assert_status(message_receive(waiting, 0, &(int){0}), JLT_TIMEOUT);
    runtime_close(runtime, true);
    runtime_close(runtime, true);
    assert_reply(waiting, JLT_CANCELLED, 0);
    event_raise(&go_on);
    assert_reply(sleeping, JLT_OK, -1);
    task_drop(task);
    fake_end(runtime);
}

/* The dropped handle is the last on its task, and lies behind a cancelled message. */
static void test_cancelling_meets_a_dropped_task_behind_a_body_that_sleeps(void **unused)
{
    (void)unused;
    runtime = fake_start(1, 0);
    struct task *task = spawn(runtime, &echo_type, NULL);
    struct message *sleeping = call(task, &(int){-1});
    event_await(&begun, 1);
    struct message *waiting = call(task, &(int){1});
    task_drop(task);
    runtime_close(runtime, true);
    assert_reply(waiting, JLT_CANCELLED, 0);
    event_raise(&go_on);
    assert_reply(sleeping, JLT_OK, -1);
    fake_end(runtime);
    assert_int_equal(atomic_load(&exits), 1);
}

static void invoke_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame;
    event_raise(&begun);
    *(int *)output = (int)runtime_invoke_task(*(struct task *const *)input, &(int){1}, &(int){0});
}

static void test_cancelling_answers_bodies_that_wait_for_a_reply(void **unused)
{
    (void)unused;
    static const jlt_task_type type = {
        .input_size = sizeof(struct task *), .output_size = sizeof(int), .run = invoke_run};
    runtime = fake_start(1, 0);
    struct task *task = spawn(runtime, &echo_type, NULL);
    struct message *sleeping = call(task, &(int){-1});
    event_await(&begun, 1);
    struct message *waiting = dispatch(runtime, &type, &task);
    event_await(&begun, 2);
    runtime_close(runtime, true);
    int output;
    assert_ok(message_receive(waiting, -1, &output));
    assert_true(output == JLT_CANCELLED || output == JLT_CLOSED); /* by when it came to send */
    event_raise(&go_on);
    assert_reply(sleeping, JLT_OK, -1);
    task_drop(task);
    fake_end(runtime);
}

int main(void)
{
#define close_test(name) cmocka_unit_test_setup(name, reset)
    const struct CMUnitTest tests[] = {
        close_test(test_cancelling_answers_what_was_not_begun),
        close_test(test_cancelling_answers_an_invoke_when_its_worker_looks),
        close_test(test_cancelling_answers_what_waits_behind_a_body_that_sleeps),
        close_test(test_the_cancel_may_be_added_to_a_close),
        close_test(test_cancelling_meets_a_dropped_task_behind_a_body_that_sleeps),
        close_test(test_cancelling_answers_bodies_that_wait_for_a_reply),
    };
    return fake_run_tests(tests);
}
