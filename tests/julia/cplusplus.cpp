/* SPDX-License-Identifier: MIT
 *
 * The header in C++: it compiles without a warning, and its macros and overloads do what they do in C. */
#include <jltask.h>

#include <climits>
#include <cstdio>
#include <cstring>

#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            jlt_status caught_ = jlt_catch(frame);                                                                     \
            jlt_fail(frame, "%s:%d: not so: %s (%s %s)", __FILE__, __LINE__, #condition, jlt_status_name(caught_),     \
                     jlt_error_message());                                                                             \
            return;                                                                                                    \
        }                                                                                                              \
    } while (0)

namespace
{

bool is_julia(jlt_frame *frame, jlt_value *value, const char *code)
{
    return jlt_identical(frame, value, jlt_eval(frame, code));
}

template <class type> bool both(jlt_frame *frame, type value, const char *code)
{
    type back{};
    jlt_value *box = jlt_box(frame, value);
    return is_julia(frame, box, code) && jlt_unbox(frame, box, &back) && back == value;
}

void boxes(jlt_frame *frame)
{
    EXPECT(both(frame, true, "true"));
    EXPECT(both(frame, 'a', "Base.Cchar(97)"));
    EXPECT(both(frame, static_cast<signed char>(SCHAR_MIN), "typemin(Int8)"));
    EXPECT(both(frame, static_cast<unsigned char>(UCHAR_MAX), "typemax(UInt8)"));
    EXPECT(both(frame, static_cast<short>(SHRT_MIN), "typemin(Int16)"));
    EXPECT(both(frame, static_cast<unsigned short>(USHRT_MAX), "typemax(UInt16)"));
    EXPECT(both(frame, INT_MIN, "typemin(Int32)"));
    EXPECT(both(frame, UINT_MAX, "typemax(UInt32)"));
    EXPECT(both(frame, LONG_MIN, "typemin(Clong)"));
    EXPECT(both(frame, ULONG_MAX, "typemax(Culong)"));
    EXPECT(both(frame, LLONG_MIN, "typemin(Int64)"));
    EXPECT(both(frame, ULLONG_MAX, "typemax(UInt64)"));
    EXPECT(both(frame, 1.5f, "1.5f0"));
    EXPECT(both(frame, -1.5, "-1.5"));
#ifdef __SIZEOF_INT128__
    EXPECT(both(frame, static_cast<jlt_int128>(-3), "Int128(-3)"));
    EXPECT(both(frame, static_cast<jlt_uint128>(3) << 64, "UInt128(3) << 64"));
#endif
    EXPECT(is_julia(frame, jlt_box(frame, jlt_c64{1, 2}), "1.0 + 2.0im"));
    EXPECT(is_julia(frame, jlt_box(frame, jlt_i128{1, 0}), "Int128(1)"));
    char array[] = "array";
    const char *text = nullptr;
    EXPECT(is_julia(frame, jlt_box(frame, "literal"), "\"literal\""));
    EXPECT(is_julia(frame, jlt_box(frame, array), "\"array\""));
    EXPECT(jlt_unbox(frame, jlt_box(frame, "literal"), &text) && !std::strcmp(text, "literal"));
    void *pointer = array, *back = nullptr;
    EXPECT(jlt_unbox(frame, jlt_box(frame, pointer), &back) && back == array);
    int number = 77;
    EXPECT(!jlt_unbox(frame, jlt_box(frame, 1.5), &number) && number == 77);
    EXPECT(jlt_catch(frame) == JLT_TYPE_MISMATCH);
}

void lists(jlt_frame *frame)
{
    jlt_value *one = jlt_box(frame, 1), *two = jlt_box(frame, 2);
    EXPECT(is_julia(frame, jlt_call(frame, jlt_global(frame, "Base.+"), one, two), "Int32(3)"));
    EXPECT(is_julia(frame, jlt_tuple(frame, one, two), "(Int32(1), Int32(2))"));
    EXPECT(is_julia(frame, jlt_named_tuple(frame, {"a", one}, {"b", two}), "(a = Int32(1), b = Int32(2))"));
    jlt_value *vector = jlt_eval(frame, "[5, 6]");
    EXPECT(jlt_index_set(frame, vector, one, two));
    EXPECT(is_julia(frame, jlt_index(frame, vector, two), "1")); /* converted to Int64 */
    jlt_spawn_options options{};
    options.keywords = jlt_named_tuple(frame, {"base", two});
    jlt_value *parse = jlt_global(frame, "Base.parse"), *type = jlt_global(frame, "Base.Int64");
    EXPECT(is_julia(frame, jlt_fetch(frame, jlt_spawn_with(frame, &options, parse, type, jlt_box(frame, "11"))), "3"));
}

void run(jlt_frame *frame, const void *, void *)
{
    boxes(frame);
    if (jlt_ok(frame))
        lists(frame);
}

} // namespace

int main()
{
    jlt_runtime *runtime;
    jlt_thread *thread;
    jlt_task_type type{};
    type.run = run;
    jlt_status status = jlt_runtime_spawn(nullptr, &runtime, &thread);
    if (status == JLT_OK) {
        status = jlt_task_invoke(runtime, &type, nullptr, nullptr);
        std::fputs(jlt_error_message(), stderr);
        jlt_runtime_drop(runtime);
        jlt_thread_join(thread);
    }
    return status == JLT_OK ? 0 : 1;
}
