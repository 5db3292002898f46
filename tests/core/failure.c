/* SPDX-License-Identifier: MIT
 *
 * Types that restart or stop when a message fails: limits, what waits, what senders are told. */
#include "core/sum_task.h"

static const int64_t hour_ns = 3600000000000;

/* ---- restarts ---- */

static void test_a_restart_makes_a_fresh_state_and_keeps_what_waits(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    struct task *task = spawn_sum(&type);
    int sum = 0;
    assert_ok(invoke(task, 5, &sum));
    assert_int_equal(sum, 105);
    struct message *busy = send(task, WAITS), *bad = send(task, FAILS), *next = send(task, 1), *last = send(task, 2);
    event_await(&begun, 1);
    event_raise(&go_on);
    assert_ok(message_receive(busy, -1, &sum));
    assert_int_equal(sum, 105);
    assert_status(message_receive(bad, -1, &sum), JLT_FAILED);
    assert_string_equal(jlt_error_message(), "told to fail");
    assert_ok(message_receive(next, -1, &sum));
    assert_int_equal(sum, 101); /* with the config of the start */
    assert_ok(message_receive(last, -1, &sum));
    assert_int_equal(sum, 103);
    assert_int_equal(atomic_load(&inits), 2);
    assert_int_equal(atomic_load(&exits), 1);
    task_drop(task);
    end_now();
    assert_int_equal(atomic_load(&exits), 2);
    assert_int_equal(atomic_load(&inputs_disposed), 0);
}

static void test_a_task_without_the_flag_keeps_its_state(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_KEEP_GOING);
    struct task *task = spawn_sum(&type);
    struct message *end = monitor(task);
    int sum = 0;
    assert_ok(invoke(task, 5, &sum));
    assert_status(invoke(task, FAILS, &sum), JLT_FAILED);
    assert_ok(invoke(task, 5, &sum));
    assert_int_equal(sum, 110);
    task_drop(task);
    check_end(end, JLT_END_DROPPED, JLT_OK, 0);
}

static void test_without_a_limit_restarts_go_on(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    type.restart_window_ns = hour_ns;
    struct task *task = spawn_sum(&type);
    struct message *end = monitor(task);
    int sum = 0;
    for (int i = 0; i < 200; i++)
        assert_status(invoke(task, FAILS, &sum), JLT_FAILED);
    assert_ok(invoke(task, 1, &sum));
    assert_int_equal(sum, 101);
    task_drop(task);
    check_end(end, JLT_END_DROPPED, JLT_OK, 200);
}

/* The reply of the last is not waited for to be the first to know: what waits is told the cause, or refused. */
static void limit(int64_t window_ns)
{
    jlt_persistent_type type = sum_type(JLT_RESTART);
    type.restarts = 6;
    type.restart_window_ns = window_ns;
    struct task *task = spawn_sum(&type);
    struct message *end = monitor(task);
    int sum = 0;
    for (int i = 0; i < 6; i++)
        assert_status(invoke(task, FAILS, &sum), JLT_FAILED);
    assert_ok(invoke(task, 1, &sum));
    assert_status(message_receive(end, 0, NULL), JLT_TIMEOUT);
    assert_status(invoke(task, FAILS, &sum), JLT_FAILED);
    assert_string_equal(jlt_error_message(), "told to fail");
    check_end(end, JLT_END_FAILED, JLT_FAILED, 6);
    assert_int_equal(atomic_load(&inits), 7);
    assert_int_equal(atomic_load(&exits), 7);
    check_stopped(task, "told to fail");
    check_end(monitor(task), JLT_END_FAILED, JLT_FAILED, 6);
    task_drop(task);
}

static void test_a_restart_too_many_ends_the_task(void **unused)
{
    (void)unused;
    limit(0);
}

static void test_a_restart_too_many_in_the_window_ends_the_task(void **unused)
{
    (void)unused;
    limit(hour_ns);
}

static void test_restarts_before_the_window_do_not_count(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    type.restarts = 1;
    type.restart_window_ns = 1;
    struct task *task = spawn_sum(&type);
    int sum = 0;
    for (int i = 0; i < 20; i++) {
        assert_status(invoke(task, FAILS, &sum), JLT_FAILED);
        assert_ok(invoke(task, 1, &sum));
        assert_int_equal(sum, 101);
    }
    task_drop(task);
}

static void test_an_init_that_fails_in_a_restart_ends_the_task(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    struct task *task = spawn_sum(&type);
    struct message *end = monitor(task);
    struct message *busy = send(task, WAITS), *bad = send(task, FAILS), *next = send(task, 1), *last = send(task, 2);
    atomic_store(&init_fails, 1);
    event_raise(&go_on);
    assert_ok(message_receive(busy, -1, NULL));
    assert_status(message_receive(bad, -1, NULL), JLT_FAILED);
    assert_string_equal(jlt_error_message(), "told to fail");
    assert_status(message_receive(next, -1, NULL), JLT_CLOSED);
    assert_contains(jlt_error_message(), "init was told to fail");
    assert_status(message_receive(last, -1, NULL), JLT_CLOSED);
    check_end(end, JLT_END_FAILED, JLT_EXCEPTION, 1);
    assert_int_equal(atomic_load(&exits), 1); /* as many as inits that succeeded */
    assert_int_equal(atomic_load(&inputs_disposed), 2);
    check_stopped(task, "init was told to fail");
    task_drop(task);
}

static void test_a_restart_without_memory_ends_the_task(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    struct task *task = spawn_sum(&type);
    struct message *end = monitor(task);
    atomic_store(&fake_failing_keeps, 1);
    assert_status(invoke(task, FAILS, NULL), JLT_FAILED);
    check_end(end, JLT_END_FAILED, JLT_NO_MEMORY, 1);
    task_drop(task);
}

static void test_a_body_that_is_not_begun_is_no_failure(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_STOP);
    struct task *task = spawn_sum(&type);
    atomic_store(&fake_failing_frames, 1);
    assert_status(invoke(task, 1, NULL), JLT_NO_MEMORY);
    assert_ok(invoke(task, 1, NULL));
    task_drop(task);
}

/* ---- stopping ---- */

static void test_a_task_that_stops_answers_what_waits(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_STOP);
    struct task *task = spawn_sum(&type);
    struct message *end = monitor(task);
    struct message *busy = send(task, WAITS), *bad = send(task, FAILS), *next = send(task, 1);
    int input = 2;
    assert_ok(runtime_call(task, &input, SEND_WAIT, NULL));
    message_drop(send(task, 3));
    event_raise(&go_on);
    assert_ok(message_receive(busy, -1, NULL));
    assert_status(message_receive(bad, -1, NULL), JLT_FAILED);
    assert_status(message_receive(next, -1, NULL), JLT_CLOSED);
    assert_contains(jlt_error_message(), "told to fail");
    assert_int_equal(atomic_load(&exits), 1); /* before they were answered */
    check_end(end, JLT_END_FAILED, JLT_FAILED, 0);
    check_stopped(task, "told to fail");
    assert_int_equal(atomic_load(&inputs_disposed), 3);
    assert_int_equal(atomic_load(&inits), 1);
    task_drop(task);
}

static void *send_until_closed(void *task)
{
    int input = 1;
    jlt_status status;
    do {
        status = runtime_call(task, &input, SEND_WAIT, NULL);
    } while (status == JLT_OK);
    check(status == JLT_CLOSED && strstr(jlt_error_message(), "told to fail"));
    task_drop(task);
    return NULL;
}

static void test_senders_that_wait_for_room_learn_that_the_task_has_stopped(void **unused)
{
    (void)unused;
    enum { senders = 4 };
    jlt_persistent_type type = sum_type(JLT_STOP);
    pthread_t threads[senders];
    type.capacity = 2;
    struct task *task = spawn_sum(&type);
    struct message *busy = send(task, WAITS), *bad;
    event_await(&begun, 1);
    bad = send(task, FAILS);
    for (int i = 0; i < senders; i++)
        threads[i] = thread_start(send_until_closed, task_clone(task));
    await_true(atomic_load(&task->gate->waiters) > 0);
    event_raise(&go_on);
    assert_ok(message_receive(busy, -1, NULL));
    assert_status(message_receive(bad, -1, NULL), JLT_FAILED);
    for (int i = 0; i < senders; i++)
        thread_join(threads[i]);
    check_stopped(task, "told to fail");
    task_drop(task);
}

static void test_handles_of_a_stopped_task_outlive_the_runtime(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_STOP);
    struct task *task = spawn_sum(&type), *other = task_clone(task);
    assert_status(invoke(task, FAILS, NULL), JLT_FAILED);
    task_drop(task);
    runtime_drop(runtime);
    fake_finish_with(runtime, 1);
    runtime = NULL;
    task_drop(other);
}

/* ---- types ---- */

static void check_refused(const jlt_persistent_type *type, const char *text)
{
    assert_null(type_of(type));
    assert_int_equal(error_last()->status, JLT_INVALID_ARGUMENT);
    assert_contains(jlt_error_message(), text);
}

static void test_members_that_make_no_sense_are_refused(void **unused)
{
    (void)unused;
    jlt_persistent_type type = sum_type(JLT_RESTART);
    type.backoff_ns = -1;
    check_refused(&type, "negative");
    type = sum_type(JLT_RESTART);
    type.restart_window_ns = -1;
    check_refused(&type, "negative");
    type = sum_type((jlt_on_failure)3);
    check_refused(&type, "on_failure");
    type = sum_type(JLT_STOP);
    type.retry = true;
    check_refused(&type, "JLT_RESTART");
    type = sum_type(JLT_KEEP_GOING);
    type.restarts = 1;
    check_refused(&type, "JLT_RESTART");
}

/* ---- all at once ---- */

enum { clients = 4, flaky_tasks = 3, rounds = 300 };
static struct task *flaky[flaky_tasks];

static void check_answered(jlt_status status)
{
    check(status == JLT_OK || status == JLT_FAILED || status == JLT_CLOSED || status == JLT_CANCELLED);
}

/* Each call is answered, whatever happens to its task. */
static void *use_flaky(void *argument)
{
    unsigned seed = 1 + (unsigned)(uintptr_t)argument;
    for (int i = 0; i < rounds; i++) {
        struct task *task = flaky[random_below(&seed, flaky_tasks)];
        int input = random_below(&seed, 8) ? 1 : FAILS, sum = 0;
        struct message *receiver = NULL;
        if (random_below(&seed, 2)) {
            jlt_status status = runtime_call(task, &input, SEND_WAIT, &receiver);
            if (status == JLT_OK && random_below(&seed, 4) == 0)
                message_drop(receiver);
            else if (status == JLT_OK)
                status = message_receive(receiver, -1, &sum);
            check_answered(status);
            continue;
        }
        jlt_status status = runtime_invoke_task(task, &input, &sum);
        check_answered(status);
        check(status != JLT_OK || sum > 100);
    }
    return NULL;
}

static void use_many(unsigned round)
{
    pthread_t threads[clients];
    jlt_persistent_type types[flaky_tasks];
    for (int i = 0; i < flaky_tasks; i++) {
        types[i] = sum_type(i == 2 ? JLT_STOP : JLT_RESTART);
        types[i].capacity = i == 1 ? 3 : 0;
        types[i].backoff_ns = i == 0 ? 10000 : 0;
        types[i].restart_window_ns = i == 0 ? 1000000 : 0;
        types[i].retry = i == 1 && round % 2;
        types[i].restarts = i == 1 ? 40 : 0;
        flaky[i] = spawn_sum(&types[i]);
    }
    for (uintptr_t i = 0; i < clients; i++)
        threads[i] = thread_start(use_flaky, (void *)(i + clients * round));
    if (round % 3 == 0)
        runtime_close(runtime, round % 2);
    for (int i = 0; i < clients; i++)
        thread_join(threads[i]);
    for (int i = 0; i < flaky_tasks; i++)
        task_drop(flaky[i]);
    end_now();
    assert_int_equal(atomic_load(&inits), atomic_load(&exits));
}

static void test_every_call_is_answered_whatever_fails(void **unused)
{
    (void)unused;
    for (unsigned round = 0; round < 12; round++) {
        finish(NULL);
        reset(NULL);
        end_now();
        runtime = fake_start(1 + round % 3, 0);
        use_many(round);
    }
}

int main(void)
{
#define failure_test(name) cmocka_unit_test_setup_teardown(name, reset, finish)
    const struct CMUnitTest tests[] = {
        failure_test(test_a_restart_makes_a_fresh_state_and_keeps_what_waits),
        failure_test(test_a_task_without_the_flag_keeps_its_state),
        failure_test(test_without_a_limit_restarts_go_on),
        failure_test(test_a_restart_too_many_ends_the_task),
        failure_test(test_a_restart_too_many_in_the_window_ends_the_task),
        failure_test(test_restarts_before_the_window_do_not_count),
        failure_test(test_an_init_that_fails_in_a_restart_ends_the_task),
        failure_test(test_a_restart_without_memory_ends_the_task),
        failure_test(test_a_body_that_is_not_begun_is_no_failure),
        failure_test(test_a_task_that_stops_answers_what_waits),
        failure_test(test_senders_that_wait_for_room_learn_that_the_task_has_stopped),
        failure_test(test_handles_of_a_stopped_task_outlive_the_runtime),
        failure_test(test_members_that_make_no_sense_are_refused),
        failure_test(test_every_call_is_answered_whatever_fails),
    };
    return fake_run_tests(tests);
}
