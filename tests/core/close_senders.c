/* SPDX-License-Identifier: MIT
 *
 * Closing while others send: each is answered or refused, and nobody waits for ever. */
#include "core/echo_task.h"

#include <sched.h>

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
    await_true(atomic_load(&task->gate->waiters) == 3 && atomic_load(&runtime->channel.waiters) == 3);
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
    assert_true(task_push(task));
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
    assert_false(runtime_push(runtime, runtime_place(runtime, task->type), &item));
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
    await_true(atomic_load(&task->gate->waiters) == 1);
    runtime_close(runtime, false);
    assert_reply(body, JLT_OK, JLT_CLOSED);
    event_raise(&go_on);
    assert_reply(sleeping, JLT_OK, -1);
    assert_reply(waiting, JLT_OK, 1);
    task_drop(task);
    fake_end(runtime);
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
        close_test(test_closing_turns_away_senders_that_wait_at_full_gates),
        close_test(test_closing_turns_away_bodies_that_wait_at_full_gates),
        close_test(test_closing_waits_for_a_sender_that_is_half_way),
        close_test(test_a_sender_that_comes_after_the_end_is_refused),
        close_test(test_sends_that_race_with_closing_are_answered_or_refused),
    };
    return fake_run_tests(tests);
}
