/* SPDX-License-Identifier: MIT
 *
 * Finding and starting Julia: every failure is a status with a message that says where it looked and what was wrong
 * there, and leaves the process able to start the right one. */
#include "julia/fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static void expect_failure(const jlt_options *options, jlt_status wanted, const char *text)
{
    jlt_runtime *none = NULL;
    jlt_thread *no_thread = NULL;
    assert_status(jlt_runtime_spawn(options, &none, &no_thread), wanted);
    assert_contains(jlt_error_message(), text);
    assert_null(none);
    assert_null(no_thread);
}

static void test_an_option_that_names_no_file(void **unused)
{
    (void)unused;
    expect_failure(&(jlt_options){.julia = "/nonexistent/julia"}, JLT_NO_JULIA, "/nonexistent/julia");
}

static void test_a_folder_without_julia(void **unused)
{
    (void)unused;
    expect_failure(&(jlt_options){.julia = "/tmp"}, JLT_NO_JULIA, "/tmp: has no bin/julia");
}

static void test_an_executable_that_is_no_julia(void **unused)
{
    (void)unused;
    expect_failure(&(jlt_options){.julia = "/bin/false"}, JLT_NO_JULIA, "/bin/false: does not run as a julia does");
    expect_failure(&(jlt_options){.julia = "/bin/echo"}, JLT_NO_JULIA, "/bin/echo: does not say where");
    expect_failure(&(jlt_options){.julia = "/etc/passwd"}, JLT_NO_JULIA, "/etc/passwd: is not executable");
}

static void test_a_julia_that_is_too_old(void **unused)
{
    (void)unused;
    expect_failure(&(jlt_options){.julia = FAKE_OLD}, JLT_NO_JULIA, "version 1.4.2; 1.5 or later is needed");
}

static void test_a_julia_without_a_symbol(void **unused)
{
    (void)unused;
    expect_failure(&(jlt_options){.julia = FAKE_EMPTY}, JLT_NO_JULIA, "has no jl_is_initialized");
}

static void test_the_environment_and_path(void **unused)
{
    (void)unused;
    char *variable = getenv("JLTASK_JULIA"), *path = strdup(getenv("PATH"));
    variable = variable ? strdup(variable) : NULL;
    setenv("JLTASK_JULIA", "/nonexistent/too", 1);
    expect_failure(NULL, JLT_NO_JULIA, "/nonexistent/too: no such executable or folder; it was named by JLTASK_JULIA");
    unsetenv("JLTASK_JULIA");
    setenv("PATH", "/nonexistent", 1);
    expect_failure(NULL, JLT_NO_JULIA, "no julia on PATH");
    setenv("PATH", path, 1);
    if (variable)
        setenv("JLTASK_JULIA", variable, 1);
    free(variable);
    free(path);
}

static void test_options_that_are_not_allowed(void **unused)
{
    (void)unused;
    expect_failure(&(jlt_options){.threads = -1}, JLT_INVALID_ARGUMENT, "options.threads is -1");
    expect_failure(&(jlt_options){.threads = 1 << 20}, JLT_INVALID_ARGUMENT, "options.threads");
    expect_failure(&(jlt_options){.interactive_threads = -1}, JLT_INVALID_ARGUMENT, "options.interactive_threads");
    expect_failure(&(jlt_options){.sysimage = "/nonexistent.so"}, JLT_INVALID_ARGUMENT, "no file /nonexistent.so");
    expect_failure(&(jlt_options){.project = "/nonexistent"}, JLT_INVALID_ARGUMENT, "no file or folder /nonexistent");
    jlt_runtime *none;
    jlt_thread *no_thread;
    assert_status(jlt_runtime_spawn(NULL, NULL, &no_thread), JLT_INVALID_ARGUMENT);
    assert_status(jlt_runtime_spawn(NULL, &none, NULL), JLT_INVALID_ARGUMENT);
}

static void test_a_system_image_that_is_none(void **unused)
{
    (void)unused;
    expect_failure(&(jlt_options){.sysimage = "/bin/true"}, JLT_NO_JULIA, "does not start with /bin/true");
}

static void on_interrupt(int number)
{
    (void)number;
}

static struct sigaction disposition(int number)
{
    struct sigaction action;
    sigaction(number, NULL, &action);
    return action;
}

/* After all these failures the right one starts, from a thread with little stack, and the host's signals stay. */
static void *start(void *unused)
{
    char folder[] = "/tmp/jltask-project-XXXXXX";
    (void)unused;
    assert_non_null(mkdtemp(folder));
    assert_ok(jlt_runtime_spawn(&(jlt_options){.threads = 1, .project = folder}, &runtime, &thread));
    rmdir(folder);
    return NULL;
}

static void project_is_active(jlt_frame *frame)
{
    jlt_value *project = jlt_call(frame, jlt_eval(frame, "() -> string(Base.active_project())"));
    const char *text = jlt_unbox_string(frame, project, NULL);
    EXPECT(text && strstr(text, "jltask-project-"));
}

static void test_the_right_one_starts_after_all_that(void **unused)
{
    (void)unused;
    struct sigaction mine = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &mine, NULL);
    pthread_attr_t small;
    pthread_t starter;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 256 * 1024);
    assert_int_equal(pthread_create(&starter, &small, start, NULL), 0);
    pthread_join(starter, NULL);
    pthread_attr_destroy(&small);
    assert_ptr_equal(disposition(SIGINT).sa_handler, on_interrupt);
    assert_ptr_equal(disposition(SIGTERM).sa_handler, SIG_DFL);
    assert_ptr_equal(disposition(SIGQUIT).sa_handler, SIG_DFL);
    assert_ptr_equal(disposition(SIGPIPE).sa_handler, SIG_DFL);
    in_body(project_is_active);
}

static void test_a_second_start_is_refused(void **unused)
{
    (void)unused;
    expect_failure(NULL, JLT_ALREADY_STARTED, "once in a process");
}

static void test_not_even_after_the_end(void **unused)
{
    (void)unused;
    jlt_runtime_drop(runtime);
    assert_ok(jlt_thread_join(thread));
    expect_failure(NULL, JLT_ALREADY_STARTED, "once in a process");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_option_that_names_no_file),
        cmocka_unit_test(test_a_folder_without_julia),
        cmocka_unit_test(test_an_executable_that_is_no_julia),
        cmocka_unit_test(test_a_julia_that_is_too_old),
        cmocka_unit_test(test_a_julia_without_a_symbol),
        cmocka_unit_test(test_the_environment_and_path),
        cmocka_unit_test(test_options_that_are_not_allowed),
        cmocka_unit_test(test_a_system_image_that_is_none),
        cmocka_unit_test(test_the_right_one_starts_after_all_that),
        cmocka_unit_test(test_a_second_start_is_refused),
        cmocka_unit_test(test_not_even_after_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
