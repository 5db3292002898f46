/* SPDX-License-Identifier: MIT
 *
 * Calls that are given up while their bodies are in Julia: what Julia code sees of it, and which waits end. */
#include "julia/fixture.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static atomic_int begun, noticed;
static atomic_bool let_go;

static int start_threads(void **unused)
{
    (void)unused;
    assert_ok(jlt_runtime_spawn(&(jlt_options){.threads = 2}, &runtime, &thread));
    return 0;
}

static void await_begun(int number)
{
    while (atomic_load(&begun) < number)
        sched_yield();
}

/* ---- Julia code ---- */

static void evaluate_run(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    jlt_value *code = jlt_eval(frame, *(const char *const *)input); /* compiled before it counts as begun */
    atomic_fetch_add(&begun, 1);
    jlt_call(frame, code);
    if (!jlt_ok(frame))
        atomic_fetch_add(&noticed, 1);
}

static const jlt_task_type evaluate_type = {.input_size = sizeof(char *), .run = evaluate_run};

/* Runs a function until its call is cancelled, from another thread than Julia's. */
static void cancel_while(const char *code, int at_least)
{
    int before = atomic_load(&noticed);
    jlt_receiver *receiver;
    atomic_store(&begun, 0);
    assert_ok(jlt_task_dispatch(runtime, &evaluate_type, &code, &receiver));
    await_begun(1);
    assert_status(jlt_receiver_try_recv(receiver, NULL), JLT_PENDING);
    assert_ok(jlt_receiver_cancel(receiver));
    assert_status(jlt_receiver_recv(receiver, NULL), JLT_CANCELLED);
    while (atomic_load(&noticed) < before + at_least)
        sched_yield();
}

static void test_a_sleep_ends(void **unused)
{
    (void)unused;
    for (int i = 0; i < (test_is_stress() ? 2 : 20); i++)
        cancel_while("() -> sleep(1000)", 1);
}

/* Whose calls are cancelled while they are in a wait that may not be ended, or about to go on. */
static void test_a_sleep_after_a_wait_that_cannot_be_ended_ends(void **unused)
{
    (void)unused;
    for (int i = 0; i < (test_is_stress() ? 2 : 10); i++) {
        cancel_while("() -> (wait(Threads.@spawn sleep(0.02)); sleep(1000))", 1);
        cancel_while("() -> (lock(ReentrantLock()) do; wait(@async sleep(0.02)); end; sleep(1000))", 1);
        cancel_while("() -> (for i in 1:10000; yield(); end; sleep(1000))", 1);
    }
}

static void test_a_wait_for_the_event_loop_ends(void **unused)
{
    (void)unused;
    cancel_while("() -> wait(Timer(1000))", 1);
}

static void test_julia_code_sees_it(void **unused)
{
    (void)unused;
    cancel_while("() -> begin\n"
                 "    while !JLTask.cancelled()\n"
                 "        GC.safepoint()\n"
                 "    end\n"
                 "    error(\"seen\")\n"
                 "end",
                 1);
}

static void test_the_exception_can_be_caught_and_the_body_goes_on(void **unused)
{
    (void)unused;
    int before = atomic_load(&noticed);
    cancel_while("() -> begin\n"
                 "    caught = try sleep(1000); false catch e; e isa JLTask.Cancelled end\n"
                 "    sleep(0.01)\n"
                 "    caught && JLTask.cancelled() && error(\"as it should be\")\n"
                 "end",
                 1);
    assert_int_equal(atomic_load(&noticed), before + 1);
}

/* ---- waits in jltask ---- */

static void hold_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    atomic_fetch_add(&begun, 1);
    while (!atomic_load(&let_go) && !jlt_cancelled(frame)) {
        jlt_frame *scope = jlt_scope_open(frame);
        jlt_call(scope, jlt_global(scope, "Base.yield"));
        jlt_scope_close(scope);
    }
}

static const jlt_task_type hold_type = {.name = "hold", .run = hold_run};

static void invoke_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input;
    *(int *)output = (int)jlt_task_invoke(runtime, &hold_type, NULL, NULL);
    if (*(int *)output == JLT_CANCELLED)
        atomic_fetch_add(&noticed, 1);
}

static void test_a_wait_for_another_task_ends_and_that_is_given_up_too(void **unused)
{
    (void)unused;
    static const jlt_task_type type = {.name = "invoke", .output_size = sizeof(int), .run = invoke_run};
    int before = atomic_load(&noticed);
    jlt_receiver *receiver;
    atomic_store(&begun, 0);
    atomic_store(&let_go, false);
    assert_ok(jlt_task_dispatch(runtime, &type, NULL, &receiver));
    await_begun(1);
    assert_ok(jlt_receiver_cancel(receiver));
    assert_status(jlt_receiver_recv(receiver, &(int){0}), JLT_CANCELLED);
    while (atomic_load(&noticed) == before)
        sched_yield();
    assert_ok(jlt_task_invoke(runtime, &evaluate_type, &(const char *){"() -> 1"}, NULL)); /* it is not held up */
}

/* ---- deadlines ---- */

static void test_a_deadline_does_not_wait_for_julia(void **unused)
{
    (void)unused;
    const jlt_call_options soon = {.timeout_ns = 20 * 1000 * 1000};
    jlt_receiver *held[4];
    atomic_store(&begun, 0);
    atomic_store(&let_go, false);
    for (int i = 0; i < 4; i++)
        assert_ok(jlt_task_dispatch(runtime, &hold_type, NULL, &held[i]));
    await_begun(2);
    const char *code = "() -> 1";
    assert_status(jlt_task_invoke_with(runtime, &hold_type, NULL, &soon, NULL), JLT_DEADLINE_EXCEEDED);
    assert_non_null(strstr(jlt_error_message(), "\"hold\": the deadline has passed"));
    atomic_store(&let_go, true);
    for (int i = 0; i < 4; i++)
        assert_ok(jlt_receiver_recv(held[i], NULL));
    assert_ok(jlt_task_invoke_with(runtime, &evaluate_type, &code, NULL, NULL));
    assert_ok(jlt_task_invoke_with(runtime, &evaluate_type, &code, &(jlt_call_options){.timeout_ns = INT64_MAX}, NULL));
}

static void test_options_that_are_not_known_are_refused(void **unused)
{
    (void)unused;
    struct {
        jlt_call_options known;
        int more;
    } options = {.more = 1};
    assert_status(jlt_task_invoke_with_sized(runtime, &hold_type, sizeof hold_type, NULL, &options.known,
                                             sizeof options, NULL),
                  JLT_INVALID_ARGUMENT);
    assert_status(jlt_receiver_cancel(NULL), JLT_INVALID_ARGUMENT);
    assert_status(jlt_canceller_new(NULL), JLT_INVALID_ARGUMENT);
    assert_status(jlt_canceller_cancel(NULL), JLT_INVALID_ARGUMENT);
    jlt_canceller_drop(NULL);
    assert_false(jlt_cancelled(NULL));
}

/* ---- the end, last ---- */

static void *invoke_hold(void *status)
{
    *(jlt_status *)status = jlt_task_invoke(runtime, &evaluate_type, &(const char *){"() -> sleep(1000)"}, NULL);
    return NULL;
}

static void stubborn_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    atomic_fetch_add(&begun, 1);
    jlt_value *safepoint = jlt_global(frame, "Base.GC.safepoint");
    while (!atomic_load(&let_go)) {
        jlt_frame *scope = jlt_scope_open(frame);
        jlt_call(scope, safepoint);
        jlt_scope_close(scope);
    }
}

static void test_a_close_with_a_limit_ends_what_can_be_ended_and_names_the_rest(void **unused)
{
    (void)unused;
    static const jlt_task_type stubborn_type = {.name = "stubborn", .run = stubborn_run};
    jlt_status status = JLT_OK;
    const char *sleeps = "() -> sleep(3600)", *fails = "() -> try sleep(3600) catch; error(\"stopped\") end";
    jlt_receiver *receiver, *sleeping, *failing;
    pthread_t invoker;
    atomic_store(&begun, 0);
    atomic_store(&let_go, false);
    assert_ok(jlt_task_dispatch(runtime, &stubborn_type, NULL, &receiver));
    assert_int_equal(pthread_create(&invoker, NULL, invoke_hold, &status), 0);
    assert_ok(jlt_task_dispatch(runtime, &evaluate_type, &sleeps, &sleeping));
    assert_ok(jlt_task_dispatch(runtime, &evaluate_type, &fails, &failing));
    await_begun(4);
    assert_ok(jlt_runtime_close_within(runtime, 1000000));
    pthread_join(invoker, NULL);
    assert_int_equal(status, JLT_CANCELLED);
    assert_status(jlt_receiver_recv(receiver, NULL), JLT_CANCELLED);
    assert_status(jlt_thread_join_within(thread, 1000000), JLT_TIMEOUT);
    while (strstr(jlt_error_message(), "\"task\"")) /* it may not have been told yet */
        assert_status(jlt_thread_join_within(thread, 1000000), JLT_TIMEOUT);
    assert_non_null(strstr(jlt_error_message(), "still running: \"stubborn\" (1)"));
    atomic_store(&let_go, true);
    jlt_runtime_drop(runtime);
    assert_ok(jlt_thread_join_within(thread, -1));
    assert_status(jlt_thread_join_within(thread, 0), JLT_INVALID_ARGUMENT);
    assert_status(jlt_receiver_recv(sleeping, NULL), JLT_CANCELLED); /* not what its body has ended with */
    assert_status(jlt_receiver_recv(failing, NULL), JLT_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sleep_ends),
        cmocka_unit_test(test_a_sleep_after_a_wait_that_cannot_be_ended_ends),
        cmocka_unit_test(test_a_wait_for_the_event_loop_ends),
        cmocka_unit_test(test_julia_code_sees_it),
        cmocka_unit_test(test_the_exception_can_be_caught_and_the_body_goes_on),
        cmocka_unit_test(test_a_wait_for_another_task_ends_and_that_is_given_up_too),
        cmocka_unit_test(test_a_deadline_does_not_wait_for_julia),
        cmocka_unit_test(test_options_that_are_not_known_are_refused),
        cmocka_unit_test(test_a_close_with_a_limit_ends_what_can_be_ended_and_names_the_rest),
    };
    return cmocka_run_group_tests(tests, start_threads, NULL);
}
