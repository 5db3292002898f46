/* SPDX-License-Identifier: MIT
 *
 * docs/misuse.md: values, slots and frames after their end, which only a build with JLT_CHECKS sees every time, in
 * every call that takes one; and what looks like that but is good use. */
#include "julia/misused.h"

#include <stdatomic.h>
#include <unistd.h>

#define AFTER " was used after what rooted it (a frame, scope, task or held value) had ended"
#define SLOT_ENDED ": the slot was used after its frame or scope had ended"
#define FRAME_ENDED ": the frame was used after its message or scope had ended"

#define LATE(function, what, ...) MISUSE(#function ": " what AFTER, (void)function(__VA_ARGS__))

/* ---- values ---- */

static jlt_value *kept;
static jlt_held *held;

static void keep_number(jlt_frame *frame)
{
    kept = jlt_box_f64(frame, 1.5);
}

static void keep_vector(jlt_frame *frame)
{
    kept = jlt_eval(frame, "[1, 2, 3]");
}

static void noop(void)
{
}

static void late_in_calls(jlt_frame *frame)
{
    jlt_value *one = jlt_box_i64(frame, 1), *sum = jlt_global(frame, "Base.sum"), *empty = jlt_eval(frame, "(;)");
    LATE(jlt_call, "the function", frame, kept, one);
    LATE(jlt_call, "argument 1", frame, sum, kept);
    LATE(jlt_call_n, "argument 2", frame, sum, (jlt_value *[]){one, kept}, 2);
    LATE(jlt_call_kw, "keywords", frame, kept, sum, one);
    LATE(jlt_call_kw, "the function", frame, empty, kept, one);
    LATE(jlt_call_kw_n, "argument 1", frame, empty, sum, &kept, 1);
    LATE(jlt_call_splat, "the function", frame, kept, one);
    LATE(jlt_call_splat, "collection", frame, sum, kept);
    LATE(jlt_broadcast, "argument 1", frame, sum, kept);
    LATE(jlt_broadcast_n, "the function", frame, kept, &one, 1);
    LATE(jlt_spawn, "argument 1", frame, sum, kept);
    LATE(jlt_spawn_n, "the function", frame, kept, &one, 1);
    LATE(jlt_spawn_with, "argument 1", frame, NULL, sum, kept);
    LATE(jlt_spawn_with, "keywords", frame, &(jlt_spawn_options){.keywords = kept}, sum, one);
    LATE(jlt_spawn_with_n, "the function", frame, NULL, kept, &one, 1);
    LATE(jlt_fetch, "task", frame, kept);
    LATE(jlt_set_global, "value", frame, "Main.late", kept);
    LATE(jlt_set_const, "value", frame, "Main.late", kept);
    LATE(jlt_weak_new, "value", frame, kept);
    LATE(jlt_weak_get, "weak", frame, kept);
    LATE(jlt_c_function, "return_type", frame, noop, kept, empty);
    LATE(jlt_c_function, "argument_types", frame, noop, empty, kept);
}

static void late_in_values(jlt_frame *frame)
{
    bool into;
    int64_t bits = 0;
    jlt_value *one = jlt_box_i64(frame, 1);
    LATE(jlt_root, "value", frame, kept);
    LATE(jlt_slot_new, "value", frame, kept);
    LATE(jlt_slot_set, "value", frame, jlt_slot_new(frame, one), kept);
    LATE(jlt_hold, "value", frame, kept);
    LATE(jlt_unbox_bool, "value", frame, kept);
    LATE(jlt_unbox_f64, "value", frame, kept);
    LATE(jlt_unbox_i128, "value", frame, kept);
    LATE(jlt_unbox_pointer, "value", frame, kept);
    LATE(jlt_unbox_string, "value", frame, kept, NULL);
    LATE(jlt_unbox_symbol, "value", frame, kept);
    LATE(jlt_unbox, "value", frame, kept, &into);
    LATE(jlt_unbox_bits, "value", frame, kept, NULL, &bits, sizeof bits);
    LATE(jlt_box_bits, "type", frame, kept, &bits, sizeof bits);
    LATE(jlt_opaque_get, "value", frame, "tag", kept);
    LATE(jlt_is_nothing, "value", frame, kept);
    LATE(jlt_is_missing, "value", frame, kept);
    LATE(jlt_isa, "value", frame, kept, one);
    LATE(jlt_isa, "type", frame, one, kept);
    LATE(jlt_typeof, "value", frame, kept);
    LATE(jlt_equal, "right", frame, one, kept);
    LATE(jlt_isequal, "left", frame, kept, one);
    LATE(jlt_identical, "right", frame, one, kept);
    LATE(jlt_hash, "value", frame, kept);
    LATE(jlt_show, "value", frame, kept, NULL);
    LATE(jlt_print, "value", frame, kept, NULL);
}

static void late_in_collections(jlt_frame *frame)
{
    jlt_value *one = jlt_box_i64(frame, 1), *vector = jlt_eval(frame, "[1]");
    LATE(jlt_tuple, "value 1", frame, kept, one);
    LATE(jlt_tuple_n, "value 1", frame, &kept, 1);
    LATE(jlt_named_tuple, "b", frame, {"a", one}, {"b", kept});
    LATE(jlt_field_get, "value", frame, kept, "a");
    LATE(jlt_field_path, "value", frame, kept, "a.b");
    LATE(jlt_field_set, "value", frame, kept, "a", one);
    LATE(jlt_field_set, "field", frame, vector, "a", kept);
    LATE(jlt_has_field, "value", frame, kept, "a");
    LATE(jlt_field_count, "value", frame, kept);
    LATE(jlt_field_at, "value", frame, kept, 1);
    LATE(jlt_field_set_at, "field", frame, vector, 1, kept);
    LATE(jlt_field_name, "value", frame, kept, 1);
    LATE(jlt_index, "collection", frame, kept, one);
    LATE(jlt_index_n, "index 1", frame, vector, &kept, 1);
    LATE(jlt_index_set, "value", frame, vector, kept, one);
    LATE(jlt_index_set_n, "collection", frame, kept, one, &one, 1);
    LATE(jlt_index_at, "collection", frame, kept, 1);
    LATE(jlt_index_set_at, "value", frame, vector, kept, 1);
    LATE(jlt_has_key, "key", frame, vector, kept);
    LATE(jlt_length, "collection", frame, kept);
}

static void late_in_arrays(jlt_frame *frame)
{
    jlt_value *one = jlt_box_i64(frame, 1), *vector = jlt_eval(frame, "[1]"), *type = jlt_global(frame, "Base.Int64");
    size_t dims[] = {1};
    int64_t data = 0;
    jlt_view view;
    LATE(jlt_array_new_of, "type", frame, kept, 1, dims);
    LATE(jlt_array_copy_of, "type", frame, kept, 8, &data, 1, dims);
    LATE(jlt_array_wrap_of, "type", frame, kept, 8, &data, 1, dims);
    LATE(jlt_array_length, "array", frame, kept);
    LATE(jlt_array_shape, "array", frame, kept, 1, dims);
    LATE(jlt_array_get, "array", frame, kept, 0);
    LATE(jlt_array_set, "array", frame, kept, 0, one);
    LATE(jlt_array_set, "value", frame, vector, 0, kept);
    LATE(jlt_array_push, "vector", frame, kept, JLT_I64, &data);
    LATE(jlt_array_push_value, "value", frame, vector, kept);
    LATE(jlt_array_append, "vector", frame, kept, JLT_I64, &data, 1);
    LATE(jlt_array_append_of, "type", frame, vector, kept, 8, &data, 1);
    LATE(jlt_array_resize, "vector", frame, kept, 1);
    LATE(jlt_array_reshape, "array", frame, kept, 1, dims);
    LATE(jlt_array_view, "array", frame, kept, JLT_I64, &view);
    LATE(jlt_array_view_of, "type", frame, vector, kept, 8, &view);
    LATE(jlt_array_view_strided, "array", frame, kept, JLT_I64, &view);
    LATE(jlt_array_view_strided_of, "array", frame, kept, type, 8, &view);
}

static void late_after_collections(jlt_frame *frame)
{
    jlt_eval(frame, "GC.gc(); GC.gc()");
    for (int i = 0; i < 10000; i++)
        jlt_box_f64(frame, i + 0.5);
    LATE(jlt_unbox_f64, "value", frame, kept);
}

static void late_after_scope(jlt_frame *frame)
{
    jlt_frame *scope = jlt_scope_open(frame);
    kept = jlt_box_string(scope, "text");
    jlt_scope_close(scope);
    LATE(jlt_unbox_string, "value", frame, kept, NULL);
}

static void late_after_slot(jlt_frame *frame)
{
    jlt_frame *scope = jlt_scope_open(frame);
    kept = jlt_eval(scope, "[1]");
    jlt_slot *slot = jlt_slot_new(frame, kept);
    jlt_scope_close(scope);
    MUST(jlt_length(frame, kept) == 1); /* the slot has it */
    jlt_slot_set(frame, slot, jlt_box_i64(frame, 1));
    LATE(jlt_length, "collection", frame, kept);
}

static void hold_kept(jlt_frame *frame)
{
    keep_vector(frame);
    held = jlt_hold(frame, kept);
}

static void use_vector(jlt_frame *frame)
{
    MUST(jlt_length(frame, kept) == 3);
}

static void late_vector(jlt_frame *frame)
{
    LATE(jlt_length, "collection", frame, kept);
}

static void late_after_hold(void)
{
    in_message(hold_kept);
    in_message(use_vector);
    jlt_held_drop(held);
    in_message(late_vector);
}

static jlt_slot *slot;

static void keep_in_task(jlt_frame *frame, void *state, const void *config)
{
    (void)state, (void)config;
    keep_vector(frame);
    slot = jlt_slot_new(frame, jlt_eval(frame, "[4]"));
}

static void use_in_task(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state, (void)input, (void)output;
    use_vector(frame);
    MUST(jlt_length(frame, jlt_slot_get(frame, slot)) == 1);
    jlt_slot_set(frame, slot, jlt_eval(frame, "[5]"));
}

static atomic_int exits;

static void note_exit(jlt_frame *frame, void *state)
{
    (void)state;
    use_vector(frame);
    atomic_fetch_add(&exits, 1);
}

static const jlt_persistent_type keeper_type = {.init = keep_in_task, .run = use_in_task, .exit = note_exit};

/* What init rooted, in two messages; returns when the task has ended. */
static void run_keeper(void)
{
    jlt_persistent *task;
    int exits_before = atomic_load(&exits);
    long tasks_before = jlt_debug_counts().tasks;
    MUST(jlt_persistent_spawn(runtime, &keeper_type, NULL, &task) == JLT_OK);
    MUST(jlt_persistent_invoke(task, NULL, NULL) == JLT_OK && jlt_persistent_invoke(task, NULL, NULL) == JLT_OK);
    jlt_persistent_drop(task);
    while (jlt_debug_counts().tasks > tasks_before)
        usleep(1000);
    MUST(atomic_load(&exits) == exits_before + 1);
}

static void commit_with_values(void)
{
    start_julia(1);
    in_message(keep_vector);
    in_message(late_in_calls);
    in_message(late_in_values);
    in_message(late_in_collections);
    in_message(late_in_arrays);
    in_message(keep_number);
    in_message(late_after_collections);
    in_message(late_after_scope);
    in_message(late_after_slot);
    late_after_hold();
    run_keeper();
    in_message(late_vector);
    end_julia();
}

static jlt_value *return_kept(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    (void)frame, (void)data, (void)arguments, (void)count;
    return kept;
}

static void call_function(jlt_frame *frame)
{
    jlt_call(frame, jlt_function(frame, "f", return_kept, NULL, NULL));
}

static void return_late(void)
{
    start_julia(1);
    in_message(keep_vector);
    in_message(call_function);
}

/* ---- slots and frames ---- */

static jlt_frame *kept_frame;

static void slot_after_scope(jlt_frame *frame)
{
    jlt_frame *scope = jlt_scope_open(frame);
    slot = jlt_slot_new(scope, jlt_box_i64(scope, 1));
    jlt_scope_close(scope);
    SAYS(SLOT_ENDED, jlt_slot_get, frame, slot);
}

static void keep_slot(jlt_frame *frame)
{
    slot = jlt_slot_new(frame, jlt_box_i64(frame, 1));
}

static void slot_after_message(jlt_frame *frame)
{
    jlt_value *one = jlt_box_i64(frame, 1);
    jlt_slot_new(frame, one);
    SAYS(SLOT_ENDED, jlt_slot_set, frame, slot, one);
}

static void slot_after_task(jlt_frame *frame)
{
    SAYS(SLOT_ENDED, jlt_slot_get, frame, slot);
}

static void keep_frame(jlt_frame *frame)
{
    kept_frame = frame;
}

/* With one thread both messages are on one fiber. */
static void frame_after_message(jlt_frame *frame)
{
    MUST(jlt_ok(frame));
    SAYS(FRAME_ENDED, jlt_box_i64, kept_frame, 1);
    SAYS(FRAME_ENDED, jlt_catch, kept_frame);
    SAYS(FRAME_ENDED, jlt_cancelled, kept_frame);
}

static void frame_after_scope(jlt_frame *frame)
{
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_scope_close(scope);
    MUST(jlt_scope_open(frame));
    SAYS(FRAME_ENDED, jlt_ok, scope);
    SAYS(FRAME_ENDED, jlt_scope_close, scope);
}

static void commit_with_frames(void)
{
    start_julia(1);
    in_message(slot_after_scope);
    in_message(keep_slot);
    in_message(slot_after_message);
    run_keeper();
    in_message(slot_after_task);
    in_message(keep_frame);
    in_message(frame_after_message);
    in_message(frame_after_scope);
    end_julia();
}

/* ---- what is none ---- */

static jlt_value *constant, *outer;

static void keep_constants(jlt_frame *frame)
{
    constant = jlt_global(frame, "Base.sqrt");
    kept = jlt_box_nothing(frame);
}

static void use_constants(jlt_frame *frame)
{
    MUST(jlt_unbox_f64(frame, jlt_call(frame, constant, jlt_box_f64(frame, 4))) == 2);
    MUST(jlt_is_nothing(frame, kept));
}

static jlt_value *use_outer(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    (void)data;
    MUST(count == 1 && jlt_length(frame, arguments[0]) == 2 && jlt_length(frame, outer) == 3);
    return arguments[0];
}

/* In a callback: values of the body that waits for it, and arguments that only Julia has rooted. */
static void use_in_callback(jlt_frame *frame)
{
    outer = jlt_eval(frame, "[1, 2, 3]");
    jlt_value *f = jlt_function(frame, "f", use_outer, NULL, NULL);
    jlt_value *result = jlt_call(frame, jlt_eval(frame, "f -> f([4, 5])"), f);
    MUST(jlt_length(frame, result) == 2);
}

static void use_well(void)
{
    start_julia(2);
    in_message(keep_constants);
    in_message(use_constants);
    in_message(use_in_callback);
    run_keeper();
    in_message(hold_kept);
    in_message(use_vector);
    jlt_held_drop(held);
    end_julia();
}

/* ---- all of them ---- */

static void test_values(void **unused)
{
    (void)unused;
    misused_apart(commit_with_values);
}

static void test_result_of_function(void **unused)
{
    (void)unused;
    misused_to_death(return_late, "jlt_function: what the C function returned" AFTER);
}

static void test_frames(void **unused)
{
    (void)unused;
    misused_apart(commit_with_frames);
}

static void test_good_use_is_none(void **unused)
{
    (void)unused;
    misused_apart(use_well);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_result_of_function),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_good_use_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
