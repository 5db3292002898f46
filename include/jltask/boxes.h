/* SPDX-License-Identifier: MIT
 *
 * Task body: numbers, text and other scalars as Julia values, and back. */
#ifndef JLTASK_BOXES_H
#define JLTASK_BOXES_H

#include "frames.h"

JLT_BEGIN_DECLARATIONS

/* Numbers that C has no portable type for. */
typedef struct jlt_i128 {
    uint64_t low;
    int64_t high; /* the number is high * 2^64 + low */
} jlt_i128;
typedef struct jlt_u128 {
    uint64_t low, high;
} jlt_u128;
typedef struct jlt_c32 {
    float re, im;
} jlt_c32;
typedef struct jlt_c64 {
    double re, im;
} jlt_c64;

/* Boxes: a new Julia value of the type in the comment. jlt_box(frame, x), below, chooses by the type
 * of x. */
JLT_API jlt_value *jlt_box_bool(jlt_frame *frame, bool value);         /* Bool */
JLT_API jlt_value *jlt_box_char(jlt_frame *frame, uint32_t value);     /* Char, from a Unicode code point */
JLT_API jlt_value *jlt_box_i8(jlt_frame *frame, int8_t value);         /* Int8 */
JLT_API jlt_value *jlt_box_i16(jlt_frame *frame, int16_t value);       /* Int16 */
JLT_API jlt_value *jlt_box_i32(jlt_frame *frame, int32_t value);       /* Int32 */
JLT_API jlt_value *jlt_box_i64(jlt_frame *frame, int64_t value);       /* Int64 */
JLT_API jlt_value *jlt_box_u8(jlt_frame *frame, uint8_t value);        /* UInt8 */
JLT_API jlt_value *jlt_box_u16(jlt_frame *frame, uint16_t value);      /* UInt16 */
JLT_API jlt_value *jlt_box_u32(jlt_frame *frame, uint32_t value);      /* UInt32 */
JLT_API jlt_value *jlt_box_u64(jlt_frame *frame, uint64_t value);      /* UInt64 */
JLT_API jlt_value *jlt_box_f32(jlt_frame *frame, float value);         /* Float32 */
JLT_API jlt_value *jlt_box_f64(jlt_frame *frame, double value);        /* Float64 */
JLT_API jlt_value *jlt_box_i128(jlt_frame *frame, jlt_i128 value);     /* Int128 */
JLT_API jlt_value *jlt_box_u128(jlt_frame *frame, jlt_u128 value);     /* UInt128 */
JLT_API jlt_value *jlt_box_f16(jlt_frame *frame, uint16_t bits);       /* Float16, from its IEEE bits */
JLT_API jlt_value *jlt_box_c32(jlt_frame *frame, jlt_c32 value);       /* ComplexF32 */
JLT_API jlt_value *jlt_box_c64(jlt_frame *frame, jlt_c64 value);       /* ComplexF64 */
JLT_API jlt_value *jlt_box_pointer(jlt_frame *frame, void *value);     /* Ptr{Cvoid}; Julia does not own it */
JLT_API jlt_value *jlt_box_nothing(jlt_frame *frame);                  /* Nothing */
JLT_API jlt_value *jlt_box_missing(jlt_frame *frame);                  /* Missing */
JLT_API jlt_value *jlt_box_string(jlt_frame *frame, const char *text); /* String; copied */
JLT_API jlt_value *jlt_box_symbol(jlt_frame *frame, const char *name); /* Symbol */

/* The same of `length` bytes, which need not end with a NUL. A String takes any bytes, NULs too. A Symbol cannot have a
 * NUL in it: JLT_INVALID_ARGUMENT. bytes may be NULL if length is 0. */
JLT_API jlt_value *jlt_box_string_n(jlt_frame *frame, const char *bytes, size_t length);
JLT_API jlt_value *jlt_box_symbol_n(jlt_frame *frame, const char *bytes, size_t length);

/* Unboxes: the C value of a Julia value of exactly the type that the box of the same name makes. Any other fails
 * with JLT_TYPE_MISMATCH, naming both types, and returns zero. */
JLT_API bool jlt_unbox_bool(jlt_frame *frame, jlt_value *value);
JLT_API uint32_t jlt_unbox_char(jlt_frame *frame, jlt_value *value);
JLT_API int8_t jlt_unbox_i8(jlt_frame *frame, jlt_value *value);
JLT_API int16_t jlt_unbox_i16(jlt_frame *frame, jlt_value *value);
JLT_API int32_t jlt_unbox_i32(jlt_frame *frame, jlt_value *value);
JLT_API int64_t jlt_unbox_i64(jlt_frame *frame, jlt_value *value);
JLT_API uint8_t jlt_unbox_u8(jlt_frame *frame, jlt_value *value);
JLT_API uint16_t jlt_unbox_u16(jlt_frame *frame, jlt_value *value);
JLT_API uint32_t jlt_unbox_u32(jlt_frame *frame, jlt_value *value);
JLT_API uint64_t jlt_unbox_u64(jlt_frame *frame, jlt_value *value);
JLT_API float jlt_unbox_f32(jlt_frame *frame, jlt_value *value);
JLT_API double jlt_unbox_f64(jlt_frame *frame, jlt_value *value);
JLT_API jlt_i128 jlt_unbox_i128(jlt_frame *frame, jlt_value *value);
JLT_API jlt_u128 jlt_unbox_u128(jlt_frame *frame, jlt_value *value);
JLT_API uint16_t jlt_unbox_f16(jlt_frame *frame, jlt_value *value); /* its IEEE bits */
JLT_API jlt_c32 jlt_unbox_c32(jlt_frame *frame, jlt_value *value);
JLT_API jlt_c64 jlt_unbox_c64(jlt_frame *frame, jlt_value *value);
JLT_API void *jlt_unbox_pointer(jlt_frame *frame, jlt_value *value); /* any Ptr{T} */

/* The bytes of a String, followed by a NUL; owned by Julia, good as long as the value is rooted. *length (may be
 * NULL) receives their number. NULL on failure. jlt_unbox_symbol: a Symbol's name, good for ever. */
JLT_API const char *jlt_unbox_string(jlt_frame *frame, jlt_value *value, size_t *length);
JLT_API const char *jlt_unbox_symbol(jlt_frame *frame, jlt_value *value);

/* Copies a C struct into a new Julia value, and back. type is a bits type (isbitstype in Julia: immutable, and without
 * references), laid out as the C struct is: the same fields in the same order. Its sizeof must be `size`; only the
 * sizes are compared. A Bool in it must be 0 or 1. In unbox, the value must be of that type, or, with type NULL, of any
 * bits type; *data is left untouched on failure, and the result tells whether it was filled. data need not be aligned,
 * and may be NULL if size is 0. JLT_TYPE_MISMATCH names the type, and both sizes where it is they that differ. */
JLT_API jlt_value *jlt_box_bits(jlt_frame *frame, jlt_value *type, const void *data, size_t size);
JLT_API bool jlt_unbox_bits(jlt_frame *frame, jlt_value *value, jlt_value *type, void *data, size_t size);

/* Tests. isa: whether the value is of that type; type is a Julia type, abstract ones and Unions too. */
JLT_API bool jlt_is_nothing(jlt_frame *frame, jlt_value *value);
JLT_API bool jlt_is_missing(jlt_frame *frame, jlt_value *value);
JLT_API bool jlt_isa(jlt_frame *frame, jlt_value *value, jlt_value *type);
JLT_API jlt_value *jlt_typeof(jlt_frame *frame, jlt_value *value);

/* ---- by C's types */
/*
 *     jlt_value *jlt_box(jlt_frame *frame, x);
 *     bool jlt_unbox(jlt_frame *frame, jlt_value *value, &x);
 *
 * stand for the function that fits the type of x: bool, all of C's integers by their sizes, float, double, jlt_i128,
 * jlt_u128, jlt_c32, jlt_c64, __int128 where there is one, in C _Complex float and double, void *, and const char *
 * (boxing: char * too), a text that ends with its first NUL. Another type does not compile; Char, Float16, Symbol
 * and strings of any bytes have the functions above. A char is Julia's Cchar: Int8 where C's is signed, else UInt8.
 * In C, but not in C++, true, false, comparisons and 'a' are ints: write (bool)true.
 *
 * jlt_unbox fills x and returns true if the value is of exactly the type that jlt_box makes of x; x is left
 * untouched if not (JLT_TYPE_MISMATCH). A const char * is good as long as the value is rooted; for a String with a
 * NUL in it, JLT_TYPE_MISMATCH. */

/* X(NAME, name, C's type): what can be boxed and unboxed in this way, by jlt_box_<name>. */
#define JLT_SCALAR_MAP(X)                                                                                              \
    X(BOOL, bool, bool)                                                                                                \
    X(I8, i8, int8_t)                                                                                                  \
    X(I16, i16, int16_t)                                                                                               \
    X(I32, i32, int32_t)                                                                                               \
    X(I64, i64, int64_t)                                                                                               \
    X(I128, i128, jlt_i128)                                                                                            \
    X(U8, u8, uint8_t)                                                                                                 \
    X(U16, u16, uint16_t)                                                                                              \
    X(U32, u32, uint32_t)                                                                                              \
    X(U64, u64, uint64_t)                                                                                              \
    X(U128, u128, jlt_u128)                                                                                            \
    X(F32, f32, float)                                                                                                 \
    X(F64, f64, double)                                                                                                \
    X(C32, c32, jlt_c32)                                                                                               \
    X(C64, c64, jlt_c64)                                                                                               \
    X(POINTER, pointer, void *)

typedef enum jlt_scalar {
#define JLT_SCALAR_ENUM(NAME, name, c) JLT_SCALAR_##NAME,
    JLT_SCALAR_MAP(JLT_SCALAR_ENUM)
#undef JLT_SCALAR_ENUM
        JLT_SCALAR_STRING /* const char * */
} jlt_scalar;

/* Beneath jlt_unbox: into is a pointer to the scalar's C type. A NULL argument, and a scalar that is none, is
 * JLT_INVALID_ARGUMENT. */
JLT_API bool jlt_unbox_into(jlt_frame *frame, jlt_value *value, jlt_scalar scalar, void *into);

/* X(C's type, name, NAME): each type of C's but bool, with its scalar. */
#if CHAR_MIN < 0
#define JLT_C_CHAR(X) X(char, i8, I8)
#else
#define JLT_C_CHAR(X) X(char, u8, U8)
#endif
#if LONG_MAX > 0x7fffffff
#define JLT_C_LONG(X) X(long, i64, I64) X(unsigned long, u64, U64)
#else
#define JLT_C_LONG(X) X(long, i32, I32) X(unsigned long, u32, U32)
#endif
#ifdef __SIZEOF_INT128__
#define JLT_C_INT128(X) X(jlt_int128, int128, I128) X(jlt_uint128, uint128, U128)
#else
#define JLT_C_INT128(X)
#endif
#if defined(__cplusplus) || defined(__STDC_NO_COMPLEX__)
#define JLT_C_COMPLEX(X)
#else
#define JLT_C_COMPLEX(X) X(float _Complex, float_complex, C32) X(double _Complex, double_complex, C64)
#endif
#define JLT_C_TYPE_MAP(X)                                                                                              \
    JLT_C_CHAR(X)                                                                                                      \
    X(signed char, i8, I8)                                                                                             \
    X(unsigned char, u8, U8)                                                                                           \
    X(short, i16, I16)                                                                                                 \
    X(unsigned short, u16, U16)                                                                                        \
    X(int, i32, I32)                                                                                                   \
    X(unsigned int, u32, U32)                                                                                          \
    JLT_C_LONG(X)                                                                                                      \
    X(long long, i64, I64)                                                                                             \
    X(unsigned long long, u64, U64)                                                                                    \
    JLT_C_INT128(X)                                                                                                    \
    X(jlt_i128, i128, I128)                                                                                            \
    X(jlt_u128, u128, U128)                                                                                            \
    X(float, f32, F32)                                                                                                 \
    X(double, f64, F64)                                                                                                \
    JLT_C_COMPLEX(X)                                                                                                   \
    X(jlt_c32, c32, C32)                                                                                               \
    X(jlt_c64, c64, C64)                                                                                               \
    X(void *, pointer, POINTER)                                                                                        \
    X(const char *, string, STRING)

#ifdef __SIZEOF_INT128__
__extension__ typedef __int128 jlt_int128;
__extension__ typedef unsigned __int128 jlt_uint128;

static inline jlt_value *jlt_box_int128(jlt_frame *frame, jlt_int128 value)
{
    jlt_i128 halves = {(uint64_t)value, (int64_t)(value >> 64)};
    return jlt_box_i128(frame, halves);
}

static inline jlt_value *jlt_box_uint128(jlt_frame *frame, jlt_uint128 value)
{
    jlt_u128 halves = {(uint64_t)value, (uint64_t)(value >> 64)};
    return jlt_box_u128(frame, halves);
}
#endif

JLT_END_DECLARATIONS

#ifdef __cplusplus

#define JLT_CXX_OVERLOADS(c, name, NAME)                                                                               \
    inline jlt_value *jlt_box(jlt_frame *frame, c value)                                                               \
    {                                                                                                                  \
        return jlt_box_##name(frame, value);                                                                           \
    }                                                                                                                  \
    inline bool jlt_unbox(jlt_frame *frame, jlt_value *value, c *into)                                                 \
    {                                                                                                                  \
        return jlt_unbox_into(frame, value, JLT_SCALAR_##NAME, into);                                                  \
    }
JLT_CXX_OVERLOADS(bool, bool, BOOL)
JLT_C_TYPE_MAP(JLT_CXX_OVERLOADS)
#undef JLT_CXX_OVERLOADS

inline jlt_value *jlt_box(jlt_frame *frame, char *text)
{
    return jlt_box_string(frame, text);
}

template <class other> jlt_value *jlt_box(jlt_frame *frame, other value) = delete; /* no silent conversion */

#else

#ifndef __STDC_NO_COMPLEX__
static inline jlt_value *jlt_box_float_complex(jlt_frame *frame, float _Complex value)
{
    union {
        float _Complex value;
        jlt_c32 parts;
    } same = {value};
    return jlt_box_c32(frame, same.parts);
}

static inline jlt_value *jlt_box_double_complex(jlt_frame *frame, double _Complex value)
{
    union {
        double _Complex value;
        jlt_c64 parts;
    } same = {value};
    return jlt_box_c64(frame, same.parts);
}
#endif

#define JLT_BOX_CASE(c, name, NAME) , c : jlt_box_##name
#define JLT_UNBOX_CASE(c, name, NAME) , c * : JLT_SCALAR_##NAME
#define jlt_box(frame, x)                                                                                              \
    _Generic((x), bool : jlt_box_bool, char * : jlt_box_string JLT_C_TYPE_MAP(JLT_BOX_CASE))((frame), (x))
#define jlt_unbox(frame, value, into)                                                                                  \
    jlt_unbox_into((frame), (value), _Generic((into), bool * : JLT_SCALAR_BOOL JLT_C_TYPE_MAP(JLT_UNBOX_CASE)), (into))
#endif

#endif
