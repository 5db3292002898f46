/* SPDX-License-Identifier: MIT
 *
 * The gate, with threads as senders: bounds, order, closing; and many threads against each other. */
#include "core/gate.h"

#include "core/fake_engine.h"
#include "core/waiters.h"

#include <sched.h>

struct scene {
    struct gate gate;
    struct gate_queue queue;
    atomic_uint entered;
};

static void scene_init(struct scene *scene, size_t capacity)
{
    gate_init(&scene->gate, capacity);
    gate_queue_init(&scene->queue);
    atomic_init(&scene->entered, 0);
}

static const struct gate_wait one = {.places = 1, .deadline = limit_never};

/* ---- bounds ---- */

static void test_it_lets_in_as_many_as_its_capacity(void **unused)
{
    (void)unused;
    struct scene scene;
    scene_init(&scene, 3);
    for (int i = 0; i < 3; i++)
        assert_true(gate_try_enter(&scene.gate, 1));
    assert_false(gate_try_enter(&scene.gate, 1));
    gate_leave(&scene.gate, &scene.queue, 1);
    assert_int_equal(gate_enter(&scene.gate, &scene.queue, &one), JLT_OK);
    assert_false(gate_try_enter(&scene.gate, 1));
    gate_queue_finish(&scene.queue);
}

static void test_without_a_capacity_it_is_never_full(void **unused)
{
    (void)unused;
    struct scene scene;
    scene_init(&scene, 0);
    for (int i = 0; i < 1000; i++)
        assert_true(gate_try_enter(&scene.gate, 1));
    gate_queue_close(&scene.queue);
    assert_int_equal(gate_enter(&scene.gate, &scene.queue, &one), JLT_OK);
    gate_leave(&scene.gate, &scene.queue, 1);
    gate_queue_finish(&scene.queue);
}

/* ---- waiting ---- */

enum { waiters = 5 };

struct entrant {
    struct scene *scene;
    const struct gate_wait *wait; /* NULL: for one place */
    pthread_t thread;
    unsigned place; /* in the order of entering */
    jlt_status status;
};

static void *enter_and_note(void *data)
{
    struct entrant *self = data;
    self->status = gate_enter(&self->scene->gate, &self->scene->queue, self->wait ? self->wait : &one);
    self->place = atomic_fetch_add(&self->scene->entered, 1);
    return NULL;
}

static void start_waiting(struct entrant *waiter, struct scene *scene)
{
    unsigned before = atomic_load(&scene->gate.waiters);
    waiter->scene = scene;
    waiter->thread = thread_start(enter_and_note, waiter);
    await_waiters(&scene->gate, &scene->queue, before + 1);
}

static void test_waiters_enter_in_the_order_they_came(void **unused)
{
    (void)unused;
    struct scene scene;
    struct entrant all[waiters] = {0};
    scene_init(&scene, 1);
    assert_true(gate_try_enter(&scene.gate, 1));
    for (int i = 0; i < waiters; i++)
        start_waiting(&all[i], &scene);
    for (unsigned i = 0; i < waiters; i++) {
        assert_int_equal(atomic_load(&scene.entered), i);
        gate_leave(&scene.gate, &scene.queue, 1);
        await_true(atomic_load(&scene.entered) == i + 1);
    }
    for (unsigned i = 0; i < waiters; i++) {
        thread_join(all[i].thread);
        assert_int_equal(all[i].status, JLT_OK);
        assert_int_equal(all[i].place, i);
    }
    assert_int_equal(atomic_load(&scene.gate.used), 1);
    gate_queue_finish(&scene.queue);
}

/* Who asks for much holds up those behind it only as long as it waits. */
static void test_who_gives_up_lets_in_those_behind(void **unused)
{
    (void)unused;
    struct scene scene;
    struct canceller *canceller = canceller_new();
    const struct gate_wait all = {.places = 4, .deadline = limit_never, .canceller = canceller};
    struct entrant large = {.wait = &all}, small = {0};
    scene_init(&scene, 4);
    assert_true(gate_try_enter(&scene.gate, 4));
    start_waiting(&large, &scene);
    start_waiting(&small, &scene);
    gate_leave(&scene.gate, &scene.queue, 2);
    assert_int_equal(atomic_load(&scene.entered), 0);
    canceller_cancel(canceller);
    thread_join(large.thread);
    assert_int_equal(large.status, JLT_CANCELLED);
    thread_join(small.thread);
    assert_int_equal(small.status, JLT_OK);
    assert_int_equal(atomic_load(&scene.gate.used), 3);
    canceller_drop(canceller);
    gate_queue_finish(&scene.queue);
}

static void test_a_place_goes_to_the_waiter_and_not_to_who_comes_later(void **unused)
{
    (void)unused;
    struct scene scene;
    struct entrant waiter = {0};
    scene_init(&scene, 1);
    assert_true(gate_try_enter(&scene.gate, 1));
    start_waiting(&waiter, &scene);
    gate_leave(&scene.gate, &scene.queue, 1);
    assert_false(gate_try_enter(&scene.gate, 1)); /* whether or not the waiter is awake yet */
    thread_join(waiter.thread);
    assert_int_equal(waiter.status, JLT_OK);
    gate_queue_finish(&scene.queue);
}

static void test_gates_that_share_a_queue_wake_only_their_own(void **unused)
{
    (void)unused;
    struct scene scene;
    struct gate other;
    struct entrant waiter = {0};
    scene_init(&scene, 1);
    gate_init(&other, 1);
    assert_true(gate_try_enter(&scene.gate, 1));
    assert_true(gate_try_enter(&other, 1));
    start_waiting(&waiter, &scene);
    gate_leave(&other, &scene.queue, 1);
    assert_int_equal(atomic_load(&scene.gate.waiters), 1);
    gate_leave(&scene.gate, &scene.queue, 1);
    thread_join(waiter.thread);
    assert_int_equal(waiter.status, JLT_OK);
    gate_queue_finish(&scene.queue);
}

/* ---- closing ---- */

static void test_closing_ends_all_waits(void **unused)
{
    (void)unused;
    struct scene scene;
    struct entrant all[waiters] = {0};
    scene_init(&scene, 1);
    assert_true(gate_try_enter(&scene.gate, 1));
    for (int i = 0; i < waiters; i++)
        start_waiting(&all[i], &scene);
    gate_queue_close(&scene.queue);
    for (int i = 0; i < waiters; i++) {
        thread_join(all[i].thread);
        assert_int_equal(all[i].status, JLT_CLOSED);
    }
    assert_int_equal(gate_enter(&scene.gate, &scene.queue, &one), JLT_CLOSED);
    assert_int_equal(atomic_load(&scene.gate.waiters), 0);
    gate_leave(&scene.gate, &scene.queue, 1);
    assert_int_equal(gate_enter(&scene.gate, &scene.queue, &one), JLT_OK); /* no wait, so nothing to end */
    gate_queue_finish(&scene.queue);
}

/* ---- many threads ---- */

enum { threads = 6, rounds = 3000, capacity = 2 };

struct crowd {
    struct scene scene;
    atomic_int inside;
    atomic_uint passed, refused;
};

static void *pass_often(void *data)
{
    struct crowd *crowd = data;
    struct scene *scene = &crowd->scene;
    for (int i = 0; i < rounds; i++) {
        if (i % 4 == 0 ? !gate_try_enter(&scene->gate, 1) : gate_enter(&scene->gate, &scene->queue, &one) != JLT_OK) {
            atomic_fetch_add(&crowd->refused, 1);
            continue;
        }
        check(atomic_fetch_add(&crowd->inside, 1) < capacity);
        if (i % 8 == 1)
            sched_yield();
        atomic_fetch_sub(&crowd->inside, 1);
        gate_leave(&scene->gate, &scene->queue, 1);
        atomic_fetch_add(&crowd->passed, 1);
    }
    return NULL;
}

static void run_crowd(struct crowd *crowd, bool close)
{
    pthread_t all[threads];
    scene_init(&crowd->scene, capacity);
    for (int i = 0; i < threads; i++)
        all[i] = thread_start(pass_often, crowd);
    if (close) {
        await_true(atomic_load(&crowd->passed) > rounds);
        gate_queue_close(&crowd->scene.queue);
    }
    for (int i = 0; i < threads; i++)
        thread_join(all[i]);
    assert_int_equal(atomic_load(&crowd->passed) + atomic_load(&crowd->refused), threads * rounds);
    assert_int_equal(atomic_load(&crowd->scene.gate.used), 0);
    assert_int_equal(atomic_load(&crowd->scene.gate.waiters), 0);
    assert_null(crowd->scene.queue.first);
    gate_queue_finish(&crowd->scene.queue);
}

static void test_many_threads_never_exceed_the_capacity_and_none_is_forgotten(void **unused)
{
    (void)unused;
    struct crowd crowd = {.inside = 0};
    run_crowd(&crowd, false);
    assert_true(atomic_load(&crowd.refused) <= threads * (rounds / 4)); /* only those that would not wait */
}

static void test_closing_among_many_threads_leaves_none_waiting(void **unused)
{
    (void)unused;
    struct crowd crowd = {.inside = 0};
    run_crowd(&crowd, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_lets_in_as_many_as_its_capacity),
        cmocka_unit_test(test_without_a_capacity_it_is_never_full),
        cmocka_unit_test(test_waiters_enter_in_the_order_they_came),
        cmocka_unit_test(test_a_place_goes_to_the_waiter_and_not_to_who_comes_later),
        cmocka_unit_test(test_who_gives_up_lets_in_those_behind),
        cmocka_unit_test(test_gates_that_share_a_queue_wake_only_their_own),
        cmocka_unit_test(test_closing_ends_all_waits),
        cmocka_unit_test(test_many_threads_never_exceed_the_capacity_and_none_is_forgotten),
        cmocka_unit_test(test_closing_among_many_threads_leaves_none_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
