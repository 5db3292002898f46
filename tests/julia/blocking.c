/* SPDX-License-Identifier: MIT
 *
 * C work that blocks its thread: bodies on the one Julia thread go on, and so do collections. */
#include "julia/fixture.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

static int start_one_thread(void **unused)
{
    (void)unused;
    assert_ok(jlt_runtime_spawn(&(jlt_options){.threads = 1}, &runtime, &thread));
    return 0;
}

/* ---- work that blocks until it is let go ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int waiting, done;
    bool open;
} barrier = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, false};

static void wait_at_barrier(void *result)
{
    pthread_mutex_lock(&barrier.lock);
    barrier.waiting++;
    pthread_cond_broadcast(&barrier.changed);
    while (!barrier.open)
        pthread_cond_wait(&barrier.changed, &barrier.lock);
    *(int *)result = ++barrier.done;
    pthread_mutex_unlock(&barrier.lock);
}

static void block(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    int result = 0;
    jlt_value *kept = jlt_eval(frame, "[2.5]"); /* rooted meanwhile */
    EXPECT(jlt_blocking(frame, wait_at_barrier, &result));
    EXPECT(jlt_unbox_f64(frame, jlt_call(frame, jlt_global(frame, "Base.first"), kept)) == 2.5);
    *(int *)output = result;
}

static void collect_all(jlt_frame *frame)
{
    jlt_eval(frame, "GC.gc(true)");
}

static void test_others_go_on_while_work_blocks(void **unused)
{
    (void)unused;
    static const jlt_task_type type = {.output_size = sizeof(int), .run = block};
    enum { most = 30 };
    jlt_receiver *receivers[most];
    int count = test_is_stress() ? 5 : most, sum = 0;
    for (int i = 0; i < count; i++)
        assert_ok(jlt_task_dispatch(runtime, &type, NULL, &receivers[i]));
    pthread_mutex_lock(&barrier.lock);
    while (barrier.waiting < count) /* all at once, on one Julia thread */
        pthread_cond_wait(&barrier.changed, &barrier.lock);
    pthread_mutex_unlock(&barrier.lock);
    in_body(collect_all);
    assert_status(jlt_receiver_try_recv(receivers[0], NULL), JLT_PENDING);
    pthread_mutex_lock(&barrier.lock);
    barrier.open = true;
    pthread_cond_broadcast(&barrier.changed);
    pthread_mutex_unlock(&barrier.lock);
    for (int i = 0; i < count; i++) {
        int result = 0;
        assert_ok(jlt_receiver_recv(receivers[i], &result));
        sum += result;
    }
    assert_int_equal(sum, count * (count + 1) / 2);
}

/* ---- where work is done ---- */

static void note_thread(void *noted)
{
    *(pthread_t *)noted = pthread_self();
}

/* One piece of work after another is done by the same thread, which is not Julia's. */
static void works_in_turn(jlt_frame *frame)
{
    pthread_t first, other;
    EXPECT(jlt_blocking(frame, note_thread, &first));
    EXPECT(!pthread_equal(first, pthread_self()));
    for (int i = 0; i < 50; i++) {
        EXPECT(jlt_blocking(frame, note_thread, &other));
        EXPECT(pthread_equal(first, other));
    }
}

static void note_signals(void *blocked)
{
    sigset_t set;
    pthread_sigmask(SIG_SETMASK, NULL, &set);
    *(bool *)blocked = sigismember(&set, SIGINT) && sigismember(&set, SIGTERM) && !sigismember(&set, SIGSEGV);
}

static void works_without_signals(jlt_frame *frame)
{
    bool blocked = false;
    EXPECT(jlt_blocking(frame, note_signals, &blocked) && blocked);
}

/* Work may use jltask as any thread may. */
static void answer(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    *(int64_t *)output = jlt_unbox_i64(frame, jlt_eval(frame, "6 * 7"));
}

static void ask(void *result)
{
    static const jlt_task_type type = {.output_size = sizeof(int64_t), .run = answer};
    jlt_task_invoke(runtime, &type, NULL, result);
}

static void works_as_a_client(jlt_frame *frame)
{
    int64_t result = 0;
    EXPECT(jlt_blocking(frame, ask, &result) && result == 42);
}

static void works_not(jlt_frame *frame)
{
    bool ran = false;
    EXPECT(!jlt_blocking(frame, NULL, &ran));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_blocking: work is NULL");
    jlt_fail(frame, "before");
    EXPECT(!jlt_blocking(frame, note_signals, &ran) && !ran);
    EXPECT_FAILED(JLT_FAILED, "before");
}

static void test_work(void **unused)
{
    (void)unused;
    in_body(works_in_turn);
    in_body(works_without_signals);
    in_body(works_as_a_client);
    in_body(works_not);
}

/* ---- from a function that Julia calls ---- */

static jlt_value *block_in_function(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    (void)data, (void)arguments, (void)count;
    int64_t result = 0;
    jlt_blocking(frame, ask, &result); /* answered by this very thread, whose task is suspended */
    return jlt_box_i64(frame, result);
}

static void blocks_in_functions(jlt_frame *frame)
{
    jlt_value *f = jlt_function(frame, "block", block_in_function, NULL, NULL);
    EXPECT(jlt_unbox_i64(frame, jlt_call(frame, f)) == 42);
    jlt_value *tasks = jlt_call(frame, jlt_eval(frame, "f -> [@async f() for _ in 1:5]"), f);
    jlt_value *sum = jlt_call(frame, jlt_eval(frame, "ts -> sum(fetch, ts)"), tasks);
    EXPECT(jlt_unbox_i64(frame, sum) == 5 * 42);
}

static void test_functions_may_block(void **unused)
{
    (void)unused;
    in_body(blocks_in_functions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_others_go_on_while_work_blocks),
        cmocka_unit_test(test_work),
        cmocka_unit_test(test_functions_may_block),
    };
    return cmocka_run_group_tests(tests, start_one_thread, stop_runtime);
}
