/* SPDX-License-Identifier: MIT
 *
 * Starts that must be refused before Julia ends the host: in a program with raised privileges, with few descriptors;
 * and one that must not be, with a limit of stacks larger than any memory. */
#include "julia/apart.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>

static const char *self;

static jlt_status start_with(const char *julia)
{
    return jlt_runtime_spawn(&(jlt_options){.threads = 2, .julia = julia}, &runtime, &thread);
}

/* This program again, owned by another user and started with that user's rights. */
static int start_privileged(void)
{
    MUST(getauxval(AT_SECURE));
    MUST(start_with(NULL) == JLT_NO_JULIA && strstr(jlt_error_message(), "privileges"));
    MUST(start_with("/nonexistent") == JLT_NO_JULIA && strstr(jlt_error_message(), "/nonexistent"));
    return 0;
}

static void copy_and_run(void)
{
    enum { nobody = 65534 };
    char copy[] = "/tmp/jltask-privileges-XXXXXX", buffer[65536];
    int from = open(self, O_RDONLY), to = mkstemp(copy);
    for (ssize_t count; (count = read(from, buffer, sizeof buffer)) > 0;)
        MUST(write(to, buffer, (size_t)count) == count);
    MUST(fchown(to, nobody, nobody) == 0 && fchmod(to, 04755) == 0 && close(to) == 0);
    pid_t child = fork();
    if (child == 0) {
        execl(copy, copy, "privileged", (char *)NULL);
        _exit(97);
    }
    int status = -1;
    MUST(waitpid(child, &status, 0) == child);
    unlink(copy);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 96);
}

static void test_a_privileged_program_must_name_its_julia(void **unused)
{
    (void)unused;
    if (geteuid() != 0)
        skip();
    assert_returned(apart(copy_and_run));
}

static void with_few_descriptors(void)
{
    struct rlimit limit;
    MUST(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    for (rlim_t few = 8; few <= 16; few += 4) {
        MUST(setrlimit(RLIMIT_NOFILE, &(struct rlimit){few, limit.rlim_max}) == 0);
        MUST(start_with(NULL) == JLT_NO_JULIA && strstr(jlt_error_message(), "file descriptors"));
    }
    MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    MUST(start_with(NULL) == JLT_OK);
    end_julia();
}

static void test_few_descriptors_are_a_status(void **unused)
{
    (void)unused;
    assert_returned(apart(with_few_descriptors));
}

static void with_huge_stacks(void)
{
    struct rlimit limit = {(rlim_t)1 << 50, RLIM_INFINITY};
    if (setrlimit(RLIMIT_STACK, &limit) != 0)
        return;
    MUST(start_with(NULL) == JLT_OK);
    MUST(evaluate("f(n) = n == 0 ? 0 : 1 + f(n - 1); f(1000) == 1000 || error()") == JLT_OK);
    end_julia();
}

static void test_a_huge_limit_of_stacks_is_no_obstacle(void **unused)
{
    (void)unused;
    assert_returned(apart(with_huge_stacks));
}

int main(int argc, char **argv)
{
    self = argv[0];
    if (argc > 1 && !strcmp(argv[1], "privileged"))
        return start_privileged();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_privileged_program_must_name_its_julia),
        cmocka_unit_test(test_few_descriptors_are_a_status),
        cmocka_unit_test(test_a_huge_limit_of_stacks_is_no_obstacle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
