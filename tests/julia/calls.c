/* SPDX-License-Identifier: MIT
 *
 * Names, code and calls. */
#include "julia/fixture.h"

static bool is_int(jlt_frame *frame, jlt_value *value, int64_t wanted)
{
    return jlt_unbox_i64(frame, value) == wanted && jlt_ok(frame);
}

/* ---- names ---- */

static void names_of_modules(jlt_frame *frame)
{
    jlt_value *four = jlt_box_f64(frame, 4);
    EXPECT(jlt_unbox_f64(frame, jlt_call(frame, jlt_global(frame, "Base.sqrt"), four)) == 2);
    EXPECT(jlt_unbox_f64(frame, jlt_call(frame, jlt_global(frame, "sqrt"), four)) == 2);
    EXPECT(jlt_unbox_i64(frame, jlt_call(frame, jlt_global(frame, "Base.Threads.nthreads"))) > 0);
    EXPECT(jlt_isa(frame, jlt_global(frame, "Main"), jlt_global(frame, "Base.Module")));
    jlt_eval(frame, "baremodule NotInMain import Printf end");
    EXPECT(jlt_global(frame, "Printf.@sprintf")); /* loaded, though Main does not know it */
}

static void names_of_operators(jlt_frame *frame)
{
    jlt_value *two = jlt_box_i64(frame, 2), *three = jlt_box_i64(frame, 3);
    EXPECT(is_int(frame, jlt_call(frame, jlt_global(frame, "Base.+"), two, three), 5));
    EXPECT(is_int(frame, jlt_call(frame, jlt_global(frame, "+"), two, three), 5));
    EXPECT(jlt_call(frame, jlt_global(frame, "Base.∘"), jlt_global(frame, "Base.abs"), jlt_global(frame, "Base.-")));
    EXPECT(jlt_unbox_bool(frame, jlt_call(frame, jlt_global(frame, "Base.<="), two, three)));
    EXPECT(jlt_call(frame, jlt_global(frame, "Base.:"), two, three));
}

static void names_in_main(jlt_frame *frame)
{
    jlt_eval(frame, "settings = (depth = 3, inner = (depth = 4,)); größe = 5");
    EXPECT(is_int(frame, jlt_global(frame, "Main.settings.depth"), 3));
    EXPECT(is_int(frame, jlt_global(frame, "settings.inner.depth"), 4));
    EXPECT(is_int(frame, jlt_global(frame, "größe"), 5));
    jlt_eval(frame, "settings = (depth = 6,)");
    EXPECT(is_int(frame, jlt_global(frame, "settings.depth"), 6));
}

/* What is remembered of a name: its value when that cannot change, and nothing when it can. */
static void names_again(jlt_frame *frame)
{
    static const char *const constants[] = {"Base.Inf", "Base.VERSION", "Base.Sys.WORD_SIZE", "Base.pi", "Core.Int64"};
    jlt_value *same = jlt_global(frame, "Base.===");
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof constants / sizeof *constants; i++) {
            jlt_frame *scope = jlt_scope_open(frame);
            jlt_value *value = jlt_global(scope, constants[i]);
            bool right = jlt_unbox_bool(scope, jlt_call(scope, same, value, jlt_eval(scope, constants[i])));
            jlt_scope_close(scope);
            EXPECT(right);
        }
        jlt_eval(frame, "GC.gc(); sum(length, [Any[1.0 * i] for i in 1:1000])"); /* others where one was freed */
    }
    for (int i = 0; i < 3; i++) {
        char code[128];
        snprintf(code, sizeof code, "level = %d; module Stage; x = %d; y() = %d; end", i, i, i);
        jlt_eval(frame, code);
        EXPECT(is_int(frame, jlt_global(frame, "Main.level"), i));
        EXPECT(is_int(frame, jlt_global(frame, "level"), i));
        EXPECT(is_int(frame, jlt_global(frame, "Main.Stage.x"), i)); /* the module was replaced */
        EXPECT(is_int(frame, jlt_call(frame, jlt_global(frame, "Stage.y")), i));
    }
    EXPECT(!jlt_global(frame, "Main.not_yet"));
    EXPECT_FAILED(JLT_NOT_FOUND, "not_yet");
    jlt_eval(frame, "not_yet = 5");
    EXPECT(is_int(frame, jlt_global(frame, "Main.not_yet"), 5));
}

/* The same of names that variables remember. */
static void static_names(jlt_frame *frame)
{
    static jlt_static_global square_root = JLT_STATIC_GLOBAL("Base.sqrt");
    static jlt_static_global in_stage = JLT_STATIC_GLOBAL("Main.Scene.x"), of_main = JLT_STATIC_GLOBAL("Main.rank");
    static jlt_static_global late = JLT_STATIC_GLOBAL("Main.much_later"), no_path;
    jlt_value *first = jlt_global(frame, "Base.sqrt");
    EXPECT(!jlt_global_static(frame, &late));
    EXPECT_FAILED(JLT_NOT_FOUND, "much_later");
    for (int i = 0; i < 3; i++) {
        char code[128];
        snprintf(code, sizeof code, "rank = %d; module Scene; x = %d; end", i, i);
        jlt_eval(frame, code);
        EXPECT(jlt_global_static(frame, &square_root) == first);
        EXPECT(jlt_global_cached(frame, "Base.sqrt") == first);
        EXPECT(is_int(frame, jlt_global_static(frame, &of_main), i));
        EXPECT(is_int(frame, jlt_global_cached(frame, "rank"), i));
        EXPECT(is_int(frame, jlt_global_static(frame, &in_stage), i));
    }
    jlt_eval(frame, "much_later = 6");
    EXPECT(is_int(frame, jlt_global_static(frame, &late), 6));
    EXPECT(!jlt_global_static(frame, &no_path));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "global->path is NULL");
    EXPECT(!jlt_global_static(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "global is NULL");
}

static void names_of_properties(jlt_frame *frame)
{
    jlt_eval(frame, "struct Gauge raw::Int end\n"
                    "Base.propertynames(::Gauge) = (:doubled, :broken)\n"
                    "Base.getproperty(g::Gauge, s::Symbol) =\n"
                    "    s === :doubled ? 2getfield(g, :raw) : error(\"no reading\")\n"
                    "gauge = Gauge(21)");
    EXPECT(is_int(frame, jlt_global(frame, "gauge.doubled"), 42));
    EXPECT(!jlt_global(frame, "gauge.broken"));
    EXPECT_FAILED(JLT_EXCEPTION, "no reading");
}

static void names_that_are_unknown(jlt_frame *frame)
{
    static const char *const paths[] = {
        "no_such_name",        "Base.no_such_name",      "Base.Threads.no_such_name",  "no_such_name.sqrt",
        "Base.no_such_name.x", "Main.pair.no_such_name", "NoSuchPackage.no_such_name",
    };
    jlt_eval(frame, "pair = (a = 1, b = 2)");
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        EXPECT(!jlt_global(frame, paths[i]));
        EXPECT_FAILED(JLT_NOT_FOUND, paths[i]);
    }
    EXPECT(!jlt_global(frame, "Base.Threads.absent"));
    EXPECT_FAILED(JLT_NOT_FOUND, "no absent in Base.Threads");
    EXPECT(!jlt_global(frame, "absent"));
    EXPECT_FAILED(JLT_NOT_FOUND, "no global absent in Main");
}

static void names_that_are_none(jlt_frame *frame)
{
    static const char *const paths[] = {"", ".", "..", "Base.", "Base..", ".sqrt", "Base..sqrt", "\xff.\xfe", " "};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        EXPECT(!jlt_global(frame, paths[i]));
        EXPECT_FAILED(JLT_NOT_FOUND, paths[i]);
    }
    EXPECT(!jlt_global(frame, ""));
    EXPECT_FAILED(JLT_NOT_FOUND, "empty");
}

static void test_names(void **unused)
{
    (void)unused;
    in_body(names_of_modules);
    in_body(names_of_operators);
    in_body(names_in_main);
    in_body(names_again);
    in_body(static_names);
    in_body(names_of_properties);
    in_body(names_that_are_unknown);
    in_body(names_that_are_none);
}

/* ---- code ---- */

static void code(jlt_frame *frame)
{
    EXPECT(is_int(frame, jlt_eval(frame, "1 + 1"), 2));
    EXPECT(is_int(frame, jlt_eval(frame, "a = 1; b = a + 1\n c = b + 1"), 3));
    EXPECT(is_int(frame, jlt_eval(frame, "a + b + c;"), 6)); /* globals of Main */
    EXPECT(is_int(frame, jlt_eval(frame, "4 # a comment"), 4));
    EXPECT(jlt_is_nothing(frame, jlt_eval(frame, "")));
    EXPECT(jlt_is_nothing(frame, jlt_eval(frame, " \n# nothing to do\n")));
    EXPECT(!strcmp(jlt_unbox_string(frame, jlt_eval(frame, "\"grüße\""), NULL), "grüße"));
}

static void definitions(jlt_frame *frame)
{
    jlt_value *area = jlt_eval(frame, "struct Box w::Int; h::Int end\n"
                                      "area(b::Box) = b.w * b.h");
    jlt_value *box = jlt_eval(frame, "Box(3, 4)");
    EXPECT(is_int(frame, jlt_call(frame, area, box), 12));
    jlt_eval(frame, "area(b::Box) = 2 * b.w * b.h"); /* the newest method counts, at once */
    EXPECT(is_int(frame, jlt_call(frame, area, box), 24));
    EXPECT(is_int(frame, jlt_eval(frame, "macro twice(x) :(2 * $(esc(x))) end\n @twice 21"), 42));
    EXPECT(is_int(frame, jlt_eval(frame, "module Inner; using Base.Threads; const x = 7; end; Inner.x"), 7));
    EXPECT(is_int(frame, jlt_global(frame, "Inner.x"), 7));
}

static void code_that_throws(jlt_frame *frame)
{
    EXPECT(!jlt_eval(frame, "before = 1\n error(\"in the middle\")\n after = 1"));
    EXPECT_FAILED(JLT_EXCEPTION, "in the middle");
    EXPECT(jlt_global(frame, "before"));
    EXPECT(!jlt_global(frame, "after"));
    EXPECT_FAILED(JLT_NOT_FOUND, "after");
    EXPECT(!jlt_eval(frame, "undefined_name + 1"));
    EXPECT_FAILED(JLT_EXCEPTION, "undefined_name");
}

static void syntax_errors(jlt_frame *frame)
{
    static const char *const codes[] = {"1 +", "f(", "x = = 2", "end", "\"not closed", "for i in", "1 2", "\xff\xfe("};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        EXPECT(!jlt_eval(frame, codes[i]));
        EXPECT(jlt_catch(frame) == JLT_EXCEPTION && *jlt_error_message() && *jlt_error_type());
        EXPECT(is_int(frame, jlt_eval(frame, "5"), 5));
    }
}

static void test_code(void **unused)
{
    (void)unused;
    in_body(code);
    in_body(definitions);
    in_body(code_that_throws);
    in_body(syntax_errors);
}

/* ---- calls ---- */

/* Tells how many arguments there were, and their order: 1*a1 + 2*a2 + ... */
static const char weigh_code[] = "(xs...) -> sum(Int[i * x for (i, x) in enumerate(xs)])";

static int64_t weight(size_t count)
{
    int64_t sum = 0;
    for (size_t i = 1; i <= count; i++)
        sum += (int64_t)(i * (i + 100));
    return sum;
}

/* boxed[i] is 101 + i. */
static void fill(jlt_frame *frame, jlt_value **boxed, size_t count)
{
    for (size_t i = 0; i < count; i++)
        boxed[i] = jlt_box_i64(frame, 101 + (int64_t)i);
}

static void calls_of_each_length(jlt_frame *frame)
{
    enum { most = 20 };
    jlt_value *list[most + 2] = {jlt_eval(frame, weigh_code)}, **arguments = list + 1;
    fill(frame, arguments, most);
    for (size_t count = 0; count <= most; count++) {
        EXPECT(is_int(frame, jlt_call_n(frame, list[0], arguments, count), weight(count)));
        jlt_value *last = arguments[count];
        arguments[count] = JLT_LIST_END; /* as jlt_call does */
        EXPECT(is_int(frame, jlt_call_list(frame, list), weight(count)));
        arguments[count] = last;
    }
}

static void calls_as_written(jlt_frame *frame)
{
    jlt_value *f = jlt_eval(frame, weigh_code), *x[20];
    fill(frame, x, 20);
    EXPECT(is_int(frame, jlt_call(frame, f), 0));
    EXPECT(is_int(frame, jlt_call(frame, f, x[0]), weight(1)));
    EXPECT(is_int(frame, jlt_call(frame, f, x[0], x[1]), weight(2)));
    EXPECT(is_int(frame, jlt_call(frame, f, x[0], x[1], x[2]), weight(3)));
    EXPECT(is_int(frame, jlt_call(frame, f, x[0], x[1], x[2], x[3]), weight(4)));
    EXPECT(is_int(frame,
                  jlt_call(frame, f, x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8], x[9], x[10], x[11], x[12],
                           x[13], x[14], x[15], x[16], x[17], x[18], x[19]),
                  weight(20)));
}

static void calls_with_many(jlt_frame *frame)
{
    size_t count = test_is_stress() ? 30 : 1000;
    jlt_value **arguments = malloc(count * sizeof *arguments);
    EXPECT(arguments);
    fill(frame, arguments, count);
    jlt_value *sum = jlt_call_n(frame, jlt_eval(frame, weigh_code), arguments, count);
    free(arguments);
    EXPECT(is_int(frame, sum, weight(count)));
}

static void calls_in_calls(jlt_frame *frame)
{
    jlt_value *plus = jlt_global(frame, "Base.+");
    jlt_value *sum = jlt_call(frame, plus, jlt_call(frame, plus, jlt_box_i64(frame, 1), jlt_box_i64(frame, 2)),
                              jlt_call(frame, plus, jlt_box_i64(frame, 3),
                                       jlt_call(frame, plus, jlt_box_i64(frame, 4), jlt_box_i64(frame, 5))));
    EXPECT(is_int(frame, sum, 15));
    /* what failed inside is what counts, not the NULL that it gave */
    jlt_call(frame, plus, jlt_call(frame, plus, jlt_box_i64(frame, 1), jlt_box_string(frame, "x")),
             jlt_eval(frame, "error(\"not run\")"));
    EXPECT_FAILED(JLT_EXCEPTION, "no method matching +(::Int64, ::String)");
}

static void calls_with_null(jlt_frame *frame)
{
    jlt_value *plus = jlt_global(frame, "Base.+"), *one = jlt_box_i64(frame, 1);
    EXPECT(!jlt_call(frame, NULL, one));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_call: the function is NULL");
    EXPECT(!jlt_call(frame, plus, NULL, one));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_call: argument 1 is NULL");
    EXPECT(!jlt_call(frame, plus, one, one, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_call: argument 3 is NULL");
    EXPECT(!jlt_call_n(frame, NULL, &one, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_call_n: the function is NULL");
    EXPECT(!jlt_call_n(frame, plus, (jlt_value *[]){one, NULL}, 2));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_call_n: argument 2 is NULL");
    EXPECT(!jlt_call_n(frame, plus, NULL, 2));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_call_n: arguments is NULL");
    EXPECT(!jlt_call_n(frame, plus, &one, SIZE_MAX));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_call_n");
    EXPECT(!jlt_call_list(frame, (jlt_value *[]){JLT_LIST_END}));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_call: the list is empty");
}

static void calls_of_what_cannot_be_called(jlt_frame *frame)
{
    jlt_value *one = jlt_box_i64(frame, 1);
    EXPECT(!jlt_call(frame, one, one));
    EXPECT_FAILED(JLT_EXCEPTION, "not callable");
    EXPECT(!jlt_call(frame, jlt_box_nothing(frame)));
    EXPECT_FAILED(JLT_EXCEPTION, "not callable");
    EXPECT(!jlt_call(frame, jlt_global(frame, "Base.sqrt"), jlt_box_string(frame, "x")));
    EXPECT_FAILED(JLT_EXCEPTION, "no method matching sqrt(::String)");
}

static void test_calls(void **unused)
{
    (void)unused;
    in_body(calls_of_each_length);
    in_body(calls_as_written);
    in_body(calls_with_many);
    in_body(calls_in_calls);
    in_body(calls_with_null);
    in_body(calls_of_what_cannot_be_called);
}

/* ---- from Julia back into C ---- */

static int64_t call_back(jlt_frame *frame, int64_t depth)
{
    if (depth == 0)
        return 0;
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_value *next =
        jlt_call(scope, jlt_global(scope, "Main.call_c"), jlt_box_pointer(scope, (void *)(uintptr_t)call_back),
                 jlt_box_pointer(scope, frame), jlt_box_i64(scope, depth - 1));
    int64_t result = 1 + jlt_unbox_i64(scope, next);
    jlt_scope_close(scope);
    return result;
}

static void define_call_c(jlt_frame *frame)
{
    jlt_eval(frame, "call_c(f, frame, x) = ccall(f, Int64, (Ptr{Cvoid}, Int64), frame, x)\n"
                    "call_c_and_throw(f, frame) = (call_c(f, frame, 0); error(\"the second\"))");
}

static void julia_calls_c(jlt_frame *frame)
{
    define_call_c(frame);
    EXPECT(call_back(frame, 10) == 10);
}

static int64_t fail_in_c(jlt_frame *frame, int64_t unused)
{
    (void)unused;
    jlt_fail(frame, "the first");
    return 0;
}

/* The frame fails in C that Julia has called; what Julia does then is not its failure any more. */
static void frame_fails_beneath_julia(jlt_frame *frame)
{
    jlt_value *fail = jlt_box_pointer(frame, (void *)(uintptr_t)fail_in_c), *self = jlt_box_pointer(frame, frame);
    define_call_c(frame);
    EXPECT(!jlt_call(frame, jlt_global(frame, "Main.call_c_and_throw"), fail, self));
    EXPECT_FAILED(JLT_FAILED, "the first");
    EXPECT(!jlt_call(frame, jlt_global(frame, "Main.call_c"), fail, self, jlt_box_i64(frame, 0)));
    EXPECT_FAILED(JLT_FAILED, "the first");
}

static void test_julia_may_call_c_with_the_frame(void **unused)
{
    (void)unused;
    in_body(julia_calls_c);
    in_body(frame_fails_beneath_julia);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_code),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_julia_may_call_c_with_the_frame),
    };
    return cmocka_run_group_tests(tests, start_runtime, stop_runtime);
}
