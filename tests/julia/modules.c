/* SPDX-License-Identifier: MIT
 *
 * Files, packages, projects and modules; and that what is defined or defined anew is seen by tasks that were running
 * before, from the next message and the next call on. */
#include "julia/fixture.h"

#include <unistd.h>

static char folder[] = "/tmp/jltask-modules-XXXXXX";

/* The path of something in the test's folder; good until the next but seven. */
static const char *path_of(const char *name)
{
    static _Thread_local char paths[8][256];
    static _Thread_local unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void write_package(const char *name, const char *text)
{
    char command[512], file[256];
    snprintf(command, sizeof command, "mkdir -p %s/project/%s/src", folder, name);
    assert_int_equal(system(command), 0);
    snprintf(file, sizeof file, "project/%s/src/%s.jl", name, name);
    write_file(file, text);
}

static int set_up(void **state)
{
    assert_non_null(mkdtemp(folder));
    write_file("answer.jl", "in_answer = @__FILE__\n1 + 1\n42\n");
    write_file("throws.jl", "1 + 1\n\nerror(\"deep inside\")\n");
    write_file("outer.jl", "outer = 1\ninclude(\"throws.jl\")\n");
    write_file("syntax.jl", "good = 1\nfunction f(\n");
    write_package("Good", "module Good\nexport exported_by_good\n"
                          "exported_by_good() = 7\nmodule Inner\nx = 8\nend\nend\n");
    write_package("Broken", "module Broken\n\nerror(\"cannot be loaded\")\nend\n");
    write_file("project/Project.toml", "[deps]\nGood = \"11111111-1111-4111-8111-111111111111\"\n"
                                       "Broken = \"22222222-2222-4222-8222-222222222222\"\n"
                                       "Absent = \"33333333-3333-4333-8333-333333333333\"\n");
    write_file("project/Manifest.toml",
               "[[Absent]]\ngit-tree-sha1 = \"0123456789abcdef0123456789abcdef01234567\"\n"
               "uuid = \"33333333-3333-4333-8333-333333333333\"\nversion = \"0.1.0\"\n\n"
               "[[Broken]]\npath = \"Broken\"\nuuid = \"22222222-2222-4222-8222-222222222222\"\nversion = \"0.1.0\"\n\n"
               "[[Good]]\npath = \"Good\"\nuuid = \"11111111-1111-4111-8111-111111111111\"\nversion = \"0.1.0\"\n");
    (void)state;
    /* without precompilation, which would be done in a process of its own and keep its errors there */
    const char *const flags[] = {"--compiled-modules=no", NULL};
    assert_ok(jlt_runtime_spawn(&(jlt_options){.flags = flags}, &runtime, &thread));
    return 0;
}

static int tear_down(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
    return stop_runtime(state);
}

/* ---- files ---- */

static void including(jlt_frame *frame)
{
    EXPECT(jlt_unbox_i64(frame, jlt_include(frame, path_of("answer.jl"))) == 42);
    const char *file = jlt_unbox_string(frame, jlt_global(frame, "Main.in_answer"), NULL);
    EXPECT(file && strstr(file, "answer.jl"));
    EXPECT(!jlt_include(frame, path_of("none.jl")));
    EXPECT_FAILED(JLT_NOT_FOUND, path_of("none.jl"));
    EXPECT(!jlt_include(frame, folder));
    EXPECT_FAILED(JLT_NOT_FOUND, "jlt_include: no file");
    EXPECT(!jlt_include(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_include: path is NULL");
}

static void errors_in_files(jlt_frame *frame)
{
    EXPECT(!jlt_include(frame, path_of("throws.jl")));
    EXPECT_FAILED(JLT_EXCEPTION, "deep inside\nat ");
    EXPECT(strstr(jlt_error_message(), path_of("throws.jl:3")));
    EXPECT(!strcmp(jlt_error_type(), "ErrorException"));
    EXPECT(!jlt_include(frame, path_of("outer.jl")));
    EXPECT_FAILED(JLT_EXCEPTION, "throws.jl:3, included at ");
    EXPECT(strstr(jlt_error_message(), path_of("outer.jl:2")));
    EXPECT(!jlt_include(frame, path_of("syntax.jl")));
    EXPECT_FAILED(JLT_EXCEPTION, "syntax.jl:2");
    /* what is no file has no place */
    EXPECT(!jlt_eval(frame, "error(\"bare\")"));
    EXPECT_FAILED(JLT_EXCEPTION, "bare");
    EXPECT(!strcmp(jlt_error_message(), "bare"));
}

static void test_files(void **unused)
{
    (void)unused;
    in_body(including);
    in_body(errors_in_files);
}

/* ---- packages and projects ---- */

static void standard_packages(jlt_frame *frame)
{
    jlt_value *dates = jlt_using(frame, "Dates");
    EXPECT(dates && jlt_isa(frame, dates, jlt_global(frame, "Core.Module")));
    EXPECT(jlt_using(frame, "Dates") == dates);
    EXPECT(jlt_eval(frame, "Date(2020, 1, 2)")); /* exported */
    EXPECT(jlt_using(frame, "Base.Threads") == jlt_eval(frame, "Threads"));
    jlt_eval(frame, "module Own\nexport from_own\nfrom_own() = 5\nend");
    EXPECT(jlt_using(frame, "Own") == jlt_global(frame, "Main.Own"));
    EXPECT(jlt_unbox_i64(frame, jlt_eval(frame, "from_own()")) == 5);
}

static void packages_that_are_none(jlt_frame *frame)
{
    EXPECT(!jlt_using(frame, "NoSuchPackage"));
    EXPECT_FAILED(JLT_NOT_FOUND, "no package NoSuchPackage in the project in use (");
    EXPECT(strstr(jlt_error_message(), "Pkg.add(\"NoSuchPackage\")"));
    EXPECT(!jlt_using(frame, "NoSuchPackage.Inner"));
    EXPECT_FAILED(JLT_NOT_FOUND, "no package NoSuchPackage");
    const char *const none[] = {"", ".", "a b", "A.", "1", "end", "true", "A; error()", "A: b"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        EXPECT(!jlt_using(frame, none[i]));
        EXPECT_FAILED(JLT_INVALID_ARGUMENT, "is not the name of a package");
    }
    EXPECT(!jlt_using(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_using: package is NULL");
}

static void projects(jlt_frame *frame)
{
    EXPECT(!jlt_using(frame, "Good"));
    EXPECT_FAILED(JLT_NOT_FOUND, "no package Good");
    EXPECT(!jlt_activate(frame, path_of("nowhere")));
    EXPECT_FAILED(JLT_NOT_FOUND, path_of("nowhere"));
    EXPECT(!jlt_activate(frame, folder));
    EXPECT_FAILED(JLT_NOT_FOUND, "jlt_activate: no Project.toml in /tmp/jltask-modules-");
    EXPECT(!jlt_activate(frame, path_of("answer.jl")));
    EXPECT_FAILED(JLT_NOT_FOUND, "answer.jl is no project file");
    EXPECT(!jlt_activate(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_activate: project is NULL");
    EXPECT(jlt_activate(frame, path_of("project")));
    jlt_value *good = jlt_using(frame, "Good");
    EXPECT(good != NULL);
    EXPECT(jlt_unbox_i64(frame, jlt_eval(frame, "exported_by_good()")) == 7);
    EXPECT(jlt_using(frame, "Good.Inner") == jlt_eval(frame, "Good.Inner"));
    EXPECT(!jlt_using(frame, "Good.Outer"));
    EXPECT_FAILED(JLT_EXCEPTION, "Outer");
    EXPECT(jlt_activate(frame, path_of("project/Project.toml")));
    EXPECT(jlt_using(frame, "Good") == good);
}

static void packages_that_fail(jlt_frame *frame)
{
    EXPECT(!jlt_using(frame, "Broken"));
    EXPECT_FAILED(JLT_EXCEPTION, "cannot be loaded\nat ");
    EXPECT(strstr(jlt_error_message(), "Broken.jl:"));
    EXPECT(!jlt_using(frame, "Absent"));
    EXPECT_FAILED(JLT_NOT_FOUND, "package Absent is not installed");
    EXPECT(strstr(jlt_error_message(), path_of("project/Project.toml")));
    EXPECT(strstr(jlt_error_message(), "Pkg.instantiate()"));
}

static void test_packages(void **unused)
{
    (void)unused;
    in_body(standard_packages);
    in_body(packages_that_are_none);
    in_body(projects);
    in_body(packages_that_fail);
}

/* ---- modules from C ---- */

static const char counted[] = "global evaluations = isdefined(Main, :evaluations) ? Main.evaluations : nothing\n"
                              "Core.eval(Main, :(counted = (isdefined(Main, :counted) ? counted : 0) + 1))\n"
                              "struct Point\n    x::Float64\nend\n"
                              "module Nested\nimport ..Point\nmake() = Point(2.5)\nend\n"
                              "twice(x) = 2x\nbyeval = eval(:(1 + 2))\n__init__() = global initialised = true\n";

static void define(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    *(jlt_value **)output = jlt_module_once(frame, "FromC", counted);
}

static const jlt_task_type define_type = {.name = "define", .output_size = sizeof(jlt_value *), .run = define};

static void use_module(jlt_frame *frame)
{
    jlt_value *module = jlt_module_once(frame, "FromC", counted);
    EXPECT(module && module == jlt_global(frame, "Main.FromC"));
    EXPECT(jlt_unbox_i64(frame, jlt_eval(frame, "counted")) == 1);
    EXPECT(jlt_unbox_i64(frame, jlt_call(frame, jlt_global(frame, "Main.FromC.twice"), jlt_box_i64(frame, 4))) == 8);
    EXPECT(jlt_unbox_f64(frame, jlt_eval(frame, "FromC.Nested.make().x")) == 2.5);
    EXPECT(jlt_unbox_i64(frame, jlt_eval(frame, "FromC.byeval")) == 3);
    EXPECT(jlt_unbox_bool(frame, jlt_eval(frame, "FromC.initialised")));
    EXPECT(jlt_unbox_bool(frame, jlt_eval(frame, "string(FromC.Point) in (\"Main.FromC.Point\", \"FromC.Point\")")));
    EXPECT(!jlt_module_once(frame, "FromC", "another = 1"));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "module FromC has been defined from another text");
}

/* Several at once, and all get the same. */
static void test_a_module_is_defined_once(void **unused)
{
    (void)unused;
    enum { count = 8 };
    jlt_receiver *receivers[count];
    jlt_value *modules[count];
    for (int i = 0; i < count; i++)
        assert_ok(jlt_task_dispatch(runtime, &define_type, NULL, &receivers[i]));
    for (int i = 0; i < count; i++) {
        assert_ok(jlt_receiver_recv(receivers[i], &modules[i]));
        assert_ptr_equal(modules[i], modules[0]);
    }
    in_body(use_module);
}

static void failing_modules(jlt_frame *frame)
{
    static const char fails[] = "y = 1\nerror(\"on line two\")";
    for (int i = 0; i < 2; i++) {
        EXPECT(!jlt_module_once(frame, "Fails", fails));
        EXPECT_FAILED(JLT_EXCEPTION, "on line two\nat Fails:2");
        EXPECT(!jlt_unbox_bool(frame, jlt_eval(frame, "isdefined(Main, :Fails)")));
    }
    EXPECT(jlt_module_once(frame, "Fails", "y = 2"));
    EXPECT(jlt_unbox_i64(frame, jlt_global(frame, "Main.Fails.y")) == 2);
    jlt_eval(frame, "taken = 1");
    EXPECT(!jlt_module_once(frame, "taken", "y = 1"));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_module_once: Main.taken is something else already");
    EXPECT(!jlt_module_once(frame, "not a name", "y = 1"));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "\"not a name\" is not a name for a module");
    EXPECT(!jlt_module_once(frame, "Syntax", "f(\n"));
    EXPECT_FAILED(JLT_EXCEPTION, "Syntax:1");
    EXPECT(!jlt_module_once(frame, NULL, "y = 1"));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_module_once: name is NULL");
    EXPECT(!jlt_module_once(frame, "Name", NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_module_once: code is NULL");
}

static void test_modules_that_fail(void **unused)
{
    (void)unused;
    in_body(failing_modules);
}

/* ---- definitions and tasks that run ---- */

struct question {
    char path[64];
};

/* Calls a global without arguments, twice, the second time through the value of the first look-up. */
static void ask(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state;
    const struct question *question = input;
    jlt_value *function = jlt_global(frame, question->path);
    *(int64_t *)output = jlt_unbox_i64(frame, jlt_call(frame, function));
}

static const jlt_persistent_type asker_type = {
    .name = "asker", .input_size = sizeof(struct question), .output_size = sizeof(int64_t), .run = ask};

static void define_version_1(jlt_frame *frame)
{
    jlt_eval(frame, "later() = 1\nthrough() = later() + 100");
    jlt_module_once(frame, "Later", "inside() = Main.later() + 1000");
}

static void define_version_2(jlt_frame *frame)
{
    jlt_eval(frame, "later() = 2");
}

static void define_version_3(jlt_frame *frame)
{
    FILE *file = fopen(path_of("later.jl"), "w");
    EXPECT(file != NULL);
    fputs("later() = 3\n", file);
    fclose(file);
    jlt_include(frame, path_of("later.jl"));
}

static void expect_answers(jlt_persistent *task, int64_t version)
{
    int64_t answer = 0;
    assert_ok(jlt_persistent_invoke(task, &(struct question){"Main.later"}, &answer));
    assert_int_equal(answer, version);
    assert_ok(jlt_persistent_invoke(task, &(struct question){"Main.through"}, &answer));
    assert_int_equal(answer, version + 100);
    assert_ok(jlt_persistent_invoke(task, &(struct question){"Main.Later.inside"}, &answer));
    assert_int_equal(answer, version + 1000);
}

static void test_a_running_task_sees_later_definitions(void **unused)
{
    (void)unused;
    jlt_persistent *task;
    int64_t answer = 0;
    assert_ok(jlt_persistent_spawn(runtime, &asker_type, NULL, &task));
    assert_status(jlt_persistent_invoke(task, &(struct question){"Main.later"}, &answer), JLT_NOT_FOUND);
    in_body(define_version_1);
    expect_answers(task, 1);
    in_body(define_version_2);
    expect_answers(task, 2);
    in_body(define_version_3);
    expect_answers(task, 3);
    jlt_persistent_drop(task);
}

/* Within one body the next call sees it, by a value that was looked up before, too. */
static void redefining_in_a_body(jlt_frame *frame)
{
    jlt_eval(frame, "here() = 1");
    jlt_value *before = jlt_global(frame, "Main.here");
    EXPECT(jlt_unbox_i64(frame, jlt_call(frame, before)) == 1);
    jlt_eval(frame, "here() = 2");
    EXPECT(jlt_unbox_i64(frame, jlt_call(frame, before)) == 2);
    EXPECT(jlt_unbox_i64(frame, jlt_call(frame, jlt_global(frame, "Main.here"))) == 2);
    jlt_eval(frame, "value = 1");
    EXPECT(jlt_unbox_i64(frame, jlt_global(frame, "Main.value")) == 1);
    jlt_eval(frame, "value = 2");
    EXPECT(jlt_unbox_i64(frame, jlt_global(frame, "Main.value")) == 2);
}

/* Modules may be defined again; what was remembered of the old one must not be used. */
static void replacing_a_module(jlt_frame *frame)
{
    jlt_eval(frame, "module Replaced\nf() = 1\nend");
    EXPECT(jlt_unbox_i64(frame, jlt_call(frame, jlt_global(frame, "Main.Replaced.f"))) == 1);
    jlt_eval(frame, "module Replaced\nf() = 2\nend");
    EXPECT(jlt_unbox_i64(frame, jlt_call(frame, jlt_global(frame, "Main.Replaced.f"))) == 2);
}

/* A method that is added to a function of Base's, whose value is remembered. */
static void extending_base(jlt_frame *frame)
{
    jlt_value *argument = jlt_eval(frame, "struct Extends end; Extends()");
    EXPECT(!jlt_call(frame, jlt_global(frame, "Base.sqrt"), argument));
    EXPECT_FAILED(JLT_EXCEPTION, "no method matching sqrt");
    jlt_eval(frame, "Base.sqrt(::Extends) = 1");
    EXPECT(jlt_unbox_i64(frame, jlt_call(frame, jlt_global(frame, "Base.sqrt"), argument)) == 1);
    jlt_eval(frame, "Base.sqrt(::Extends) = 2");
    EXPECT(jlt_unbox_i64(frame, jlt_call(frame, jlt_global(frame, "Base.sqrt"), argument)) == 2);
}

static void test_redefinition_takes_effect_from_the_next_call(void **unused)
{
    (void)unused;
    in_body(redefining_in_a_body);
    in_body(replacing_a_module);
    in_body(extending_base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_packages),
        cmocka_unit_test(test_a_module_is_defined_once),
        cmocka_unit_test(test_modules_that_fail),
        cmocka_unit_test(test_a_running_task_sees_later_definitions),
        cmocka_unit_test(test_redefinition_takes_effect_from_the_next_call),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
