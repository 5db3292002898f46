/* SPDX-License-Identifier: MIT
 *
 * Closing: what was accepted is answered, every exit runs, and the end comes once. close_cancel.c has closes that do
 * not wait for what has not begun, close_senders.c those who send meanwhile. */
#include "core/echo_task.h"

/* ---- without cancel ---- */

static void test_closing_answers_all_that_was_accepted_and_runs_every_exit(void **unused)
{
    (void)unused;
    enum { tasks = 5, messages = 50 };
    struct task *all[tasks], *late;
    struct message *receivers[tasks][messages], *once[messages];
    runtime = fake_start(1, 0);
    for (int t = 0; t < tasks; t++)
        all[t] = spawn(runtime, &echo_type, NULL);
    struct message *busy = dispatch(runtime, &busy_type, NULL);
    event_await(&begun, 1);
    for (int i = 0; i < messages; i++) {
        for (int t = 0; t < tasks; t++)
            receivers[t][i] = call(all[t], &(int){i + 1});
        once[i] = dispatch(runtime, &echo_once_type, &(int){i + 1});
    }
    struct message *start = dispatch_start(runtime, &echo_type, NULL);
    runtime_close(runtime, false);
    assert_true(runtime_is_closed(runtime));
    event_raise(&go_on);
    for (int i = 0; i < messages; i++) {
        for (int t = 0; t < tasks; t++)
            assert_reply(receivers[t][i], JLT_OK, i + 1);
        assert_reply(once[i], JLT_OK, i + 1);
    }
    assert_reply(busy, JLT_OK, 0);
    assert_ok(message_receive(start, -1, &late)); /* accepted, so it starts; then it ends */
    for (int t = 0; t < tasks; t++)
        task_drop(all[t]);
    task_drop(late);
    fake_end(runtime);
    assert_int_equal(atomic_load(&exits), tasks + 1);
    assert_int_equal(atomic_load(&inputs_disposed), 0);
}

static void test_closing_ends_tasks_whose_handles_are_never_dropped_first(void **unused)
{
    (void)unused;
    struct task *all[10];
    runtime = fake_start(2, 0);
    for (int t = 0; t < 10; t++)
        all[t] = spawn(runtime, &echo_type, NULL);
    runtime_drop(runtime); /* the last handle */
    fake_finish_with(runtime, 10);
    assert_int_equal(atomic_load(&exits), 10);
    for (int t = 0; t < 10; t++)
        task_drop(all[t]);
    if (checks_enabled)
        assert_int_equal(atomic_load(&live_counts.tasks), 0);
}

static void test_closing_waits_for_bodies_that_sleep(void **unused)
{
    (void)unused;
    runtime = fake_start(1, 0);
    struct task *task = spawn(runtime, &echo_type, NULL);
    struct message *sleeping = call(task, &(int){-1}), *waiting = call(task, &(int){2});
    struct message *once = dispatch(runtime, &echo_once_type, &(int){-3});
    event_await(&begun, 2);
    runtime_close(runtime, false);
    assert_status(runtime_call(task, &(int){1}, SEND_WAIT, NULL), JLT_CLOSED);
    assert_false(fake_is_finished(runtime));
    assert_false(message_is_done(waiting));
    event_raise(&go_on);
    assert_reply(sleeping, JLT_OK, -1);
    assert_reply(waiting, JLT_OK, 2);
    assert_reply(once, JLT_OK, -3);
    task_drop(task);
    fake_end(runtime);
    assert_int_equal(atomic_load(&exits), 1);
}

static atomic_uint exits_begun;

static void sleeping_exit(jlt_frame *frame, void *state)
{
    event_raise(&exits_begun);
    fake_wait(&go_on, 1);
    count_exit(frame, state);
}

static void test_closing_waits_for_exits_that_sleep(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {
        .input_size = sizeof(int),
        .output_size = sizeof(int),
        .run = echo_run,
        .exit = sleeping_exit,
    };
    atomic_store(&exits_begun, 0);
    runtime = fake_start(1, 0);
    struct task *all[3];
    for (int t = 0; t < 3; t++)
        all[t] = spawn(runtime, &type, NULL);
    task_drop(all[0]);
    event_await(&exits_begun, 1);
    runtime_close(runtime, false);
    runtime_close(runtime, true);
    event_await(&exits_begun, 3);
    task_drop(all[1]); /* while its exit sleeps */
    event_raise(&go_on);
    fake_await_finished(runtime);
    assert_int_equal(atomic_load(&exits), 3);
    task_drop(all[2]);
    fake_end(runtime);
}

static void sleeping_init(jlt_frame *frame, void *state, const void *config)
{
    event_raise(&begun);
    fake_wait(&go_on, 1);
    count_init(frame, state, config);
}

static void test_a_task_whose_init_sleeps_while_the_runtime_closes_ends_too(void **unused)
{
    (void)unused;
    jlt_persistent_type type = echo_type;
    struct task *task;
    type.init = sleeping_init;
    runtime = fake_start(1, 0);
    struct task *other = spawn(runtime, &echo_type, NULL);
    struct message *start = dispatch_start(runtime, &type, NULL);
    event_await(&begun, 1);
    runtime_close(runtime, false);
    await_true(atomic_load(&exits) == 1); /* the other's: so the worker is closing */
    event_raise(&go_on);
    assert_ok(message_receive(start, -1, &task));
    assert_status(runtime_call(task, &(int){1}, SEND_WAIT, NULL), JLT_CLOSED);
    fake_await_finished(runtime); /* though there is a handle */
    assert_int_equal(atomic_load(&inits), 2);
    assert_int_equal(atomic_load(&exits), 2);
    task_drop(task);
    task_drop(other);
    fake_end(runtime);
}

/* ---- from a body ---- */

enum closing { CLOSES, CANCELS, GIVES_UP };

struct close_input {
    struct task *task;
    enum closing how;
};

/* Closes its own runtime, which is then closed to it as to others; what it has sent before is answered, though that
 * waits behind a body that sleeps, and all are on one thread. */
static void close_run(jlt_frame *frame, const void *input, void *output)
{
    const struct close_input *in = input;
    struct message *before = call(in->task, &(int){2});
    (void)frame;
    if (in->how == GIVES_UP)
        check_ok(runtime_close_within(runtime, 0));
    else
        runtime_close(runtime, in->how == CANCELS);
    check(runtime_is_closed(runtime));
    check_status(runtime_call(in->task, &(int){1}, SEND_WAIT, NULL), JLT_CLOSED);
    if (in->how == CLOSES)
        event_raise(&go_on);
    check_status(message_receive(before, -1, &(int){0}), in->how == CLOSES ? JLT_OK : JLT_CANCELLED);
    if (in->how != CLOSES)
        event_raise(&go_on);
    *(int *)output = 7;
}

static void close_in_a_body(enum closing how)
{
    static const jlt_task_type type = {
        .name = "close", .input_size = sizeof(struct close_input), .output_size = sizeof(int), .run = close_run};
    reset(NULL);
    runtime = fake_start(1, 0);
    struct task *task = spawn(runtime, &echo_type, NULL);
    struct message *sleeping = call(task, &(int){-1});
    event_await(&begun, 1);
    struct message *closer = dispatch(runtime, &type, &(struct close_input){task, how});
    fake_await_finished(runtime);
    if (how == GIVES_UP) { /* whatever they say after that, and whoever waits */
        assert_reply(closer, JLT_CANCELLED, 0);
        assert_reply(sleeping, JLT_CANCELLED, 0);
    } else {
        assert_reply(closer, JLT_OK, 7);
        assert_reply(sleeping, JLT_OK, -1);
    }
    assert_int_equal(atomic_load(&handled), how == CLOSES ? 2 : 1);
    assert_int_equal(atomic_load(&exits), 1);
    task_drop(task);
    fake_end(runtime);
}

static void test_a_body_may_close_its_own_runtime(void **unused)
{
    (void)unused;
    close_in_a_body(CLOSES);
    close_in_a_body(CANCELS);
    close_in_a_body(GIVES_UP);
}

/* ---- handles after the end ---- */

static void test_handles_stay_good_after_the_end(void **unused)
{
    (void)unused;
    runtime = fake_start(2, 0);
    runtime_clone(runtime);
    struct task *task = spawn(runtime, &echo_type, NULL), *copy;
    struct message *reply = call(task, &(int){3}), *start = dispatch_start(runtime, &echo_type, NULL);
    await_true(message_is_done(reply) && message_is_done(start));
    runtime_drop(runtime);
    assert_false(runtime_is_closed(runtime));
    runtime_close(runtime, false);
    fake_await_finished(runtime);
    assert_int_equal(atomic_load(&exits), 2);
    copy = task_clone(task);
    assert_status(runtime_invoke_task(copy, &(int){1}, &(int){0}), JLT_CLOSED);
    assert_status(runtime_call(copy, &(int){1}, SEND_TRY, NULL), JLT_CLOSED);
    assert_status(runtime_dispatch(runtime, type_of(&echo_once_type), &(int){1}, SEND_WAIT, NULL), JLT_CLOSED);
    assert_status(runtime_invoke(runtime, type_of(&echo_type), NULL, &copy), JLT_CLOSED);
    runtime_close(runtime, true);
    runtime_clone(runtime);
    runtime_drop(runtime);
    task_drop(copy);
    task_drop(task);
    assert_reply(reply, JLT_OK, 3); /* it was given before */
    message_drop(start);
    fake_end(runtime);
    assert_int_equal(atomic_load(&exits), 2);
}

static void test_a_runtime_that_was_never_used_ends(void **unused)
{
    (void)unused;
    for (unsigned workers = 1; workers <= 3; workers++) {
        fake_end(fake_start(workers, 0));
        runtime = fake_start(workers, 0);
        runtime_close(runtime, true);
        fake_end(runtime);
    }
}

int main(void)
{
#define close_test(name) cmocka_unit_test_setup(name, reset)
    const struct CMUnitTest tests[] = {
        close_test(test_closing_answers_all_that_was_accepted_and_runs_every_exit),
        close_test(test_closing_ends_tasks_whose_handles_are_never_dropped_first),
        close_test(test_closing_waits_for_bodies_that_sleep),
        close_test(test_closing_waits_for_exits_that_sleep),
        close_test(test_a_task_whose_init_sleeps_while_the_runtime_closes_ends_too),
        close_test(test_a_body_may_close_its_own_runtime),
        close_test(test_handles_stay_good_after_the_end),
        close_test(test_a_runtime_that_was_never_used_ends),
    };
    return fake_run_tests(tests);
}
