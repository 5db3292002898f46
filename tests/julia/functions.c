/* SPDX-License-Identifier: MIT
 *
 * Calls with keywords, of collections, of each element, of whatever can be called; and calls that run as tasks. */
#include "julia/fixture.h"

#include <sched.h>
#include <stdatomic.h>

static int start_two_threads(void **unused)
{
    (void)unused;
    assert_ok(jlt_runtime_spawn(&(jlt_options){.threads = 2}, &runtime, &thread));
    return 0;
}

static bool is_int(jlt_frame *frame, jlt_value *value, int64_t expected)
{
    return jlt_unbox_i64(frame, value) == expected && jlt_ok(frame);
}

/* What code evaluates to is equal to value. */
static bool equals(jlt_frame *frame, jlt_value *value, const char *code)
{
    return jlt_unbox_bool(frame, jlt_call(frame, jlt_global(frame, "Base.isequal"), value, jlt_eval(frame, code)));
}

/* ---- keywords ---- */

static void keywords(jlt_frame *frame)
{
    jlt_value *f = jlt_eval(frame, "(xs...; scale = 1, offset = 0) -> scale * reduce(+, xs; init = 0) + offset");
    jlt_value *both = jlt_eval(frame, "(scale = 10, offset = 7)"), *none = jlt_eval(frame, "NamedTuple()");
    jlt_value *x[6];
    for (int i = 0; i < 6; i++)
        x[i] = jlt_box_i64(frame, i + 1);
    EXPECT(is_int(frame, jlt_call_kw(frame, both, f), 7));
    EXPECT(is_int(frame, jlt_call_kw(frame, both, f, x[0]), 17));
    EXPECT(is_int(frame, jlt_call_kw(frame, both, f, x[0], x[1], x[2]), 67));
    EXPECT(is_int(frame, jlt_call_kw(frame, none, f, x[0], x[1]), 3));
    EXPECT(is_int(frame, jlt_call_kw(frame, jlt_eval(frame, "(offset = 1,)"), f, x[0], x[1], x[2], x[3], x[4]), 16));
    EXPECT(is_int(frame, jlt_call_kw_n(frame, both, f, x, 6), 217));
    EXPECT(is_int(frame, jlt_call_kw_n(frame, both, f, NULL, 0), 7));
    jlt_value *sorted = jlt_call_kw(frame, jlt_eval(frame, "(rev = true, by = abs)"), jlt_global(frame, "Base.sort"),
                                    jlt_eval(frame, "[1, -3, 2]"));
    EXPECT(equals(frame, sorted, "[-3, 2, 1]"));
}

static void keywords_that_are_wrong(jlt_frame *frame)
{
    jlt_value *f = jlt_eval(frame, "(x; scale = 1) -> scale * x"), *x = jlt_box_i64(frame, 2);
    jlt_value *good = jlt_eval(frame, "(scale = 2,)");
    EXPECT(!jlt_call_kw(frame, jlt_eval(frame, "(1, 2)"), f, x));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_call_kw: expected NamedTuple, got Tuple{Int64,");
    EXPECT(!jlt_call_kw(frame, jlt_eval(frame, "Dict(:scale => 2)"), f, x));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_call_kw: expected NamedTuple, got Dict{Symbol,");
    EXPECT(!jlt_call_kw(frame, jlt_eval(frame, "(color = 2,)"), f, x));
    EXPECT_FAILED(JLT_EXCEPTION, "color");
    EXPECT(!jlt_call_kw(frame, good, f));
    EXPECT_FAILED(JLT_EXCEPTION, "no method matching");
    EXPECT(!jlt_call_kw(frame, NULL, f, x));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_call_kw: keywords is NULL");
    EXPECT(!jlt_call_kw(frame, good, NULL, x));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_call_kw: the function is NULL");
    EXPECT(!jlt_call_kw(frame, good, f, x, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_call_kw: argument 2 is NULL");
    EXPECT(!jlt_call_kw_n(frame, good, f, NULL, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_call_kw_n: arguments is NULL");
    EXPECT(!jlt_call_kw_n(frame, NULL, f, &x, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_call_kw_n: keywords is NULL");
    EXPECT(!jlt_call_kw_n(frame, good, f, &x, SIZE_MAX));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_call_kw_n");
    EXPECT(!jlt_call_kw_list(frame, good, (jlt_value *[]){JLT_LIST_END}));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_call_kw: the list is empty");
    EXPECT(!jlt_call_kw_list(frame, good, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_call_kw: list is NULL");
    EXPECT(is_int(frame, jlt_call_kw(frame, good, f, x), 4));
}

static void test_keywords(void **unused)
{
    (void)unused;
    in_body(keywords);
    in_body(keywords_that_are_wrong);
}

/* ---- collections ---- */

static void splats(jlt_frame *frame)
{
    jlt_value *f = jlt_eval(frame, "(xs...) -> (length(xs), reduce(+, xs; init = 0))");
    EXPECT(equals(frame, jlt_call_splat(frame, f, jlt_eval(frame, "(1, 2, 3)")), "(3, 6)"));
    EXPECT(equals(frame, jlt_call_splat(frame, f, jlt_eval(frame, "()")), "(0, 0)"));
    EXPECT(equals(frame, jlt_call_splat(frame, f, jlt_eval(frame, "[4, 5]")), "(2, 9)"));
    EXPECT(equals(frame, jlt_call_splat(frame, f, jlt_eval(frame, "1:4")), "(4, 10)"));
    EXPECT(equals(frame, jlt_call_splat(frame, f, jlt_eval(frame, "(i^2 for i in 1:3)")), "(3, 14)"));
    EXPECT(equals(frame, jlt_call_splat(frame, f, jlt_eval(frame, "[1 2; 3 4]")), "(4, 10)"));
    jlt_value *array = jlt_array_copy(frame, JLT_I64, (int64_t[]){7, 8, 9}, 1, (size_t[]){3});
    EXPECT(equals(frame, jlt_call_splat(frame, f, array), "(3, 24)"));
    EXPECT(!jlt_call_splat(frame, f, jlt_box_nothing(frame)));
    EXPECT_FAILED(JLT_EXCEPTION, "no method matching iterate(::Nothing)");
    EXPECT(!jlt_call_splat(frame, jlt_global(frame, "Base.sqrt"), array));
    EXPECT_FAILED(JLT_EXCEPTION, "no method matching sqrt(::Int64, ::Int64, ::Int64)");
    EXPECT(!jlt_call_splat(frame, NULL, array));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_call_splat: the function is NULL");
    EXPECT(!jlt_call_splat(frame, f, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_call_splat: collection is NULL");
}

static void broadcasts(jlt_frame *frame)
{
    jlt_value *plus = jlt_global(frame, "Base.+"), *row = jlt_eval(frame, "[10 20]"), *two = jlt_box_i64(frame, 2);
    jlt_value *column = jlt_eval(frame, "[1, 2, 3]");
    EXPECT(equals(frame, jlt_broadcast(frame, jlt_global(frame, "Base.abs"), jlt_eval(frame, "[-1, 2]")), "[1, 2]"));
    EXPECT(equals(frame, jlt_broadcast(frame, plus, column, two), "[3, 4, 5]"));
    EXPECT(equals(frame, jlt_broadcast(frame, plus, column, row), "[11 21; 12 22; 13 23]"));
    EXPECT(equals(frame, jlt_broadcast(frame, plus, two, two), "4"));
    EXPECT(equals(frame, jlt_broadcast_n(frame, plus, (jlt_value *[]){column, column, two}, 3), "[4, 6, 8]"));
    EXPECT(!jlt_broadcast(frame, plus, column, jlt_eval(frame, "[1, 2]")));
    EXPECT(jlt_catch(frame) == JLT_EXCEPTION && !strcmp(jlt_error_type(), "DimensionMismatch"));
    EXPECT(!jlt_broadcast(frame, NULL, column));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_broadcast: the function is NULL");
    EXPECT(!jlt_broadcast(frame, plus, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_broadcast: argument 1 is NULL");
    EXPECT(!jlt_broadcast_n(frame, plus, NULL, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_broadcast_n: arguments is NULL");
}

static void test_collections(void **unused)
{
    (void)unused;
    in_body(splats);
    in_body(broadcasts);
}

/* ---- what can be called ---- */

static void callables(jlt_frame *frame)
{
    jlt_value *two = jlt_box_i64(frame, 2), *three = jlt_box_i64(frame, 3);
    jlt_value *adder = jlt_eval(frame, "function adder(n) x -> x + n end"); /* gives closures */
    EXPECT(is_int(frame, jlt_call(frame, jlt_call(frame, adder, two), three), 5));
    jlt_value *counter = jlt_eval(frame, "let n = 0; () -> n += 1; end");
    jlt_call(frame, counter);
    EXPECT(is_int(frame, jlt_call(frame, counter), 2));
    jlt_value *line = jlt_eval(frame, "struct Line a::Int; b::Int end\n"
                                      "(l::Line)(x; times = 1) = times * (l.a * x + l.b)\n"
                                      "Line(10, 1)");
    EXPECT(is_int(frame, jlt_call(frame, line, two), 21));
    EXPECT(is_int(frame, jlt_call_kw(frame, jlt_eval(frame, "(times = 2,)"), line, two), 42));
    EXPECT(equals(frame, jlt_broadcast(frame, line, jlt_eval(frame, "[1, 2]")), "[11, 21]"));
    /* types are called to construct, operators by their names, and composed */
    EXPECT(equals(frame, jlt_call(frame, jlt_global(frame, "Main.Line"), two, three), "Line(2, 3)"));
    EXPECT(equals(frame, jlt_call(frame, jlt_global(frame, "Base.Complex"), two, three), "2 + 3im"));
    EXPECT(is_int(frame, jlt_call(frame, jlt_global(frame, "Base.-"), two, three), -1));
    EXPECT(equals(frame, jlt_call(frame, jlt_global(frame, "Base.=>"), two, three), "2 => 3"));
    jlt_value *composed =
        jlt_call(frame, jlt_global(frame, "Base.∘"), jlt_global(frame, "Base.abs"), jlt_global(frame, "Base.-"));
    EXPECT(is_int(frame, jlt_call(frame, composed, two), 2));
}

static void test_what_can_be_called(void **unused)
{
    (void)unused;
    in_body(callables);
}

/* ---- tasks ---- */

static void spawns(jlt_frame *frame)
{
    enum { count = 20 };
    jlt_value *f = jlt_eval(frame, "function (x) sleep(0.001); yield(); x^2 end"), *tasks[count];
    for (int i = 0; i < count; i++)
        tasks[i] = jlt_spawn(frame, f, jlt_box_i64(frame, i));
    EXPECT(jlt_isa(frame, tasks[0], jlt_global(frame, "Base.Task")));
    for (int i = count - 1; i >= 0; i--)
        EXPECT(is_int(frame, jlt_fetch(frame, tasks[i]), i * i));
    EXPECT(is_int(frame, jlt_fetch(frame, tasks[3]), 9)); /* again */
    jlt_value *many[6];
    for (int i = 0; i < 6; i++)
        many[i] = jlt_box_i64(frame, i);
    EXPECT(is_int(frame, jlt_fetch(frame, jlt_spawn_n(frame, jlt_global(frame, "Base.+"), many, 6)), 15));
    EXPECT(is_int(frame, jlt_fetch(frame, jlt_spawn(frame, jlt_eval(frame, "() -> 5"))), 5));
    EXPECT(is_int(frame, jlt_fetch(frame, jlt_eval(frame, "@async 6")), 6)); /* any task */
}

/* Defined after the body began, and while it runs. */
static void spawns_what_is_new(jlt_frame *frame)
{
    for (int i = 0; i < 3; i++) {
        char code[64];
        snprintf(code, sizeof code, "newest() = %d", i);
        jlt_eval(frame, code);
        EXPECT(is_int(frame, jlt_fetch(frame, jlt_spawn(frame, jlt_global(frame, "Main.newest"))), i));
    }
}

static void spawns_that_fail(jlt_frame *frame)
{
    jlt_eval(frame, "struct Trouble <: Exception code::Int end\n"
                    "Base.showerror(io::IO, t::Trouble) = print(io, \"trouble \", t.code)\n"
                    "deep_trouble(code) = throw(Trouble(code))\n"
                    "trouble(code) = (yield(); deep_trouble(code))");
    jlt_value *task = jlt_spawn(frame, jlt_global(frame, "Main.trouble"), jlt_box_i64(frame, 7));
    for (int i = 0; i < 2; i++) {
        EXPECT(!jlt_fetch(frame, task));
        EXPECT(jlt_catch(frame) == JLT_EXCEPTION);
        EXPECT(!strcmp(jlt_error_message(), "trouble 7"));
        EXPECT(!strcmp(jlt_error_type(), "Trouble"));
        EXPECT(strstr(jlt_error_backtrace(), "deep_trouble"));
    }
    EXPECT(!jlt_fetch(frame, jlt_spawn(frame, jlt_box_i64(frame, 1))));
    EXPECT_FAILED(JLT_EXCEPTION, "not callable");
    EXPECT(!jlt_fetch(frame, jlt_box_i64(frame, 1)));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_fetch: expected Task, got Int64");
    EXPECT(!jlt_fetch(frame, jlt_eval(frame, "current_task()")));
    EXPECT_FAILED(JLT_EXCEPTION, "deadlock detected");
    EXPECT(!jlt_fetch(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_fetch: task is NULL");
    EXPECT(!jlt_spawn(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_spawn: the function is NULL");
    EXPECT(!jlt_spawn(frame, jlt_global(frame, "Base.abs"), NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_spawn: argument 1 is NULL");
    EXPECT(!jlt_spawn_n(frame, jlt_global(frame, "Base.abs"), NULL, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_spawn_n: arguments is NULL");
}

static void spawns_with_options(jlt_frame *frame)
{
    jlt_value *f = jlt_eval(frame, "(xs...; scale = 1, offset = 0) -> scale * reduce(+, xs; init = 0) + offset");
    jlt_value *x = jlt_box_i64(frame, 2), *both = jlt_eval(frame, "(scale = 10, offset = 7)");
    jlt_spawn_options options = {.keywords = both};
    EXPECT(is_int(frame, jlt_fetch(frame, jlt_spawn_with(frame, &options, f, x, x)), 47));
    EXPECT(is_int(frame, jlt_fetch(frame, jlt_spawn_with(frame, &options, f)), 7));
    EXPECT(is_int(frame, jlt_fetch(frame, jlt_spawn_with(frame, NULL, f, x)), 2));
    EXPECT(is_int(frame, jlt_fetch(frame, jlt_spawn_with(frame, (&(jlt_spawn_options){.interactive = true}), f, x)),
                  2));
    options.interactive = true; /* here the default pool is all that there is */
    EXPECT(is_int(frame, jlt_fetch(frame, jlt_spawn_with_n(frame, &options, f, (jlt_value *[]){x, x, x}, 3)), 67));
    EXPECT(is_int(frame, jlt_fetch(frame, jlt_spawn_with_n(frame, NULL, f, NULL, 0)), 0));
    /* keywords that it does not take are the task's failure, as other arguments are */
    jlt_value *task = jlt_spawn_with(frame, (&(jlt_spawn_options){.keywords = jlt_eval(frame, "(color = 2,)")}), f, x);
    EXPECT(task && !jlt_fetch(frame, task));
    EXPECT_FAILED(JLT_EXCEPTION, "color");
    EXPECT(!jlt_spawn_with(frame, (&(jlt_spawn_options){.keywords = x}), f, x));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_spawn_with: expected NamedTuple, got Int64");
    EXPECT(!jlt_spawn_with(frame, &options, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_spawn_with: the function is NULL");
    EXPECT(!jlt_spawn_with(frame, &options, f, x, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_spawn_with: argument 2 is NULL");
    EXPECT(!jlt_spawn_with_n(frame, &options, f, NULL, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_spawn_with_n: arguments is NULL");
    /* programs of other versions */
    struct {
        jlt_spawn_options options;
        int further;
    } newer = {.options = {.keywords = both}};
    jlt_value *list[] = {f, x, JLT_LIST_END};
    task = jlt_spawn_with_list(frame, &newer.options, sizeof newer, list);
    EXPECT(is_int(frame, jlt_fetch(frame, task), 27));
    newer.further = 1;
    EXPECT(!jlt_spawn_with_list(frame, &newer.options, sizeof newer, list));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_spawn_with: options has members that this version");
}

static void test_tasks(void **unused)
{
    (void)unused;
    in_body(spawns);
    in_body(spawns_with_options);
    in_body(spawns_what_is_new);
    in_body(spawns_that_fail);
}

/* Both spawned calls end only when both have begun: on two threads at once. */
static void spawns_on_two_threads(jlt_frame *frame)
{
    if (jlt_unbox_i64(frame, jlt_eval(frame, "Threads.nthreads()")) < 2)
        return; /* Julia 1.5 starts no more threads than the machine has cores */
    jlt_value *meet = jlt_eval(frame, "begun = Threads.Atomic{Int}(0)\n"
                                      "function meet(x)\n"
                                      "    Threads.atomic_add!(begun, 1)\n"
                                      "    while begun[] < 2\n"
                                      "        GC.safepoint()\n"
                                      "    end\n"
                                      "    x\n"
                                      "end");
    jlt_value *first = jlt_spawn(frame, meet, jlt_box_i64(frame, 1));
    jlt_value *second = jlt_spawn(frame, meet, jlt_box_i64(frame, 2));
    EXPECT(is_int(frame, jlt_fetch(frame, first), 1));
    EXPECT(is_int(frame, jlt_fetch(frame, second), 2));
}

/* The body that waits in a fetch is suspended, and others answer. */
static void fetch_at_gate(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    jlt_value *task = jlt_spawn(frame, jlt_eval(frame, "() -> (wait(gate); 11)"));
    *(int64_t *)output = jlt_unbox_i64(frame, jlt_fetch(frame, task));
}

static void make_gate(jlt_frame *frame)
{
    jlt_eval(frame, "gate = Base.Event()");
}

static void open_gate(jlt_frame *frame)
{
    jlt_eval(frame, "notify(gate)");
}

static void test_a_fetch_suspends_only_its_body(void **unused)
{
    (void)unused;
    static const jlt_task_type type = {.output_size = sizeof(int64_t), .run = fetch_at_gate};
    enum { count = 4 };
    jlt_receiver *receivers[count];
    in_body(spawns_on_two_threads);
    in_body(make_gate);
    for (int i = 0; i < count; i++)
        assert_ok(jlt_task_dispatch(runtime, &type, NULL, &receivers[i]));
    for (int i = 0; i < count; i++) /* on each thread */
        in_body(callables);
    for (int i = 0; i < count; i++)
        assert_status(jlt_receiver_try_recv(receivers[i], NULL), JLT_PENDING);
    in_body(open_gate);
    for (int i = 0; i < count; i++) {
        int64_t answer = 0;
        assert_ok(jlt_receiver_recv(receivers[i], &answer));
        assert_int_equal(answer, 11);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keywords),
        cmocka_unit_test(test_collections),
        cmocka_unit_test(test_what_can_be_called),
        cmocka_unit_test(test_tasks),
        cmocka_unit_test(test_a_fetch_suspends_only_its_body),
    };
    return cmocka_run_group_tests(tests, start_two_threads, stop_runtime);
}
