/* SPDX-License-Identifier: MIT
 *
 * Closing: what was accepted is answered, every exit runs, nobody waits for ever, and the end comes once. */
#include "core/fake_engine.h"

#include <sched.h>

static struct runtime *runtime;
static atomic_uint begun, go_on, handled, inits, exits, inputs_disposed;

static int reset(void **unused)
{
    (void)unused;
    atomic_uint *const counters[] = {&begun, &go_on, &handled, &inits, &exits, &inputs_disposed};
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        atomic_store(counters[i], 0);
    return 0;
}

static void count_init(jlt_frame *frame, void *state, const void *config)
{
    (void)frame, (void)state, (void)config;
    atomic_fetch_add(&inits, 1);
}

static void count_exit(jlt_frame *frame, void *state)
{
    (void)frame, (void)state;
    atomic_fetch_add(&exits, 1);
}

static void dispose_input(void *input)
{
    check(*(int *)input > 0);
    *(int *)input = -1; /* not twice */
    atomic_fetch_add(&inputs_disposed, 1);
}

/* Negative: wait for go_on; the output is the input. */
static void echo_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state;
    int number = *(const int *)input;
    if (number < 0) {
        event_raise(&begun);
        fake_wait(&go_on, 1);
    }
    atomic_fetch_add(&handled, 1);
    *(int *)output = number;
}

static void echo_once_run(jlt_frame *frame, const void *input, void *output)
{
    echo_run(frame, NULL, input, output);
}

static const jlt_persistent_type echo_type = {
    .name = "echo",
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .init = count_init,
    .run = echo_run,
    .exit = count_exit,
    .dispose_input = dispose_input,
};

static const jlt_task_type echo_once_type = {
    .name = "echo once",
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .run = echo_once_run,
    .dispose_input = dispose_input,
};

static const jlt_persistent_type bounded_type = {
    .name = "bounded",
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .capacity = 1,
    .run = echo_run,
    .exit = count_exit,
};

/* Keeps the worker's thread, so that everything that follows stays where it was put. */
static void busy_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
    event_raise(&begun);
    event_await(&go_on, 1);
}

static const jlt_task_type busy_type = {.name = "busy", .run = busy_run};

static void assert_reply(struct message *receiver, jlt_status status, int wanted)
{
    int output = 0;
    assert_status(message_receive(receiver, -1, &output), status);
    assert_int_equal(output, wanted);
}

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

/* ---- with cancel ---- */

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
    event_raise(&go_on);
    for (int i = 0; i < messages; i++) {
        assert_reply(receivers[i], JLT_CANCELLED, 0);
        assert_reply(once[i], JLT_CANCELLED, 0);
    }
    assert_reply(busy, JLT_OK, 0); /* begun */
    assert_status(message_receive(start, -1, &(struct task *){NULL}), JLT_CANCELLED);
    task_drop(task);
    fake_end(runtime);
    assert_int_equal(atomic_load(&handled), 0);
    assert_int_equal(atomic_load(&inputs_disposed), 2 * messages + 1);
    assert_int_equal(atomic_load(&inits), 1);
    assert_int_equal(atomic_load(&exits), 1);
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
    assert_int_equal(atomic_load(&inputs_disposed), messages);
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

/* ---- senders ---- */

static atomic_uint refused;

static void *call_until_refused(void *task)
{
    check_status(runtime_invoke_task(task, &(int){1}, &(int){0}), JLT_CLOSED);
    atomic_fetch_add(&refused, 1);
    return NULL;
}

static void *dispatch_until_refused(void *unused)
{
    (void)unused;
    check_status(runtime_dispatch(runtime, type_of(&echo_once_type), &(int){1}, SEND_WAIT, NULL), JLT_CLOSED);
    atomic_fetch_add(&refused, 1);
    return NULL;
}

static void close_at_full_gates(bool cancel)
{
    pthread_t threads[6];
    atomic_store(&refused, 0);
    runtime = fake_start(1, 1);
    struct task *task = spawn(runtime, &bounded_type, NULL);
    struct message *sleeping = call(task, &(int){-1});
    event_await(&begun, 1);
    struct message *waiting = call(task, &(int){1});
    struct message *busy = dispatch(runtime, &busy_type, NULL);
    event_await(&begun, 2);
    struct message *once = dispatch(runtime, &echo_once_type, &(int){1});
    for (int i = 0; i < 6; i++)
        threads[i] = i % 2 ? thread_start(call_until_refused, task) : thread_start(dispatch_until_refused, NULL);
    await_true(atomic_load(&task->gate.waiters) == 3 && atomic_load(&runtime->channel.waiters) == 3);
    runtime_close(runtime, cancel);
    for (int i = 0; i < 6; i++)
        thread_join(threads[i]);
    assert_int_equal(atomic_load(&refused), 6);
    event_raise(&go_on);
    assert_reply(busy, JLT_OK, 0);
    assert_reply(sleeping, JLT_OK, -1);
    assert_reply(waiting, cancel ? JLT_CANCELLED : JLT_OK, cancel ? 0 : 1);
    assert_reply(once, cancel ? JLT_CANCELLED : JLT_OK, cancel ? 0 : 1);
    task_drop(task);
    fake_end(runtime);
}

static void test_closing_turns_away_senders_that_wait_at_full_gates(void **unused)
{
    (void)unused;
    close_at_full_gates(false);
    reset(NULL);
    close_at_full_gates(true);
}

/* Half of task_send: the message is in the mailbox, and its sender owes the worker the task. */
static void test_closing_waits_for_a_sender_that_is_half_way(void **unused)
{
    (void)unused;
    runtime = fake_start(1, 0);
    struct task *task = spawn(runtime, &echo_type, NULL), *other = spawn(runtime, &echo_type, NULL);
    struct message *message = message_new(ITEM_RUN, 0, task->type, &(int){5}, true);
    await_true(atomic_load(&task->mailbox.head) == INBOX_IDLE);
    assert_int_equal(inbox_push(&task->mailbox, &message->item.node, &(struct inbox_trail){0}), INBOX_WAS_IDLE);
    runtime_close(runtime, false);
    await_true(atomic_load(&exits) == 1); /* the other's: so the worker is closing */
    for (int i = 0; i < 1000; i++) {
        sched_yield(); /* it would end about now */
        assert_false(fake_is_finished(runtime));
    }
    assert_true(runtime_push(runtime, task->worker, &task->item));
    assert_reply(message, JLT_OK, 5);
    fake_await_finished(runtime);
    assert_int_equal(atomic_load(&exits), 2);
    task_drop(task);
    task_drop(other);
    fake_end(runtime);
}

/* A sender that looked whether the runtime is closed before it was, and goes on after its end. */
static void test_a_sender_that_comes_after_the_end_is_refused(void **unused)
{
    (void)unused;
    struct item item = {.kind = ITEM_ONCE};
    runtime = fake_start(1, 0);
    struct task *task = spawn(runtime, &echo_type, NULL);
    runtime_close(runtime, false);
    fake_await_finished(runtime);
    struct message *message = message_new(ITEM_RUN, 0, task->type, &(int){5}, true);
    assert_int_equal(task_send(task, message), JLT_CLOSED);
    assert_false(runtime_push(runtime, task->worker, &item));
    message_discard(message);
    task_drop(task);
    fake_end(runtime);
    assert_int_equal(atomic_load(&inputs_disposed), 0);
}

/* A body that waits at a full gate is turned away too, so that it can end. */
static void fill_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame;
    event_raise(&begun);
    *(int *)output = (int)runtime_call(*(struct task *const *)input, &(int){1}, SEND_WAIT, NULL);
}

static void test_closing_turns_away_bodies_that_wait_at_full_gates(void **unused)
{
    (void)unused;
    static const jlt_task_type type = {
        .input_size = sizeof(struct task *), .output_size = sizeof(int), .run = fill_run};
    runtime = fake_start(1, 0);
    struct task *task = spawn(runtime, &bounded_type, NULL);
    struct message *sleeping = call(task, &(int){-1});
    event_await(&begun, 1);
    struct message *waiting = call(task, &(int){1});
    struct message *body = dispatch(runtime, &type, &task);
    await_true(atomic_load(&task->gate.waiters) == 1);
    runtime_close(runtime, false);
    assert_reply(body, JLT_OK, JLT_CLOSED);
    event_raise(&go_on);
    assert_reply(sleeping, JLT_OK, -1);
    assert_reply(waiting, JLT_OK, 1);
    task_drop(task);
    fake_end(runtime);
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

/* ---- everything at once ---- */

enum { clients = 4 };
static atomic_uint accepted, answered, cancelled, starts_answered;

/* Each of a client's replies comes, whatever it is. */
static void take_reply(struct message *receiver, int wanted)
{
    int output = 0;
    jlt_status status = message_receive(receiver, -1, &output);
    check(status == JLT_OK ? output == wanted : status == JLT_CANCELLED);
    atomic_fetch_add(status == JLT_OK ? &answered : &cancelled, 1);
}

/* False: closed. */
static bool send_some(struct task *task, int number)
{
    struct message *receivers[4];
    int sent = 0;
    jlt_status status = JLT_OK;
    for (; sent < 4 && status == JLT_OK; sent += status == JLT_OK) {
        if (sent % 2)
            status = runtime_dispatch(runtime, type_of(&echo_once_type), &number, SEND_WAIT, &receivers[sent]);
        else
            status = runtime_call(task, &number, SEND_WAIT, &receivers[sent]);
        check(status == JLT_OK || status == JLT_CLOSED);
        atomic_fetch_add(&accepted, status == JLT_OK);
    }
    for (int i = 0; i < sent; i++)
        take_reply(receivers[i], number);
    return status == JLT_OK;
}

static bool start_and_drop(void)
{
    struct message *receiver;
    struct task *task;
    jlt_status status = runtime_dispatch(runtime, type_of(&echo_type), NULL, SEND_WAIT, &receiver);
    if (status == JLT_CLOSED)
        return false;
    check_ok(status);
    status = message_receive(receiver, -1, &task);
    check(status == JLT_OK || status == JLT_CANCELLED);
    if (status == JLT_OK) {
        atomic_fetch_add(&starts_answered, 1);
        send_some(task, 5);
        task_drop(task);
    }
    return true;
}

static void *be_a_client(void *data)
{
    struct task *task = data;
    for (int i = 1; send_some(task, i) && start_and_drop(); i++)
        event_raise(&begun);
    task_drop(task);
    return NULL;
}

static void close_among_clients(unsigned round)
{
    pthread_t threads[clients];
    reset(NULL);
    atomic_store(&accepted, 0);
    atomic_store(&answered, 0);
    atomic_store(&cancelled, 0);
    atomic_store(&starts_answered, 0);
    runtime = fake_start(1 + round % 3, round % 4 ? 0 : 2);
    for (int i = 0; i < clients; i++)
        threads[i] = thread_start(be_a_client, spawn(runtime, i % 2 ? &echo_type : &bounded_type, NULL));
    event_await(&begun, round % 7);
    if (round % 3 == 0)
        runtime_close(runtime, round % 2);
    if (round % 3 == 1)
        runtime_close(runtime, true);
    runtime_drop(runtime);
    for (int i = 0; i < clients; i++)
        thread_join(threads[i]);
    fake_finish(runtime);
    assert_int_equal(atomic_load(&answered) + atomic_load(&cancelled), atomic_load(&accepted));
    assert_int_equal(atomic_load(&handled), atomic_load(&answered));
    assert_int_equal(atomic_load(&exits), clients + atomic_load(&starts_answered));
    assert_int_equal(atomic_load(&inits), clients / 2 + atomic_load(&starts_answered));
}

static void test_sends_that_race_with_closing_are_answered_or_refused(void **unused)
{
    (void)unused;
    for (unsigned round = 0; round < 100; round++)
        close_among_clients(round);
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
        close_test(test_cancelling_answers_what_was_not_begun),
        close_test(test_cancelling_answers_what_waits_behind_a_body_that_sleeps),
        close_test(test_the_cancel_may_be_added_to_a_close),
        close_test(test_cancelling_meets_a_dropped_task_behind_a_body_that_sleeps),
        close_test(test_cancelling_answers_bodies_that_wait_for_a_reply),
        close_test(test_closing_turns_away_senders_that_wait_at_full_gates),
        close_test(test_closing_turns_away_bodies_that_wait_at_full_gates),
        close_test(test_closing_waits_for_a_sender_that_is_half_way),
        close_test(test_a_sender_that_comes_after_the_end_is_refused),
        close_test(test_handles_stay_good_after_the_end),
        close_test(test_a_runtime_that_was_never_used_ends),
        close_test(test_sends_that_race_with_closing_are_answered_or_refused),
    };
    return fake_run_tests(tests);
}
