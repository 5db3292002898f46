/* SPDX-License-Identifier: MIT
 *
 * Tasks whose bodies are written in Julia. */
#include "julia/fixture.h"

struct start {
    double first;
    int32_t step;
};

struct sums {
    double total;
    int64_t count;
};

static const char code[] =
    "struct Start; first::Float64; step::Int32; end\n"
    "struct Sums; total::Float64; count::Int64; end\n"
    "struct Named; name::String; end\n"
    "mutable struct Sum; total::Float64; step::Int32; count::Int64; kept::Vector{Float64}; end\n"
    "open_sum(start::Start) = Sum(start.first, start.step, 0, [start.first])\n"
    "function add(sum::Sum, x::Float64)\n"
    "    sum.total += x * sum.step\n"
    "    sum.count += 1\n"
    "    sum.kept = [sum.total]\n"
    "    return Sums(sum.total, sum.count)\n"
    "end\n"
    "const ended = Float64[], Threads.Atomic{Int}(0)\n"
    "close_sum(sum::Sum) = (push!(ended[1], sum.kept[1]); Threads.atomic_add!(ended[2], 1);\n"
    "    error(\"not heard\"))\n"
    "const hits = Ref(0)\n"
    "hit(state) = (state === nothing || error(\"no init, but a state\"); hits[] += 1)\n"
    "module Inner; new() = Ref(1); double(state, x) = 2x + state[]; end\n"
    "fail_always() = throw(DomainError(-1.0, \"never starts\"))\n"
    "fail_sometimes(state, x) = x < 0 ? throw(DomainError(x, \"negative\")) : sqrt(x)\n"
    "text_of(state, x) = \"text\"\n"
    "gate = Base.Event(); const waiting = Threads.Atomic{Int}(0)\n"
    "wait_at_gate(state, x) = (kept = [x]; Threads.atomic_add!(waiting, 1); wait(gate); kept[1])\n"
    "dot(state, v) = v[1] * v[2] + v[3] * v[4]\n"
    "const states = Any[0, \"ab\", [1.0]]\n"
    "pick(i::Int64) = states[i]\n"
    "kind(state::Int, i) = i\n"
    "kind(state::String, i) = 10i + length(state)\n"
    "kind(state, i) = 100i\n"
    "version(state, x) = 1\n"
    "third() = (Ref(0), \"a tuple\")\n"
    "grow(state, x) = (push!(state, x); sum(state))\n"
    "vector() = Float64[]\n"
    "answer = 42\n";

static void define(jlt_frame *frame)
{
    jlt_eval(frame, code);
}

static int start_and_define(void **unused)
{
    int result = start_runtime(unused);
    in_body(define);
    return result;
}

static int64_t evaluated;

static void evaluate(jlt_frame *frame, const void *input, void *output)
{
    *(int64_t *)output = jlt_unbox_i64(frame, jlt_eval(frame, *(const char *const *)input));
}

/* The Int that code evaluates to. */
static int64_t value_of(const char *text)
{
    static const jlt_task_type type = {.input_size = sizeof(char *), .output_size = sizeof(int64_t), .run = evaluate};
    assert_ok(jlt_task_invoke(runtime, &type, &text, &evaluated));
    return evaluated;
}

/* ---- what bodies do ---- */

#define SUM_TYPE                                                                                                       \
    {                                                                                                                  \
        .name = "sum", .config_size = sizeof(struct start), .input_size = sizeof(double),                              \
        .output_size = sizeof(struct sums), .julia_init = "Main.open_sum", .julia_run = "Main.add",                    \
        .julia_exit = "Main.close_sum", .julia_config = "Main.Start", .julia_input = "Float64",                        \
        .julia_output = "Main.Sums",                                                                                   \
    }
static const jlt_persistent_type sum_type = SUM_TYPE;

static void test_state_lives_from_init_to_exit(void **unused)
{
    (void)unused;
    jlt_persistent *task;
    struct sums sums = {0};
    int messages = test_is_stress() ? 20 : 1000;
    assert_ok(jlt_persistent_spawn(runtime, &sum_type, &(struct start){0.5, 2}, &task));
    for (int i = 1; i <= messages; i++) {
        double one = 1.0;
        assert_ok(jlt_persistent_invoke(task, &one, &sums));
        assert_int_equal(sums.count, i);
        assert_true(sums.total == 0.5 + 2.0 * i);
    }
    assert_int_equal(value_of("ended[2][]"), 0);
    jlt_persistent_drop(task);
    while (value_of("ended[2][]") == 0) { /* exit runs after the drop has returned */
    }
    assert_int_equal(value_of("Int(2 * ended[1][1])"), 1 + 4 * messages);
}

static void test_all_but_run_may_be_missing(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {.julia_run = "Main.hit"};
    jlt_persistent *task;
    assert_ok(jlt_persistent_spawn(runtime, &type, NULL, &task));
    for (int i = 0; i < 3; i++)
        assert_ok(jlt_persistent_invoke(task, NULL, NULL));
    assert_int_equal(value_of("hits[]"), 3);
    jlt_persistent_drop(task);
}

static void test_functions_of_modules_and_init_without_config(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {.input_size = sizeof(int32_t),
                                             .output_size = sizeof(double),
                                             .julia_init = "Main.Inner.new",
                                             .julia_run = "Main.Inner.double",
                                             .julia_input = "Base.Int32",
                                             .julia_output = "Core.Float64"};
    jlt_persistent *task;
    int32_t in = 20;
    double out = 0; /* an Int, converted */
    assert_ok(jlt_persistent_spawn(runtime, &type, NULL, &task));
    assert_ok(jlt_persistent_invoke(task, &in, &out));
    assert_true(out == 41.0);
    jlt_persistent_drop(task);
}

static void test_types_may_be_expressions(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {.input_size = 4 * sizeof(double),
                                             .output_size = sizeof(double),
                                             .julia_run = "Main.dot",
                                             .julia_input = "NTuple{4,Float64}",
                                             .julia_output = "Float64"};
    jlt_persistent *task;
    double in[] = {2, 3, 5, 7}, out = 0;
    assert_ok(jlt_persistent_spawn(runtime, &type, NULL, &task));
    assert_ok(jlt_persistent_invoke(task, in, &out));
    assert_true(out == 41.0);
    jlt_persistent_drop(task);
}

/* Enough bytes that an invoke does not copy them; and an input whose address in the message C's double allows. */
static void test_large_inputs_and_outputs(void **unused)
{
    (void)unused;
    enum { n = 200 };
    static const jlt_persistent_type type = {.input_size = n * sizeof(double),
                                             .output_size = n * sizeof(double),
                                             .julia_init = "Main.Inner.new",
                                             .julia_run = "Main.echo",
                                             .julia_input = "NTuple{200,Float64}",
                                             .julia_output = "NTuple{200,Float64}"};
    jlt_persistent *task;
    double in[n], out[n];
    for (int i = 0; i < n; i++)
        in[i] = i;
    value_of("echo(state, x) = x; 0");
    assert_ok(jlt_persistent_spawn(runtime, &type, NULL, &task));
    assert_ok(jlt_persistent_invoke(task, in, out));
    assert_memory_equal(in, out, sizeof in);
    jlt_receiver *receiver;
    memset(out, 0, sizeof out);
    assert_ok(jlt_persistent_call(task, in, &receiver));
    assert_ok(jlt_receiver_recv(receiver, out));
    assert_memory_equal(in, out, sizeof in);
    jlt_persistent_drop(task);
}

/* One type, states of three types: Int, String and Vector. */
static void test_states_of_several_types(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {.config_size = sizeof(int64_t),
                                             .input_size = sizeof(int64_t),
                                             .output_size = sizeof(int64_t),
                                             .julia_init = "Main.pick",
                                             .julia_run = "Main.kind",
                                             .julia_config = "Int64",
                                             .julia_input = "Int64",
                                             .julia_output = "Int64"};
    static const int64_t wanted[] = {3, 32, 300};
    jlt_persistent *tasks[3];
    for (int round = 0; round < 2; round++) {
        for (int64_t i = 0; i < 3; i++)
            assert_ok(jlt_persistent_spawn(runtime, &type, &(int64_t){i + 1}, &tasks[i]));
        for (int i = 0; i < 3; i++) {
            int64_t in = 3, out = 0;
            assert_ok(jlt_persistent_invoke(tasks[i], &in, &out));
            assert_int_equal(out, wanted[i]);
            jlt_persistent_drop(tasks[i]);
        }
    }
}

static void test_many_tasks_of_one_type(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {.input_size = sizeof(double),
                                             .output_size = sizeof(double),
                                             .julia_init = "Main.vector",
                                             .julia_run = "Main.grow",
                                             .julia_input = "Float64",
                                             .julia_output = "Float64"};
    enum { most = 500 };
    int n = test_is_stress() ? 20 : most;
    jlt_persistent *tasks[most];
    for (int i = 0; i < n; i++)
        assert_ok(jlt_persistent_spawn(runtime, &type, NULL, &tasks[i]));
    for (int pass = 1; pass <= 3; pass++) {
        for (int i = 0; i < n; i++) {
            double in = i, out = -1;
            assert_ok(jlt_persistent_invoke(tasks[i], &in, &out));
            assert_true(out == (double)i * pass);
        }
        value_of("GC.gc(); 0");
    }
    for (int i = 0; i < n; i++)
        jlt_persistent_drop(tasks[i]);
}

static void test_a_body_that_waits_suspends_only_its_task(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {.input_size = sizeof(double),
                                             .output_size = sizeof(double),
                                             .julia_run = "Main.wait_at_gate",
                                             .julia_input = "Float64",
                                             .julia_output = "Float64"};
    enum { n = 8 };
    jlt_persistent *tasks[n];
    jlt_receiver *receivers[n];
    double out;
    for (int i = 0; i < n; i++) {
        assert_ok(jlt_persistent_spawn(runtime, &type, NULL, &tasks[i]));
        assert_ok(jlt_persistent_call(tasks[i], &(double){i}, &receivers[i]));
    }
    while (value_of("waiting[]") < n) { /* answered by threads on which bodies wait */
    }
    assert_status(jlt_receiver_try_recv(receivers[0], &out), JLT_PENDING);
    value_of("GC.gc(); notify(gate); 0");
    for (int i = 0; i < n; i++) {
        assert_ok(jlt_receiver_recv(receivers[i], &out));
        assert_true(out == (double)i);
        jlt_persistent_drop(tasks[i]);
    }
}

static void test_a_new_method_takes_effect_from_the_next_message(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {.input_size = sizeof(int64_t),
                                             .output_size = sizeof(int64_t),
                                             .julia_run = "Main.version",
                                             .julia_input = "Int64",
                                             .julia_output = "Int64"};
    jlt_persistent *task, *later;
    int64_t in = 0, out = 0;
    assert_ok(jlt_persistent_spawn(runtime, &type, NULL, &task));
    assert_ok(jlt_persistent_invoke(task, &in, &out));
    assert_int_equal(out, 1);
    value_of("helper() = 2; version(state, x) = helper(); 0");
    for (int i = 0; i < 3; i++) {
        assert_ok(jlt_persistent_invoke(task, &in, &out));
        assert_int_equal(out, 2);
    }
    value_of("helper() = 3; 0"); /* and of what it calls */
    assert_ok(jlt_persistent_invoke(task, &in, &out));
    assert_int_equal(out, 3);
    assert_ok(jlt_persistent_spawn(runtime, &type, NULL, &later));
    assert_ok(jlt_persistent_invoke(later, &in, &out));
    assert_int_equal(out, 3);
    jlt_persistent_drop(task);
    jlt_persistent_drop(later);
}

static void test_a_new_task_has_what_the_name_means_then(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {
        .output_size = sizeof(int64_t), .julia_run = "Main.replaced", .julia_output = "Int64"};
    jlt_persistent *before, *after;
    int64_t out = 0;
    value_of("replaced = state -> 1; 0");
    assert_ok(jlt_persistent_spawn(runtime, &type, NULL, &before));
    value_of("replaced = state -> 2; 0");
    assert_ok(jlt_persistent_spawn(runtime, &type, NULL, &after));
    assert_ok(jlt_persistent_invoke(before, NULL, &out));
    assert_int_equal(out, 1);
    assert_ok(jlt_persistent_invoke(after, NULL, &out));
    assert_int_equal(out, 2);
    jlt_persistent_drop(before);
    jlt_persistent_drop(after);
}

/* Else it would cost several times as much as the body. On a busy machine the worker often sleeps, and each time that
 * it is woken Julia allocates; so one round of several must do without. A message that allocates takes 16 bytes at
 * least. */
static void test_a_message_allocates_nothing(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {.input_size = sizeof(int64_t),
                                             .output_size = sizeof(int64_t),
                                             .julia_init = "Main.Inner.new",
                                             .julia_run = "Main.Inner.double",
                                             .julia_input = "Int64",
                                             .julia_output = "Int64"};
    enum { messages = 20000, rounds = 50 };
    if (test_is_stress())
        return;
    jlt_persistent *task;
    int64_t in = 1, out, least = INT64_MAX;
    assert_ok(jlt_persistent_spawn(runtime, &type, NULL, &task));
    for (int round = 0; round < rounds && least >= 10 * messages; round++) { /* what asking takes */
        int64_t before = value_of("Base.gc_bytes()");
        for (int i = 0; i < messages; i++)
            assert_ok(jlt_persistent_invoke(task, &in, &out));
        int64_t bytes = value_of("Base.gc_bytes()") - before;
        least = bytes < least ? bytes : least;
    }
    assert_true(least < 10 * messages);
    jlt_persistent_drop(task);
}

static int disposed;

static void count_disposed(void *bytes)
{
    (void)bytes;
    disposed++;
}

static void test_outputs_are_disposed_of(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {.output_size = sizeof(int64_t),
                                             .dispose_output = count_disposed,
                                             .julia_run = "Main.hit",
                                             .julia_output = "Int64"};
    jlt_persistent *task;
    assert_ok(jlt_persistent_spawn(runtime, &type, NULL, &task));
    assert_ok(jlt_persistent_invoke(task, NULL, NULL));
    assert_int_equal(disposed, 1);
    jlt_persistent_drop(task);
}

/* ---- exceptions ---- */

static void test_exceptions_are_the_reply(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {.input_size = sizeof(double),
                                             .output_size = sizeof(double),
                                             .julia_run = "Main.fail_sometimes",
                                             .julia_input = "Float64",
                                             .julia_output = "Float64"};
    jlt_persistent *task;
    double in = -4.0, out = 7.0;
    assert_ok(jlt_persistent_spawn(runtime, &type, NULL, &task));
    assert_status(jlt_persistent_invoke(task, &in, &out), JLT_EXCEPTION);
    assert_contains(jlt_error_message(), "negative");
    assert_string_equal(jlt_error_type(), "DomainError");
    assert_contains(jlt_error_backtrace(), "fail_sometimes");
    assert_null(strstr(jlt_error_backtrace(), "jltask"));
    assert_true(out == 7.0);
    in = 4.0;
    assert_ok(jlt_persistent_invoke(task, &in, &out)); /* the task goes on */
    assert_true(out == 2.0);
    jlt_persistent_drop(task);
}

static void test_an_output_that_cannot_be_converted(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {.input_size = sizeof(double),
                                             .output_size = sizeof(double),
                                             .julia_run = "Main.text_of",
                                             .julia_input = "Float64",
                                             .julia_output = "Float64"};
    jlt_persistent *task;
    double in = 1.0, out;
    assert_ok(jlt_persistent_spawn(runtime, &type, NULL, &task));
    assert_status(jlt_persistent_invoke(task, &in, &out), JLT_EXCEPTION);
    assert_string_equal(jlt_error_type(), "MethodError");
    assert_contains(jlt_error_message(), "convert");
    jlt_persistent_drop(task);
}

static void test_what_cannot_be_called(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {.julia_run = "Main.answer"};
    jlt_persistent *task;
    assert_ok(jlt_persistent_spawn(runtime, &type, NULL, &task));
    assert_status(jlt_persistent_invoke(task, NULL, NULL), JLT_EXCEPTION);
    assert_string_equal(jlt_error_type(), "MethodError");
    jlt_persistent_drop(task);
}

static void test_an_init_that_throws(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {
        .julia_init = "Main.fail_always", .julia_run = "Main.hit", .julia_exit = "Main.close_sum"};
    jlt_persistent *task = NULL;
    int64_t before = value_of("ended[2][]");
    assert_status(jlt_persistent_spawn(runtime, &type, NULL, &task), JLT_EXCEPTION);
    assert_contains(jlt_error_message(), "never starts");
    assert_string_equal(jlt_error_type(), "DomainError");
    assert_contains(jlt_error_backtrace(), "fail_always");
    assert_null(task);
    assert_int_equal(value_of("ended[2][]"), before);
}

/* ---- refusals ---- */

/* A start of sum_type, changed, is refused by its reply. */
#define REFUSED(status, text, ...)                                                                                     \
    do {                                                                                                               \
        jlt_persistent_type type_ = sum_type;                                                                          \
        jlt_persistent *task_ = NULL;                                                                                  \
        __VA_ARGS__;                                                                                                   \
        assert_status(jlt_persistent_spawn(runtime, &type_, &(char[64]){0}, &task_), (status));                        \
        assert_contains(jlt_error_message(), (text));                                                                  \
        assert_null(task_);                                                                                            \
    } while (0)

static void test_names_that_are_not_defined(void **unused)
{
    (void)unused;
    REFUSED(JLT_NOT_FOUND, "no_init", type_.julia_init = "Main.no_init");
    REFUSED(JLT_NOT_FOUND, "no_run", type_.julia_run = "Main.no_run");
    REFUSED(JLT_NOT_FOUND, "no_exit", type_.julia_exit = "Main.Inner.no_exit");
    REFUSED(JLT_NOT_FOUND, "NoConfig", type_.julia_config = "Main.NoConfig");
    REFUSED(JLT_NOT_FOUND, "NoInput", type_.julia_input = "NoInput");
    REFUSED(JLT_NOT_FOUND, "NoOutput", type_.julia_output = "NTuple{4,NoOutput}");
    REFUSED(JLT_NOT_FOUND, "empty", type_.julia_run = "");
    REFUSED(JLT_EXCEPTION, "", type_.julia_input = "NTuple{4,");
}

static void test_types_of_another_size(void **unused)
{
    (void)unused;
    REFUSED(JLT_TYPE_MISMATCH, "Start has 16 bytes, but config_size is 8", type_.config_size = 8);
    REFUSED(JLT_TYPE_MISMATCH, "Float64 has 8 bytes, but input_size is 4", type_.input_size = 4);
    REFUSED(JLT_TYPE_MISMATCH, "Sums has 16 bytes, but output_size is 24", type_.output_size = 24);
    REFUSED(JLT_TYPE_MISMATCH, "Float64 has 8 bytes, but input_size is 0", type_.input_size = 0);
}

static void test_types_that_are_not_plain_bits(void **unused)
{
    (void)unused;
    REFUSED(JLT_TYPE_MISMATCH, "julia_config: Named is not plain bits", type_.julia_config = "Main.Named");
    REFUSED(JLT_TYPE_MISMATCH, "julia_input: Sum is not plain bits", type_.julia_input = "Main.Sum");
    REFUSED(JLT_TYPE_MISMATCH, "julia_output: Real is not plain bits", type_.julia_output = "Real");
    REFUSED(JLT_TYPE_MISMATCH, "NTuple", type_.julia_output = "NTuple{4}");
    REFUSED(JLT_TYPE_MISMATCH, "42, which is not a type", type_.julia_input = "Main.answer");
    REFUSED(JLT_TYPE_MISMATCH, "3, which is not a type", type_.julia_input = "1 + 2");
}

static void c_init(jlt_frame *frame, void *state, const void *config)
{
    (void)frame, (void)state, (void)config;
}

static void c_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state, (void)input, (void)output;
}

static void c_exit(jlt_frame *frame, void *state)
{
    (void)frame, (void)state;
}

static void test_members_that_do_not_go_together(void **unused)
{
    (void)unused;
    REFUSED(JLT_INVALID_ARGUMENT, "\"sum\" has julia_run, and init, run or exit", type_.init = c_init);
    REFUSED(JLT_INVALID_ARGUMENT, "init, run or exit", type_.run = c_run);
    REFUSED(JLT_INVALID_ARGUMENT, "init, run or exit", type_.exit = c_exit);
    REFUSED(JLT_INVALID_ARGUMENT, "state_size", type_.state_size = 1);
    REFUSED(JLT_INVALID_ARGUMENT, "no julia_run", type_.julia_run = NULL);
    REFUSED(JLT_INVALID_ARGUMENT, "no julia_run", type_ = (jlt_persistent_type){.run = c_run, .julia_init = "Main.f"});
    REFUSED(JLT_INVALID_ARGUMENT, "no julia_run", type_ = (jlt_persistent_type){.run = c_run, .julia_input = "Int"});
    REFUSED(JLT_INVALID_ARGUMENT, "no julia_init", type_.julia_init = NULL);
    REFUSED(JLT_INVALID_ARGUMENT, "no julia_config", type_.julia_config = NULL);
    REFUSED(JLT_INVALID_ARGUMENT, "no julia_input", type_.julia_input = NULL);
    REFUSED(JLT_INVALID_ARGUMENT, "no julia_output", type_.julia_output = NULL);
    jlt_persistent_type type = sum_type;
    type.julia_run = NULL;
    jlt_receiver *receiver;
    struct start start = {0};
    assert_status(jlt_persistent_dispatch(runtime, &type, &start, &receiver), JLT_INVALID_ARGUMENT);
    assert_status(jlt_persistent_try_dispatch(runtime, &type, &start, &receiver), JLT_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state_lives_from_init_to_exit),
        cmocka_unit_test(test_all_but_run_may_be_missing),
        cmocka_unit_test(test_functions_of_modules_and_init_without_config),
        cmocka_unit_test(test_types_may_be_expressions),
        cmocka_unit_test(test_large_inputs_and_outputs),
        cmocka_unit_test(test_states_of_several_types),
        cmocka_unit_test(test_many_tasks_of_one_type),
        cmocka_unit_test(test_a_body_that_waits_suspends_only_its_task),
        cmocka_unit_test(test_a_new_method_takes_effect_from_the_next_message),
        cmocka_unit_test(test_a_new_task_has_what_the_name_means_then),
        cmocka_unit_test(test_a_message_allocates_nothing),
        cmocka_unit_test(test_outputs_are_disposed_of),
        cmocka_unit_test(test_exceptions_are_the_reply),
        cmocka_unit_test(test_an_output_that_cannot_be_converted),
        cmocka_unit_test(test_what_cannot_be_called),
        cmocka_unit_test(test_an_init_that_throws),
        cmocka_unit_test(test_names_that_are_not_defined),
        cmocka_unit_test(test_types_of_another_size),
        cmocka_unit_test(test_types_that_are_not_plain_bits),
        cmocka_unit_test(test_members_that_do_not_go_together),
    };
    return cmocka_run_group_tests(tests, start_and_define, stop_runtime);
}
