/* SPDX-License-Identifier: MIT
 *
 * Arrays of any element type: made from a type given as a value, their elements as values, their length and shape. */
#include "julia/fixture.h"

struct point {
    int32_t id;
    double x, y;
};

static void define(jlt_frame *frame)
{
    jlt_eval(frame, "struct Point; id::Int32; x::Float64; y::Float64; end\n"
                    "struct Label; text::String; end");
}

static bool holds(jlt_frame *frame, const char *predicate, jlt_value *value)
{
    jlt_frame *scope = jlt_scope_open(frame);
    bool answer = jlt_unbox_bool(scope, jlt_call(scope, jlt_eval(scope, predicate), value));
    jlt_scope_close(scope);
    return answer;
}

/* ---- structs ---- */

static void structs(jlt_frame *frame)
{
    static const size_t dims[] = {2, 2};
    struct point points[] = {{1, 1.5, 2.5}, {2, 3.5, 4.5}, {3, 5.5, 6.5}, {4, 7.5, 8.5}};
    jlt_value *type = jlt_global(frame, "Main.Point");
    EXPECT(holds(frame, "a -> a isa Matrix{Point} && all(p -> p === Point(0, 0, 0), a) && size(a) == (2, 2)",
                 jlt_array_new_of(frame, type, 2, dims)));
    jlt_value *copy = jlt_array_copy_of(frame, type, sizeof *points, points, 2, dims);
    EXPECT(holds(frame, "a -> a isa Matrix{Point} && a[2, 1] === Point(2, 3.5, 4.5) && a[1, 2].id == 3", copy));
    jlt_value *wrap = jlt_array_wrap_of(frame, type, sizeof *points, points, 2, dims);
    EXPECT(holds(frame, "a -> (a[2, 2] = Point(9, 0, 1); true)", wrap));
    EXPECT(points[3].id == 9 && points[3].y == 1);
    jlt_view view;
    EXPECT(jlt_array_view_of(frame, copy, type, sizeof *points, &view));
    EXPECT(view.length == 4 && view.element_size == sizeof *points && jlt_at(&view, struct point, 1, 0).x == 3.5);
}

static void structs_of_another_size(jlt_frame *frame)
{
    const size_t one = 1;
    struct point point = {0, 0, 0};
    jlt_view view;
    jlt_value *type = jlt_global(frame, "Main.Point");
    jlt_value *array = jlt_array_new_of(frame, type, 1, &one);
    static const char text[] = "an element of Point has 24 bytes in Julia, but 16 in C";
    EXPECT(!jlt_array_copy_of(frame, type, 16, &point, 1, &one));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, text);
    EXPECT(!jlt_array_wrap_of(frame, type, 16, &point, 1, &one));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, text);
    EXPECT(!jlt_array_view_of(frame, array, type, 16, &view));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, text);
    EXPECT(!jlt_array_append_of(frame, array, type, 16, &point, 1));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, text);
    EXPECT(!jlt_array_copy_of(frame, type, 0, &point, 1, &one));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_copy_of: element_size is 0");
}

static void types_that_are_not_bits(jlt_frame *frame)
{
    static const char *const types[] = {"String", "Label", "Any", "Integer", "Union{Int, Nothing}", "Vector{Int}"};
    const size_t one = 1;
    double x = 0;
    jlt_view view;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        jlt_value *type = jlt_eval(frame, types[i]);
        EXPECT(!jlt_array_copy_of(frame, type, sizeof x, &x, 1, &one));
        EXPECT_FAILED(JLT_TYPE_MISMATCH, "is not a bits type");
        EXPECT(!jlt_array_wrap_of(frame, type, sizeof x, &x, 1, &one));
        EXPECT_FAILED(JLT_TYPE_MISMATCH, "is not a bits type");
        EXPECT(!jlt_array_view_of(frame, jlt_array_new_of(frame, type, 1, &one), type, sizeof x, &view));
        EXPECT_FAILED(JLT_TYPE_MISMATCH, "is not a bits type");
    }
    jlt_value *number = jlt_box_i64(frame, 1);
    EXPECT(!jlt_array_new_of(frame, number, 1, &one));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_array_new_of: expected a type, got a value of type Int64");
    EXPECT(!jlt_array_copy_of(frame, number, 8, &x, 1, &one));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_array_copy_of: expected a type, got a value of type Int64");
    EXPECT(!jlt_array_new_of(frame, NULL, 1, &one));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_new_of: type is NULL");
    EXPECT(!jlt_array_wrap_of(frame, NULL, 8, &x, 1, &one));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_wrap_of: type is NULL");
    EXPECT(!jlt_array_new_of(frame, jlt_eval(frame, "Int"), 1, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_new_of: dims is NULL");
}

static void misaligned_structs(jlt_frame *frame)
{
    _Alignas(16) char bytes[64] = {0};
    const size_t one = 1;
    EXPECT(!jlt_array_wrap_of(frame, jlt_global(frame, "Main.Point"), sizeof(struct point), bytes + 4, 1, &one));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_wrap_of: data is not aligned for Point");
    EXPECT(jlt_array_copy_of(frame, jlt_global(frame, "Main.Point"), sizeof(struct point), bytes + 4, 1, &one));
}

static void test_structs(void **unused)
{
    (void)unused;
    in_body(define);
    in_body(structs);
    in_body(structs_of_another_size);
    in_body(types_that_are_not_bits);
    in_body(misaligned_structs);
}

/* ---- arrays of values ---- */

static void new_arrays_of_values(jlt_frame *frame)
{
    const size_t three = 3, dims[] = {2, 1, 2};
    EXPECT(holds(frame, "a -> a isa Vector{Any} && all(x -> x === nothing, a) && length(a) == 3",
                 jlt_array_new_of(frame, jlt_eval(frame, "Any"), 1, &three)));
    EXPECT(holds(frame, "a -> a isa Array{Union{Int, Nothing}, 3} && all(x -> x === nothing, a)",
                 jlt_array_new_of(frame, jlt_eval(frame, "Union{Int, Nothing}"), 3, dims)));
    EXPECT(holds(frame, "a -> a isa Vector{Union{Int, Missing}} && all(x -> x === missing, a)",
                 jlt_array_new_of(frame, jlt_eval(frame, "Union{Int, Missing}"), 1, &three)));
    EXPECT(holds(frame, "a -> a isa Vector{String} && !any(i -> isassigned(a, i), 1:3)",
                 jlt_array_new_of(frame, jlt_eval(frame, "String"), 1, &three)));
    EXPECT(holds(frame, "a -> a isa Vector{Int128} && a == [0, 0, 0]",
                 jlt_array_new_of(frame, jlt_eval(frame, "Int128"), 1, &three)));
    EXPECT(holds(frame, "a -> a isa Vector{Nothing} && length(a) == 3",
                 jlt_array_new_of(frame, jlt_eval(frame, "Nothing"), 1, &three)));
}

static void elements_are_values(jlt_frame *frame)
{
    const size_t three = 3;
    jlt_value *array = jlt_array_new_of(frame, jlt_eval(frame, "Any"), 1, &three);
    EXPECT(jlt_is_nothing(frame, jlt_array_get(frame, array, 1)));
    for (size_t i = 1; i <= 3; i++) { /* young values in an array that is old: without a write barrier they would go */
        jlt_frame *scope = jlt_scope_open(frame);
        jlt_eval(scope, "GC.gc()");
        jlt_array_set(scope, array, i, jlt_box_string(scope, (const char *[]){"one", "two", "three"}[i - 1]));
        jlt_scope_close(scope);
        jlt_eval(frame, "GC.gc(false); [string(i) for i in 1:1000]; GC.gc()");
    }
    EXPECT(holds(frame, "==([\"one\", \"two\", \"three\"])", array));
    EXPECT(!strcmp(jlt_unbox_string(frame, jlt_array_get(frame, array, 3), NULL), "three"));
    EXPECT(jlt_array_set(frame, array, 1, array));
    EXPECT(jlt_array_get(frame, array, 1) == array);
    /* arrays of bits, other arrays, and those that are not indexed from 1 */
    EXPECT(jlt_unbox_f64(frame, jlt_array_get(frame, jlt_eval(frame, "[1.0 3.0; 2.0 4.0]"), 3)) == 3);
    EXPECT(jlt_unbox_i64(frame, jlt_array_get(frame, jlt_eval(frame, "5:7"), 2)) == 6);
    EXPECT(jlt_unbox_i64(frame, jlt_array_get(frame, jlt_eval(frame, "[1 2; 3 4]'"), 2)) == 2);
    EXPECT(jlt_unbox_i64(frame, jlt_array_get(frame, jlt_eval(frame, "view([1 2; 3 4], :, 2)"), 2)) == 4);
    EXPECT(jlt_unbox_bool(frame, jlt_array_get(frame, jlt_eval(frame, "BitVector([false, true])"), 2)));
    jlt_value *numbers = jlt_eval(frame, "zeros(Float64, 2, 2)");
    EXPECT(jlt_array_set(frame, numbers, 3, jlt_box_f64(frame, 7)));
    EXPECT(holds(frame, "==([0 7; 0 0])", numbers));
}

static void elements_that_are_not_there(jlt_frame *frame)
{
    const size_t three = 3;
    jlt_value *array = jlt_array_new_of(frame, jlt_eval(frame, "String"), 1, &three);
    EXPECT(!jlt_array_get(frame, array, 2));
    EXPECT_FAILED(JLT_NOT_FOUND, "jlt_array_get: element 2 of the ");
    EXPECT(!jlt_array_get(frame, array, 0));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_get: index 0 of an array of 3 elements");
    EXPECT(!jlt_array_get(frame, array, 4));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_get: index 4 of an array of 3 elements");
    EXPECT(!jlt_array_get(frame, array, SIZE_MAX));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_get: index 18446744073709551615 of an array of 3 elements");
    jlt_value *text = jlt_box_string(frame, "x");
    EXPECT(!jlt_array_set(frame, array, 4, text));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_set: index 4 of an array of 3 elements");
    EXPECT(!jlt_array_get(frame, text, 1));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_array_get: expected an array, got a value of type String");
    EXPECT(!jlt_array_get(frame, NULL, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_get: array is NULL");
    EXPECT(!jlt_array_set(frame, NULL, 1, text));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_set: array is NULL");
    EXPECT(!jlt_array_set(frame, array, 1, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_set: value is NULL");
}

static void elements_of_another_type(jlt_frame *frame)
{
    jlt_value *numbers = jlt_eval(frame, "[1.0, 2.0]"), *one = jlt_box_i64(frame, 1);
    EXPECT(!jlt_array_set(frame, numbers, 1, one));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "cannot be of type Int64");
    EXPECT(!jlt_array_push_value(frame, numbers, one));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "Float64");
    EXPECT(!jlt_array_set(frame, jlt_eval(frame, "1:3"), 1, one));
    EXPECT(jlt_catch(frame) == JLT_EXCEPTION); /* ranges cannot be written */
    EXPECT(holds(frame, "==([1, 2])", numbers));
}

static void test_arrays_of_values(void **unused)
{
    (void)unused;
    in_body(new_arrays_of_values);
    in_body(elements_are_values);
    in_body(elements_that_are_not_there);
    in_body(elements_of_another_type);
}

/* ---- length ---- */

static void vectors_grow(jlt_frame *frame)
{
    const size_t none = 0;
    const int rounds = test_is_stress() ? 50 : 5000;
    jlt_value *vector = jlt_array_new(frame, JLT_F64, 1, &none);
    for (int i = 1; i <= rounds; i++)
        EXPECT(jlt_array_push(frame, vector, JLT_F64, &(double){i}));
    EXPECT(holds(frame, "v -> v == 1:length(v)", vector) && jlt_array_length(frame, vector) == (size_t)rounds);
    EXPECT(jlt_array_append(frame, vector, JLT_F64, (double[]){-1, -2, -3}, 3));
    EXPECT(jlt_array_append(frame, vector, JLT_F64, NULL, 0));
    EXPECT(holds(frame, "v -> v[end-2:end] == [-1, -2, -3]", vector));
    EXPECT(jlt_array_length(frame, vector) == (size_t)rounds + 3);
    /* bytes that are not aligned */
    _Alignas(8) char bytes[1 + sizeof(double)];
    memcpy(bytes + 1, &(double){0.5}, sizeof(double));
    EXPECT(jlt_array_push(frame, vector, JLT_F64, bytes + 1));
    EXPECT(holds(frame, "v -> v[end] == 0.5", vector));
}

/* The elements appended are the vector's own, which move. */
static void vectors_grow_by_themselves(jlt_frame *frame)
{
    jlt_value *vector = jlt_eval(frame, "collect(1:1000)");
    for (int i = 0; i < 4; i++) {
        jlt_view view;
        EXPECT(jlt_array_view(frame, vector, JLT_I64, &view));
        EXPECT(jlt_array_append(frame, vector, JLT_I64, view.data, view.length));
    }
    EXPECT(holds(frame, "v -> v == repeat(1:1000, 16)", vector));
}

static void vectors_of_all_kinds_grow(jlt_frame *frame)
{
    jlt_value *point = jlt_global(frame, "Main.Point"), *points = jlt_eval(frame, "Point[]");
    struct point two[] = {{1, 2, 3}, {4, 5, 6}};
    EXPECT(jlt_array_append_of(frame, points, point, sizeof *two, two, 2));
    EXPECT(jlt_array_push_value(frame, points, jlt_eval(frame, "Point(7, 8, 9)")));
    EXPECT(holds(frame, "==([Point(1, 2, 3), Point(4, 5, 6), Point(7, 8, 9)])", points));
    jlt_value *strings = jlt_eval(frame, "String[]");
    EXPECT(jlt_array_push_value(frame, strings, jlt_box_string(frame, "a")));
    EXPECT(jlt_array_resize(frame, strings, 2));
    EXPECT(holds(frame, "v -> v[1] == \"a\" && !isassigned(v, 2)", strings));
    jlt_value *any = jlt_eval(frame, "Any[1]");
    EXPECT(jlt_array_resize(frame, any, 3));
    EXPECT(holds(frame, "==([1, nothing, nothing])", any));
    jlt_value *numbers = jlt_eval(frame, "[1, 2, 3]");
    EXPECT(jlt_array_resize(frame, numbers, 1) && jlt_array_resize(frame, numbers, 4));
    EXPECT(holds(frame, "==([1, 0, 0, 0])", numbers)); /* zero, though the memory had 2 and 3 */
    EXPECT(jlt_array_resize(frame, numbers, 0) && jlt_array_length(frame, numbers) == 0);
}

static void arrays_that_do_not_grow(jlt_frame *frame)
{
    double x = 1;
    jlt_value *matrix = jlt_eval(frame, "zeros(2, 2)"), *floats = jlt_eval(frame, "Float32[1]");
    EXPECT(!jlt_array_push(frame, matrix, JLT_F64, &x));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_array_push: expected a Vector of Float64, got ");
    EXPECT(!jlt_array_append(frame, floats, JLT_F64, &x, 1));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_array_append: expected a Vector of Float64, got ");
    EXPECT(!jlt_array_push_value(frame, matrix, jlt_box_f64(frame, 1)));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_array_push_value: expected a Vector, got ");
    EXPECT(!jlt_array_resize(frame, jlt_eval(frame, "1:3"), 4));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_array_resize: expected a Vector, got UnitRange{Int64}");
    EXPECT(!jlt_array_push(frame, floats, JLT_F32, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_push: value is NULL");
    EXPECT(!jlt_array_append(frame, floats, JLT_F32, NULL, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_append: data is NULL");
    EXPECT(!jlt_array_append(frame, floats, JLT_F32, &x, SIZE_MAX));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "exceed the address space");
    EXPECT(!jlt_array_push(frame, NULL, JLT_F64, &x));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_push: vector is NULL");
    EXPECT(!jlt_array_push(frame, floats, JLT_ELEMENT_COUNT, &x));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "is not an element type");
    EXPECT(!jlt_array_resize(frame, floats, SIZE_MAX));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_resize: the dimensions exceed the address space");
    EXPECT(!jlt_array_resize(frame, floats, (size_t)1 << 59));
    jlt_status status = jlt_catch(frame);
    EXPECT(status == JLT_NO_MEMORY || status == JLT_EXCEPTION); /* as Julia's release has it */
    EXPECT(holds(frame, "==([1])", floats));
}

static void wrapped_memory_is_not_resized(jlt_frame *frame)
{
    double data[] = {1, 2};
    jlt_value *vector = jlt_array_wrap(frame, JLT_F64, data, 1, &(size_t){2});
    static const char text[] = "the vector cannot be resized, since its memory is C's";
    EXPECT(!jlt_array_push(frame, vector, JLT_F64, &(double){3}));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, text);
    EXPECT(!jlt_array_append(frame, vector, JLT_F64, data, 2));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, text);
    EXPECT(!jlt_array_push_value(frame, vector, jlt_box_f64(frame, 3)));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, text);
    EXPECT(!jlt_array_resize(frame, vector, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, text);
    EXPECT(jlt_array_resize(frame, vector, 2)); /* nothing to do */
    EXPECT(holds(frame, "==([1, 2])", vector));
}

static void test_length(void **unused)
{
    (void)unused;
    in_body(define);
    in_body(vectors_grow);
    in_body(vectors_grow_by_themselves);
    in_body(vectors_of_all_kinds_grow);
    in_body(arrays_that_do_not_grow);
    in_body(wrapped_memory_is_not_resized);
}

/* ---- shape ---- */

static void shapes(jlt_frame *frame)
{
    const size_t dims[] = {2, 3};
    size_t seen[4];
    jlt_value *vector = jlt_eval(frame, "collect(1:6)");
    jlt_value *matrix = jlt_array_reshape(frame, vector, 2, dims);
    EXPECT(holds(frame, "a -> a isa Matrix{Int} && a == [1 3 5; 2 4 6] && (a[2, 1] = 9) == 9", matrix));
    EXPECT(holds(frame, "v -> v[2] == 9", vector)); /* the same memory */
    EXPECT(jlt_array_shape(frame, matrix, 4, seen) == 2);
    EXPECT(seen[0] == 2 && seen[1] == 3 && seen[2] == 1 && seen[3] == 1);
    seen[1] = 99;
    EXPECT(jlt_array_shape(frame, matrix, 1, seen) == 2 && seen[0] == 2 && seen[1] == 99);
    EXPECT(jlt_array_shape(frame, matrix, 0, NULL) == 2);
    EXPECT(jlt_array_shape(frame, jlt_eval(frame, "fill(1)"), 0, NULL) == 0 && jlt_ok(frame));
    EXPECT(jlt_array_length(frame, jlt_eval(frame, "(1:10)'")) == 10);
    EXPECT(jlt_array_reshape(frame, jlt_eval(frame, "[7]"), 0, NULL));
}

static void shapes_that_do_not_fit(jlt_frame *frame)
{
    const size_t dims[] = {2, 3}, absurd[] = {(size_t)1 << 33, (size_t)1 << 33};
    jlt_value *vector = jlt_eval(frame, "collect(1:5)"), *number = jlt_box_i64(frame, 1);
    EXPECT(!jlt_array_reshape(frame, vector, 2, dims));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "an array of size (5,), 5 elements, cannot have the size (2, 3)");
    EXPECT(!jlt_array_reshape(frame, vector, 2, absurd));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "the dimensions exceed the address space");
    EXPECT(!jlt_array_reshape(frame, vector, 2, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_reshape: dims is NULL");
    EXPECT(!jlt_array_reshape(frame, NULL, 2, dims));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_reshape: array is NULL");
    EXPECT(!jlt_array_reshape(frame, number, 2, dims));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_array_reshape: expected an array, got a value of type Int64");
    EXPECT(jlt_array_length(frame, number) == 0);
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_array_length: expected an array, got a value of type Int64");
    EXPECT(jlt_array_length(frame, NULL) == 0);
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_length: array is NULL");
    EXPECT(jlt_array_shape(frame, vector, 1, NULL) == 0);
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_shape: dims is NULL");
}

static void test_shape(void **unused)
{
    (void)unused;
    in_body(shapes);
    in_body(shapes_that_do_not_fit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_structs),
        cmocka_unit_test(test_arrays_of_values),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_shape),
    };
    return cmocka_run_group_tests(tests, start_runtime, stop_runtime);
}
