/* SPDX-License-Identifier: MIT
 *
 * jlt_box and jlt_unbox, by the types of C. */
#include "julia/fixture.h"

#include <complex.h>

static bool is_julia(jlt_frame *frame, jlt_value *value, const char *code)
{
    return jlt_identical(frame, value, jlt_eval(frame, code));
}

/* The value that is boxed is Julia's, and comes back. */
#define EXPECT_BOTH(c, value, code)                                                                                    \
    do {                                                                                                               \
        const c out_ = value;                                                                                          \
        c back_ = 0;                                                                                                   \
        jlt_value *box_ = jlt_box(frame, out_);                                                                        \
        EXPECT(is_julia(frame, box_, code));                                                                           \
        EXPECT(jlt_unbox(frame, box_, &back_));                                                                        \
        EXPECT(back_ == out_);                                                                                         \
    } while (0)

static void integers(jlt_frame *frame)
{
    EXPECT_BOTH(bool, true, "true");
    EXPECT_BOTH(bool, false, "false");
    EXPECT_BOTH(char, 'A', "Base.Cchar(65)");
    EXPECT_BOTH(char, CHAR_MIN, "typemin(Base.Cchar)");
    EXPECT_BOTH(char, CHAR_MAX, "typemax(Base.Cchar)");
    EXPECT_BOTH(signed char, SCHAR_MIN, "typemin(Int8)");
    EXPECT_BOTH(signed char, SCHAR_MAX, "typemax(Int8)");
    EXPECT_BOTH(unsigned char, UCHAR_MAX, "typemax(UInt8)");
    EXPECT_BOTH(short, SHRT_MIN, "typemin(Int16)");
    EXPECT_BOTH(short, SHRT_MAX, "typemax(Int16)");
    EXPECT_BOTH(unsigned short, USHRT_MAX, "typemax(UInt16)");
    EXPECT_BOTH(int, INT_MIN, "typemin(Int32)");
    EXPECT_BOTH(int, INT_MAX, "typemax(Int32)");
    EXPECT_BOTH(unsigned, UINT_MAX, "typemax(UInt32)");
    EXPECT_BOTH(long, LONG_MIN, "typemin(Clong)");
    EXPECT_BOTH(long, LONG_MAX, "typemax(Clong)");
    EXPECT_BOTH(unsigned long, ULONG_MAX, "typemax(Culong)");
    EXPECT_BOTH(long long, LLONG_MIN, "typemin(Int64)");
    EXPECT_BOTH(long long, LLONG_MAX, "typemax(Int64)");
    EXPECT_BOTH(unsigned long long, ULLONG_MAX, "typemax(UInt64)");
    EXPECT_BOTH(size_t, SIZE_MAX, "typemax(UInt)");
    EXPECT_BOTH(int64_t, INT64_MIN, "typemin(Int64)");
    EXPECT_BOTH(uint8_t, 0, "0x00");
}

static void wide_integers(jlt_frame *frame)
{
    jlt_i128 number = {2, 1}, back = {0, 0};
    EXPECT(is_julia(frame, jlt_box(frame, number), "Int128(2)^64 + 2"));
    EXPECT(jlt_unbox(frame, jlt_eval(frame, "-Int128(2)"), &back) && back.high == -1 && back.low == UINT64_MAX - 1);
    jlt_u128 natural = {0, UINT64_MAX}, other = {0, 0};
    EXPECT(is_julia(frame, jlt_box(frame, natural), "typemax(UInt128) << 64"));
    EXPECT(jlt_unbox(frame, jlt_eval(frame, "UInt128(7)"), &other) && other.low == 7 && !other.high);
#ifdef __SIZEOF_INT128__
    jlt_uint128 largest = ~(jlt_uint128)0;
    EXPECT_BOTH(jlt_int128, (jlt_int128)(largest >> 1), "typemax(Int128)");
    EXPECT_BOTH(jlt_int128, -(jlt_int128)(largest >> 1) - 1, "typemin(Int128)");
    EXPECT_BOTH(jlt_int128, -3, "Int128(-3)");
    EXPECT_BOTH(jlt_uint128, largest, "typemax(UInt128)");
    EXPECT_BOTH(jlt_uint128, (jlt_uint128)5 << 64, "UInt128(5) << 64");
#endif
}

static void floating_point_numbers(jlt_frame *frame)
{
    EXPECT_BOTH(float, -1.5f, "-1.5f0");
    EXPECT_BOTH(float, 3.4028235e38f, "floatmax(Float32)");
    EXPECT_BOTH(double, 4.9406564584124654e-324, "nextfloat(0.0)");
    EXPECT_BOTH(double, -1.7976931348623157e308, "-floatmax(Float64)");
    EXPECT_BOTH(float complex, 1.5f - 2 * I, "1.5f0 - 2f0im");
    EXPECT_BOTH(double complex, 1.5 + 2 * I, "1.5 + 2.0im");
    jlt_c32 small = {1, -2}, small_back = {0, 0};
    EXPECT(is_julia(frame, jlt_box(frame, small), "1f0 - 2f0im"));
    EXPECT(jlt_unbox(frame, jlt_box(frame, small), &small_back) && small_back.re == 1 && small_back.im == -2);
    jlt_c64 large = {1, -2}, large_back = {0, 0};
    EXPECT(is_julia(frame, jlt_box(frame, large), "1.0 - 2.0im"));
    EXPECT(jlt_unbox(frame, jlt_box(frame, large), &large_back) && large_back.re == 1 && large_back.im == -2);
}

static void pointers(jlt_frame *frame)
{
    int here;
    void *out = &here, *back = NULL;
    jlt_value *value = jlt_box(frame, out);
    EXPECT(is_julia(frame, jlt_typeof(frame, value), "Ptr{Cvoid}"));
    EXPECT(jlt_unbox(frame, value, &back) && back == &here);
    EXPECT(jlt_unbox(frame, jlt_box(frame, (void *)NULL), &back) && !back); /* NULL is a value, no failure */
}

static void texts(jlt_frame *frame)
{
    const char *text = "grüße", *back = "untouched";
    char array[] = "array";
    EXPECT(is_julia(frame, jlt_box(frame, text), "\"grüße\""));
    EXPECT(is_julia(frame, jlt_box(frame, "literal"), "\"literal\""));
    EXPECT(is_julia(frame, jlt_box(frame, array), "\"array\""));
    EXPECT(is_julia(frame, jlt_box(frame, &array[3]), "\"ay\""));
    EXPECT(!jlt_unbox(frame, jlt_eval(frame, "\"a\\0b\""), &back));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_unbox: expected a String without NULs, got one with a NUL at byte 1");
    EXPECT(!jlt_unbox(frame, jlt_eval(frame, ":symbol"), &back));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "expected String, got Symbol");
    EXPECT(!strcmp(back, "untouched"));
    EXPECT(jlt_unbox(frame, jlt_box(frame, text), &back) && !strcmp(back, text));
    EXPECT(jlt_unbox(frame, jlt_box(frame, ""), &back) && !*back);
}

static void test_each_type_of_c(void **unused)
{
    (void)unused;
    in_body(integers);
    in_body(wide_integers);
    in_body(floating_point_numbers);
    in_body(pointers);
    in_body(texts);
}

/* ---- wrong types ---- */

/* *into stays as it is, and both types are named. */
#define EXPECT_MISMATCH(c, code, text)                                                                                 \
    do {                                                                                                               \
        c into_ = 77;                                                                                                  \
        EXPECT(!jlt_unbox(frame, jlt_eval(frame, code), &into_));                                                      \
        EXPECT_FAILED(JLT_TYPE_MISMATCH, text);                                                                        \
        EXPECT(into_ == 77);                                                                                           \
    } while (0)

static void wrong_types(jlt_frame *frame)
{
    EXPECT_MISMATCH(int, "Int64(1)", "expected Int32, got Int64");
    EXPECT_MISMATCH(long long, "Int32(1)", "expected Int64, got Int32");
    EXPECT_MISMATCH(unsigned, "Int32(1)", "expected UInt32, got Int32");
    EXPECT_MISMATCH(short, "nothing", "expected Int16, got Nothing");
    EXPECT_MISMATCH(unsigned char, "true", "expected UInt8, got Bool");
    EXPECT_MISMATCH(signed char, "'x'", "expected Int8, got Char");
    EXPECT_MISMATCH(float, "1.0", "expected Float32, got Float64");
    EXPECT_MISMATCH(double, "1", "expected Float64, got Int64");
    EXPECT_MISMATCH(double complex, "1.0", "expected ComplexF64, got Float64");
    bool truth = true;
    EXPECT(!jlt_unbox(frame, jlt_eval(frame, "0"), &truth) && truth);
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "expected Bool, got Int64");
    void *pointer = &truth;
    EXPECT(!jlt_unbox(frame, jlt_eval(frame, "0"), &pointer) && pointer == &truth);
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "expected Ptr, got Int64");
    jlt_i128 wide = {5, 5};
    EXPECT(!jlt_unbox(frame, jlt_eval(frame, "0"), &wide) && wide.low == 5 && wide.high == 5);
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "expected Int128, got Int64");
}

static void bad_arguments(jlt_frame *frame)
{
    int number = 77;
    EXPECT(!jlt_unbox(frame, NULL, &number));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_unbox: value is NULL");
    EXPECT(!jlt_unbox(frame, jlt_box(frame, 1), (int *)NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_unbox: into is NULL");
    EXPECT(!jlt_unbox_into(frame, jlt_box(frame, 1), (jlt_scalar)99, &number));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_unbox: 99 is not a scalar");
    jlt_fail(frame, "failed before");
    EXPECT(!jlt_box(frame, 1));
    EXPECT_FAILED(JLT_FAILED, "failed before");
    jlt_value *one = jlt_box(frame, 1);
    jlt_fail(frame, "failed again");
    bool unboxed = jlt_unbox(frame, one, &number);
    jlt_catch(frame);
    EXPECT(!unboxed && number == 77);
}

static void test_what_cannot_be_unboxed(void **unused)
{
    (void)unused;
    in_body(wrong_types);
    in_body(bad_arguments);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_type_of_c),
        cmocka_unit_test(test_what_cannot_be_unboxed),
    };
    return cmocka_run_group_tests(tests, start_runtime, stop_runtime);
}
