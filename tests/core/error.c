/* SPDX-License-Identifier: MIT
 *
 * Errors as data, and the one that each thread keeps. */
#include "base/error.h"

#include "base/checks.h"
#include "core/fake_engine.h"

static void assert_errors_alive(int count)
{
    if (checks_enabled)
        assert_int_equal(atomic_load(&live_counts.errors), count);
}

static int no_error(void **unused)
{
    (void)unused;
    error_none();
    assert_errors_alive(0);
    return 0;
}

#define TEXT(literal) ((struct text){literal, sizeof(literal) - 1})

static void test_an_error_copies_its_texts(void **unused)
{
    (void)unused;
    char message[] = "the message";
    struct error *error = error_new(JLT_EXCEPTION, (struct text){message, strlen(message)}, TEXT("DomainError"),
                                    TEXT(" [1] sqrt\n [2] main\n"));
    message[0] = 'X';
    assert_errors_alive(1);
    assert_int_equal(error->status, JLT_EXCEPTION);
    assert_string_equal(error->message, "the message");
    assert_string_equal(error->type, "DomainError");
    assert_string_equal(error->backtrace, " [1] sqrt\n [2] main\n");
    error_free(error);
    assert_errors_alive(0);
}

static void test_texts_may_be_parts_and_may_be_missing(void **unused)
{
    (void)unused;
    struct error *error = error_new(JLT_FAILED, (struct text){"part of it", 4}, (struct text){0}, TEXT("trace"));
    assert_string_equal(error->message, "part");
    assert_string_equal(error->type, "");
    assert_string_equal(error->backtrace, "trace");
    error_free(error);
}

static void test_constant_errors_say_what_the_header_says(void **unused)
{
    (void)unused;
#define ASSERT_CONSTANT(name, text)                                                                                    \
    assert_int_equal(error_constant(JLT_##name)->status, JLT_##name);                                                  \
    assert_string_equal(error_constant(JLT_##name)->message, text);                                                    \
    assert_string_equal(jlt_status_name(JLT_##name), "JLT_" #name);                                                    \
    error_free(error_constant(JLT_##name));
    JLT_STATUS_MAP(ASSERT_CONSTANT)
    assert_string_equal(jlt_status_name((jlt_status)1000), "JLT_UNKNOWN");
    error_free(NULL);
    assert_errors_alive(0);
}

/* On both sides of the buffer that short messages are formatted in. */
static void test_messages_of_any_length_are_formatted(void **unused)
{
    (void)unused;
    static const int lengths[] = {0, 1, 510, 511, 512, 513, 5000, 100000};
    static char expected[100001];
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        memset(expected, 'x', sizeof expected);
        expected[lengths[i]] = '\0';
        struct error *error = error_format(JLT_FAILED, "%s", expected);
        assert_int_equal(error->status, JLT_FAILED);
        assert_string_equal(error->message, expected);
        error_free(error);
        assert_int_equal(error_fail(JLT_FAILED, "%d: %s", 42, expected), JLT_FAILED);
        assert_memory_equal(jlt_error_message(), "42: ", 4);
        assert_string_equal(jlt_error_message() + 4, expected);
    }
}

static void test_a_thread_keeps_the_error_of_its_last_call(void **unused)
{
    (void)unused;
    assert_null(error_last());
    assert_string_equal(jlt_error_message(), "");
    assert_string_equal(jlt_error_type(), "");
    assert_string_equal(jlt_error_backtrace(), "");
    assert_int_equal(error_report(error_new(JLT_EXCEPTION, TEXT("a"), TEXT("b"), TEXT("c"))), JLT_EXCEPTION);
    assert_string_equal(jlt_error_message(), "a");
    assert_string_equal(jlt_error_type(), "b");
    assert_string_equal(jlt_error_backtrace(), "c");
    assert_int_equal(error_fail(JLT_NOT_FOUND, "second"), JLT_NOT_FOUND);
    assert_errors_alive(1); /* the first is gone */
    assert_string_equal(jlt_error_message(), "second");
    assert_string_equal(jlt_error_type(), "");
    assert_int_equal(error_report(error_constant(JLT_CLOSED)), JLT_CLOSED);
    assert_errors_alive(0);
    assert_int_equal(error_last()->status, JLT_CLOSED);
}

static void test_a_success_clears_it(void **unused)
{
    (void)unused;
    error_fail(JLT_FAILED, "something");
    assert_int_equal(error_none(), JLT_OK);
    assert_null(error_last());
    assert_string_equal(jlt_error_message(), "");
    assert_errors_alive(0);
    error_report(error_constant(JLT_FULL));
    assert_int_equal(error_report(NULL), JLT_OK);
    assert_null(error_last());
}

static void test_reporting_the_same_error_again_keeps_it(void **unused)
{
    (void)unused;
    struct error *error = error_format(JLT_FAILED, "again");
    error_report(error);
    error_report(error);
    assert_errors_alive(1);
    assert_string_equal(jlt_error_message(), "again");
}

static void test_it_can_be_taken_off_for_a_while(void **unused)
{
    (void)unused;
    error_fail(JLT_FAILED, "mine");
    struct error *mine = error_detach();
    assert_null(error_last());
    error_fail(JLT_NOT_FOUND, "another's");
    error_attach(mine);
    assert_errors_alive(1);
    assert_string_equal(jlt_error_message(), "mine");
    error_none();
    assert_null(error_detach());
    error_fail(JLT_NOT_FOUND, "another's");
    error_attach(NULL);
    assert_null(error_last());
    error_report(error_constant(JLT_FULL));
    mine = error_detach();
    error_none();
    error_attach(mine);
    assert_int_equal(error_last()->status, JLT_FULL);
}

/* ---- threads ---- */

static atomic_uint failed, looked;

static void *fail_and_end(void *data)
{
    check(!error_last());
    error_fail(JLT_FAILED, "of another thread");
    if (data)
        error_report(error_constant(JLT_CLOSED)); /* nothing to free at the end */
    event_raise(&failed);
    event_await(&looked, 1);
    check(data || !strcmp(jlt_error_message(), "of another thread"));
    return NULL;
}

static void test_each_thread_has_its_own_and_its_end_frees_it(void **unused)
{
    (void)unused;
    pthread_t threads[8];
    error_fail(JLT_NOT_FOUND, "of this thread");
    for (int i = 0; i < 8; i++)
        threads[i] = thread_start(fail_and_end, i % 2 ? "constant" : NULL);
    event_await(&failed, 8);
    assert_errors_alive(1 + 4);
    assert_string_equal(jlt_error_message(), "of this thread");
    event_raise(&looked);
    for (int i = 0; i < 8; i++)
        thread_join(threads[i]);
    assert_errors_alive(1);
    assert_string_equal(jlt_error_message(), "of this thread");
}

int main(void)
{
#define error_test(name) cmocka_unit_test_setup_teardown(name, no_error, no_error)
    const struct CMUnitTest tests[] = {
        error_test(test_an_error_copies_its_texts),
        error_test(test_texts_may_be_parts_and_may_be_missing),
        error_test(test_constant_errors_say_what_the_header_says),
        error_test(test_messages_of_any_length_are_formatted),
        error_test(test_a_thread_keeps_the_error_of_its_last_call),
        error_test(test_a_success_clears_it),
        error_test(test_reporting_the_same_error_again_keeps_it),
        error_test(test_it_can_be_taken_off_for_a_while),
        error_test(test_each_thread_has_its_own_and_its_end_frees_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
