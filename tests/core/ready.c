/* SPDX-License-Identifier: MIT
 *
 * The runtime's queue between the worker that takes from it and the watch that gives back what it took ahead. */
#include "core/ready.h"
#include "test.h"

#include <pthread.h>
#include <sched.h>

enum { things = 3, rounds = 200000 };

static struct ready ready;
static struct ahead ahead;
static struct item items[things];
static atomic_uint round_begun, round_seen;

static void *watch(void *unused)
{
    for (unsigned round = 1; round <= rounds; round++) {
        while (atomic_load(&round_begun) < round)
            sched_yield();
        while (atomic_load(&round_begun) == round && ahead_give_back(&ahead, &ready)) {
        }
        atomic_store(&round_seen, round);
    }
    return unused;
}

static unsigned take_all_and_seal(void)
{
    unsigned taken = 0;
    do {
        while (ahead_take(&ahead))
            taken++;
        taken += ready_take(&ready, &ahead, things) != NULL;
    } while (!ahead_is_empty(&ahead) || !ready_seal(&ready));
    return taken;
}

/* What is given back while the queue is sealed is in the queue, and then it is not sealed, or still the worker's. */
static void test_nothing_is_given_back_to_a_queue_that_is_sealed(void **unused)
{
    (void)unused;
    struct inbox_trail trail = {{NULL}, 0};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, watch, NULL), 0);
    for (unsigned round = 1; round <= rounds; round++) {
        ready_init(&ready);
        for (unsigned i = 0; i < things; i++)
            inbox_push(&ready.inbox, &items[i].node, &trail);
        assert_non_null(ready_take(&ready, &ahead, things));
        atomic_store(&round_begun, round);
        assert_int_equal(1 + take_all_and_seal(), things);
        while (atomic_load(&round_seen) < round)
            sched_yield();
        assert_true(ready_is_empty(&ready));
    }
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_given_back_to_a_queue_that_is_sealed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
