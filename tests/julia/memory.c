/* SPDX-License-Identifier: MIT
 *
 * Lack of memory, with Julia. The library's objects are linked into this program, and the linker puts the functions
 * below in the place of malloc and its like in them (not in Julia): they fail once, at the first, second, third, ...
 * allocation of a scene, until the scene gets by without. Every call then has its own status or JLT_NO_MEMORY, every
 * receiver an answer, and when the scene has been cleared away nothing of it is left. */
#include "julia/fixture.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define WRAPPED(type, name, parameters, arguments)                                                                     \
    type __real_##name parameters;                                                                                     \
    type __wrap_##name parameters;                                                                                     \
    type __wrap_##name parameters                                                                                      \
    {                                                                                                                  \
        return fails_now() ? NULL : __real_##name arguments;                                                           \
    }

static atomic_int until_failure = -1; /* negative: none */

static bool fails_now(void)
{
    return atomic_load(&until_failure) >= 0 && atomic_fetch_sub(&until_failure, 1) == 0;
}

WRAPPED(void *, malloc, (size_t size), (size))
WRAPPED(void *, calloc, (size_t count, size_t size), (count, size))
WRAPPED(void *, realloc, (void *block, size_t size), (block, size))
WRAPPED(void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size))
WRAPPED(char *, strdup, (const char *text), (text))

/* What this call says where memory suffices, or JLT_NO_MEMORY. */
#define check_says(call, wanted) check_says_((call), (wanted), #call)
static bool check_says_(jlt_status status, jlt_status wanted, const char *call)
{
    if (status != wanted && status != JLT_NO_MEMORY)
        fail_msg("%s: %s: %s", call, jlt_status_name(status), jlt_error_message());
    return status == wanted;
}

/* ---- bodies ---- */

static void no_work(void *data)
{
    (void)data;
}

static jlt_value *identity(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    (void)frame, (void)data, (void)count;
    return arguments[0];
}

static void counter_init(jlt_frame *frame, void *state, const void *config)
{
    (void)config;
    *(jlt_slot **)state = jlt_slot_new(frame, jlt_eval(frame, "Ref(0)"));
}

/* Some of everything that takes memory in a body. */
static void counter_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    jlt_value *count = jlt_slot_get(frame, *(jlt_slot *const *)state);
    jlt_frame *scope = jlt_scope_open(frame);
    (void)input;
    for (int i = 0; i < 100; i++)
        jlt_box_i64(scope, i);
    jlt_value *function = jlt_function(scope, "identity", identity, NULL, NULL);
    jlt_value *text = jlt_call(scope, function, jlt_box_string(scope, "text"));
    jlt_held *held = jlt_hold(scope, text);
    jlt_blocking(scope, no_work, NULL);
    jlt_eval(scope, "sleep(0.0001)");
    jlt_held_drop(held);
    jlt_scope_close(scope);
    jlt_call(frame, jlt_global(frame, "Base.setindex!"), count, jlt_box_i64(frame, 1));
    *(int64_t *)output = jlt_unbox_i64(frame, jlt_index(frame, count));
}

static const jlt_persistent_type counter_type = {
    .name = "counter",
    .state_size = sizeof(jlt_slot *),
    .input_size = 1000,
    .output_size = sizeof(int64_t),
    .capacity = 4,
    .init = counter_init,
    .run = counter_run,
    .on_failure = JLT_RESTART,
};

static void throw_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    jlt_eval(frame, "error(\"with a text\")");
}

static const jlt_task_type throw_type = {.name = "throws", .run = throw_run};

/* ---- the scene ---- */

static const char input[1000];

static void calls(jlt_persistent *task, jlt_canceller *canceller, jlt_queue *queue)
{
    const jlt_call_options limited = {.timeout_ns = INT64_C(60000000000), .canceller = canceller};
    const jlt_call_options queued = {.queue = queue};
    jlt_receiver *receiver;
    int64_t answer;
    if (check_says(jlt_persistent_call(task, input, &receiver), JLT_OK))
        check_says(jlt_receiver_recv(receiver, &answer), JLT_OK);
    if (check_says(jlt_persistent_call_with(task, input, &limited, &receiver), JLT_OK))
        check_says(jlt_receiver_recv_timeout(receiver, -1, &answer), JLT_OK);
    check_says(jlt_persistent_invoke(task, input, &answer), JLT_OK);
    check_says(jlt_persistent_invoke_with(task, input, &limited, &answer), JLT_OK);
    if (queue && check_says(jlt_persistent_call_with(task, input, &queued, NULL), JLT_OK)) {
        jlt_completion completion;
        assert_ok(jlt_queue_take(queue, -1, &completion));
        check_says(jlt_receiver_recv(completion.receiver, &answer), JLT_OK);
    }
}

static void play(void)
{
    jlt_persistent *task = NULL, *found = NULL;
    jlt_canceller *canceller = NULL;
    jlt_queue *queue = NULL;
    jlt_receiver *end = NULL;
    jlt_end ended;
    check_says(jlt_canceller_new(&canceller), JLT_OK);
    check_says(jlt_queue_new(&queue), JLT_OK);
    if (check_says(jlt_persistent_spawn(runtime, &counter_type, NULL, &task), JLT_OK)) {
        if (!check_says(jlt_persistent_monitor(task, &end), JLT_OK))
            end = NULL;
        if (check_says(jlt_runtime_register(runtime, "counter", task), JLT_OK))
            assert_ok(jlt_runtime_lookup(runtime, "counter", &found));
        calls(task, canceller, queue);
        jlt_persistent_drop(found);
        jlt_persistent_drop(task);
        if (end)
            check_says(jlt_receiver_recv(end, &ended), JLT_OK);
    }
    check_says(jlt_task_invoke(runtime, &throw_type, NULL, NULL), JLT_EXCEPTION);
    jlt_queue_drop(queue);
    jlt_canceller_drop(canceller);
}

/* A task ends a moment after its last handle is gone; and what it has told is kept by its thread until the next. */
static void check_nothing_is_left(const jlt_counts *before)
{
    jlt_counts now;
    do {
        sched_yield();
        now = jlt_debug_counts();
    } while (now.tasks > before->tasks || now.messages > before->messages);
    assert_int_equal(now.receivers, before->receivers);
    assert_int_equal(now.held, before->held);
}

static void test_whichever_allocation_fails_the_scene_ends_well(void **unused)
{
    (void)unused;
    int scenes = 0;
    play(); /* what is made once is there */
    const jlt_counts before = jlt_debug_counts();
    for (bool failed = true; failed; scenes++) {
        atomic_store(&until_failure, scenes);
        play();
        failed = atomic_exchange(&until_failure, -1) < 0;
        check_nothing_is_left(&before);
        if (scenes % 16 == 0) { /* and all is as it was */
            play();
            assert_int_equal(atomic_load(&until_failure), -1);
        }
    }
    print_message("%d allocations failed, one a scene\n", scenes - 1);
    assert_true(scenes > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_whichever_allocation_fails_the_scene_ends_well)};
    return cmocka_run_group_tests_name("memory", tests, start_runtime, stop_runtime);
}
