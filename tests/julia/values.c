/* SPDX-License-Identifier: MIT
 *
 * Scalars, strings and symbols across the border, and tests of types. */
#include "julia/fixture.h"

#include <math.h>

/* Whether value is what the code evaluates to: === compares types, and floating-point numbers by their bits. */
static bool is_julia(jlt_frame *frame, jlt_value *value, const char *code)
{
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_value *same = jlt_global(scope, "Base.===");
    bool result = jlt_unbox_bool(scope, jlt_call(scope, same, value, jlt_eval(scope, code)));
    jlt_scope_close(scope);
    return result;
}

/* The boxed value is Julia's, and comes back. */
#define EXPECT_BOTH(name, value, code)                                                                                 \
    do {                                                                                                               \
        jlt_value *box_ = jlt_box_##name(frame, (value));                                                              \
        EXPECT(is_julia(frame, box_, (code)));                                                                         \
        EXPECT(jlt_unbox_##name(frame, box_) == (value));                                                              \
    } while (0)

/* ---- numbers ---- */

static void signed_integers(jlt_frame *frame)
{
    EXPECT_BOTH(i8, INT8_MIN, "typemin(Int8)");
    EXPECT_BOTH(i8, INT8_MAX, "typemax(Int8)");
    EXPECT_BOTH(i8, -1, "Int8(-1)");
    EXPECT_BOTH(i16, INT16_MIN, "typemin(Int16)");
    EXPECT_BOTH(i16, INT16_MAX, "typemax(Int16)");
    EXPECT_BOTH(i16, -1, "Int16(-1)");
    EXPECT_BOTH(i32, INT32_MIN, "typemin(Int32)");
    EXPECT_BOTH(i32, INT32_MAX, "typemax(Int32)");
    EXPECT_BOTH(i32, -1, "Int32(-1)");
    EXPECT_BOTH(i64, INT64_MIN, "typemin(Int64)");
    EXPECT_BOTH(i64, INT64_MAX, "typemax(Int64)");
    EXPECT_BOTH(i64, -1, "Int64(-1)");
    EXPECT_BOTH(i64, 0, "Int64(0)");
}

static void unsigned_integers(jlt_frame *frame)
{
    EXPECT_BOTH(u8, 0, "0x00");
    EXPECT_BOTH(u8, UINT8_MAX, "typemax(UInt8)");
    EXPECT_BOTH(u16, 0x100, "0x0100");
    EXPECT_BOTH(u16, UINT16_MAX, "typemax(UInt16)");
    EXPECT_BOTH(u32, UINT32_MAX, "typemax(UInt32)");
    EXPECT_BOTH(u64, UINT64_MAX, "typemax(UInt64)");
    EXPECT_BOTH(u64, (uint64_t)INT64_MAX + 1, "0x8000000000000000");
}

static void floating_point_numbers(jlt_frame *frame)
{
    EXPECT_BOTH(f32, 1.5f, "1.5f0");
    EXPECT_BOTH(f32, INFINITY, "Inf32");
    EXPECT_BOTH(f64, -1.7976931348623157e308, "-floatmax(Float64)");
    EXPECT_BOTH(f64, 4.9406564584124654e-324, "nextfloat(0.0)");
    EXPECT_BOTH(f64, -INFINITY, "-Inf");
    EXPECT_BOTH(f64, -0.0, "-0.0");
    EXPECT(signbit(jlt_unbox_f64(frame, jlt_box_f64(frame, -0.0))));
    EXPECT(signbit(jlt_unbox_f32(frame, jlt_box_f32(frame, -0.0f))));
    EXPECT(is_julia(frame, jlt_box_f64(frame, (double)NAN), "NaN"));
    EXPECT(isnan(jlt_unbox_f64(frame, jlt_box_f64(frame, (double)NAN))));
    EXPECT(isnan(jlt_unbox_f32(frame, jlt_box_f32(frame, NAN))));
}

static void bools_and_nothing(jlt_frame *frame)
{
    EXPECT_BOTH(bool, true, "true");
    EXPECT_BOTH(bool, false, "false");
    EXPECT(is_julia(frame, jlt_box_nothing(frame), "nothing"));
    EXPECT(jlt_is_nothing(frame, jlt_box_nothing(frame)));
    EXPECT(jlt_is_nothing(frame, jlt_eval(frame, "nothing")));
    EXPECT(!jlt_is_nothing(frame, jlt_eval(frame, "missing")));
    EXPECT(!jlt_is_nothing(frame, jlt_box_bool(frame, false)));
}

static void pointers(jlt_frame *frame)
{
    int here;
    EXPECT_BOTH(pointer, NULL, "C_NULL");
    EXPECT_BOTH(pointer, (void *)(uintptr_t)0xdeadbeef, "Ptr{Cvoid}(UInt(0xdeadbeef))");
    EXPECT(jlt_unbox_pointer(frame, jlt_box_pointer(frame, &here)) == &here);
    EXPECT(jlt_unbox_pointer(frame, jlt_eval(frame, "Ptr{Int32}(4096)")) == (void *)4096);
    EXPECT(jlt_unbox_pointer(frame, jlt_eval(frame, "Ptr{Any}(8192)")) == (void *)8192);
    EXPECT(!jlt_unbox_pointer(frame, jlt_eval(frame, "UInt(4096)")));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "expected Ptr, got UInt64");
}

static void test_numbers(void **unused)
{
    (void)unused;
    in_body(signed_integers);
    in_body(unsigned_integers);
    in_body(floating_point_numbers);
    in_body(bools_and_nothing);
    in_body(pointers);
}

/* ---- characters ---- */

static void chars(jlt_frame *frame)
{
    EXPECT_BOTH(char, 0, "'\\0'");
    EXPECT_BOTH(char, 'A', "'A'");
    EXPECT_BOTH(char, 0x7f, "'\\x7f'");
    EXPECT_BOTH(char, 0x80, "'\\u80'");
    EXPECT_BOTH(char, 0xe9, "'é'");
    EXPECT_BOTH(char, 0x7ff, "'\\u7ff'");
    EXPECT_BOTH(char, 0x800, "'\\u800'");
    EXPECT_BOTH(char, 0x20ac, "'€'");
    EXPECT_BOTH(char, 0xd800, "Char(0xd800)"); /* a lone surrogate: a Char all the same */
    EXPECT_BOTH(char, 0xffff, "'\\uffff'");
    EXPECT_BOTH(char, 0x10000, "'\\U10000'");
    EXPECT_BOTH(char, 0x1f600, "'😀'");
    EXPECT_BOTH(char, 0x10ffff, "'\\U10ffff'");
}

static void all_code_points(jlt_frame *frame)
{
    for (uint32_t point = 0; point <= 0x10ffff; point += test_is_stress() ? 0x18001 : 1) {
        jlt_frame *scope = jlt_scope_open(frame);
        uint32_t back = jlt_unbox_char(scope, jlt_box_char(scope, point));
        jlt_scope_close(scope);
        EXPECT(back == point);
    }
}

static void points_beyond_unicode(jlt_frame *frame)
{
    EXPECT(!jlt_box_char(frame, 0x110000));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "0x110000");
    EXPECT(!jlt_box_char(frame, UINT32_MAX));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "0xffffffff");
}

static void malformed_chars(jlt_frame *frame)
{
    static const char *const codes[] = {
        "reinterpret(Char, 0xff000000)", /* no UTF-8 begins so */
        "reinterpret(Char, 0x80000000)", /* continues nothing */
        "reinterpret(Char, 0xe2820000)", /* cut off */
        "reinterpret(Char, 0xc0800000)", /* longer than needed */
        "reinterpret(Char, 0xf4908080)", /* above 0x10ffff */
        "reinterpret(Char, 0x41000001)", /* more than one */
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        jlt_value *malformed = jlt_eval(frame, codes[i]);
        EXPECT(malformed && jlt_unbox_char(frame, malformed) == 0);
        EXPECT_FAILED(JLT_TYPE_MISMATCH, "malformed");
    }
}

static void test_chars(void **unused)
{
    (void)unused;
    in_body(chars);
    in_body(all_code_points);
    in_body(points_beyond_unicode);
    in_body(malformed_chars);
}

/* ---- strings and symbols ---- */

static void strings(jlt_frame *frame)
{
    size_t length = 99;
    const char *text = jlt_unbox_string(frame, jlt_box_string(frame, "grüße"), &length);
    EXPECT(text && !strcmp(text, "grüße") && length == 7);
    EXPECT(is_julia(frame, jlt_box_string(frame, "grüße"), "\"grüße\""));
    text = jlt_unbox_string(frame, jlt_box_string(frame, ""), &length);
    EXPECT(text && !*text && length == 0);
    text = jlt_unbox_string(frame, jlt_box_string_n(frame, "abc", 0), &length);
    EXPECT(text && !*text && length == 0);
    text = jlt_unbox_string(frame, jlt_box_string_n(frame, NULL, 0), &length);
    EXPECT(text && !*text && length == 0);
    text = jlt_unbox_string(frame, jlt_box_string_n(frame, "abc", 2), NULL);
    EXPECT(text && !strcmp(text, "ab"));
}

static void strings_of_any_bytes(jlt_frame *frame)
{
    static const char bytes[] = "a\0b\xff\xfe\0";
    size_t length = 0;
    jlt_value *string = jlt_box_string_n(frame, bytes, sizeof bytes);
    const char *text = jlt_unbox_string(frame, string, &length);
    EXPECT(is_julia(frame, string, "\"a\\0b\\xff\\xfe\\0\\0\""));
    EXPECT(length == sizeof bytes && !memcmp(text, bytes, sizeof bytes) && text[length] == '\0');
    text = jlt_unbox_string(frame, jlt_box_string(frame, "\xff\xc0"), &length);
    EXPECT(length == 2 && !strcmp(text, "\xff\xc0"));
}

static void large_strings(jlt_frame *frame)
{
    size_t size = (size_t)10 << 20, length = 0;
    char *bytes = malloc(size);
    EXPECT(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i % 251);
    const char *text = jlt_unbox_string(frame, jlt_box_string_n(frame, bytes, size), &length);
    bool same = text && length == size && !memcmp(text, bytes, size);
    free(bytes);
    EXPECT(same);
}

/* The allocation fails in Julia, before the bytes are read. */
static void strings_beyond_memory(jlt_frame *frame)
{
    EXPECT(!jlt_box_string_n(frame, "", SIZE_MAX));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_box_string_n");
    EXPECT(!jlt_box_string_n(frame, "", SIZE_MAX / 4));
    EXPECT_FAILED(JLT_NO_MEMORY, "OutOfMemoryError");
}

static void things_that_are_no_strings(jlt_frame *frame)
{
    size_t length = 99;
    EXPECT(!jlt_unbox_string(frame, jlt_eval(frame, "SubString(\"abc\", 1, 2)"), &length));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "expected String, got SubString");
    EXPECT(length == 99);
}

static const char *kept_name;

static void symbols(jlt_frame *frame)
{
    EXPECT(is_julia(frame, jlt_box_symbol(frame, "speed"), ":speed"));
    EXPECT(is_julia(frame, jlt_box_symbol(frame, "größe"), ":größe"));
    EXPECT(is_julia(frame, jlt_box_symbol(frame, "two words"), "Symbol(\"two words\")"));
    EXPECT(!strcmp(jlt_unbox_symbol(frame, jlt_box_symbol(frame, "")), ""));
    EXPECT(!strcmp(jlt_unbox_symbol(frame, jlt_eval(frame, ":+")), "+"));
    EXPECT(is_julia(frame, jlt_box_symbol_n(frame, "speedy", 5), ":speed"));
    EXPECT(is_julia(frame, jlt_box_symbol_n(frame, NULL, 0), "Symbol(\"\")"));
    EXPECT(!jlt_box_symbol_n(frame, "a\0b", 3));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_box_symbol_n: byte 1 is a NUL, which no Symbol can have");
    EXPECT(!jlt_box_symbol_n(frame, "a", SIZE_MAX));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_box_symbol_n: ");
    kept_name = jlt_unbox_symbol(frame, jlt_eval(frame, "Symbol(\"made \", \"just now\")"));
    EXPECT(kept_name);
}

static void collect(jlt_frame *frame)
{
    jlt_eval(frame, "GC.gc()");
}

static void test_strings(void **unused)
{
    (void)unused;
    in_body(strings);
    in_body(strings_of_any_bytes);
    in_body(large_strings);
    in_body(strings_beyond_memory);
    in_body(things_that_are_no_strings);
}

static void test_symbols(void **unused)
{
    (void)unused;
    in_body(symbols);
    in_body(collect);
    assert_string_equal(kept_name, "made just now");
}

/* ---- wrong types ---- */

/* What is boxed and unboxed, each with its Julia type. */
#define KINDS(X)                                                                                                       \
    X(bool, "Bool", true)                                                                                              \
    X(char, "Char", 'x')                                                                                               \
    X(i8, "Int8", 1)                                                                                                   \
    X(i16, "Int16", 1)                                                                                                 \
    X(i32, "Int32", 1)                                                                                                 \
    X(i64, "Int64", 1)                                                                                                 \
    X(u8, "UInt8", 1)                                                                                                  \
    X(u16, "UInt16", 1)                                                                                                \
    X(u32, "UInt32", 1)                                                                                                \
    X(u64, "UInt64", 1)                                                                                                \
    X(f32, "Float32", 1)                                                                                               \
    X(f64, "Float64", 1)                                                                                               \
    X(pointer, "Ptr", frame)                                                                                           \
    X(symbol, "Symbol", "x")

#define UNBOX(name, type, value)                                                                                       \
    static bool unbox_##name(jlt_frame *frame, jlt_value *boxed)                                                       \
    {                                                                                                                  \
        return jlt_unbox_##name(frame, boxed);                                                                         \
    }
KINDS(UNBOX)

static bool unbox_string(jlt_frame *frame, jlt_value *boxed)
{
    return jlt_unbox_string(frame, boxed, NULL);
}

static const struct kind {
    const char *type;
    bool (*unbox)(jlt_frame *frame, jlt_value *boxed); /* false for zero and NULL; NULL: cannot be unboxed */
} kinds[] = {
#define KIND(name, type, value) {type, unbox_##name},
    KINDS(KIND){"String", unbox_string}, {"Nothing", NULL}, {"Array", NULL}};

enum { kind_count = sizeof kinds / sizeof *kinds };

static void wrong_types(jlt_frame *frame)
{
    jlt_value *const values[kind_count] = {
#define BOX(name, type, value) jlt_box_##name(frame, value),
        KINDS(BOX) jlt_box_string(frame, "x"), jlt_box_nothing(frame), jlt_eval(frame, "[1.0]")};
    for (int wanted = 0; wanted < kind_count && kinds[wanted].unbox; wanted++) {
        for (int given = 0; given < kind_count; given++) {
            bool unboxed = kinds[wanted].unbox(frame, values[given]);
            EXPECT(unboxed == (wanted == given));
            if (wanted == given)
                continue;
            char text[64];
            snprintf(text, sizeof text, "expected %s, got %s", kinds[wanted].type, kinds[given].type);
            EXPECT_FAILED(JLT_TYPE_MISMATCH, text);
        }
    }
}

static void test_wrong_types_are_named(void **unused)
{
    (void)unused;
    in_body(wrong_types);
}

/* ---- types ---- */

static void types(jlt_frame *frame)
{
    jlt_value *one = jlt_box_i64(frame, 1);
    EXPECT(is_julia(frame, jlt_typeof(frame, one), "Int64"));
    EXPECT(is_julia(frame, jlt_typeof(frame, jlt_typeof(frame, one)), "DataType"));
    EXPECT(is_julia(frame, jlt_typeof(frame, jlt_eval(frame, "[1.0]")), "Vector{Float64}"));
    EXPECT(jlt_isa(frame, one, jlt_global(frame, "Base.Int64")));
    EXPECT(jlt_isa(frame, one, jlt_global(frame, "Base.Integer")));
    EXPECT(jlt_isa(frame, one, jlt_global(frame, "Base.Any")));
    EXPECT(jlt_isa(frame, one, jlt_eval(frame, "Union{Nothing, Int64}")));
    EXPECT(jlt_isa(frame, jlt_eval(frame, "[1.0]"), jlt_global(frame, "Base.Vector")));
    EXPECT(!jlt_isa(frame, one, jlt_global(frame, "Base.String")));
    EXPECT(!jlt_isa(frame, one, jlt_eval(frame, "Union{}")));
    EXPECT(jlt_ok(frame));
    EXPECT(!jlt_isa(frame, one, one));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "expected a type, got a value of type Int64");
}

static void test_types(void **unused)
{
    (void)unused;
    in_body(types);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_chars),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_symbols),
        cmocka_unit_test(test_wrong_types_are_named),
        cmocka_unit_test(test_types),
    };
    return cmocka_run_group_tests(tests, start_runtime, stop_runtime);
}
