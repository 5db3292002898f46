/* SPDX-License-Identifier: MIT
 *
 * Julia calls C: with frames, from any task and thread, with C data in its hands. */
#include "julia/callbacks.h"

#include <stdatomic.h>

static atomic_int released; /* by all releases below */

static void count_release(void *data)
{
    atomic_fetch_add((atomic_int *)data, 1);
}

static bool is_text(jlt_frame *frame, jlt_value *value, const char *expected)
{
    const char *text = jlt_unbox_string(frame, value, NULL);
    return text && !strcmp(text, expected);
}

/* ---- functions ---- */

/* The sum of the arguments and of *data; without arguments, nothing. */
static jlt_value *sum(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    if (!count)
        return NULL;
    int64_t result = *(const int64_t *)data;
    for (size_t i = 0; i < count; i++)
        result += jlt_unbox_i64(frame, arguments[i]);
    return jlt_box_i64(frame, result);
}

static jlt_value *last(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    (void)data;
    jlt_eval(frame, "[1, 2, 3]"); /* something else in the frame */
    return arguments[count - 1];
}

static void functions(jlt_frame *frame)
{
    int64_t hundred = 100;
    jlt_value *f = jlt_function(frame, "sum", sum, &hundred, NULL), *one = jlt_box_i64(frame, 1), *many[30];
    EXPECT(is_int(frame, jlt_call(frame, f, one), 101));
    EXPECT(is_int(frame, jlt_call(frame, f, one, one, one), 103));
    EXPECT(jlt_is_nothing(frame, jlt_call(frame, f)));
    for (int i = 0; i < 30; i++)
        many[i] = one;
    EXPECT(is_int(frame, jlt_call_n(frame, f, many, 30), 130));
    EXPECT(is_int(frame, apply(frame, "f -> f(1, 2) + f(3)", f), 206));
    EXPECT(is_int(frame, apply(frame, "f -> sum(map(f, 1:3))", f), 306));
    EXPECT(is_int(frame, apply(frame, "f -> sum(f.([1, 2], [3, 4]))", f), 210));
    EXPECT(is_text(frame, apply(frame, "f -> string(f) * \" \" * repr(\"text/plain\", f)", f),
                   "sum (a C function) sum (a C function)"));
    EXPECT(jlt_isa(frame, f, jlt_global(frame, "Base.Function")));
    jlt_value *nameless = jlt_function(frame, NULL, last, NULL, NULL);
    EXPECT(is_text(frame, jlt_call(frame, nameless, one, jlt_box_string(frame, "x")), "x"));
    EXPECT(is_text(frame, apply(frame, "f -> string(f)", nameless), "C function (a C function)"));
    EXPECT(!jlt_function(frame, "none", NULL, NULL, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_function: function is NULL");
    EXPECT(!apply(frame, "f -> f(1; key = 2)", f));
    EXPECT_FAILED(JLT_EXCEPTION, "keyword");
}

static void use_global_function(jlt_frame *frame)
{
    EXPECT(is_int(frame, jlt_eval(frame, "kept_function(4)"), 14));
}

static void keep_function(jlt_frame *frame)
{
    static int64_t ten = 10;
    apply(frame, "f -> (global kept_function = f)", jlt_function(frame, "kept", sum, &ten, NULL));
}

/* The C function calls Julia, which calls the C function... */
static jlt_value *descend(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    (void)data, (void)count;
    int64_t depth = jlt_unbox_i64(frame, arguments[1]);
    if (depth == 0)
        return jlt_box_i64(frame, 0);
    jlt_frame *scope = jlt_scope_open(frame); /* left open */
    jlt_value *below = jlt_call(scope, arguments[0], arguments[0], jlt_box_i64(scope, depth - 1));
    return jlt_box_i64(scope, 1 + jlt_unbox_i64(scope, below));
}

static void functions_in_functions(jlt_frame *frame)
{
    jlt_value *f = jlt_function(frame, "descend", descend, NULL, NULL);
    EXPECT(is_int(frame, jlt_call(frame, f, f, jlt_box_i64(frame, 12)), 12));
}

/* The body's own frame, too, is good in a function that its own call leads to. */
static jlt_value *use_frame_of_body(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    (void)frame, (void)arguments, (void)count;
    return jlt_eval(data, "[40, 2]");
}

static void functions_with_the_bodys_frame(jlt_frame *frame)
{
    jlt_value *f = jlt_function(frame, "outer", use_frame_of_body, frame, NULL);
    jlt_value *array = jlt_call(frame, f);
    EXPECT(is_int(frame, apply(frame, "x -> (GC.gc(); sum(x))", array), 42));
}

static void test_functions(void **unused)
{
    (void)unused;
    in_body(functions);
    in_body(keep_function);
    in_body(use_global_function);
    in_body(functions_in_functions);
    in_body(functions_with_the_bodys_frame);
}

/* ---- functions that fail ---- */

static jlt_value *give_up(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    (void)data, (void)arguments;
    jlt_fail(frame, "no good: %zu", count);
    return NULL;
}

static jlt_value *mismatch(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    (void)data, (void)count;
    return jlt_box_bool(frame, jlt_unbox_bool(frame, arguments[0]));
}

static jlt_value *call_first(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    (void)data, (void)count;
    jlt_value *result = jlt_call(frame, arguments[0]);
    jlt_eval(frame, "error(\"not run: the frame has failed\")");
    return result;
}

static jlt_value *catch_first(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    (void)data, (void)count;
    jlt_call(frame, arguments[0]);
    bool right = jlt_catch(frame) == JLT_EXCEPTION && !strcmp(jlt_error_message(), "inside");
    return jlt_box_bool(frame, right);
}

static void failures_in_c(jlt_frame *frame)
{
    jlt_value *f = jlt_function(frame, "fail", give_up, NULL, NULL);
    EXPECT(!jlt_call(frame, f, f));
    EXPECT(jlt_catch(frame) == JLT_EXCEPTION && !strcmp(jlt_error_message(), "no good: 1"));
    EXPECT(!strcmp(jlt_error_type(), "CFunctionError"));
    jlt_value *text = apply(frame,
                            "f -> try f(1, 2) catch e; string(e isa JLTask.CFunctionError, ' ', e.name, ' ', e.status, "
                            "' ', sprint(showerror, e)) end",
                            f);
    EXPECT(is_text(frame, text, "true fail 2 no good: 2"));
    jlt_value *g = jlt_function(frame, "mismatch", mismatch, NULL, NULL);
    EXPECT(!jlt_call(frame, g, jlt_box_i64(frame, 1)));
    EXPECT_FAILED(JLT_EXCEPTION, "jlt_unbox_bool: expected Bool, got Int64");
}

static void failures_in_julia(jlt_frame *frame)
{
    jlt_value *f = jlt_function(frame, "call", call_first, NULL, NULL);
    jlt_value *same = apply(frame,
                            "function (f)\n"
                            "    exception = KeyError(:thrown)\n"
                            "    try f(() -> throw(exception)) catch e; e === exception end\n"
                            "end",
                            f);
    EXPECT(jlt_unbox_bool(frame, same));
    EXPECT(!apply(frame, "f -> f(() -> throw(KeyError(:thrown)))", f));
    EXPECT(jlt_catch(frame) == JLT_EXCEPTION && !strcmp(jlt_error_type(), "KeyError"));
    EXPECT(strstr(jlt_error_message(), "thrown"));
    jlt_value *g = jlt_function(frame, "catch", catch_first, NULL, NULL);
    EXPECT(jlt_unbox_bool(frame, apply(frame, "f -> f(() -> error(\"inside\"))", g)));
}

/* What fails in the function is not yet the body's failure; the body's error text is its own. */
static void failures_apart(jlt_frame *frame)
{
    jlt_value *f = jlt_function(frame, "fail", give_up, NULL, NULL);
    EXPECT(jlt_receiver_recv(NULL, NULL) == JLT_INVALID_ARGUMENT);
    jlt_value *caught = apply(frame, "f -> try f() catch; 5 end", f);
    EXPECT(strstr(jlt_error_message(), "receiver is NULL"));
    EXPECT(is_int(frame, caught, 5));
}

static void test_functions_that_fail(void **unused)
{
    (void)unused;
    in_body(failures_in_c);
    in_body(failures_in_julia);
    in_body(failures_apart);
}

/* ---- where the stack ends ---- */

static int begun, ended;

static __attribute__((noinline)) int use_stack(void)
{
    enum { most = 96 << 10, page = 4096 };
    volatile char stack[most];
    for (int at = most - 1; at >= 0; at -= page)
        stack[at] = 1;
    return stack[most - 1];
}

/* Julia ends what overflows by longjmp, so this must not begin where there is less stack than it may count on. */
static jlt_value *count_uses(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    (void)frame, (void)data, (void)arguments, (void)count;
    begun++;
    ended += use_stack();
    return NULL;
}

/* Called deeper and deeper: each time from some ten kilobytes further down. */
static void functions_where_the_stack_ends(jlt_frame *frame)
{
    jlt_eval(frame, "@noinline dive(n, f) = n == 0 ? (f(); 0) : 1 + dive(n - 1, f)");
    jlt_value *dives = apply(frame,
                             "function (f)\n"
                             "    for i in 0:10000\n"
                             "        try dive(400 * i, f) catch e; return e isa StackOverflowError ? i : -1 end\n"
                             "    end\n"
                             "end",
                             jlt_function(frame, "use stack", count_uses, NULL, NULL));
    EXPECT(is_int(frame, dives, begun));
    EXPECT(begun > 10 && ended == begun);
}

static void test_functions_where_the_stack_ends(void **unused)
{
    (void)unused;
    in_body(functions_where_the_stack_ends);
}

/* ---- data ---- */

static void opaques(jlt_frame *frame)
{
    int x = 1, y = 2;
    jlt_value *plain = jlt_opaque(frame, NULL, &x, NULL), *tagged = jlt_opaque(frame, "socket", &y, NULL);
    EXPECT(jlt_opaque_get(frame, NULL, plain) == &x);
    EXPECT(jlt_opaque_get(frame, NULL, tagged) == &y);
    EXPECT(jlt_opaque_get(frame, "socket", tagged) == &y);
    jlt_value *stored = apply(frame, "o -> (global kept_data = Dict(:o => o); GC.gc(); kept_data[:o])", tagged);
    EXPECT(jlt_opaque_get(frame, "socket", stored) == &y);
    EXPECT(is_text(frame, apply(frame, "o -> string(o)", tagged), "C data \"socket\""));
    EXPECT(!jlt_opaque_get(frame, "file", tagged));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_opaque_get: expected C data \"file\", got C data \"socket\"");
    EXPECT(!jlt_opaque_get(frame, "file", plain));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_opaque_get: expected C data \"file\", got C data");
    EXPECT(!jlt_opaque_get(frame, NULL, jlt_box_i64(frame, 1)));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_opaque_get: expected C data, got Int64");
    EXPECT(!jlt_opaque_get(frame, NULL, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_opaque_get: value is NULL");
    EXPECT(!jlt_opaque(frame, NULL, NULL, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_opaque: data is NULL");
}

/* On a failed frame nothing is made, and the data is the caller's still. */
static void owners(jlt_frame *frame)
{
    atomic_int counter = 0;
    jlt_fail(frame, "before");
    EXPECT(!jlt_opaque(frame, NULL, &counter, count_release));
    EXPECT(!jlt_function(frame, NULL, give_up, &counter, count_release));
    EXPECT_FAILED(JLT_FAILED, "before");
    jlt_eval(frame, "GC.gc()");
    EXPECT(atomic_load(&counter) == 0);
}

enum { garbage = 20 };

static void make_garbage(jlt_frame *frame)
{
    for (int i = 0; i < garbage; i++) {
        jlt_opaque(frame, "garbage", &released, count_release);
        jlt_function(frame, "garbage", give_up, &released, count_release);
    }
}

static void collect(jlt_frame *frame)
{
    jlt_eval(frame, "GC.gc()");
}

static void test_data(void **unused)
{
    (void)unused;
    in_body(opaques);
    in_body(owners);
    atomic_store(&released, 0);
    in_body(make_garbage);
    while (atomic_load(&released) < 2 * garbage)
        in_body(collect);
    in_body(collect);
    assert_int_equal(atomic_load(&released), 2 * garbage);
}

/* Alive until the end: released by Julia's exit (stop_and_look). */
static atomic_int released_at_exit;

static void keep_for_good(jlt_frame *frame)
{
    jlt_value *f = jlt_function(frame, "for good", give_up, &released_at_exit, count_release);
    jlt_value *data = jlt_opaque(frame, NULL, &released_at_exit, count_release);
    jlt_call(frame, jlt_eval(frame, "(f, d) -> (global for_good = (f, d); nothing)"), f, data);
}

static void test_data_for_good(void **unused)
{
    (void)unused;
    in_body(keep_for_good);
    in_body(collect);
    assert_int_equal(atomic_load(&released_at_exit), 0);
}

/* ---- plain C functions ---- */

static double weigh(double x, int32_t y, bool negative)
{
    return negative ? -x * y : x * y;
}

static double total(const double *values, int64_t count)
{
    double result = 0;
    for (int64_t i = 0; i < count; i++)
        result += values[i];
    return result;
}

struct point {
    double x;
    int32_t n;
};

static struct point mirror(struct point p)
{
    return (struct point){-p.x, p.n + 1};
}

static int text_length(const char *text)
{
    return (int)strlen(text);
}

static int calls;

static void count_call(void)
{
    calls++;
}

static void plain_functions(jlt_frame *frame)
{
    jlt_value *f64 = jlt_global(frame, "Core.Float64"), *cint = jlt_global(frame, "Base.Cint");
    jlt_value *f = jlt_c_function(frame, PLAIN(weigh), f64, jlt_eval(frame, "(Float64, Int32, Bool)"));
    for (int i = 0; i < 2; i++)
        EXPECT(jlt_unbox_f64(frame, apply(frame, "f -> f(1.5, Int32(3), true) + f(2, 4, false)", f)) == 3.5);
    EXPECT(is_text(frame, apply(frame, "f -> string(f)", f), "C function (Float64, Int32, Bool) -> Float64"));
    f = jlt_c_function(frame, PLAIN(total), f64, jlt_eval(frame, "Tuple{Ptr{Float64}, Int64}"));
    EXPECT(jlt_unbox_f64(frame, apply(frame, "f -> f([1.5, 2.5, 3.0], 3)", f)) == 7);
    jlt_value *point = jlt_eval(frame, "struct Point x::Float64; n::Int32 end; Point");
    f = jlt_c_function(frame, PLAIN(mirror), point, jlt_eval(frame, "(Point,)"));
    EXPECT(jlt_unbox_bool(frame, apply(frame, "f -> f(Point(2.5, 7)) === Point(-2.5, 8)", f)));
    f = jlt_c_function(frame, PLAIN(text_length), cint, jlt_eval(frame, "(Cstring,)"));
    EXPECT(jlt_unbox_i32(frame, apply(frame, "f -> f(\"four\")", f)) == 4);
    f = jlt_c_function(frame, PLAIN(count_call), jlt_eval(frame, "Nothing"), jlt_eval(frame, "()"));
    EXPECT(jlt_is_nothing(frame, jlt_call(frame, f)) && calls == 1);
}

static void plain_functions_called_wrongly(jlt_frame *frame)
{
    jlt_value *f64 = jlt_global(frame, "Core.Float64");
    jlt_value *f = jlt_c_function(frame, PLAIN(weigh), f64, jlt_eval(frame, "(Float64, Int32, Bool)"));
    EXPECT(!apply(frame, "f -> f(1.0)", f));
    EXPECT_FAILED(JLT_EXCEPTION, "the C function takes 3 arguments (Float64, Int32, Bool), 1 were given");
    EXPECT(!apply(frame, "f -> f(1.0, 2, true, 4)", f));
    EXPECT_FAILED(JLT_EXCEPTION, "4 were given");
    EXPECT(!apply(frame, "f -> f(\"x\", 2, true)", f));
    EXPECT_FAILED(JLT_EXCEPTION, "String");
    EXPECT(!apply(frame, "f -> f(1.0, 2.5, true)", f));
    EXPECT(jlt_catch(frame) == JLT_EXCEPTION && !strcmp(jlt_error_type(), "InexactError"));
}

static void plain_functions_that_cannot_be(jlt_frame *frame)
{
    static const char *const not_bits[] = {"String", "Any", "Vector{Int}", "Real", "Nothing", "Ref{Int}"};
    jlt_value *f64 = jlt_global(frame, "Core.Float64"), *none = jlt_eval(frame, "()");
    for (size_t i = 0; i < sizeof not_bits / sizeof *not_bits; i++) {
        char code[64];
        snprintf(code, sizeof code, "(Int, %s)", not_bits[i]);
        EXPECT(!jlt_c_function(frame, PLAIN(count_call), f64, jlt_eval(frame, code)));
        EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_c_function: argument 2: ");
    }
    EXPECT(!jlt_c_function(frame, PLAIN(count_call), jlt_global(frame, "Core.String"), none));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_c_function: return type: String is not a type of plain bits");
    EXPECT(!jlt_c_function(frame, PLAIN(count_call), jlt_box_i64(frame, 1), none));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_c_function: return type: expected a type, got a value of Int64");
    EXPECT(!jlt_c_function(frame, PLAIN(count_call), f64, jlt_eval(frame, "(Int, 5)")));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_c_function: argument 2: expected a type, got a value of Int64");
    EXPECT(!jlt_c_function(frame, PLAIN(count_call), f64, f64));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_c_function: argument types: expected a tuple of types");
    EXPECT(!jlt_c_function(frame, NULL, f64, none));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_c_function: function is NULL");
    EXPECT(!jlt_c_function(frame, PLAIN(count_call), NULL, none));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_c_function: return_type is NULL");
    EXPECT(!jlt_c_function(frame, PLAIN(count_call), f64, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_c_function: argument_types is NULL");
}

static void test_plain_functions(void **unused)
{
    (void)unused;
    in_body(plain_functions);
    in_body(plain_functions_called_wrongly);
    in_body(plain_functions_that_cannot_be);
}

/* ---- from Julia's own tasks ---- */

static void functions_in_tasks(jlt_frame *frame)
{
    static int64_t ten = 10;
    jlt_value *f = jlt_function(frame, "sum", sum, &ten, NULL);
    jlt_value *result = apply(frame,
                              "f -> sum(fetch, vcat([@async(f(i)) for i in 1:20],\n"
                              "                     [Threads.@spawn(f(i)) for i in 1:20]))",
                              f);
    EXPECT(is_int(frame, result, 40 * 10 + 420));
    jlt_value *tasks[8];
    for (int i = 0; i < 8; i++)
        tasks[i] = jlt_spawn(frame, f, jlt_box_i64(frame, i));
    for (int i = 0; i < 8; i++)
        EXPECT(is_int(frame, jlt_fetch(frame, tasks[i]), 10 + i));
    /* failures too */
    jlt_value *failing = jlt_spawn(frame, jlt_function(frame, "fail", give_up, NULL, NULL));
    EXPECT(!jlt_fetch(frame, failing));
    EXPECT_FAILED(JLT_EXCEPTION, "no good: 0");
}

/* Waits inside Julia, with its frame in use, while the body and others do the same. */
static jlt_value *wait_in_julia(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    (void)data, (void)count;
    jlt_value *kept = jlt_eval(frame, "[1, 2]");
    jlt_eval(frame, "yield(); sleep(0.001)");
    jlt_value *length = jlt_call(frame, jlt_global(frame, "Base.length"), kept);
    return jlt_box_i64(frame, jlt_unbox_i64(frame, length) * jlt_unbox_i64(frame, arguments[0]));
}

static void functions_that_wait_in_julia(jlt_frame *frame)
{
    jlt_value *f = jlt_function(frame, "wait", wait_in_julia, NULL, NULL);
    jlt_value *result = apply(frame,
                              "f -> sum(fetch, vcat([@async(f(i)) for i in 1:10],\n"
                              "                     [Threads.@spawn(f(i)) for i in 1:10]))",
                              f);
    EXPECT(is_int(frame, result, 4 * 55));
    EXPECT(is_int(frame, jlt_call(frame, f, jlt_box_i64(frame, 3)), 6));
}

static void test_functions_in_tasks(void **unused)
{
    (void)unused;
    in_body(functions_in_tasks);
    in_body(functions_that_wait_in_julia);
}

static int stop_and_look(void **unused)
{
    int result = stop_runtime(unused);
    assert_int_equal(atomic_load(&released_at_exit), 2);
    return result;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_functions_that_fail),
        cmocka_unit_test(test_functions_where_the_stack_ends),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_data_for_good),
        cmocka_unit_test(test_plain_functions),
        cmocka_unit_test(test_functions_in_tasks),
    };
    return cmocka_run_group_tests(tests, start_two_threads, stop_and_look);
}
