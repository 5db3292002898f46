/* SPDX-License-Identifier: MIT
 *
 * A message between its two owners: every order of receiving, giving up and completing; what becomes of outputs that
 * nobody receives; and both sides racing. No worker takes part, the tests complete the messages themselves. */
#include "core/message.h"

#include "base/checks.h"
#include "core/fake_engine.h"

#include <sched.h>

static atomic_int inputs_disposed, outputs_disposed;
static atomic_int last_disposed;

static void dispose_input(void *input)
{
    atomic_store(&last_disposed, *(int *)input);
    atomic_fetch_add(&inputs_disposed, 1);
}

static void dispose_output(void *output)
{
    atomic_store(&last_disposed, *(int *)output);
    atomic_fetch_add(&outputs_disposed, 1);
}

static void never_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
    check(false);
}

static const jlt_task_type number_type = {
    .name = "number",
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .run = never_run,
    .dispose_input = dispose_input,
    .dispose_output = dispose_output,
};

static int reset_counts(void **unused)
{
    (void)unused;
    atomic_store(&inputs_disposed, 0);
    atomic_store(&outputs_disposed, 0);
    error_none();
    return 0;
}

static int nothing_is_left(void **unused)
{
    (void)unused;
    error_none();
    if (checks_enabled) {
        assert_int_equal(atomic_load(&live_counts.messages), 0);
        assert_int_equal(atomic_load(&live_counts.receivers), 0);
        assert_int_equal(atomic_load(&live_counts.errors), 0);
    }
    return 0;
}

static struct message *new_message(bool wanted)
{
    int input = 5;
    struct message *message = message_new(ITEM_ONCE, 0, type_of(&number_type), &input, wanted);
    assert_non_null(message);
    assert_int_equal(*(const int *)message_input(message), 5);
    assert_int_equal(*(int *)message_output(message), 0);
    return message;
}

static void complete(struct message *message, int output)
{
    *(int *)message_output(message) = output;
    message_complete(message, NULL);
}

static void complete_with_failure(struct message *message)
{
    message_complete(message, error_format(JLT_FAILED, "failed with %d", 7));
}

static void assert_disposed(int inputs, int outputs)
{
    assert_int_equal(atomic_load(&inputs_disposed), inputs);
    assert_int_equal(atomic_load(&outputs_disposed), outputs);
}

/* ---- receiving ---- */

static void test_a_reply_is_received_by_each_way_of_receiving(void **unused)
{
    (void)unused;
    const int64_t timeouts[] = {-1, 0, 1, 1000000000, INT64_MAX};
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        int output = 0;
        struct message *message = new_message(true);
        complete(message, 12);
        assert_true(message_is_done(message));
        assert_ok(message_receive(message, timeouts[i], &output));
        assert_int_equal(output, 12);
        assert_string_equal(jlt_error_message(), "");
    }
    assert_disposed(0, 0);
}

static void test_before_the_reply_a_receiver_stays_good(void **unused)
{
    (void)unused;
    int output = 1;
    struct message *message = new_message(true);
    assert_false(message_is_done(message));
    assert_status(message_receive(message, 0, &output), JLT_TIMEOUT);
    assert_status(message_receive(message, 1000, &output), JLT_TIMEOUT);
    assert_status(message_receive(message, 1000, &output), JLT_TIMEOUT);
    assert_true(strlen(jlt_error_message()) > 0);
    assert_int_equal(output, 1);
    complete(message, 3);
    assert_ok(message_receive(message, 1000, &output));
    assert_int_equal(output, 3);
}

static void test_a_failure_is_received_and_leaves_the_output_untouched(void **unused)
{
    (void)unused;
    int output = 1;
    struct message *message = new_message(true);
    complete_with_failure(message);
    assert_status(message_receive(message, -1, &output), JLT_FAILED);
    assert_string_equal(jlt_error_message(), "failed with 7");
    assert_int_equal(output, 1);
    assert_disposed(0, 0);
}

static void *complete_when_waited_for(void *data)
{
    struct message *message = data;
    await_true(atomic_load(&message->state) >= message_states); /* it is the receiver's parker */
    complete(message, 4);
    return NULL;
}

static void test_a_waiting_receiver_is_woken(void **unused)
{
    (void)unused;
    const int64_t timeouts[] = {-1, 60000000000, INT64_MAX};
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        int output;
        struct message *message = new_message(true);
        pthread_t thread = thread_start(complete_when_waited_for, message);
        assert_ok(message_receive(message, timeouts[i], &output));
        assert_int_equal(output, 4);
        thread_join(thread);
    }
}

static void test_a_borrowed_message_uses_its_callers_input(void **unused)
{
    (void)unused;
    int input = 5, output = 0;
    struct message *message = message_new_borrowing(ITEM_ONCE, 0, type_of(&number_type), &input);
    assert_ptr_equal(message_input(message), &input);
    pthread_t thread = thread_start(complete_when_waited_for, message);
    assert_ok(message_receive(message, -1, &output));
    assert_int_equal(output, 4);
    thread_join(thread);
}

static void test_inputs_and_outputs_are_aligned_and_apart(void **unused)
{
    (void)unused;
    const unsigned char bytes[200] = {0};
    for (size_t input_size = 0; input_size < sizeof bytes; input_size++) {
        for (size_t output_size = 1; output_size < sizeof bytes; output_size++) {
            const struct type type = {.fields = {.input_size = input_size, .output_size = output_size}};
            struct message *message = message_new(ITEM_RUN, 0, &type, bytes, true);
            uintptr_t input = (uintptr_t)message_input(message), output = (uintptr_t)message_output(message);
            uintptr_t alignment = 16;
            while (output_size <= 64 && output_size % alignment)
                alignment /= 2;
            assert_true(input % 16 == 0 && output % alignment == 0 && output >= input + input_size);
            assert_true(output + output_size <= (uintptr_t)message + message_size(ITEM_RUN, &type));
            message_discard(message);
        }
    }
}

/* ---- outputs and inputs that nobody gets ---- */

static void test_an_output_is_disposed_of_if_its_receiver_is_dropped_before(void **unused)
{
    (void)unused;
    struct message *message = new_message(true);
    message_drop(message);
    assert_disposed(0, 0);
    complete(message, 31);
    assert_disposed(0, 1);
    assert_int_equal(atomic_load(&last_disposed), 31);
}

static void test_an_output_is_disposed_of_if_its_receiver_is_dropped_after(void **unused)
{
    (void)unused;
    struct message *message = new_message(true);
    complete(message, 32);
    assert_disposed(0, 0);
    message_drop(message);
    assert_disposed(0, 1);
    assert_int_equal(atomic_load(&last_disposed), 32);
}

static void test_an_output_is_disposed_of_after_a_wait_was_given_up(void **unused)
{
    (void)unused;
    int output;
    struct message *message = new_message(true);
    assert_status(message_receive(message, 1000, &output), JLT_TIMEOUT);
    message_drop(message);
    complete(message, 33);
    assert_disposed(0, 1);
}

static void test_an_output_is_disposed_of_if_there_never_was_a_receiver(void **unused)
{
    (void)unused;
    complete(new_message(false), 34);
    assert_disposed(0, 1);
}

static void test_an_output_is_disposed_of_if_it_is_received_into_nothing(void **unused)
{
    (void)unused;
    struct message *message = new_message(true);
    complete(message, 35);
    assert_ok(message_receive(message, -1, NULL));
    assert_disposed(0, 1);
    assert_int_equal(atomic_load(&last_disposed), 35);
}

static void test_after_a_failure_there_is_no_output_to_dispose_of(void **unused)
{
    (void)unused;
    struct message *dropped_before = new_message(true), *dropped_after = new_message(true);
    struct message *into_nothing = new_message(true);
    message_drop(dropped_before);
    complete_with_failure(dropped_before);
    complete_with_failure(dropped_after);
    message_drop(dropped_after);
    complete_with_failure(into_nothing);
    assert_status(message_receive(into_nothing, -1, NULL), JLT_FAILED);
    complete_with_failure(new_message(false));
    assert_disposed(0, 0);
}

static void test_a_message_that_was_never_sent_keeps_its_input(void **unused)
{
    (void)unused;
    message_discard(new_message(true));
    message_discard(new_message(false));
    assert_disposed(0, 0);
}

static void test_a_refused_message_gives_its_input_back_once(void **unused)
{
    (void)unused;
    struct message *message = new_message(true);
    message_cancel(message);
    assert_disposed(1, 0);
    assert_int_equal(atomic_load(&last_disposed), 5);
    assert_status(message_receive(message, -1, NULL), JLT_CANCELLED);
    message_cancel(new_message(false));
    assert_disposed(2, 0);
}

/* ---- both sides at once ---- */

enum { races = 6000 };

/* One message after the other, each completed by one thread while the test's has it. */
static struct message *raced;
static atomic_int race_given, race_taken;

static void *complete_all(void *unused)
{
    unsigned seed = 7;
    (void)unused;
    for (int i = 1; i <= races; i++) {
        await_true(atomic_load(&race_given) == i);
        struct message *message = raced;
        atomic_store(&race_taken, i);
        for (unsigned pause = random_below(&seed, 300); pause; pause--)
            atomic_load(&race_given);
        if (i % 5 == 0)
            complete_with_failure(message);
        else
            complete(message, i);
    }
    return NULL;
}

static struct message *give_race(int i)
{
    struct message *message = raced = new_message(true);
    atomic_store(&race_given, i);
    await_true(atomic_load(&race_taken) == i);
    return message;
}

static pthread_t start_races(void)
{
    atomic_store(&race_given, 0);
    atomic_store(&race_taken, 0);
    return thread_start(complete_all, NULL);
}

/* Where the wait's own variables were, which nobody may write to any more. */
static __attribute__((noinline)) void check_stack_stays(void)
{
    volatile unsigned char stack[1024];
    for (size_t i = 0; i < sizeof stack; i++)
        stack[i] = 0x5a;
    sched_yield();
    for (size_t i = 0; i < sizeof stack; i++)
        check(stack[i] == 0x5a);
}

static void test_a_timeout_that_races_with_the_reply_loses_nothing(void **unused)
{
    (void)unused;
    unsigned seed = 3;
    pthread_t thread = start_races();
    for (int i = 1; i <= races; i++) {
        struct message *message = give_race(i);
        int output = 0;
        jlt_status status;
        do
            /* the shortest end between any two steps of the wait; who sleeps, sleeps longer than a reply takes */
            status = message_receive(message, random_below(&seed, i % 2 ? 100 : 3000), &output);
        while (status == JLT_TIMEOUT);
        check_stack_stays();
        assert_int_equal(status, i % 5 == 0 ? JLT_FAILED : JLT_OK);
        assert_int_equal(output, i % 5 == 0 ? 0 : i);
    }
    thread_join(thread);
    assert_disposed(0, 0);
}

static void test_a_drop_that_races_with_the_reply_disposes_once(void **unused)
{
    (void)unused;
    unsigned seed = 9;
    pthread_t thread = start_races();
    for (int i = 1; i <= races; i++) {
        struct message *message = give_race(i);
        for (unsigned pause = random_below(&seed, 300); pause; pause--)
            atomic_load(&race_given);
        message_drop(message);
    }
    thread_join(thread);
    assert_disposed(0, races - races / 5);
}

int main(void)
{
#define message_test(name) cmocka_unit_test_setup_teardown(name, reset_counts, nothing_is_left)
    const struct CMUnitTest tests[] = {
        message_test(test_a_reply_is_received_by_each_way_of_receiving),
        message_test(test_before_the_reply_a_receiver_stays_good),
        message_test(test_a_failure_is_received_and_leaves_the_output_untouched),
        message_test(test_a_waiting_receiver_is_woken),
        message_test(test_a_borrowed_message_uses_its_callers_input),
        message_test(test_inputs_and_outputs_are_aligned_and_apart),
        message_test(test_an_output_is_disposed_of_if_its_receiver_is_dropped_before),
        message_test(test_an_output_is_disposed_of_if_its_receiver_is_dropped_after),
        message_test(test_an_output_is_disposed_of_after_a_wait_was_given_up),
        message_test(test_an_output_is_disposed_of_if_there_never_was_a_receiver),
        message_test(test_an_output_is_disposed_of_if_it_is_received_into_nothing),
        message_test(test_after_a_failure_there_is_no_output_to_dispose_of),
        message_test(test_a_message_that_was_never_sent_keeps_its_input),
        message_test(test_a_refused_message_gives_its_input_back_once),
        message_test(test_a_timeout_that_races_with_the_reply_loses_nothing),
        message_test(test_a_drop_that_races_with_the_reply_disposes_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
