/* SPDX-License-Identifier: MIT
 *
 * What a failure in a body tells, to whom, and what it leaves. */
#include "julia/fixture.h"

#include <pthread.h>
#include <stdatomic.h>

/* ---- bodies that do what the test says ---- */

enum { marker = 77 };

/* Writes its output, and then evaluates its input. */
static void run_code(jlt_frame *frame, const void *input, void *output)
{
    *(int64_t *)output = marker;
    jlt_eval(frame, *(const char *const *)input);
}

static const jlt_task_type code_type = {
    .name = "code",
    .input_size = sizeof(const char *),
    .output_size = sizeof(int64_t),
    .run = run_code,
};

static jlt_status evaluate(const char *code)
{
    return jlt_task_invoke(runtime, &code_type, &code, NULL);
}

/* The same in a persistent task, whose init, run and exit evaluate a text each; NULL: nothing. */
struct scripts {
    const char *init, *exit;
};

struct scripted {
    const char *exit;
    int64_t handled;
};

static atomic_int exits;

static void evaluate_if_any(jlt_frame *frame, const char *code)
{
    if (code)
        jlt_eval(frame, code);
}

static void scripted_init(jlt_frame *frame, void *state, const void *config)
{
    ((struct scripted *)state)->exit = ((const struct scripts *)config)->exit;
    evaluate_if_any(frame, ((const struct scripts *)config)->init);
}

static void scripted_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    *(int64_t *)output = ++((struct scripted *)state)->handled;
    evaluate_if_any(frame, *(const char *const *)input);
}

static void scripted_exit(jlt_frame *frame, void *state)
{
    evaluate_if_any(frame, ((struct scripted *)state)->exit);
    atomic_fetch_add(&exits, 1);
}

static const jlt_persistent_type scripted_type = {
    .name = "scripted",
    .state_size = sizeof(struct scripted),
    .config_size = sizeof(struct scripts),
    .input_size = sizeof(const char *),
    .output_size = sizeof(int64_t),
    .init = scripted_init,
    .run = scripted_run,
    .exit = scripted_exit,
};

static void define(jlt_frame *frame)
{
    jlt_eval(frame, "@noinline function inner_reading(x)\n"
                    "    sqrt(x)\n"
                    "end\n"
                    "@noinline function outer_reading(x)\n"
                    "    y = inner_reading(x)\n"
                    "    y + 1\n"
                    "end\n"
                    "struct Offline <: Exception id::Int end\n"
                    "Base.showerror(io::IO, e::Offline) = print(io, \"sensor \", e.id, \" is offline\")\n"
                    "struct Shy <: Exception end\n"
                    "Base.showerror(io::IO, ::Shy) = error(\"I will not tell\")\n"
                    "struct Slow <: Exception end\n"
                    "Base.showerror(io::IO, ::Slow) = (sleep(0.001); print(io, \"took its time\"))\n"
                    "recurse(n) = 1 + recurse(n + 1)");
}

static int start(void **unused)
{
    start_runtime(unused);
    in_body(define);
    return 0;
}

/* ---- texts ---- */

static void test_messages_and_types(void **unused)
{
    (void)unused;
    static const struct {
        const char *code, *message, *type;
    } cases[] = {
        {"error(\"out of range\")", "out of range", "ErrorException"},
        {"throw(ArgumentError(\"not this\"))", "ArgumentError: not this", "ArgumentError"},
        {"undefined_thing", "undefined_thing", "UndefVarError"},
        {"[1, 2][3]", "BoundsError", "BoundsError"},
        {"sqrt(\"x\")", "no method matching sqrt(::String)", "MethodError"},
        {"throw(Offline(7))", "sensor 7 is offline", "Offline"},
        {"throw(Shy())", "Shy (its showerror failed)", "Shy"},
        {"throw(Slow())", "took its time", "Slow"},
        {"throw(42)", "42", "Int64"}, /* anything can be thrown */
        {"throw(nothing)", "nothing", "Nothing"},
        {"fetch(@async error(\"further down\"))", "further down", "TaskFailedException"},
        {"include_string(Main, \"error(\\\"in a file\\\")\", \"file.jl\")", "in a file", "ErrorException"},
        {"error(\"a\\0b\")", "a\\0b", "ErrorException"},     /* a NUL is not the end */
        {"1 +", "premature end of input", "ErrorException"}, /* an ErrorException up to 1.9 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_status(evaluate(cases[i].code), JLT_EXCEPTION);
        assert_contains(jlt_error_message(), cases[i].message);
        if (strcmp(cases[i].type, "ErrorException") || strcmp(jlt_error_type(), "ParseError") != 0)
            assert_string_equal(jlt_error_type(), cases[i].type);
    }
}

static void call_outer_reading(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    (void)output;
    jlt_call(frame, jlt_global(frame, "Main.outer_reading"), jlt_box_f64(frame, -1));
}

/* The thread's backtrace has this function there; Julia may write the file as ./jlt_eval. */
static bool is_in_backtrace(const char *function, int line)
{
    char beginning[64], end[64];
    snprintf(beginning, sizeof beginning, "] %s at ", function);
    snprintf(end, sizeof end, "jlt_eval:%d\n", line);
    for (const char *at = jlt_error_backtrace(); (at = strstr(at, beginning)); at++)
        if (strstr(at, end) && strstr(at, end) + strlen(end) == strchr(at, '\n') + 1)
            return true;
    return false;
}

static void assert_readings_in_backtrace(void)
{
    assert_contains(jlt_error_message(), "DomainError with -1.0");
    assert_string_equal(jlt_error_type(), "DomainError");
    assert_contains(jlt_error_backtrace(), " [1] ");
    assert_true(is_in_backtrace("inner_reading", 2));
    assert_true(is_in_backtrace("outer_reading", 5));
    assert_null(strstr(jlt_error_backtrace(), "bootstrap")); /* the user's frames alone */
}

static void test_backtraces(void **unused)
{
    (void)unused;
    static const jlt_task_type type = {.run = call_outer_reading};
    assert_status(jlt_task_invoke(runtime, &type, NULL, NULL), JLT_EXCEPTION);
    assert_readings_in_backtrace();
    assert_status(evaluate("\n\nouter_reading(-1.0)"), JLT_EXCEPTION);
    assert_readings_in_backtrace();
    assert_contains(jlt_error_backtrace(), "jlt_eval:3\n");
    /* names that jltask uses itself hide nothing */
    assert_ok(evaluate("@noinline call(f) = f()\n@noinline eval_code(f) = call(f)"));
    assert_status(evaluate("eval_code(() -> outer_reading(-1.0))"), JLT_EXCEPTION);
    assert_readings_in_backtrace();
    assert_true(is_in_backtrace("call", 1));
    assert_true(is_in_backtrace("eval_code", 2));
}

static void misread_a_property(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    (void)output;
    jlt_eval(frame, "struct Meter end\n"
                    "Base.propertynames(::Meter) = (:level,)\n"
                    "Base.getproperty(::Meter, ::Symbol) = outer_reading(-1.0)\n"
                    "meter = Meter()");
    jlt_global(frame, "meter.level");
}

static void test_backtraces_of_properties(void **unused)
{
    (void)unused;
    static const jlt_task_type type = {.run = misread_a_property};
    assert_status(jlt_task_invoke(runtime, &type, NULL, NULL), JLT_EXCEPTION);
    assert_readings_in_backtrace();
}

static void test_causes_are_told(void **unused)
{
    (void)unused;
    assert_status(evaluate("try\n"
                           "    try error(\"the spark\") catch; error(\"the fire\") end\n"
                           "catch\n"
                           "    throw(Offline(9))\n"
                           "end"),
                  JLT_EXCEPTION);
    assert_string_equal(jlt_error_message(), "sensor 9 is offline");
    const char *fire = strstr(jlt_error_backtrace(), "caused by: the fire\n");
    const char *spark = strstr(jlt_error_backtrace(), "caused by: the spark\n");
    assert_non_null(fire);
    assert_non_null(spark);
    assert_true(fire < spark);
    assert_status(evaluate("try error(\"over\") catch end; error(\"new\")"), JLT_EXCEPTION);
    assert_null(strstr(jlt_error_backtrace(), "over")); /* that one was dealt with */
}

static void test_long_messages(void **unused)
{
    (void)unused;
    assert_status(evaluate("error('<' * \"é\"^(1 << 19) * '>')"), JLT_EXCEPTION);
    size_t length = strlen(jlt_error_message());
    assert_int_equal(length, (1 << 20) + 2);
    assert_int_equal(jlt_error_message()[0], '<');
    assert_int_equal(jlt_error_message()[length - 1], '>');
    assert_status(evaluate("error(\"\")"), JLT_EXCEPTION);
    assert_string_equal(jlt_error_message(), "");
}

static void caught_texts(jlt_frame *frame)
{
    jlt_eval(frame, "outer_reading(-1.0)");
    EXPECT(jlt_catch(frame) == JLT_EXCEPTION);
    EXPECT(strstr(jlt_error_message(), "DomainError") && !strcmp(jlt_error_type(), "DomainError"));
    EXPECT(is_in_backtrace("inner_reading", 2));
}

static bool is_caught(jlt_frame *frame, const char *code)
{
    return jlt_identical(frame, jlt_caught(frame), jlt_eval(frame, code));
}

static void caught_exceptions(jlt_frame *frame)
{
    EXPECT(!jlt_caught(frame) && jlt_ok(frame)); /* nothing yet */
    jlt_eval(frame, "thrown = Offline(8); throw(thrown)");
    EXPECT(!jlt_caught(frame) && jlt_catch(frame) == JLT_EXCEPTION); /* not before it is caught */
    for (int i = 0; i < 2; i++) {
        jlt_eval(frame, "GC.gc()");
        EXPECT(is_caught(frame, "thrown"));
    }
    EXPECT(jlt_isa(frame, jlt_caught(frame), jlt_global(frame, "Main.Offline")));
    jlt_call(frame, jlt_global(frame, "Base.throw"), jlt_caught(frame)); /* again */
    EXPECT_FAILED(JLT_EXCEPTION, "sensor 8 is offline");
    EXPECT(is_caught(frame, "thrown"));
    EXPECT(jlt_catch(frame) == JLT_OK && !jlt_caught(frame)); /* nothing to take off */
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_eval(scope, "outer_reading(-1.0)");
    jlt_scope_close(scope);
    EXPECT(jlt_catch(frame) == JLT_EXCEPTION);
    EXPECT(jlt_unbox_f64(frame, jlt_field_get(frame, jlt_caught(frame), "val")) == -1);
    jlt_eval(frame, "include_string(Main, \"throw(thrown)\")"); /* within a LoadError */
    EXPECT(jlt_catch(frame) == JLT_EXCEPTION && is_caught(frame, "thrown"));
    jlt_fetch(frame, jlt_spawn(frame, jlt_eval(frame, "() -> throw(thrown)"))); /* within a TaskFailedException */
    EXPECT(jlt_catch(frame) == JLT_EXCEPTION && is_caught(frame, "thrown"));
    jlt_eval(frame, "throw(OutOfMemoryError())");
    EXPECT(jlt_catch(frame) == JLT_NO_MEMORY);
    EXPECT(jlt_isa(frame, jlt_caught(frame), jlt_global(frame, "Core.OutOfMemoryError")));
    jlt_eval(frame, "throw(1)"); /* anything can be thrown */
    EXPECT(jlt_catch(frame) == JLT_EXCEPTION && is_caught(frame, "1"));
    jlt_fail(frame, "on request");
    EXPECT(jlt_catch(frame) == JLT_FAILED && !jlt_caught(frame));
    jlt_global(frame, "Main.never_defined");
    EXPECT(jlt_catch(frame) == JLT_NOT_FOUND && !jlt_caught(frame));
    jlt_unbox_i64(frame, jlt_box_f64(frame, 1));
    EXPECT(jlt_catch(frame) == JLT_TYPE_MISMATCH && !jlt_caught(frame) && jlt_ok(frame));
}

static void test_a_body_reads_what_it_caught(void **unused)
{
    (void)unused;
    in_body(caught_texts);
    in_body(caught_exceptions);
    assert_string_equal(jlt_error_message(), "");
}

/* Only the last is kept, and that as long as the body runs. */
static void catch_carriers(jlt_frame *frame)
{
    for (int i = 0; i < 25; i++) {
        jlt_frame *scope = jlt_scope_open(frame);
        jlt_eval(scope, "carry()");
        EXPECT(jlt_catch(frame) == JLT_EXCEPTION && jlt_caught(scope));
        jlt_scope_close(scope);
    }
}

/* ---- jlt_fail ---- */

static void fail_with_many_things(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    (void)output;
    jlt_fail(frame, "%s %d%% of %zu at %.2f", "sensor", -7, (size_t)9, 1.5);
}

static void fail_with_a_long_text(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    jlt_fail(frame, "%0*d", *(const int *)input, 1);
}

static void fail_with_nothing(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    (void)output;
    jlt_fail(frame, "%s", "");
}

static void test_messages_of_ones_own(void **unused)
{
    (void)unused;
    static const jlt_task_type many = {.run = fail_with_many_things}, empty = {.run = fail_with_nothing};
    static const jlt_task_type longer = {.input_size = sizeof(int), .run = fail_with_a_long_text};
    assert_status(jlt_task_invoke(runtime, &many, NULL, NULL), JLT_FAILED);
    assert_string_equal(jlt_error_message(), "sensor -7% of 9 at 1.50");
    assert_string_equal(jlt_error_type(), "");
    assert_string_equal(jlt_error_backtrace(), "");
    assert_status(jlt_task_invoke(runtime, &empty, NULL, NULL), JLT_FAILED);
    assert_string_equal(jlt_error_message(), "");
    for (int length = 510; length <= 514; length++) {
        assert_status(jlt_task_invoke(runtime, &longer, &length, NULL), JLT_FAILED);
        assert_int_equal(strlen(jlt_error_message()), length);
    }
    int million = 1000000;
    assert_status(jlt_task_invoke(runtime, &longer, &million, NULL), JLT_FAILED);
    assert_int_equal(strlen(jlt_error_message()), million);
}

/* ---- whose error it is ---- */

static void assert_no_error(void)
{
    assert_string_equal(jlt_error_message(), "");
    assert_string_equal(jlt_error_type(), "");
    assert_string_equal(jlt_error_backtrace(), "");
}

static void test_a_success_clears_the_error(void **unused)
{
    (void)unused;
    jlt_receiver *receiver;
    const char *code = "1";
    assert_status(evaluate("error(\"old\")"), JLT_EXCEPTION);
    assert_ok(evaluate("1"));
    assert_no_error();
    assert_status(evaluate("error(\"old\")"), JLT_EXCEPTION);
    assert_ok(jlt_task_dispatch(runtime, &code_type, &code, &receiver));
    assert_no_error();
    assert_ok(jlt_receiver_recv(receiver, NULL));
    /* and another failure leaves nothing of it */
    assert_status(evaluate("error(\"old\")"), JLT_EXCEPTION);
    assert_status(jlt_receiver_recv(NULL, NULL), JLT_INVALID_ARGUMENT);
    assert_contains(jlt_error_message(), "receiver is NULL");
    assert_string_equal(jlt_error_type(), "");
    assert_string_equal(jlt_error_backtrace(), "");
    assert_ok(evaluate("1"));
}

static void *receive_elsewhere(void *receiver)
{
    bool right = jlt_receiver_recv(receiver, NULL) == JLT_EXCEPTION && strstr(jlt_error_message(), "for another") &&
                 !strcmp(jlt_error_type(), "ErrorException") && *jlt_error_backtrace();
    return right ? receiver : NULL;
}

static void test_the_one_who_receives_has_the_error(void **unused)
{
    (void)unused;
    pthread_t other;
    jlt_receiver *receiver;
    void *result;
    const char *code = "error(\"for another\")";
    assert_ok(jlt_task_dispatch(runtime, &code_type, &code, &receiver));
    assert_int_equal(pthread_create(&other, NULL, receive_elsewhere, receiver), 0);
    assert_int_equal(pthread_join(other, &result), 0);
    assert_ptr_equal(result, receiver);
    assert_no_error();
}

static pthread_barrier_t all_have_failed;

/* Fails, waits until all have, and still has its own error. */
static void *fail_beside_others(void *number)
{
    char code[64], wanted[32];
    snprintf(wanted, sizeof wanted, "from thread %d;", *(int *)number);
    snprintf(code, sizeof code, "error(\"%s\")", wanted);
    bool right = true;
    for (int i = 0; i < (test_is_stress() ? 2 : 10); i++) {
        right = evaluate(code) == JLT_EXCEPTION && right;
        pthread_barrier_wait(&all_have_failed);
        right = right && strstr(jlt_error_message(), wanted);
        if (i % 2 == *(int *)number % 2)
            right = right && evaluate("1") == JLT_OK && !*jlt_error_message();
        else
            right = right && strstr(jlt_error_message(), wanted);
    }
    return right ? number : NULL;
}

static void test_each_thread_has_its_own_error(void **unused)
{
    (void)unused;
    enum { count = 4 };
    pthread_t threads[count];
    int numbers[count];
    void *result;
    pthread_barrier_init(&all_have_failed, NULL, count);
    for (int i = 0; i < count; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, fail_beside_others, &numbers[i]), 0);
    }
    for (int i = 0; i < count; i++) {
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, &numbers[i]);
    }
    pthread_barrier_destroy(&all_have_failed);
}

/* ---- what a failure leaves ---- */

static void test_outputs_are_untouched(void **unused)
{
    (void)unused;
    int64_t output = 5;
    const char *fails = "error(\"too late\")", *works = "1";
    jlt_receiver *receiver;
    assert_status(jlt_task_invoke(runtime, &code_type, &fails, &output), JLT_EXCEPTION);
    assert_int_equal(output, 5);
    assert_ok(jlt_task_dispatch(runtime, &code_type, &fails, &receiver));
    assert_status(jlt_receiver_recv(receiver, &output), JLT_EXCEPTION);
    assert_int_equal(output, 5);
    assert_ok(jlt_task_dispatch(runtime, &code_type, &fails, &receiver));
    assert_status(jlt_receiver_recv_timeout(receiver, -1, &output), JLT_EXCEPTION);
    assert_int_equal(output, 5);
    assert_ok(jlt_task_invoke(runtime, &code_type, &works, &output));
    assert_int_equal(output, marker);
}

static void test_nobody_needs_to_receive_a_failure(void **unused)
{
    (void)unused;
    const char *fails = "error(\"unheard\")";
    jlt_receiver *receiver;
    for (int i = 0; i < 3; i++) {
        assert_ok(jlt_task_dispatch(runtime, &code_type, &fails, NULL));
        assert_ok(jlt_task_dispatch(runtime, &code_type, &fails, &receiver));
        jlt_receiver_drop(receiver);
    }
    assert_ok(evaluate("1"));
}

static void test_a_task_goes_on_after_a_failure(void **unused)
{
    (void)unused;
    static const char *const codes[] = {"error(\"one\")", "recurse(1)", "throw(Shy())", "1 +"};
    jlt_persistent *task;
    int64_t handled = 0;
    assert_ok(jlt_persistent_spawn(runtime, &scripted_type, &(struct scripts){0}, &task));
    for (int i = 0; i < 4; i++) {
        assert_status(jlt_persistent_invoke(task, &codes[i], &handled), JLT_EXCEPTION);
        assert_int_equal(handled, 2 * i);
        assert_ok(jlt_persistent_invoke(task, &(const char *){NULL}, &handled));
        assert_int_equal(handled, 2 * i + 2);
    }
    jlt_persistent_drop(task);
}

static void test_stack_overflow_is_an_exception(void **unused)
{
    (void)unused;
    for (int i = 0; i < 4; i++) { /* on each of Julia's threads */
        assert_status(evaluate("recurse(1)"), JLT_EXCEPTION);
        assert_string_equal(jlt_error_type(), "StackOverflowError");
        assert_contains(jlt_error_message(), "StackOverflowError");
        assert_true(is_in_backtrace("recurse", 14));
        assert_ok(evaluate("sum(1:10)"));
    }
}

static void test_a_failed_init_leaves_nothing(void **unused)
{
    (void)unused;
    jlt_persistent *task = (jlt_persistent *)&exits;
    jlt_receiver *receiver;
    const struct scripts fails = {.init = "error(\"no state today\")"};
    int64_t tasks = jlt_debug_counts().tasks;
    int exits_before = atomic_load(&exits);
    assert_status(jlt_persistent_spawn(runtime, &scripted_type, &fails, &task), JLT_EXCEPTION);
    assert_contains(jlt_error_message(), "no state today");
    assert_contains(jlt_error_backtrace(), "jlt_eval:1\n");
    assert_ptr_equal(task, &exits);
    assert_ok(jlt_persistent_dispatch(runtime, &scripted_type, &fails, &receiver));
    assert_status(jlt_receiver_recv(receiver, &task), JLT_EXCEPTION);
    assert_ptr_equal(task, &exits);
    assert_ok(jlt_persistent_dispatch(runtime, &scripted_type, &fails, NULL));
    /* the task itself goes just after its reply */
    while (jlt_debug_counts().tasks != tasks)
        assert_ok(evaluate("yield()"));
    assert_int_equal(atomic_load(&exits), exits_before);
}

static void test_a_failure_in_exit_is_ignored(void **unused)
{
    (void)unused;
    jlt_persistent *task;
    int exits_before = atomic_load(&exits);
    const struct scripts fails = {.exit = "error(\"nobody hears this\")"};
    assert_ok(jlt_persistent_spawn(runtime, &scripted_type, &fails, &task));
    assert_ok(jlt_persistent_invoke(task, &(const char *){NULL}, NULL));
    jlt_persistent_drop(task);
    while (atomic_load(&exits) == exits_before)
        assert_ok(evaluate("yield()"));
    assert_int_equal(atomic_load(&exits), exits_before + 1);
    for (int i = 0; i < 4; i++) /* on each of Julia's threads: nor does it silence what comes after it there */
        assert_status(evaluate("error(\"heard\")"), JLT_EXCEPTION);
    assert_ok(evaluate("1"));
    assert_no_error();
}

static void test_out_of_memory_is_a_status_of_its_own(void **unused)
{
    (void)unused;
    static const struct {
        const char *code, *type; /* of the exception that is seen: that of who waited */
    } cases[] = {
        {"throw(OutOfMemoryError())", "OutOfMemoryError"},
        {"Vector{UInt8}(undef, 1 << 50)", "OutOfMemoryError"},
        {"include_string(Main, \"throw(OutOfMemoryError())\")", "OutOfMemoryError"},
        {"fetch(@async throw(OutOfMemoryError()))", "TaskFailedException"},
        {"fetch(Threads.@spawn fetch(@async throw(OutOfMemoryError())))", "TaskFailedException"},
        {"@sync begin; @async throw(OutOfMemoryError()); @async error(\"no\"); end", "CompositeException"},
        {"throw(CapturedException(OutOfMemoryError(), []))", "CapturedException"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_status(evaluate(cases[i].code), JLT_NO_MEMORY);
        assert_contains(jlt_error_message(), "OutOfMemoryError");
        assert_string_equal(jlt_error_type(), cases[i].type);
    }
    assert_status(evaluate("fetch(@async error(\"OutOfMemoryError\"))"), JLT_EXCEPTION);
    assert_ok(evaluate("1")); /* all goes on */
}

/* Neither a frame, a task's exceptions nor a backtrace keeps them. */
static void test_what_failed_messages_have_made_is_collected(void **unused)
{
    (void)unused;
    enum { messages = 50, caught = 25, few = 5 };
    assert_ok(evaluate("mutable struct Made; a; end; made_gone = Threads.Atomic{Int}(0);"
                       "make() = finalizer(_ -> (Threads.atomic_add!(made_gone, 1); nothing), Made([1]));"
                       "struct Carrying <: Exception; made; end; carry() = throw(Carrying(make()))"));
    for (int i = 0; i < messages; i++) {
        assert_status(evaluate("carry()"), JLT_EXCEPTION);
        assert_status(evaluate("let made = make(); made.a[1] += 1; error(\"no\"); end"), JLT_EXCEPTION);
    }
    in_body(catch_carriers);
    for (int i = 0; i < 5; i++) /* an old one may need more than one, and a finalizer its thread's turn */
        assert_ok(evaluate("GC.gc(); yield()"));
    char wanted[64];
    snprintf(wanted, sizeof wanted, "made_gone[] >= %d || error(made_gone[])", 2 * messages + caught - few);
    assert_ok(evaluate(wanted));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages_and_types),
        cmocka_unit_test(test_backtraces),
        cmocka_unit_test(test_backtraces_of_properties),
        cmocka_unit_test(test_causes_are_told),
        cmocka_unit_test(test_long_messages),
        cmocka_unit_test(test_a_body_reads_what_it_caught),
        cmocka_unit_test(test_messages_of_ones_own),
        cmocka_unit_test(test_a_success_clears_the_error),
        cmocka_unit_test(test_the_one_who_receives_has_the_error),
        cmocka_unit_test(test_each_thread_has_its_own_error),
        cmocka_unit_test(test_outputs_are_untouched),
        cmocka_unit_test(test_nobody_needs_to_receive_a_failure),
        cmocka_unit_test(test_a_task_goes_on_after_a_failure),
        cmocka_unit_test(test_stack_overflow_is_an_exception),
        cmocka_unit_test(test_out_of_memory_is_a_status_of_its_own),
        cmocka_unit_test(test_what_failed_messages_have_made_is_collected),
        cmocka_unit_test(test_a_failed_init_leaves_nothing),
        cmocka_unit_test(test_a_failure_in_exit_is_ignored),
    };
    return cmocka_run_group_tests(tests, start, stop_runtime);
}
