/* SPDX-License-Identifier: MIT
 *
 * Calls that are given up: by a deadline, a canceller, their receiver's user, or the end of the runtime's patience. */
#include "core/engine.h"
#include "core/fake_engine.h"
#include "core/limit.h"
#include "platform/platform.h"

#include <sched.h>

static struct runtime *runtime;
static atomic_uint begun, go_on, ended, saw;

static int start(void **unused)
{
    (void)unused;
    atomic_uint *events[] = {&begun, &go_on, &ended, &saw, &disposed_inputs, &disposed_outputs};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        atomic_store(events[i], 0);
    runtime = fake_start(1, 0);
    return 0;
}

static int finish(void **unused)
{
    (void)unused;
    fake_end(runtime);
    return 0;
}

/* Each body computes, without ever suspending, until the test lets it go on: input 0; or does nothing: input 1. */
static void work_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame;
    ++*(int *)state;
    *(int *)output = *(int *)state;
    if (*(const int *)input)
        return;
    struct message *message = current_fiber->message;
    event_raise(&begun);
    event_await(&go_on, 1);
    if (message_is_given_up(message))
        event_raise(&saw);
    event_raise(&ended);
}

static const jlt_persistent_type work_type = {
    .name = "work",
    .state_size = sizeof(int),
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .capacity = 2,
    .run = work_run,
    .dispose_input = count_disposed_input,
    .dispose_output = count_disposed_output,
};

static const int compute = 0, nothing = 1;

static struct call_options within(int64_t timeout_ns)
{
    return (struct call_options){.deadline = limit_deadline(timeout_ns)};
}

static const int64_t soon = 2000000, late = INT64_MAX;

/* A task whose body holds the only worker, and its receiver. */
static struct task *busy_task(struct message **first)
{
    struct task *task = spawn(runtime, &work_type, NULL);
    *first = call(task, &compute);
    event_await(&begun, 1);
    return task;
}

static void end_busy_task(struct task *task, struct message *first, int runs)
{
    int output = 0;
    event_raise(&go_on);
    assert_ok(message_receive(first, -1, NULL));
    assert_ok(runtime_invoke_task(task, &nothing, &output));
    assert_int_equal(output, runs);
    task_drop(task);
}

/* ---- not begun ---- */

static void test_what_is_late_before_it_has_begun_never_begins_and_leaves_its_place(void **unused)
{
    (void)unused;
    struct message *first, *second, *third;
    struct task *task = busy_task(&first);
    struct call_options options = within(soon);
    int output = 7;
    assert_ok(runtime_call_with(task, &nothing, &options, &second));
    assert_ok(runtime_call(task, &nothing, SEND_TRY, &third));
    assert_status(message_receive(second, -1, &output), JLT_DEADLINE_EXCEEDED); /* while the worker computes */
    assert_non_null(strstr(jlt_error_message(), "had not begun"));
    assert_int_equal(output, 7);
    assert_ok(runtime_call(task, &nothing, SEND_TRY, NULL)); /* in its place */
    assert_status(runtime_call(task, &nothing, SEND_TRY, NULL), JLT_FULL);
    event_raise(&go_on);
    assert_ok(message_receive(third, -1, &output));
    assert_int_equal(output, 2);
    end_busy_task(task, first, 4);
    assert_int_equal(atomic_load(&disposed_inputs), 1);
}

static void test_a_receiver_cancels_its_call(void **unused)
{
    (void)unused;
    struct message *first, *second;
    struct task *task = busy_task(&first);
    assert_ok(runtime_call(task, &nothing, SEND_TRY, &second));
    assert_true(message_give_up(second, MESSAGE_CANCELLED));
    assert_false(message_give_up(second, MESSAGE_CANCELLED));
    assert_true(message_is_done(second));
    assert_status(message_receive(second, 0, NULL), JLT_CANCELLED);
    assert_ok(runtime_call(task, &nothing, SEND_TRY, &second));
    assert_true(message_give_up(second, MESSAGE_CANCELLED));
    message_drop(second);
    end_busy_task(task, first, 2);
    assert_int_equal(atomic_load(&disposed_inputs), 2);
}

static void test_a_canceller_gives_up_all_that_carry_it_now_and_later(void **unused)
{
    (void)unused;
    struct message *first, *second, *third;
    struct task *task = busy_task(&first);
    struct canceller *canceller = canceller_new();
    struct call_options options = {.deadline = limit_never, .canceller = canceller};
    assert_ok(runtime_call_with(task, &nothing, &options, &second));
    assert_ok(runtime_call_with(task, &nothing, &options, NULL));
    canceller_cancel(canceller);
    assert_status(message_receive(second, 0, NULL), JLT_CANCELLED);
    options.deadline = limit_deadline(late);
    assert_ok(runtime_call_with(task, &nothing, &options, &third));
    assert_status(runtime_invoke_task_with(task, &nothing, &options, NULL), JLT_CANCELLED);
    canceller_cancel(canceller);
    canceller_drop(canceller);
    assert_status(message_receive(third, -1, NULL), JLT_CANCELLED);
    end_busy_task(task, first, 2);
}

static void test_a_wait_for_room_has_the_same_limits(void **unused)
{
    (void)unused;
    struct message *first, *receiver = NULL;
    struct task *task = busy_task(&first);
    struct canceller *canceller = canceller_new();
    struct call_options options = within(soon);
    assert_ok(runtime_call(task, &nothing, SEND_TRY, NULL));
    assert_ok(runtime_call(task, &nothing, SEND_TRY, NULL));
    assert_status(runtime_call_with(task, &nothing, &options, &receiver), JLT_DEADLINE_EXCEEDED);
    assert_null(receiver);
    assert_non_null(strstr(jlt_error_message(), "room"));
    options = (struct call_options){.deadline = limit_never, .canceller = canceller};
    canceller_cancel(canceller);
    assert_status(runtime_call_with(task, &nothing, &options, &receiver), JLT_CANCELLED);
    assert_null(receiver);
    options.dont_wait = true;
    assert_status(runtime_call_with(task, &nothing, &options, &receiver), JLT_FULL);
    canceller_drop(canceller);
    end_busy_task(task, first, 4);
    assert_int_equal(atomic_load(&disposed_inputs), 0); /* what was not sent is the caller's */
}

static const jlt_task_type once_type = {.name = "once"};

static void once_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
    event_raise(&ended);
}

static void test_starts_and_one_shots_are_given_up_too(void **unused)
{
    (void)unused;
    jlt_task_type type = once_type;
    type.run = once_run;
    struct message *first, *second, *third;
    struct task *task = busy_task(&first), *none = NULL;
    struct call_options options = within(soon);
    assert_ok(runtime_dispatch_with(runtime, type_of(&work_type), NULL, &options, &second));
    assert_ok(runtime_dispatch_with(runtime, type_of((const jlt_task_type *)&type), NULL, &options, &third));
    assert_status(message_receive(second, -1, &none), JLT_DEADLINE_EXCEEDED);
    assert_null(none);
    assert_status(message_receive(third, -1, NULL), JLT_DEADLINE_EXCEEDED);
    end_busy_task(task, first, 2);
    assert_int_equal(atomic_load(&ended), 1); /* the busy one */
}

/* ---- begun ---- */

struct invoker {
    struct task *task;
    struct call_options options;
};

static void *invoke_with(void *data)
{
    struct invoker *self = data;
    int output = 7;
    check_status(runtime_invoke_task_with(self->task, &compute, &self->options, &output), JLT_CANCELLED);
    check(strstr(jlt_error_message(), "its body had begun"));
    check(output == 7);
    return NULL;
}

static void test_the_caller_of_a_body_that_computes_is_answered_at_once(void **unused)
{
    (void)unused;
    struct invoker invoker = {spawn(runtime, &work_type, NULL),
                              {.deadline = limit_never, .canceller = canceller_new()}};
    int output = 7;
    pthread_t thread = thread_start(invoke_with, &invoker);
    event_await(&begun, 1);
    canceller_cancel(invoker.options.canceller);
    thread_join(thread);
    event_raise(&go_on);
    assert_ok(runtime_invoke_task(invoker.task, &nothing, &output));
    assert_int_equal(output, 2);
    assert_int_equal(atomic_load(&saw), 1);
    assert_int_equal(atomic_load(&disposed_outputs), 1);
    canceller_drop(invoker.options.canceller);
    task_drop(invoker.task);
}

static void test_a_reply_that_came_first_is_kept(void **unused)
{
    (void)unused;
    struct task *task = spawn(runtime, &work_type, NULL);
    struct canceller *canceller = canceller_new();
    struct call_options options = {.deadline = limit_deadline(late), .canceller = canceller};
    struct message *receiver;
    int output = 0;
    assert_ok(runtime_call_with(task, &nothing, &options, &receiver));
    await_true(message_is_done(receiver));
    canceller_cancel(canceller);
    assert_false(message_give_up(receiver, MESSAGE_CANCELLED));
    assert_ok(message_receive(receiver, -1, &output));
    assert_int_equal(output, 1);
    canceller_drop(canceller);
    task_drop(task);
}

static void test_a_dropped_receiver_gives_up_where_the_type_says_so(void **unused)
{
    (void)unused;
    jlt_persistent_type type = work_type;
    type.skip_if_dropped = true;
    struct task *task = spawn(runtime, (const jlt_persistent_type *)&type, NULL);
    struct message *first = call(task, &compute), *second = call(task, &nothing);
    event_await(&begun, 1);
    assert_ok(runtime_call(task, &nothing, SEND_TRY, NULL)); /* has no receiver, and is not skipped */
    message_drop(second);
    message_drop(first);
    int output = 0;
    event_raise(&go_on);
    assert_ok(runtime_invoke_task(task, &nothing, &output));
    assert_int_equal(output, 3);
    assert_int_equal(atomic_load(&saw), 1);
    task_drop(task);
}

/* A body that waits in jltask for what never comes. */
static struct message *awaited;
static jlt_status awaited_status;

static void await_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
    event_raise(&begun);
    awaited_status = message_receive(awaited, -1, NULL);
    event_raise(&ended);
}

static void sleep_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
    fake_wait(&go_on, 1);
}

static void test_a_body_that_waits_is_told_to_stop_and_gives_up_what_it_waits_for(void **unused)
{
    (void)unused;
    static const jlt_task_type await_type = {.name = "await", .run = await_run};
    static const jlt_task_type sleep_type = {.name = "sleep", .run = sleep_run};
    awaited = dispatch(runtime, &sleep_type, NULL);
    struct message *receiver = dispatch(runtime, &await_type, NULL);
    event_await(&begun, 1);
    assert_true(message_give_up(receiver, MESSAGE_CANCELLED));
    assert_status(message_receive(receiver, -1, NULL), JLT_CANCELLED);
    event_await(&ended, 1);
    assert_int_equal(awaited_status, JLT_CANCELLED);
    event_raise(&go_on);
}

/* It is in a wait that cannot be ended, then in one that can. */
static atomic_uint told;

static bool is_told(void)
{
    event_raise(&told);
    if (atomic_load(&told) < 3)
        return false;
    event_raise(&go_on);
    return true;
}

static void deaf_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
    event_raise(&begun);
    fake_wait(&go_on, 1);
    event_raise(&ended);
}

static void test_a_body_that_cannot_be_told_to_stop_is_told_later(void **unused)
{
    (void)unused;
    static const jlt_task_type deaf_type = {.name = "deaf", .run = deaf_run};
    for (int i = 0; i < 2; i++) {
        atomic_uint *events[] = {&begun, &go_on, &ended, &told};
        for (size_t j = 0; j < sizeof events / sizeof *events; j++)
            atomic_store(events[j], 0);
        fake_interrupt = is_told;
        struct message *receiver = dispatch(runtime, &deaf_type, NULL);
        event_await(&begun, 1);
        assert_true(message_give_up(receiver, MESSAGE_CANCELLED));
        assert_status(message_receive(receiver, -1, NULL), JLT_CANCELLED);
        event_await(&ended, 1);
        assert_int_equal(atomic_load(&told), 3);
    }
    fake_interrupt = NULL;
}

/* ---- the end of patience ---- */

static void *invoke_compute(void *task)
{
    check_status(runtime_invoke_task(task, &compute, &(int){0}), JLT_CANCELLED);
    return NULL;
}

static void *invoke_nothing(void *task)
{
    check_status(runtime_invoke_task(task, &nothing, &(int){0}), JLT_CANCELLED);
    return NULL;
}

static void test_a_close_with_a_limit_answers_everybody(void **unused)
{
    (void)unused;
    char names[64];
    struct task *task = spawn(runtime, &work_type, NULL);
    pthread_t running = thread_start(invoke_compute, task);
    event_await(&begun, 1);
    pthread_t waiting = thread_start(invoke_nothing, task);
    struct message *kept = call(task, &nothing);
    await_true(atomic_load(&task->gate->used) == 2);
    assert_int_equal(runtime_running(runtime, names, sizeof names), 1);
    assert_string_equal(names, "\"work\" (1)");
    assert_ok(runtime_close_within(runtime, soon));
    thread_join(running);
    thread_join(waiting);
    assert_status(message_receive(kept, -1, NULL), JLT_CANCELLED);
    assert_false(fake_is_finished(runtime)); /* the body computes */
    event_raise(&go_on);
    fake_await_finished(runtime);
    assert_int_equal(runtime_running(runtime, names, sizeof names), 0);
    assert_int_equal(atomic_load(&saw), 1);
    task_drop(task);
}

static void never_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state, (void)input, (void)output;
    check(false);
}

/* A large input is the caller's own: what it owns is disposed of while it is there. */
enum { large = 1000 };
static atomic_bool caller_left;

static void dispose_large(void *input)
{
    check(!atomic_load(&caller_left) && ((char *)input)[large - 1] == 7);
    atomic_fetch_add(&disposed_inputs, 1);
}

static void *invoke_large(void *task)
{
    char *input = calloc(1, large);
    check(input);
    input[large - 1] = 7;
    check_status(runtime_invoke_task(task, input, NULL), JLT_CANCELLED);
    atomic_store(&caller_left, true);
    free(input);
    return NULL;
}

static void test_an_input_of_the_callers_is_disposed_of_before_it_leaves(void **unused)
{
    (void)unused;
    static const jlt_persistent_type large_type = {
        .name = "large",
        .input_size = large,
        .run = never_run,
        .dispose_input = dispose_large,
        .capacity = 4,
    };
    atomic_store(&caller_left, false);
    struct task *task = spawn(runtime, &work_type, NULL), *other = spawn(runtime, &large_type, NULL);
    struct message *running = call(task, &compute);
    event_await(&begun, 1);
    pthread_t waiting = thread_start(invoke_large, other);
    await_true(atomic_load(&other->gate->used) == 1);
    runtime_give_up(runtime);
    thread_join(waiting);
    assert_int_equal(atomic_load(&disposed_inputs), 1);
    event_raise(&go_on);
    message_drop(running);
    fake_await_finished(runtime);
    assert_int_equal(atomic_load(&disposed_inputs), 1);
    task_drop(task);
    task_drop(other);
}

enum { succeeds, fails };

static void end_late(jlt_frame *frame, const void *input, void *output)
{
    event_raise(&begun);
    fake_wait(&go_on, 1);
    if (*(const int *)input == fails)
        fake_fail(frame, JLT_EXCEPTION, "told to stop");
    *(int *)output = 7;
    event_raise(&ended);
}

static const jlt_task_type late_type = {.name = "late",
                                        .input_size = sizeof(int),
                                        .output_size = sizeof(int),
                                        .run = end_late,
                                        .dispose_input = count_disposed_input,
                                        .dispose_output = count_disposed_output};

static void *invoke_late_large(void *unused)
{
    static const jlt_task_type late_large_type = {.name = "late",
                                                  .input_size = large,
                                                  .output_size = sizeof(int),
                                                  .run = end_late,
                                                  .dispose_input = count_disposed_input,
                                                  .dispose_output = count_disposed_output};
    static const int input[large / sizeof(int)] = {succeeds};
    int output = 0;
    (void)unused;
    check_status(runtime_invoke(runtime, type_of(&late_large_type), input, &output), JLT_CANCELLED);
    check(output == 0);
    return NULL;
}

/* Nor is one who waits, but could not be answered (M5). */
static void test_who_comes_when_a_body_has_ended_late_is_not_told_what_it_said(void **unused)
{
    (void)unused;
    pthread_t waiting = thread_start(invoke_late_large, NULL);
    struct message *value = dispatch(runtime, &late_type, &(int){succeeds});
    struct message *failure = dispatch(runtime, &late_type, &(int){fails});
    int output = 0;
    event_await(&begun, 3);
    runtime_give_up(runtime);
    event_raise(&go_on);
    fake_await_finished(runtime);
    thread_join(waiting);
    assert_int_equal(atomic_load(&ended), 3);
    assert_status(message_receive(failure, -1, &output), JLT_CANCELLED);
    assert_status(message_receive(value, 0, &output), JLT_CANCELLED);
    assert_non_null(strstr(jlt_error_message(), "its body had begun"));
    assert_int_equal(output, 0);
    assert_int_equal(atomic_load(&disposed_outputs), 2);
    assert_int_equal(atomic_load(&disposed_inputs), 0); /* a body that begins owns it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_late_before_it_has_begun_never_begins_and_leaves_its_place, start,
                                        finish),
        cmocka_unit_test_setup_teardown(test_a_receiver_cancels_its_call, start, finish),
        cmocka_unit_test_setup_teardown(test_a_canceller_gives_up_all_that_carry_it_now_and_later, start, finish),
        cmocka_unit_test_setup_teardown(test_a_wait_for_room_has_the_same_limits, start, finish),
        cmocka_unit_test_setup_teardown(test_starts_and_one_shots_are_given_up_too, start, finish),
        cmocka_unit_test_setup_teardown(test_the_caller_of_a_body_that_computes_is_answered_at_once, start, finish),
        cmocka_unit_test_setup_teardown(test_a_reply_that_came_first_is_kept, start, finish),
        cmocka_unit_test_setup_teardown(test_a_dropped_receiver_gives_up_where_the_type_says_so, start, finish),
        cmocka_unit_test_setup_teardown(test_a_body_that_waits_is_told_to_stop_and_gives_up_what_it_waits_for, start,
                                        finish),
        cmocka_unit_test_setup_teardown(test_a_body_that_cannot_be_told_to_stop_is_told_later, start, finish),
        cmocka_unit_test_setup_teardown(test_a_close_with_a_limit_answers_everybody, start, finish),
        cmocka_unit_test_setup_teardown(test_who_comes_when_a_body_has_ended_late_is_not_told_what_it_said, start,
                                        finish),
        cmocka_unit_test_setup_teardown(test_an_input_of_the_callers_is_disposed_of_before_it_leaves, start, finish),
    };
    return fake_run_tests(tests);
}
