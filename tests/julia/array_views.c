/* SPDX-License-Identifier: MIT
 *
 * Views of arrays that are not Arrays, and their strides. */
#include "julia/fixture.h"

/* array[i, j, ...] is what the strides tell, for every index. */
static bool agrees(jlt_frame *frame, const char *code, bool contiguous)
{
    jlt_view view;
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_value *array = jlt_eval(scope, code);
    bool good = jlt_array_view_strided(scope, array, JLT_I64, &view) && view.contiguous == contiguous &&
                view.length == jlt_array_length(scope, array) && view.element_size == sizeof(int64_t);
    size_t index[JLT_VIEW_DIMS] = {0};
    for (size_t i = 0; good && i < view.length; i++) {
        jlt_frame *inner = jlt_scope_open(scope);
        int64_t wanted = jlt_unbox_i64(inner, jlt_array_get(inner, array, i + 1));
        jlt_scope_close(inner);
        good = *(int64_t *)jlt_view_element(&view, index, view.ndims) == wanted;
        if (contiguous)
            good = good && ((int64_t *)view.data)[i] == wanted;
        for (size_t d = 0; d < view.ndims && ++index[d] == view.dims[d]; d++)
            index[d] = 0;
    }
    good = good && jlt_ok(scope) && jlt_array_view(scope, array, JLT_I64, &view) == contiguous;
    if (!contiguous)
        good = good && jlt_catch(scope) == JLT_TYPE_MISMATCH &&
               strstr(jlt_error_message(), "whose elements have gaps between them");
    jlt_scope_close(scope);
    return good;
}

static void arrays(jlt_frame *frame)
{
    jlt_eval(frame, "A = reshape(collect(1:60), 3, 4, 5); V = collect(1:12)");
    EXPECT(agrees(frame, "A", true));
    EXPECT(agrees(frame, "V", true));
    EXPECT(agrees(frame, "fill(3)", true));
}

static void contiguous_views(jlt_frame *frame)
{
    static const char *const codes[] = {
        "view(A, :, :, :)",
        "view(A, :, :, 2:3)",
        "view(A, :, 2, 3)",
        "view(A, 2:3, 2, 3)",
        "view(A, 2, 2, 3)",
        "view(A, 7:20)",
        "view(V, 3:5)",
        "view(V, 5:4)",
        "view(A, 2:2:2, 1, :)[1:0]",
        "view(A, 1:1, 1:1, 1)",
        "view(view(V, 2:9), 2:4)",
        "reshape(view(V, 3:8), 2, 3)",
        "reinterpret(Int64, view(UInt64.(V), 2:3))",
        "view(A, :, 1:0, :)",
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        EXPECT(agrees(frame, codes[i], true));
}

static void strided_views(jlt_frame *frame)
{
    static const char *const codes[] = {
        "view(A, 1:2, :, :)",
        "view(A, 2, :, :)",
        "view(A, :, 1:2:4, :)",
        "view(A, 3:-1:1, 2, 4:-2:1)",
        "view(V, 12:-3:1)",
        "view(view(A, 2:3, :, 2:4), 2, 3:-1:2, :)",
        "PermutedDimsArray(A, (3, 1, 2))",
        "view(PermutedDimsArray(A, (2, 3, 1)), 2:3, :, 1)",
        "view(A, 1:2, 1, :)",
        "view(reshape(view(V, 1:12), 3, 4), 2, :)",
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        EXPECT(agrees(frame, codes[i], false));
}

static void strides_of_a_matrix(jlt_frame *frame)
{
    jlt_view view;
    jlt_value *block = jlt_eval(frame, "view(reshape(collect(1.0:20.0), 4, 5), 2:3, 2:2:4)");
    EXPECT(jlt_array_view_strided(frame, block, JLT_F64, &view));
    EXPECT(view.ndims == 2 && view.dims[0] == 2 && view.dims[1] == 2 && view.dims[2] == 1);
    EXPECT(view.strides[0] == 1 && view.strides[1] == 8 && view.strides[2] == 16 && !view.contiguous);
    EXPECT(jlt_at(&view, double, 0, 0) == 6 && jlt_at(&view, double, 1, 1) == 15);
    jlt_at(&view, double, 1, 0) = -1;
    EXPECT(jlt_unbox_f64(frame, jlt_array_get(frame, block, 2)) == -1);
    EXPECT(jlt_array_view(frame, jlt_eval(frame, "collect(1.0:3.0)"), JLT_F64, &view));
    EXPECT(view.contiguous && view.strides[0] == 1 && view.strides[1] == 3 && view.strides[7] == 3);
}

static void many_dims(jlt_frame *frame)
{
    jlt_view view;
    jlt_value *array = jlt_eval(frame, "reshape(collect(1:1024), ntuple(i -> 2, 10))");
    EXPECT(jlt_array_view(frame, array, JLT_I64, &view));
    EXPECT(view.ndims == 10 && view.length == 1024 && view.strides[7] == 128);
    EXPECT(jlt_array_view_strided(frame,
                                  jlt_eval(frame, "view(reshape(collect(1:1024), ntuple(i -> 2, 10)),"
                                                  " ntuple(i -> i == 10 ? 2 : Colon(), 10)...)"),
                                  JLT_I64, &view));
    EXPECT(view.ndims == 9 && view.length == 512 && view.contiguous && *(int64_t *)view.data == 513);
}

static void test_arrays_that_are_views(void **unused)
{
    (void)unused;
    in_body(arrays);
    in_body(contiguous_views);
    in_body(strided_views);
    in_body(strides_of_a_matrix);
    in_body(many_dims);
}

static void structs(jlt_frame *frame)
{
    struct pair {
        float weight;
        uint8_t kind;
    };
    jlt_view view, before;
    jlt_eval(frame, "struct Pair_; weight::Float32; kind::UInt8; end");
    jlt_value *type = jlt_global(frame, "Main.Pair_");
    jlt_value *every = jlt_eval(frame, "view([Pair_(i, 2i) for i in 1:9], 1:4:9)");
    EXPECT(jlt_array_view_strided_of(frame, every, type, sizeof(struct pair), &view));
    EXPECT(view.length == 3 && view.strides[0] == 4 && jlt_at(&view, struct pair, 2).kind == 18);
    memset(&before, 0x5a, sizeof before);
    view = before;
    EXPECT(!jlt_array_view_of(frame, every, type, sizeof(struct pair), &view));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_array_view_of: expected an Array of Pair_, got SubArray{Pair_,");
    EXPECT(!jlt_array_view_strided_of(frame, every, jlt_eval(frame, "Int64"), 8, &view));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_array_view_strided_of: expected an Array of Int64, got SubArray{Pair_,");
    EXPECT(!jlt_array_view_strided_of(frame, every, type, 4, &view));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "an element of Pair_ has 8 bytes in Julia, but 4 in C");
    EXPECT(!jlt_array_view_of(frame, NULL, type, 8, &view));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_view_of: array is NULL");
    EXPECT(!jlt_array_view_of(frame, every, NULL, 8, &view));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_view_of: type is NULL");
    EXPECT(!jlt_array_view_of(frame, every, type, 8, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_view_of: view is NULL");
    EXPECT(!memcmp(&view, &before, sizeof view));
}

static void arrays_without_memory_of_their_own(jlt_frame *frame)
{
    static const struct {
        const char *code, *text;
        jlt_element element;
    } others[] = {
        {"BitVector([true])", "whose elements are bits and not bytes", JLT_BOOL},
        {"view(BitVector([true, false]), 1:1)", "whose elements are not at regular distances", JLT_BOOL},
        {"using LinearAlgebra; Adjoint([1 2; 3 4])", "whose elements are not at regular distances", JLT_I64},
        {"[1.0 2.0]'", "got ", JLT_F64},
        {"1:3", "got UnitRange{Int64}, whose elements are not", JLT_I64},
        {"view(reshape(1:4, 2, 2), :, 1)", "got SubArray{Int64,", JLT_I64},
        {"view([1, 2, 3], [1, 3])", "got SubArray{Int64,", JLT_I64},
        {"view([1 2; 3 4], [true, false], 1)", "got SubArray{Int64,", JLT_I64},
        {"reshape(view([1 2; 3 4; 5 6], 1:2, :), 4)", "ReshapedArray{Int64,", JLT_I64},
        {"reinterpret(Int64, zeros(UInt8, 17)[1:16])[1:0]", "", JLT_F64},
        {"view([1, 2], 1:1)", "expected an Array of Float64, got SubArray{Int64,", JLT_F64},
        {"codeunits(\"abc\")", "got Base.CodeUnits{UInt8", JLT_U8},
        {"Union{Int, Missing}[1]", "expected an Array of Int64, got ", JLT_I64},
        {"\"x\"", "expected an Array of Int64, got String", JLT_I64},
    };
    jlt_view view;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        EXPECT(!jlt_array_view_strided(frame, jlt_eval(frame, others[i].code), others[i].element, &view));
        EXPECT_FAILED(JLT_TYPE_MISMATCH, others[i].text);
    }
    EXPECT(!jlt_array_view_strided(frame, jlt_eval(frame, "view(reinterpret(Int32, zeros(UInt8, 12)), 1:2)"), JLT_F64,
                                   &view));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_array_view_strided: expected an Array of Float64");
    EXPECT(!jlt_array_view_strided(frame, jlt_eval(frame, "reinterpret(Int64, view(zeros(UInt8, 17), 2:17))"), JLT_I64,
                                   &view)); /* not aligned */
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "whose elements are not at regular distances");
}

static void test_other_elements_and_other_arrays(void **unused)
{
    (void)unused;
    in_body(structs);
    in_body(arrays_without_memory_of_their_own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arrays_that_are_views),
        cmocka_unit_test(test_other_elements_and_other_arrays),
    };
    return cmocka_run_group_tests(tests, start_runtime, stop_runtime);
}
