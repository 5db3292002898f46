/* SPDX-License-Identifier: MIT
 *
 * Names: taken and free, gone with their task, and looked up while the last handle is dropped. */
#include "core/fake_engine.h"

#include "core/names.h"

#include <sched.h>

static struct runtime *runtime;
static atomic_uint begun, go_on;

static int reset(void **unused)
{
    (void)unused;
    atomic_store(&begun, 0);
    atomic_store(&go_on, 0);
    runtime = fake_start(1, 0);
    return 0;
}

static int finish(void **unused)
{
    (void)unused;
    if (runtime)
        fake_end(runtime);
    runtime = NULL;
    error_none();
    return 0;
}

/* Zero: fails. */
static void echo_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state;
    if (!*(const int *)input)
        fake_fail(frame, JLT_FAILED, "told to fail");
    *(int *)output = *(const int *)input;
}

static void slow_exit(jlt_frame *frame, void *state)
{
    (void)frame, (void)state;
    event_raise(&begun);
    fake_wait(&go_on, 1);
}

static const jlt_persistent_type echo_type = {
    .name = "echo",
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .run = echo_run,
    .on_failure = JLT_STOP,
};

static struct task *spawn_echo(void)
{
    return spawn(runtime, &echo_type, NULL);
}

static void await_end(struct message *receiver)
{
    jlt_end end;
    check_ok(message_receive(receiver, -1, &end));
}

static struct message *monitor(struct task *task)
{
    struct message *receiver = NULL;
    check_ok(monitor_set(task, sizeof(jlt_end), &receiver));
    return receiver;
}

static void check_not_found(const char *name)
{
    struct task *untouched = (struct task *)&runtime, *found = untouched;
    assert_status(names_lookup(runtime, name, &found), JLT_NOT_FOUND);
    assert_contains(jlt_error_message(), name);
    assert_ptr_equal(found, untouched);
}

static void test_a_name_leads_to_a_handle_of_ones_own(void **unused)
{
    (void)unused;
    char text[] = "the echo";
    int number = 3, output = 0;
    struct task *task = spawn_echo(), *found;
    assert_ok(names_register(runtime, text, task));
    text[0] = 'X'; /* it was copied */
    assert_ok(names_lookup(runtime, "the echo", &found));
    assert_ptr_equal(found, task);
    check_not_found("another");
    check_not_found("");
    task_drop(task); /* the other handle is good still */
    assert_ok(runtime_invoke_task(found, &number, &output));
    assert_int_equal(output, 3);
    task_drop(found);
}

static void test_a_name_is_had_by_one(void **unused)
{
    (void)unused;
    struct task *task = spawn_echo(), *other = spawn_echo(), *found;
    assert_ok(names_register(runtime, "a", task));
    assert_ok(names_register(runtime, "b", task)); /* one may have several */
    assert_status(names_register(runtime, "a", other), JLT_INVALID_ARGUMENT);
    assert_contains(jlt_error_message(), "\"a\" is taken");
    assert_status(names_register(runtime, "a", task), JLT_INVALID_ARGUMENT);
    assert_ok(names_unregister(runtime, "a"));
    assert_status(names_unregister(runtime, "a"), JLT_NOT_FOUND);
    assert_ok(names_register(runtime, "a", other));
    assert_ok(names_lookup(runtime, "a", &found));
    assert_ptr_equal(found, other);
    task_drop(found);
    assert_ok(names_lookup(runtime, "b", &found));
    assert_ptr_equal(found, task);
    task_drop(found);
    task_drop(other);
    task_drop(task);
}

static void test_names_go_with_their_task(void **unused)
{
    (void)unused;
    int zero = 0;
    struct task *task = spawn_echo(), *stopped = spawn_echo();
    struct message *end = monitor(task);
    assert_ok(names_register(runtime, "a", task));
    assert_ok(names_register(runtime, "b", task));
    assert_ok(names_register(runtime, "c", stopped));
    task_drop(task);
    await_end(end);
    check_not_found("a");
    check_not_found("b");
    assert_status(runtime_invoke_task(stopped, &zero, NULL), JLT_FAILED);
    await_end(monitor(stopped));
    check_not_found("c");
    assert_status(names_register(runtime, "c", stopped), JLT_CLOSED);
    assert_contains(jlt_error_message(), "told to fail");
    struct task *other = spawn_echo();
    assert_ok(names_register(runtime, "c", other));
    task_drop(stopped); /* not its name any more */
    assert_ok(names_unregister(runtime, "c"));
    task_drop(other);
}

static void test_a_task_without_handles_is_not_found_though_it_has_not_ended(void **unused)
{
    (void)unused;
    static const jlt_persistent_type type = {.run = echo_run, .exit = slow_exit};
    struct task *task = spawn(runtime, &type, NULL), *other = spawn_echo();
    assert_ok(names_register(runtime, "a", task));
    task_drop(task);
    event_await(&begun, 1);
    check_not_found("a");
    assert_status(names_register(runtime, "a", other), JLT_INVALID_ARGUMENT); /* it has it still */
    event_raise(&go_on);
    task_drop(other);
}

static void test_a_closed_runtime_has_no_names(void **unused)
{
    (void)unused;
    struct task *task = spawn_echo(), *found;
    assert_ok(names_register(runtime, "a", task));
    runtime_close(runtime, false);
    assert_status(names_lookup(runtime, "a", &found), JLT_CLOSED);
    assert_status(names_register(runtime, "b", task), JLT_CLOSED);
    fake_await_finished(runtime);
    assert_status(names_unregister(runtime, "a"), JLT_NOT_FOUND);
    task_drop(task);
}

static void test_many_names_are_kept_apart(void **unused)
{
    (void)unused;
    enum { many = 1000 };
    struct task *tasks[4], *found;
    char text[32];
    for (int i = 0; i < 4; i++)
        tasks[i] = spawn_echo();
    for (int i = 0; i < many; i++) {
        snprintf(text, sizeof text, "name %d", i);
        assert_ok(names_register(runtime, text, tasks[i % 4]));
    }
    for (int i = 0; i < many; i += 3) {
        snprintf(text, sizeof text, "name %d", i);
        assert_ok(names_unregister(runtime, text));
    }
    for (int i = 0; i < many; i++) {
        snprintf(text, sizeof text, "name %d", i);
        if (i % 3 == 0) {
            check_not_found(text);
            continue;
        }
        assert_ok(names_lookup(runtime, text, &found));
        assert_ptr_equal(found, tasks[i % 4]);
        task_drop(found);
    }
    for (int i = 0; i < 4; i++)
        task_drop(tasks[i]);
}

/* ---- look-ups while the last handle is dropped ---- */

enum { seekers = 3, lives = 300 };
static atomic_uint found_count, lookups;
static atomic_bool all_done;

static void *seek(void *unused)
{
    int number = 7, output = 0;
    (void)unused;
    while (!atomic_load(&all_done)) {
        struct task *task;
        jlt_status status = names_lookup(runtime, "phoenix", &task);
        if (atomic_fetch_add(&lookups, 1) % 16 == 0)
            sched_yield();
        if (status == JLT_NOT_FOUND)
            continue;
        check(status == JLT_OK);
        if (atomic_fetch_add(&found_count, 1) % 8 == 0) {
            check_ok(runtime_invoke_task(task, &number, &output)); /* it lives as long as this handle */
            check(output == 7);
        }
        task_drop(task);
    }
    return NULL;
}

static void test_a_lookup_meets_the_last_drop(void **unused)
{
    (void)unused;
    pthread_t threads[seekers];
    atomic_store(&all_done, false);
    atomic_store(&found_count, 0);
    for (int i = 0; i < seekers; i++)
        threads[i] = thread_start(seek, NULL);
    for (int i = 0; i < lives; i++) {
        struct task *task = spawn_echo();
        unsigned before = atomic_load(&lookups);
        assert_ok(names_register(runtime, "phoenix", task));
        if (i % 2)
            await_true(atomic_load(&lookups) > before + seekers); /* one at least began after that */
        task_drop(task);
        if (names_unregister(runtime, "phoenix") != JLT_OK) /* a seeker may hold it, or it may have ended */
            assert_int_equal(error_last()->status, JLT_NOT_FOUND);
    }
    await_true(atomic_load(&found_count) > 0);
    atomic_store(&all_done, true);
    for (int i = 0; i < seekers; i++)
        thread_join(threads[i]);
}

int main(void)
{
#define names_test(name) cmocka_unit_test_setup_teardown(name, reset, finish)
    const struct CMUnitTest tests[] = {
        names_test(test_a_name_leads_to_a_handle_of_ones_own),
        names_test(test_a_name_is_had_by_one),
        names_test(test_names_go_with_their_task),
        names_test(test_a_task_without_handles_is_not_found_though_it_has_not_ended),
        names_test(test_a_closed_runtime_has_no_names),
        names_test(test_many_names_are_kept_apart),
        names_test(test_a_lookup_meets_the_last_drop),
    };
    return fake_run_tests(tests);
}
