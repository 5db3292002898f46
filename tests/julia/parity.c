/* SPDX-License-Identifier: MIT
 *
 * Counterparts of the cases that jlrs tests its async runtime with (crates/jlrs/tests/tokio_rt.rs, 0.23), each named
 * after its case; docs/jlrs-parity.md says which features they are about. Bodies collect garbage between their steps,
 * as the cases do, so that what is not rooted is lost.
 *
 * "local" is a Julia task on the body's own thread, "main" one whose body is fixed to the first thread, and the plain
 * ones run on whichever thread is free. */
#include "julia/fixture.h"

enum { iterations = 5000, collections = 2 };

/* What a body is told, and what it answers. */
struct sizes {
    int64_t dims, iterations;
};

static void define_module(jlt_frame *frame)
{
    jlt_module_once(frame, "Parity",
                    "function diagonal(dims, iterations; extra = 0.0)\n"
                    "    matrix = fill(1.0, dims, dims)\n"
                    "    foreach(_ -> matrix .+= 1.0, 1:iterations)\n"
                    "    sum(matrix[i, i] for i in 1:dims) + extra\n"
                    "end\n"
                    "fails_inside() = throw(DomainError(-1, \"as it should\"))\n"
                    "fails() = fails_inside() + 1\n"
                    "mutable struct Sum value::Float64 end\n"
                    "threads_used = Int[]\n" /* the threads of the calls of `local_task` */
                    "function noted(f, arguments...; keywords...)\n"
                    "    push!(threads_used, Threads.threadid())\n"
                    "    f(arguments...; keywords...)\n"
                    "end\n"
                    "local_task(f, arguments...; keywords...) = @async noted(f, arguments...; keywords...)\n"
                    "total = 0.0\n"
                    "pool() = isdefined(Threads, :threadpool) ? Threads.threadpool() : :default");
}

static bool has_interactive;

static int start(void **unused)
{
    (void)unused;
    jlt_options options = {.threads = 4, .channel_capacity = 32, .interactive_threads = 1};
    jlt_status status = jlt_runtime_spawn(&options, &runtime, &thread);
    has_interactive = status != JLT_INVALID_ARGUMENT; /* before 1.9 there are none */
    options.interactive_threads = 0;
    assert_ok(has_interactive ? status : jlt_runtime_spawn(&options, &runtime, &thread));
    in_body(define_module);
    return 0;
}

static void collect(jlt_frame *frame)
{
    for (int i = 0; i < (test_is_stress() ? 1 : collections); i++)
        jlt_gc_collect(frame, true);
}

/* Sends a one-shot task without waiting, and receives its reply. */
static jlt_status dispatch(const jlt_task_type *type, const void *input, void *output)
{
    jlt_receiver *receiver = NULL;
    assert_ok(jlt_task_try_dispatch(runtime, type, input, &receiver));
    return jlt_receiver_recv(receiver, output);
}

/* Runs a body that answers with a double, on any thread (0) or the n-th. */
static double answer_on(size_t on, void (*run)(jlt_frame *, const void *, void *), int64_t dims)
{
    jlt_task_type type = {.input_size = sizeof(struct sizes), .output_size = sizeof(double), .run = run, .thread = on};
    double answer = -1;
    assert_ok(dispatch(&type, &(struct sizes){dims, iterations}, &answer));
    return answer;
}

static void assert_answer(void (*run)(jlt_frame *, const void *, void *), int64_t dims, double expected)
{
    assert_true(answer_on(0, run, dims) == expected);
}

/* ---- tasks ---- */

static void call_diagonal(jlt_frame *frame, const void *input, void *output)
{
    const struct sizes *sizes = input;
    jlt_value *dims = jlt_box(frame, sizes->dims), *count = jlt_box(frame, sizes->iterations);
    collect(frame);
    jlt_unbox(frame, jlt_call(frame, jlt_global(frame, "Main.Parity.diagonal"), dims, count), (double *)output);
}

static void test_task(void **unused)
{
    (void)unused;
    assert_answer(call_diagonal, 4, 20004);
}

/* A closure is a function with what it has captured: a type whose input holds both. */
struct closure {
    double (*function)(jlt_frame *frame, const struct closure *self);
    struct sizes captured;
};

static void run_closure(jlt_frame *frame, const void *input, void *output)
{
    const struct closure *closure = input;
    *(double *)output = closure->function(frame, closure);
}

static double diagonal_of_captured(jlt_frame *frame, const struct closure *self)
{
    double answer = 0;
    call_diagonal(frame, &self->captured, &answer);
    return answer;
}

static void test_closure(void **unused)
{
    (void)unused;
    static const jlt_task_type type = {
        .input_size = sizeof(struct closure), .output_size = sizeof(double), .run = run_closure};
    double answer = 0;
    assert_ok(dispatch(&type, &(struct closure){diagonal_of_captured, {4, iterations}}, &answer));
    assert_true(answer == 20004);
}

static void answer_with_float(jlt_frame *frame, const void *input, void *output)
{
    double answer = 0;
    call_diagonal(frame, input, &answer);
    *(float *)output = (float)answer;
}

static void test_other_ret_type_task(void **unused)
{
    (void)unused;
    static const jlt_task_type type = {
        .input_size = sizeof(struct sizes), .output_size = sizeof(float), .run = answer_with_float};
    float answer = 0;
    assert_ok(dispatch(&type, &(struct sizes){4, iterations}, &answer));
    assert_true(answer == 20004);
}

static jlt_value *five_extra(jlt_frame *frame)
{
    jlt_value *extra = jlt_box(frame, 5.0);
    collect(frame);
    jlt_value *keywords = jlt_named_tuple(frame, {"extra", extra});
    collect(frame);
    return keywords;
}

static void call_with_keywords(jlt_frame *frame, const void *input, void *output)
{
    const struct sizes *sizes = input;
    jlt_value *dims = jlt_box(frame, sizes->dims), *count = jlt_box(frame, sizes->iterations);
    jlt_value *keywords = five_extra(frame);
    jlt_value *sum = jlt_call_kw(frame, keywords, jlt_global(frame, "Main.Parity.diagonal"), dims, count);
    jlt_unbox(frame, sum, (double *)output);
}

static void test_kw_task(void **unused)
{
    (void)unused;
    assert_answer(call_with_keywords, 4, 20009);
}

static void call_what_fails(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    collect(frame);
    jlt_unbox(frame, jlt_call(frame, jlt_global(frame, "Main.Parity.fails")), (double *)output);
}

static void test_throwing_task(void **unused)
{
    (void)unused;
    static const jlt_task_type type = {.output_size = sizeof(double), .run = call_what_fails};
    double answer = -1;
    assert_status(dispatch(&type, NULL, &answer), JLT_EXCEPTION);
    assert_string_equal(jlt_error_type(), "DomainError");
    assert_contains(jlt_error_message(), "as it should");
    assert_contains(jlt_error_backtrace(), "fails_inside");
    assert_true(answer == -1);
}

/* ---- scopes in frames: static, of few values that a frame has room for, and dynamic, of many ---- */

static void root_many(jlt_frame *frame)
{
    for (int i = 0; i < (test_is_stress() ? 20 : 200); i++)
        jlt_box(frame, 1e6 + i);
}

static void call_in_scope(jlt_frame *frame, const void *input, void *output)
{
    const struct sizes *sizes = input;
    jlt_value *dims = jlt_box(frame, sizes->dims), *count = jlt_box(frame, sizes->iterations);
    collect(frame);
    jlt_frame *scope = jlt_scope_open(frame);
    collect(scope);
    jlt_unbox(scope, jlt_call(scope, jlt_global(scope, "Main.Parity.diagonal"), dims, count), (double *)output);
    jlt_scope_close(scope);
    collect(frame);
}

static void test_nesting_static_task(void **unused)
{
    (void)unused;
    assert_answer(call_in_scope, 6, 30006);
}

/* The result of a call in a scope, rooted in the frame around it; NULL if the call failed. */
static jlt_value *result_of_scope(jlt_frame *frame, const struct sizes *sizes, const char *function, bool many)
{
    jlt_frame *scope = jlt_scope_open(frame);
    if (many)
        root_many(scope);
    jlt_value *count = jlt_box(scope, sizes->iterations), *dims = jlt_box(scope, sizes->dims);
    collect(scope);
    jlt_value *result = jlt_root(frame, jlt_call(scope, jlt_global(scope, function), dims, count));
    jlt_scope_close(scope);
    collect(frame);
    return result;
}

static void value_of_scope(jlt_frame *frame, const void *input, void *output)
{
    jlt_unbox(frame, result_of_scope(frame, input, "Main.Parity.diagonal", false), (double *)output);
}

static void test_nesting_value_static_task(void **unused)
{
    (void)unused;
    assert_answer(value_of_scope, 6, 30006);
}

/* What leaves the scope is the call's outcome, be it a value or an exception, looked at outside. */
static void outcome_of_scope(jlt_frame *frame, const void *input, void *output)
{
    EXPECT(!result_of_scope(frame, input, "Main.Parity.fails", false));
    EXPECT_FAILED(JLT_EXCEPTION, "no method matching");
    jlt_value *value = result_of_scope(frame, input, "Main.Parity.diagonal", false);
    EXPECT(jlt_catch(frame) == JLT_OK);
    jlt_unbox(frame, value, (double *)output);
}

static void test_nesting_call_static_task(void **unused)
{
    (void)unused;
    assert_answer(outcome_of_scope, 6, 30006);
}

static void call_in_large_scope(jlt_frame *frame, const void *input, void *output)
{
    root_many(frame);
    call_in_scope(frame, input, output);
}

static void test_nesting_dynamic_task(void **unused)
{
    (void)unused;
    assert_answer(call_in_large_scope, 6, 30006);
}

static void value_of_large_scope(jlt_frame *frame, const void *input, void *output)
{
    root_many(frame);
    jlt_unbox(frame, result_of_scope(frame, input, "Main.Parity.diagonal", true), (double *)output);
}

static void test_nesting_value_dynamic_task(void **unused)
{
    (void)unused;
    assert_answer(value_of_large_scope, 6, 30006);
}

/* ---- persistent ---- */

struct accumulator {
    jlt_value *sum; /* rooted by init's frame: a Main.Parity.Sum */
};

static void accumulator_init(jlt_frame *frame, void *state, const void *config)
{
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_value *type = jlt_global(scope, "Main.Parity.Sum"), *initial = jlt_box(scope, *(const double *)config);
    collect(scope);
    ((struct accumulator *)state)->sum = jlt_root(frame, jlt_call(scope, type, initial));
    jlt_scope_close(scope);
}

static void accumulator_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    struct accumulator *self = state;
    double sum = jlt_unbox_f64(frame, jlt_field_get(frame, self->sum, "value")) + *(const double *)input;
    jlt_field_set(frame, self->sum, "value", jlt_box(frame, sum));
    collect(frame);
    *(double *)output = sum;
}

static void test_persistent(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {
        .state_size = sizeof(struct accumulator),
        .config_size = sizeof(double),
        .input_size = sizeof(double),
        .output_size = sizeof(double),
        .capacity = 2,
        .init = accumulator_init,
        .run = accumulator_run,
    };
    jlt_receiver *receiver = NULL;
    jlt_persistent *task = NULL;
    assert_ok(jlt_persistent_try_dispatch(runtime, &type, &(double){5}, &receiver));
    assert_ok(jlt_receiver_recv(receiver, &task));
    for (int i = 1; i <= 2; i++) {
        double sum = 0;
        assert_ok(jlt_persistent_try_call(task, &(double){i == 1 ? 7 : 12}, &receiver));
        assert_ok(jlt_receiver_recv(receiver, &sum));
        assert_true(sum == 12 * i);
    }
    jlt_persistent_drop(task);
}

/* ---- Julia tasks: on the body's thread, on the first, and on any ---- */

static int64_t this_thread(jlt_frame *frame)
{
    return jlt_unbox_i64(frame, jlt_call(frame, jlt_global(frame, "Base.Threads.threadid")));
}

/* The last task that local_task made ran on the body's own thread; takes it off the list. */
static bool ran_here(jlt_frame *frame)
{
    jlt_value *used = jlt_global(frame, "Main.Parity.threads_used");
    int64_t last = jlt_unbox_i64(frame, jlt_call(frame, jlt_global(frame, "Base.pop!"), used));
    return jlt_ok(frame) && last == this_thread(frame);
}

static jlt_value *schedule_here(jlt_frame *frame, const struct sizes *sizes, jlt_value *keywords)
{
    jlt_value *dims = jlt_box(frame, sizes->dims), *count = jlt_box(frame, sizes->iterations);
    jlt_value *schedule = jlt_global(frame, "Main.Parity.local_task");
    jlt_value *diagonal = jlt_global(frame, "Main.Parity.diagonal");
    collect(frame);
    return keywords ? jlt_call_kw(frame, keywords, schedule, diagonal, dims, count)
                    : jlt_call(frame, schedule, diagonal, dims, count);
}

static void call_here(jlt_frame *frame, const void *input, void *output)
{
    jlt_unbox(frame, jlt_fetch(frame, schedule_here(frame, input, NULL)), (double *)output);
    EXPECT(ran_here(frame));
}

static void call_here_with_keywords(jlt_frame *frame, const void *input, void *output)
{
    jlt_unbox(frame, jlt_fetch(frame, schedule_here(frame, input, five_extra(frame))), (double *)output);
    EXPECT(ran_here(frame));
}

/* The same with Julia's own fetch, some time after the task was scheduled. */
static void fetch_later(jlt_frame *frame, jlt_value *task, void *output)
{
    collect(frame);
    jlt_unbox(frame, jlt_call(frame, jlt_global(frame, "Base.fetch"), task), (double *)output);
}

static void fetch_here(jlt_frame *frame, const void *input, void *output)
{
    fetch_later(frame, schedule_here(frame, input, NULL), output);
    EXPECT(ran_here(frame));
}

static void fetch_here_with_keywords(jlt_frame *frame, const void *input, void *output)
{
    fetch_later(frame, schedule_here(frame, input, five_extra(frame)), output);
    EXPECT(ran_here(frame));
}

static void fetch_anywhere(jlt_frame *frame, const void *input, void *output)
{
    const struct sizes *sizes = input;
    jlt_value *dims = jlt_box(frame, sizes->dims), *count = jlt_box(frame, sizes->iterations);
    fetch_later(frame, jlt_spawn(frame, jlt_global(frame, "Main.Parity.diagonal"), dims, count), output);
}

static void fetch_with_options(jlt_frame *frame, const struct sizes *sizes, bool interactive, double *output)
{
    jlt_value *dims = jlt_box(frame, sizes->dims), *count = jlt_box(frame, sizes->iterations);
    jlt_spawn_options options = {.keywords = five_extra(frame), .interactive = interactive};
    fetch_later(frame, jlt_spawn_with(frame, &options, jlt_global(frame, "Main.Parity.diagonal"), dims, count), output);
}

static void fetch_anywhere_with_keywords(jlt_frame *frame, const void *input, void *output)
{
    fetch_with_options(frame, input, false, output);
}

static void fetch_interactive(jlt_frame *frame, const void *input, void *output)
{
    fetch_with_options(frame, input, true, output);
}

static bool runs_in(jlt_frame *frame, const jlt_spawn_options *options, const char *pool)
{
    jlt_value *task = jlt_spawn_with(frame, options, jlt_global(frame, "Main.Parity.pool"));
    return jlt_identical(frame, jlt_fetch(frame, task), jlt_box_symbol(frame, pool));
}

static void name_pools(jlt_frame *frame)
{
    EXPECT(runs_in(frame, (&(jlt_spawn_options){.interactive = true}), has_interactive ? "interactive" : "default"));
    EXPECT(runs_in(frame, NULL, "default"));
}

/* All bodies whose type names the first thread are on one thread. */
static void assert_answer_on_main(void (*run)(jlt_frame *, const void *, void *), double expected)
{
    assert_true(answer_on(1, run, 4) == expected);
}

static void test_local_task(void **unused)
{
    (void)unused;
    assert_answer(call_here, 4, 20004);
}

static void test_scheduling_local_task(void **unused)
{
    (void)unused;
    assert_answer(fetch_here, 4, 20004);
}

static void thread_of_body(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    *(double *)output = (double)this_thread(frame);
}

static void test_main_task(void **unused)
{
    (void)unused;
    assert_answer_on_main(call_here, 20004);
    double main_thread = answer_on(1, thread_of_body, 0);
    for (int i = 0; i < 10; i++)
        assert_answer_on_main(thread_of_body, main_thread);
}

static void test_scheduling_main_task(void **unused)
{
    (void)unused;
    assert_answer_on_main(fetch_here, 20004);
}

static void test_scheduling_task(void **unused)
{
    (void)unused;
    assert_answer(fetch_anywhere, 4, 20004);
}

static void test_scheduling_kw_local_task(void **unused)
{
    (void)unused;
    assert_answer(fetch_here_with_keywords, 4, 20009);
}

static void test_scheduling_kw_task(void **unused)
{
    (void)unused;
    assert_answer(fetch_anywhere_with_keywords, 4, 20009);
}

static void test_scheduling_kw_main_task(void **unused)
{
    (void)unused;
    assert_answer_on_main(fetch_here_with_keywords, 20009);
}

static void test_local_kw_task(void **unused)
{
    (void)unused;
    assert_answer(call_here_with_keywords, 4, 20009);
}

static void test_main_kw_task(void **unused)
{
    (void)unused;
    assert_answer_on_main(call_here_with_keywords, 20009);
}

/* Its counterparts in jlrs are call_async_interactive and schedule_async_interactive. */
static void test_scheduling_interactive_task(void **unused)
{
    (void)unused;
    assert_answer(fetch_interactive, 4, 20009);
    in_body(name_pools);
}

/* ---- arrays over C's memory, and globals ---- */

static void borrow_array_data(jlt_frame *frame)
{
    double data[1] = {2};
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_value *array = jlt_root(frame, jlt_array_wrap(scope, JLT_F64, data, 1, (size_t[]){1}));
    jlt_scope_close(scope);
    collect(frame);
    jlt_view view = {0};
    EXPECT(jlt_array_view(frame, array, JLT_F64, &view));
    EXPECT(view.data == data && jlt_at(&view, double, 0) == 2);
    data[0] = 3;
    EXPECT(jlt_unbox_f64(frame, jlt_index_at(frame, array, 1)) == 3);
}

static void test_borrow_array_data(void **unused)
{
    (void)unused;
    in_body(borrow_array_data);
}

/* Tasks share what is global in Julia: one sets it, another reads it. */
static void set_global(jlt_frame *frame)
{
    EXPECT(jlt_set_global(frame, "Main.Parity.total", jlt_box(frame, 42.5)));
    EXPECT(jlt_set_const(frame, "Main.Parity.limit", jlt_box(frame, 43.5)));
    collect(frame);
}

static void get_global(jlt_frame *frame)
{
    EXPECT(jlt_unbox_f64(frame, jlt_global(frame, "Main.Parity.total")) == 42.5);
    EXPECT(jlt_unbox_f64(frame, jlt_global(frame, "Main.Parity.limit")) == 43.5);
    EXPECT(!jlt_global(frame, "Main.Parity.no_total"));
    EXPECT_FAILED(JLT_NOT_FOUND, "no_total");
}

static void test_globals(void **unused)
{
    (void)unused;
    in_body(set_global);
    in_body(get_global);
}

/* What the table names where there is no call of its own. */
static void by_julias_functions(jlt_frame *frame)
{
    jlt_value *array = jlt_array_new(frame, JLT_F64, 1, (size_t[]){2}), *type = jlt_typeof(frame, array);
    jlt_value *f64 = jlt_global(frame, "Core.Float64"), *two = jlt_box_i64(frame, 2), *one = jlt_box_i64(frame, 1);
    EXPECT(jlt_identical(frame, jlt_call(frame, jlt_global(frame, "Base.eltype"), array), f64));
    EXPECT(jlt_unbox_bool(frame, jlt_call(frame, jlt_global(frame, "Core.<:"), f64, jlt_global(frame, "Core.Real"))));
    EXPECT(!jlt_unbox_bool(frame, jlt_call(frame, jlt_global(frame, "Core.<:"), type, f64)));
    jlt_value *apply = jlt_global(frame, "Core.apply_type");
    EXPECT(jlt_identical(frame, jlt_call(frame, apply, jlt_global(frame, "Core.Array"), f64, one), type));
    jlt_value *id = jlt_global(frame, "Base.objectid");
    EXPECT(jlt_equal(frame, jlt_call(frame, id, two), jlt_call(frame, id, jlt_box_i64(frame, 2))));
    jlt_call(frame, jlt_global(frame, "Base.GC.safepoint"));
    jlt_eval(frame, "@enum ParityColor red = 3 blue = 5");
    jlt_value *blue = jlt_call(frame, jlt_global(frame, "Main.ParityColor"), jlt_box_i32(frame, 5));
    EXPECT(jlt_identical(frame, blue, jlt_global(frame, "Main.blue")));
}

static void test_by_julias_functions(void **unused)
{
    (void)unused;
    in_body(by_julias_functions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_task),
        cmocka_unit_test(test_closure),
        cmocka_unit_test(test_other_ret_type_task),
        cmocka_unit_test(test_kw_task),
        cmocka_unit_test(test_throwing_task),
        cmocka_unit_test(test_nesting_static_task),
        cmocka_unit_test(test_nesting_value_static_task),
        cmocka_unit_test(test_nesting_call_static_task),
        cmocka_unit_test(test_nesting_dynamic_task),
        cmocka_unit_test(test_nesting_value_dynamic_task),
        cmocka_unit_test(test_persistent),
        cmocka_unit_test(test_local_task),
        cmocka_unit_test(test_scheduling_local_task),
        cmocka_unit_test(test_main_task),
        cmocka_unit_test(test_scheduling_main_task),
        cmocka_unit_test(test_scheduling_task),
        cmocka_unit_test(test_scheduling_kw_local_task),
        cmocka_unit_test(test_scheduling_kw_task),
        cmocka_unit_test(test_scheduling_interactive_task),
        cmocka_unit_test(test_scheduling_kw_main_task),
        cmocka_unit_test(test_local_kw_task),
        cmocka_unit_test(test_main_kw_task),
        cmocka_unit_test(test_borrow_array_data),
        cmocka_unit_test(test_globals),
        cmocka_unit_test(test_by_julias_functions),
    };
    return cmocka_run_group_tests(tests, start, stop_runtime);
}
