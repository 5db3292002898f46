/* SPDX-License-Identifier: MIT
 *
 * Values: code, calls, and what crosses between C and Julia. */
#include "data/value.h"

#include "data/known.h"
#include "julia/bootstrap.h"
#include "julia/symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char julia_text[] = {
#include "value.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:value.jl", 0};

JULIA_FUNCTION(source, jlt_value *, type_of, (jlt_value *), "Any, (Any,)");
JULIA_FUNCTION(source, const char *, string_bytes, (jlt_value *, size_t *length), "Ptr{UInt8}, (Any, Ptr{Csize_t})");
JULIA_FUNCTION(source, jlt_value *, new_string, (const char *bytes, size_t length, int *failed),
               "Any, (Ptr{UInt8}, Csize_t, Failed)");
JULIA_FUNCTION(source, jlt_value *, new_symbol, (const char *bytes, size_t length, int *failed),
               "Any, (Ptr{UInt8}, Csize_t, Failed)");
JULIA_FUNCTION(source, jlt_value *, wrong_type, (jlt_value *, const char *call, const char *expected, int *failed),
               "Any, (Any, Ptr{UInt8}, Ptr{UInt8}, Failed)");
JULIA_FUNCTION(source, const char *, symbol_name, (jlt_value *), "Ptr{UInt8}, (Any,)");

/* ---- code, calls ---- */

jlt_value *jlt_eval(jlt_frame *frame, const char *code)
{
    if (!frame_enter(frame, __func__) || !frame_wants(frame, code, __func__, "code"))
        return NULL;
    return frame_take(frame, julia_eval(code));
}

static jlt_value *call(jlt_frame *frame, const char *name, jlt_value *const *list, size_t count)
{
    if (!count) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "%s: the list is empty", name);
        return NULL;
    }
    if (!frame_wants_value(frame, list[0], name, "the function") ||
        !values_check(frame, name, "argument", list + 1, count - 1))
        return NULL;
    julia_may_collect();
    return frame_take(frame, julia_call(list, count));
}

jlt_value *jlt_call_list(jlt_frame *frame, jlt_value *const *list)
{
    if (!frame_enter(frame, "jlt_call") || !frame_wants(frame, list, "jlt_call", "list"))
        return NULL;
    return call(frame, "jlt_call", list, value_count(list));
}

jlt_value *jlt_call_n(jlt_frame *frame, jlt_value *function, jlt_value *const *arguments, size_t count)
{
    enum { on_stack = 16 };
    jlt_value *small[on_stack], **list = small;
    if (!frame_enter(frame, __func__) ||
        !frame_wants(frame, count ? (const void *)arguments : "", __func__, "arguments"))
        return NULL;
    if (count > PTRDIFF_MAX / sizeof *list) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "jlt_call_n: %zu arguments exceed the address space", count);
        return NULL;
    }
    if (count >= on_stack && !(list = malloc((count + 1) * sizeof *list))) {
        frame_fail(frame, JLT_NO_MEMORY, "no memory for %zu arguments", count);
        return NULL;
    }
    list[0] = function;
    if (count)
        memcpy(list + 1, arguments, count * sizeof *list);
    jlt_value *result = call(frame, __func__, list, count + 1);
    if (list != small)
        free(list);
    return result;
}

/* ---- scalars ---- */

#define SCALAR_MAP(X)                                                                                                  \
    X(bool, bool, Bool, bool)                                                                                          \
    X(i8, int8_t, Int8, int8)                                                                                          \
    X(i16, int16_t, Int16, int16)                                                                                      \
    X(i32, int32_t, Int32, int32)                                                                                      \
    X(i64, int64_t, Int64, int64)                                                                                      \
    X(u8, uint8_t, UInt8, uint8)                                                                                       \
    X(u16, uint16_t, UInt16, uint16)                                                                                   \
    X(u32, uint32_t, UInt32, uint32)                                                                                   \
    X(u64, uint64_t, UInt64, uint64)                                                                                   \
    X(f32, float, Float32, float32)                                                                                    \
    X(f64, double, Float64, float64)

/* Whether value is of that type; if not, the frame fails. */
static bool expect(jlt_frame *frame, jlt_value *value, jlt_value *type, const char *name, const char *function)
{
    if (!frame_wants_value(frame, value, function, "value"))
        return false;
    if (julia.isa(value, type))
        return true;
    frame_fail(frame, JLT_TYPE_MISMATCH, "%s: expected %s, got %s", function, name, julia.typeof_str(value));
    return false;
}

#define SCALAR(name, c, type, julia_name)                                                                              \
    jlt_value *jlt_box_##name(jlt_frame *frame, c value)                                                               \
    {                                                                                                                  \
        return frame_enter(frame, __func__) ? frame_root(frame, julia.box_##julia_name(value)) : NULL;                 \
    }                                                                                                                  \
    c jlt_unbox_##name(jlt_frame *frame, jlt_value *value)                                                             \
    {                                                                                                                  \
        if (!frame_enter(frame, __func__) || !expect(frame, value, bootstrap.type, #type, __func__))                   \
            return 0;                                                                                                  \
        return (c)julia.unbox_##julia_name(value);                                                                     \
    }
SCALAR_MAP(SCALAR)

/* Julia keeps a Char as the bytes of its UTF-8 encoding, left-aligned. */
static uint32_t char_bits(uint32_t point)
{
    if (point < 0x80)
        return point << 24;
    if (point < 0x800)
        return (0xc0 | point >> 6) << 24 | (0x80 | (point & 0x3f)) << 16;
    if (point < 0x10000)
        return (0xe0 | point >> 12) << 24 | (0x80 | (point >> 6 & 0x3f)) << 16 | (0x80 | (point & 0x3f)) << 8;
    return (0xf0 | point >> 18) << 24 | (0x80 | (point >> 12 & 0x3f)) << 16 | (0x80 | (point >> 6 & 0x3f)) << 8 |
           (0x80 | (point & 0x3f));
}

static uint32_t code_point(uint32_t bits)
{
    uint32_t a = bits >> 24, b = bits >> 16 & 0x3f, c = bits >> 8 & 0x3f, d = bits & 0x3f;
    if (a < 0x80)
        return a;
    if (a < 0xe0)
        return (a & 0x1f) << 6 | b;
    if (a < 0xf0)
        return (a & 0x0f) << 12 | b << 6 | c;
    return (a & 0x07) << 18 | b << 12 | c << 6 | d;
}

jlt_value *jlt_box_char(jlt_frame *frame, uint32_t value)
{
    if (!frame_enter(frame, __func__))
        return NULL;
    if (value > 0x10ffff) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "jlt_box_char: 0x%x is not a Unicode code point", value);
        return NULL;
    }
    return frame_root(frame, julia.box_char(char_bits(value)));
}

uint32_t jlt_unbox_char(jlt_frame *frame, jlt_value *value)
{
    if (!frame_enter(frame, __func__) || !expect(frame, value, bootstrap.Char, "Char", __func__))
        return 0;
    uint32_t bits = julia.unbox_uint32(value), point = code_point(bits);
    if (point > 0x10ffff || char_bits(point) != bits) {
        frame_fail(frame, JLT_TYPE_MISMATCH, "jlt_unbox_char: the Char is malformed and has no code point");
        return 0;
    }
    return point;
}

jlt_value *jlt_box_pointer(jlt_frame *frame, void *value)
{
    return frame_enter(frame, __func__) ? frame_root(frame, julia.box_voidpointer(value)) : NULL;
}

void *jlt_unbox_pointer(jlt_frame *frame, jlt_value *value)
{
    if (!frame_enter(frame, __func__) || !expect(frame, value, bootstrap.Ptr, "Ptr", __func__))
        return NULL;
    return julia.unbox_voidpointer(value);
}

jlt_value *jlt_box_nothing(jlt_frame *frame)
{
    return frame_enter(frame, __func__) ? frame_root(frame, bootstrap.nothing) : NULL;
}

jlt_value *jlt_box_missing(jlt_frame *frame)
{
    return frame_enter(frame, __func__) ? frame_root(frame, bootstrap.missing) : NULL;
}

/* ---- strings and symbols ---- */

/* Unlike Julia's own C function this one does not throw when there is no memory for it. */
static struct outcome make_string(const char *bytes, size_t length)
{
    RETURN_LATE(new_string, bytes, length, &failed);
}

static jlt_value *box_string(jlt_frame *frame, const char *bytes, size_t length)
{
    enum { large = 1 << 20 }; /* bytes: may fail where all else still works; to catch that costs more */
    if (length < large)
        return frame_root(frame, julia.pchar_to_string(bytes, length));
    return frame_take(frame, make_string(bytes, length));
}

static bool check_bytes(jlt_frame *frame, const char *call, const char *bytes, size_t length)
{
    if (length && !frame_wants(frame, bytes, call, "bytes"))
        return false;
    if (length <= PTRDIFF_MAX)
        return true;
    frame_fail(frame, JLT_INVALID_ARGUMENT, "%s: %zu bytes exceed the address space", call, length);
    return false;
}

jlt_value *jlt_box_string_n(jlt_frame *frame, const char *bytes, size_t length)
{
    if (!frame_enter(frame, __func__) || !check_bytes(frame, __func__, bytes, length))
        return NULL;
    return box_string(frame, length ? bytes : "", length);
}

jlt_value *jlt_box_string(jlt_frame *frame, const char *text)
{
    if (!frame_enter(frame, __func__) || !frame_wants(frame, text, __func__, "text"))
        return NULL;
    return box_string(frame, text, strlen(text));
}

jlt_value *jlt_box_symbol(jlt_frame *frame, const char *name)
{
    if (!frame_enter(frame, __func__) || !frame_wants(frame, name, __func__, "name"))
        return NULL;
    return frame_root(frame, julia.symbol(name));
}

static struct outcome make_symbol(const char *bytes, size_t length)
{
    RETURN_LATE(new_symbol, bytes, length, &failed);
}

jlt_value *jlt_box_symbol_n(jlt_frame *frame, const char *bytes, size_t length)
{
    if (!frame_enter(frame, __func__) || !check_bytes(frame, __func__, bytes, length))
        return NULL;
    const char *nul = length ? memchr(bytes, 0, length) : NULL;
    if (nul) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "jlt_box_symbol_n: byte %td is a NUL, which no Symbol can have",
                   nul - bytes);
        return NULL;
    }
    return frame_take(frame, make_symbol(length ? bytes : "", length));
}

const char *jlt_unbox_string(jlt_frame *frame, jlt_value *value, size_t *length)
{
    size_t bytes = 0;
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, value, __func__, "value"))
        return NULL;
    string_bytes_function *look = FRAME_LATE(frame, string_bytes);
    if (!look)
        return NULL;
    const char *text = look(value, &bytes);
    if (!text)
        frame_fail(frame, JLT_TYPE_MISMATCH, "jlt_unbox_string: expected String, got %s", julia.typeof_str(value));
    else if (length)
        *length = bytes;
    return text;
}

const char *jlt_unbox_symbol(jlt_frame *frame, jlt_value *value)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, value, __func__, "value"))
        return NULL;
    symbol_name_function *look = FRAME_LATE(frame, symbol_name);
    if (!look)
        return NULL;
    const char *name = look(value);
    if (!name)
        frame_fail(frame, JLT_TYPE_MISMATCH, "jlt_unbox_symbol: expected Symbol, got %s", julia.typeof_str(value));
    return name;
}

/* ---- what the other files use ---- */

static struct outcome name_wrong_type(jlt_value *value, const char *call, const char *expected)
{
    RETURN_LATE(wrong_type, value, call, expected, &failed);
}

void value_mismatch(jlt_frame *frame, jlt_value *value, const char *call, const char *expected)
{
    frame_take(frame, name_wrong_type(value, call, expected));
}

static void expect_known(jlt_value *value, const char *call, const char *what, size_t number)
{
    char text[64];
    snprintf(text, sizeof text, "%s %zu", what, number);
    known_expect(value, call, text);
}

bool values_check(jlt_frame *frame, const char *call, const char *what, jlt_value *const *values, size_t count)
{
    if (!count)
        return true;
    if (!values || count > PTRDIFF_MAX / sizeof *values) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "%s: the list of %zu values %s", call, count,
                   values ? "exceeds the address space" : "is NULL");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (values[i]) {
            if (checks_enabled)
                expect_known(values[i], call, what, i + 1);
            continue;
        }
        frame_fail(frame, JLT_INVALID_ARGUMENT, "%s: %s %zu is NULL", call, what, i + 1);
        return false;
    }
    return true;
}

bool value_passed(jlt_frame *frame, struct outcome outcome)
{
    if (!outcome.failed && !frame->base->failed)
        return true;
    frame_take(frame, outcome);
    return false;
}

/* ---- tests ---- */

bool jlt_is_nothing(jlt_frame *frame, jlt_value *value)
{
    return frame_enter(frame, __func__) && frame_wants_value(frame, value, __func__, "value") &&
           value == bootstrap.nothing;
}

bool jlt_is_missing(jlt_frame *frame, jlt_value *value)
{
    return frame_enter(frame, __func__) && frame_wants_value(frame, value, __func__, "value") &&
           value == bootstrap.missing;
}

bool jlt_isa(jlt_frame *frame, jlt_value *value, jlt_value *type)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, value, __func__, "value") ||
        !frame_wants_value(frame, type, __func__, "type"))
        return false;
    if (julia.isa(type, bootstrap.Type))
        return julia.isa(value, type);
    frame_fail(frame, JLT_TYPE_MISMATCH, "jlt_isa: expected a type, got a value of type %s", julia.typeof_str(type));
    return false;
}

jlt_value *jlt_typeof(jlt_frame *frame, jlt_value *value)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, value, __func__, "value"))
        return NULL;
    type_of_function *type = FRAME_LATE(frame, type_of);
    return type ? frame_root(frame, type(value)) : NULL;
}
