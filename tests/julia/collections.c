/* SPDX-License-Identifier: MIT
 *
 * Elements of collections by index and key, and ranges. */
#include "julia/fixture.h"

static bool is_julia(jlt_frame *frame, jlt_value *value, const char *code)
{
    return jlt_identical(frame, value, jlt_eval(frame, code));
}

/* ---- elements ---- */

static void vectors(jlt_frame *frame)
{
    jlt_value *vector = jlt_eval(frame, "[10, 20, 30]"), *two = jlt_box_i64(frame, 2);
    EXPECT(jlt_length(frame, vector) == 3);
    EXPECT(jlt_unbox_i64(frame, jlt_index(frame, vector, two)) == 20);
    EXPECT(jlt_unbox_i64(frame, jlt_index_at(frame, vector, 1)) == 10);
    EXPECT(jlt_index_set(frame, vector, jlt_box_i64(frame, 21), two));
    EXPECT(jlt_index_set_at(frame, vector, jlt_box_f64(frame, 31), 3)); /* converted */
    EXPECT(jlt_equal(frame, vector, jlt_eval(frame, "[10, 21, 31]")));
    jlt_value *part = jlt_index(frame, vector, jlt_range_i64(frame, 2, 1, 3));
    EXPECT(jlt_equal(frame, part, jlt_eval(frame, "[21, 31]")));
    EXPECT(jlt_length(frame, jlt_eval(frame, "Int[]")) == 0 && jlt_ok(frame));
}

static void matrices(jlt_frame *frame)
{
    jlt_value *matrix = jlt_eval(frame, "[1 2 3; 4 5 6]");
    jlt_value *row = jlt_box_i64(frame, 2), *column = jlt_box_i64(frame, 3);
    EXPECT(jlt_length(frame, matrix) == 6);
    EXPECT(jlt_unbox_i64(frame, jlt_index(frame, matrix, row, column)) == 6);
    EXPECT(jlt_unbox_i64(frame, jlt_index_at(frame, matrix, 2)) == 4); /* column-major */
    EXPECT(jlt_index_set(frame, matrix, jlt_box_i64(frame, 60), row, column));
    jlt_value *whole_row = jlt_index(frame, matrix, row, jlt_global(frame, "Base.:"));
    EXPECT(jlt_equal(frame, whole_row, jlt_eval(frame, "[4, 5, 60]")));
    EXPECT(jlt_unbox_i64(frame, jlt_index_n(frame, matrix, (jlt_value *[]){row, column}, 2)) == 60);
    EXPECT(jlt_index_set_n(frame, matrix, row, (jlt_value *[]){row, column}, 2));
    EXPECT(jlt_unbox_i64(frame, jlt_index(frame, matrix, row, column)) == 2);
    jlt_value *cube = jlt_eval(frame, "reshape(collect(1:24), 2, 3, 4)"), *one = jlt_box_i64(frame, 1);
    EXPECT(jlt_unbox_i64(frame, jlt_index(frame, cube, row, column, one)) == 6);
}

static void dicts(jlt_frame *frame)
{
    jlt_value *dict = jlt_eval(frame, "Dict{String,Any}(\"a\" => 1)");
    jlt_value *a = jlt_box_string(frame, "a"), *b = jlt_box_string(frame, "b");
    EXPECT(jlt_length(frame, dict) == 1);
    EXPECT(jlt_has_key(frame, dict, a) && !jlt_has_key(frame, dict, b));
    EXPECT(jlt_unbox_i64(frame, jlt_index(frame, dict, a)) == 1);
    EXPECT(!jlt_index(frame, dict, b));
    EXPECT_FAILED(JLT_EXCEPTION, "KeyError: key \"b\" not found");
    EXPECT(jlt_index_set(frame, dict, jlt_box_symbol(frame, "new"), b));
    EXPECT(jlt_has_key(frame, dict, b) && jlt_length(frame, dict) == 2);
    EXPECT(!strcmp(jlt_unbox_symbol(frame, jlt_index(frame, dict, b)), "new"));
    EXPECT(!jlt_index_set(frame, dict, a, jlt_box_i64(frame, 1)));
    EXPECT_FAILED(JLT_EXCEPTION, "convert");
    EXPECT(jlt_unbox_i64(frame, jlt_index_at(frame, jlt_eval(frame, "Dict(-5 => 3)"), -5)) == 3);
}

static void others(jlt_frame *frame)
{
    jlt_value *ref = jlt_eval(frame, "Ref(5)");
    EXPECT(jlt_unbox_i64(frame, jlt_index(frame, ref)) == 5);
    EXPECT(jlt_index_set(frame, ref, jlt_box_i64(frame, 6)));
    EXPECT(jlt_unbox_i64(frame, jlt_index_n(frame, ref, NULL, 0)) == 6);
    EXPECT(jlt_index_set_n(frame, ref, jlt_box_i64(frame, 7), NULL, 0));
    EXPECT(jlt_unbox_i64(frame, jlt_index(frame, ref)) == 7);
    jlt_value *tuple = jlt_eval(frame, "(x = 1, y = 2)");
    EXPECT(jlt_unbox_i64(frame, jlt_index(frame, tuple, jlt_box_symbol(frame, "y"))) == 2);
    EXPECT(jlt_unbox_i64(frame, jlt_index_at(frame, tuple, 1)) == 1);
    EXPECT(jlt_has_key(frame, tuple, jlt_box_symbol(frame, "x")));
    jlt_value *text = jlt_box_string(frame, "größe");
    EXPECT(jlt_length(frame, text) == 5); /* 7 bytes */
    EXPECT(jlt_unbox_char(frame, jlt_index_at(frame, text, 3)) == 0xf6);
    EXPECT(jlt_length(frame, jlt_eval(frame, "Set([1, 2, 1])")) == 2);
}

static void elements_that_are_not_there(jlt_frame *frame)
{
    jlt_value *vector = jlt_eval(frame, "[10, 20, 30]"), *text = jlt_box_string(frame, "x");
    EXPECT(!jlt_index_at(frame, vector, 0));
    EXPECT_FAILED(JLT_EXCEPTION, "BoundsError");
    EXPECT(!jlt_index_at(frame, vector, INT64_MAX));
    EXPECT_FAILED(JLT_EXCEPTION, "BoundsError");
    EXPECT(!jlt_index(frame, vector, jlt_box_i64(frame, 4)));
    EXPECT_FAILED(JLT_EXCEPTION, "BoundsError");
    EXPECT(!jlt_index(frame, vector, text));
    EXPECT_FAILED(JLT_EXCEPTION, "invalid index");
    EXPECT(!jlt_index_set_at(frame, vector, text, 4));
    EXPECT_FAILED(JLT_EXCEPTION, "");
    EXPECT(!jlt_index_set_at(frame, vector, text, 1));
    EXPECT_FAILED(JLT_EXCEPTION, "convert");
    EXPECT(!jlt_index_set_at(frame, jlt_eval(frame, "(1, 2)"), text, 1));
    EXPECT_FAILED(JLT_EXCEPTION, "setindex!");
    EXPECT(!jlt_index_at(frame, jlt_global(frame, "Base.sin"), 1));
    EXPECT_FAILED(JLT_EXCEPTION, "getindex");
    EXPECT(!jlt_length(frame, jlt_global(frame, "Base.sin")));
    EXPECT_FAILED(JLT_EXCEPTION, "length");
    EXPECT(!jlt_length(frame, jlt_eval(frame, "(i for i in 1:9 if isodd(i))")));
    EXPECT_FAILED(JLT_EXCEPTION, "length");
    EXPECT(!jlt_has_key(frame, jlt_global(frame, "Base.sin"), text));
    EXPECT_FAILED(JLT_EXCEPTION, "haskey");
    EXPECT(!strcmp(jlt_error_type(), "MethodError"));
    EXPECT(jlt_equal(frame, vector, jlt_eval(frame, "[10, 20, 30]")));
}

static void elements_that_are_null(jlt_frame *frame)
{
    jlt_value *vector = jlt_eval(frame, "[10, 20, 30]"), *one = jlt_box_i64(frame, 1);
    EXPECT(!jlt_index(frame, NULL, one));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_index: collection is NULL");
    EXPECT(!jlt_index(frame, vector, one, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_index: index 2 is NULL");
    EXPECT(!jlt_index_list(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_index: list is NULL");
    EXPECT(!jlt_index_list(frame, (jlt_value *[]){JLT_LIST_END}));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_index: the list has 0 values, but needs 1");
    EXPECT(!jlt_index_n(frame, NULL, &one, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_index_n: collection is NULL");
    EXPECT(!jlt_index_n(frame, vector, NULL, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_index_n: the list of 1 values is NULL");
    EXPECT(!jlt_index_set(frame, NULL, one, one));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_index_set: collection is NULL");
    EXPECT(!jlt_index_set(frame, vector, NULL, one));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_index_set: value is NULL");
    EXPECT(!jlt_index_set(frame, vector, one, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_index_set: index 1 is NULL");
    EXPECT(!jlt_index_set(frame, vector));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_index_set: the list has 1 values, but needs 2");
    EXPECT(!jlt_index_set_list(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_index_set: list is NULL");
    EXPECT(!jlt_index_set_n(frame, vector, NULL, &one, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_index_set_n: value is NULL");
    EXPECT(!jlt_index_at(frame, NULL, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_index_at: collection is NULL");
    EXPECT(!jlt_index_set_at(frame, vector, NULL, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_index_set_at: value is NULL");
    EXPECT(!jlt_index_set_at(frame, NULL, one, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_index_set_at: collection is NULL");
    EXPECT(!jlt_has_key(frame, NULL, one));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_has_key: collection is NULL");
    EXPECT(!jlt_has_key(frame, vector, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_has_key: key is NULL");
    EXPECT(!jlt_length(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_length: collection is NULL");
}

/* A user's getindex may wait: only this body is suspended. */
static void an_element_that_is_waited_for(jlt_frame *frame)
{
    jlt_eval(frame, "struct Slow end; Base.getindex(::Slow, i) = (yield(); sleep(0.001); 2i)");
    EXPECT(jlt_unbox_i64(frame, jlt_index_at(frame, jlt_eval(frame, "Slow()"), 21)) == 42);
}

static void test_elements(void **unused)
{
    (void)unused;
    in_body(vectors);
    in_body(matrices);
    in_body(dicts);
    in_body(others);
    in_body(elements_that_are_not_there);
    in_body(elements_that_are_null);
    in_body(an_element_that_is_waited_for);
}

/* ---- ranges ---- */

static void ranges(jlt_frame *frame)
{
    EXPECT(is_julia(frame, jlt_range_i64(frame, 1, 1, 10), "1:10"));
    EXPECT(is_julia(frame, jlt_range_i64(frame, 1, 2, 10), "1:2:10"));
    EXPECT(is_julia(frame, jlt_range_i64(frame, 10, -3, 1), "10:-3:1"));
    EXPECT(is_julia(frame, jlt_range_i64(frame, INT64_MIN, 1, INT64_MAX), "typemin(Int64):typemax(Int64)"));
    EXPECT(jlt_length(frame, jlt_range_i64(frame, 1, 2, 10)) == 5);
    EXPECT(jlt_length(frame, jlt_range_i64(frame, 1, 1, 0)) == 0);
    EXPECT(jlt_length(frame, jlt_range_i64(frame, 1, -1, 2)) == 0);
    EXPECT(is_julia(frame, jlt_range_f64(frame, 0, 1, 11), "range(0.0, stop=1.0, length=11)"));
    EXPECT(jlt_unbox_f64(frame, jlt_index_at(frame, jlt_range_f64(frame, 0, 1, 11), 4)) == 0.3);
    EXPECT(jlt_length(frame, jlt_range_f64(frame, 5, 5, 1)) == 1);
    EXPECT(jlt_length(frame, jlt_range_f64(frame, 5, 6, 0)) == 0 && jlt_ok(frame));
}

static void refused_ranges(jlt_frame *frame)
{
    EXPECT(!jlt_range_i64(frame, 1, 0, 10));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_range_i64: step is 0");
    EXPECT(!jlt_range_f64(frame, 0, 1, SIZE_MAX));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_range_f64: a range cannot have 18446744073709551615 elements");
    EXPECT(!jlt_range_f64(frame, 0, 1, 1));
    EXPECT_FAILED(JLT_EXCEPTION, "");
    EXPECT(!strcmp(jlt_error_type(), "ArgumentError"));
}

static void test_ranges(void **unused)
{
    (void)unused;
    in_body(ranges);
    in_body(refused_ranges);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements),
        cmocka_unit_test(test_ranges),
    };
    return cmocka_run_group_tests(tests, start_runtime, stop_runtime);
}
