/* SPDX-License-Identifier: MIT
 *
 * What Julia uses when no options are given, asked for by several threads and from a body at once; all get the same,
 * and after the close, too. */
#include "julia/fixture.h"

#include <pthread.h>

enum { askers = 4 };

static jlt_settings settings[askers + 1];

static void *ask(void *place)
{
    return (void *)(intptr_t)jlt_runtime_settings(runtime, place);
}

static void ask_in_a_body(jlt_frame *frame)
{
    EXPECT(jlt_runtime_settings(runtime, &settings[askers]) == JLT_OK);
    EXPECT(jlt_unbox_i64(frame, jlt_eval(frame, "Threads.nthreads()")) == settings[askers].threads);
}

static void test_several_ask_at_once(void **unused)
{
    pthread_t threads[askers];
    (void)unused;
    for (int i = 0; i < askers; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, &settings[i]), 0);
    in_body(ask_in_a_body);
    for (int i = 0; i < askers; i++) {
        void *status;
        pthread_join(threads[i], &status);
        assert_int_equal((intptr_t)status, JLT_OK);
        assert_memory_equal(&settings[i], &settings[askers], sizeof *settings);
    }
}

static void test_the_defaults(void **unused)
{
    const jlt_settings *found = &settings[0];
    (void)unused;
    assert_true(found->threads >= 1);
    assert_int_equal(found->interactive_threads, 0);
    assert_true(found->gc_threads >= 1);
    assert_int_equal(found->optimize, JLT_OPTIMIZE_2);
    assert_int_equal(found->check_bounds, JLT_CHECK_BOUNDS_AUTO);
    assert_false(found->startup_file);
    assert_int_equal(found->heap_size_hint, 0);
    assert_string_equal(found->version, jlt_julia_version());
    assert_non_null(strrchr(found->julia, '/'));
    assert_non_null(strrchr(found->sysimage, '/'));
    assert_string_not_equal(found->depot_path, "");
    assert_string_not_equal(found->load_path, "");
    assert_null(found->flags[0]);
}

static void test_they_are_known_after_the_close(void **unused)
{
    jlt_settings again;
    (void)unused;
    assert_ok(jlt_runtime_close(runtime, false));
    assert_ok(jlt_runtime_settings(runtime, &again));
    assert_memory_equal(&again, &settings[0], sizeof again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_several_ask_at_once),
        cmocka_unit_test(test_the_defaults),
        cmocka_unit_test(test_they_are_known_after_the_close),
    };
    return cmocka_run_group_tests(tests, start_runtime, stop_runtime);
}
