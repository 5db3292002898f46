/* SPDX-License-Identifier: MIT
 *
 * Numbers that Julia's C API has no boxes for: they are made from their bytes, and read where those are. */
#include "data/value.h"

#include "julia/bootstrap.h"
#include "julia/symbols.h"

#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "jlt_i128 and jlt_u128 have their low half first, as the machines have that Julia runs on"
#endif
_Static_assert(sizeof(jlt_i128) == 16 && sizeof(jlt_u128) == 16 && sizeof(jlt_c32) == 8 && sizeof(jlt_c64) == 16,
               "they are copied as a whole");

/* Copies the bytes of a value of that type; if it is of another, the frame fails and they stay. */
static void read_value(jlt_frame *frame, jlt_value *value, jlt_value *type, const char *name, const char *call,
                       void *bytes, size_t size)
{
    if (!frame_wants_value(frame, value, call, "value"))
        return;
    if (julia.isa(value, type))
        memcpy(bytes, julia.value_ptr(value), size);
    else
        value_mismatch(frame, value, call, name);
}

#define NUMBER(name, c, type)                                                                                          \
    jlt_value *jlt_box_##name(jlt_frame *frame, c value)                                                               \
    {                                                                                                                  \
        return frame_enter(frame, __func__) ? frame_root(frame, julia.new_bits(bootstrap.type, &value)) : NULL;        \
    }                                                                                                                  \
    c jlt_unbox_##name(jlt_frame *frame, jlt_value *value)                                                             \
    {                                                                                                                  \
        c result;                                                                                                      \
        memset(&result, 0, sizeof result);                                                                             \
        if (frame_enter(frame, __func__))                                                                              \
            read_value(frame, value, bootstrap.type, #type, __func__, &result, sizeof result);                         \
        return result;                                                                                                 \
    }

NUMBER(i128, jlt_i128, Int128)
NUMBER(u128, jlt_u128, UInt128)
NUMBER(c32, jlt_c32, ComplexF32)
NUMBER(c64, jlt_c64, ComplexF64)
NUMBER(f16, uint16_t, Float16)
