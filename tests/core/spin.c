/* SPDX-License-Identifier: MIT
 *
 * Waiting awake: when it is tried, and when not. */
#include "core/spin.h"

#include "core/fake_engine.h"
#include "platform/platform.h"

#include <sched.h>

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
    spin_configure(0);
    return 0;
}

/* How many of so many waits are tried awake. Those that fail, sleep for sleep_ns: all that counts of that is when they
 * began. */
static int tries_of(struct spinner *spinner, bool is_done, int waits, int64_t sleep_ns)
{
    int tries = 0;
    for (int i = 0; i < waits; i++) {
        struct wait wait = {.is_done = is_done};
        bool success = spin_until(spinner, SPIN_WORKER, SPIN_CLOSE, look, &wait);
        assert_int_equal(success, wait.looks && is_done);
        tries += wait.looks > 0;
        if (!success && sleep_ns) {
            assert_true(spinner->began_ns);
            spinner->began_ns -= sleep_ns;
            spin_slept(spinner);
        }
    }
    return tries;
}

enum { long_ns = 5000000 };

static void test_waits_that_succeed_are_always_tried(void **unused)
{
    (void)unused;
    struct spinner spinner = {0};
    assert_int_equal(tries_of(&spinner, true, 100, 0), 100);
}

static void test_waits_are_tried_while_one_of_the_last_two_was_short(void **unused)
{
    (void)unused;
    struct spinner spinner = {0};
    assert_int_equal(tries_of(&spinner, false, 2, long_ns), 2);
    assert_int_equal(tries_of(&spinner, false, 16 * 10, long_ns), 10); /* not given up */
    while (!tries_of(&spinner, true, 1, 0)) {
    }
    assert_int_equal(tries_of(&spinner, false, 1, long_ns), 1);
    assert_int_equal(tries_of(&spinner, true, 1, 0), 1);
    assert_int_equal(tries_of(&spinner, true, 100, 0), 100);
}

/* A reply that takes one wake-up: it is waited for that long, though it came too late for the first. */
static void test_a_wait_is_as_long_as_the_last_ones_were(void **unused)
{
    (void)unused;
    struct spinner spinner = {.last_ns = {90000, 90000}};
    struct wait wait = {0};
    int64_t start = platform_now();
    assert_false(spin_until(&spinner, SPIN_WORKER, SPIN_CLOSE, look, &wait));
    assert_true(platform_now() - start >= 180000);
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
    assert_int_equal(tries_of(&spinner, false, 2, long_ns), 2);
    assert_int_equal(tries_of(&spinner, false, 4096 * 3, long_ns), 3);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
}

static void test_it_can_be_turned_off(void **unused)
{
    (void)unused;
    struct spinner spinner = {0};
    spin_configure(-1);
    assert_int_equal(tries_of(&spinner, true, 10, 0), 0);
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
    check(spin_until(&spinner, SPIN_CLIENT, SPIN_CLOSE, look_once_awake, &first));
    return NULL;
}

/* Each looks, and lets the others look, although they are more than there are processors. */
static void test_in_a_crowd_all_that_wait_have_their_turn(void **unused)
{
    (void)unused;
    unsigned count = (unsigned)platform_processors() + 2;
    pthread_t *threads = calloc(count, sizeof *threads);
    assert_non_null(threads);
    spin_configure(60000000000);
    spin_count_worker(true);
    for (unsigned i = 0; i < count; i++)
        threads[i] = thread_start(wait_awake, NULL);
    event_await(&awake, count);
    event_raise(&go_on);
    for (unsigned i = 0; i < count; i++)
        thread_join(threads[i]);
    spin_count_worker(false);
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
        cmocka_unit_test_setup(test_waits_are_tried_while_one_of_the_last_two_was_short, configure),
        cmocka_unit_test_setup(test_a_wait_is_as_long_as_the_last_ones_were, configure),
        cmocka_unit_test_setup(test_a_thread_that_is_bound_to_one_processor_hardly_tries, configure),
        cmocka_unit_test_setup(test_it_can_be_turned_off, configure),
        cmocka_unit_test_setup(test_in_a_crowd_all_that_wait_have_their_turn, configure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
