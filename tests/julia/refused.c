/* SPDX-License-Identifier: MIT
 *
 * Arguments that are refused: NULL where something is needed, types and inputs that are missing, frames that are
 * closed. And names of statuses that do not exist. */
#include "julia/fixture.h"

static void do_nothing(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state, (void)input, (void)output;
}

static const jlt_persistent_type idle_type = {.name = "idle", .run = do_nothing};

/* ---- NULL outside of bodies ---- */

#define ASSERT_REFUSED(call, text)                                                                                     \
    do {                                                                                                               \
        assert_status(call, JLT_INVALID_ARGUMENT);                                                                     \
        assert_contains(jlt_error_message(), text);                                                                    \
    } while (0)

static void test_null_outside_of_bodies(void **unused)
{
    (void)unused;
    jlt_runtime *none = NULL;
    jlt_thread *no_thread = NULL;
    jlt_persistent *task = NULL;
    jlt_receiver *receiver = NULL;
    static const jlt_task_type once = {.run = NULL};
    ASSERT_REFUSED(jlt_runtime_spawn(NULL, NULL, &no_thread), "jlt_runtime_spawn: runtime is NULL");
    ASSERT_REFUSED(jlt_runtime_spawn(NULL, &none, NULL), "jlt_runtime_spawn: thread is NULL");
    ASSERT_REFUSED(jlt_runtime_start(NULL, NULL, NULL, NULL), "jlt_runtime_start: main_fn is NULL");
    ASSERT_REFUSED(jlt_runtime_close(NULL, true), "jlt_runtime_close: runtime is NULL");
    ASSERT_REFUSED(jlt_thread_join(NULL), "jlt_thread_join: thread is NULL");
    ASSERT_REFUSED(jlt_task_dispatch(NULL, &once, NULL, &receiver), "jlt_task_dispatch: runtime is NULL");
    ASSERT_REFUSED(jlt_task_try_dispatch(NULL, &once, NULL, NULL), "jlt_task_try_dispatch: runtime is NULL");
    ASSERT_REFUSED(jlt_task_invoke(NULL, &once, NULL, NULL), "jlt_task_invoke: runtime is NULL");
    ASSERT_REFUSED(jlt_persistent_dispatch(NULL, &idle_type, NULL, &receiver), "jlt_persistent_dispatch: runtime");
    ASSERT_REFUSED(jlt_persistent_try_dispatch(NULL, &idle_type, NULL, NULL), "jlt_persistent_try_dispatch: runtime");
    ASSERT_REFUSED(jlt_persistent_spawn(NULL, &idle_type, NULL, &task), "jlt_persistent_spawn: runtime is NULL");
    ASSERT_REFUSED(jlt_persistent_spawn(runtime, &idle_type, NULL, NULL), "jlt_persistent_spawn: task is NULL");
    ASSERT_REFUSED(jlt_persistent_call(NULL, NULL, &receiver), "jlt_persistent_call: task is NULL");
    ASSERT_REFUSED(jlt_persistent_try_call(NULL, NULL, NULL), "jlt_persistent_try_call: task is NULL");
    ASSERT_REFUSED(jlt_persistent_invoke(NULL, NULL, NULL), "jlt_persistent_invoke: task is NULL");
    ASSERT_REFUSED(jlt_receiver_recv(NULL, NULL), "jlt_receiver_recv: receiver is NULL");
    ASSERT_REFUSED(jlt_receiver_recv_timeout(NULL, 0, NULL), "jlt_receiver_recv_timeout: receiver is NULL");
    ASSERT_REFUSED(jlt_receiver_try_recv(NULL, NULL), "jlt_receiver_try_recv: receiver is NULL");
    assert_null(receiver);
    assert_null(task);
    assert_null(none);
    assert_null(no_thread);
    assert_null(jlt_runtime_clone(NULL));
    assert_null(jlt_persistent_clone(NULL));
    jlt_runtime_drop(NULL);
    jlt_persistent_drop(NULL);
    jlt_receiver_drop(NULL);
    assert_true(jlt_runtime_is_closed(NULL));
}

static void test_types_and_inputs_that_are_missing(void **unused)
{
    (void)unused;
    jlt_persistent *task = NULL;
    jlt_receiver *receiver = NULL;
    static const jlt_task_type no_run = {.name = "lame"};
    static const jlt_persistent_type no_run_either = {.name = "lame, too"};
    static const jlt_persistent_type hungry = {.name = "hungry", .config_size = 8, .input_size = 16, .run = do_nothing};
    ASSERT_REFUSED(jlt_task_dispatch(runtime, NULL, NULL, &receiver), "type is NULL");
    ASSERT_REFUSED(jlt_task_try_dispatch(runtime, NULL, NULL, &receiver), "type is NULL");
    ASSERT_REFUSED(jlt_task_invoke(runtime, NULL, NULL, NULL), "type is NULL");
    ASSERT_REFUSED(jlt_persistent_spawn(runtime, NULL, NULL, &task), "type is NULL");
    ASSERT_REFUSED(jlt_task_invoke(runtime, &no_run, NULL, NULL), "\"lame\" has no run");
    ASSERT_REFUSED(jlt_persistent_spawn(runtime, &no_run_either, NULL, &task), "\"lame, too\" has no run");
    ASSERT_REFUSED(jlt_persistent_spawn(runtime, &hungry, NULL, &task), "config is NULL, but \"hungry\" takes 8 bytes");
    ASSERT_REFUSED(jlt_persistent_dispatch(runtime, &hungry, NULL, &receiver), "config is NULL");
    assert_null(receiver);
    assert_ok(jlt_persistent_spawn(runtime, &hungry, "8 bytes", &task));
    ASSERT_REFUSED(jlt_persistent_invoke(task, NULL, NULL), "input is NULL, but \"hungry\" takes 16 bytes");
    ASSERT_REFUSED(jlt_persistent_call(task, NULL, &receiver), "input is NULL");
    ASSERT_REFUSED(jlt_persistent_try_call(task, NULL, &receiver), "input is NULL");
    assert_null(receiver);
    jlt_persistent_drop(task);
}

static void test_a_handle_needs_a_place(void **unused)
{
    (void)unused;
    jlt_persistent *task = NULL;
    jlt_receiver *receiver;
    assert_ok(jlt_persistent_dispatch(runtime, &idle_type, NULL, &receiver));
    ASSERT_REFUSED(jlt_receiver_recv(receiver, NULL), "jlt_receiver_recv: output is NULL");
    ASSERT_REFUSED(jlt_receiver_recv_timeout(receiver, -1, NULL), "jlt_receiver_recv_timeout: output is NULL");
    assert_ok(jlt_receiver_recv(receiver, &task)); /* the receiver stayed good */
    jlt_persistent_drop(task);
}

/* ---- frames that are NULL or closed ---- */

/* Every function that takes a frame and returns a value. */
#define FRAME_CALLS(X)                                                                                                 \
    X(jlt_scope_open, frame)                                                                                           \
    X(jlt_root, frame, with.value)                                                                                     \
    X(jlt_slot_new, frame, with.value)                                                                                 \
    X(jlt_slot_get, frame, with.slot)                                                                                  \
    X(jlt_ok, frame)                                                                                                   \
    X(jlt_global, frame, "Base.sqrt")                                                                                  \
    X(jlt_eval, frame, "touched = true")                                                                               \
    X(jlt_call, frame, with.value)                                                                                     \
    X(jlt_call_n, frame, with.value, &with.value, 1)                                                                   \
    X(jlt_box_bool, frame, true)                                                                                       \
    X(jlt_box_char, frame, 'x')                                                                                        \
    X(jlt_box_i8, frame, 1)                                                                                            \
    X(jlt_box_i16, frame, 1)                                                                                           \
    X(jlt_box_i32, frame, 1)                                                                                           \
    X(jlt_box_i64, frame, 1)                                                                                           \
    X(jlt_box_u8, frame, 1)                                                                                            \
    X(jlt_box_u16, frame, 1)                                                                                           \
    X(jlt_box_u32, frame, 1)                                                                                           \
    X(jlt_box_u64, frame, 1)                                                                                           \
    X(jlt_box_f32, frame, 1)                                                                                           \
    X(jlt_box_f64, frame, 1)                                                                                           \
    X(jlt_box_pointer, frame, &with.value)                                                                             \
    X(jlt_box_nothing, frame)                                                                                          \
    X(jlt_box_string, frame, "x")                                                                                      \
    X(jlt_box_string_n, frame, "x", 1)                                                                                 \
    X(jlt_box_symbol, frame, "x")                                                                                      \
    X(jlt_unbox_bool, frame, with.value)                                                                               \
    X(jlt_unbox_char, frame, with.value)                                                                               \
    X(jlt_unbox_i8, frame, with.value)                                                                                 \
    X(jlt_unbox_i16, frame, with.value)                                                                                \
    X(jlt_unbox_i32, frame, with.value)                                                                                \
    X(jlt_unbox_i64, frame, with.value)                                                                                \
    X(jlt_unbox_u8, frame, with.value)                                                                                 \
    X(jlt_unbox_u16, frame, with.value)                                                                                \
    X(jlt_unbox_u32, frame, with.value)                                                                                \
    X(jlt_unbox_u64, frame, with.value)                                                                                \
    X(jlt_unbox_f32, frame, with.value)                                                                                \
    X(jlt_unbox_f64, frame, with.value)                                                                                \
    X(jlt_unbox_pointer, frame, with.value)                                                                            \
    X(jlt_unbox_string, frame, with.value, NULL)                                                                       \
    X(jlt_unbox_symbol, frame, with.value)                                                                             \
    X(jlt_is_nothing, frame, with.value)                                                                               \
    X(jlt_isa, frame, with.value, with.value)                                                                          \
    X(jlt_typeof, frame, with.value)                                                                                   \
    X(jlt_box_i128, frame, (jlt_i128){1, 1})                                                                           \
    X(jlt_box_u128, frame, (jlt_u128){1, 1})                                                                           \
    X(jlt_box_f16, frame, 1)                                                                                           \
    X(jlt_box_c32, frame, (jlt_c32){1, 1})                                                                             \
    X(jlt_box_c64, frame, (jlt_c64){1, 1})                                                                             \
    X(jlt_box_missing, frame)                                                                                          \
    X(jlt_box_symbol_n, frame, "x", 1)                                                                                 \
    X(jlt_unbox_f16, frame, with.value)                                                                                \
    X(jlt_box_bits, frame, with.value, &with, 1)                                                                       \
    X(jlt_unbox_bits, frame, with.value, NULL, &with, 1)                                                               \
    X(jlt_is_missing, frame, with.value)                                                                               \
    X(jlt_tuple, frame, with.value)                                                                                    \
    X(jlt_tuple_n, frame, &with.value, 1)                                                                              \
    X(jlt_named_tuple, frame, {"a", with.value})                                                                       \
    X(jlt_named_tuple_n, frame, &(jlt_field){"a", with.value}, 1)                                                      \
    X(jlt_field_get, frame, with.value, "x")                                                                           \
    X(jlt_field_path, frame, with.value, "x.y")                                                                        \
    X(jlt_field_set, frame, with.value, "x", with.value)                                                               \
    X(jlt_has_field, frame, with.value, "x")                                                                           \
    X(jlt_field_count, frame, with.value)                                                                              \
    X(jlt_field_at, frame, with.value, 1)                                                                              \
    X(jlt_field_set_at, frame, with.value, 1, with.value)                                                              \
    X(jlt_field_name, frame, with.value, 1)                                                                            \
    X(jlt_index, frame, with.value, with.value)                                                                        \
    X(jlt_index_n, frame, with.value, &with.value, 1)                                                                  \
    X(jlt_index_set, frame, with.value, with.value, with.value)                                                        \
    X(jlt_index_set_n, frame, with.value, with.value, NULL, 0)                                                         \
    X(jlt_index_at, frame, with.value, 1)                                                                              \
    X(jlt_index_set_at, frame, with.value, with.value, 1)                                                              \
    X(jlt_has_key, frame, with.value, with.value)                                                                      \
    X(jlt_length, frame, with.value)                                                                                   \
    X(jlt_range_i64, frame, 1, 1, 2)                                                                                   \
    X(jlt_range_f64, frame, 1, 2, 2)                                                                                   \
    X(jlt_equal, frame, with.value, with.value)                                                                        \
    X(jlt_isequal, frame, with.value, with.value)                                                                      \
    X(jlt_identical, frame, with.value, with.value)                                                                    \
    X(jlt_hash, frame, with.value)                                                                                     \
    X(jlt_show, frame, with.value, NULL)                                                                               \
    X(jlt_print, frame, with.value, NULL)                                                                              \
    X(jlt_unbox, frame, with.value, &with.number)                                                                      \
    X(jlt_array_new, frame, JLT_F64, 0, NULL)                                                                          \
    X(jlt_array_copy, frame, JLT_F64, &with.value, 0, NULL)                                                            \
    X(jlt_array_wrap, frame, JLT_F64, &with.value, 0, NULL)                                                            \
    X(jlt_array_view, frame, with.value, JLT_F64, &view)                                                               \
    X(jlt_caught, frame)                                                                                               \
    X(jlt_set_global, frame, "touched", with.value)                                                                    \
    X(jlt_set_const, frame, "touched", with.value)                                                                     \
    X(jlt_spawn_with, frame, NULL, with.value)                                                                         \
    X(jlt_spawn_with_n, frame, NULL, with.value, NULL, 0)                                                              \
    X(jlt_gc_collect, frame, true)                                                                                     \
    X(jlt_gc_enable, frame, false)                                                                                     \
    X(jlt_gc_stats, frame, &gc)                                                                                        \
    X(jlt_weak_new, frame, with.value)                                                                                 \
    X(jlt_weak_get, frame, with.value)                                                                                 \
    X(jlt_include, frame, "/nonexistent.jl")                                                                           \
    X(jlt_using, frame, "Base")                                                                                        \
    X(jlt_activate, frame, "/")                                                                                        \
    X(jlt_module_once, frame, "Refused", "x = 1")

struct arguments {
    jlt_value *value;
    jlt_slot *slot;
    int64_t number;
};

/* Each tells whether the function returned false, NULL or zero. */
#define FRAME_CALL(function, ...)                                                                                      \
    static bool call_##function(jlt_frame *frame, struct arguments with)                                               \
    {                                                                                                                  \
        jlt_view view;                                                                                                 \
        jlt_gc_counts gc;                                                                                              \
        (void)&view, (void)&gc, (void)with;                                                                            \
        return !function(__VA_ARGS__);                                                                                 \
    }
FRAME_CALLS(FRAME_CALL)

static bool call_jlt_scope_close(jlt_frame *frame, struct arguments with)
{
    (void)with;
    jlt_scope_close(frame);
    return true;
}

static bool call_jlt_slot_set(jlt_frame *frame, struct arguments with)
{
    jlt_slot_set(frame, with.slot, with.value);
    return true;
}

#define WIDE_CALL(name, c)                                                                                             \
    static bool call_jlt_unbox_##name(jlt_frame *frame, struct arguments with)                                         \
    {                                                                                                                  \
        static const c zero;                                                                                           \
        c result = jlt_unbox_##name(frame, with.value);                                                                \
        return !memcmp(&result, &zero, sizeof zero);                                                                   \
    }
WIDE_CALL(i128, jlt_i128)
WIDE_CALL(u128, jlt_u128)
WIDE_CALL(c32, jlt_c32)
WIDE_CALL(c64, jlt_c64)

static bool call_jlt_fail(jlt_frame *frame, struct arguments with)
{
    (void)with;
    jlt_fail(frame, "%d", 1);
    return true;
}

static bool call_jlt_catch(jlt_frame *frame, struct arguments with)
{
    (void)with;
    return jlt_catch(frame) == JLT_INVALID_ARGUMENT;
}

static const struct {
    const char *name;
    bool (*call)(jlt_frame *frame, struct arguments with);
} frame_calls[] = {
#define FRAME_CALL_ENTRY(function, ...) {#function, call_##function},
    FRAME_CALLS(FRAME_CALL_ENTRY){"jlt_scope_close", call_jlt_scope_close},
    {"jlt_slot_set", call_jlt_slot_set},
    {"jlt_unbox_i128", call_jlt_unbox_i128},
    {"jlt_unbox_u128", call_jlt_unbox_u128},
    {"jlt_unbox_c32", call_jlt_unbox_c32},
    {"jlt_unbox_c64", call_jlt_unbox_c64},
    {"jlt_fail", call_jlt_fail},
    {"jlt_catch", call_jlt_catch},
};

/* No call does anything with such a frame, each says why, and the frame that is open does not fail. */
static void expect_all_complain(jlt_frame *frame, jlt_frame *bad, const char *rule)
{
    jlt_value *value = jlt_eval(frame, "[1.0]");
    struct arguments with = {value, jlt_slot_new(frame, value), 0};
    for (size_t i = 0; i < sizeof frame_calls / sizeof *frame_calls; i++) {
        char wanted[128];
        snprintf(wanted, sizeof wanted, "%s: %s", frame_calls[i].name, rule);
        jlt_catch(frame); /* no error */
        bool refused = frame_calls[i].call(bad, with);
        if (refused && !strcmp(jlt_error_message(), wanted))
            continue;
        jlt_fail(frame, "not \"%s\" but \"%s\"", wanted, jlt_error_message());
        return;
    }
    EXPECT(jlt_slot_get(frame, with.slot) == value);
    EXPECT(!jlt_unbox_bool(frame, jlt_eval(frame, "isdefined(Main, :touched)")));
}

static void frames_that_are_null(jlt_frame *frame)
{
    expect_all_complain(frame, NULL, "frame is NULL");
}

static void frames_that_are_closed(jlt_frame *frame)
{
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_scope_close(scope);
    expect_all_complain(frame, scope, "the frame was used after its message or scope had ended");
}

static void test_frames_that_are_null_or_closed(void **unused)
{
    (void)unused;
    in_body(frames_that_are_null);
    if (jlt_debug_counts().tasks < 0) /* a build with JLT_CHECKS aborts (misuse.c) */
        in_body(frames_that_are_closed);
}

/* ---- other arguments that are NULL ---- */

#define UNBOX_NULL(name)                                                                                               \
    EXPECT(!jlt_unbox_##name(frame, NULL));                                                                            \
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_unbox_" #name ": value is NULL")

static void unboxing_null(jlt_frame *frame)
{
    UNBOX_NULL(bool);
    UNBOX_NULL(char);
    UNBOX_NULL(i8);
    UNBOX_NULL(i16);
    UNBOX_NULL(i32);
    UNBOX_NULL(i64);
    UNBOX_NULL(u8);
    UNBOX_NULL(u16);
    UNBOX_NULL(u32);
    UNBOX_NULL(u64);
    UNBOX_NULL(f32);
    UNBOX_NULL(f64);
    UNBOX_NULL(pointer);
    UNBOX_NULL(symbol);
    EXPECT(!jlt_unbox_string(frame, NULL, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_unbox_string: value is NULL");
}

static void values_that_are_null(jlt_frame *frame)
{
    jlt_value *value = jlt_box_i64(frame, 1);
    jlt_slot *slot = jlt_slot_new(frame, value);
    EXPECT(!jlt_root(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_root: value is NULL");
    EXPECT(!jlt_slot_new(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_slot_new: value is NULL");
    EXPECT(!jlt_slot_get(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_slot_get: slot is NULL");
    jlt_slot_set(frame, NULL, value);
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_slot_set: slot is NULL");
    jlt_slot_set(frame, slot, NULL);
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_slot_set: value is NULL");
    EXPECT(jlt_slot_get(frame, slot) == value);
    EXPECT(!jlt_is_nothing(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_is_nothing: value is NULL");
    EXPECT(!jlt_isa(frame, NULL, value));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_isa: value is NULL");
    EXPECT(!jlt_isa(frame, value, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_isa: type is NULL");
    EXPECT(!jlt_typeof(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_typeof: value is NULL");
}

static void texts_that_are_null(jlt_frame *frame)
{
    const char *volatile none = NULL; /* the compiler knows that a format should not be NULL */
    EXPECT(!jlt_global(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_global: path is NULL");
    EXPECT(!jlt_eval(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_eval: code is NULL");
    EXPECT(!jlt_call_list(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_call: list is NULL");
    EXPECT(!jlt_box_string(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_box_string: text is NULL");
    EXPECT(!jlt_box_string_n(frame, NULL, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_box_string_n: bytes is NULL");
    EXPECT(!jlt_box_symbol(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_box_symbol: name is NULL");
    EXPECT(!jlt_box_symbol_n(frame, NULL, 1));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_box_symbol_n: bytes is NULL");
    jlt_fail(frame, none, 1);
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_fail: format is NULL");
}

static void test_arguments_that_are_null(void **unused)
{
    (void)unused;
    in_body(unboxing_null);
    in_body(values_that_are_null);
    in_body(texts_that_are_null);
}

/* ---- statuses ---- */

static void test_names_of_statuses(void **unused)
{
    (void)unused;
#define ASSERT_NAME(name, text) assert_string_equal(jlt_status_name(JLT_##name), "JLT_" #name);
    JLT_STATUS_MAP(ASSERT_NAME)
    assert_string_equal(jlt_status_name((jlt_status)-1), "JLT_UNKNOWN");
    assert_string_equal(jlt_status_name((jlt_status)(JLT_WOULD_DEADLOCK + 1)), "JLT_UNKNOWN");
    assert_string_equal(jlt_status_name((jlt_status)9999), "JLT_UNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_null_outside_of_bodies),  cmocka_unit_test(test_types_and_inputs_that_are_missing),
        cmocka_unit_test(test_a_handle_needs_a_place),  cmocka_unit_test(test_frames_that_are_null_or_closed),
        cmocka_unit_test(test_arguments_that_are_null), cmocka_unit_test(test_names_of_statuses),
    };
    return cmocka_run_group_tests(tests, start_runtime, stop_runtime);
}
