/* SPDX-License-Identifier: MIT
 *
 * A runtime at its limits: of messages that wait, of their bytes, and of fibers in bodies. */
#include "core/failure.h"
#include "core/fake_engine.h"
#include "platform/platform.h"

#include <sched.h>
#include <string.h>

static atomic_uint begun, go_on, sent;
static atomic_int inside, most_inside;

static int reset(void **unused)
{
    (void)unused;
    atomic_store(&begun, 0);
    atomic_store(&go_on, 0);
    atomic_store(&sent, 0);
    atomic_store(&inside, 0);
    atomic_store(&most_inside, 0);
    return 0;
}

static void wait_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
    int now = atomic_fetch_add(&inside, 1) + 1, most = atomic_load(&most_inside);
    while (now > most && !atomic_compare_exchange_weak(&most_inside, &most, now)) {
    }
    event_raise(&begun);
    fake_wait(&go_on, 1);
    atomic_fetch_sub(&inside, 1);
}

static const jlt_task_type wait_type = {.name = "wait", .run = wait_run};
static const jlt_task_type text_type = {.name = "text", .input_size = 8, .run = wait_run};
static const char text[16];

static void receive(struct message *message)
{
    assert_ok(message_receive(message, -1, NULL));
}

/* ---- messages and bytes ---- */

struct sender {
    struct runtime *runtime;
    const jlt_task_type *type;
    int64_t deadline;
    jlt_status status;
    struct message *receiver;
    pthread_t thread;
};

static void *send_one(void *data)
{
    struct sender *self = data;
    const struct call_options options = {.deadline = self->deadline ? self->deadline : limit_never};
    self->status = runtime_dispatch_with(self->runtime, type_of(self->type), text, &options, &self->receiver);
    event_raise(&sent);
    return NULL;
}

static jlt_status try_send(struct runtime *runtime, const jlt_task_type *type, struct message **receiver)
{
    return runtime_dispatch(runtime, type_of(type), text, SEND_TRY, receiver);
}

static void test_messages_beyond_the_limit_wait(void **unused)
{
    (void)unused;
    struct runtime *runtime = fake_start_limited(1, &(struct runtime_limits){.messages = 2, .fibers = 1});
    struct message *runs = dispatch(runtime, &wait_type, NULL), *waits[2], *extra = NULL;
    event_await(&begun, 1);
    for (int i = 0; i < 2; i++)
        assert_ok(try_send(runtime, &wait_type, &waits[i]));
    assert_status(try_send(runtime, &wait_type, &extra), JLT_FULL);
    struct sender late = {.runtime = runtime, .type = &wait_type, .deadline = 1};
    send_one(&late);
    assert_int_equal(late.status, JLT_DEADLINE_EXCEEDED);
    struct sender sender = {.runtime = runtime, .type = &wait_type};
    sender.thread = thread_start(send_one, &sender);
    await_true(atomic_load(&runtime->quota.messages.waiters) == 1);
    assert_true(message_give_up(waits[1], MESSAGE_CANCELLED)); /* its place is free at once */
    thread_join(sender.thread);
    assert_int_equal(sender.status, JLT_OK);
    assert_status(message_receive(waits[1], -1, NULL), JLT_CANCELLED);
    event_raise(&go_on);
    receive(runs);
    receive(waits[0]);
    receive(sender.receiver);
    assert_int_equal(atomic_load(&runtime->quota.messages.used), 0);
    fake_end(runtime);
}

static void test_bytes_beyond_the_limit_wait(void **unused)
{
    (void)unused;
    static const jlt_task_type large = {.name = "large", .input_size = 16, .run = wait_run};
    static const jlt_task_type too_large = {.name = "too large", .input_size = 17, .run = wait_run};
    struct runtime *runtime = fake_start_limited(1, &(struct runtime_limits){.bytes = 16, .fibers = 1});
    struct message *runs = dispatch(runtime, &wait_type, NULL), *waits, *second, *extra;
    event_await(&begun, 1);
    assert_status(try_send(runtime, &too_large, &extra), JLT_INVALID_ARGUMENT);
    assert_contains(error_last()->message, "bytes_at_most");
    assert_ok(try_send(runtime, &text_type, &waits));
    assert_status(try_send(runtime, &large, &extra), JLT_FULL);
    struct sender first = {.runtime = runtime, .type = &large, .deadline = platform_now() + 20000000};
    first.thread = thread_start(send_one, &first);
    await_true(atomic_load(&runtime->quota.bytes.waiters) == 1 || atomic_load(&sent)); /* it may be over by now */
    struct sender small = {.runtime = runtime, .type = &text_type};
    small.thread = thread_start(send_one, &small); /* behind the large one, or after it, or it finds room */
    thread_join(first.thread);
    assert_int_equal(first.status, JLT_DEADLINE_EXCEEDED);
    thread_join(small.thread); /* there is room for this one, and who gave up has let it in */
    assert_int_equal(small.status, JLT_OK);
    assert_status(try_send(runtime, &text_type, &second), JLT_FULL);
    event_raise(&go_on);
    receive(runs);
    receive(waits);
    receive(small.receiver);
    assert_int_equal(atomic_load(&runtime->quota.bytes.used), 0);
    fake_end(runtime);
}

static void test_a_close_wakes_those_who_wait_for_room(void **unused)
{
    (void)unused;
    struct runtime *runtime = fake_start_limited(1, &(struct runtime_limits){.messages = 1, .fibers = 1});
    struct message *runs = dispatch(runtime, &wait_type, NULL), *waits = NULL;
    event_await(&begun, 1);
    assert_ok(try_send(runtime, &wait_type, &waits));
    struct sender sender = {.runtime = runtime, .type = &wait_type};
    sender.thread = thread_start(send_one, &sender);
    await_true(atomic_load(&runtime->quota.messages.waiters) == 1);
    runtime_close(runtime, true);
    thread_join(sender.thread);
    assert_int_equal(sender.status, JLT_CLOSED);
    event_raise(&go_on);
    receive(runs);
    assert_status(message_receive(waits, -1, NULL), JLT_CANCELLED);
    fake_end(runtime);
}

/* What would make room is in its own mailbox. */
static void send_on_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    struct runtime *const *runtime = input;
    (void)frame, (void)output;
    event_raise(&begun);
    fake_wait(&go_on, 1);
    if (++*(int *)state > 1)
        return; /* the one that waited behind */
    struct message *extra;
    check_status(runtime_dispatch(*runtime, type_of(&wait_type), NULL, SEND_TRY, &extra), JLT_FULL);
    check_ok(runtime_dispatch(*runtime, type_of(&wait_type), NULL, SEND_WAIT, NULL));
    event_raise(&sent);
}

static void test_a_body_goes_past_the_limit(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {
        .name = "sender", .state_size = sizeof(int), .input_size = sizeof(struct runtime *), .run = send_on_run};
    struct runtime *runtime = fake_start_limited(1, &(struct runtime_limits){.messages = 1});
    struct task *task = spawn(runtime, &type, NULL);
    struct message *runs = call(task, &runtime);
    event_await(&begun, 1);
    struct message *waits = call(task, &runtime);
    event_raise(&go_on);
    receive(runs);
    receive(waits);
    event_await(&sent, 1);
    task_drop(task);
    fake_end(runtime);
}

/* The client's message has no room in the quota, for what waits behind this body, and must not keep it from the channel
 * meanwhile. */
static void send_through_channel_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    struct runtime *const *runtime = input;
    (void)frame, (void)output;
    event_raise(&begun);
    fake_wait(&go_on, 1);
    if (++*(int *)state == 1)
        check_ok(runtime_dispatch(*runtime, type_of(&wait_type), NULL, SEND_WAIT, NULL));
}

static void test_who_waits_for_room_in_all_keeps_nobody_from_the_channel(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {.name = "sender",
                                             .state_size = sizeof(int),
                                             .input_size = sizeof(struct runtime *),
                                             .run = send_through_channel_run};
    struct runtime *runtime = fake_start_limited(1, &(struct runtime_limits){.channel_capacity = 1, .bytes = 8});
    struct task *task = spawn(runtime, &type, NULL);
    struct message *runs = call(task, &runtime);
    event_await(&begun, 1);
    struct message *waits = call(task, &runtime);
    struct sender sender = {.runtime = runtime, .type = &text_type};
    sender.thread = thread_start(send_one, &sender);
    await_true(atomic_load(&runtime->quota.bytes.waiters) == 1);
    event_raise(&go_on);
    receive(runs);
    receive(waits);
    thread_join(sender.thread);
    assert_int_equal(sender.status, JLT_OK);
    receive(sender.receiver);
    task_drop(task);
    fake_end(runtime);
}

/* ---- fibers ---- */

static void run_many(unsigned workers, unsigned fibers)
{
    enum { many = 40 };
    struct message *receivers[many];
    struct runtime *runtime = fake_start_limited(workers, &(struct runtime_limits){.fibers = fibers});
    for (int i = 0; i < many; i++)
        receivers[i] = dispatch(runtime, &wait_type, NULL);
    event_await(&begun, fibers); /* so all that may begin do */
    struct message *late = dispatch(runtime, &wait_type, NULL);
    assert_true(message_give_up(late, MESSAGE_CANCELLED));
    assert_status(message_receive(late, -1, NULL), JLT_CANCELLED);
    event_raise(&go_on);
    for (int i = 0; i < many; i++)
        receive(receivers[i]);
    assert_int_equal(atomic_load(&most_inside), fibers);
    fake_end(runtime);
}

static void test_no_more_bodies_are_under_way_than_fibers_allow(void **unused)
{
    run_many(1, 1);
    reset(unused);
    run_many(1, 3);
    reset(unused);
    run_many(2, 2);
    reset(unused);
    run_many(3, 6);
}

/* A body of one worker that waits for a body of another is woken although all fibers of its worker are in bodies. */
static void ask_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    struct task *const *other = input;
    (void)frame, (void)state, (void)output;
    event_raise(&begun);
    check_ok(runtime_invoke_task(*other, NULL, NULL));
}

static void answer_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state, (void)input, (void)output;
    fake_wait(&go_on, 1);
}

static const jlt_persistent_type asks = {.name = "asks", .input_size = sizeof(struct task *), .run = ask_run};
static const jlt_persistent_type answers = {.name = "answers", .run = answer_run};

static void test_a_worker_without_a_free_fiber_wakes_its_bodies(void **unused)
{
    (void)unused;
    jlt_persistent_type first = asks, second = answers;
    first.thread = 1;
    second.thread = 2;
    const jlt_persistent_type *const types[] = {&first, &second};
    struct runtime *runtime = fake_start_limited(2, &(struct runtime_limits){.fibers = 2});
    struct task *task = spawn(runtime, types[0], NULL), *other = spawn(runtime, types[1], NULL);
    for (int i = 0; i < 100; i++) {
        reset(unused);
        struct message *one = call(task, &other), *two = call(task, &other);
        event_await(&begun, 1);
        event_raise(&go_on);
        receive(one);
        receive(two);
    }
    task_drop(task);
    task_drop(other);
    fake_end(runtime);
}

static void ask_in_vain_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    struct task *const *other = input;
    (void)frame, (void)state, (void)output;
    check_status(runtime_invoke_task(*other, NULL, NULL), JLT_WOULD_DEADLOCK);
    check(strstr(error_last()->message, "fibers_at_most"));
    const struct call_options soon = {.deadline = platform_now() + 1000000};
    check_status(runtime_invoke_task_with(*other, NULL, &soon, NULL), JLT_DEADLINE_EXCEEDED);
}

static void test_the_last_fiber_does_not_wait_for_another(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {
        .name = "asks", .input_size = sizeof(struct task *), .run = ask_in_vain_run};
    struct runtime *runtime = fake_start_limited(1, &(struct runtime_limits){.fibers = 1});
    event_raise(&go_on);
    struct task *task = spawn(runtime, &type, NULL), *other = spawn(runtime, &answers, NULL);
    receive(call(task, &other));
    task_drop(task);
    task_drop(other);
    fake_end(runtime);
}

/* The other worker has a fiber, but what is awaited can only run on this one. */
static void test_a_worker_whose_fibers_all_wait_for_it_is_noticed(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {
        .name = "asks", .input_size = sizeof(struct task *), .run = ask_in_vain_run, .thread = 2};
    static const jlt_persistent_type bound = {.name = "bound", .run = answer_run, .thread = 2};
    struct runtime *runtime = fake_start_limited(2, &(struct runtime_limits){.fibers = 2});
    event_raise(&go_on);
    struct task *task = spawn(runtime, &type, NULL), *other = spawn(runtime, &bound, NULL);
    receive(call(task, &other));
    task_drop(task);
    task_drop(other);
    fake_end(runtime);
}

static bool is_backing_off(const struct task *task)
{
    timers_lock();
    bool is_set = task->failure->timer.set;
    timers_unlock();
    return is_set;
}

static void fail_first_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state, (void)input, (void)output;
    if (atomic_fetch_add(&sent, 1) == 0)
        fake_fail(frame, JLT_FAILED, "the first time");
}

static void wait_for_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state, (void)input, (void)output;
    event_raise(&begun);
    fake_wait(&go_on, 1);
}

/* The task backs off, and its worker is full, with a body that waits for the reply. */
static void test_a_close_has_a_task_run_by_a_worker_that_is_not_full(void **unused)
{
    (void)unused;
    static const jlt_persistent_type fails = {
        .name = "fails", .run = fail_first_run, .on_failure = JLT_RESTART, .backoff_ns = INT64_MAX / 8, .retry = true};
    static const jlt_persistent_type on_second = {.name = "on second", .run = wait_for_run, .thread = 2};
    jlt_persistent_type first = asks;
    first.thread = 1;
    struct runtime *runtime = fake_start_limited(2, &(struct runtime_limits){.fibers = 2});
    struct task *holder = spawn(runtime, &on_second, NULL), *asker = spawn(runtime, &first, NULL);
    struct message *held = call(holder, NULL);
    event_await(&begun, 1);
    struct task *task = spawn(runtime, &fails, NULL);
    assert_int_equal(task->home, 0);
    event_raise(&go_on);
    receive(held);
    struct message *asked = call(asker, &task);
    await_true(atomic_load(&sent) == 1 && is_backing_off(task));
    runtime_close(runtime, false);
    receive(asked);
    task_drop(task);
    task_drop(holder);
    task_drop(asker);
    fake_end(runtime);
}

/* ---- all of it, by many ---- */

enum { hands = 3, rounds = 300 };

static void nap_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
    if (++*(int *)state % 3 == 0)
        fake_yield();
}

static const jlt_persistent_type nap = {.name = "nap", .state_size = sizeof(int), .input_size = 8, .run = nap_run};

struct hand {
    struct task *tasks[4];
    unsigned seed;
    pthread_t thread;
};

static void *send_many(void *data)
{
    struct hand *hand = data;
    for (int i = 0; i < rounds; i++) {
        const struct call_options options = {.deadline = random_below(&hand->seed, 3)
                                                             ? limit_never
                                                             : platform_now() + random_below(&hand->seed, 100000)};
        struct message *receiver = NULL;
        jlt_status status = runtime_call_with(hand->tasks[random_below(&hand->seed, 4)], text, &options, &receiver);
        check(status == JLT_OK || status == JLT_DEADLINE_EXCEEDED);
        if (status != JLT_OK)
            continue;
        if (random_below(&hand->seed, 4)) {
            status = message_receive(receiver, -1, NULL);
            check(status == JLT_OK || status == JLT_DEADLINE_EXCEEDED);
        } else {
            message_drop(receiver);
        }
    }
    return NULL;
}

static void run_hands(unsigned workers)
{
    const struct runtime_limits limits = {.messages = 2, .bytes = 20, .fibers = 2};
    struct runtime *runtime = fake_start_limited(workers, &limits);
    struct hand all[hands] = {0};
    for (int i = 0; i < 4; i++)
        all[0].tasks[i] = spawn(runtime, &nap, NULL);
    for (int i = 0; i < hands; i++) {
        memcpy(all[i].tasks, all[0].tasks, sizeof all[i].tasks);
        all[i].seed = (unsigned)i + 1;
        all[i].thread = thread_start(send_many, &all[i]);
    }
    for (int i = 0; i < hands; i++)
        thread_join(all[i].thread);
    for (int i = 0; i < 4; i++)
        task_drop(all[0].tasks[i]);
    fake_end(runtime);
}

static void test_many_senders_at_all_limits_lose_nothing(void **unused)
{
    (void)unused;
    run_hands(1);
    run_hands(2);
    run_hands(4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_messages_beyond_the_limit_wait, reset),
        cmocka_unit_test_setup(test_bytes_beyond_the_limit_wait, reset),
        cmocka_unit_test_setup(test_a_close_wakes_those_who_wait_for_room, reset),
        cmocka_unit_test_setup(test_a_body_goes_past_the_limit, reset),
        cmocka_unit_test_setup(test_who_waits_for_room_in_all_keeps_nobody_from_the_channel, reset),
        cmocka_unit_test_setup(test_no_more_bodies_are_under_way_than_fibers_allow, reset),
        cmocka_unit_test_setup(test_a_worker_without_a_free_fiber_wakes_its_bodies, reset),
        cmocka_unit_test_setup(test_the_last_fiber_does_not_wait_for_another, reset),
        cmocka_unit_test_setup(test_a_worker_whose_fibers_all_wait_for_it_is_noticed, reset),
        cmocka_unit_test_setup(test_a_close_has_a_task_run_by_a_worker_that_is_not_full, reset),
        cmocka_unit_test_setup(test_many_senders_at_all_limits_lose_nothing, reset),
    };
    return fake_run_tests(tests);
}
