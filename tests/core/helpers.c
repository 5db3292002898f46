/* SPDX-License-Identifier: MIT
 *
 * Helper threads: bodies that have blocking work done are suspended, and their worker goes on. */
#include "core/helpers.h"

#include "core/fake_engine.h"

#include <pthread.h>

static struct runtime *runtime;
static atomic_uint begun, go_on;

static int start(void **unused)
{
    (void)unused;
    atomic_store(&begun, 0);
    atomic_store(&go_on, 0);
    helpers_open();
    runtime = fake_start(1, 0);
    return 0;
}

static void block(void *data)
{
    (void)data;
    check(helpers_is_one());
    event_raise(&begun);
    event_await(&go_on, 1);
}

static int finish(void **unused)
{
    (void)unused;
    runtime_drop(runtime);
    fake_await_finished(runtime);
    helpers_finish(); /* one may be on its way out of the runtime */
    assert_int_equal(helpers_run(block, NULL), JLT_CLOSED);
    fake_finish(runtime);
    return 0;
}

static void block_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input;
    check(!helpers_is_one());
    check(helpers_run(block, NULL) == JLT_OK);
    *(int *)output = 1;
}

static const jlt_task_type block_type = {.name = "block", .output_size = sizeof(int), .run = block_run};

static void add_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame;
    *(int *)output = 1 + *(const int *)input;
}

static const jlt_task_type add_type = {.input_size = sizeof(int), .output_size = sizeof(int), .run = add_run};

static void test_the_worker_goes_on_while_work_blocks(void **unused)
{
    (void)unused;
    enum { count = 40 }; /* more than are kept */
    struct message *receivers[count];
    int sum = 0;
    for (int i = 0; i < count; i++)
        receivers[i] = dispatch(runtime, &block_type, NULL);
    event_await(&begun, count);
    for (int i = 0; i < 10; i++) {
        struct message *receiver = dispatch(runtime, &add_type, &sum);
        assert_ok(message_receive(receiver, -1, &sum));
    }
    assert_int_equal(sum, 10);
    assert_false(message_is_done(receivers[0]));
    event_raise(&go_on);
    for (int i = 0; i < count; i++) {
        int done = 0;
        assert_ok(message_receive(receivers[i], -1, &done));
        assert_int_equal(done, 1);
    }
}

static void note_thread(void *thread)
{
    *(pthread_t *)thread = pthread_self();
}

static void many_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input;
    pthread_t first, other;
    check(helpers_run(note_thread, &first) == JLT_OK);
    for (int i = 0; i < 1000; i++) {
        check(helpers_run(note_thread, &other) == JLT_OK);
        *(int *)output += pthread_equal(first, other) != 0;
    }
}

static void test_one_helper_does_work_in_turn(void **unused)
{
    (void)unused;
    static const jlt_task_type type = {.output_size = sizeof(int), .run = many_run};
    int same = 0;
    assert_ok(message_receive(dispatch(runtime, &type, NULL), -1, &same));
    assert_int_equal(same, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_worker_goes_on_while_work_blocks, start, finish),
        cmocka_unit_test_setup_teardown(test_one_helper_does_work_in_turn, start, finish),
    };
    return fake_run_tests(tests);
}
