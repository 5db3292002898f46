/* SPDX-License-Identifier: MIT
 *
 * For tests of C that Julia calls. */
#ifndef JLT_TESTS_CALLBACKS_H
#define JLT_TESTS_CALLBACKS_H

#include "julia/fixture.h"

#define PLAIN(f) ((void (*)(void))(f))

static inline bool is_int(jlt_frame *frame, jlt_value *value, int64_t expected)
{
    return jlt_unbox_i64(frame, value) == expected && jlt_ok(frame);
}

/* code is a function of one argument. */
static inline jlt_value *apply(jlt_frame *frame, const char *code, jlt_value *value)
{
    return jlt_call(frame, jlt_eval(frame, code), value);
}

static inline int start_two_threads(void **unused)
{
    (void)unused;
    assert_ok(jlt_runtime_spawn(&(jlt_options){.threads = 2}, &runtime, &thread));
    return 0;
}

#endif
