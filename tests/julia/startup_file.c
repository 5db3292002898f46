/* SPDX-License-Identifier: MIT
 *
 * A startup file that throws: what it printed and logged before that is delivered, the start fails with its error, and
 * Julia cannot be started again. */
#include "julia/fixture.h"

#include <unistd.h>

static char printed[64], logged[64];

static void keep_output(void *context, int stream, const char *bytes, size_t count)
{
    (void)context, (void)stream;
    strncat(printed, bytes, count < sizeof printed - strlen(printed) - 1 ? count : 0);
}

static void keep_record(void *context, const jlt_log_record *record)
{
    (void)context;
    snprintf(logged, sizeof logged, "%s:%d", record->message, record->line);
}

static void test_a_startup_file_that_throws(void **unused)
{
    char depot[] = "/tmp/jltask-startup-XXXXXX", command[256], path[256];
    (void)unused;
    assert_non_null(mkdtemp(depot));
    snprintf(command, sizeof command, "mkdir %s/config", depot);
    assert_int_equal(system(command), 0);
    snprintf(path, sizeof path, "%s/config/startup.jl", depot);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("print(\"said\")\n@warn \"logged\"\nerror(\"not today\")\n", file);
    assert_int_equal(fclose(file), 0);
    jlt_options options = {
        .threads = 1, .depot_path = depot, .startup_file = true, .log = keep_record, .output = keep_output};
    assert_status(jlt_runtime_spawn(&options, &runtime, &thread), JLT_EXCEPTION);
    assert_contains(jlt_error_message(), "not today\nat ");
    assert_contains(jlt_error_message(), "config/startup.jl:3");
    assert_string_equal(printed, "said");
    assert_string_equal(logged, "logged:2");
    assert_status(jlt_runtime_spawn(NULL, &runtime, &thread), JLT_ALREADY_STARTED);
    snprintf(command, sizeof command, "rm -r %s", depot);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_startup_file_that_throws)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
