/* SPDX-License-Identifier: MIT
 *
 * Tasks run in parallel on Julia's threads, and collect garbage together. */
#include "julia/fixture.h"

#include <sched.h>
#include <stdatomic.h>

static int threads;

static void count_threads(jlt_frame *frame)
{
    threads = (int)jlt_unbox_i64(frame, jlt_eval(frame, "Threads.nthreads()"));
}

static int start_two_threads(void **unused)
{
    (void)unused;
    assert_ok(jlt_runtime_spawn(&(jlt_options){.threads = 2}, &runtime, &thread));
    in_body(count_threads);
    return 0;
}

static void nothing_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
}

/* Neither body ends before the other has begun: only on two threads at once can both end. */
static atomic_int begun;

static void meet_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state;
    (void)input;
    (void)output;
    atomic_fetch_add(&begun, 1);
    while (atomic_load(&begun) < 2)
        at_safepoint(frame); /* waking the other thread may have begun a collection */
}

static const jlt_persistent_type meet_type = {.name = "meet", .run = meet_run};

static void test_two_tasks_run_at_once(void **unused)
{
    (void)unused;
    jlt_persistent *tasks[2];
    jlt_receiver *receivers[2];
    if (threads < 2)
        skip(); /* Julia 1.5 starts no more threads than the machine has cores */
    for (int round = 0; round < 50; round++) {
        atomic_store(&begun, 0);
        for (int i = 0; i < 2; i++)
            assert_ok(jlt_persistent_spawn(runtime, &meet_type, NULL, &tasks[i]));
        for (int i = 0; i < 2; i++)
            assert_ok(jlt_persistent_call(tasks[i], NULL, &receivers[i]));
        for (int i = 0; i < 2; i++)
            assert_ok(jlt_receiver_recv(receivers[i], NULL));
        for (int i = 0; i < 2; i++)
            jlt_persistent_drop(tasks[i]);
    }
}

/* While one body goes on, the other thread does everything else: tasks placed behind it included. */
static atomic_bool released;

static void hold_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    (void)output;
    atomic_fetch_add(&begun, 1);
    while (!atomic_load(&released))
        at_safepoint(frame); /* the other thread's bodies may collect */
}

static const jlt_task_type hold_type = {.name = "hold", .run = hold_run};

struct count {
    int count;
};

static void count_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)input;
    struct count *self = state;
    *(int *)output = ++self->count;
}

static void keep_init(jlt_frame *frame, void *state, const void *config)
{
    (void)state, (void)config;
    jlt_root(frame, jlt_eval(frame, "Ref(1)")); /* kept by one thread, and given back by any */
}

static const jlt_persistent_type count_type = {
    .name = "count",
    .state_size = sizeof(struct count),
    .output_size = sizeof(int),
    .init = keep_init,
    .run = count_run,
};

static void test_an_idle_thread_takes_over_what_waits_behind_a_long_body(void **unused)
{
    (void)unused;
    enum { tasks = 20, calls = 50 };
    jlt_persistent *task[tasks], *late[tasks];
    jlt_receiver *held, *receiver[tasks];
    if (threads < 2)
        skip();
    for (int round = 0; round < (test_is_stress() ? 1 : 5); round++) {
        for (int i = 0; i < tasks; i++)
            assert_ok(jlt_persistent_spawn(runtime, &count_type, NULL, &task[i]));
        atomic_store(&begun, 0);
        atomic_store(&released, false);
        assert_ok(jlt_task_dispatch(runtime, &hold_type, NULL, &held));
        while (!atomic_load(&begun))
            sched_yield();
        for (int call = 1; call <= calls; call++) {
            for (int i = 0; i < tasks; i++)
                assert_ok(jlt_persistent_call(task[i], NULL, &receiver[i]));
            for (int i = 0; i < tasks; i++) {
                int count = 0;
                assert_ok(jlt_receiver_recv(receiver[i], &count));
                assert_int_equal(count, call);
            }
        }
        for (int i = 0; i < tasks; i++) {
            jlt_persistent_drop(task[i]);
            assert_ok(jlt_persistent_spawn(runtime, &count_type, NULL, &late[i]));
            assert_ok(jlt_task_invoke(runtime, &(jlt_task_type){.name = "nothing", .run = nothing_run}, NULL, NULL));
        }
        atomic_store(&released, true);
        assert_ok(jlt_receiver_recv(held, NULL));
        for (int i = 0; i < tasks; i++)
            jlt_persistent_drop(late[i]);
    }
}

/* A type that asks for a thread has it, whatever the others do. */
static void thread_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state, (void)input;
    *(int64_t *)output = jlt_unbox_i64(frame, jlt_eval(frame, "Threads.threadid()"));
}

/* One-shots that wait for each other, behind whatever they were placed. */
static void meet_once_run(jlt_frame *frame, const void *input, void *output)
{
    meet_run(frame, NULL, input, output);
}

static void test_one_shots_run_on_all_threads(void **unused)
{
    (void)unused;
    static const jlt_task_type type = {.name = "meet once", .run = meet_once_run};
    jlt_receiver *receivers[2];
    jlt_persistent *idle;
    if (threads < 2)
        skip();
    assert_ok(jlt_persistent_spawn(runtime, &meet_type, NULL, &idle));
    for (int round = 0; round < 50; round++) {
        atomic_store(&begun, 0);
        for (int i = 0; i < 2; i++)
            assert_ok(jlt_task_dispatch(runtime, &type, NULL, &receivers[i]));
        for (int i = 0; i < 2; i++)
            assert_ok(jlt_receiver_recv(receivers[i], NULL));
    }
    jlt_persistent_drop(idle);
}

static void test_a_task_stays_on_the_thread_that_its_type_names(void **unused)
{
    (void)unused;
    enum { calls = 100 };
    jlt_persistent_type type = {.name = "thread", .output_size = sizeof(int64_t), .run = thread_run};
    int64_t first[3] = {0};
    jlt_persistent *task;
    for (type.thread = 1; type.thread <= (size_t)threads && type.thread <= 2; type.thread++) {
        for (int i = 0; i < calls; i++) {
            int64_t id;
            if (i % 10 == 0)
                assert_ok(jlt_persistent_spawn(runtime, &type, NULL, &task));
            assert_ok(jlt_persistent_invoke(task, NULL, &id));
            assert_true(i == 0 || id == first[type.thread]);
            first[type.thread] = id;
            if (i % 10 == 9)
                jlt_persistent_drop(task);
        }
    }
    assert_int_not_equal(first[1], first[2]);
    type.thread = (size_t)threads + 1;
    assert_int_equal(jlt_persistent_spawn(runtime, &type, NULL, &task), JLT_INVALID_ARGUMENT);
    assert_non_null(strstr(jlt_error_message(), "\"thread\" asks for thread"));
    jlt_task_type once = {.name = "once", .run = nothing_run, .thread = (size_t)threads + 1};
    assert_int_equal(jlt_task_invoke(runtime, &once, NULL, NULL), JLT_INVALID_ARGUMENT);
    once.thread = 1;
    assert_ok(jlt_task_invoke(runtime, &once, NULL, NULL));
}

/* Both allocate, so each stops the other for collections. */
struct sums {
    jlt_value *list;
};

static void sums_init(jlt_frame *frame, void *state, const void *config)
{
    (void)config;
    ((struct sums *)state)->list = jlt_eval(frame, "Any[]");
}

static void sums_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    struct sums *self = state;
    int64_t n = *(const int64_t *)input;
    jlt_value *push = jlt_global(frame, "Base.push!");
    for (int64_t i = 0; i < n; i++) {
        jlt_frame *scope = jlt_scope_open(frame);
        jlt_call(scope, push, self->list, jlt_box_f64(scope, (double)i));
        jlt_scope_close(scope);
    }
    jlt_eval(frame, "GC.gc(false)");
    jlt_value *sum = jlt_call(frame, jlt_global(frame, "Base.sum"), self->list);
    *(double *)output = jlt_unbox_f64(frame, sum);
}

static const jlt_persistent_type sums_type = {
    .name = "sums",
    .state_size = sizeof(struct sums),
    .input_size = sizeof(int64_t),
    .output_size = sizeof(double),
    .init = sums_init,
    .run = sums_run,
};

static void test_collections_stop_all_threads(void **unused)
{
    (void)unused;
    enum { tasks = 6 };
    jlt_persistent *task[tasks];
    jlt_receiver *receiver[tasks];
    int64_t n = test_is_stress() ? 5 : 2000;
    int rounds = test_is_stress() ? 2 : 20;
    for (int i = 0; i < tasks; i++)
        assert_ok(jlt_persistent_spawn(runtime, &sums_type, NULL, &task[i]));
    for (int round = 1; round <= rounds; round++) {
        for (int i = 0; i < tasks; i++)
            assert_ok(jlt_persistent_call(task[i], &n, &receiver[i]));
        for (int i = 0; i < tasks; i++) {
            double sum = 0;
            assert_ok(jlt_receiver_recv(receiver[i], &sum));
            assert_true(sum == (double)round * (double)n * (double)(n - 1) / 2);
        }
    }
    for (int i = 0; i < tasks; i++)
        jlt_persistent_drop(task[i]);
}

/* Code is parsed, lowered and run on each thread while another does nothing but collect: what a body evaluates, and
 * what its Julia code does. */
static void evaluate_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state, (void)input;
    const char *text = "sizeof(\"the text of a string that is long enough to be seen\") - 50";
    int64_t sum = 0;
    jlt_value *evaluate = jlt_eval(frame, "text -> Core.eval(Main, Meta.parse(text))");
    for (int i = 0; i < (test_is_stress() ? 50 : 1000); i++) {
        jlt_frame *scope = jlt_scope_open(frame);
        sum += jlt_unbox_i64(scope, jlt_eval(scope, text));
        sum += jlt_unbox_i64(scope, jlt_call(scope, evaluate, jlt_box_string(scope, text)));
        jlt_scope_close(scope);
    }
    atomic_store(&released, true);
    *(int64_t *)output = sum;
}

static void collect_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state, (void)input, (void)output;
    jlt_value *collect = jlt_global(frame, "Base.GC.gc"), *no = jlt_box_bool(frame, false);
    int collections = 0;
    while (!atomic_load(&released) && collections++ < 10000) /* on a busy machine each allocation waits for one */
        jlt_call(frame, collect, no);
}

static void test_code_is_evaluated_while_others_collect(void **unused)
{
    (void)unused;
    jlt_persistent_type evaluate = {.name = "evaluate", .output_size = sizeof(int64_t), .run = evaluate_run};
    jlt_persistent_type collect = {.name = "collect", .run = collect_run};
    if (threads < 2)
        skip();
    for (size_t i = 1; i <= 2; i++) {
        int64_t sum = 0;
        jlt_persistent *one, *other;
        jlt_receiver *collected;
        evaluate.thread = i;
        collect.thread = 3 - i;
        atomic_store(&released, false);
        assert_ok(jlt_persistent_spawn(runtime, &evaluate, NULL, &one));
        assert_ok(jlt_persistent_spawn(runtime, &collect, NULL, &other));
        assert_ok(jlt_persistent_call(other, NULL, &collected));
        assert_ok(jlt_persistent_invoke(one, NULL, &sum));
        assert_int_equal(sum, test_is_stress() ? 100 : 2000);
        assert_ok(jlt_receiver_recv(collected, NULL));
        jlt_persistent_drop(one);
        jlt_persistent_drop(other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_tasks_run_at_once),
        cmocka_unit_test(test_an_idle_thread_takes_over_what_waits_behind_a_long_body),
        cmocka_unit_test(test_one_shots_run_on_all_threads),
        cmocka_unit_test(test_a_task_stays_on_the_thread_that_its_type_names),
        cmocka_unit_test(test_collections_stop_all_threads),
        cmocka_unit_test(test_code_is_evaluated_while_others_collect),
    };
    return cmocka_run_group_tests(tests, start_two_threads, stop_runtime);
}
