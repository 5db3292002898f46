/* SPDX-License-Identifier: MIT
 *
 * What is counted, timed and traced, over an engine of threads: exact when the reply is there, and read while many
 * send. */
#include "core/fake_engine.h"

#include "base/out.h"
#include "core/limit.h"
#include "core/prometheus.h"
#include "json.h"

#include <unistd.h>

static struct runtime *runtime;
static atomic_uint begun, go_on;

static int start(void **unused)
{
    (void)unused;
    atomic_store(&begun, 0);
    atomic_store(&go_on, 0);
    runtime = fake_start(2, 0);
    return 0;
}

static int finish(void **unused)
{
    (void)unused;
    fake_end(runtime);
    return 0;
}

/* ---- tasks ---- */

enum { FINE, WAIT, THROW, FAIL };

static void act(jlt_frame *frame, int what)
{
    event_raise(&begun);
    if (what == WAIT)
        event_await(&go_on, 1);
    if (what == THROW)
        fake_fail(frame, JLT_EXCEPTION, "thrown");
    if (what == FAIL)
        fake_fail(frame, JLT_FAILED, "failed");
}

static void run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state, (void)output;
    act(frame, *(const int *)input);
}

static void run_once(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    act(frame, *(const int *)input);
}

static void run_other(jlt_frame *frame, void *state, const void *input, void *output)
{
    run(frame, state, input, output);
}

static const jlt_persistent_type step_type = {.name = "step", .input_size = sizeof(int), .run = run},
                                 same_name = {.name = "step", .input_size = sizeof(int), .run = run_other},
                                 odd_name = {.name = "\"a\"\n\\\xff", .input_size = sizeof(int), .run = run},
                                 as_odd = {.name = "\"a\"\n\\\xfe", .input_size = sizeof(int), .run = run},
                                 restarting = {.name = "restarting",
                                               .input_size = sizeof(int),
                                               .run = run,
                                               .on_failure = JLT_RESTART},
                                 pinned = {.name = "pinned", .input_size = sizeof(int), .run = run, .thread = 1};
static const jlt_task_type once_type = {.name = "once", .input_size = sizeof(int), .run = run_once};

static void invoke(struct task *task, int what, jlt_status wanted)
{
    assert_status(runtime_invoke_task(task, &what, NULL), wanted);
}

static jlt_stats of_runtime(void)
{
    jlt_stats stats;
    stats_of_runtime(runtime, &stats);
    return stats;
}

static jlt_stats of_task(struct task *task)
{
    jlt_stats stats;
    stats_of_task(task, &stats);
    return stats;
}

/* ---- counts ---- */

static void test_bodies_are_counted_before_their_reply(void **unused)
{
    int fine = FINE, fail = FAIL;
    (void)unused;
    struct task *task = spawn(runtime, &step_type, NULL);
    for (unsigned i = 1; i <= 100; i++) {
        invoke(task, i % 10 ? FINE : i % 20 ? THROW : FAIL, i % 10 ? JLT_OK : i % 20 ? JLT_EXCEPTION : JLT_FAILED);
        assert_int_equal(of_task(task).messages, i);
        assert_int_equal(of_runtime().messages, i);
    }
    assert_ok(runtime_invoke(runtime, type_of(&once_type), &fine, NULL));
    assert_status(runtime_invoke(runtime, type_of(&once_type), &fail, NULL), JLT_FAILED);
    jlt_stats all = of_runtime(), own = of_task(task), thread[2];
    assert_int_equal(own.failures, 10);
    assert_int_equal(own.failures_by_status[JLT_FAILED], 5);
    assert_int_equal(own.failures_by_status[JLT_EXCEPTION], 5);
    assert_int_equal(own.run_ns.count + own.wait_ns.count, 0);
    assert_int_equal(all.messages, 102);
    assert_int_equal(all.failures, 11);
    assert_int_equal(all.failures_by_status[JLT_FAILED], 6);
    assert_int_equal(all.tasks, 1);
    assert_int_equal(all.threads, 2);
    assert_int_equal(all.queued, 0);
    assert_true(all.fibers > 0);
    for (int i = 0; i < 2; i++)
        stats_of_worker(&runtime->workers[i], &thread[i]);
    assert_int_equal(thread[0].messages + thread[1].messages, 102);
    task_drop(task);
}

static void test_what_is_jltask_s_own_is_not_counted(void **unused)
{
    int fine = FINE;
    (void)unused;
    assert_ok(runtime_invoke(runtime, type_of_own(&once_type), &fine, NULL));
    assert_int_equal(of_runtime().messages, 0);
    assert_int_equal(of_runtime().queued, 0);
}

static void test_a_task_that_has_ended_keeps_its_counts(void **unused)
{
    struct runtime *ended = runtime;
    (void)unused;
    struct task *task = spawn(runtime, &step_type, NULL);
    invoke(task, FINE, JLT_OK);
    runtime_close(runtime, false);
    fake_await_finished(ended);
    assert_int_equal(of_task(task).messages, 1);
    assert_int_equal(of_task(task).tasks, 0);
    assert_int_equal(of_runtime().messages, 1);
    assert_int_equal(of_runtime().tasks, 0);
    task_drop(task);
}

static void test_restarts_are_counted(void **unused)
{
    (void)unused;
    struct task *task = spawn(runtime, &restarting, NULL);
    for (int i = 0; i < 3; i++)
        invoke(task, FAIL, JLT_FAILED);
    invoke(task, FINE, JLT_OK);
    assert_int_equal(of_task(task).restarts, 3);
    assert_int_equal(of_runtime().restarts, 3);
    assert_int_equal(of_runtime().tasks, 1);
    task_drop(task);
}

/* ---- what is queued ---- */

static void test_what_is_sent_and_not_begun_is_queued(void **unused)
{
    enum { count = 20 };
    struct message *receivers[count];
    const int what = FINE, wait = WAIT;
    (void)unused;
    struct task *task = spawn(runtime, &step_type, NULL);
    struct message *first = call(task, &wait);
    event_await(&begun, 1);
    assert_int_equal(of_task(task).queued, 0);
    for (unsigned i = 0; i < count; i++) {
        receivers[i] = call(task, &what);
        assert_int_equal(of_task(task).queued, i + 1);
        assert_int_equal(of_runtime().queued, i + 1);
    }
    for (unsigned i = 0; i < 5; i++) {
        assert_true(message_give_up(receivers[i], MESSAGE_CANCELLED));
        assert_int_equal(of_task(task).queued, count - i - 1);
        assert_int_equal(of_runtime().queued, count - i - 1);
    }
    event_raise(&go_on);
    assert_ok(message_receive(first, -1, NULL));
    for (int i = 0; i < count; i++)
        assert_status(message_receive(receivers[i], -1, NULL), i < 5 ? JLT_CANCELLED : JLT_OK);
    assert_int_equal(of_task(task).queued, 0);
    assert_int_equal(of_runtime().queued, 0);
    assert_int_equal(of_runtime().messages, 1 + count - 5);
    task_drop(task);
}

static void test_what_was_not_sent_after_all_is_not_queued(void **unused)
{
    const int what = FINE, wait = WAIT;
    (void)unused;
    struct task *task = spawn(runtime, &step_type, NULL);
    struct canceller *canceller = canceller_new();
    struct call_options options = {.deadline = limit_never, .canceller = canceller};
    struct message *first = call(task, &wait), *last = call(task, &what);
    event_await(&begun, 1);
    canceller_cancel(canceller);
    assert_status(runtime_invoke_task_with(task, &what, &options, NULL), JLT_CANCELLED);
    assert_int_equal(of_task(task).queued, 1);
    runtime_close(runtime, true);
    assert_status(runtime_call(task, &what, SEND_TRY, NULL), JLT_CLOSED);
    event_raise(&go_on);
    assert_ok(message_receive(first, -1, NULL));
    assert_status(message_receive(last, -1, NULL), JLT_CANCELLED);
    fake_await_finished(runtime);
    assert_int_equal(of_task(task).queued, 0);
    assert_int_equal(of_runtime().queued, 0);
    assert_int_equal(of_runtime().messages, 1);
    canceller_drop(canceller);
    task_drop(task);
}

/* ---- many at once ---- */

enum { senders = 4, rounds = 400, window = 8 };

static void *send_many(void *data)
{
    struct task *task = data;
    struct message *receivers[window];
    const int fine = FINE, fail = FAIL;
    for (int i = 0; i < rounds; i++) {
        for (int k = 0; k < window; k++)
            receivers[k] = k % 2 ? call(task, k == 1 ? &fail : &fine) : dispatch(runtime, &once_type, &fine);
        message_give_up(receivers[window - 1], MESSAGE_CANCELLED);
        for (int k = 0; k < window; k++)
            (void)message_receive(receivers[k], -1, NULL);
    }
    return NULL;
}

static atomic_bool done;

static void *read_all_the_time(void *data)
{
    uint64_t before = 0;
    while (!atomic_load(&done)) {
        jlt_stats all = of_runtime(), own = of_task(data);
        check(all.messages >= before);
        check(all.queued <= senders * (window + 1) && own.queued <= senders * (window + 1));
        before = all.messages;
        struct out out = {.descriptor = -1};
        check_ok(prometheus_write(runtime, &out));
        free(out.text);
    }
    return NULL;
}

static void test_many_senders_and_a_reader(void **unused)
{
    pthread_t threads[senders], reader;
    (void)unused;
    atomic_store(&done, false);
    struct task *task = spawn(runtime, &step_type, NULL);
    check_ok(stats_time(runtime));
    trace_start(runtime);
    reader = thread_start(read_all_the_time, task);
    for (int i = 0; i < senders; i++)
        threads[i] = thread_start(send_many, task);
    for (int i = 0; i < senders; i++)
        thread_join(threads[i]);
    invoke(task, FINE, JLT_OK); /* behind all that were given up */
    atomic_store(&done, true);
    thread_join(reader);
    trace_stop(runtime);
    jlt_stats all = of_runtime(), own = of_task(task);
    assert_int_equal(all.queued, 0);
    assert_int_equal(own.queued, 0);
    assert_int_equal(own.failures, senders * rounds);
    assert_true(own.messages >= senders * rounds * (window / 2 - 1));
    assert_true(own.messages <= senders * rounds * (window / 2) + 1);
    assert_int_equal(all.messages, own.messages + senders * rounds * window / 2);
    assert_int_equal(all.run_ns.count, all.messages);
    assert_int_equal(own.run_ns.count, own.messages);
    assert_int_equal(own.wait_ns.count, own.messages);
    task_drop(task);
}

/* ---- times ---- */

static void test_times_are_those_of_waiting_and_running(void **unused)
{
    enum { wait_ns = 20000000 };
    const int what = FINE, wait = WAIT;
    (void)unused;
    assert_ok(stats_time(runtime));
    struct task *task = spawn(runtime, &step_type, NULL);
    int64_t begin = platform_now();
    struct message *first = call(task, &wait), *second = call(task, &what);
    int64_t sent = platform_now();
    event_await(&begun, 1);
    await_true(platform_now() - sent > wait_ns);
    event_raise(&go_on);
    assert_ok(message_receive(first, -1, NULL));
    assert_ok(message_receive(second, -1, NULL));
    int64_t all = platform_now() - begin;
    jlt_stats stats = of_task(task);
    assert_int_equal(stats.run_ns.count, 2);
    assert_int_equal(stats.wait_ns.count, 2);
    assert_true(stats.run_ns.max <= (uint64_t)all && stats.wait_ns.max <= (uint64_t)all);
    assert_true(stats.wait_ns.max >= wait_ns / 2);
    assert_true(stats.run_ns.p50 <= stats.run_ns.p99);
    task_drop(task);
}

/* ---- as text ---- */

/* Each line is a comment or `name{labels} number`, each series comes once, and each after its TYPE. */
static void check_format(char *text)
{
    char *lines[4096], *save = NULL;
    size_t count = 0;
    assert_int_equal(text[strlen(text) - 1], '\n');
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        assert_true(count < sizeof lines / sizeof *lines);
        if (*line == '#')
            continue;
        char *end = strrchr(line, ' '), *rest;
        assert_non_null(end);
        *end = 0;
        assert_true(strtod(end + 1, &rest) >= 0 && *rest == 0);
        for (size_t i = 0; i < count; i++)
            assert_string_not_equal(lines[i], line);
        assert_int_equal(strncmp(line, "jltask_", 7), 0);
        lines[count++] = line;
    }
    assert_true(count > 10);
}

/* Where it is installed. */
static void check_with_promtool(const char *text)
{
    if (system("command -v promtool >/dev/null 2>&1") != 0)
        return;
    FILE *pipe = popen("promtool check metrics >/dev/null", "w");
    assert_non_null(pipe);
    assert_true(fputs(text, pipe) >= 0);
    assert_int_equal(pclose(pipe), 0);
}

static void test_types_of_one_name_are_one_series(void **unused)
{
    static const jlt_persistent_type *const types[] = {&step_type, &same_name, &odd_name, &as_odd};
    struct out out = {.descriptor = -1};
    (void)unused;
    assert_ok(stats_time(runtime));
    for (int i = 0; i < 4; i++) {
        struct task *task = spawn(runtime, types[i], NULL);
        for (int k = 0; k <= i; k++)
            invoke(task, FINE, JLT_OK);
        invoke(task, FAIL, JLT_FAILED);
        task_drop(task);
    }
    assert_ok(prometheus_write(runtime, &out));
    assert_contains(out.text, "# TYPE jltask_messages_total counter\n");
    assert_contains(out.text, "jltask_messages_total{type=\"step\"} 5\n");
    assert_contains(out.text, "jltask_failures_total{type=\"step\",status=\"JLT_FAILED\"} 2\n");
    assert_contains(out.text, "jltask_messages_total{type=\"\\\"a\\\"\\n\\\\\xef\xbf\xbd\"} 9\n");
    assert_contains(out.text, "jltask_run_seconds_bucket{type=\"step\",le=\"+Inf\"} 5\n");
    assert_contains(out.text, "jltask_run_seconds_count{type=\"step\"} 5\n");
    check_with_promtool(out.text);
    check_format(out.text);
    free(out.text);
}

/* ---- trace ---- */

static char *traced(void)
{
    FILE *file = tmpfile();
    int error = 0;
    assert_non_null(file);
    assert_ok(trace_write(runtime, fileno(file), &error));
    long length = (fseek(file, 0, SEEK_END), ftell(file));
    char *text = calloc(1, (size_t)length + 1);
    rewind(file);
    assert_int_equal(fread(text, 1, (size_t)length, file), length);
    fclose(file);
    assert_true(json_is_valid(text));
    return text;
}

static void test_a_trace_has_each_message_once(void **unused)
{
    (void)unused;
    struct task *task = spawn(runtime, &step_type, NULL);
    invoke(task, FINE, JLT_OK);
    free(traced()); /* of nothing */
    trace_start(runtime);
    struct task *odd = spawn(runtime, &odd_name, NULL);
    for (int i = 0; i < 50; i++)
        invoke(task, i % 10 ? FINE : FAIL, i % 10 ? JLT_OK : JLT_FAILED);
    invoke(odd, FINE, JLT_OK);
    free(traced()); /* while it goes on */
    trace_stop(runtime);
    invoke(task, FINE, JLT_OK);
    char *text = traced();
    assert_int_equal(count_of(text, "\"name\":\"step\""), 50);
    assert_int_equal(count_of(text, "\"name\":\"send step\""), 50);
    assert_int_equal(count_of(text, "\"name\":\"JLT_FAILED\""), 5);
    assert_int_equal(count_of(text, "\"name\":\"\\\"a\\\"\\n\\\\\xef\xbf\xbd\""), 1);
    assert_int_equal(count_of(text, "\"name\":\"init \\\"a"), 1);
    free(text);
    trace_start(runtime);
    trace_stop(runtime);
    text = traced();
    assert_int_equal(count_of(text, "step"), 0);
    free(text);
    task_drop(task);
    task_drop(odd);
}

static void test_a_full_ring_keeps_the_newest(void **unused)
{
    enum { many = 20000 };
    (void)unused;
    trace_start(runtime);
    struct task *old = spawn(runtime, &same_name, NULL), *new = spawn(runtime, &pinned, NULL);
    struct message *receivers[64];
    const int what = FINE;
    invoke(old, FINE, JLT_OK);
    for (int i = 0; i < many; i += 64) {
        for (int k = 0; k < 64; k++)
            receivers[k] = call(new, &what);
        for (int k = 0; k < 64; k++)
            assert_ok(message_receive(receivers[k], -1, NULL));
    }
    trace_stop(runtime);
    char *text = traced();
    assert_int_equal(count_of(text, "\"name\":\"send step\""), 0);
    assert_int_equal(count_of(text, "\"name\":\"send pinned\""), 1 << 14);
    assert_in_range(count_of(text, "\"name\":\"pinned\""), (1 << 14) - 2, many + 64); /* by one thread, or by several */
    free(text);
    task_drop(old);
    task_drop(new);
}

static void test_a_descriptor_that_cannot_be_written(void **unused)
{
    int error = 0, ends[2];
    (void)unused;
    assert_int_equal(pipe(ends), 0);
    assert_status(trace_write(runtime, ends[0], &error), JLT_INVALID_ARGUMENT);
    assert_int_not_equal(error, 0);
    close(ends[0]);
    close(ends[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_bodies_are_counted_before_their_reply),
        TEST(test_what_is_jltask_s_own_is_not_counted),
        TEST(test_a_task_that_has_ended_keeps_its_counts),
        TEST(test_restarts_are_counted),
        TEST(test_what_is_sent_and_not_begun_is_queued),
        TEST(test_what_was_not_sent_after_all_is_not_queued),
        TEST(test_many_senders_and_a_reader),
        TEST(test_times_are_those_of_waiting_and_running),
        TEST(test_types_of_one_name_are_one_series),
        TEST(test_a_trace_has_each_message_once),
        TEST(test_a_full_ring_keeps_the_newest),
        TEST(test_a_descriptor_that_cannot_be_written),
    };
    return fake_run_tests(tests);
}
