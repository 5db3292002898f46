/* SPDX-License-Identifier: MIT
 *
 * Waits of bodies for each other: each ring is refused, wherever it is closed, and nothing else is. */
#include "core/actor.h"
#include "platform/platform.h"

#include <sched.h>

static struct runtime *runtime;
static struct canceller *unused_canceller; /* that a wait could be ended does not end it */

static int start_with(unsigned workers)
{
    actor_canceller = fake_bells == FAKE_BELLS_OWN ? NULL : unused_canceller;
    runtime = fake_start(workers, 0);
    return 0;
}

static int start(void **unused)
{
    (void)unused;
    return start_with(2);
}

static int start_alone(void **unused)
{
    (void)unused;
    return start_with(1);
}

static int finish(void **unused)
{
    (void)unused;
    fake_end(runtime);
    return 0;
}

static const jlt_persistent_type types[] = {ACTOR_TYPE("ann", ), ACTOR_TYPE("bob", ), ACTOR_TYPE("cid", ),
                                            ACTOR_TYPE("dot", )};

static struct task *ann, *bob, *cid, *narrow;

static void start_tasks(void)
{
    ann = spawn(runtime, &types[0], NULL);
    bob = spawn(runtime, &types[1], NULL);
    cid = spawn(runtime, &types[2], NULL);
    narrow = spawn(runtime, &narrow_type, NULL);
}

static void drop_tasks(void)
{
    task_drop(ann);
    task_drop(bob);
    task_drop(cid);
    task_drop(narrow);
}

/* To ann. */
static void ask_from_outside(void (*act)(void *data), void *data)
{
    start_tasks();
    assert_ok(ask(ann, act, data));
    drop_tasks();
}

static void check_refused(jlt_status status, const char *names)
{
    check(status == JLT_WOULD_DEADLOCK);
    check(strstr(jlt_error_message(), "ring"));
    check(strstr(jlt_error_message(), names));
}

static bool refused_or_ok(jlt_status status)
{
    check(status == JLT_OK || status == JLT_WOULD_DEADLOCK);
    return status == JLT_WOULD_DEADLOCK;
}

static void count(void *counter)
{
    atomic_fetch_add((atomic_uint *)counter, 1);
}

/* ---- rings ---- */

static void invoke_ann_in_vain(void *names)
{
    check_refused(ask(ann, NULL, NULL), names);
    check_ok(ask(narrow, NULL, NULL)); /* all else is as before */
}

static void test_a_body_that_invokes_its_own_task_is_refused(void **unused)
{
    (void)unused;
    ask_from_outside(invoke_ann_in_vain, "ann -> ann");
}

static void invoke_cid(void *names)
{
    check_ok(ask(cid, invoke_ann_in_vain, names));
}

static void invoke_bob(void *names)
{
    check_ok(ask(bob, invoke_cid, names));
}

static void test_a_ring_of_three_is_refused_and_names_its_tasks_in_order(void **unused)
{
    (void)unused;
    ask_from_outside(invoke_bob, "cid -> ann -> bob -> cid");
}

struct around {
    struct task **ring;
    unsigned length, left;
};

static void go_around(void *data)
{
    struct around next = *(struct around *)data;
    struct task *task = next.ring[(next.length - --next.left) % next.length];
    if (next.left)
        check_ok(ask(task, go_around, &next));
    else
        check_refused(ask(task, NULL, NULL), "ann -> ann");
}

static void test_a_ring_of_any_length_is_refused(void **unused)
{
    (void)unused;
    struct task *ring[70];
    for (int i = 0; i < 70; i++)
        ring[i] = spawn(runtime, &types[0], NULL);
    for (unsigned length = 1; length <= 70; length += 23)
        assert_ok(ask(ring[0], go_around, &(struct around){ring, length, length}));
    for (int i = 0; i < 70; i++)
        task_drop(ring[i]);
}

static void receive_in_vain(void *receiver)
{
    struct message *message = post(ann, NULL, NULL);
    check_refused(message_receive(message, -1, NULL), "ann -> ann");
    check_status(message_receive(message, 0, NULL), JLT_TIMEOUT);
    *(struct message **)receiver = message;
}

static void test_a_refused_receive_leaves_the_receiver_good(void **unused)
{
    (void)unused;
    struct message *receiver = NULL;
    int output = 0;
    ask_from_outside(receive_in_vain, &receiver);
    assert_ok(message_receive(receiver, -1, &output));
    assert_int_equal(output, 7);
}

static void receive_what_another_sent(void *receiver)
{
    check_refused(message_receive(*(struct message **)receiver, -1, NULL), "bob -> bob");
}

/* Whoever has sent the message: what counts is whom it is for. */
static void receive_behind_itself(void *data)
{
    struct message **receivers = data;
    receivers[0] = post(bob, NULL, NULL);
    check_ok(ask(cid, NULL, NULL));
}

static void wait_for_what_ann_sent(void *data)
{
    struct message **receivers = data;
    check_ok(ask(ann, receive_behind_itself, receivers));
    receive_what_another_sent(&receivers[0]);
}

static void test_a_receive_of_what_another_body_sent_is_refused_too(void **unused)
{
    (void)unused;
    struct message *receiver = NULL;
    start_tasks();
    assert_ok(ask(bob, wait_for_what_ann_sent, &receiver));
    assert_ok(message_receive(receiver, -1, NULL));
    drop_tasks();
}

static void call_until_full(void *counter)
{
    struct message *none = NULL;
    check_ok(tell(narrow, count, counter, NULL));
    check_refused(tell(narrow, count, counter, &none), "narrow -> narrow");
    check_refused(tell(narrow, count, counter, NULL), "narrow -> narrow");
    check_refused(ask(narrow, count, counter), "narrow -> narrow");
    check_status(runtime_call(narrow, &(struct work){count, counter}, SEND_TRY, NULL), JLT_FULL);
    check(!none);
}

static void test_what_is_refused_for_lack_of_room_has_sent_nothing(void **unused)
{
    (void)unused;
    atomic_uint counter = 0;
    start_tasks();
    assert_ok(ask(narrow, call_until_full, &counter));
    assert_ok(ask(narrow, NULL, NULL));
    assert_int_equal(atomic_load(&counter), 1);
    drop_tasks();
}

static void invoke_ann_perhaps(void *refused)
{
    atomic_fetch_add((atomic_uint *)refused, refused_or_ok(ask(ann, NULL, NULL)));
}

static void fill_narrow(void *data)
{
    atomic_uint *refused = data;
    for (int i = 0; i < 4; i++)
        atomic_fetch_add(refused, refused_or_ok(tell(narrow, invoke_ann_perhaps, data, NULL)));
}

static void test_a_ring_through_a_full_mailbox_is_refused(void **unused)
{
    (void)unused;
    start_tasks();
    for (int i = 0; i < 100; i++) {
        atomic_uint refused = 0;
        assert_ok(ask(ann, fill_narrow, &refused));
        assert_true(atomic_load(&refused) > 0); /* narrow's first body waits for ann, and ann for that to end */
        assert_ok(ask(narrow, NULL, NULL));
    }
    drop_tasks();
}

static void invoke_ann_from_once(void *unused)
{
    (void)unused;
    check_refused(ask(ann, NULL, NULL), "once -> ann -> once");
}

static void invoke_once(void *unused)
{
    (void)unused;
    check_ok(ask_new(runtime, type_of(&once_type), invoke_ann_from_once, NULL, NULL));
}

static void test_a_ring_through_a_one_shot_task_is_refused(void **unused)
{
    (void)unused;
    ask_from_outside(invoke_once, NULL);
}

static void invoke_ann_from_start(void *unused)
{
    (void)unused;
    check_refused(ask(ann, NULL, NULL), "starting -> ann -> starting");
}

static void start_another(void *unused)
{
    (void)unused;
    struct task *task = NULL;
    check_ok(ask_new(runtime, type_of(&starting_type), invoke_ann_from_start, NULL, &task));
    check_ok(ask(task, NULL, NULL));
    task_drop(task);
}

static void test_a_ring_through_a_start_is_refused(void **unused)
{
    (void)unused;
    ask_from_outside(start_another, NULL);
}

static atomic_uint start_ended;

static void invoke_ann_perhaps_and_end(void *refused)
{
    invoke_ann_perhaps(refused);
    event_raise(&start_ended);
}

static void start_another_and_receive(void *refused)
{
    struct message *receiver = post_new(runtime, type_of(&starting_type), invoke_ann_perhaps_and_end, refused);
    struct task *task = NULL;
    bool was_refused = refused_or_ok(message_receive(receiver, -1, &task));
    atomic_fetch_add((atomic_uint *)refused, was_refused);
    if (was_refused)
        message_drop(receiver);
    else
        task_drop(task);
}

static void test_a_start_that_waits_for_its_receiver_is_refused_or_refuses_it(void **unused)
{
    (void)unused;
    static atomic_uint refused;
    atomic_store(&refused, 0);
    atomic_store(&start_ended, 0);
    start_tasks();
    assert_ok(ask(ann, start_another_and_receive, &refused));
    event_await(&start_ended, 1); /* ann's body may have gone on without it: it still asks ann */
    assert_int_equal(atomic_load(&refused), 1);
    drop_tasks();
}

/* One-shot tasks that wait for each other's receivers: whichever waits last is refused, and the other goes on. */
struct pair {
    struct message *receivers[2];
    atomic_uint there, refused, ended;
};

static void wait_for_other(struct pair *pair, int own)
{
    fake_wait(&pair->there, 1);
    struct message *other = pair->receivers[!own];
    if (refused_or_ok(message_receive(other, -1, NULL))) {
        atomic_fetch_add(&pair->refused, 1);
        message_drop(other);
    }
    event_raise(&pair->ended);
}

static void first_of_pair(void *pair)
{
    wait_for_other(pair, 0);
}

static void second_of_pair(void *pair)
{
    wait_for_other(pair, 1);
}

static void make_pair(void *data)
{
    struct pair *pair = data;
    pair->receivers[0] = post_new(runtime, type_of(&once_type), first_of_pair, pair);
    pair->receivers[1] = post_new(runtime, type_of(&once_type), second_of_pair, pair);
    event_raise(&pair->there);
}

static void test_a_ring_of_one_shot_tasks_alone_is_refused(void **unused)
{
    (void)unused;
    for (int i = 0; i < 30; i++) {
        struct pair pair = {.receivers = {NULL}};
        ask_from_outside(make_pair, &pair);
        event_await(&pair.ended, 2);
        assert_int_equal(atomic_load(&pair.refused), 1);
    }
}

/* ---- rings that several bodies close at the same moment ---- */

enum { crowd = 6 };

struct circle {
    struct task *tasks[crowd];
    atomic_uint there, refused;
};

struct seat {
    struct circle *circle;
    int at;
};

static void invoke_neighbour(void *data)
{
    const struct seat *seat = data;
    event_raise(&seat->circle->there);
    fake_wait(&seat->circle->there, crowd);
    struct task *neighbour = seat->circle->tasks[(seat->at + 1) % crowd];
    atomic_fetch_add(&seat->circle->refused, refused_or_ok(ask(neighbour, NULL, NULL)));
}

static void test_of_those_that_close_a_ring_together_just_one_is_refused(void **unused)
{
    (void)unused;
    struct circle circle;
    for (int i = 0; i < crowd; i++)
        circle.tasks[i] = spawn(runtime, &types[i % 4], NULL);
    for (int round = 0; round < 60; round++) {
        struct message *receivers[crowd];
        struct seat seats[crowd];
        atomic_store(&circle.there, 0);
        atomic_store(&circle.refused, 0);
        for (int i = 0; i < crowd; i++) {
            seats[i] = (struct seat){&circle, i};
            receivers[i] = post(circle.tasks[i], invoke_neighbour, &seats[i]);
        }
        for (int i = 0; i < crowd; i++)
            assert_ok(message_receive(receivers[i], -1, NULL));
        assert_int_equal(atomic_load(&circle.refused), 1);
    }
    for (int i = 0; i < crowd; i++)
        task_drop(circle.tasks[i]);
}

/* ---- what is no ring ---- */

static void wait_with_limits(void *unused)
{
    (void)unused;
    struct message *message = post(ann, NULL, NULL);
    check_status(message_receive(message, 0, NULL), JLT_TIMEOUT);
    check_status(message_receive(message, 1000000, NULL), JLT_TIMEOUT);
    message_drop(message);
}

static void test_a_wait_with_a_limit_in_time_is_not_refused(void **unused)
{
    (void)unused;
    ask_from_outside(wait_with_limits, NULL);
}

static void ask_ann_with_limit(void *steps)
{
    struct message *message = post(ann, NULL, NULL);
    event_raise(steps);
    check_status(message_receive(message, 3000000, NULL), JLT_TIMEOUT);
    message_drop(message);
}

static void wait_for_one_with_limit(void *steps)
{
    check_ok(ask(bob, ask_ann_with_limit, steps));
}

static void test_a_wait_with_a_limit_in_time_is_no_edge(void **unused)
{
    (void)unused;
    atomic_uint steps = 0;
    ask_from_outside(wait_for_one_with_limit, &steps);
}

struct outside {
    struct message *receiver;
    atomic_uint sent;
};

static void receive_from_outside(void *data)
{
    struct outside *outside = data;
    fake_wait(&outside->sent, 1);
    check_status(message_receive(outside->receiver, -1, NULL), JLT_CANCELLED);
}

static void test_a_receiver_that_came_from_outside_is_not_counted(void **unused)
{
    (void)unused;
    struct outside outside = {0};
    start_tasks();
    struct message *first = post(ann, receive_from_outside, &outside);
    outside.receiver = post(ann, NULL, NULL);
    event_raise(&outside.sent);
    await_true(atomic_load(&outside.receiver->state) > MESSAGE_ABANDONED); /* it waits */
    runtime_close(runtime, true);
    assert_ok(message_receive(first, -1, NULL));
    drop_tasks();
}

static void test_outside_nobody_is_refused(void **unused)
{
    (void)unused;
    start_tasks();
    for (int i = 0; i < 100; i++) {
        message_drop(post(narrow, NULL, NULL));
        assert_ok(ask(narrow, NULL, NULL));
    }
    drop_tasks();
}

static void invoke_ann(void *unused)
{
    (void)unused;
    check_ok(ask(ann, NULL, NULL));
}

/* bob's second message waits for ann, which may still be listed as waiting for bob's first. */
static void go_on_when_bob_has_answered(void *unused)
{
    (void)unused;
    struct message *first = post(bob, NULL, NULL);
    message_drop(post(bob, invoke_ann, NULL));
    check_ok(message_receive(first, -1, NULL));
}

static void test_a_wait_whose_reply_is_there_is_no_edge(void **unused)
{
    (void)unused;
    start_tasks();
    for (int i = 0; i < 300; i++) {
        assert_ok(ask(ann, go_on_when_bob_has_answered, NULL));
        assert_ok(ask(bob, NULL, NULL));
    }
    drop_tasks();
}

/* The third has its place when narrow takes the second, which waits for ann. */
static void go_on_when_narrow_has_room(void *unused)
{
    (void)unused;
    check_ok(tell(narrow, NULL, NULL, NULL));
    check_ok(tell(narrow, invoke_ann, NULL, NULL));
    check_ok(tell(narrow, NULL, NULL, NULL));
}

static void test_a_wait_whose_place_is_there_is_no_edge(void **unused)
{
    (void)unused;
    start_tasks();
    for (int i = 0; i < 300; i++) {
        assert_ok(ask(ann, go_on_when_narrow_has_room, NULL));
        assert_ok(ask(narrow, NULL, NULL));
    }
    drop_tasks();
}

/* ---- waits that are counted, and that a canceller ends ---- */

struct ending {
    struct canceller *canceller;
    atomic_uint waits, go_on; /* the first: as it is about to; the second keeps narrow busy */
    unsigned kind;
};

static void keep_busy(void *ending)
{
    fake_wait(&((struct ending *)ending)->go_on, 1);
}

/* For a reply, for room to send, and for room to send something whose reply is awaited. */
static void wait_for_narrow(void *data)
{
    struct ending *ending = data;
    struct call_options options = {.deadline = limit_never, .canceller = ending->canceller};
    const struct work quick = {NULL, NULL};
    struct message *receiver = NULL;
    int output;
    if (ending->kind == 0)
        check_ok(runtime_call_with(narrow, &quick, &options, &receiver));
    event_raise(&ending->waits);
    check_status(ending->kind == 0   ? message_receive(receiver, -1, NULL)
                 : ending->kind == 1 ? runtime_call_with(narrow, &quick, &options, NULL)
                                     : runtime_invoke_task_with(narrow, &quick, &options, &output),
                 JLT_CANCELLED);
}

static void test_a_canceller_ends_a_wait_that_is_counted(void **unused)
{
    (void)unused;
    start_tasks();
    for (unsigned i = 0; i < 60; i++) {
        struct ending ending = {.canceller = canceller_new(), .kind = i % 3};
        struct message *busy = post(narrow, keep_busy, &ending);
        if (ending.kind != 0)
            message_drop(post(narrow, NULL, NULL));
        struct message *waiting = post(ann, wait_for_narrow, &ending);
        event_await(&ending.waits, 1);
        for (unsigned yields = 0; yields < i; yields++)
            sched_yield();
        canceller_cancel(ending.canceller);
        assert_ok(message_receive(waiting, -1, NULL));
        canceller_drop(ending.canceller);
        event_raise(&ending.go_on);
        assert_ok(message_receive(busy, -1, NULL));
        assert_ok(ask(narrow, invoke_ann, NULL)); /* ann is not listed any more */
    }
    drop_tasks();
}

#define ring_test(test) cmocka_unit_test_setup_teardown(test, start, finish)
#define ring_test_alone(test) cmocka_unit_test_setup_teardown(test, start_alone, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ring_test(test_a_body_that_invokes_its_own_task_is_refused),
        ring_test(test_a_ring_of_three_is_refused_and_names_its_tasks_in_order),
        ring_test(test_a_ring_of_any_length_is_refused),
        ring_test_alone(test_a_ring_of_any_length_is_refused),
        ring_test(test_a_refused_receive_leaves_the_receiver_good),
        ring_test(test_a_receive_of_what_another_body_sent_is_refused_too),
        ring_test(test_what_is_refused_for_lack_of_room_has_sent_nothing),
        ring_test(test_a_ring_through_a_full_mailbox_is_refused),
        ring_test_alone(test_a_ring_through_a_full_mailbox_is_refused),
        ring_test(test_a_ring_through_a_one_shot_task_is_refused),
        ring_test(test_a_ring_through_a_start_is_refused),
        ring_test(test_a_start_that_waits_for_its_receiver_is_refused_or_refuses_it),
        ring_test(test_a_ring_of_one_shot_tasks_alone_is_refused),
        ring_test(test_of_those_that_close_a_ring_together_just_one_is_refused),
        ring_test(test_a_wait_with_a_limit_in_time_is_not_refused),
        ring_test(test_a_wait_with_a_limit_in_time_is_no_edge),
        ring_test(test_a_receiver_that_came_from_outside_is_not_counted),
        ring_test(test_outside_nobody_is_refused),
        ring_test(test_a_canceller_ends_a_wait_that_is_counted),
        ring_test_alone(test_a_canceller_ends_a_wait_that_is_counted),
        ring_test(test_a_wait_whose_reply_is_there_is_no_edge),
        ring_test_alone(test_a_wait_whose_reply_is_there_is_no_edge),
        ring_test(test_a_wait_whose_place_is_there_is_no_edge),
        ring_test_alone(test_a_wait_whose_place_is_there_is_no_edge),
    };
    unused_canceller = canceller_new();
    int failed = fake_run_tests(tests);
    canceller_drop(unused_canceller);
    return failed;
}
