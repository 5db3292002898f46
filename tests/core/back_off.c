/* SPDX-License-Identifier: MIT
 *
 * Restarts that come later, or with the failed message once more. */
#include "core/sum_task.h"

#include "core/failure.h"
#include "platform/platform.h"

static const int64_t hour_ns = 3600000000000, short_ns = 20000000;

/* ---- backing off ---- */

static void test_a_back_off_doubles_and_blocks_nobody(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    struct task *other = spawn_sum(&type);
    type.backoff_ns = short_ns;
    atomic_store(&inits, 0);
    struct task *task = spawn_sum(&type);
    int sum = 0;
    for (int restart = 1; restart <= 3; restart++) {
        int64_t before = platform_now();
        assert_status(invoke(task, FAILS, &sum), JLT_FAILED);
        struct message *waiting = send(task, 1);
        assert_ok(invoke(other, 1, &sum)); /* on the same worker */
        assert_ok(message_receive(waiting, -1, &sum));
        assert_int_equal(sum, 101);
        assert_int_equal(atomic_load(&exits), restart);
        assert_true(init_times[restart] - before >= (short_ns << (restart - 1)) * 3 / 4);
    }
    task_drop(task);
    task_drop(other);
}

static struct task *spawn_patient(bool retry)
{
    jlt_persistent_type type = sum_type(JLT_RESTART);
    type.backoff_ns = hour_ns;
    type.retry = retry;
    return spawn_sum(&type);
}

static void test_a_close_does_not_wait_for_a_back_off(void **unused)
{
    (void)unused;
    struct task *task = spawn_patient(false), *idle = spawn_patient(false);
    struct message *end = monitor(task), *idle_end = monitor(idle);
    int sum = 0;
    assert_status(invoke(task, FAILS, &sum), JLT_FAILED);
    assert_status(invoke(idle, FAILS, &sum), JLT_FAILED);
    struct message *waiting = send(task, 1), *bad = send(task, FAILS), *last = send(task, 2);
    event_await(&exits, 2);
    runtime_close(runtime, false);
    assert_ok(message_receive(waiting, -1, &sum)); /* drained by a fresh state */
    assert_int_equal(sum, 101);
    assert_status(message_receive(bad, -1, &sum), JLT_FAILED);
    assert_ok(message_receive(last, -1, &sum));
    assert_int_equal(sum, 102);
    check_end(end, JLT_END_CLOSED, JLT_OK, 2);
    check_end(idle_end, JLT_END_CLOSED, JLT_OK, 0); /* not brought up for nobody */
    task_drop(task);
    task_drop(idle);
    end_now();
    assert_int_equal(atomic_load(&exits), 4);
}

static void test_a_close_with_cancel_ends_a_back_off(void **unused)
{
    (void)unused;
    struct task *task = spawn_patient(true);
    struct message *end = monitor(task), *bad = send(task, FAILS), *waiting = send(task, 1);
    event_await(&exits, 1);
    runtime_close(runtime, true);
    assert_status(message_receive(bad, -1, NULL), JLT_FAILED); /* it was begun */
    assert_status(message_receive(waiting, -1, NULL), JLT_CANCELLED);
    check_end(end, JLT_END_CLOSED, JLT_OK, 0);
    task_drop(task);
    end_now();
    assert_int_equal(atomic_load(&inits), 1);
}

static void test_a_message_to_be_retried_is_run_once_more_at_a_close(void **unused)
{
    (void)unused;
    struct task *task = spawn_patient(true);
    struct message *bad = send(task, FAILS);
    event_await(&exits, 1);
    runtime_close(runtime, false);
    assert_status(message_receive(bad, -1, NULL), JLT_FAILED);
    task_drop(task);
    end_now();
    assert_int_equal(atomic_load(&inits), 2);
}

static void test_the_last_drop_ends_a_back_off_if_nothing_waits(void **unused)
{
    (void)unused;
    for (int i = 1; i <= 50; i++) {
        struct task *task = spawn_patient(false);
        struct message *end = monitor(task);
        assert_status(invoke(task, FAILS, NULL), JLT_FAILED);
        task_drop(task); /* it backs off, or is about to */
        check_end(end, JLT_END_DROPPED, JLT_OK, 0);
        assert_int_equal(atomic_load(&exits), i);
    }
}

/* The step between the owner's look at its mailbox and the back-off, which is too short to be met by chance. */
static void test_who_wakes_a_task_that_is_about_to_back_off_is_seen(void **unused)
{
    (void)unused;
    struct task *task = spawn_patient(false); /* idle, so the test may do the owner's part */
    struct failure *failure = task->failure;
    failure->until_ns = platform_now() + hour_ns;
    assert_false(failure_wake(failure));
    assert_int_equal(failure_back_off(failure), BACK_OFF_AGAIN);
    assert_int_equal(failure_back_off(failure), BACK_OFF_WAITS);
    assert_true(failure_wake(failure));
    assert_int_equal(failure_back_off(failure), BACK_OFF_WAITS); /* that wake-up was seen */
    assert_true(failure_wake(failure));
    failure->until_ns = platform_now();
    assert_int_equal(failure_back_off(failure), BACK_OFF_OVER);
    task_drop(task);
}

static void test_what_waits_is_kept_when_the_last_handle_is_dropped(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    type.backoff_ns = short_ns;
    struct task *task = spawn_sum(&type);
    struct message *end = monitor(task);
    int64_t before = platform_now();
    int sum = 0;
    assert_status(invoke(task, FAILS, NULL), JLT_FAILED);
    struct message *waiting = send(task, 1);
    task_drop(task);
    assert_ok(message_receive(waiting, -1, &sum));
    assert_int_equal(sum, 101);
    assert_true(init_times[1] - before >= short_ns * 3 / 4);
    check_end(end, JLT_END_DROPPED, JLT_OK, 1);
}

/* ---- retrying ---- */

static void test_a_message_is_retried_until_it_succeeds(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    type.retry = true;
    type.restarts = 5;
    struct task *task = spawn_sum(&type);
    int sum = 0;
    assert_ok(invoke(task, 7, &sum));
    atomic_store(&fails_left, 3);
    assert_ok(invoke(task, FLAKY, &sum));
    assert_int_equal(sum, 100);
    assert_int_equal(atomic_load(&inits), 4);
    /* those that wait come after it */
    struct message *busy = send(task, WAITS), *flaky = send(task, FLAKY), *next = send(task, 1);
    atomic_store(&fails_left, 1);
    event_raise(&go_on);
    assert_ok(message_receive(busy, -1, &sum));
    assert_ok(message_receive(flaky, -1, &sum));
    assert_int_equal(sum, 100);
    assert_ok(message_receive(next, -1, &sum));
    assert_int_equal(sum, 101);
    task_drop(task);
}

static void test_a_message_that_always_fails_is_answered_at_the_limit(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    type.retry = true;
    type.restarts = 3;
    struct task *task = spawn_sum(&type);
    struct message *end = monitor(task), *busy = send(task, WAITS), *bad = send(task, FAILS), *next = send(task, 1);
    event_raise(&go_on);
    assert_ok(message_receive(busy, -1, NULL));
    assert_status(message_receive(bad, -1, NULL), JLT_FAILED);
    assert_string_equal(jlt_error_message(), "told to fail");
    assert_status(message_receive(next, -1, NULL), JLT_CLOSED);
    check_end(end, JLT_END_FAILED, JLT_FAILED, 3);
    task_drop(task);
}

static void test_a_message_to_be_retried_has_its_own_failure_if_init_fails(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    type.retry = true;
    struct task *task = spawn_sum(&type);
    atomic_store(&init_fails, 1);
    assert_status(invoke(task, FAILS, NULL), JLT_FAILED);
    assert_string_equal(jlt_error_message(), "told to fail");
    check_end(monitor(task), JLT_END_FAILED, JLT_EXCEPTION, 1);
    task_drop(task);
}

/* A message that is retried for ever does not keep others from their turn. */
static void test_a_message_that_is_retried_for_ever_leaves_others_their_turn(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    struct task *other = spawn_sum(&type);
    type.retry = true;
    struct task *task = spawn_sum(&type);
    struct message *bad = send(task, FAILS);
    await_true(atomic_load(&inits) > 10);
    for (int i = 0; i < 10; i++)
        assert_ok(invoke(other, 1, NULL));
    assert_status(message_receive(bad, 0, NULL), JLT_TIMEOUT);
    task_drop(other);
    task_drop(task);
    runtime_close(runtime, false);
    assert_status(message_receive(bad, -1, NULL), JLT_FAILED);
}

static void large_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    const unsigned char *in = input;
    unsigned char *out = output;
    (void)state;
    for (int i = 0; i < 4000; i++) {
        check(in[i] == 1 && out[i] == 0);
        out[i] = 2;
    }
    if (atomic_load(&fails_left) && atomic_fetch_sub(&fails_left, 1))
        fake_fail(frame, JLT_FAILED, "told to fail");
}

static void test_a_large_output_is_zeroed_before_a_retry(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {
        .input_size = 4000,
        .output_size = 4000,
        .run = large_run,
        .on_failure = JLT_RESTART,
        .retry = true,
    };
    static unsigned char input[4000], output[4000];
    memset(input, 1, sizeof input);
    struct task *task = spawn(runtime, &type, NULL);
    atomic_store(&fails_left, 2);
    assert_ok(runtime_invoke_task(task, input, output));
    assert_int_equal(output[3999], 2);
    atomic_store(&fails_left, 2);
    assert_ok(message_receive(call(task, input), -1, output));
    task_drop(task);
}

int main(void)
{
#define back_off_test(name) cmocka_unit_test_setup_teardown(name, reset, finish)
    const struct CMUnitTest tests[] = {
        back_off_test(test_a_back_off_doubles_and_blocks_nobody),
        back_off_test(test_a_close_does_not_wait_for_a_back_off),
        back_off_test(test_a_close_with_cancel_ends_a_back_off),
        back_off_test(test_a_message_to_be_retried_is_run_once_more_at_a_close),
        back_off_test(test_the_last_drop_ends_a_back_off_if_nothing_waits),
        back_off_test(test_who_wakes_a_task_that_is_about_to_back_off_is_seen),
        back_off_test(test_what_waits_is_kept_when_the_last_handle_is_dropped),
        back_off_test(test_a_message_is_retried_until_it_succeeds),
        back_off_test(test_a_message_that_always_fails_is_answered_at_the_limit),
        back_off_test(test_a_message_to_be_retried_has_its_own_failure_if_init_fails),
        back_off_test(test_a_message_that_is_retried_for_ever_leaves_others_their_turn),
        back_off_test(test_a_large_output_is_zeroed_before_a_retry),
    };
    return fake_run_tests(tests);
}
