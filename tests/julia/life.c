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

/* ---- warm-up ---- */

static atomic_int warm_ups;

static void warm_up(jlt_frame *frame, void *state)
{
    (void)state;
    jlt_call(frame, jlt_global(frame, "Main.wait_a_moment"));
    if (jlt_catch(frame) == JLT_OK)
        atomic_fetch_add(&warm_ups, 1);
    jlt_fail(frame, "which is nobody's business");
}

static void failing_init(jlt_frame *frame, void *state, const void *config)
{
    (void)state;
    if (*(const bool *)config)
        jlt_fail(frame, "on request");
}

static void warm_ups_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state, (void)input;
    *(int *)output = atomic_load(&warm_ups);
}

static void define_wait(jlt_frame *frame)
{
    jlt_eval(frame, "wait_a_moment() = (sleep(0.05); nothing)");
}

static void test_a_type_is_warmed_up_once_and_before_its_first_message(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {.name = "warm",
                                             .config_size = sizeof(bool),
                                             .output_size = sizeof(int),
                                             .init = failing_init,
                                             .run = warm_ups_run,
                                             .warm_up = warm_up};
    jlt_persistent *task[3];
    int count;
    in_body(define_wait);
    assert_int_equal(jlt_persistent_spawn(runtime, &type, &(bool){true}, &task[0]), JLT_FAILED);
    assert_int_equal(atomic_load(&warm_ups), 0); /* not by a start that failed */
    for (int i = 0; i < 3; i++) {
        assert_ok(jlt_persistent_spawn(runtime, &type, &(bool){false}, &task[i]));
        assert_int_equal(atomic_load(&warm_ups), 1);
    }
    for (int i = 0; i < 3; i++) {
        assert_ok(jlt_persistent_invoke(task[i], NULL, &count));
        assert_int_equal(count, 1);
        jlt_persistent_drop(task[i]);
    }
}

/* A type whose warm-up waits until it is told to go on, and whose init makes what it looks at. */
static atomic_int gated_warm_ups;

static void gated_init(jlt_frame *frame, void *state, const void *config)
{
    (void)config;
    *(jlt_value **)state = jlt_eval(frame, "[1, 2, 3]");
}

static void gated_warm_up(jlt_frame *frame, void *state)
{
    atomic_fetch_add(&gated_warm_ups, 1);
    int64_t sum = jlt_unbox_i64(frame, jlt_call(frame, jlt_global(frame, "Base.sum"), *(jlt_value **)state));
    jlt_catch(frame);
    jlt_call(frame, jlt_global(frame, "Base.put!"), jlt_global(frame, "Main.begun"), jlt_box(frame, sum));
    jlt_call(frame, jlt_global(frame, "Base.wait"), jlt_global(frame, "Main.gate"));
}

static void gated_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    if (!*(jlt_value **)state)
        jlt_fail(frame, "no state");
    *(int *)output = atomic_load(&gated_warm_ups);
    if (*(const bool *)input)
        jlt_fail(frame, "on request");
}

static const jlt_persistent_type gated_type = {.name = "gated",
                                               .state_size = sizeof(jlt_value *),
                                               .input_size = sizeof(bool),
                                               .output_size = sizeof(int),
                                               .init = gated_init,
                                               .run = gated_run,
                                               .warm_up = gated_warm_up,
                                               .on_failure = JLT_RESTART};

static void make_gate(jlt_frame *frame)
{
    jlt_eval(frame, "gate = Base.Event(); begun = Channel{Int}(9)");
}

static void await_begin(jlt_frame *frame)
{
    jlt_eval(frame, "timedwait(() -> isready(begun), 60.0)");
    EXPECT(jlt_unbox_bool(frame, jlt_eval(frame, "isready(begun)")));
    EXPECT(jlt_unbox_i64(frame, jlt_eval(frame, "take!(begun)")) == 6); /* it had the state that init made */
}

static void open_gate(jlt_frame *frame)
{
    jlt_eval(frame, "notify(gate)");
}

static void test_the_first_start_waits_for_the_warm_up_and_others_do_not(void **unused)
{
    (void)unused;
    jlt_receiver *first, *others[4];
    jlt_persistent *task, *other[4];
    int count = 0;
    in_body(make_gate);
    assert_ok(jlt_persistent_dispatch(runtime, &gated_type, NULL, &first));
    in_body(await_begin);
    for (int i = 0; i < 4; i++)
        assert_ok(jlt_persistent_dispatch(runtime, &gated_type, NULL, &others[i]));
    for (int i = 0; i < 4; i++) {
        assert_ok(jlt_receiver_recv(others[i], &other[i]));
        assert_ok(jlt_persistent_invoke(other[i], &(bool){false}, &count));
        assert_int_equal(count, 1);
    }
    assert_status(jlt_receiver_try_recv(first, &task), JLT_PENDING); /* not answered before it has ended */
    in_body(open_gate);
    assert_ok(jlt_receiver_recv(first, &task));
    /* a restart is no start */
    assert_status(jlt_persistent_invoke(task, &(bool){true}, &count), JLT_FAILED);
    assert_ok(jlt_persistent_invoke(task, &(bool){false}, &count));
    assert_int_equal(count, 1);
    jlt_persistent_drop(task);
    for (int i = 0; i < 4; i++)
        jlt_persistent_drop(other[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_runtime_is_open),
        cmocka_unit_test(test_what_init_roots_lives_as_long_as_the_task),
        cmocka_unit_test(test_a_type_is_warmed_up_once_and_before_its_first_message),
        cmocka_unit_test(test_the_first_start_waits_for_the_warm_up_and_others_do_not),
    };
    return cmocka_run_group_tests(tests, start_runtime, stop_runtime);
}
