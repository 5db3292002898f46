/* SPDX-License-Identifier: MIT
 *
 * What of jltask's Julia code is evaluated late may fail: that is the failure of the call that needed it, and the next
 * try starts anew. The ends of the stack and an unreadable home are such places. */
#include "julia/fixture.h"

static jlt_value *first_uses(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    (void)data, (void)arguments, (void)count;
    jlt_value *pair = jlt_named_tuple(frame, {"x", jlt_box(frame, (int64_t)1)});
    return jlt_field_get(frame, pair, "x");
}

static bool was_refused;

static jlt_value *note_refusal(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    first_uses(frame, data, arguments, count);
    was_refused = jlt_catch(frame) == JLT_EXCEPTION && !strcmp(jlt_error_type(), "StackOverflowError") &&
                  strstr(jlt_error_message(), "too little stack is left to compile");
    return NULL;
}

static jlt_value *do_nothing(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    (void)frame, (void)data, (void)arguments, (void)count;
    return NULL;
}

/* As deep as C can be called at all, which needs less than the compiler does. */
static void use_deep_down(jlt_frame *frame)
{
    jlt_eval(frame, "@noinline dive(n, f) = n == 0 ? (f(); 0) : 1 + dive(n - 1, f)");
    jlt_call(frame,
             jlt_eval(frame, "function (f, g)\n"
                             "    n = 0\n"
                             "    try while true; dive(n + 400, f); n += 400; end catch; end\n"
                             "    dive(n, g)\n"
                             "end"),
             jlt_function(frame, "do nothing", do_nothing, NULL, NULL),
             jlt_function(frame, "note refusal", note_refusal, NULL, NULL));
    EXPECT(jlt_ok(frame) && was_refused);
}

static void test_nothing_is_compiled_where_little_stack_is_left(void **unused)
{
    (void)unused;
    in_body(use_deep_down);
}

/* The callback is called in the handler of each frame of a recursion that has overflowed, deepest first. */
static void recurse(jlt_frame *frame)
{
    jlt_value *function = jlt_function(frame, "first_uses", first_uses, NULL, NULL);
    jlt_value *down = jlt_eval(frame, "down(n, f) = try; 1 + down(n + 1, f); catch; f(); 1; end; down");
    jlt_call(frame, down, jlt_box(frame, (int64_t)0), function);
    jlt_catch(frame); /* from 1.12 on the compiler takes the handlers out: an exception; else the depth */
}

static void test_a_first_use_at_the_stacks_end_is_an_exception(void **unused)
{
    (void)unused;
    in_body(recurse);
}

static void use_again(jlt_frame *frame)
{
    jlt_value *pair = jlt_named_tuple(frame, {"y", jlt_box(frame, (int64_t)2)});
    EXPECT(jlt_unbox_i64(frame, jlt_field_get(frame, pair, "y")) == 2);
    EXPECT(jlt_isa(frame, jlt_broadcast(frame, jlt_global(frame, "Base.sqrt"), jlt_eval(frame, "[4.0]")),
                   jlt_eval(frame, "Vector{Float64}")));
}

static void test_and_the_next_use_succeeds(void **unused)
{
    (void)unused;
    in_body(use_again);
}

static void evaluate(jlt_frame *frame, const char *code, int64_t expected)
{
    jlt_value *value = jlt_eval(frame, code);
    EXPECT(jlt_ok(frame) && (expected == 0 || jlt_unbox_i64(frame, value) == expected));
}

/* As `julia -e` takes them. */
static void evaluate_texts(jlt_frame *frame)
{
    static const struct {
        const char *code;
        int64_t value; /* 0: any */
    } texts[] = {
        {"using Printf; length(@sprintf(\"%.2f\", 1.5))", 4},
        {"macro twice(x); :(2 * $(esc(x))); end; @twice(3)", 6},
        {"module LateM; f() = 5; end; LateM.f()", 5},
        {"import Dates; using Test; @test true; 1", 1},
        {"struct LateP; x::Int; end; LateP(4).x", 4},
        {"late_x = 1; for i in 1:3; global late_x += i; end; late_x", 7},
        {"\"doc\"\nlate_f() = 1\n2", 2},
        {"1;", 1},
        {"", 0},
        {"# only a comment", 0},
        {"basename(@__FILE__) == \"jlt_eval\" && @__DIR__() == pwd() ? 3 : 4", 3},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts && jlt_ok(frame); i++)
        evaluate(frame, texts[i].code, texts[i].value);
}

static void test_statements_on_one_line(void **unused)
{
    (void)unused;
    in_body(evaluate_texts);
}

static void evaluate_wrong(jlt_frame *frame)
{
    jlt_eval(frame, "late_side = 1; )");
    EXPECT(jlt_catch(frame) == JLT_EXCEPTION);
    jlt_value *there = jlt_eval(frame, "isdefined(Main, :late_side)");
    EXPECT(!jlt_unbox_bool(frame, there));
}

static void test_nothing_of_a_text_with_a_syntax_error_is_evaluated(void **unused)
{
    (void)unused;
    in_body(evaluate_wrong);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_compiled_where_little_stack_is_left),
        cmocka_unit_test(test_a_first_use_at_the_stacks_end_is_an_exception),
        cmocka_unit_test(test_and_the_next_use_succeeds),
        cmocka_unit_test(test_statements_on_one_line),
        cmocka_unit_test(test_nothing_of_a_text_with_a_syntax_error_is_evaluated),
    };
    return cmocka_run_group_tests_name("late", tests, start_runtime, stop_runtime);
}
