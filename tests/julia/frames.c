/* SPDX-License-Identifier: MIT
 *
 * What frames, scopes and slots keep alive, and for how long; and what a failure does to them. Objects with finalizers
 * tell when they are collected. */
#include "julia/fixture.h"

#include <stdatomic.h>

/* ---- tracked objects ---- */

static atomic_int finalized;

static void note_finalized(void)
{
    atomic_fetch_add(&finalized, 1);
}

static void define_tracked(jlt_frame *frame)
{
    jlt_eval(frame, "tracked(id, f) = finalizer(x -> ccall(f, Cvoid, ()), Ref(id))\n"
                    "id_of(x) = x[]");
}

/* A new object, rooted in frame alone. */
static jlt_value *tracked(jlt_frame *frame, int64_t id)
{
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_value *value = jlt_call(scope, jlt_global(scope, "Main.tracked"), jlt_box_i64(scope, id),
                                jlt_box_pointer(scope, (void *)(uintptr_t)note_finalized));
    jlt_root(frame, value);
    jlt_scope_close(scope);
    return value;
}

static int64_t id_of(jlt_frame *frame, jlt_value *value)
{
    jlt_frame *scope = jlt_scope_open(frame);
    int64_t id = jlt_unbox_i64(scope, jlt_call(scope, jlt_global(scope, "Main.id_of"), value));
    jlt_scope_close(scope);
    return id;
}

/* How many were finalized since the last look. */
static int count_finalized(jlt_frame *frame)
{
    jlt_frame *scope = jlt_scope_open(frame);
    /* twice: finalizers run after the first, in some releases from a task */
    jlt_eval(scope, "GC.gc(); yield(); GC.gc()");
    jlt_scope_close(scope);
    return atomic_exchange(&finalized, 0);
}

static int finalized_count;

static void look_for_finalized(jlt_frame *frame)
{
    finalized_count += count_finalized(frame);
}

/* Waits until that many were finalized; some more would be an error. */
static void assert_finalized(int count)
{
    finalized_count = 0;
    for (int i = 0; i < 100 && finalized_count < count; i++)
        in_body(look_for_finalized);
    assert_int_equal(finalized_count, count);
}

static int start(void **unused)
{
    start_runtime(unused);
    in_body(define_tracked);
    return 0;
}

/* ---- a task whose functions are told by the test ---- */

enum { most_kept = 300 };

struct keeper {
    jlt_value *values[most_kept];
    jlt_slot *slots[most_kept];
};

typedef void step(jlt_frame *frame, struct keeper *self);

static void keeper_init(jlt_frame *frame, void *state, const void *config)
{
    (*(step *const *)config)(frame, state);
}

static void keeper_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)output;
    (*(step *const *)input)(frame, state);
    if (jlt_ok(frame))
        jlt_catch(frame); /* no error text is left to this thread */
}

static step *step_at_exit;

static void keeper_exit(jlt_frame *frame, void *state)
{
    if (step_at_exit)
        step_at_exit(frame, state);
}

static const jlt_persistent_type keeper_type = {
    .name = "keeper",
    .state_size = sizeof(struct keeper),
    .config_size = sizeof(step *),
    .input_size = sizeof(step *),
    .init = keeper_init,
    .run = keeper_run,
    .exit = keeper_exit,
};

static jlt_persistent *keeper(step *init)
{
    jlt_persistent *task = NULL;
    assert_ok(jlt_persistent_spawn(runtime, &keeper_type, &init, &task));
    return task;
}

static void take_step(jlt_persistent *task, step *next)
{
    assert_ok(jlt_persistent_invoke(task, &next, NULL));
}

/* ---- roots ---- */

static void thousands_of_roots(jlt_frame *frame)
{
    enum { most = 5000 };
    static jlt_value *values[most];
    int count = test_is_stress() ? 100 : most;
    char text[32];
    for (int i = 0; i < count; i++) {
        snprintf(text, sizeof text, "value %d", i);
        values[i] = jlt_box_string(frame, text);
    }
    jlt_eval(frame, "GC.gc()");
    jlt_eval(frame, "sum(length(string(\"other \", i)) for i in 1:10000)"); /* would be put where one was freed */
    for (int i = 0; i < count; i++) {
        snprintf(text, sizeof text, "value %d", i);
        EXPECT(!strcmp(jlt_unbox_string(frame, values[i], NULL), text));
    }
}

static void roots_of_a_frame(jlt_frame *frame)
{
    for (int i = 0; i < 20; i++) /* more than a frame holds without an allocation */
        tracked(frame, i);
    EXPECT(count_finalized(frame) == 0);
}

static void test_roots(void **unused)
{
    (void)unused;
    in_body(thousands_of_roots);
    in_body(roots_of_a_frame);
    assert_finalized(20);
}

/* ---- scopes ---- */

static void nested_scopes(jlt_frame *frame)
{
    enum { most = 50 };
    int depth = test_is_stress() ? 10 : most;
    jlt_frame *scopes[most];
    jlt_value *values[most];
    for (int i = 0; i < depth; i++) {
        scopes[i] = jlt_scope_open(i ? scopes[i - 1] : frame);
        values[i] = tracked(scopes[i], i);
    }
    EXPECT(count_finalized(frame) == 0);
    for (int i = depth - 1; i >= 0; i--) {
        EXPECT(id_of(scopes[i], values[i]) == i);
        jlt_scope_close(scopes[i]);
        if (i == depth / 2)
            EXPECT(count_finalized(frame) == depth - depth / 2);
    }
    EXPECT(count_finalized(frame) == depth / 2);
}

static void closing_an_outer_scope(jlt_frame *frame)
{
    jlt_frame *outer = jlt_scope_open(frame), *middle = jlt_scope_open(outer), *inner = jlt_scope_open(middle);
    tracked(outer, 1);
    tracked(middle, 2);
    tracked(inner, 3);
    tracked(jlt_scope_open(inner), 4);
    EXPECT(count_finalized(frame) == 0);
    jlt_scope_close(middle);
    EXPECT(count_finalized(frame) == 3);
    EXPECT(jlt_box_i64(outer, 1) && jlt_ok(outer)); /* is the innermost again */
    jlt_scope_close(outer);
    EXPECT(count_finalized(frame) == 1);
}

static void scopes_left_open(jlt_frame *frame)
{
    jlt_frame *outer = jlt_scope_open(frame);
    tracked(outer, 1);
    tracked(jlt_scope_open(outer), 2);
    tracked(jlt_scope_open(frame), 3);
    EXPECT(count_finalized(frame) == 0);
}

static void roots_around_a_scope(jlt_frame *frame)
{
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_value *scoped = tracked(scope, 1), *both = jlt_root(frame, tracked(scope, 2)), *outside = tracked(frame, 3);
    EXPECT(scoped && jlt_root(scope, outside) == outside);
    jlt_scope_close(scope);
    EXPECT(count_finalized(frame) == 1);
    EXPECT(id_of(frame, both) == 2 && id_of(frame, outside) == 3);
}

static void scopes_one_after_another(jlt_frame *frame)
{
    for (int i = 0; i < (test_is_stress() ? 20 : 10000); i++) {
        jlt_frame *scope = jlt_scope_open(frame);
        bool same = jlt_unbox_i64(scope, jlt_box_i64(scope, 100000 + i)) == 100000 + i;
        jlt_scope_close(scope);
        EXPECT(same);
    }
}

static void closing_what_is_no_scope(jlt_frame *frame)
{
    jlt_scope_close(frame);
    EXPECT_FAILED(JLT_INVALID_ARGUMENT, "jlt_scope_close");
    EXPECT(jlt_box_i64(frame, 1));
}

static void test_scopes(void **unused)
{
    (void)unused;
    in_body(nested_scopes);
    in_body(closing_an_outer_scope);
    in_body(scopes_left_open);
    assert_finalized(3);
    in_body(roots_around_a_scope);
    assert_finalized(2);
    in_body(scopes_one_after_another);
    in_body(closing_what_is_no_scope);
}

/* ---- slots ---- */

static void slots_of_a_frame(jlt_frame *frame)
{
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_slot *slot = jlt_slot_new(frame, tracked(scope, 1)), *scoped = jlt_slot_new(scope, tracked(scope, 2));
    EXPECT(id_of(frame, jlt_slot_get(scope, slot)) == 1 && id_of(frame, jlt_slot_get(scope, scoped)) == 2);
    jlt_scope_close(scope);
    EXPECT(count_finalized(frame) == 1); /* the scoped slot went with its scope */
    for (int i = 10; i < 13; i++) {
        scope = jlt_scope_open(frame);
        jlt_slot_set(frame, slot, tracked(scope, i));
        jlt_scope_close(scope);
        EXPECT(count_finalized(frame) == 1);
    }
    scope = jlt_scope_open(frame);
    EXPECT(id_of(frame, jlt_slot_get(scope, slot)) == 12);
    jlt_slot_set(frame, slot, jlt_box_nothing(scope));
    EXPECT(count_finalized(frame) == 0); /* the scope has got it still */
    jlt_scope_close(scope);
    EXPECT(count_finalized(frame) == 1);
}

static void fill_slots(jlt_frame *frame, struct keeper *self)
{
    for (int i = 0; i < (test_is_stress() ? 30 : most_kept); i++) {
        self->values[i] = jlt_box_i64(frame, 1000 + i);
        self->slots[i] = jlt_slot_new(frame, jlt_box_i64(frame, 2000 + i));
    }
}

static void check_slots(jlt_frame *frame, struct keeper *self)
{
    for (int i = 0; i < most_kept && self->slots[i]; i++) {
        EXPECT(jlt_unbox_i64(frame, self->values[i]) == 1000 + i);
        EXPECT(jlt_unbox_i64(frame, jlt_slot_get(frame, self->slots[i])) == 2000 + i);
    }
}

static void rotate_slots(jlt_frame *frame, struct keeper *self)
{
    jlt_eval(frame, "GC.gc()");
    check_slots(frame, self);
    for (int i = 0; i < most_kept && self->slots[i]; i++)
        jlt_slot_set(frame, self->slots[i], jlt_box_i64(frame, 3000 + i));
    jlt_eval(frame, "GC.gc()");
    for (int i = 0; i < most_kept && self->slots[i]; i++) {
        EXPECT(jlt_unbox_i64(frame, jlt_slot_get(frame, self->slots[i])) == 3000 + i);
        jlt_slot_set(frame, self->slots[i], jlt_box_i64(frame, 2000 + i));
    }
}

/* init replaces what its own slots hold; the first values are scoped, so that the slots alone keep them. */
static void make_slots(jlt_frame *frame, struct keeper *self)
{
    for (int i = 0; i < 2; i++) {
        jlt_frame *scope = jlt_scope_open(frame);
        self->slots[i] = jlt_slot_new(frame, tracked(scope, i));
        jlt_scope_close(scope);
    }
    for (int i = 10; i < 13; i++) {
        jlt_frame *scope = jlt_scope_open(frame);
        jlt_slot_set(frame, self->slots[0], tracked(scope, i));
        jlt_scope_close(scope);
        EXPECT(count_finalized(frame) == 1);
    }
}

static void replace_slot(jlt_frame *frame, struct keeper *self)
{
    EXPECT(count_finalized(frame) == 0);
    for (int i = 20; i < 23; i++) {
        jlt_frame *scope = jlt_scope_open(frame);
        EXPECT(id_of(scope, jlt_slot_get(scope, self->slots[0])) == (i == 20 ? 12 : i - 1));
        jlt_slot_set(scope, self->slots[0], tracked(scope, i));
        jlt_scope_close(scope);
        EXPECT(count_finalized(frame) == 1);
    }
    EXPECT(id_of(frame, jlt_slot_get(frame, self->slots[1])) == 1);
}

static atomic_bool exit_saw_slots;

static void read_slots(jlt_frame *frame, struct keeper *self)
{
    int64_t first = id_of(frame, jlt_slot_get(frame, self->slots[0]));
    atomic_store(&exit_saw_slots, first == 22 && id_of(frame, jlt_slot_get(frame, self->slots[1])) == 1);
}

static void test_slots(void **unused)
{
    (void)unused;
    in_body(slots_of_a_frame);
    jlt_persistent *task = keeper(fill_slots);
    take_step(task, check_slots);
    take_step(task, rotate_slots);
    take_step(task, rotate_slots);
    jlt_persistent_drop(task);
}

static void test_slots_of_a_task(void **unused)
{
    (void)unused;
    jlt_persistent *task = keeper(make_slots);
    take_step(task, replace_slot);
    step_at_exit = read_slots;
    jlt_persistent_drop(task);
    assert_finalized(2);
    assert_true(atomic_load(&exit_saw_slots));
    step_at_exit = NULL;
}

/* ---- what init keeps ---- */

static void keep_three(jlt_frame *frame, struct keeper *self)
{
    for (int i = 0; i < 3; i++)
        self->values[i] = tracked(frame, i);
    tracked(jlt_scope_open(frame), 3); /* left open: not kept */
}

static void check_three(jlt_frame *frame, struct keeper *self)
{
    for (int i = 0; i < 3; i++)
        EXPECT(id_of(frame, self->values[i]) == i);
    EXPECT(count_finalized(frame) == 0);
}

/* Julia may copy these when it pleases; but it is the very same box that init has rooted. */
static const char *const immutables[] = {"1000", "1.5", "'€'", "3 + 4im", "UInt128(5)", "(1, 2)", "(a = 1, b = :x)"};

enum { immutable_count = sizeof immutables / sizeof *immutables };

static void keep_immutables(jlt_frame *frame, struct keeper *self)
{
    for (int i = 0; i < immutable_count; i++) {
        self->values[i] = jlt_eval(frame, immutables[i]);
        self->slots[i] = jlt_slot_new(frame, jlt_box_nothing(frame));
        jlt_slot_set(frame, self->slots[i], jlt_eval(frame, immutables[i]));
    }
}

static void check_immutables(jlt_frame *frame, struct keeper *self)
{
    jlt_value *same = jlt_global(frame, "Base.===");
    jlt_eval(frame, "GC.gc(); sum(length, [Any[1.0 * i] for i in 1:1000])"); /* something else where one was freed */
    for (int i = 0; i < immutable_count; i++) {
        jlt_value *wanted = jlt_eval(frame, immutables[i]);
        EXPECT(jlt_unbox_bool(frame, jlt_call(frame, same, wanted, self->values[i])));
        EXPECT(jlt_unbox_bool(frame, jlt_call(frame, same, wanted, jlt_slot_get(frame, self->slots[i]))));
        jlt_slot_set(frame, self->slots[i], wanted);
    }
}

static void test_immutable_values_are_kept(void **unused)
{
    (void)unused;
    jlt_persistent *task = keeper(keep_immutables);
    take_step(task, check_immutables);
    take_step(task, check_immutables);
    jlt_persistent_drop(task);
}

static void keep_and_fail(jlt_frame *frame, struct keeper *self)
{
    keep_three(frame, self);
    self->slots[0] = jlt_slot_new(frame, self->values[0]);
    jlt_fail(frame, "not today");
}

static void test_what_init_keeps(void **unused)
{
    (void)unused;
    enum { most = 10 };
    jlt_persistent *tasks[most];
    int count = test_is_stress() ? 3 : most;
    for (int round = 0; round < 2; round++) { /* the second uses the first one's cells again */
        for (int i = 0; i < count; i++)
            tasks[i] = keeper(keep_three);
        assert_finalized(count);
        for (int i = 0; i < count; i++)
            take_step(tasks[i], check_three);
        for (int i = 0; i < count; i++)
            jlt_persistent_drop(tasks[i]);
        assert_finalized(3 * count);
    }
}

static void test_a_failed_init_keeps_nothing(void **unused)
{
    (void)unused;
    jlt_persistent *task = NULL;
    step *init = keep_and_fail;
    assert_status(jlt_persistent_spawn(runtime, &keeper_type, &init, &task), JLT_FAILED);
    assert_null(task);
    assert_finalized(4);
}

/* ---- failed frames ---- */

static void calls_on_a_failed_frame(jlt_frame *frame)
{
    jlt_value *one = jlt_box_i64(frame, 1), *text = jlt_box_string(frame, "x"), *array = jlt_eval(frame, "[1.0]");
    jlt_slot *slot = jlt_slot_new(frame, one);
    jlt_view view = {0};
    size_t length = 99;
    const size_t dim = 1;
    jlt_fail(frame, "the first");
    jlt_fail(frame, "the second");
    EXPECT(!jlt_ok(frame));
    EXPECT(!jlt_eval(frame, "touched = true") && !jlt_global(frame, "Base.sqrt") && !jlt_global(frame, "absent"));
    EXPECT(!jlt_call(frame, one, one) && !jlt_call_n(frame, one, &one, 1) && !jlt_call(frame, NULL));
    EXPECT(!jlt_root(frame, one) && !jlt_slot_new(frame, one) && !jlt_slot_get(frame, slot));
    EXPECT(!jlt_box_i64(frame, 1) && !jlt_box_char(frame, 'x') && !jlt_box_nothing(frame));
    EXPECT(!jlt_box_pointer(frame, frame) && !jlt_box_string(frame, "x") && !jlt_box_symbol(frame, "x"));
    EXPECT(!jlt_unbox_i64(frame, one) && !jlt_unbox_f64(frame, NULL) && !jlt_unbox_char(frame, one));
    EXPECT(!jlt_unbox_string(frame, text, &length) && length == 99 && !jlt_unbox_symbol(frame, one));
    EXPECT(!jlt_typeof(frame, one) && !jlt_isa(frame, one, NULL) && !jlt_is_nothing(frame, one));
    EXPECT(!jlt_array_new(frame, JLT_F64, 1, &dim) && !jlt_array_copy(frame, JLT_F64, &view, 1, &dim));
    EXPECT(!jlt_array_wrap(frame, JLT_F64, &view, 1, &dim));
    EXPECT(!jlt_array_view(frame, array, JLT_F64, &view) && !view.data);
    jlt_slot_set(frame, slot, text);
    EXPECT_FAILED(JLT_FAILED, "the first");
    EXPECT(jlt_ok(frame) && jlt_slot_get(frame, slot) == one);
    EXPECT(!jlt_unbox_bool(frame, jlt_eval(frame, "isdefined(Main, :touched)")));
}

static void catching(jlt_frame *frame)
{
    EXPECT(jlt_catch(frame) == JLT_OK && !*jlt_error_message());
    jlt_eval(frame, "error(\"one\")");
    EXPECT_FAILED(JLT_EXCEPTION, "one");
    EXPECT(jlt_ok(frame) && jlt_unbox_i64(frame, jlt_eval(frame, "2")) == 2);
    jlt_unbox_bool(frame, jlt_box_i64(frame, 1));
    EXPECT_FAILED(JLT_TYPE_MISMATCH, "Bool");
    EXPECT(jlt_catch(frame) == JLT_OK && !*jlt_error_message());
    for (int i = 0; i < (test_is_stress() ? 5 : 1000); i++) {
        jlt_fail(frame, "number %d", i);
        EXPECT(jlt_catch(frame) == JLT_FAILED);
    }
}

static void scopes_of_a_failed_frame(jlt_frame *frame)
{
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_eval(scope, "error(\"inside\")");
    EXPECT(!jlt_ok(scope) && !jlt_ok(frame) && !jlt_box_i64(frame, 1));
    jlt_frame *inner = jlt_scope_open(scope);
    EXPECT(inner && !jlt_ok(inner) && !jlt_box_i64(inner, 1));
    jlt_scope_close(inner);
    EXPECT(jlt_catch(inner = jlt_scope_open(scope)) == JLT_EXCEPTION);
    EXPECT(jlt_ok(frame) && jlt_ok(scope) && jlt_ok(inner) && jlt_box_i64(inner, 1));
    jlt_scope_close(inner);
    jlt_fail(scope, "again");
    jlt_scope_close(scope);
    EXPECT(!jlt_ok(frame));
    EXPECT_FAILED(JLT_FAILED, "again");
}

static void fail_in_a_scope(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    (void)output;
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_eval(scope, "error(\"inside a scope\")");
    jlt_scope_close(scope);
}

static void test_failed_frames(void **unused)
{
    (void)unused;
    static const jlt_task_type type = {.run = fail_in_a_scope};
    in_body(calls_on_a_failed_frame);
    in_body(catching);
    in_body(scopes_of_a_failed_frame);
    assert_status(jlt_task_invoke(runtime, &type, NULL, NULL), JLT_EXCEPTION);
    assert_contains(jlt_error_message(), "inside a scope");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roots),
        cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_slots_of_a_task),
        cmocka_unit_test(test_what_init_keeps),
        cmocka_unit_test(test_immutable_values_are_kept),
        cmocka_unit_test(test_a_failed_init_keeps_nothing),
        cmocka_unit_test(test_failed_frames),
    };
    return cmocka_run_group_tests(tests, start, stop_runtime);
}
