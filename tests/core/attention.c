/* SPDX-License-Identifier: MIT
 *
 * Who looks at what is ready: nothing waits behind a long body while a worker is idle, and light work wakes nobody. */
#include "core/fake_engine.h"
#include "platform/platform.h"

static struct runtime *runtime;
static atomic_uint begun, may_end;

static int start(void **unused)
{
    (void)unused;
    atomic_store(&begun, 0);
    atomic_store(&may_end, 0);
    return 0;
}

/* A body that computes until it may end. */
static void compute_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
    event_raise(&begun);
    event_await(&may_end, 1);
}

static void short_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame;
    *(int *)output = *(const int *)input + 1;
}

static const jlt_task_type compute_type = {.name = "compute", .run = compute_run};
static const jlt_task_type short_type = {
    .name = "short", .input_size = sizeof(int), .output_size = sizeof(int), .run = short_run};

static void invoke_short(int number)
{
    int sum = 0;
    check_ok(runtime_invoke(runtime, type_of(&short_type), &number, &sum));
    check(sum == number + 1);
}

static void end_computing(struct message **receivers, unsigned count)
{
    event_raise(&may_end);
    for (unsigned i = 0; i < count; i++)
        check_ok(message_receive(receivers[i], -1, NULL));
}

/* Each of them computes on a worker of its own, which only begins if somebody wakes it. */
static void test_long_bodies_spread_to_all_workers(void **unused)
{
    (void)unused;
    enum { workers = 4 };
    struct message *receivers[workers];
    runtime = fake_start(workers, 0);
    for (unsigned i = 0; i < workers; i++)
        receivers[i] = dispatch(runtime, &compute_type, NULL);
    event_await(&begun, workers);
    end_computing(receivers, workers);
    fake_end(runtime);
}

/* The workers have learned that bodies are short when one of them is long after all. */
static void test_nothing_waits_behind_a_body_that_is_long_for_once(void **unused)
{
    (void)unused;
    struct message *receiver;
    runtime = fake_start(2, 0);
    for (int round = 0; round < 20; round++) {
        atomic_store(&begun, 0);
        atomic_store(&may_end, 0);
        for (int i = 0; i < 50; i++)
            invoke_short(i);
        receiver = dispatch(runtime, &compute_type, NULL);
        event_await(&begun, 1);
        for (int i = 0; i < 50; i++)
            invoke_short(i);
        end_computing(&receiver, 1);
    }
    fake_end(runtime);
}

/* What is ready behind the long body at its begin, and what comes later, by several senders. */
static struct message *many[1000];

static void test_a_backlog_does_not_wait_behind_a_long_body(void **unused)
{
    (void)unused;
    runtime = fake_start(3, 0);
    for (int round = 0; round < 10; round++) {
        struct message *computing[2];
        atomic_store(&begun, 0);
        atomic_store(&may_end, 0);
        for (int i = 0; i < 1000; i++) {
            if (i == 300 || i == 600)
                computing[i / 300 - 1] = dispatch(runtime, &compute_type, NULL);
            many[i] = dispatch(runtime, &short_type, &i);
        }
        for (int i = 0, sum; i < 1000; i++) {
            check_ok(message_receive(many[i], -1, &sum));
            check(sum == i + 1);
        }
        end_computing(computing, 2);
    }
    fake_end(runtime);
}

static void yield_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
    event_raise(&begun);
    fake_wait(&may_end, 1);
}

/* All workers are inside bodies, one computes and the others are suspended: their threads are free. */
static void test_the_thread_of_a_suspended_body_is_used(void **unused)
{
    (void)unused;
    static const jlt_task_type suspended_type = {.name = "suspended", .run = yield_run};
    struct message *receivers[6];
    runtime = fake_start(2, 0);
    for (int i = 0; i < 5; i++)
        receivers[i] = dispatch(runtime, &suspended_type, NULL);
    event_await(&begun, 5);
    receivers[5] = dispatch(runtime, &compute_type, NULL);
    event_await(&begun, 6);
    for (int i = 0; i < 100; i++)
        invoke_short(i);
    end_computing(receivers, 6);
    fake_end(runtime);
}

/* A row of bodies of one worker's own goes on with what any may run: the first of those is long for once, and then one
 * computes until all the others have been run. The numbers are such that the worker does not look at the clock between
 * the two, and has taken something ahead by then. */
enum { own_things = 6, things = 6 };
static atomic_uint things_ended, mixed_begun;
static struct message *mixed[own_things + things + 1];

static void busy_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
    int64_t end = platform_now() + 3000000;
    while (platform_now() < end) {
    }
}

static void last_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
    if (atomic_fetch_add(&mixed_begun, 1) == 0) {
        event_raise(&may_end); /* of the other worker */
        event_await(&things_ended, things - 1);
    }
    event_raise(&things_ended);
}

static void mix_run(jlt_frame *frame, const void *input, void *output)
{
    static const jlt_task_type own_type = {
        .name = "own", .run = short_run, .thread = 1, .input_size = sizeof(int), .output_size = sizeof(int)};
    static const jlt_task_type busy_type = {.name = "busy", .run = busy_run},
                               last_type = {.name = "last", .run = last_run};
    (void)frame, (void)input, (void)output;
    int zero = 0;
    for (int i = 0; i < own_things; i++)
        mixed[i] = dispatch(runtime, &own_type, &zero);
    mixed[own_things] = dispatch(runtime, &short_type, &zero);
    mixed[own_things + 1] = dispatch(runtime, &busy_type, NULL);
    for (int i = 2; i < things + 1; i++)
        mixed[own_things + i] = dispatch(runtime, &last_type, NULL);
}

static void test_what_a_row_takes_on_its_way_does_not_wait_behind_a_long_body(void **unused)
{
    (void)unused;
    static const jlt_task_type other_type = {.name = "other", .run = compute_run, .thread = 2};
    static const jlt_task_type mix_type = {.name = "mix", .run = mix_run, .thread = 1};
    static const jlt_task_type nothing_type = {
        .name = "nothing", .run = short_run, .thread = 1, .input_size = sizeof(int), .output_size = sizeof(int)};
    for (int round = 0; round < 10; round++) {
        runtime = fake_start(2, 0);
        atomic_store(&begun, 0);
        atomic_store(&may_end, 0);
        atomic_store(&mixed_begun, 0);
        atomic_store(&things_ended, 1); /* the busy one */
        for (int i = 0, sum; i < 50; i++)
            check_ok(runtime_invoke(runtime, type_of(&nothing_type), &i, &sum));
        struct message *other = dispatch(runtime, &other_type, NULL);
        event_await(&begun, 1);
        check_ok(runtime_invoke(runtime, type_of(&mix_type), NULL, NULL));
        for (int i = 0, sum; i < own_things + things + 1; i++)
            check_ok(message_receive(mixed[i], -1, &sum));
        check_ok(message_receive(other, -1, NULL));
        fake_end(runtime);
    }
}

/* ---- wide machines, simulated: what is counted must not grow with the number of workers ---- */

enum { messages = 500 };

static void one_after_the_other(void)
{
    for (int i = 0; i < messages; i++)
        invoke_short(i);
}

static void all_at_once(void)
{
    for (int i = 0; i < messages; i++)
        many[i] = dispatch(runtime, &short_type, &i);
    for (int i = 0, sum; i < messages; i++)
        check_ok(message_receive(many[i], -1, &sum));
}

/* A message is worth a call, a wake-up for it, and once more each where a body was taken for a long one, as it is when
 * its thread loses its processor: so it is with two workers, and no worker more may add to it. */
static void count(const char *name, void (*send)(void))
{
    static const unsigned widths[] = {2, 16, 64};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        runtime = fake_start(widths[i], 0);
        send();
        struct fake_counts counts = fake_counts(runtime);
        print_message("%s, %2u workers: a message has %.2f calls, %.2f wake-ups\n", name, widths[i],
                      (double)counts.calls / messages, (double)counts.wakes / messages);
        assert_int_equal(counts.rings, 0); /* of one worker's bell, for what any may take */
        assert_true(counts.calls <= 2 * messages);
        assert_true(counts.wakes <= 2 * messages);
        fake_end(runtime);
    }
}

static void test_wake_ups_do_not_grow_with_the_workers(void **unused)
{
    (void)unused;
    count("one after the other", one_after_the_other);
    count("all at once", all_at_once);
}

int main(void)
{
#define attention_test(name) cmocka_unit_test_setup(name, start)
    const struct CMUnitTest tests[] = {
        attention_test(test_long_bodies_spread_to_all_workers),
        attention_test(test_nothing_waits_behind_a_body_that_is_long_for_once),
        attention_test(test_a_backlog_does_not_wait_behind_a_long_body),
        attention_test(test_the_thread_of_a_suspended_body_is_used),
        attention_test(test_what_a_row_takes_on_its_way_does_not_wait_behind_a_long_body),
        attention_test(test_wake_ups_do_not_grow_with_the_workers),
    };
    return fake_run_tests(tests);
}
