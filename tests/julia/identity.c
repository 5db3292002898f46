/* SPDX-License-Identifier: MIT
 *
 * To Julia code a persistent task is one Julia task, from init to exit: its task-local storage and, since 1.7, its
 * random generator. A one-shot task has fresh ones. */
#include "julia/fixture.h"

#include <stdatomic.h>

static atomic_int exits_that_found_it;

static int64_t evaluated(jlt_frame *frame, const char *code)
{
    return jlt_unbox_i64(frame, jlt_eval(frame, code));
}

/* Both kinds evaluate the text they get, which gives an Int64. */
static void scripted_init(jlt_frame *frame, void *state, const void *config)
{
    (void)state;
    jlt_eval(frame, *(const char *const *)config);
}

static void scripted_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state;
    *(int64_t *)output = evaluated(frame, *(const char *const *)input);
}

static void scripted_exit(jlt_frame *frame, void *state)
{
    (void)state;
    if (evaluated(frame, "Int64(get(task_local_storage(), :mine, 0))") == 7)
        atomic_fetch_add(&exits_that_found_it, 1);
}

static void once_run(jlt_frame *frame, const void *input, void *output)
{
    scripted_run(frame, NULL, input, output);
}

static const jlt_persistent_type scripted = {
    .name = "scripted",
    .config_size = sizeof(char *),
    .input_size = sizeof(char *),
    .output_size = sizeof(int64_t),
    .init = scripted_init,
    .run = scripted_run,
    .exit = scripted_exit,
};
static const jlt_task_type once = {
    .name = "once", .input_size = sizeof(char *), .output_size = sizeof(int64_t), .run = once_run};

static jlt_persistent *start(const char *code)
{
    jlt_persistent *task;
    assert_ok(jlt_persistent_spawn(runtime, &scripted, &code, &task));
    return task;
}

static int64_t ask(jlt_persistent *task, const char *code)
{
    int64_t answer = -1;
    if (task)
        assert_ok(jlt_persistent_invoke(task, &code, &answer));
    else
        assert_ok(jlt_task_invoke(runtime, &once, &code, &answer));
    return answer;
}

static void test_storage_is_the_tasks_from_init_to_exit(void **unused)
{
    (void)unused;
    enum { tasks = 8 };
    jlt_persistent *all[tasks];
    for (int i = 0; i < tasks; i++)
        all[i] = start("task_local_storage(:mine, 7)");
    ask(NULL, "GC.gc(); 1");
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < tasks; i++)
            assert_int_equal(ask(all[i], "(task_local_storage(:count, get(task_local_storage(), :count, 0) + 1); "
                                         "task_local_storage(:mine) * 100 + task_local_storage(:count))"),
                             701 + round);
    for (int i = 0; i < tasks; i++)
        jlt_persistent_drop(all[i]);
    ask(NULL, "1");
}

static void test_a_one_shot_has_no_storage_of_others(void **unused)
{
    (void)unused;
    jlt_persistent *task = start("task_local_storage(:mine, 7)"), *other = start("nothing");
    for (int i = 0; i < 4; i++) {
        assert_int_equal(ask(NULL,
                             "haskey(task_local_storage(), :user) || haskey(task_local_storage(), :mine) ? 1 : 0"),
                         0);
        assert_int_equal(ask(NULL, "task_local_storage(:user, 5)"), 5);
        assert_int_equal(ask(task, "Int64(haskey(task_local_storage(), :user))"), 0);
        assert_int_equal(ask(other, "Int64(length(task_local_storage()))"), 0);
    }
    jlt_persistent_drop(task);
    jlt_persistent_drop(other);
}

static void test_another_thread_finds_the_same_storage(void **unused)
{
    (void)unused;
    enum { tasks = 16, messages = 20 };
    jlt_persistent *all[tasks];
    jlt_receiver *replies[tasks][messages];
    const char *code = "(task_local_storage(:n, get(task_local_storage(), :n, 0) + 1); "
                       "GC.safepoint(); Int64(task_local_storage(:n)))";
    for (int i = 0; i < tasks; i++)
        all[i] = start("nothing");
    for (int m = 0; m < messages; m++)
        for (int i = 0; i < tasks; i++)
            assert_ok(jlt_persistent_call(all[i], &code, &replies[i][m]));
    for (int i = 0; i < tasks; i++) {
        for (int m = 0; m < messages; m++) {
            int64_t n = 0;
            assert_ok(jlt_receiver_recv(replies[i][m], &n));
            assert_int_equal(n, m + 1);
        }
        jlt_persistent_drop(all[i]);
    }
}

static void test_a_failed_init_leaves_no_storage(void **unused)
{
    (void)unused;
    jlt_persistent *task;
    const char *code = "task_local_storage(:mine, 1); error(\"no\")";
    assert_int_equal(jlt_persistent_spawn(runtime, &scripted, &code, &task), JLT_EXCEPTION);
    assert_int_equal(ask(NULL, "Int64(haskey(task_local_storage(), :mine))"), 0);
}

/* What a Julia task that is seeded so draws. */
#define DRAW "rand(Int64) >> 1"
static const char reference[] =
    "import Random; global drawn = fetch(@async (Random.seed!(11); [" DRAW " for _ in 1:6])); 1";

static bool has_generators(void)
{
    return ask(NULL, "Int64(hasfield(Task, :rngState0))");
}

static void test_a_seed_in_init_makes_a_task_reproducible(void **unused)
{
    (void)unused;
    if (!has_generators())
        skip();
    ask(NULL, reference);
    jlt_persistent *one = start("import Random; Random.seed!(11)"), *two = start("import Random; Random.seed!(11)");
    for (int i = 1; i <= 6; i++) {
        char code[64];
        snprintf(code, sizeof code, DRAW " == Main.drawn[%d] ? 1 : 0", i);
        assert_int_equal(ask(one, code), 1);
        ask(NULL, DRAW);
        ask(NULL, "(sleep(0.001); " DRAW ")"); /* makes fibers */
        assert_int_equal(ask(two, code), 1);
    }
    jlt_persistent_drop(one);
    jlt_persistent_drop(two);
}

static void test_the_seed_of_one_one_shot_is_not_the_next_ones(void **unused)
{
    (void)unused;
    if (!has_generators())
        skip();
    jlt_persistent *idle = start("nothing");
    int64_t seeded[2], next[2], idles[2];
    for (int i = 0; i < 2; i++) {
        seeded[i] = ask(NULL, "(import Random; Random.seed!(3); " DRAW ")");
        next[i] = ask(NULL, DRAW);
        ask(NULL, "(import Random; Random.seed!(3); 1)");
        idles[i] = ask(idle, DRAW);
    }
    assert_int_equal(seeded[0], seeded[1]);
    assert_int_not_equal(next[0], next[1]);
    assert_int_not_equal(idles[0], idles[1]);
    assert_int_not_equal(next[0], seeded[0]);
    jlt_persistent_drop(idle);
}

static void test_a_fiber_has_nothing_of_the_body_it_was_made_in(void **unused)
{
    (void)unused;
    const char *waits = "(using Logging; with_logger(NullLogger()) do; sleep(0.05); end; 1)";
    jlt_receiver *replies[4];
    for (int i = 0; i < 4; i++)
        assert_ok(jlt_task_dispatch(runtime, &once, &waits, &replies[i]));
    for (int i = 0; i < 8; i++) {
        int64_t answer;
        const char *code = "(using Logging; Int64(current_logger() isa NullLogger))";
        assert_ok(jlt_task_invoke(runtime, &once, &code, &answer));
        assert_int_equal(answer, 0);
    }
    for (int i = 0; i < 4; i++)
        assert_ok(jlt_receiver_recv(replies[i], NULL));
}

static void test_bodies_in_julia_have_the_same(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {.name = "own",
                                             .output_size = 8,
                                             .julia_init = "Main.own_init",
                                             .julia_run = "Main.own_run",
                                             .julia_output = "Int64"};
    ask(NULL, "(Core.eval(Main, :(own_init() = (task_local_storage(:own, 40); nothing); "
              "own_run(state) = (task_local_storage(:own, task_local_storage(:own) + 1)))); 1)");
    jlt_persistent *task;
    assert_ok(jlt_persistent_spawn(runtime, &type, NULL, &task));
    for (int i = 1; i <= 3; i++) {
        int64_t answer;
        assert_ok(jlt_persistent_invoke(task, NULL, &answer));
        assert_int_equal(answer, 40 + i);
        assert_int_equal(ask(NULL, "Int64(haskey(task_local_storage(), :own))"), 0);
    }
    jlt_persistent_drop(task);
}

static int all_exits(void **unused)
{
    int failed = stop_runtime(unused);
    return failed || atomic_load(&exits_that_found_it) != 9;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_storage_is_the_tasks_from_init_to_exit),
        cmocka_unit_test(test_a_one_shot_has_no_storage_of_others),
        cmocka_unit_test(test_another_thread_finds_the_same_storage),
        cmocka_unit_test(test_a_failed_init_leaves_no_storage),
        cmocka_unit_test(test_a_seed_in_init_makes_a_task_reproducible),
        cmocka_unit_test(test_the_seed_of_one_one_shot_is_not_the_next_ones),
        cmocka_unit_test(test_a_fiber_has_nothing_of_the_body_it_was_made_in),
        cmocka_unit_test(test_bodies_in_julia_have_the_same),
    };
    return cmocka_run_group_tests_name("identity", tests, start_runtime, all_exits);
}
