/* SPDX-License-Identifier: MIT
 *
 * What the random program (tests/random) has found, each as a small case. */
#include "core/engine.h"
#include "core/fake_engine.h"
#include "core/limit.h"
#include "core/waiters.h"

#include <sched.h>

static struct runtime *runtime;
static atomic_uint begun, go_on, disposed;

static int start(void **unused)
{
    (void)unused;
    atomic_store(&begun, 0);
    atomic_store(&go_on, 0);
    atomic_store(&disposed, 0);
    runtime = fake_start(1, 0);
    return 0;
}

static int finish(void **unused)
{
    (void)unused;
    fake_end(runtime);
    error_none();
    return 0;
}

static struct call_options some_day(struct canceller *canceller)
{
    return (struct call_options){.deadline = limit_deadline(INT64_C(3600000000000)), .canceller = canceller};
}

/* ---- an input that is not copied ---- */

struct large {
    int what;
    char bytes[1000];
};

enum { WAITS = 1, NEVER_BEGINS = 2 };

static void large_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state, (void)output;
    check(*(const int *)input == WAITS);
    event_raise(&begun);
    event_await(&go_on, 1);
}

static void dispose_large(void *input)
{
    check(((struct large *)input)->what == NEVER_BEGINS);
    event_raise(&disposed);
}

static const jlt_persistent_type large_type = {
    .name = "large",
    .input_size = sizeof(struct large),
    .capacity = 1,
    .run = large_run,
    .dispose_input = dispose_large,
};

static void *invoke_large(void *task)
{
    struct large input = {.what = NEVER_BEGINS};
    check_status(runtime_invoke_task(task, &input, NULL), JLT_CANCELLED);
    check(atomic_load(&disposed) == 1); /* while the input is there */
    memset(&input, 0, sizeof input);
    return NULL;
}

static void test_what_an_invoke_owns_is_disposed_of_before_it_is_given_up(void **unused)
{
    (void)unused;
    struct task *task = spawn(runtime, &large_type, NULL);
    struct large input = {.what = WAITS};
    struct message *first = call(task, &input);
    event_await(&begun, 1);
    pthread_t thread = thread_start(invoke_large, task);
    await_true(atomic_load(&task->gate->used) == 1);
    assert_ok(runtime_close_within(runtime, 0));
    thread_join(thread); /* the worker meets its message later */
    message_drop(first);
    event_raise(&go_on);
    task_drop(task);
    fake_await_finished(runtime);
    assert_int_equal(atomic_load(&disposed), 1);
}

/* ---- a ring that only closes when somebody else has taken the place ---- */

static const int asks_itself = 0, nothing = 1;
static struct task *selfish;

static void selfish_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state;
    if (*(const int *)input == nothing)
        return;
    event_raise(&begun);
    fake_wait(&go_on, 1);
    *(int *)output = (int)runtime_call(selfish, &nothing, SEND_WAIT, NULL);
}

static const jlt_persistent_type selfish_type = {
    .name = "selfish",
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .capacity = 1,
    .run = selfish_run,
};

static void *call_nothing(void *task)
{
    check_ok(runtime_call(task, &nothing, SEND_WAIT, NULL));
    return NULL;
}

/* Its body has begun and is about to ask itself for room, and the only place is taken by a message with these options.
 * Returns the message of the body. */
static struct message *fill_selfish(const struct call_options *options)
{
    selfish = spawn(runtime, &selfish_type, NULL);
    struct message *first = call(selfish, &asks_itself);
    event_await(&begun, 1);
    assert_ok(runtime_call_with(selfish, &nothing, options, NULL));
    return first;
}

/* The only place is taken by a message that is given up some day, so that the body's wait for room need not close a
 * ring; but then another has the place, and it does. */
static void test_a_wait_for_room_that_was_to_end_and_will_not_is_refused(void **unused)
{
    (void)unused;
    struct canceller *canceller = canceller_new();
    struct call_options options = some_day(canceller);
    int output = -1;
    struct message *first = fill_selfish(&options);
    pthread_t thread = thread_start(call_nothing, selfish);
    await_waiters(selfish->gate, &runtime->senders, 1);
    event_raise(&go_on);
    await_waiters(selfish->gate, &runtime->senders, 2);
    canceller_cancel(canceller);
    thread_join(thread);
    assert_ok(message_receive(first, -1, &output));
    assert_int_equal(output, JLT_WOULD_DEADLOCK);
    canceller_drop(canceller);
    task_drop(selfish);
}

/* A canceller may never be used. */
static void test_a_message_with_a_canceller_does_not_keep_a_ring_open(void **unused)
{
    (void)unused;
    struct canceller *canceller = canceller_new();
    struct call_options options = {.deadline = limit_never, .canceller = canceller};
    int output = -1;
    struct message *first = fill_selfish(&options);
    event_raise(&go_on);
    assert_ok(message_receive(first, -1, &output));
    assert_int_equal(output, JLT_WOULD_DEADLOCK);
    canceller_drop(canceller);
    task_drop(selfish);
}

static void test_a_wait_for_room_goes_on_where_it_is_no_ring(void **unused)
{
    (void)unused;
    struct canceller *canceller = canceller_new();
    struct call_options options = some_day(canceller);
    struct message *first = fill_selfish(&options);
    pthread_t threads[] = {thread_start(call_nothing, selfish), thread_start(call_nothing, selfish)};
    await_waiters(selfish->gate, &runtime->senders, 2);
    canceller_cancel(canceller); /* one has the place, the other looks again and waits on */
    await_true(atomic_load(&selfish->gate->waiters) == 1);
    event_raise(&go_on);
    thread_join(threads[0]);
    thread_join(threads[1]);
    message_drop(first);
    canceller_drop(canceller);
    task_drop(selfish);
}

/* ---- counts ---- */

static void test_a_message_given_up_before_it_is_sent_has_no_receiver_to_count(void **unused)
{
    (void)unused;
    struct task *task = spawn(runtime, &selfish_type, NULL);
    struct canceller *canceller = canceller_new();
    struct message *message = message_new(ITEM_RUN, MESSAGE_LIMITED | MESSAGE_DEADLINE, task->type, &nothing, false);
    message->task = task;
    atomic_store(&task->gate->used, 1); /* as if it had its place */
    atomic_store(&task->gate->timed, 1);
    canceller_cancel(canceller);
    assert_ok(message_limit(message, limit_never, canceller));
    message_unlimit(message);
    message_discard(message); /* as when its task has just ended */
    assert_int_equal(atomic_load(&live_counts.receivers), 0);
    assert_int_equal(atomic_load(&task->gate->used), 0);
    assert_int_equal(atomic_load(&task->gate->timed), 0);
    canceller_drop(canceller);
    task_drop(task);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_an_invoke_owns_is_disposed_of_before_it_is_given_up, start, finish),
        cmocka_unit_test_setup_teardown(test_a_wait_for_room_that_was_to_end_and_will_not_is_refused, start, finish),
        cmocka_unit_test_setup_teardown(test_a_message_with_a_canceller_does_not_keep_a_ring_open, start, finish),
        cmocka_unit_test_setup_teardown(test_a_wait_for_room_goes_on_where_it_is_no_ring, start, finish),
        cmocka_unit_test_setup_teardown(test_a_message_given_up_before_it_is_sent_has_no_receiver_to_count, start,
                                        finish),
    };
    return fake_run_tests(tests);
}
