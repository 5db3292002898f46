/* SPDX-License-Identifier: MIT
 *
 * Timers: due once, in order, not before their time, and not after they were cleared. */
#include "core/fake_engine.h"

#include "core/timers.h"
#include "platform/platform.h"

static atomic_uint due_count;

struct case_ {
    struct timer timer; /* first */
    atomic_uint due;
    unsigned order; /* of the calls, from 1 */
};

static void become_due(struct timer *timer)
{
    struct case_ *one = (struct case_ *)timer;
    check(platform_now() >= timer->at_ns);
    one->order = atomic_load(&due_count) + 1;
    atomic_fetch_add(&one->due, 1);
    event_raise(&due_count);
}

static int start(void **unused)
{
    (void)unused;
    atomic_store(&due_count, 0);
    check(timers_start() == JLT_OK);
    check(timers_start() == JLT_OK); /* one thread does */
    return 0;
}

static int stop(void **unused)
{
    (void)unused;
    timers_stop();
    return 0;
}

static void set_locked(struct case_ *one, int64_t at_ns)
{
    one->timer.due = become_due;
    one->timer.at_ns = at_ns;
    timers_set(&one->timer);
}

static void set(struct case_ *one, int64_t at_ns)
{
    timers_lock();
    set_locked(one, at_ns);
    timers_unlock();
}

static bool clear(struct case_ *one)
{
    timers_lock();
    bool was_set = timers_clear(&one->timer);
    timers_unlock();
    return was_set;
}

static void test_timers_are_due_in_order(void **unused)
{
    (void)unused;
    enum { count = 500 };
    static struct case_ cases[count];
    int64_t now = platform_now();
    memset(cases, 0, sizeof cases);
    timers_lock(); /* until all are set: none is due before */
    for (unsigned i = 0; i < count; i++)
        set_locked(&cases[i], now + (int64_t)(i * 7 % count) * 10000);
    timers_unlock();
    event_await(&due_count, count);
    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < i; j++)
            assert_true((cases[i].timer.at_ns < cases[j].timer.at_ns) == (cases[i].order < cases[j].order));
}

static void test_an_earlier_one_is_not_kept_by_a_later_one(void **unused)
{
    (void)unused;
    struct case_ late = {.order = 0}, early = {.order = 0}, past = {.order = 0};
    set(&late, INT64_MAX);
    set(&early, platform_now() + 1000000);
    event_await(&due_count, 1);
    assert_int_equal(early.order, 1);
    set(&past, 0);
    event_await(&due_count, 2);
    assert_true(clear(&late));
    assert_false(clear(&late));
    assert_false(clear(&early));
}

/* Some are cleared, in any order: each is either cleared, or due once. */
static void test_what_is_cleared_is_not_due(void **unused)
{
    (void)unused;
    enum { count = 2000 };
    static struct case_ cases[count];
    unsigned seed = 5, cleared = 0;
    memset(cases, 0, sizeof cases);
    for (unsigned i = 0; i < count; i++) {
        set(&cases[i], platform_now() + random_below(&seed, 20000000));
        struct case_ *other = &cases[random_below(&seed, i + 1)];
        if (random_below(&seed, 2) && clear(other)) {
            cleared++;
            other->order = count + 1;
        }
    }
    event_await(&due_count, count - cleared);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(atomic_load(&cases[i].due), cases[i].order <= count);
        assert_false(clear(&cases[i]));
    }
}

int main(void)
{
#define timers_test(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        timers_test(test_timers_are_due_in_order),
        timers_test(test_an_earlier_one_is_not_kept_by_a_later_one),
        timers_test(test_what_is_cleared_is_not_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
