/* SPDX-License-Identifier: MIT
 *
 * options.fibers_at_most, messages_at_most and bytes_at_most: a runtime at its limits still answers. */
#include "julia/fixture.h"

#include <pthread.h>
#include <stdatomic.h>

enum { fibers = 4, messages = 6, bytes = 4 * 64 };

static atomic_int inside, most_inside;

struct code {
    char text[64];
};

static void evaluate_run(jlt_frame *frame, const void *input, void *output)
{
    const struct code *code = input;
    (void)output;
    int now = atomic_fetch_add(&inside, 1) + 1, most = atomic_load(&most_inside);
    while (now > most && !atomic_compare_exchange_weak(&most_inside, &most, now)) {
    }
    jlt_eval(frame, code->text);
    atomic_fetch_sub(&inside, 1);
}

static const jlt_task_type evaluate_type = {.name = "evaluate", .input_size = sizeof(struct code), .run = evaluate_run};
static const struct code naps = {"sleep(0.01)"}, sleeps = {"sleep(1000)"}, nothing = {"nothing"};

static void test_bodies_beyond_the_fibers_wait_for_one(void **unused)
{
    (void)unused;
    enum { many = 40 };
    jlt_receiver *receivers[many];
    for (int i = 0; i < many; i++) /* waits for room, too */
        assert_ok(jlt_task_dispatch(runtime, &evaluate_type, &naps, &receivers[i]));
    for (int i = 0; i < many; i++)
        assert_ok(jlt_receiver_recv(receivers[i], NULL));
    assert_true(atomic_load(&most_inside) <= fibers);
    assert_true(atomic_load(&most_inside) > 1);
}

/* All fibers are in bodies that sleep: what is sent meets its limits, and the bodies can be told to stop. */
static void test_with_all_fibers_in_use_calls_are_answered(void **unused)
{
    (void)unused;
    jlt_receiver *asleep[fibers], *waiting[messages], *refused = NULL;
    for (int i = 0; i < fibers; i++)
        assert_ok(jlt_task_dispatch(runtime, &evaluate_type, &sleeps, &asleep[i]));
    while (atomic_load(&inside) < fibers) {
    }
    const jlt_call_options soon = {.timeout_ns = 1000000};
    assert_status(jlt_task_invoke_with(runtime, &evaluate_type, &nothing, &soon, NULL), JLT_DEADLINE_EXCEEDED);
    for (int i = 0; i < bytes / (int)sizeof(struct code); i++)
        assert_ok(jlt_task_try_dispatch(runtime, &evaluate_type, &nothing, &waiting[i]));
    assert_status(jlt_task_try_dispatch(runtime, &evaluate_type, &nothing, &refused), JLT_FULL);
    assert_status(jlt_task_dispatch_with(runtime, &evaluate_type, &nothing, &soon, &refused), JLT_DEADLINE_EXCEEDED);
    assert_ok(jlt_receiver_cancel(waiting[0]));
    assert_ok(jlt_task_try_dispatch(runtime, &evaluate_type, &nothing, &refused)); /* its place is free */
    assert_status(jlt_receiver_recv(waiting[0], NULL), JLT_CANCELLED);
    waiting[0] = refused;
    for (int i = 0; i < fibers; i++) {
        assert_ok(jlt_receiver_cancel(asleep[i]));
        assert_status(jlt_receiver_recv(asleep[i], NULL), JLT_CANCELLED);
    }
    for (int i = 0; i < bytes / (int)sizeof(struct code); i++)
        assert_ok(jlt_receiver_recv(waiting[i], NULL));
}

static void test_an_input_that_can_never_wait_is_refused(void **unused)
{
    (void)unused;
    static const char large[bytes + 1];
    static const jlt_task_type type = {.name = "large", .input_size = sizeof large, .run = evaluate_run};
    assert_status(jlt_task_dispatch(runtime, &type, large, NULL), JLT_INVALID_ARGUMENT);
    assert_contains(jlt_error_message(), "bytes_at_most");
}

/* Bodies go past the limit of messages; a chain of them is as long as the fibers allow, and its last says so. */
static void chain_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    jlt_persistent *const *next = input;
    (void)state;
    int *length = output;
    if (!*next)
        return;
    jlt_status status = jlt_persistent_invoke(*next, next + 1, length);
    if (status == JLT_WOULD_DEADLOCK && strstr(jlt_error_message(), "fibers_at_most"))
        *length = 100;
    else if (status != JLT_OK)
        jlt_fail(frame, "%s", jlt_error_message());
    ++*length;
}

enum { links = fibers + 1 };

static const jlt_persistent_type chain_type = {
    .name = "chain", .input_size = links * sizeof(jlt_persistent *), .output_size = sizeof(int), .run = chain_run};

static void test_a_chain_longer_than_the_fibers_is_refused(void **unused)
{
    (void)unused;
    jlt_persistent *tasks[2 * links + 1] = {NULL};
    int length = 0;
    for (int i = 0; i < links; i++)
        assert_ok(jlt_persistent_spawn(runtime, &chain_type, NULL, &tasks[i]));
    assert_ok(jlt_persistent_invoke(tasks[0], &tasks[1], &length));
    assert_int_equal(length, 100 + fibers);
    for (int i = 0; i < links; i++)
        jlt_persistent_drop(tasks[i]);
}

static int start_limited(void **unused)
{
    (void)unused;
    jlt_options options = {.threads = 2, .fibers_at_most = 24001};
    assert_status(jlt_runtime_spawn(&options, &runtime, &thread), JLT_INVALID_ARGUMENT);
    assert_contains(jlt_error_message(), "fibers_at_most");
    options =
        (jlt_options){.threads = 2, .fibers_at_most = fibers, .messages_at_most = messages, .bytes_at_most = bytes};
    assert_ok(jlt_runtime_spawn(&options, &runtime, &thread));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies_beyond_the_fibers_wait_for_one),
        cmocka_unit_test(test_with_all_fibers_in_use_calls_are_answered),
        cmocka_unit_test(test_an_input_that_can_never_wait_is_refused),
        cmocka_unit_test(test_a_chain_longer_than_the_fibers_is_refused),
    };
    return cmocka_run_group_tests_name("quota", tests, start_limited, stop_runtime);
}
