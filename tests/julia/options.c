/* SPDX-License-Identifier: MIT
 *
 * Options: each that is not allowed, or not there in the loaded Julia, is an error that says so and leaves the process
 * able to start; those that are given have their effect, and can be read back. */
#include "julia/fixture.h"

#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/jltask-options-XXXXXX";
static jlt_settings settings;
static char *image;
static const uint64_t hint = 3000000001; /* bytes, more than 32 bits hold with a sign */

static void expect_failure(const jlt_options *options, const char *text)
{
    jlt_runtime *none = NULL;
    jlt_thread *no_thread = NULL;
    assert_status(jlt_runtime_spawn(options, &none, &no_thread), JLT_INVALID_ARGUMENT);
    assert_contains(jlt_error_message(), text);
    assert_null(none);
}

static void test_numbers_out_of_range(void **unused)
{
    (void)unused;
    expect_failure(&(jlt_options){.gc_threads = -1}, "options.gc_threads is -1, not 0 to");
    expect_failure(&(jlt_options){.gc_threads = 1 << 20}, "options.gc_threads");
    expect_failure(&(jlt_options){.optimize = (jlt_optimize)5}, "options.optimize is 5, not 0 to 4");
    expect_failure(&(jlt_options){.optimize = (jlt_optimize)-1}, "options.optimize");
    expect_failure(&(jlt_options){.check_bounds = (jlt_check_bounds)3}, "options.check_bounds is 3");
    expect_failure(&(jlt_options){.depot_path = ""}, "options.depot_path is empty");
    expect_failure(&(jlt_options){.load_path = ""}, "options.load_path is empty");
}

static void expect_flag_refused(const char *flag, const char *text)
{
    const char *const flags[] = {"--depwarn=yes", flag, NULL};
    expect_failure(&(jlt_options){.flags = flags}, text);
    assert_contains(jlt_error_message(), flag);
}

static void test_flags_that_are_not_for_here(void **unused)
{
    static const char *const refused[] = {
        "--version",          "--help",       "--eval=exit(1)", "--ev=1",   "--print=1",     "--load=x",
        "--procs=2",          "--worker",     "--output-o=x",   "--lisp",   "--threads",     "--project=x",
        "--sysimage=x",       "--optimize=0", "--opt=0",        "--home=/", "--help-hidden", "--bug-report=rr",
        "--handle-signals=no"};
    (void)unused;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        expect_flag_refused(refused[i], "is not allowed: ");
    expect_flag_refused("--cpu-target=help", "is not allowed: ");
    expect_flag_refused("-Chelp", "is not allowed: ");
    expect_flag_refused("--heap-size-hint=1G", "it has an option of its own");
    static const char *const forms[] = {"", "-", "--", "-e", "-i", "-p2", "-v", "file.jl", "--=x", "-C"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        expect_flag_refused(forms[i], "a flag is written --name or --name=value");
    const char *many[66];
    for (int i = 0; i < 65; i++)
        many[i] = "--depwarn=yes";
    many[65] = NULL;
    expect_failure(&(jlt_options){.flags = many}, "options.flags: more than 64 flags");
}

/* Julia ends the process for these; here the process must go on. */
static void test_flags_that_julia_does_not_know(void **unused)
{
    (void)unused;
    expect_flag_refused("--no-such-flag", "does not start with \"--no-such-flag\"");
    expect_flag_refused("--math-mode=slow", "does not start with \"--math-mode=slow\"");
    expect_flag_refused("--inline", "does not start with");
}

static void test_copied_stacks_are_refused(void **unused)
{
    (void)unused;
    const char *const values[] = {"1", "yes", "maybe", ""};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        setenv("JULIA_COPY_STACKS", values[i], 1);
        expect_failure(NULL, "JULIA_COPY_STACKS=");
    }
    setenv("JULIA_COPY_STACKS", "0", 1); /* and stays for the start that succeeds */
}

/* What the julia executable prints; good until the next call. */
static const char *ask_julia(const char *code)
{
    static char answer[512];
    const char *julia = getenv("JLTASK_JULIA");
    char command[1024], executable[512] = "julia";
    struct stat info;
    if (julia && *julia)
        snprintf(executable, sizeof executable, "%s%s", julia,
                 stat(julia, &info) == 0 && S_ISDIR(info.st_mode) ? "/bin/julia" : "");
    snprintf(command, sizeof command, "%.500s --startup-file=no -e 'print(%.400s)'", executable, code);
    FILE *output = popen(command, "r");
    assert_non_null(output);
    assert_non_null(fgets(answer, sizeof answer, output));
    pclose(output);
    return answer;
}

static int minor_version(void)
{
    static int minor = -1;
    if (minor < 0)
        minor = atoi(ask_julia("VERSION.major > 1 ? 999 : VERSION.minor"));
    return minor;
}

static void test_options_that_this_version_lacks(void **unused)
{
    (void)unused;
    int minor = minor_version();
    if (minor < 9) {
        expect_failure(&(jlt_options){.interactive_threads = 1}, "has no interactive threads; 1.9 or later has");
        expect_failure(&(jlt_options){.heap_size_hint = 1 << 30}, "has no heap size hint; 1.9 or later has");
    }
    if (minor < 10)
        expect_failure(&(jlt_options){.gc_threads = 2}, "has no GC threads; 1.10 or later has");
}

/* ---- what has its effect ---- */

static void write_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void make_folders(void)
{
    char command[256];
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command, "mkdir -p %s/depot/config %s/packages/Found/src %s/project", folder, folder,
             folder);
    assert_int_equal(system(command), 0);
    write_file("depot/config/startup.jl", "from_startup = (@__FILE__, Base.JLOptions().opt_level, DEPOT_PATH[1])\n");
    write_file("packages/Found/src/Found.jl", "module Found\nwhere = \"load path\"\nend\n");
    write_file("project/Project.toml", "");
}

static void test_a_start_with_options(void **unused)
{
    char depot[256], load[256], project[256];
    const char *const flags[] = {"--compiled-modules=no", "--math-mode=ieee", "-g1", NULL};
    (void)unused;
    make_folders();
    snprintf(depot, sizeof depot, "%s/depot:", folder);
    snprintf(load, sizeof load, "%s/packages:@:@stdlib", folder);
    snprintf(project, sizeof project, "%s/project/../project", folder);
    jlt_options options = {
        .threads = 1,
        .project = project,
        .optimize = JLT_OPTIMIZE_0,
        .check_bounds = JLT_CHECK_BOUNDS_YES,
        .startup_file = true,
        .depot_path = depot,
        .load_path = load,
        .flags = flags,
    };
    image = strdup(ask_julia("unsafe_string(Base.JLOptions().image_file)"));
    options.sysimage = image;
    if (minor_version() >= 10) {
        options.gc_threads = 2;
        options.heap_size_hint = hint;
        options.interactive_threads = 1;
    }
    assert_ok(jlt_runtime_spawn(&options, &runtime, &thread));
    memset(depot, 'x', 8);
    memset(load, 'x', 8);
    memset(project, 'x', 8);
}

static void effects(jlt_frame *frame)
{
    EXPECT(jlt_unbox_i64(frame, jlt_eval(frame, "Threads.nthreads()")) == 1);
    EXPECT(jlt_unbox_bool(frame, jlt_eval(frame, "Base.JLOptions().opt_level == 0")));
    EXPECT(jlt_unbox_bool(frame, jlt_eval(frame, "Base.JLOptions().check_bounds == 1")));
    EXPECT(jlt_unbox_bool(frame, jlt_eval(frame, "Base.JLOptions().use_compiled_modules == 0")));
    EXPECT(jlt_unbox_bool(frame, jlt_eval(frame, "Base.JLOptions().fast_math == 2")));
    EXPECT(!jlt_call(frame, jlt_eval(frame, "unsafe_get(v) = @inbounds v[4]; unsafe_get"), jlt_eval(frame, "[1, 2]")));
    EXPECT_FAILED(JLT_EXCEPTION, "BoundsError");
    EXPECT(strstr(jlt_unbox_string(frame, jlt_eval(frame, "from_startup[1]"), NULL), "depot/config/startup.jl"));
    EXPECT(jlt_unbox_bool(frame, jlt_eval(frame, "from_startup[2] == 0 && endswith(from_startup[3], \"/depot\")")));
    jlt_value *found = jlt_using(frame, "Found");
    EXPECT(found && found == jlt_global(frame, "Main.Found"));
    EXPECT(jlt_using(frame, "Dates"));
    EXPECT(jlt_unbox_bool(frame, jlt_eval(frame, "length(DEPOT_PATH) > 1"))); /* the empty entry */
}

static void test_they_have_their_effect(void **unused)
{
    (void)unused;
    in_body(effects);
}

static void test_they_can_be_read_back(void **unused)
{
    (void)unused;
    assert_ok(jlt_runtime_settings(runtime, &settings));
    assert_int_equal(settings.threads, 1);
    bool is_new = minor_version() >= 10;
    assert_int_equal(settings.interactive_threads, is_new ? 1 : 0);
    assert_int_equal(settings.gc_threads, is_new ? 2 : 1);
    assert_int_equal(settings.optimize, JLT_OPTIMIZE_0);
    assert_int_equal(settings.check_bounds, JLT_CHECK_BOUNDS_YES);
    assert_true(settings.startup_file);
    assert_int_equal(settings.heap_size_hint, is_new ? hint : 0);
    assert_string_equal(settings.version, jlt_julia_version());
    assert_int_equal(access(settings.julia, X_OK), 0);
    char *real = realpath(settings.sysimage, NULL), *wanted = realpath(image, NULL);
    assert_string_equal(real, wanted);
    free(real);
    free(wanted);
    free(image);
    assert_contains(settings.project, "project/Project.toml");
    assert_ptr_equal(strstr(settings.depot_path, folder), settings.depot_path);
    assert_contains(settings.depot_path, "/depot:/");
    assert_contains(settings.load_path, "/packages:@:@stdlib");
    assert_string_equal(settings.flags[0], "--compiled-modules=no");
    assert_string_equal(settings.flags[2], "-g1");
    assert_null(settings.flags[3]);
    assert_status(jlt_runtime_settings(runtime, NULL), JLT_INVALID_ARGUMENT);
    assert_status(jlt_runtime_settings(NULL, &settings), JLT_INVALID_ARGUMENT);
}

static void test_sizes_of_other_headers(void **unused)
{
    (void)unused;
    struct {
        jlt_settings known;
        char more[16];
    } newer;
    memset(&newer, 1, sizeof newer);
    assert_ok(jlt_runtime_settings_sized(runtime, &newer.known, sizeof newer));
    assert_int_equal(newer.more[0], 0);
    jlt_settings older = {.optimize = JLT_OPTIMIZE_3};
    assert_ok(jlt_runtime_settings_sized(runtime, &older, sizeof older.threads));
    assert_int_equal(older.threads, 1);
    assert_int_equal(older.optimize, JLT_OPTIMIZE_3);
}

/* What was read stays good after Julia has ended. */
static int tear_down(void **state)
{
    char command[128];
    stop_runtime(state);
    assert_contains(settings.load_path, "/packages:");
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_out_of_range),
        cmocka_unit_test(test_flags_that_are_not_for_here),
        cmocka_unit_test(test_flags_that_julia_does_not_know),
        cmocka_unit_test(test_copied_stacks_are_refused),
        cmocka_unit_test(test_options_that_this_version_lacks),
        cmocka_unit_test(test_a_start_with_options),
        cmocka_unit_test(test_they_have_their_effect),
        cmocka_unit_test(test_they_can_be_read_back),
        cmocka_unit_test(test_sizes_of_other_headers),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
