/* SPDX-License-Identifier: MIT
 *
 * Monitors: told once, after exit, of every kind of end, whenever they are set, and dropped ones not collected. */
#include "core/fake_engine.h"

#include <sched.h>

static struct runtime *runtime;
static atomic_uint begun, go_on, exits;

static int reset(void **unused)
{
    (void)unused;
    atomic_uint *const counters[] = {&begun, &go_on, &exits};
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        atomic_store(counters[i], 0);
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

/* Negative: fails. */
static void run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state, (void)output;
    if (*(const int *)input < 0)
        fake_fail(frame, JLT_EXCEPTION, "told to fail");
}

static void slow_exit(jlt_frame *frame, void *state)
{
    (void)frame, (void)state;
    event_raise(&begun);
    fake_wait(&go_on, 1);
    event_raise(&exits);
}

static void exit_now(jlt_frame *frame, void *state)
{
    (void)frame, (void)state;
    event_raise(&exits);
}

static const jlt_persistent_type slow_type = {.input_size = sizeof(int), .run = run, .exit = slow_exit};
static const jlt_persistent_type fast_type = {.input_size = sizeof(int), .run = run, .exit = exit_now};
static const jlt_persistent_type stop_type = {
    .input_size = sizeof(int),
    .run = run,
    .exit = exit_now,
    .on_failure = JLT_STOP,
};

static struct message *monitor(struct task *task)
{
    struct message *receiver = NULL;
    check_ok(monitor_set(task, sizeof(jlt_end), &receiver));
    return receiver;
}

static void check_end(struct message *receiver, enum jlt_end_reason reason, jlt_status status)
{
    jlt_end end = {0};
    check_ok(message_receive(receiver, -1, &end));
    check(end.reason == (int)reason);
    check(end.status == status);
    check(end.restarts == 0);
}

static void test_the_end_is_told_after_exit(void **unused)
{
    (void)unused;
    struct task *task = spawn(runtime, &slow_type, NULL);
    struct message *receivers[3];
    for (int i = 0; i < 3; i++)
        receivers[i] = monitor(task);
    assert_false(message_is_done(receivers[0]));
    task_drop(task); /* a monitor is no handle */
    event_await(&begun, 1);
    for (int i = 0; i < 3; i++)
        assert_false(message_is_done(receivers[i]));
    event_raise(&go_on);
    for (int i = 0; i < 3; i++)
        check_end(receivers[i], JLT_END_DROPPED, JLT_OK);
    assert_int_equal(atomic_load(&exits), 1);
}

static void test_a_close_is_told(void **unused)
{
    (void)unused;
    struct task *task = spawn(runtime, &fast_type, NULL);
    struct message *before = monitor(task);
    runtime_close(runtime, false);
    check_end(before, JLT_END_CLOSED, JLT_OK);
    assert_int_equal(atomic_load(&exits), 1);
    fake_await_finished(runtime);
    check_end(monitor(task), JLT_END_CLOSED, JLT_OK); /* at once, though the runtime has ended */
    task_drop(task);
}

static void test_a_monitor_that_is_set_after_the_end_is_told_at_once(void **unused)
{
    (void)unused;
    int input = -1;
    struct task *task = spawn(runtime, &stop_type, NULL);
    struct message *before = monitor(task);
    assert_status(runtime_invoke_task(task, &input, NULL), JLT_EXCEPTION);
    check_end(before, JLT_END_FAILED, JLT_EXCEPTION);
    for (int i = 0; i < 20; i++) {
        struct message *after = monitor(task);
        assert_true(message_is_done(after));
        check_end(after, JLT_END_FAILED, JLT_EXCEPTION);
        message_drop(monitor(task));
    }
    task_drop(task);
}

static void test_a_smaller_and_a_larger_end_are_filled_as_far_as_they_go(void **unused)
{
    (void)unused;
    struct {
        jlt_end end;
        char more[16];
    } large;
    int small[2] = {0, 77};
    struct message *receivers[2];
    struct task *task = spawn(runtime, &fast_type, NULL);
    memset(&large, 1, sizeof large);
    assert_ok(monitor_set(task, sizeof(int), &receivers[0]));
    assert_ok(monitor_set(task, sizeof large, &receivers[1]));
    task_drop(task);
    assert_ok(message_receive(receivers[0], -1, small));
    assert_int_equal(small[0], JLT_END_DROPPED);
    assert_int_equal(small[1], 77);
    assert_ok(message_receive(receivers[1], -1, &large));
    assert_int_equal(large.end.reason, JLT_END_DROPPED);
    for (int i = 0; i < 16; i++)
        assert_int_equal(large.more[i], 0);
}

/* Of many that are dropped, few are there still; of those that are not, all. */
static void test_dropped_monitors_are_not_collected(void **unused)
{
    (void)unused;
    enum { kept = 20, many = 10000 };
    struct task *task = spawn(runtime, &fast_type, NULL);
    struct message *receivers[kept];
    for (int i = 0; i < kept; i++) {
        receivers[i] = monitor(task);
        for (int j = 0; j < many / kept; j++)
            message_drop(monitor(task));
    }
    if (checks_enabled)
        assert_in_range(atomic_load(&live_counts.messages), kept, 8 * kept);
    message_drop(receivers[0]);
    task_drop(task);
    for (int i = 1; i < kept; i++)
        check_end(receivers[i], JLT_END_DROPPED, JLT_OK);
}

/* ---- many at once ---- */

enum { threads = 4, each = 200 };
static struct task *shared;

static void *set_monitors(void *argument)
{
    unsigned seed = 1 + (unsigned)(uintptr_t)argument;
    struct message *receivers[each];
    int count = 0;
    for (int i = 0; i < each; i++) {
        struct message *receiver = monitor(shared);
        if (random_below(&seed, 3))
            message_drop(receiver);
        else
            receivers[count++] = receiver;
        if (i == each / 2)
            event_raise(&begun);
    }
    for (int i = 0; i < count; i++)
        check_end(receivers[i], JLT_END_FAILED, JLT_EXCEPTION);
    task_drop(shared);
    return NULL;
}

static void test_monitors_set_while_the_task_ends_are_told(void **unused)
{
    (void)unused;
    for (int round = 0; round < 20; round++) {
        pthread_t setters[threads];
        int input = -1;
        atomic_store(&begun, 0);
        shared = spawn(runtime, &stop_type, NULL);
        for (uintptr_t i = 0; i < threads; i++) {
            task_clone(shared);
            setters[i] = thread_start(set_monitors, (void *)i);
        }
        event_await(&begun, 1);
        assert_status(runtime_invoke_task(shared, &input, NULL), JLT_EXCEPTION);
        task_drop(shared);
        for (int i = 0; i < threads; i++)
            thread_join(setters[i]);
    }
}

int main(void)
{
#define monitor_test(name) cmocka_unit_test_setup_teardown(name, reset, finish)
    const struct CMUnitTest tests[] = {
        monitor_test(test_the_end_is_told_after_exit),
        monitor_test(test_a_close_is_told),
        monitor_test(test_a_monitor_that_is_set_after_the_end_is_told_at_once),
        monitor_test(test_a_smaller_and_a_larger_end_are_filled_as_far_as_they_go),
        monitor_test(test_dropped_monitors_are_not_collected),
        monitor_test(test_monitors_set_while_the_task_ends_are_told),
    };
    return fake_run_tests(tests);
}
