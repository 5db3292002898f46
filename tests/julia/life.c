/* SPDX-License-Identifier: MIT
 *
 * The life of persistent tasks and of what they keep. */
#include "julia/fixture.h"

#include <stdatomic.h>

static void test_the_runtime_is_open(void **unused)
{
    (void)unused;
    assert_false(jlt_runtime_is_closed(runtime));
    assert_true(strlen(jlt_julia_version()) > 0);
}

/* ---- what init roots lives as long as the task ---- */

static atomic_int finalized;

static void note_finalized(void)
{
    atomic_fetch_add(&finalized, 1);
}

struct keeper {
    jlt_value *kept;
    jlt_slot *slot;
};

static void keeper_init(jlt_frame *frame, void *state, const void *config)
{
    struct keeper *self = state;
    (void)config;
    jlt_value *make = jlt_eval(frame, "f -> finalizer(x -> ccall(f, Cvoid, ()), Ref(7))");
    jlt_value *note = jlt_box_pointer(frame, (void *)(uintptr_t)note_finalized);
    self->kept = jlt_call(frame, make, note);
    self->slot = jlt_slot_new(frame, jlt_call(frame, make, note));
}

static void keeper_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    struct keeper *self = state;
    (void)input;
    jlt_value *getindex = jlt_global(frame, "Base.getindex");
    jlt_call(frame, jlt_global(frame, "Base.GC.gc"));
    int64_t kept = jlt_unbox_i64(frame, jlt_call(frame, getindex, self->kept));
    int64_t slot = jlt_unbox_i64(frame, jlt_call(frame, getindex, jlt_slot_get(frame, self->slot)));
    *(int64_t *)output = kept + slot;
}

static const jlt_persistent_type keeper_type = {
    .name = "keeper",
    .state_size = sizeof(struct keeper),
    .output_size = sizeof(int64_t),
    .init = keeper_init,
    .run = keeper_run,
};

static void collect(jlt_frame *frame)
{
    /* twice: finalizers run after the first, in some releases from a task */
    jlt_eval(frame, "GC.gc(); yield(); GC.gc()");
}

static void test_what_init_roots_lives_as_long_as_the_task(void **unused)
{
    (void)unused;
    jlt_persistent *keeper;
    int64_t sum;
    atomic_store(&finalized, 0);
    assert_ok(jlt_persistent_spawn(runtime, &keeper_type, NULL, &keeper));
    in_body(collect);
    assert_ok(jlt_persistent_invoke(keeper, NULL, &sum));
    assert_int_equal(sum, 14);
    assert_int_equal(atomic_load(&finalized), 0);
    jlt_persistent_drop(keeper);
    for (int i = 0; i < 20 && atomic_load(&finalized) < 2; i++)
        in_body(collect); /* the drop is handled some time soon */
    assert_int_equal(atomic_load(&finalized), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_runtime_is_open),
        cmocka_unit_test(test_what_init_roots_lives_as_long_as_the_task),
    };
    return cmocka_run_group_tests(tests, start_runtime, stop_runtime);
}
