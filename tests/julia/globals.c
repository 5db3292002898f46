/* SPDX-License-Identifier: MIT
 *
 * Globals that are set: variables and constants, in Main, in modules of the program's, and in Base. */
#include "julia/fixture.h"

static bool is_int(jlt_frame *frame, jlt_value *value, int64_t expected)
{
    return jlt_unbox_i64(frame, value) == expected && jlt_ok(frame);
}

static bool evaluates(jlt_frame *frame, const char *code)
{
    return jlt_unbox_bool(frame, jlt_eval(frame, code)) && jlt_ok(frame);
}

static bool set_int(jlt_frame *frame, const char *path, int64_t number)
{
    return jlt_set_global(frame, path, jlt_box_i64(frame, number));
}

static bool set_const_int(jlt_frame *frame, const char *path, int64_t number)
{
    return jlt_set_const(frame, path, jlt_box_i64(frame, number));
}

/* ---- variables ---- */

static void set_in_main(jlt_frame *frame)
{
    jlt_eval(frame, "read_level() = level\nlevel = 0");
    EXPECT(is_int(frame, jlt_eval(frame, "read_level()"), 0));
    EXPECT(is_int(frame, jlt_global(frame, "Main.level"), 0));
    for (int i = 1; i <= 3; i++) { /* with and without the module's name, and it may change its type */
        EXPECT(set_int(frame, i % 2 ? "Main.level" : "level", i));
        EXPECT(is_int(frame, jlt_eval(frame, "read_level()"), i));
        EXPECT(is_int(frame, jlt_global(frame, "Main.level"), i));
        EXPECT(is_int(frame, jlt_global(frame, "level"), i));
    }
    EXPECT(jlt_set_global(frame, "Main.level", jlt_box_string(frame, "high")));
    EXPECT(evaluates(frame, "read_level() == \"high\" && !isconst(Main, :level)"));
}

static void read_elsewhere(jlt_frame *frame)
{
    static jlt_static_global remembered = JLT_STATIC_GLOBAL("Main.shared");
    EXPECT(is_int(frame, jlt_global_static(frame, &remembered), 7));
    EXPECT(set_int(frame, "Main.shared", 8));
    EXPECT(is_int(frame, jlt_global_static(frame, &remembered), 8));
    EXPECT(is_int(frame, jlt_call(frame, jlt_eval(frame, "() -> shared + 1")), 9));
}

static void make_shared(jlt_frame *frame)
{
    EXPECT(!jlt_global(frame, "Main.shared"));
    EXPECT_FAILED(JLT_NOT_FOUND, "shared");
    EXPECT(set_int(frame, "Main.shared", 7)); /* a name that is new */
}

static void set_in_modules(jlt_frame *frame)
{
    jlt_eval(frame, "module Store\nmodule Inner\nend\nread() = limit\nlimit = 1\nend");
    EXPECT(set_int(frame, "Main.Store.limit", 2));
    EXPECT(is_int(frame, jlt_eval(frame, "Store.read()"), 2));
    EXPECT(set_int(frame, "Store.Inner.limit", 3));
    EXPECT(is_int(frame, jlt_eval(frame, "Store.Inner.limit"), 3));
    EXPECT(is_int(frame, jlt_eval(frame, "Store.limit"), 2));
    EXPECT(evaluates(frame, "!isdefined(Main, :limit)"));
    EXPECT(jlt_set_global(frame, "Main.Store.⊞", jlt_global(frame, "Base.+")));
    EXPECT(is_int(frame, jlt_eval(frame, "Store.:⊞(2, 3)"), 5));
}

/* What is stored is the very object, whatever it is. */
static void values_of_all_kinds(jlt_frame *frame)
{
    static const char *const codes[] = {"[1, 2]",     ":(a + b)", ":name",        "QuoteNode(1)",
                                        "nothing",    "true",     "\"text\"",     "x -> x + 1",
                                        "Main",       "Int",      "Expr(:block)", "1.5",
                                        "(1, \"a\")", "Ref(1)",   "big(2)^70",    "GlobalRef(Main, :x)"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        jlt_value *value = jlt_eval(frame, codes[i]);
        EXPECT(jlt_set_global(frame, "Main.anything", value));
        EXPECT(jlt_identical(frame, jlt_global(frame, "Main.anything"), value));
        EXPECT(jlt_identical(frame, jlt_eval(frame, "anything"), value));
    }
}

static void typed_variables(jlt_frame *frame)
{
    if (!evaluates(frame, "VERSION >= v\"1.8\""))
        return;
    jlt_eval(frame, "global typed::Int = 1");
    EXPECT(jlt_set_global(frame, "Main.typed", jlt_box_f64(frame, 2)));
    EXPECT(is_int(frame, jlt_global(frame, "Main.typed"), 2));
    EXPECT(!jlt_set_global(frame, "Main.typed", jlt_box_f64(frame, 2.5)));
    EXPECT_FAILED(JLT_EXCEPTION, "InexactError");
    EXPECT(!jlt_set_global(frame, "Main.typed", jlt_box_string(frame, "two")));
    EXPECT_FAILED(JLT_EXCEPTION, "convert");
    EXPECT(is_int(frame, jlt_global(frame, "Main.typed"), 2));
}

static void test_variables(void **unused)
{
    (void)unused;
    in_body(set_in_main);
    in_body(make_shared);
    in_body(read_elsewhere);
    in_body(set_in_modules);
    in_body(values_of_all_kinds);
    in_body(typed_variables);
}

/* ---- constants ---- */

static void constants(jlt_frame *frame)
{
    EXPECT(set_const_int(frame, "Main.answer", 42));
    EXPECT(evaluates(frame, "isconst(Main, :answer) && answer === 42"));
    EXPECT(is_int(frame, jlt_global(frame, "Main.answer"), 42));
    EXPECT(set_const_int(frame, "answer", 42)); /* the same again */
    EXPECT(!set_const_int(frame, "Main.answer", 43));
    EXPECT_FAILED(JLT_EXCEPTION, "invalid redefinition of constant Main.answer");
    EXPECT(!strcmp(jlt_error_type(), "ErrorException"));
    EXPECT(!set_int(frame, "Main.answer", 43));
    EXPECT_FAILED(JLT_EXCEPTION, "invalid redefinition of constant Main.answer");
    EXPECT(!set_int(frame, "Main.answer", 42)); /* not even to the same */
    EXPECT_FAILED(JLT_EXCEPTION, "constant Main.answer");
    jlt_value *list = jlt_eval(frame, "[1]");
    EXPECT(jlt_set_const(frame, "Main.list", list) && jlt_set_const(frame, "Main.list", list));
    EXPECT(!jlt_set_const(frame, "Main.list", jlt_eval(frame, "[1]"))); /* equal, but another */
    EXPECT_FAILED(JLT_EXCEPTION, "constant Main.list");
    EXPECT(jlt_identical(frame, jlt_global(frame, "Main.list"), list));
    EXPECT(is_int(frame, jlt_eval(frame, "answer"), 42));
    jlt_eval(frame, "variable = 1");
    EXPECT(!set_const_int(frame, "Main.variable", 1));
    EXPECT_FAILED(JLT_EXCEPTION, "variable");
}

/* What look-ups remember of Base and Core stays right. */
static void constants_of_base(jlt_frame *frame)
{
    static const char *const paths[] = {"Base.Int64", "Core.Int64", "Base.sum",      "Base.Threads.nthreads",
                                        "Base.pi",    "Core.Array", "Base.GC.gc",    "Base.VERSION",
                                        "Main.Base",  "Base.Sys",   "Base.Iterators"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        jlt_value *before = i % 2 ? jlt_global(frame, paths[i]) : NULL; /* remembered already, or not */
        EXPECT(!set_int(frame, paths[i], 1));
        EXPECT(jlt_catch(frame) == JLT_EXCEPTION);
        EXPECT(!set_const_int(frame, paths[i], 1));
        EXPECT(jlt_catch(frame) == JLT_EXCEPTION);
        EXPECT(!jlt_identical(frame, jlt_global(frame, paths[i]), jlt_box_i64(frame, 1)));
        EXPECT(!before || jlt_identical(frame, jlt_global(frame, paths[i]), before));
    }
    EXPECT(set_int(frame, "Base.jltask_variable", 1) && set_const_int(frame, "Base.jltask_constant", 1));
    for (int i = 0; i < 3; i++) { /* the variable is read each time */
        EXPECT(set_int(frame, "Base.jltask_variable", i));
        EXPECT(is_int(frame, jlt_global(frame, "Base.jltask_variable"), i));
        EXPECT(is_int(frame, jlt_global(frame, "Base.jltask_constant"), 1));
        EXPECT(!set_const_int(frame, "Base.jltask_constant", 2 + i));
        EXPECT_FAILED(JLT_EXCEPTION, "constant Base.jltask_constant");
    }
}

/* A module may define what it would have from another one, as long as it has not used that. */
static void names_of_others(jlt_frame *frame)
{
    EXPECT(set_int(frame, "Main.gcdx", 5));
    EXPECT(is_int(frame, jlt_eval(frame, "gcdx"), 5));
    EXPECT(evaluates(frame, "Base.gcdx(12, 42)[1] == 6"));
    EXPECT(set_const_int(frame, "Main.evalpoly", 6));
    EXPECT(evaluates(frame, "evalpoly === 6 && Base.evalpoly isa Function"));
    jlt_eval(frame, "module Importing\nimport Base: sin\nend");
    EXPECT(!set_int(frame, "Main.Importing.sin", 1));
    EXPECT(jlt_catch(frame) == JLT_EXCEPTION);
    EXPECT(!set_const_int(frame, "Main.Importing.sin", 1));
    EXPECT(jlt_catch(frame) == JLT_EXCEPTION);
    EXPECT(evaluates(frame, "Importing.sin === Base.sin && sin(0.0) == 0.0"));
}

static void test_constants(void **unused)
{
    (void)unused;
    in_body(constants);
    in_body(constants_of_base);
    in_body(names_of_others);
}

static void set_winner(jlt_frame *frame, const void *input, void *output)
{
    jlt_eval(frame, "yield()");
    jlt_set_const(frame, "Main.winner", jlt_box_i64(frame, *(const int64_t *)input));
    *(int64_t *)output = *(const int64_t *)input;
}

static void expect_winner(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    EXPECT(is_int(frame, jlt_global(frame, "Main.winner"), *(const int64_t *)input));
}

static void test_one_of_many_sets_a_constant(void **unused)
{
    (void)unused;
    static const jlt_task_type set = {.input_size = sizeof(int64_t), .output_size = sizeof(int64_t), .run = set_winner};
    static const jlt_task_type expect = {.input_size = sizeof(int64_t), .run = expect_winner};
    enum { count = 16 };
    jlt_receiver *receivers[count];
    int64_t winner = -1;
    for (int64_t i = 0; i < count; i++)
        assert_ok(jlt_task_dispatch(runtime, &set, &i, &receivers[i]));
    for (int64_t i = 0, number; i < count; i++) {
        jlt_status status = jlt_receiver_recv(receivers[i], &number);
        if (status == JLT_EXCEPTION) {
            assert_contains(jlt_error_message(), "constant Main.winner");
            continue;
        }
        assert_int_equal(status, JLT_OK);
        assert_int_equal(winner, -1);
        winner = number;
    }
    assert_ok(jlt_task_invoke(runtime, &expect, &winner, NULL));
}

/* ---- what is refused ---- */

static void refused(jlt_frame *frame)
{
    static const char *const no_names[] = {"", "Main.", ".x", "Main.a b", "Main._", "__", "Main.1x", "Main.a-b"};
    for (size_t i = 0; i < sizeof no_names / sizeof *no_names; i++) {
        EXPECT(!set_int(frame, no_names[i], 1));
        EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_set_global: ");
        EXPECT(!set_const_int(frame, no_names[i], 1));
        EXPECT_FAILED(JLT_INVALID_ARGUMENT, "is not the name of a variable");
    }
    jlt_eval(frame, "number = 1\nmutable struct Settings; limit; end\nsettings = Settings(1)");
    EXPECT(!set_int(frame, "Main.nowhere.x", 1));
    EXPECT_FAILED(JLT_NOT_FOUND, "Main.nowhere: no nowhere in Main");
    EXPECT(!set_const_int(frame, "Nowhere.x", 1));
    EXPECT_FAILED(JLT_NOT_FOUND, "no global Nowhere in Main");
    EXPECT(!set_int(frame, "Main.number.x", 1));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_set_global: Main.number.x: expected a module before x, got Int64");
    EXPECT(!set_int(frame, "Main.settings.limit", 2));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "Settings");
    EXPECT(is_int(frame, jlt_global(frame, "Main.settings.limit"), 1));
    EXPECT(!jlt_set_global(frame, "Main.x", NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_set_global: value is NULL");
    EXPECT(!jlt_set_const(frame, NULL, jlt_box_i64(frame, 1)));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_set_const: path is NULL");
    jlt_fail(frame, "first");
    EXPECT(!jlt_set_global(frame, "Main.never", jlt_box_nothing(frame)));
    EXPECT_FAILED(JLT_FAILED, "first");
    EXPECT(evaluates(frame, "!isdefined(Main, :never)"));
}

static void test_what_is_refused(void **unused)
{
    (void)unused;
    in_body(refused);
}

static int start(void **unused)
{
    (void)unused;
    assert_ok(jlt_runtime_spawn(&(jlt_options){.threads = 2}, &runtime, &thread));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_constants),
        cmocka_unit_test(test_one_of_many_sets_a_constant),
        cmocka_unit_test(test_what_is_refused),
    };
    return cmocka_run_group_tests(tests, start, stop_runtime);
}
