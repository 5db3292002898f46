/* SPDX-License-Identifier: MIT
 *
 * Waiting awake: when it is tried, and when not. */
#include "core/spin.h"

#include "core/fake_engine.h"
#include "platform/platform.h"

#include <sched.h>

static struct spin_kind kind;

/* What is waited for, and whether anybody looked. */
struct wait {
    bool is_done;
    unsigned looks;
};

static bool look(void *context)
{
    struct wait *wait = context;
    wait->looks++;
    return wait->is_done;
}

static int configure(void **unused)
{
    (void)unused;
    spin_configure(1000);
    return 0;
}

/* How many of so many waits are tried awake. */
static int tries_of(struct spinner *spinner, bool is_done, int waits)
{
    int tries = 0;
    for (int i = 0; i < waits; i++) {
        struct wait wait = {.is_done = is_done};
        bool success = spin_until(spinner, &kind, SPIN_CLOSE, look, &wait);
        assert_int_equal(success, wait.looks && is_done);
        tries += wait.looks > 0;
    }
    return tries;
}

static void test_waits_that_succeed_are_always_tried(void **unused)
{
    (void)unused;
    struct spinner spinner = {0};
    assert_int_equal(tries_of(&spinner, true, 100), 100);
}

static void test_waits_that_fail_are_tried_ever_more_rarely_but_not_given_up(void **unused)
{
    (void)unused;
    struct spinner spinner = {0};
    assert_int_equal(tries_of(&spinner, false, 1 + 2 + 4 + 8), 4);
    assert_int_equal(tries_of(&spinner, false, 16 * 100), 100);
    while (!tries_of(&spinner, true, 1)) {
    }
    assert_int_equal(tries_of(&spinner, true, 100), 100); /* one success, and all are tried again */
}

static void test_a_thread_that_is_bound_to_one_processor_hardly_tries(void **unused)
{
    (void)unused;
    struct spinner spinner = {0};
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    for (int cpu = 0; CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(tries_of(&spinner, false, 1 + 2 + 4 + 8), 4);
    assert_int_equal(tries_of(&spinner, false, 4096 * 3), 3);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
}

static void test_it_can_be_turned_off(void **unused)
{
    (void)unused;
    struct spinner spinner = {0};
    spin_configure(-1);
    assert_int_equal(tries_of(&spinner, true, 10), 0);
}

/* ---- several threads ---- */

static atomic_uint awake, go_on;

static bool look_once_awake(void *first)
{
    if (*(bool *)first)
        event_raise(&awake);
    *(bool *)first = false;
    return atomic_load(&go_on);
}

static void *wait_awake(void *unused)
{
    struct spinner spinner = {0};
    bool first = true;
    (void)unused;
    check(spin_until(&spinner, &kind, SPIN_CLOSE, look_once_awake, &first));
    return NULL;
}

static void test_one_processor_is_left_to_the_others(void **unused)
{
    (void)unused;
    unsigned most = (unsigned)platform_processors() - 1;
    pthread_t *threads = calloc(most, sizeof *threads);
    struct spinner spinner = {0};
    struct spin_kind other = {0};
    struct wait wait = {.is_done = true};
    assert_non_null(threads);
    spin_configure(60000000000);
    for (unsigned i = 0; i < most; i++)
        threads[i] = thread_start(wait_awake, NULL);
    event_await(&awake, most);
    assert_int_equal(tries_of(&spinner, true, 1), 0);
    assert_true(spin_until(&spinner, &other, SPIN_CLOSE, look, &wait)); /* kinds do not count each other */
    event_raise(&go_on);
    for (unsigned i = 0; i < most; i++)
        thread_join(threads[i]);
    assert_int_equal(tries_of(&spinner, true, 1), 1);
    free(threads);
}

int main(void)
{
    if (platform_processors() == 1) {
        print_message("nobody waits awake on a machine with one processor\n");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_waits_that_succeed_are_always_tried, configure),
        cmocka_unit_test_setup(test_waits_that_fail_are_tried_ever_more_rarely_but_not_given_up, configure),
        cmocka_unit_test_setup(test_a_thread_that_is_bound_to_one_processor_hardly_tries, configure),
        cmocka_unit_test_setup(test_it_can_be_turned_off, configure),
        cmocka_unit_test_setup(test_one_processor_is_left_to_the_others, configure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
