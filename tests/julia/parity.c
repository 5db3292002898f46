/* SPDX-License-Identifier: MIT
 *
 * Counterparts of the async test suite of jlrs (its tokio_rt tests), case by case: docs/jlrs-parity.md lists them.
 * Where it awaits a call, a jltask body simply makes it: what the call waits for suspends the body. */
#include "julia/fixture.h"

#include <math.h>
#include <stdio.h>

static const char code[] =
    "complex_work(dims, iters) = (x = zeros(dims); for i in 1:iters, j in 1:dims; x[j] += 1.0; end;\n"
    "    yield(); sum(x) + dims)\n"
    "with_keyword(dims, iters; offset = 0) = complex_work(dims, iters) + offset\n"
    "throwing_work() = (yield(); error(\"as asked for\"))\n"
    "Base.@kwdef struct Adder; amount::Float64; end\n"
    "(a::Adder)(x) = x + a.amount\n";

static void define(jlt_frame *frame)
{
    jlt_eval(frame, code);
}

static int start(void **unused)
{
    int result = start_runtime(unused);
    in_body(define);
    return result;
}

struct work {
    int64_t dims, iters;
};

static jlt_value *keywords(jlt_frame *frame)
{
    return jlt_named_tuple(frame, {"offset", jlt_box_i64(frame, 5)});
}

static double plain(jlt_frame *frame, const struct work *work)
{
    return jlt_unbox_f64(frame, jlt_call(frame, jlt_global(frame, "Main.complex_work"), jlt_box_i64(frame, work->dims),
                                         jlt_box_i64(frame, work->iters)));
}

static double with_keyword(jlt_frame *frame, const struct work *work)
{
    return jlt_unbox_f64(frame, jlt_call_kw(frame, keywords(frame), jlt_global(frame, "Main.with_keyword"),
                                            jlt_box_i64(frame, work->dims), jlt_box_i64(frame, work->iters)));
}

/* On any of Julia's threads, and on the body's own. */
static double scheduled(jlt_frame *frame, const struct work *work)
{
    jlt_value *task = jlt_spawn(frame, jlt_global(frame, "Main.complex_work"), jlt_box_i64(frame, work->dims),
                                jlt_box_i64(frame, work->iters));
    return jlt_unbox_f64(frame, jlt_fetch(frame, task));
}

static double scheduled_here(jlt_frame *frame, const struct work *work)
{
    jlt_value *make = jlt_eval(frame, "(f, args...; keywords...) -> @async f(args...; keywords...)");
    jlt_value *task = jlt_call(frame, make, jlt_global(frame, "Main.complex_work"), jlt_box_i64(frame, work->dims),
                               jlt_box_i64(frame, work->iters));
    return jlt_unbox_f64(frame, jlt_fetch(frame, task));
}

static double scheduled_with_keyword(jlt_frame *frame, const struct work *work)
{
    jlt_value *call = jlt_eval(frame, "(dims, iters) -> with_keyword(dims, iters; offset = 5)");
    jlt_value *task = jlt_spawn(frame, call, jlt_box_i64(frame, work->dims), jlt_box_i64(frame, work->iters));
    return jlt_unbox_f64(frame, jlt_fetch(frame, task));
}

static double scheduled_here_with_keyword(jlt_frame *frame, const struct work *work)
{
    jlt_value *make = jlt_eval(frame, "(f, args...; keywords...) -> @async f(args...; keywords...)");
    jlt_value *task = jlt_call_kw(frame, keywords(frame), make, jlt_global(frame, "Main.with_keyword"),
                                  jlt_box_i64(frame, work->dims), jlt_box_i64(frame, work->iters));
    return jlt_unbox_f64(frame, jlt_fetch(frame, task));
}

/* Frames in frames: results that leave a scope are rooted in the frame around it. */
static double nested(jlt_frame *frame, const struct work *work)
{
    jlt_frame *scope = jlt_scope_open(frame);
    double result = plain(scope, work);
    jlt_scope_close(scope);
    return result;
}

static double nested_value(jlt_frame *frame, const struct work *work)
{
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_value *result = jlt_root(frame, jlt_box_f64(scope, plain(scope, work)));
    jlt_scope_close(scope);
    return jlt_unbox_f64(frame, result);
}

static double nested_call(jlt_frame *frame, const struct work *work)
{
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_value *result = jlt_root(frame, jlt_call(scope, jlt_global(scope, "Main.complex_work"),
                                                 jlt_box_i64(scope, work->dims), jlt_box_i64(scope, work->iters)));
    jlt_scope_close(scope);
    return jlt_unbox_f64(frame, result);
}

/* Frames of jltask have no size to name: they grow. */
static double nested_and_grown(jlt_frame *frame, const struct work *work)
{
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_value *first = jlt_box_f64(scope, 0.5);
    for (int i = 0; i < 1000; i++)
        jlt_box_f64(scope, (double)i);
    double result = plain(scope, work);
    if (!(fabs(jlt_unbox_f64(scope, first) - 0.5) < 1e-9))
        jlt_fail(scope, "the first value of a long frame is gone");
    jlt_scope_close(scope);
    return result;
}

static double closure(jlt_frame *frame, const struct work *work)
{
    jlt_value *adder = jlt_call_kw(frame, jlt_named_tuple(frame, {"amount", jlt_box_f64(frame, 5.0)}),
                                   jlt_global(frame, "Main.Adder"));
    return jlt_unbox_f64(frame, jlt_call(frame, adder, jlt_box_f64(frame, plain(frame, work))));
}

static double borrowed_array(jlt_frame *frame, const struct work *work)
{
    double data[2] = {1.0, 3.0};
    jlt_value *array = jlt_array_wrap(frame, JLT_F64, data, 1, (size_t[]){2});
    jlt_view view;
    (void)work;
    if (!jlt_array_view(frame, array, JLT_F64, &view))
        return 0;
    ((double *)view.data)[1] = 2.0;
    return data[1];
}

struct named_case {
    const char *name; /* jlrs's */
    double (*body)(jlt_frame *frame, const struct work *work);
    struct work work;
    size_t thread;
    double expected;
};

static const struct named_case cases[] = {
    {"task", plain, {4, 50000}, 0, 200004},
    {"closure", closure, {4, 50000}, 0, 200009},
    {"kw_task", with_keyword, {4, 5000}, 0, 20009},
    {"nesting_static_task", nested, {6, 50000}, 0, 300006},
    {"nesting_value_static_task", nested_value, {6, 50000}, 0, 300006},
    {"nesting_call_static_task", nested_call, {6, 50000}, 0, 300006},
    {"nesting_dynamic_task", nested_and_grown, {6, 50000}, 0, 300006},
    {"local_task", plain, {4, 5000}, 0, 20004},
    {"main_task", plain, {4, 5000}, 1, 20004},
    {"scheduling_task", scheduled, {4, 5000}, 0, 20004},
    {"scheduling_local_task", scheduled_here, {4, 5000}, 0, 20004},
    {"scheduling_main_task", scheduled_here, {4, 5000}, 1, 20004},
    {"scheduling_kw_task", scheduled_with_keyword, {4, 5000}, 0, 20009},
    {"scheduling_kw_local_task", scheduled_here_with_keyword, {4, 5000}, 0, 20009},
    {"scheduling_kw_main_task", scheduled_here_with_keyword, {4, 5000}, 1, 20009},
    {"local_kw_task", with_keyword, {4, 5000}, 0, 20009},
    {"main_kw_task", with_keyword, {4, 5000}, 1, 20009},
    {"borrow_array_data", borrowed_array, {0, 0}, 0, 2},
};

static void case_run(jlt_frame *frame, const void *input, void *output)
{
    const struct named_case *named = *(const struct named_case *const *)input;
    *(double *)output = named->body(frame, &named->work);
}

static void test_all_kinds_of_tasks(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct named_case *named = &cases[i];
        const jlt_task_type type = {.name = named->name,
                                    .input_size = sizeof named,
                                    .output_size = sizeof(double),
                                    .run = case_run,
                                    .thread = named->thread};
        jlt_receiver *receiver;
        double result = 0;
        assert_ok(jlt_task_try_dispatch(runtime, &type, &named, &receiver));
        assert_ok(jlt_receiver_recv(receiver, &result));
        if (!(fabs(result - named->expected) < 1e-9))
            fail_msg("%s: %g, not %g", named->name, result, named->expected);
    }
}

/* other_ret_type_task: the reply of a task that cannot fail is its output all the same. */
static void integer_run(jlt_frame *frame, const void *input, void *output)
{
    *(int64_t *)output = (int64_t)plain(frame, input);
}

static void test_another_return_type(void **unused)
{
    (void)unused;
    static const jlt_task_type type = {.name = "other_ret_type_task",
                                       .input_size = sizeof(struct work),
                                       .output_size = sizeof(int64_t),
                                       .run = integer_run};
    int64_t result = 0;
    assert_ok(jlt_task_invoke(runtime, &type, &(struct work){4, 50000}, &result));
    assert_int_equal(result, 200004);
}

static void throwing_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    jlt_call(frame, jlt_global(frame, "Main.throwing_work"));
}

static void test_a_throwing_task(void **unused)
{
    (void)unused;
    static const jlt_task_type type = {.name = "throwing_task", .run = throwing_run};
    assert_int_equal(jlt_task_invoke(runtime, &type, NULL, NULL), JLT_EXCEPTION);
    assert_non_null(strstr(jlt_error_message(), "as asked for"));
    assert_string_equal(jlt_error_type(), "ErrorException");
}

static void sum_init(jlt_frame *frame, void *state, const void *config)
{
    *(jlt_value **)state = jlt_call(frame, jlt_global(frame, "Base.Ref"), jlt_box_f64(frame, *(const double *)config));
}

static void sum_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    jlt_value *ref = *(jlt_value **)state;
    double sum = jlt_unbox_f64(frame, jlt_index(frame, ref)) + *(const double *)input;
    jlt_index_set(frame, ref, jlt_box_f64(frame, sum));
    *(double *)output = sum;
}

static void test_a_persistent_task(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {.name = "persistent",
                                             .state_size = sizeof(jlt_value *),
                                             .config_size = sizeof(double),
                                             .input_size = sizeof(double),
                                             .output_size = sizeof(double),
                                             .init = sum_init,
                                             .run = sum_run};
    jlt_receiver *receiver;
    jlt_persistent *task;
    double sum = 0;
    assert_ok(jlt_persistent_try_dispatch(runtime, &type, &(double){5.0}, &receiver));
    assert_ok(jlt_receiver_recv(receiver, &task));
    assert_ok(jlt_persistent_try_call(task, &(double){7.0}, &receiver));
    assert_ok(jlt_receiver_recv(receiver, &sum));
    assert_true(fabs(sum - 12.0) < 1e-9);
    assert_ok(jlt_persistent_try_call(task, &(double){12.0}, &receiver));
    assert_ok(jlt_receiver_recv(receiver, &sum));
    assert_true(fabs(sum - 24.0) < 1e-9);
    jlt_persistent_drop(task);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_kinds_of_tasks),
        cmocka_unit_test(test_another_return_type),
        cmocka_unit_test(test_a_throwing_task),
        cmocka_unit_test(test_a_persistent_task),
    };
    return cmocka_run_group_tests(tests, start, stop_runtime);
}
