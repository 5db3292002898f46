/* SPDX-License-Identifier: MIT
 *
 * options.channel_capacity: how many dispatched tasks may wait to be begun. */
#include "julia/fixture.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { capacity = 2 };

static atomic_int running, may_end, begun;

/* Keeps the only Julia thread busy, so that nothing else is begun. */
static void hold_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame;
    (void)input;
    (void)output;
    atomic_store(&running, 1);
    while (!atomic_load(&may_end))
        sched_yield();
}

static void note_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame;
    (void)input;
    (void)output;
    atomic_fetch_add(&begun, 1);
}

static const jlt_task_type hold_type = {.name = "hold", .run = hold_run};
static const jlt_task_type note_type = {.name = "note", .run = note_run};

static void *dispatch_one(void *unused)
{
    (void)unused;
    return (void *)(intptr_t)jlt_task_dispatch(runtime, &note_type, NULL, NULL);
}

static void test_dispatch_waits_and_try_dispatch_does_not(void **unused)
{
    (void)unused;
    jlt_receiver *held, *waiting[capacity], *refused;
    pthread_t blocked;
    void *status;
    assert_ok(jlt_task_dispatch(runtime, &hold_type, NULL, &held));
    while (!atomic_load(&running)) {
    }
    for (int i = 0; i < capacity; i++)
        assert_ok(jlt_task_try_dispatch(runtime, &note_type, NULL, &waiting[i]));
    assert_status(jlt_task_try_dispatch(runtime, &note_type, NULL, &refused), JLT_FULL);
    assert_contains(jlt_error_message(), "full");
    static const jlt_persistent_type type = {.run = (void (*)(jlt_frame *, void *, const void *, void *))1};
    assert_status(jlt_persistent_try_dispatch(runtime, &type, NULL, &refused), JLT_FULL);
    assert_int_equal(pthread_create(&blocked, NULL, dispatch_one, NULL), 0);
    atomic_store(&may_end, 1);
    pthread_join(blocked, &status);
    assert_int_equal((int)(intptr_t)status, JLT_OK);
    assert_ok(jlt_receiver_recv(held, NULL));
    for (int i = 0; i < capacity; i++)
        assert_ok(jlt_receiver_recv(waiting[i], NULL));
    assert_ok(jlt_task_invoke(runtime, &note_type, NULL, NULL)); /* after the forgotten one */
    assert_int_equal(atomic_load(&begun), capacity + 2);
}

static int start_bounded(void **unused)
{
    (void)unused;
    assert_ok(jlt_runtime_spawn(&(jlt_options){.threads = 1, .channel_capacity = capacity}, &runtime, &thread));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_dispatch_waits_and_try_dispatch_does_not)};
    return cmocka_run_group_tests(tests, start_bounded, stop_runtime);
}
