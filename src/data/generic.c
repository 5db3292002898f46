/* SPDX-License-Identifier: MIT
 *
 * Unboxing into a variable of any of C's types, which jlt_unbox chooses by. */
#include "data/value.h"

#include <string.h>

/* A NUL inside would end the text too soon. */
static const char *unbox_text(jlt_frame *frame, jlt_value *value)
{
    size_t length;
    const char *text = jlt_unbox_string(frame, value, &length);
    if (!text || strlen(text) == length)
        return text;
    frame_fail(frame, JLT_TYPE_MISMATCH, "jlt_unbox: expected a String without NULs, got one with a NUL at byte %zu",
               strlen(text));
    return NULL;
}

static bool store(const jlt_frame *frame, void *into, const void *result, size_t size)
{
    if (frame->base->failed)
        return false;
    memcpy(into, result, size);
    return true;
}

bool jlt_unbox_into(jlt_frame *frame, jlt_value *value, jlt_scalar scalar, void *into)
{
    static const char call[] = "jlt_unbox";
    if (!frame_enter(frame, call) || !frame_wants_value(frame, value, call, "value") ||
        !frame_wants(frame, into, call, "into"))
        return false;
    switch (scalar) {
#define UNBOX(NAME, name, c)                                                                                           \
    case JLT_SCALAR_##NAME: {                                                                                          \
        c result = jlt_unbox_##name(frame, value);                                                                     \
        return store(frame, into, &result, sizeof result);                                                             \
    }
        JLT_SCALAR_MAP(UNBOX)
#undef UNBOX
    case JLT_SCALAR_STRING: {
        const char *result = unbox_text(frame, value);
        return store(frame, into, &result, sizeof result);
    }
    }
    frame_fail(frame, JLT_INVALID_ARGUMENT, "%s: %d is not a scalar", call, (int)scalar);
    return false;
}
