/* SPDX-License-Identifier: MIT
 *
 * Memory that one side gives to the other: C's, with a release function, and Julia's, held for the client. */
#include "julia/fixture.h"

#include <pthread.h>
#include <stdatomic.h>

/* ---- memory that becomes Julia's ---- */

static atomic_int released;

static void note_release(void *argument)
{
    free(argument);
    atomic_fetch_add(&released, 1);
}

static jlt_value *wrap_owned(jlt_frame *frame, size_t length)
{
    double *data = calloc(length + 1, sizeof *data);
    return jlt_array_wrap_owned(frame, JLT_F64, data, 1, &length, note_release, data);
}

static void collect(jlt_frame *frame)
{
    jlt_eval(frame, "GC.gc(); yield(); GC.gc()");
}

/* Finalizers may run some time after the collection. */
static bool is_released(int count)
{
    for (int i = 0; i < 50 && atomic_load(&released) < count; i++)
        in_body(collect);
    return atomic_load(&released) == count;
}

static void keep_nothing(jlt_frame *frame)
{
    wrap_owned(frame, 10);
    jlt_eval(frame, "GC.gc()"); /* rooted */
    EXPECT(atomic_load(&released) == 0);
}

static void keep(jlt_frame *frame, const char *part)
{
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_value *array = wrap_owned(scope, 12);
    jlt_eval(scope, "kept = Ref{Any}()");
    jlt_call(scope, jlt_global(scope, "Base.setindex!"), jlt_global(scope, "Main.kept"),
             jlt_call(scope, jlt_eval(scope, part), array));
    jlt_scope_close(scope);
}

static void keep_reshaped(jlt_frame *frame)
{
    keep(frame, "a -> reshape(reshape(a, 3, 4), 2, 6)");
}

static void keep_view(jlt_frame *frame)
{
    keep(frame, "a -> view(reshape(a, 3, 4), 2, :)");
}

static void use_kept(jlt_frame *frame)
{
    collect(frame);
    EXPECT(atomic_load(&released) == 0);
    jlt_eval(frame, "fill!(kept[], 1.5); all(x -> x == 1.5, kept[]) || error()");
    EXPECT(jlt_ok(frame));
}

static void forget_kept(jlt_frame *frame)
{
    jlt_eval(frame, "kept[] = nothing");
}

static void no_elements(jlt_frame *frame)
{
    wrap_owned(frame, 0);
}

static void test_memory_is_released_once_nothing_refers_to_it(void **unused)
{
    (void)unused;
    void (*const keepers[])(jlt_frame *) = {keep_reshaped, keep_view};
    atomic_store(&released, 0);
    in_body(keep_nothing);
    assert_true(is_released(1));
    for (size_t i = 0; i < sizeof keepers / sizeof *keepers; i++) {
        atomic_store(&released, 0);
        in_body(keepers[i]);
        for (int j = 0; j < 5; j++)
            in_body(use_kept);
        in_body(forget_kept);
        assert_true(is_released(1));
    }
    atomic_store(&released, 0);
    in_body(no_elements);
    assert_true(is_released(1));
}

static void failures_release_nothing(jlt_frame *frame)
{
    const size_t one = 1, none = 0;
    _Alignas(16) double data[2] = {0};
    EXPECT(!jlt_array_wrap_owned(frame, JLT_F64, data, 1, &one, NULL, data));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_wrap_owned: release is NULL");
    EXPECT(!jlt_array_wrap_owned(frame, JLT_F64, NULL, 1, &one, note_release, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_wrap_owned: data is NULL");
    EXPECT(!jlt_array_wrap_owned(frame, JLT_F64, (char *)data + 1, 1, &one, note_release, data));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_array_wrap_owned: data is not aligned for Float64");
    EXPECT(!jlt_array_wrap_owned_of(frame, jlt_eval(frame, "Int"), 4, data, 1, &none, note_release, data));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "jlt_array_wrap_owned_of: an element of Int64 has 8 bytes in Julia, but 4 in C");
    EXPECT(!jlt_array_wrap_owned_of(frame, jlt_eval(frame, "String"), 8, data, 1, &one, note_release, data));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "String is not a bits type");
    collect(frame);
    EXPECT(atomic_load(&released) == 0);
}

static void structs_are_released_too(jlt_frame *frame)
{
    int64_t *pair = calloc(2, sizeof *pair);
    pair[1] = 5;
    jlt_eval(frame, "struct Two; a::Int; b::Int; end");
    jlt_value *array =
        jlt_array_wrap_owned_of(frame, jlt_global(frame, "Main.Two"), 16, pair, 1, &(size_t){1}, note_release, pair);
    EXPECT(jlt_unbox_i64(frame, jlt_call(frame, jlt_eval(frame, "a -> a[1].b"), array)) == 5);
}

static void test_memory_of_what_failed_stays_the_callers(void **unused)
{
    (void)unused;
    atomic_store(&released, 0);
    in_body(failures_release_nothing);
    in_body(structs_are_released_too);
    assert_true(is_released(1));
}

/* ---- values held for the client ---- */

static jlt_held *held_by_eval(const char *code);

static void hold_code(jlt_frame *frame, const void *input, void *output)
{
    *(jlt_held **)output = jlt_hold(frame, jlt_eval(frame, *(const char *const *)input));
}

static void drop_output(void *output)
{
    jlt_held_drop(*(jlt_held **)output);
}

static const jlt_task_type hold_type = {
    .input_size = sizeof(char *), .output_size = sizeof(jlt_held *), .run = hold_code, .dispose_output = drop_output};

static jlt_held *held_by_eval(const char *code)
{
    jlt_held *held = NULL;
    assert_ok(jlt_task_invoke(runtime, &hold_type, &code, &held));
    assert_non_null(held);
    return held;
}

static void test_arrays_and_strings_are_read_without_julia(void **unused)
{
    (void)unused;
    jlt_held *array = held_by_eval("reshape(collect(1.0:6.0), 2, 3)");
    jlt_held *text = held_by_eval("string(\"a\\0\", repeat(\"b\", 100))");
    jlt_held *bytes = held_by_eval("UInt8[1, 2, 3]"), *part = held_by_eval("view(collect(1:9), 4:6)");
    for (int i = 0; i < 3; i++)
        in_body(collect);
    jlt_view view;
    assert_ok(jlt_held_view(array, JLT_F64, &view));
    assert_true(view.ndims == 2 && view.dims[0] == 2 && view.dims[1] == 3 && view.contiguous);
    assert_true(jlt_at(&view, double, 1, 2) == 6 && jlt_at(&view, double, 0, 1) == 3);
    const void *data;
    size_t length;
    assert_ok(jlt_held_bytes(text, &data, &length));
    assert_true(length == 102 && !memcmp(data, "a\0bbb", 5) && ((const char *)data)[102] == 0);
    assert_ok(jlt_held_bytes(bytes, &data, &length));
    assert_true(length == 3 && !memcmp(data, "\1\2\3", 3));
    assert_ok(jlt_held_view(part, JLT_I64, &view));
    assert_true(view.length == 3 && jlt_at(&view, int64_t, 2) == 6);
    jlt_held_drop(array);
    jlt_held_drop(text);
    jlt_held_drop(bytes);
    jlt_held_drop(part);
    jlt_held_drop(NULL);
}

static void test_structs_are_read_by_the_name_of_their_type(void **unused)
{
    (void)unused;
    struct spot {
        int64_t at;
        double value;
    };
    jlt_held *held = held_by_eval("struct Spot; at::Int; value::Float64; end; [Spot(1, 2), Spot(3, 4)]");
    jlt_view view;
    assert_ok(jlt_held_view_of(held, "Spot", sizeof(struct spot), &view));
    assert_true(view.length == 2 && jlt_at(&view, struct spot, 1).value == 4);
    assert_status(jlt_held_view_of(held, "Spot", 8, &view), JLT_TYPE_MISMATCH);
    assert_contains(jlt_error_message(), "an element of Spot has 16 bytes in Julia, but 8 in C");
    assert_status(jlt_held_view_of(held, "Spat", sizeof(struct spot), &view), JLT_TYPE_MISMATCH);
    assert_contains(jlt_error_message(), "jlt_held_view_of: expected an Array of Spat, got ");
    jlt_held_drop(held);
}

static void test_what_is_held_is_not_what_is_asked_for(void **unused)
{
    (void)unused;
    jlt_held *number = held_by_eval("7"), *floats = held_by_eval("Float32[1, 2]");
    jlt_held *gaps = held_by_eval("view(collect(1:9), 1:2:9)");
    jlt_view view, before;
    const void *data;
    size_t length;
    memset(&before, 0x5a, sizeof before);
    view = before;
    assert_status(jlt_held_view(number, JLT_F64, &view), JLT_TYPE_MISMATCH);
    assert_contains(jlt_error_message(), "jlt_held_view: expected an Array of Float64, got Int64");
    assert_status(jlt_held_view(floats, JLT_F64, &view), JLT_TYPE_MISMATCH);
    assert_contains(jlt_error_message(), "expected an Array of Float64, got ");
    assert_contains(jlt_error_message(), "Float32");
    assert_status(jlt_held_view(gaps, JLT_I64, &view), JLT_TYPE_MISMATCH);
    assert_contains(jlt_error_message(), "whose elements have gaps between them");
    assert_status(jlt_held_bytes(floats, &data, &length), JLT_TYPE_MISMATCH);
    assert_contains(jlt_error_message(), "jlt_held_bytes: expected a String or an Array of UInt8, got ");
    assert_status(jlt_held_view(NULL, JLT_F64, &view), JLT_INVALID_ARGUMENT);
    assert_status(jlt_held_view(floats, JLT_F32, NULL), JLT_INVALID_ARGUMENT);
    assert_status(jlt_held_view(floats, (jlt_element)99, &view), JLT_INVALID_ARGUMENT);
    assert_status(jlt_held_view_of(floats, NULL, 4, &view), JLT_INVALID_ARGUMENT);
    assert_status(jlt_held_bytes(floats, NULL, &length), JLT_INVALID_ARGUMENT);
    assert_status(jlt_held_bytes(NULL, &data, &length), JLT_INVALID_ARGUMENT);
    assert_memory_equal(&view, &before, sizeof view);
    jlt_held_drop(number);
    jlt_held_drop(floats);
    jlt_held_drop(gaps);
}

static jlt_held *shared;

static void give_back(jlt_frame *frame)
{
    collect(frame);
    EXPECT(jlt_unbox_i64(frame, jlt_call(frame, jlt_global(frame, "Base.getindex"), jlt_held_get(frame, shared))) == 7);
    EXPECT(!jlt_held_get(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_held_get: held is NULL");
    EXPECT(!jlt_hold(frame, NULL));
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_hold: value is NULL");
}

static void *drop_shared(void *unused)
{
    (void)unused;
    jlt_held_drop(shared);
    return NULL;
}

/* The value lives as long as it is held, and no longer; any thread may drop it. */
static void test_what_is_dropped_is_collected(void **unused)
{
    (void)unused;
    char code[256];
    snprintf(code, sizeof code, "finalizer(x -> ccall(Ptr{Cvoid}(%zu), Cvoid, (Ptr{Cvoid},), C_NULL), Ref(7))",
             (size_t)(uintptr_t)note_release);
    atomic_store(&released, 0);
    shared = held_by_eval(code);
    in_body(give_back);
    in_body(collect);
    assert_int_equal(atomic_load(&released), 0);
    pthread_t other;
    assert_int_equal(pthread_create(&other, NULL, drop_shared, NULL), 0);
    pthread_join(other, NULL);
    assert_true(is_released(1));
}

static void test_an_output_that_nobody_receives_is_dropped(void **unused)
{
    (void)unused;
    const char *code = "collect(1:100)";
    jlt_receiver *receiver;
    for (int i = 0; i < 10; i++) {
        assert_ok(jlt_task_dispatch(runtime, &hold_type, &code, &receiver));
        jlt_receiver_drop(receiver);
        assert_ok(jlt_task_invoke(runtime, &hold_type, &code, NULL));
    }
    /* the teardown looks whether any is left */
}

/* Threads hold and drop while others collect. */
static void *hold_and_drop(void *failures)
{
    const int rounds = test_is_stress() ? 20 : 500;
    for (int i = 0; i < rounds; i++) {
        const char *code = "collect(1:10)";
        jlt_held *held[3];
        jlt_view view;
        for (int j = 0; j < 3; j++)
            if (jlt_task_invoke(runtime, &hold_type, &code, &held[j]) != JLT_OK)
                atomic_fetch_add((atomic_int *)failures, 1);
        for (int j = 0; j < 3; j++) {
            jlt_held *next = held[(j + i) % 3];
            if (jlt_held_view(next, JLT_I64, &view) != JLT_OK || jlt_at(&view, int64_t, 9) != 10)
                atomic_fetch_add((atomic_int *)failures, 1);
            jlt_held_drop(next);
        }
    }
    return NULL;
}

static void test_many_threads_hold_and_drop(void **unused)
{
    (void)unused;
    static atomic_int failures;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hold_and_drop, &failures), 0);
    for (int i = 0; i < 10; i++)
        in_body(collect);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&failures), 0);
}

/* ---- after Julia's end ---- */

static void keep_until_the_end(jlt_frame *frame)
{
    keep(frame, "identity");
}

/* The teardown. What is held outlives the runtime; what was wrapped with a release function is released at its end. */
static int stop_with_values_held(void **unused)
{
    const void *bytes;
    size_t length;
    jlt_view view;
    jlt_held *array = held_by_eval("collect(1.0:1000.0)"), *text = held_by_eval("repeat(\"x\", 1000)");
    atomic_store(&released, 0);
    in_body(keep_until_the_end);
    jlt_runtime_drop(runtime);
    assert_ok(jlt_thread_join(thread));
    assert_int_equal(atomic_load(&released), 1);
    assert_ok(jlt_held_view(array, JLT_F64, &view));
    assert_ok(jlt_held_bytes(text, &bytes, &length));
    assert_true(jlt_at(&view, double, 999) == 1000 && ((const char *)bytes)[999] == 'x');
    jlt_counts counts = jlt_debug_counts();
    assert_true(counts.held == 2 || counts.held == -1);
    jlt_held_drop(array);
    jlt_held_drop(text);
    counts = jlt_debug_counts();
    assert_true(counts.held == 0 || counts.held == -1);
    (void)unused;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_released_once_nothing_refers_to_it),
        cmocka_unit_test(test_memory_of_what_failed_stays_the_callers),
        cmocka_unit_test(test_arrays_and_strings_are_read_without_julia),
        cmocka_unit_test(test_structs_are_read_by_the_name_of_their_type),
        cmocka_unit_test(test_what_is_held_is_not_what_is_asked_for),
        cmocka_unit_test(test_what_is_dropped_is_collected),
        cmocka_unit_test(test_an_output_that_nobody_receives_is_dropped),
        cmocka_unit_test(test_many_threads_hold_and_drop),
    };
    return cmocka_run_group_tests(tests, start_runtime, stop_with_values_held);
}
