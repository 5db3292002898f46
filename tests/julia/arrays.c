/* SPDX-License-Identifier: MIT
 *
 * Arrays: made in Julia, over C's memory, and seen from C. */
#include "julia/fixture.h"

static const struct {
    const char *julia;
    size_t size, alignment;
} elements[] = {
#define ELEMENT(name, julia_name, c) {#julia_name, sizeof(c), _Alignof(c)},
    JLT_ELEMENT_MAP(ELEMENT)
#undef ELEMENT
};

/* Calls a Julia function that tells a Bool. */
static bool holds(jlt_frame *frame, const char *predicate, jlt_value *array)
{
    jlt_frame *scope = jlt_scope_open(frame);
    bool answer = jlt_unbox_bool(scope, jlt_call(scope, jlt_eval(scope, predicate), array));
    jlt_scope_close(scope);
    return answer;
}

/* The array is an Array{element, ndims} of these dims, in Julia's eyes and in the view's. */
static bool has_shape(jlt_frame *frame, jlt_value *array, jlt_element element, size_t ndims, const size_t *dims)
{
    char predicate[256];
    int at = snprintf(predicate, sizeof predicate, "a -> a isa Array{%s, %zu} && size(a) === (",
                      elements[element].julia, ndims);
    size_t length = 1;
    for (size_t i = 0; i < ndims; i++) {
        at += snprintf(predicate + at, sizeof predicate - (size_t)at, "%zu,", dims[i]);
        length *= dims[i];
    }
    snprintf(predicate + at, sizeof predicate - (size_t)at, ")");
    jlt_view view;
    if (!holds(frame, predicate, array) || !jlt_array_view(frame, array, element, &view))
        return false;
    bool same = view.length == length && view.element_size == elements[element].size && view.ndims == ndims;
    for (size_t i = 0; i < JLT_VIEW_DIMS; i++)
        same = same && view.dims[i] == (i < ndims ? dims[i] : 1);
    return same;
}

/* ---- every element type ---- */

enum { max_bytes = 6 * 16 };

static bool is_zero(const void *bytes, size_t length)
{
    static const char zeros[max_bytes];
    return !memcmp(bytes, zeros, length);
}

/* Bytes that are values of every type: 0 and 1, as Bools must be. */
static void fill(unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = i * i % 7 % 2;
}

static void every_element(jlt_frame *frame)
{
    static const size_t dims[] = {2, 3};
    for (int e = 0; e < JLT_ELEMENT_COUNT; e++) {
        _Alignas(16) unsigned char data[max_bytes];
        size_t size = 6 * elements[e].size;
        jlt_view view;
        fill(data, size);
        jlt_value *zeros = jlt_array_new(frame, (jlt_element)e, 2, dims);
        EXPECT(has_shape(frame, zeros, (jlt_element)e, 2, dims));
        EXPECT(jlt_array_view(frame, zeros, (jlt_element)e, &view) && is_zero(view.data, size));
        jlt_value *copy = jlt_array_copy(frame, (jlt_element)e, data, 2, dims);
        EXPECT(has_shape(frame, copy, (jlt_element)e, 2, dims));
        EXPECT(jlt_array_view(frame, copy, (jlt_element)e, &view));
        EXPECT(view.data != data && !memcmp(view.data, data, size));
        jlt_value *wrap = jlt_array_wrap(frame, (jlt_element)e, data, 2, dims);
        EXPECT(has_shape(frame, wrap, (jlt_element)e, 2, dims));
        EXPECT(jlt_array_view(frame, wrap, (jlt_element)e, &view) && view.data == data);
    }
}

/* What the bytes mean is the same on both sides. */
static void values_of_elements(jlt_frame *frame)
{
    const size_t two = 2;
    EXPECT(holds(frame, "==([true, false])", jlt_array_copy(frame, JLT_BOOL, (uint8_t[]){1, 0}, 1, &two)));
    EXPECT(holds(frame, "==(['A', '€'])",
                 jlt_array_copy(frame, JLT_CHAR, (uint32_t[]){0x41000000, 0xe282ac00}, 1, &two)));
    EXPECT(holds(frame, "==(Int8[-128, 127])", jlt_array_copy(frame, JLT_I8, (int8_t[]){-128, 127}, 1, &two)));
    EXPECT(holds(frame, "==([typemin(Int16), -1])",
                 jlt_array_copy(frame, JLT_I16, (int16_t[]){INT16_MIN, -1}, 1, &two)));
    EXPECT(holds(frame, "==([typemin(Int32), -1])",
                 jlt_array_copy(frame, JLT_I32, (int32_t[]){INT32_MIN, -1}, 1, &two)));
    EXPECT(holds(frame, "==([typemin(Int64), -1])",
                 jlt_array_copy(frame, JLT_I64, (int64_t[]){INT64_MIN, -1}, 1, &two)));
    EXPECT(holds(frame, "==([typemax(UInt64), 1])",
                 jlt_array_copy(frame, JLT_U64, (uint64_t[]){UINT64_MAX, 1}, 1, &two)));
    EXPECT(holds(frame, "==(Float16[1.5, -2])", jlt_array_copy(frame, JLT_F16, (uint16_t[]){0x3e00, 0xc000}, 1, &two)));
    EXPECT(holds(frame, "==(Float32[0.1, -Inf])",
                 jlt_array_copy(frame, JLT_F32, (float[]){0.1f, -__builtin_inff()}, 1, &two)));
    EXPECT(holds(frame, "isequal([0.1, NaN])",
                 jlt_array_copy(frame, JLT_F64, (double[]){0.1, (double)__builtin_nanf("")}, 1, &two)));
    EXPECT(holds(frame, "==(ComplexF32[1+2im, 3-4im])",
                 jlt_array_copy(frame, JLT_C32, (jlt_c32[]){{1, 2}, {3, -4}}, 1, &two)));
    EXPECT(holds(frame, "==(ComplexF64[1+2im, 3-4im])",
                 jlt_array_copy(frame, JLT_C64, (jlt_c64[]){{1, 2}, {3, -4}}, 1, &two)));
}

static void test_elements(void **unused)
{
    (void)unused;
    in_body(every_element);
    in_body(values_of_elements);
}

/* ---- shapes ---- */

/* Whether data[i1 + d1*i2 + d1*d2*i3 ...] is what Julia finds at [i1+1, i2+1, i3+1 ...]. */
static const char is_column_major[] =
    "a -> all(i -> a[i] == sum(Int[(i[k] - 1) * prod(size(a)[1:k-1]) for k in 1:ndims(a)]), CartesianIndices(a))";

static void every_number_of_dims(jlt_frame *frame)
{
    static const size_t dims[] = {2, 3, 1, 4, 2};
    for (size_t ndims = 0; ndims <= 5; ndims++) {
        int32_t data[2 * 3 * 1 * 4 * 2];
        for (int i = 0; i < 2 * 3 * 1 * 4 * 2; i++)
            data[i] = i;
        EXPECT(has_shape(frame, jlt_array_new(frame, JLT_F32, ndims, dims), JLT_F32, ndims, dims));
        jlt_value *copy = jlt_array_copy(frame, JLT_I32, data, ndims, dims);
        EXPECT(has_shape(frame, copy, JLT_I32, ndims, dims));
        EXPECT(holds(frame, is_column_major, copy));
        jlt_value *wrap = jlt_array_wrap(frame, JLT_I32, data, ndims, dims);
        EXPECT(has_shape(frame, wrap, JLT_I32, ndims, dims));
        EXPECT(holds(frame, is_column_major, wrap));
    }
}

static void no_dims_at_all(jlt_frame *frame)
{
    double x = 1.5;
    EXPECT(holds(frame, "a -> a isa Array{Float64, 0} && a[] == 0", jlt_array_new(frame, JLT_F64, 0, NULL)));
    EXPECT(holds(frame, "a -> a isa Array{Float64, 0} && a[] == 1.5", jlt_array_copy(frame, JLT_F64, &x, 0, NULL)));
    EXPECT(holds(frame, "a -> (a[] += 1) == 2.5", jlt_array_wrap(frame, JLT_F64, &x, 0, NULL)));
    EXPECT(x == 2.5);
}

static void more_dims_than_a_view_has(jlt_frame *frame)
{
    static const size_t dims[JLT_VIEW_DIMS + 2] = {1, 1, 1, 1, 1, 1, 1, 2, 3, 1};
    jlt_view view;
    jlt_value *array = jlt_array_new(frame, JLT_U8, JLT_VIEW_DIMS + 2, dims);
    EXPECT(jlt_array_view(frame, array, JLT_U8, &view));
    EXPECT(view.ndims == JLT_VIEW_DIMS + 2 && view.length == 6 && !memcmp(view.dims, dims, sizeof view.dims));
}

static void no_elements(jlt_frame *frame)
{
    static const size_t shapes[][2] = {{0, 3}, {3, 0}, {0, 0}, {0, PTRDIFF_MAX - 1}};
    double somewhere;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        EXPECT(has_shape(frame, jlt_array_new(frame, JLT_F64, 2, shapes[i]), JLT_F64, 2, shapes[i]));
        EXPECT(has_shape(frame, jlt_array_copy(frame, JLT_F64, NULL, 2, shapes[i]), JLT_F64, 2, shapes[i]));
        EXPECT(has_shape(frame, jlt_array_wrap(frame, JLT_F64, NULL, 2, shapes[i]), JLT_F64, 2, shapes[i]));
        EXPECT(has_shape(frame, jlt_array_wrap(frame, JLT_F64, &somewhere, 2, shapes[i]), JLT_F64, 2, shapes[i]));
    }
}

static void test_shapes(void **unused)
{
    (void)unused;
    in_body(every_number_of_dims);
    in_body(no_dims_at_all);
    in_body(more_dims_than_a_view_has);
    in_body(no_elements);
}

/* ---- arguments that are not allowed ---- */

/* All three makers refuse this. */
#define EXPECT_REFUSED(element, data, ndims, dims, text)                                                               \
    do {                                                                                                               \
        EXPECT(!jlt_array_new(frame, (element), (ndims), (dims)));                                                     \
        EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_new: " text);                                                   \
        EXPECT(!jlt_array_copy(frame, (element), (data), (ndims), (dims)));                                            \
        EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_copy: " text);                                                  \
        EXPECT(!jlt_array_wrap(frame, (element), (data), (ndims), (dims)));                                            \
        EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_wrap: " text);                                                  \
    } while (0)

static void absurd_shapes(jlt_frame *frame)
{
    static const size_t shapes[][3] = {
        {SIZE_MAX, 1, 1},
        {1, 1, SIZE_MAX},
        {PTRDIFF_MAX, 1, 1}, /* doubles: eight times that */
        {(size_t)1 << 32, (size_t)1 << 32, 1},
        {(size_t)1 << 21, (size_t)1 << 21, (size_t)1 << 22},
        {0, SIZE_MAX, 1},
        {0, PTRDIFF_MAX, 1},
        {SIZE_MAX, 0, 1},
    };
    double x = 0;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        EXPECT_REFUSED(JLT_F64, &x, 3, shapes[i], "the dimensions exceed the address space");
    EXPECT(!jlt_array_new(frame, JLT_F64, 1, &(size_t){(size_t)1 << 59}));
    EXPECT_FAILED(JLT_NO_MEMORY, "OutOfMemoryError");
}

static void too_many_dims(jlt_frame *frame)
{
    static size_t ones[512];
    double x = 0;
    for (int i = 0; i < 512; i++)
        ones[i] = 1;
    EXPECT_REFUSED(JLT_F64, &x, 512, ones, "512 dimensions");
    EXPECT_REFUSED(JLT_F64, &x, SIZE_MAX, ones, "18446744073709551615 dimensions");
}

static void absurd_elements(jlt_frame *frame)
{
    static const int absurd[] = {JLT_ELEMENT_COUNT, 99, -1};
    const size_t one = 1;
    double x = 0;
    jlt_value *array = jlt_array_new(frame, JLT_F64, 1, &one);
    for (int i = 0; i < 3; i++) {
        jlt_view view;
        EXPECT_REFUSED((jlt_element)absurd[i], &x, 1, &one, "");
        EXPECT(!jlt_array_view(frame, array, (jlt_element)absurd[i], &view));
        EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_view");
    }
    EXPECT_REFUSED(JLT_ELEMENT_COUNT, &x, 1, &one, "15 is not an element type");
}

static void missing_arguments(jlt_frame *frame)
{
    const size_t one = 1;
    double x = 0;
    jlt_view view;
    EXPECT_REFUSED(JLT_F64, &x, 1, NULL, "dims is NULL");
    EXPECT(!jlt_array_copy(frame, JLT_F64, NULL, 1, &one));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_copy: data is NULL");
    EXPECT(!jlt_array_wrap(frame, JLT_F64, NULL, 1, &one));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_wrap: data is NULL");
    EXPECT(!jlt_array_wrap(frame, JLT_F64, NULL, 0, NULL)); /* no dims: one element */
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_wrap: data is NULL");
    EXPECT(!jlt_array_view(frame, NULL, JLT_F64, &view));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_view: array is NULL");
    EXPECT(!jlt_array_view(frame, jlt_array_new(frame, JLT_F64, 1, &one), JLT_F64, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_view: view is NULL");
}

/* A wrap must be aligned; a copy is made of any bytes. */
static void misaligned_data(jlt_frame *frame)
{
    const size_t two = 2;
    for (int e = 0; e < JLT_ELEMENT_COUNT; e++) {
        _Alignas(16) unsigned char bytes[1 + 2 * 16] = {0};
        unsigned char *data = bytes + 1;
        size_t size = 2 * elements[e].size;
        jlt_view view;
        fill(data, size);
        jlt_value *copy = jlt_array_copy(frame, (jlt_element)e, data, 1, &two);
        EXPECT(jlt_array_view(frame, copy, (jlt_element)e, &view) && !memcmp(view.data, data, size));
        jlt_value *wrap = jlt_array_wrap(frame, (jlt_element)e, data, 1, &two);
        EXPECT((wrap != NULL) == (elements[e].alignment == 1));
        if (wrap)
            continue;
        EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_wrap: data is not aligned for");
    }
    _Alignas(16) double pair[3] = {0};
    EXPECT(jlt_array_wrap(frame, JLT_C64, pair + 1, 1, &(size_t){1})); /* its parts' alignment is enough */
}

static void test_arguments_that_are_not_allowed(void **unused)
{
    (void)unused;
    in_body(absurd_shapes);
    in_body(too_many_dims);
    in_body(absurd_elements);
    in_body(missing_arguments);
    in_body(misaligned_data);
}

/* ---- views ---- */

static void views_of_other_things(jlt_frame *frame)
{
    static const char *const others[] = {
        "Float32[1, 2]", "[1, 2]", "Any[1.0]", "Real[1.0]", "1.0:2.0",
        "1.0",           "\"x\"",  "nothing",  "Float64",   "BitVector([true])",
    };
    jlt_view view, before;
    memset(&before, 0x5a, sizeof before);
    view = before;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char code[128];
        snprintf(code, sizeof code, "\"expected an Array of Float64, got $(typeof(%s))\"", others[i]);
        const char *expected = jlt_unbox_string(frame, jlt_eval(frame, code), NULL);
        EXPECT(!jlt_array_view(frame, jlt_eval(frame, others[i]), JLT_F64, &view));
        EXPECT_FAILED(JLT_TYPE_MISMATCH, expected);
        EXPECT(!memcmp(&view, &before, sizeof view));
    }
}

/* A program built against a header whose jlt_view ended earlier, or ends later. */
static void views_of_other_sizes(jlt_frame *frame)
{
    struct {
        jlt_view view;
        size_t later;
    } newer = {.later = 99};
    jlt_view older, untouched;
    const size_t two = 2;
    jlt_value *array = jlt_array_new(frame, JLT_F64, 1, &two);
    memset(&older, 0x5a, sizeof older);
    untouched = older;
    EXPECT(jlt_array_view_sized(frame, array, JLT_F64, &older, offsetof(jlt_view, ndims)));
    EXPECT(older.data && older.length == 2 && older.element_size == sizeof(double));
    EXPECT(!memcmp((char *)&older + offsetof(jlt_view, ndims), (char *)&untouched + offsetof(jlt_view, ndims),
                   sizeof older - offsetof(jlt_view, ndims)));
    EXPECT(jlt_array_view_sized(frame, array, JLT_F64, &newer.view, sizeof newer));
    EXPECT(newer.view.length == 2 && newer.view.dims[JLT_VIEW_DIMS - 1] == 1 && newer.later == 99);
}

static void views_are_julias_memory(jlt_frame *frame)
{
    const size_t dims[] = {2, 2};
    jlt_view view;
    jlt_value *array = jlt_array_new(frame, JLT_F64, 2, dims);
    EXPECT(jlt_array_view(frame, array, JLT_F64, &view));
    double *data = view.data;
    data[1] = 7;
    EXPECT(holds(frame, "a -> a[2, 1] == 7 && (a[1, 2] = 8) == 8", array));
    EXPECT(data[2] == 8);
    jlt_eval(frame, "GC.gc()"); /* rooted: it stays where it is */
    EXPECT(data[1] == 7 && data[2] == 8);
}

static void wraps_are_cs_memory(jlt_frame *frame)
{
    double *data = calloc(1000, sizeof *data);
    EXPECT(data);
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_value *wrap = jlt_array_wrap(scope, JLT_F64, data, 1, &(size_t){1000});
    data[0] = 1;
    bool seen = holds(scope, "a -> a[1] == 1", wrap);
    data[0] = 2;
    seen = seen && holds(scope, "a -> a[1] == 2 && (a[1000] = 3) == 3", wrap);
    seen = seen && data[999] == 3;
    jlt_scope_close(scope);
    jlt_eval(frame, "GC.gc()"); /* the array goes, the memory stays */
    seen = seen && data[0] == 2 && data[999] == 3;
    data[0] = 4;
    free(data);
    EXPECT(seen);
}

static void copies_are_apart(jlt_frame *frame)
{
    double data[] = {1, 2};
    jlt_value *copy = jlt_array_copy(frame, JLT_F64, data, 1, &(size_t){2});
    data[0] = 9;
    EXPECT(holds(frame, "a -> a == [1, 2] && (push!(a, 3); a[2] = 8; true)", copy));
    EXPECT(data[1] == 2);
    EXPECT(has_shape(frame, copy, JLT_F64, 1, &(size_t){3}));
}

static void test_views(void **unused)
{
    (void)unused;
    in_body(views_of_other_things);
    in_body(views_of_other_sizes);
    in_body(views_are_julias_memory);
    in_body(wraps_are_cs_memory);
    in_body(copies_are_apart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_arguments_that_are_not_allowed),
        cmocka_unit_test(test_views),
    };
    return cmocka_run_group_tests(tests, start_runtime, stop_runtime);
}
