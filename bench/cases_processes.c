/* SPDX-License-Identifier: MIT
 *
 * Cases that need a new process for each sample: the first reply, and the number of Julia threads. */
#include "cases.h"
#include "measure.h"
#include "peers.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Starts a program; *answers is the reading end of its output. */
static pid_t start_program(char *const *arguments, FILE **answers)
{
    int pipes[2];
    pid_t child = -1;
    posix_spawn_file_actions_t actions;
    if (pipe(pipes) != 0)
        return -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
    posix_spawn_file_actions_addclose(&actions, pipes[0]);
    if (posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ) != 0)
        child = -1;
    posix_spawn_file_actions_destroy(&actions);
    close(pipes[1]);
    *answers = fdopen(pipes[0], "r");
    return child;
}

static void end_program(pid_t child, FILE *answers)
{
    int status = 0;
    fclose(answers);
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        fprintf(stderr, "bench: a child process failed\n");
        _Exit(1);
    }
}

/* ---- the first reply ---- */

static void empty_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state, (void)input, (void)output;
}

/* Starts jltask and says when the first reply is there; then how long, in ns, the start of the runtime, the start of
 * the task, the first message and the second took. */
int first_reply_child(const char *what)
{
    static const jlt_persistent_type empty_type = {
        .name = "empty", .config_size = 8, .input_size = 8, .output_size = 8, .run = empty_run};
    const jlt_persistent_type *type = !strcmp(what, "empty") ? &empty_type : &accumulator_type;
    double value = 0.0, sum;
    jlt_thread *thread;
    jlt_persistent *task;
    int64_t at[5];
    at[0] = now_ns();
    CHECK(jlt_runtime_spawn(&(jlt_options){.threads = bench.threads}, &runtime, &thread));
    at[1] = now_ns();
    CHECK(jlt_persistent_spawn(runtime, type, &value, &task));
    at[2] = now_ns();
    CHECK(jlt_persistent_invoke(task, &value, &sum));
    at[3] = now_ns();
    printf("\n");
    fflush(stdout);
    int64_t second = now_ns();
    CHECK(jlt_persistent_invoke(task, &value, &sum));
    at[4] = now_ns();
    printf("%lld %lld %lld %lld\n", (long long)(at[1] - at[0]), (long long)(at[2] - at[1]), (long long)(at[3] - at[2]),
           (long long)(at[4] - second));
    jlt_persistent_drop(task);
    jlt_runtime_drop(runtime);
    CHECK(jlt_thread_join(thread));
    return 0;
}

static double julia_ms(void)
{
    const char *julia = getenv("JLTASK_JULIA");
    char *arguments[] = {(char *)(uintptr_t)(julia ? julia : "julia"), "--startup-file=no", "-e", "", NULL};
    FILE *answers;
    int64_t start = now_ns();
    pid_t child = start_program(arguments, &answers);
    end_program(child, answers);
    return (double)(now_ns() - start) / 1e6;
}

static void jltask_first_reply(const char *what, const char *peer)
{
    char option[64], threads[32];
    snprintf(option, sizeof option, "--first-reply=%s", what);
    snprintf(threads, sizeof threads, "--threads=%d", bench.threads);
    char *arguments[] = {(char *)(uintptr_t) "/proc/self/exe", threads, option, NULL};
    FILE *answers;
    int64_t start = now_ns();
    pid_t child = start_program(arguments, &answers);
    fgetc(answers);
    sample("first reply after process start", peer, "ms", (double)(now_ns() - start) / 1e6);
    long long spawn, task, first, second;
    if (fscanf(answers, "%lld %lld %lld %lld", &spawn, &task, &first, &second) == 4) {
        sample("  of it: the runtime's start", peer, "ms", (double)spawn / 1e6);
        sample("  of it: the task's start", peer, "ms", (double)task / 1e6);
        sample("  of it: the first message", peer, "ms", (double)first / 1e6);
        sample("  the second message", peer, "ms", (double)second / 1e6);
    }
    end_program(child, answers);
    sample("process start to end", peer, "ms", (double)(now_ns() - start) / 1e6);
}

void cases_first_reply(void)
{
    for (int round = -1; round < bench.rounds; round++) {
        double julia = julia_ms();
        if (round < 0) /* warms the file cache */
            continue;
        sample("first reply after process start", "floor-julia-e", "ms", julia);
        jltask_first_reply("empty", "jltask-empty");
        jltask_first_reply("accumulator", "jltask");
        give_way();
    }
}

/* ---- threads ---- */

static const char work_code[] = "function bench_work(n::Int64)\n"
                                "    x = 0.5\n"
                                "    for i in 1:n\n"
                                "        x = 3.7 * x * (1.0 - x)\n"
                                "    end\n"
                                "    return x\n"
                                "end";

static void define_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    jlt_eval(frame, work_code);
}

static void work_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state;
    jlt_value *n = jlt_box_i64(frame, *(const int64_t *)input);
    *(double *)output = jlt_unbox_f64(frame, jlt_call(frame, jlt_global(frame, "Main.bench_work"), n));
}

enum { most_shares = 8 };

static size_t work_amount(void)
{
    return amount(50000000, 10000000);
}

/* Tasks with their shares of the work, on one or two Julia threads. Seconds. */
static double share_work(int threads, const int *shares)
{
    static const jlt_task_type define_type = {.name = "define", .run = define_run};
    static const jlt_persistent_type work_type = {
        .name = "work", .input_size = sizeof(int64_t), .output_size = sizeof(double), .run = work_run};
    jlt_persistent *tasks[most_shares];
    jlt_receiver *receivers[most_shares];
    int64_t few = 1000, share = (int64_t)work_amount();
    int count = 0;
    double x;
    runtime_begin(threads);
    CHECK(jlt_task_invoke(runtime, &define_type, NULL, NULL));
    for (; count < most_shares && shares[count]; count++) {
        CHECK(jlt_persistent_spawn(runtime, &work_type, NULL, &tasks[count]));
        CHECK(jlt_persistent_invoke(tasks[count], &few, &x));
    }
    int64_t start = now_ns();
    for (int i = 0; i < count; i++)
        CHECK(jlt_persistent_call(tasks[i], &(int64_t){share * shares[i] / 100}, &receivers[i]));
    for (int i = 0; i < count; i++)
        CHECK(jlt_receiver_recv(receivers[i], &x));
    double seconds = (double)(now_ns() - start) / 1e9;
    for (int i = 0; i < count; i++)
        jlt_persistent_drop(tasks[i]);
    runtime_end();
    return seconds;
}

/* In a process of its own. */
static double share_work_apart(int threads, const int *shares)
{
    double seconds = 0;
    int pipes[2];
    if (pipe(pipes) != 0)
        return 0;
    pid_t child = fork();
    if (child == 0) {
        seconds = share_work(threads, shares);
        _Exit(write(pipes[1], &seconds, sizeof seconds) == sizeof seconds ? 0 : 1);
    }
    close(pipes[1]);
    if (read(pipes[0], &seconds, sizeof seconds) != sizeof seconds)
        seconds = 0;
    close(pipes[0]);
    waitpid(child, NULL, 0);
    return seconds;
}

/* The machine's own speed-up: the same loop in C, by two threads. */
static void *c_work(void *argument)
{
    volatile double result;
    double x = 0.5;
    for (size_t i = 0; i < work_amount(); i++)
        x = 3.7 * x * (1.0 - x);
    result = x;
    (void)result;
    return argument;
}

static double c_speed_up(void)
{
    int64_t start = now_ns();
    c_work(NULL);
    c_work(NULL);
    int64_t middle = now_ns();
    pthread_t other;
    pthread_create(&other, NULL, c_work, NULL);
    c_work(NULL);
    pthread_join(other, NULL);
    return (double)(middle - start) / (double)(now_ns() - middle);
}

void cases_parallel(void)
{
    /* percent; of the uneven ones, placement puts all that are large on one thread */
    static const int even[most_shares] = {100, 100}, uneven[most_shares] = {45, 5, 45, 5, 45, 5, 45, 5};
    for (int round = 0; round < bench.rounds; round++) {
        sample("speed-up by two threads", "floor-c-threads", "x", c_speed_up());
        sample("speed-up by two threads", "jltask", "x", share_work_apart(1, even) / share_work_apart(2, even));
        sample("speed-up, uneven tasks", "jltask", "x", share_work_apart(1, uneven) / share_work_apart(2, uneven));
    }
}
