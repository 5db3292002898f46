/* SPDX-License-Identifier: MIT
 *
 * exit() while Julia runs: the process ends with its own status, whatever the bodies do. */
#include "julia/apart.h"

#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>

static const char compiles[] = "for i in 1:50; g = eval(:(x -> sum(map(y -> y^$i + sin(y), x))))\n"
                               "Base.invokelatest(g, rand(10)); yield(); end";
static const char runs_for_ever[] = "while true; end";
static const char runs_on[] = "while true; GC.safepoint(); end";
static const char sleeps_for_ever[] = "wait(Condition())";

static void evaluate_text(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    jlt_eval(frame, *(const char *const *)input);
}

static void dispatch(const char *code, int times)
{
    static const jlt_task_type type = {.input_size = sizeof code, .run = evaluate_text};
    for (int i = 0; i < times; i++)
        MUST(jlt_task_dispatch(runtime, &type, &code, NULL) == JLT_OK);
}

static void close_and_join(void)
{
    jlt_runtime_drop(runtime);
    jlt_status status = jlt_thread_join(thread);
    MUST(status == JLT_OK || status == JLT_CLOSED);
}

static void forgets(void)
{
    start_julia(2);
    exit(42);
}

static void forgets_at_work(void)
{
    start_julia(2);
    dispatch(compiles, 4);
    MUST(evaluate("1") == JLT_OK);
    exit(42);
}

static void forgets_a_body_without_end(void)
{
    start_julia(2);
    dispatch(runs_for_ever, 1);
    dispatch(sleeps_for_ever, 1);
    exit(42);
}

static void test_a_program_that_forgets_to_close_ends_with_its_status(void **unused)
{
    (void)unused;
    assert_exited(apart(forgets), 42);
    assert_exited(apart(forgets_at_work), 42);
    assert_exited(apart(forgets_a_body_without_end), 42);
}

/* ---- what runs at the end although a body would sleep for ever ---- */

static long long now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

struct seen {
    atomic_int exits, hooks, sleepers;
    atomic_llong exited_at; /* ns */
};
static struct seen *seen; /* of this process and its children */

static void hook_init(jlt_frame *frame, void *state, const void *config)
{
    char code[100];
    (void)state, (void)config;
    snprintf(code, sizeof code, "atexit(() -> unsafe_store!(Ptr{Cint}(%ju), 1))", (uintmax_t)(uintptr_t)&seen->hooks);
    jlt_eval(frame, code);
}

static void sleep_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state, (void)input, (void)output;
    atomic_fetch_add(&seen->sleepers, 1);
    jlt_eval(frame, "sleep(3600)");
}

static void count_exit(jlt_frame *frame, void *state)
{
    (void)frame, (void)state;
    atomic_fetch_add(&seen->exits, 1);
}

static void forgets_a_body_that_sleeps(void)
{
    static const jlt_persistent_type type = {.init = hook_init, .run = sleep_run, .exit = count_exit};
    jlt_persistent *task;
    start_julia(2);
    MUST(jlt_persistent_spawn(runtime, &type, NULL, &task) == JLT_OK);
    MUST(jlt_persistent_call(task, NULL, NULL) == JLT_OK);
    while (!atomic_load(&seen->sleepers))
        sched_yield();
    atomic_store(&seen->exited_at, now_ns());
    exit(42);
}

/* If all is over within the five seconds that exit() has for it. */
static void test_a_body_that_sleeps_does_not_keep_exits_and_hooks_from_running(void **unused)
{
    (void)unused;
    seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(seen != MAP_FAILED);
    assert_exited(apart(forgets_a_body_that_sleeps), 42);
    if (now_ns() - atomic_load(&seen->exited_at) < 5000000000) {
        assert_int_equal(atomic_load(&seen->exits), 1);
        assert_int_equal(atomic_load(&seen->hooks), 1);
    }
    munmap(seen, sizeof *seen);
}

static void closes_late(void)
{
    atexit(close_and_join);
    start_julia(2);
    dispatch(compiles, 4);
    exit(42);
}

static void closes_after_start(void)
{
    start_julia(2);
    atexit(close_and_join);
    dispatch(compiles, 2);
    exit(42);
}

static void test_a_close_in_an_exit_handler_ends(void **unused)
{
    (void)unused;
    assert_exited(apart(closes_late), 42);
    assert_exited(apart(closes_after_start), 42);
}

/* Julia 1.12's exit waits for the other threads at a safepoint, for ever if one comes to none. */
static void exits_in_julia(void)
{
    start_julia(2);
    dispatch(runs_on, 1);
    evaluate("exit(42)");
    pause();
}

static void exit_in_body(jlt_frame *frame)
{
    (void)frame;
    exit(42);
}

static void exits_in_a_body(void)
{
    start_julia(2);
    in_body(exit_in_body);
}

static void test_exit_in_a_body_ends_the_process_with_its_status(void **unused)
{
    (void)unused;
    assert_exited(apart(exits_in_julia), 42);
    assert_exited(apart(exits_in_a_body), 42);
}

static void forks(void)
{
    int status = 0;
    start_julia(2);
    pid_t child = fork();
    if (child == 0)
        exit(7);
    MUST(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7);
    end_julia();
    exit(42);
}

static void test_a_forked_child_exits(void **unused)
{
    (void)unused;
    assert_exited(apart(forks), 42);
}

static int main_that_exits(jlt_runtime *handle, void *argument)
{
    (void)handle, (void)argument;
    exit(42);
}

static void starts_and_exits(void)
{
    jlt_runtime_start(NULL, main_that_exits, NULL, NULL);
}

static void test_a_main_function_may_exit(void **unused)
{
    (void)unused;
    assert_exited(apart(starts_and_exits), 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_program_that_forgets_to_close_ends_with_its_status),
        cmocka_unit_test(test_a_body_that_sleeps_does_not_keep_exits_and_hooks_from_running),
        cmocka_unit_test(test_a_close_in_an_exit_handler_ends),
        cmocka_unit_test(test_exit_in_a_body_ends_the_process_with_its_status),
        cmocka_unit_test(test_a_forked_child_exits),
        cmocka_unit_test(test_a_main_function_may_exit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
