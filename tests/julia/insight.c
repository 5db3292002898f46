/* SPDX-License-Identifier: MIT
 *
 * Statistics, their text and the trace of a runtime with Julia in it: bodies that wait in Julia, collections, the
 * end. */
#include "json.h"
#include "julia/fixture.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

static char text[1 << 22];

/* What jltask itself has said, from warnings on; and whether it said more. */
static char said[4096];
static atomic_int below;

static void hear(void *context, int level, const char *message)
{
    if (level < 1000)
        atomic_fetch_add(&below, 1);
    else
        snprintf(context, sizeof said, "%d %s", level, message);
}

static int start_timed(void **unused)
{
    (void)unused;
    return jlt_runtime_spawn(
        &(jlt_options){.threads = 2, .timings = true, .own_log = hear, .own_log_context = said, .own_log_level = 1000},
        &runtime, &thread);
}

/* ---- a task that does as it is told ---- */

enum order { FINE, FAIL, THROW, COLLECT, PREPARE, WAIT, OPEN };

static void run(jlt_frame *frame, void *state, const void *input, void *output)
{
    static const char *const codes[] = {
        [THROW] = "error(\"thrown\")",       [COLLECT] = "GC.gc()",
        [PREPARE] = "opened = Base.Event()", [WAIT] = "(sleep(0.05); wait(opened))", /* so long it has run, at least */
        [OPEN] = "notify(opened)",
    };
    (void)state, (void)output;
    enum order order = *(const enum order *)input;
    if (order == FAIL)
        jlt_fail(frame, "negative");
    else if (order != FINE)
        jlt_eval(frame, codes[order]);
}

static const jlt_persistent_type step_type = {.name = "step \"1\"", .input_size = sizeof(enum order), .run = run},
                                 pinned_type = {.name = "pinned",
                                                .input_size = sizeof(enum order),
                                                .run = run,
                                                .thread = 1},
                                 second_type = {
                                     .name = "second", .input_size = sizeof(enum order), .run = run, .thread = 2};

static void invoke(jlt_persistent *task, enum order order, jlt_status wanted)
{
    assert_status(jlt_persistent_invoke(task, &order, NULL), wanted);
}

static jlt_stats of_runtime(void)
{
    jlt_stats stats;
    assert_ok(jlt_runtime_stats(runtime, &stats));
    return stats;
}

static const char *prometheus(void)
{
    size_t length = sizeof text;
    assert_ok(jlt_stats_prometheus(runtime, text, &length));
    assert_int_equal(strlen(text), length);
    return text;
}

static const char *traced(void)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_ok(jlt_trace_write(runtime, fileno(file)));
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    assert_true(json_is_valid(text));
    return text;
}

/* ---- tests ---- */

static void test_messages_and_failures(void **unused)
{
    jlt_persistent *task;
    jlt_settings settings;
    jlt_stats before = of_runtime(), own, one, other;
    (void)unused;
    assert_ok(jlt_runtime_settings(runtime, &settings)); /* a task of jltask's own */
    assert_int_equal(of_runtime().messages, before.messages);
    assert_ok(jlt_persistent_spawn(runtime, &step_type, NULL, &task));
    for (int i = 0; i < 20; i++)
        invoke(task, i % 5 ? FINE : i % 2 ? FAIL : THROW, i % 5 ? JLT_OK : i % 2 ? JLT_FAILED : JLT_EXCEPTION);
    jlt_stats after = of_runtime();
    assert_ok(jlt_persistent_stats(task, &own));
    assert_int_equal(own.messages, 20);
    assert_int_equal(own.failures, 4);
    assert_int_equal(own.failures_by_status[JLT_EXCEPTION], 2);
    assert_int_equal(own.failures_by_status[JLT_FAILED], 2);
    assert_int_equal(own.run_ns.count, 20);
    assert_int_equal(own.wait_ns.count, 20);
    assert_int_equal(own.tasks, 1);
    assert_int_equal(after.messages - before.messages, 20);
    assert_int_equal(after.failures - before.failures, 4);
    assert_int_equal(after.threads, settings.threads);
    assert_int_equal(after.tasks, 1);
    assert_int_equal(after.queued, 0);
    assert_ok(jlt_runtime_thread_stats(runtime, 1, &one));
    if (settings.threads > 1) {
        assert_ok(jlt_runtime_thread_stats(runtime, 2, &other));
        assert_int_equal(one.messages + other.messages, after.messages);
    }
    assert_status(jlt_runtime_thread_stats(runtime, 0, &one), JLT_INVALID_ARGUMENT);
    assert_status(jlt_runtime_thread_stats(runtime, (size_t)settings.threads + 1, &one), JLT_INVALID_ARGUMENT);
    assert_contains(prometheus(), "jltask_messages_total{type=\"step \\\"1\\\"\"} 20\n");
    assert_contains(text, "jltask_failures_total{type=\"step \\\"1\\\"\",status=\"JLT_EXCEPTION\"} 2\n");
    assert_null(strstr(text, "settings"));
    jlt_persistent_drop(task);
}

static void test_a_struct_of_another_size(void **unused)
{
    struct {
        jlt_stats stats;
        uint64_t further[4];
    } larger;
    uint64_t smaller[3] = {1, 1, 77};
    (void)unused;
    memset(&larger, 0xff, sizeof larger);
    assert_ok(jlt_runtime_stats_sized(runtime, &larger.stats, sizeof larger));
    assert_int_equal(larger.further[3], 0);
    assert_ok(jlt_runtime_stats_sized(runtime, (jlt_stats *)(void *)smaller, 2 * sizeof *smaller));
    assert_int_equal(smaller[0], larger.stats.messages);
    assert_int_equal(smaller[2], 77);
}

static void test_a_room_that_is_too_small(void **unused)
{
    size_t room = 0, length = 10;
    char small[10] = "untouched";
    (void)unused;
    assert_status(jlt_stats_prometheus(runtime, NULL, &room), JLT_FULL);
    assert_true(room > 100);
    assert_status(jlt_stats_prometheus(runtime, small, &length), JLT_FULL);
    assert_string_equal(small, "untouched");
    char *fits = malloc(room + 64);
    room += 64; /* a collection may have come */
    assert_ok(jlt_stats_prometheus(runtime, fits, &room));
    assert_int_equal(strlen(fits), room);
    free(fits);
}

static void test_collections_and_their_pauses(void **unused)
{
    jlt_persistent *task;
    jlt_stats before = of_runtime();
    (void)unused;
    assert_ok(jlt_persistent_spawn(runtime, &step_type, NULL, &task));
    assert_ok(jlt_trace_start(runtime));
    invoke(task, COLLECT, JLT_OK);
    assert_ok(jlt_trace_stop(runtime));
    jlt_stats after = of_runtime();
    assert_true(after.collections > before.collections);
    assert_true(after.collection_ns > before.collection_ns);
    assert_int_equal(after.pause_ns.count, after.collections);
    assert_true(after.pause_ns.max > 0 && after.pause_ns.max <= after.collection_ns);
    assert_true(after.bytes > 0);
    assert_true(strstr(traced(), "\"name\":\"collection\"") != NULL);
    jlt_persistent_drop(task);
}

static void test_a_body_that_waits_in_julia(void **unused)
{
    const enum order wait = WAIT;
    jlt_persistent *task, *other;
    jlt_receiver *receiver;
    jlt_stats stats;
    (void)unused;
    assert_ok(jlt_persistent_spawn(runtime, &pinned_type, NULL, &task));
    assert_ok(jlt_persistent_spawn(runtime, &pinned_type, NULL, &other));
    assert_ok(jlt_trace_start(runtime));
    invoke(other, PREPARE, JLT_OK);
    assert_ok(jlt_persistent_call(task, &wait, &receiver));
    invoke(other, OPEN, JLT_OK); /* on the same thread, meanwhile */
    assert_ok(jlt_receiver_recv(receiver, NULL));
    assert_ok(jlt_trace_stop(runtime));
    assert_ok(jlt_persistent_stats(task, &stats));
    assert_true(stats.run_ns.max >= 50000000);
    assert_int_equal(count_of(traced(), "\"name\":\"pinned\""), 3);
    if (!test_is_stress())
        assert_true(count_of(text, "\"name\":\"suspended\"") >= 1);
    jlt_persistent_drop(task);
    jlt_persistent_drop(other);
}

static jlt_persistent *waited_for;

static void wait_for_it(jlt_frame *frame, const void *input, void *output)
{
    const enum order fine = FINE;
    (void)input, (void)output;
    if (jlt_persistent_invoke(waited_for, &fine, NULL) != JLT_OK)
        jlt_fail(frame, "%s", jlt_error_message());
}

static void test_a_body_that_waits_for_another(void **unused)
{
    static const jlt_task_type waiter = {.name = "waiter", .run = wait_for_it, .thread = 1};
    (void)unused;
    assert_ok(jlt_persistent_spawn(runtime, &pinned_type, NULL, &waited_for));
    assert_ok(jlt_trace_start(runtime));
    assert_ok(jlt_task_invoke(runtime, &waiter, NULL, NULL));
    assert_ok(jlt_trace_stop(runtime));
    assert_int_equal(count_of(traced(), "\"name\":\"waiter\""), 1);
    assert_int_equal(count_of(text, "\"name\":\"pinned\""), 1);
    assert_true(count_of(text, "\"name\":\"suspend\"") >= 1);
    assert_true(count_of(text, "\"name\":\"suspended\"") >= 1);
    jlt_persistent_drop(waited_for);
}

static void ask_in_a_body(jlt_frame *frame)
{
    jlt_stats stats;
    size_t length = sizeof text;
    EXPECT(jlt_runtime_stats(runtime, &stats) == JLT_OK);
    EXPECT(jlt_stats_prometheus(runtime, text, &length) == JLT_OK);
}

static void test_what_jltask_itself_has_to_say(void **unused)
{
    static const jlt_persistent_type stopping = {
        .name = "stopping", .input_size = sizeof(enum order), .run = run, .on_failure = JLT_STOP};
    jlt_persistent *task;
    jlt_receiver *monitor;
    jlt_end end;
    (void)unused;
    assert_ok(jlt_persistent_spawn(runtime, &stopping, NULL, &task));
    assert_ok(jlt_persistent_monitor(task, &monitor));
    invoke(task, FAIL, JLT_FAILED);
    assert_ok(jlt_receiver_recv(monitor, &end));
    assert_string_equal(said, "2000 a \"stopping\" ends, for JLT_FAILED: negative");
    assert_int_equal(atomic_load(&below), 0);
    jlt_persistent_drop(task);
}

/* ---- dump ---- */

static const char *dumped(void)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_ok(jlt_dump(fileno(file)));
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return text;
}

static atomic_int inside, may_end;

static void compute(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    atomic_store(&inside, 1);
    while (!atomic_load(&may_end))
        at_safepoint(frame);
}

static volatile int dump_to, handled = -1;

static void handle(int number)
{
    (void)number;
    handled = jlt_dump(dump_to);
}

static void test_a_dump_says_what_bodies_wait_for(void **unused)
{
    static const jlt_task_type computing = {.name = "computing", .run = compute, .thread = 2},
                               waiter = {.name = "waiter", .run = wait_for_it, .thread = 1};
    const enum order fine = FINE;
    jlt_receiver *receivers[4];
    (void)unused;
    if (of_runtime().threads < 2)
        skip();
    assert_ok(jlt_persistent_spawn(runtime, &second_type, NULL, &waited_for));
    assert_ok(jlt_task_dispatch(runtime, &computing, NULL, &receivers[0]));
    while (!atomic_load(&inside))
        sched_yield();
    assert_ok(jlt_task_dispatch(runtime, &waiter, NULL, &receivers[1]));
    while (of_runtime().queued != 1) /* the waiter has begun, and has sent its message */
        sched_yield();
    while (!strstr(dumped(), "for a reply of \"second\""))
        sched_yield();
    for (int i = 2; i < 4; i++)
        assert_ok(jlt_persistent_call(waited_for, &fine, &receivers[i]));
    (void)dumped();
    assert_contains(text, "2 threads, 1 live task");
    assert_contains(text, "one-shot task \"computing\": runs, or waits in Julia, for ");
    assert_contains(text, "one-shot task \"waiter\": waits for ");
    assert_contains(text, "\"second\": ready, or between two messages; 3 queued, 0 done\n");
    FILE *file = tmpfile();
    dump_to = fileno(file);
    signal(SIGUSR1, handle);
    errno = 77;
    assert_status(jlt_runtime_stats(NULL, NULL), JLT_INVALID_ARGUMENT);
    raise(SIGUSR1);
    assert_int_equal(errno, 77);
    assert_int_equal(handled, JLT_OK);
    assert_contains(jlt_error_message(), "jlt_runtime_stats");
    fclose(file);
    atomic_store(&may_end, 1);
    for (int i = 0; i < 4; i++)
        assert_ok(jlt_receiver_recv(receivers[i], NULL));
    while (!strstr(dumped(), "\"second\": idle; 0 queued, 3 done\n")) /* its thread waits awake for a moment */
        sched_yield();
    assert_status(jlt_dump(-1), JLT_INVALID_ARGUMENT);
    jlt_persistent_drop(waited_for);
}

static void test_a_body_may_ask(void **unused)
{
    (void)unused;
    in_body(ask_in_a_body);
}

static void test_what_is_refused(void **unused)
{
    jlt_stats stats;
    size_t length = 5;
    (void)unused;
    assert_status(jlt_runtime_stats(NULL, &stats), JLT_INVALID_ARGUMENT);
    assert_status(jlt_runtime_stats(runtime, NULL), JLT_INVALID_ARGUMENT);
    assert_status(jlt_persistent_stats(NULL, &stats), JLT_INVALID_ARGUMENT);
    assert_status(jlt_stats_prometheus(runtime, NULL, &length), JLT_INVALID_ARGUMENT);
    assert_status(jlt_stats_prometheus(runtime, text, NULL), JLT_INVALID_ARGUMENT);
    assert_status(jlt_trace_start(NULL), JLT_INVALID_ARGUMENT);
    assert_status(jlt_trace_stop(NULL), JLT_INVALID_ARGUMENT);
    assert_status(jlt_trace_write(runtime, -1), JLT_INVALID_ARGUMENT);
    assert_status(jlt_trace_write(runtime, 1000), JLT_INVALID_ARGUMENT);
    assert_contains(jlt_error_message(), "descriptor 1000");
}

static void test_all_is_there_after_the_end(void **unused)
{
    jlt_persistent *task;
    jlt_stats stats, before;
    (void)unused;
    assert_ok(jlt_persistent_spawn(runtime, &step_type, NULL, &task));
    invoke(task, FINE, JLT_OK);
    before = of_runtime();
    assert_ok(jlt_runtime_close(runtime, false));
    while (jlt_thread_join_within(thread, -1) != JLT_OK) {
    }
    assert_ok(jlt_persistent_stats(task, &stats));
    assert_int_equal(stats.messages, 1);
    assert_int_equal(stats.tasks, 0);
    stats = of_runtime();
    assert_int_equal(stats.messages, before.messages);
    assert_int_equal(stats.tasks, 0);
    assert_int_equal(stats.queued, 0);
    assert_true(stats.bytes > 0);
    (void)prometheus();
    (void)traced();
    jlt_persistent_drop(task);
    jlt_runtime_drop(runtime);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages_and_failures),
        cmocka_unit_test(test_a_struct_of_another_size),
        cmocka_unit_test(test_a_room_that_is_too_small),
        cmocka_unit_test(test_collections_and_their_pauses),
        cmocka_unit_test(test_a_body_that_waits_in_julia),
        cmocka_unit_test(test_a_body_that_waits_for_another),
        cmocka_unit_test(test_what_jltask_itself_has_to_say),
        cmocka_unit_test(test_a_dump_says_what_bodies_wait_for),
        cmocka_unit_test(test_a_body_may_ask),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_all_is_there_after_the_end),
    };
    return cmocka_run_group_tests(tests, start_timed, NULL);
}
