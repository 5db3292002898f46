/* SPDX-License-Identifier: MIT
 *
 * Numbers that Julia's C API has no boxes for, and C structs as values of bits types. */
#include "julia/fixture.h"

#include <math.h>

static bool is_julia(jlt_frame *frame, jlt_value *value, const char *code)
{
    return jlt_identical(frame, value, jlt_eval(frame, code));
}

/* The boxed value is Julia's, and comes back bit by bit. */
#define EXPECT_BOTH(name, c, value, code)                                                                              \
    do {                                                                                                               \
        c out_ = value;                                                                                                \
        jlt_value *box_ = jlt_box_##name(frame, out_);                                                                 \
        EXPECT(is_julia(frame, box_, (code)));                                                                         \
        c back_ = jlt_unbox_##name(frame, box_);                                                                       \
        EXPECT(!memcmp(&out_, &back_, sizeof out_));                                                                   \
    } while (0)

#define I128(high, low) ((jlt_i128){(low), (high)})
#define U128(high, low) ((jlt_u128){(low), (high)})

/* ---- numbers ---- */

static void wide_integers(jlt_frame *frame)
{
    EXPECT_BOTH(i128, jlt_i128, I128(INT64_MIN, 0), "typemin(Int128)");
    EXPECT_BOTH(i128, jlt_i128, I128(INT64_MAX, UINT64_MAX), "typemax(Int128)");
    EXPECT_BOTH(i128, jlt_i128, I128(-1, UINT64_MAX), "Int128(-1)");
    EXPECT_BOTH(i128, jlt_i128, I128(0, 0), "Int128(0)");
    EXPECT_BOTH(i128, jlt_i128, I128(1, 2), "Int128(2)^64 + 2");
    EXPECT_BOTH(u128, jlt_u128, U128(0, 0), "UInt128(0)");
    EXPECT_BOTH(u128, jlt_u128, U128(UINT64_MAX, UINT64_MAX), "typemax(UInt128)");
    EXPECT_BOTH(u128, jlt_u128, U128(UINT64_C(1) << 63, 1), "UInt128(2)^127 + 1");
}

static void halves(jlt_frame *frame)
{
    EXPECT_BOTH(f16, uint16_t, 0x3c00, "Float16(1)");
    EXPECT_BOTH(f16, uint16_t, 0x7bff, "floatmax(Float16)");
    EXPECT_BOTH(f16, uint16_t, 0xfbff, "-floatmax(Float16)");
    EXPECT_BOTH(f16, uint16_t, 0x0001, "nextfloat(Float16(0))");
    EXPECT_BOTH(f16, uint16_t, 0x8000, "Float16(-0.0)");
    EXPECT_BOTH(f16, uint16_t, 0xfc00, "-Inf16");
    EXPECT_BOTH(f16, uint16_t, 0x7e00, "NaN16");
}

static void complex_numbers(jlt_frame *frame)
{
    EXPECT_BOTH(c32, jlt_c32, ((jlt_c32){1.5f, -2.5f}), "1.5f0 - 2.5f0im");
    EXPECT_BOTH(c32, jlt_c32, ((jlt_c32){-INFINITY, -0.0f}), "Complex(-Inf32, -0.0f0)");
    EXPECT_BOTH(c32, jlt_c32, ((jlt_c32){3.4028235e38f, 1e-45f}), "Complex(floatmax(Float32), nextfloat(0.0f0))");
    EXPECT_BOTH(c64, jlt_c64, ((jlt_c64){1.5, -2.5}), "1.5 - 2.5im");
    EXPECT_BOTH(c64, jlt_c64, ((jlt_c64){-0.0, INFINITY}), "Complex(-0.0, Inf)");
    EXPECT_BOTH(c64, jlt_c64, ((jlt_c64){-1.7976931348623157e308, 5e-324}),
                "Complex(-floatmax(Float64), nextfloat(0.0))");
}

/* Julia computes with what C gave it. */
static void computing(jlt_frame *frame)
{
    jlt_value *plus = jlt_global(frame, "Base.+");
    jlt_value *sum = jlt_call(frame, plus, jlt_box_i128(frame, I128(0, UINT64_MAX)), jlt_box_i128(frame, I128(0, 1)));
    jlt_i128 number = jlt_unbox_i128(frame, sum);
    EXPECT(number.high == 1 && number.low == 0);
    jlt_value *times = jlt_global(frame, "Base.*");
    jlt_value *i = jlt_box_c64(frame, (jlt_c64){0, 1});
    jlt_c64 square = jlt_unbox_c64(frame, jlt_call(frame, times, i, i));
    EXPECT(square.re == -1 && square.im == 0);
}

#define EXPECT_MISMATCH(name, expected, got)                                                                           \
    do {                                                                                                               \
        jlt_unbox_##name(frame, jlt_eval(frame, got));                                                                 \
        EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_unbox_" #name ": expected " expected ", got ");                          \
    } while (0)

static void wrong_numbers(jlt_frame *frame)
{
    jlt_i128 zero = jlt_unbox_i128(frame, jlt_box_i64(frame, 5));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_unbox_i128: expected Int128, got Int64");
    EXPECT(!zero.low && !zero.high);
    jlt_unbox_i128(frame, jlt_eval(frame, "UInt128(1)"));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "expected Int128, got UInt128");
    jlt_unbox_u128(frame, jlt_eval(frame, "Int128(1)"));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_unbox_u128: expected UInt128, got Int128");
    EXPECT(jlt_unbox_f16(frame, jlt_eval(frame, "0x3c00")) == 0);
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_unbox_f16: expected Float16, got UInt16");
    EXPECT_MISMATCH(c32, "ComplexF32", "1.0im"); /* Complex{Float64} or ComplexF64, by version */
    EXPECT_MISMATCH(c64, "ComplexF64", "1im");
    jlt_unbox_c64(frame, jlt_eval(frame, "1im"));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "got Complex{Int64}");
    EXPECT_MISMATCH(c64, "ComplexF64", "\"1im\"");
    jlt_unbox_c64(frame, NULL);
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_unbox_c64: value is NULL");
    jlt_unbox_i128(frame, NULL);
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_unbox_i128: value is NULL");
}

static void test_numbers(void **unused)
{
    (void)unused;
    in_body(wide_integers);
    in_body(halves);
    in_body(complex_numbers);
    in_body(computing);
    in_body(wrong_numbers);
}

/* ---- bits ---- */

struct particle {
    double position[3];
    float mass;
    int8_t charge;
    bool alive;
    int64_t id;
};

static const char particle_code[] = "struct Particle\n"
                                    "    position::NTuple{3,Float64}\n"
                                    "    mass::Float32\n"
                                    "    charge::Int8\n"
                                    "    alive::Bool\n"
                                    "    id::Int64\n"
                                    "end\n"
                                    "struct Empty end\n"
                                    "struct Bytes3; a::NTuple{3,UInt8}; end\n"
                                    "struct Large; bytes::NTuple{40000,UInt8}; end\n"
                                    "struct Named; name::String; end\n"
                                    "mutable struct Counter; n::Int64; end\n"
                                    "struct Pair2{A,B}; a::A; b::B; end\n"
                                    "nothing";

static void define_types(jlt_frame *frame)
{
    EXPECT(jlt_eval(frame, particle_code));
}

static void structs(jlt_frame *frame)
{
    struct particle out = {{1.5, -2.5, 1e300}, 0.25f, -128, true, INT64_MIN}, back = {.id = 5};
    jlt_value *type = jlt_global(frame, "Main.Particle");
    jlt_value *value = jlt_box_bits(frame, type, &out, sizeof out);
    EXPECT(is_julia(frame, value, "Particle((1.5, -2.5, 1e300), 0.25f0, -128, true, typemin(Int64))"));
    EXPECT(jlt_unbox_bits(frame, value, type, &back, sizeof back));
    EXPECT(!memcmp(back.position, out.position, sizeof out.position) && back.mass == 0.25f && back.charge == -128 &&
           back.alive && back.id == INT64_MIN);
    jlt_value *made = jlt_eval(frame, "Particle((0, 1, 2), 3, 4, false, 5)");
    EXPECT(jlt_unbox_bits(frame, made, NULL, &back, sizeof back));
    EXPECT(back.position[2] == 2 && back.mass == 3 && back.charge == 4 && !back.alive && back.id == 5);
}

static void other_bits(jlt_frame *frame)
{
    struct {
        int32_t a;
        double b;
    } pair = {7, 0.5};
    EXPECT(is_julia(frame, jlt_box_bits(frame, jlt_eval(frame, "Pair2{Int32,Float64}"), &pair, sizeof pair),
                    "Pair2{Int32,Float64}(7, 0.5)"));
    EXPECT(is_julia(frame, jlt_box_bits(frame, jlt_eval(frame, "Tuple{Int32,Float64}"), &pair, sizeof pair),
                    "(Int32(7), 0.5)"));
    EXPECT(is_julia(frame,
                    jlt_box_bits(frame, jlt_eval(frame, "NamedTuple{(:a,:b),Tuple{Int32,Float64}}"), &pair,
                                 sizeof pair),
                    "(a = Int32(7), b = 0.5)"));
    EXPECT(is_julia(frame, jlt_box_bits(frame, jlt_global(frame, "Base.Int64"), &(int64_t){-3}, 8), "-3"));
    EXPECT(is_julia(frame, jlt_box_bits(frame, jlt_global(frame, "Base.Bool"), &(bool){true}, 1), "true"));
    EXPECT(is_julia(frame, jlt_box_bits(frame, jlt_eval(frame, "Bytes3"), "abc", 3), "Bytes3((0x61, 0x62, 0x63))"));
    uint8_t bytes[3];
    EXPECT(jlt_unbox_bits(frame, jlt_eval(frame, "(0x01, 0x02, 0x03)"), NULL, bytes, 3));
    EXPECT(bytes[0] == 1 && bytes[1] == 2 && bytes[2] == 3);
    EXPECT(is_julia(frame, jlt_box_bits(frame, jlt_eval(frame, "Empty"), NULL, 0), "Empty()"));
    EXPECT(jlt_unbox_bits(frame, jlt_eval(frame, "Empty()"), NULL, NULL, 0));
    EXPECT(jlt_is_nothing(frame, jlt_box_bits(frame, jlt_eval(frame, "Nothing"), NULL, 0)));
}

static void bits_that_are_not_aligned(jlt_frame *frame)
{
    struct particle out = {{1, 2, 3}, 4, 5, true, 6}, back;
    char buffer[sizeof out + 1], again[sizeof out + 1];
    memcpy(buffer + 1, &out, sizeof out);
    jlt_value *value = jlt_box_bits(frame, jlt_eval(frame, "Particle"), buffer + 1, sizeof out);
    EXPECT(is_julia(frame, value, "Particle((1, 2, 3), 4, 5, true, 6)"));
    EXPECT(jlt_unbox_bits(frame, value, NULL, again + 1, sizeof out));
    memcpy(&back, again + 1, sizeof back);
    EXPECT(back.position[0] == 1 && back.id == 6);
    EXPECT(is_julia(frame,
                    jlt_box_bits(frame, jlt_eval(frame, "Int128"), "\1\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0" + 1, 15 + 1),
                    "Int128(1)"));
}

static void large_bits(jlt_frame *frame)
{
    enum { size = 40000 };
    uint8_t *bytes = malloc(size), *back = calloc(1, size);
    for (int i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i % 251);
    jlt_value *value = jlt_box_bits(frame, jlt_eval(frame, "Large"), bytes, size);
    bool same = jlt_unbox_bits(frame, value, NULL, back, size) && !memcmp(bytes, back, size);
    free(bytes);
    free(back);
    EXPECT(same);
}

static void refused_bits(jlt_frame *frame)
{
    struct particle particle = {.id = 5};
    char bytes[64] = "untouched";
    jlt_value *type = jlt_eval(frame, "Particle"), *value = jlt_box_bits(frame, type, &particle, sizeof particle);
    EXPECT(!jlt_box_bits(frame, type, &particle, sizeof particle - 1));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_box_bits: a Particle has 40 bytes, data has 39");
    EXPECT(!jlt_box_bits(frame, jlt_eval(frame, "Counter"), &particle, 8));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_box_bits: Counter is not a bits type");
    EXPECT(!jlt_box_bits(frame, jlt_eval(frame, "Named"), &particle, 8));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_box_bits: Named is not a bits type");
    EXPECT(!jlt_box_bits(frame, jlt_eval(frame, "Pair2"), &particle, 8));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_box_bits: Pair2 is not a bits type");
    EXPECT(!jlt_box_bits(frame, jlt_eval(frame, "Integer"), &particle, 8));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_box_bits: Integer is not a bits type");
    EXPECT(!jlt_box_bits(frame, jlt_eval(frame, "Union{Int64,Float64}"), &particle, 8));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "is not a bits type");
    EXPECT(!jlt_box_bits(frame, value, &particle, sizeof particle));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_box_bits: expected a type, got a value of type Particle");
    EXPECT(!jlt_unbox_bits(frame, value, type, bytes, sizeof bytes));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_unbox_bits: a Particle has 40 bytes, data has 64");
    EXPECT(!jlt_unbox_bits(frame, jlt_box_f64(frame, 1), jlt_global(frame, "Base.Int64"), bytes, 8));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_unbox_bits: expected Int64, got Float64");
    EXPECT(!jlt_unbox_bits(frame, jlt_eval(frame, "Counter(1)"), NULL, bytes, 8));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_unbox_bits: Counter is not a bits type");
    EXPECT(!jlt_unbox_bits(frame, jlt_eval(frame, "\"12345678\""), NULL, bytes, 8));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_unbox_bits: String is not a bits type");
    EXPECT(!jlt_unbox_bits(frame, value, value, bytes, sizeof particle));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_unbox_bits: expected a type, got a value of type Particle");
    EXPECT(!strcmp(bytes, "untouched"));
}

static void bits_that_are_null(jlt_frame *frame)
{
    jlt_value *type = jlt_global(frame, "Base.Int64"), *value = jlt_box_i64(frame, 1);
    EXPECT(!jlt_box_bits(frame, NULL, &type, 8));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_box_bits: type is NULL");
    EXPECT(!jlt_box_bits(frame, type, NULL, 8));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_box_bits: data is NULL");
    EXPECT(!jlt_unbox_bits(frame, NULL, type, &type, 8));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_unbox_bits: value is NULL");
    EXPECT(!jlt_unbox_bits(frame, value, type, NULL, 8));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_unbox_bits: data is NULL");
}

static void test_bits(void **unused)
{
    (void)unused;
    in_body(define_types);
    in_body(structs);
    in_body(other_bits);
    in_body(bits_that_are_not_aligned);
    in_body(large_bits);
    in_body(refused_bits);
    in_body(bits_that_are_null);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_bits),
    };
    return cmocka_run_group_tests(tests, start_runtime, stop_runtime);
}
