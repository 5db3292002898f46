/* SPDX-License-Identifier: MIT
 *
 * Completion queues. */
#include "core/queue_calls.h"

#include "core/engine.h"
#include "core/monitor.h"
#include "core/waiters.h"

/* ---- what comes out ---- */

static void test_replies_come_out_in_their_order_with_their_user_values(void **unused)
{
    (void)unused;
    int numbers[3], output;
    jlt_completion completion, several[4];
    size_t count;
    void *user;
    check_status(take(0, &completion), JLT_PENDING);
    check_status(take(moment, &completion), JLT_TIMEOUT);
    for (int i = 0; i < 3; i++)
        send(&once_type, i, &numbers[i], NULL);
    for (int i = 0; i < 3; i++) {
        assert_ok(next(&output, &user));
        assert_int_equal(output, i);
        assert_ptr_equal(user, &numbers[i]);
    }
    send(&once_type, FAILS, NULL, NULL);
    assert_status(next(&output, NULL), JLT_FAILED);
    assert_contains(jlt_error_message(), "told to");
    check_empty();
    for (int i = 0; i < 3; i++)
        send(&once_type, i, NULL, NULL);
    for (size_t left = 3; left; left -= count) {
        assert_ok(queue_take(queue, -1, several, sizeof *several, 4, &count));
        for (size_t i = 0; i < count; i++)
            message_drop((struct message *)several[i].receiver);
    }
    assert_int_equal(atomic_load(&disposed_outputs), 3);
}

static void test_the_descriptor_is_readable_where_the_queue_is_not_empty(void **unused)
{
    (void)unused;
    int output;
    send(&once_type, 1, NULL, NULL);
    send(&once_type, 2, NULL, NULL);
    await_true(is_readable()); /* also what came before it was asked for */
    assert_ok(next(&output, NULL));
    await_true(is_readable());
    assert_ok(next(&output, NULL));
    assert_false(is_readable());
    check_empty();
    send(&once_type, 3, NULL, NULL);
    await_true(is_readable());
    assert_ok(next(&output, NULL));
    check_empty();
}

static void test_a_receiver_in_a_queue_is_cancelled_or_dropped_but_not_received(void **unused)
{
    (void)unused;
    struct message *computes, *cancelled, *dropped, *late;
    jlt_completion completion;
    int output;
    send(&once_type, COMPUTES, NULL, &computes);
    event_await(&begun, 1);
    send(&once_type, 1, NULL, &cancelled);
    send(&once_type, 2, NULL, &dropped);
    assert_false(message_is_done(computes));
    assert_status(message_receive(computes, -1, NULL), JLT_INVALID_ARGUMENT);
    assert_status(message_receive(computes, 0, NULL), JLT_INVALID_ARGUMENT);
    assert_true(message_give_up(cancelled, MESSAGE_CANCELLED));
    assert_status(message_receive(cancelled, 0, NULL), JLT_INVALID_ARGUMENT); /* it is in there, and not out */
    message_drop(dropped);
    check_ok(take(-1, &completion));
    assert_ptr_equal(completion.receiver, cancelled);
    assert_status(receive(&completion, &output), JLT_CANCELLED);
    check_empty();
    event_raise(&go_on);
    check_ok(take(-1, &completion));
    assert_ptr_equal(completion.receiver, computes);
    assert_ok(receive(&completion, &output));
    send(&once_type, 3, NULL, &late);
    await_true(is_readable());
    message_drop(late); /* with its answer, which nobody sees */
    check_empty();
    assert_int_equal(atomic_load(&disposed_outputs), 2);
    assert_int_equal(atomic_load(&disposed_inputs), 1);
}

static void test_limits_come_through_it(void **unused)
{
    (void)unused;
    struct call_options options = through(queue, NULL);
    struct canceller *canceller = canceller_new();
    int input = 1, output;
    send(&once_type, COMPUTES, NULL, NULL);
    event_await(&begun, 1);
    options.deadline = limit_deadline(moment);
    check_ok(runtime_dispatch_with(runtime, type_of(&once_type), &input, &options, NULL));
    assert_status(next(&output, NULL), JLT_DEADLINE_EXCEEDED);
    options.deadline = limit_never;
    options.canceller = canceller;
    check_ok(runtime_dispatch_with(runtime, type_of(&once_type), &input, &options, NULL));
    check_empty();
    canceller_cancel(canceller);
    assert_status(next(&output, NULL), JLT_CANCELLED);
    check_ok(runtime_dispatch_with(runtime, type_of(&once_type), &input, &options, NULL)); /* it was used */
    assert_status(next(&output, NULL), JLT_CANCELLED);
    canceller_drop(canceller);
    event_raise(&go_on);
    assert_ok(next(&output, NULL));
}

static void test_receivers_are_attached_later(void **unused)
{
    (void)unused;
    int input = COMPUTES, other = 1, output, number;
    void *user;
    struct message *busy, *waits, *answered;
    check_ok(runtime_dispatch(runtime, type_of(&once_type), &other, SEND_WAIT, &answered));
    await_true(message_is_done(answered));
    assert_ok(queue_add(queue, answered, &number));
    assert_status(queue_add(queue, answered, NULL), JLT_INVALID_ARGUMENT);
    assert_ok(next(&output, &user));
    assert_int_equal(output, 1);
    assert_ptr_equal(user, &number);
    check_ok(runtime_dispatch(runtime, type_of(&once_type), &input, SEND_WAIT, &busy));
    event_await(&begun, 1);
    check_ok(runtime_dispatch(runtime, type_of(&once_type), &other, SEND_WAIT, &waits));
    assert_ok(queue_add(queue, busy, NULL));
    assert_ok(queue_add(queue, waits, NULL));
    message_drop(waits);
    check_empty();
    event_raise(&go_on);
    assert_ok(next(&output, NULL));
    assert_int_equal(output, COMPUTES);
    send(&once_type, COMPUTES, NULL, NULL); /* out of one queue and into it again */
    jlt_completion completion;
    check_ok(take(-1, &completion));
    assert_ok(queue_add(queue, (struct message *)completion.receiver, &number));
    assert_ok(next(&output, &user));
    assert_ptr_equal(user, &number);
}

static void test_starts_and_ends_of_tasks_come_through_it(void **unused)
{
    (void)unused;
    struct call_options options = through(queue, NULL);
    jlt_completion completion;
    struct task *task;
    jlt_end end;
    check_ok(runtime_dispatch_with(runtime, type_of(&task_type), NULL, &options, NULL));
    check_ok(take(-1, &completion));
    assert_ok(message_receive((struct message *)completion.receiver, 0, &task));
    options.user = task;
    assert_ok(monitor_set_with(task, sizeof end, &options, NULL));
    options.deadline = limit_deadline(moment);
    assert_ok(monitor_set_with(task, sizeof end, &options, NULL));
    assert_status(next(NULL, NULL), JLT_DEADLINE_EXCEEDED);
    check_empty();
    task_drop(task);
    check_ok(take(-1, &completion));
    assert_ptr_equal(completion.user, task);
    assert_ok(message_receive((struct message *)completion.receiver, 0, &end));
    assert_int_equal(end.reason, JLT_END_DROPPED);
    check_ok(runtime_dispatch_with(runtime, type_of(&task_type), NULL,
                                   &(struct call_options){.deadline = limit_never, .queue = queue},
                                   NULL)); /* its handle goes with the queue */
}

/* ---- ends ---- */

static void *take_for_ever(void *status)
{
    jlt_completion completion;
    *(jlt_status *)status = take(-1, &completion);
    return NULL;
}

static void test_a_drop_gives_up_what_is_to_come(void **unused)
{
    (void)unused;
    struct task *task = spawn(runtime, &small_type, NULL);
    struct call_options options = through(queue, NULL);
    int input = COMPUTES, other = 1;
    check_ok(runtime_call_with(task, &input, &options, NULL));
    event_await(&begun, 1);
    options.dont_wait = true;
    check_ok(runtime_call_with(task, &other, &options, NULL));
    check_ok(runtime_call_with(task, &other, &options, NULL));
    check_status(runtime_call_with(task, &other, &options, NULL), JLT_FULL);
    queue_drop(queue);
    queue = NULL;
    assert_ok(runtime_call(task, &other, SEND_TRY, NULL)); /* in the place of one of them */
    event_raise(&go_on);
    event_await(&saw, 1);
    task_drop(task);
}

static void test_a_drop_disposes_of_what_was_not_taken(void **unused)
{
    (void)unused;
    send(&once_type, 1, NULL, NULL);
    await_true(is_readable());
    send(&once_type, COMPUTES, NULL, NULL);
    event_await(&begun, 1);
    send(&once_type, 2, NULL, NULL);
    queue_drop(queue);
    queue = NULL;
    assert_int_equal(atomic_load(&disposed_outputs), 1);
    event_raise(&go_on);
    fake_end(runtime);
    runtime = NULL;
    assert_int_equal(atomic_load(&disposed_outputs), 3); /* they were handled */
    assert_int_equal(atomic_load(&saw), 0);
}

static void test_a_drop_ends_waits(void **unused)
{
    (void)unused;
    jlt_status statuses[3] = {JLT_OK, JLT_OK, JLT_OK};
    pthread_t threads[3];
    jlt_completion completion;
    for (int i = 0; i < 3; i++)
        threads[i] = thread_start(take_for_ever, &statuses[i]);
    check_status(take(moment, &completion), JLT_TIMEOUT); /* they may wait by now, or not yet */
    await_true(takers_of(queue) == 3);
    queue_drop(queue);
    for (int i = 0; i < 3; i++) {
        thread_join(threads[i]);
        assert_int_equal(statuses[i], JLT_CLOSED);
    }
    queue = NULL;
}

static void test_a_close_with_cancel_comes_through_it(void **unused)
{
    (void)unused;
    int output;
    send(&once_type, COMPUTES, NULL, NULL);
    event_await(&begun, 1);
    send(&once_type, 1, NULL, NULL);
    runtime_close(runtime, true);
    struct call_options options = through(queue, NULL);
    assert_status(runtime_dispatch_with(runtime, type_of(&once_type), &output, &options, NULL), JLT_CLOSED);
    assert_status(next(&output, NULL), JLT_CANCELLED); /* while the worker computes */
    check_empty();
    event_raise(&go_on);
    assert_ok(next(&output, NULL));
}

static void test_the_limit_of_a_close_answers_all_that_is_in_it(void **unused)
{
    (void)unused;
    int output, input = COMPUTES;
    struct message *later;
    check_ok(runtime_dispatch(runtime, type_of(&once_type), &input, SEND_WAIT, &later));
    event_await(&begun, 1);
    send(&once_type, COMPUTES, NULL, NULL);
    send(&once_type, 1, NULL, NULL);
    runtime_close_within(runtime, moment);
    assert_status(next(&output, NULL), JLT_CANCELLED); /* while the worker computes */
    assert_status(next(&output, NULL), JLT_CANCELLED);
    assert_ok(queue_add(queue, later, NULL));
    assert_status(next(&output, NULL), JLT_CANCELLED);
    check_empty();
    event_raise(&go_on);
}

static void test_a_wait_for_nothing_ends_with_the_runtime(void **unused)
{
    (void)unused;
    jlt_status status = JLT_OK;
    jlt_completion completion;
    send(&once_type, 1, NULL, NULL);
    int output;
    assert_ok(next(&output, NULL));
    pthread_t thread = thread_start(take_for_ever, &status);
    fake_end(runtime);
    runtime = NULL;
    thread_join(thread);
    assert_int_equal(status, JLT_CLOSED);
    check_status(take(-1, &completion), JLT_CLOSED);
    check_status(take(0, &completion), JLT_PENDING);
    check_status(take(moment, &completion), JLT_TIMEOUT);
}

/* ---- in bodies ---- */

static atomic_uint taken;

static void take_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input;
    jlt_completion completion;
    event_raise(&begun);
    *(jlt_status *)output = take(-1, &completion);
    if (*(jlt_status *)output == JLT_OK)
        message_drop((struct message *)completion.receiver);
    event_raise(&taken);
}

static const jlt_task_type take_type = {.name = "take", .output_size = sizeof(jlt_status), .run = take_run};

static void test_a_body_that_takes_is_suspended(void **unused)
{
    (void)unused;
    jlt_status status = JLT_FAILED;
    struct message *receiver = dispatch(runtime, &take_type, NULL);
    event_await(&begun, 1);
    send(&once_type, 1, NULL, NULL); /* by the same worker */
    assert_ok(message_receive(receiver, -1, &status));
    assert_int_equal(status, JLT_OK);
    receiver = dispatch(runtime, &take_type, NULL);
    event_await(&begun, 2);
    atomic_store(&taken, 0);
    assert_true(message_give_up(receiver, MESSAGE_CANCELLED));
    event_await(&taken, 1); /* it is told to stop */
    message_drop(receiver);
}

/* ---- callbacks ---- */

static atomic_uint called;
static int sum;

static void add_up(void *context, const jlt_completion *completion)
{
    int output;
    check_ok(receive(completion, &output));
    check(output == *(const int *)completion->user);
    *(int *)context += output;
    event_raise(&called);
}

static void test_a_callback_gets_what_comes_out(void **unused)
{
    (void)unused;
    static const int numbers[] = {1, 2, 3};
    atomic_store(&called, 0);
    sum = 0;
    assert_ok(queue_set_callback(queue, add_up, &sum));
    assert_status(queue_set_callback(queue, add_up, &sum), JLT_INVALID_ARGUMENT);
    for (int i = 0; i < 3; i++)
        send(&once_type, numbers[i], (void *)(uintptr_t)&numbers[i], NULL);
    event_await(&called, 3);
    queue_drop(queue);
    queue = NULL;
    assert_int_equal(sum, 6);
}

static void drop_it(void *context, const jlt_completion *completion)
{
    (void)context;
    message_drop((struct message *)completion->receiver);
    queue_drop(queue);
    event_raise(&called);
}

static void test_a_callback_may_drop_its_queue(void **unused)
{
    (void)unused;
    atomic_store(&called, 0);
    assert_ok(queue_set_callback(queue, drop_it, NULL));
    send(&once_type, 1, NULL, NULL);
    event_await(&called, 1);
    queue = NULL;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST(replies_come_out_in_their_order_with_their_user_values),
        TEST(the_descriptor_is_readable_where_the_queue_is_not_empty),
        TEST(a_receiver_in_a_queue_is_cancelled_or_dropped_but_not_received),
        TEST(limits_come_through_it),
        TEST(receivers_are_attached_later),
        TEST(starts_and_ends_of_tasks_come_through_it),
        TEST(a_drop_gives_up_what_is_to_come),
        TEST(a_drop_disposes_of_what_was_not_taken),
        TEST(a_drop_ends_waits),
        TEST(a_close_with_cancel_comes_through_it),
        TEST(the_limit_of_a_close_answers_all_that_is_in_it),
        TEST(a_wait_for_nothing_ends_with_the_runtime),
        TEST(a_body_that_takes_is_suspended),
        TEST(a_callback_gets_what_comes_out),
        TEST(a_callback_may_drop_its_queue),
    };
    return fake_run_tests(tests);
}
