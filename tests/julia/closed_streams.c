/* SPDX-License-Identifier: MIT
 *
 * A program that has closed its standard streams, as daemons do: Julia starts, prints into nothing, and, with sinks,
 * into them. Each case is a process of its own: the program runs itself. */
#include "julia/fixture.h"

#include <errno.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { CASE_PLAIN = 10, CASE_SINKS, CASE_STDIN_ONLY, CASE_STDOUT_ONLY };

static char printed[256];
static int records;

static void keep_output(void *context, int stream, const char *bytes, size_t count)
{
    (void)context, (void)stream;
    strncat(printed, bytes, count < sizeof printed - strlen(printed) - 1 ? count : 0);
}

static void keep_record(void *context, const jlt_log_record *record)
{
    (void)context, (void)record;
    records++;
}

static void print_and_log(jlt_frame *frame)
{
    jlt_eval(frame, "print(\"out \"); print(stderr, \"err\"); flush(stdout); @warn \"logged\"");
    EXPECT(jlt_ok(frame));
    EXPECT(jlt_unbox_i64(frame, jlt_eval(frame, "length(read(`echo child`, String))")) == 6);
}

static void run(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    print_and_log(frame);
}

static bool are_null_devices(const bool *closed)
{
    struct stat null, info;
    stat("/dev/null", &null);
    for (int fd = 0; fd <= 2; fd++)
        if (closed[fd] && (fstat(fd, &info) != 0 || info.st_rdev != null.st_rdev))
            return false;
    return true;
}

/* What the child does; its exit code says at which step it failed. */
static int child(int number)
{
    bool closed[3];
    for (int fd = 0; fd <= 2; fd++) {
        closed[fd] = !((number == CASE_STDIN_ONLY && fd != 0) || (number == CASE_STDOUT_ONLY && fd != 1));
        if (closed[fd])
            close(fd);
    }
    jlt_options options = {.threads = 1};
    if (number == CASE_SINKS) {
        options.output = keep_output;
        options.log = keep_record;
    }
    if (jlt_runtime_spawn(&options, &runtime, &thread) != JLT_OK)
        return 2;
    if (!are_null_devices(closed))
        return 3;
    static const jlt_task_type type = {.run = run}; /* cmocka cannot say anything here */
    if (jlt_task_invoke(runtime, &type, NULL, NULL) != JLT_OK)
        return 4;
    jlt_runtime_drop(runtime);
    if (jlt_thread_join(thread) != JLT_OK)
        return 5;
    if (number == CASE_SINKS && (strcmp(printed, "out err") != 0 || records != 1))
        return 6;
    return 0;
}

static int run_case(int number)
{
    char digits[8];
    snprintf(digits, sizeof digits, "%d", number);
    char *arguments[] = {"closed_streams", digits, NULL};
    pid_t pid;
    int status = -1;
    assert_int_equal(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, arguments, environ), 0);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static void test_all_streams_closed(void **unused)
{
    (void)unused;
    assert_int_equal(run_case(CASE_PLAIN), 0);
}

static void test_all_streams_closed_with_sinks(void **unused)
{
    (void)unused;
    assert_int_equal(run_case(CASE_SINKS), 0);
}

static void test_one_stream_closed(void **unused)
{
    (void)unused;
    assert_int_equal(run_case(CASE_STDIN_ONLY), 0);
    assert_int_equal(run_case(CASE_STDOUT_ONLY), 0);
}

int main(int count, char **arguments)
{
    if (count > 1)
        return child(atoi(arguments[1]));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_streams_closed),
        cmocka_unit_test(test_all_streams_closed_with_sinks),
        cmocka_unit_test(test_one_stream_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
