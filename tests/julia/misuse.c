/* SPDX-License-Identifier: MIT
 *
 * What bad use gets: a status and a message wherever that is possible, and an abort that names the call where it is
 * not, or always where the library was built with JLT_CHECKS.
 *
 * A process in which Julia runs must not be forked, so what aborts is done in a new process: this program starts itself
 * again, with the name of the misuse as its argument. */
#include "julia/fixture.h"

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static bool library_checks(void)
{
    return jlt_debug_counts().tasks >= 0;
}

/* ---- misuse, one of these in a process of its own ---- */

/* What jlt_error_message() told the thread that misused something, where it went on. */
static char complaint[512];

static void note_complaint(void)
{
    snprintf(complaint, sizeof complaint, "%s", jlt_error_message());
}

static jlt_frame *leaked_frame;

static void leak_frame(jlt_frame *frame)
{
    leaked_frame = frame;
}

static void use_a_frame_after_its_message(void)
{
    in_body(leak_frame);
    jlt_value *value = jlt_box_i64(leaked_frame, 1);
    note_complaint();
    assert_null(value);
}

static void leak_scope(jlt_frame *frame)
{
    leaked_frame = jlt_scope_open(jlt_scope_open(frame));
}

static void use_a_scope_left_open(void)
{
    in_body(leak_scope);
    bool ok = jlt_ok(leaked_frame);
    note_complaint();
    assert_false(ok);
}

static void use_a_closed_scope(jlt_frame *frame)
{
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_scope_close(scope);
    jlt_value *value = jlt_eval(scope, "touched = true");
    note_complaint();
    EXPECT(!value && jlt_ok(frame)); /* the frame that is open has nothing to do with it */
    EXPECT(!jlt_unbox_bool(frame, jlt_eval(frame, "isdefined(Main, :touched)")));
}

static void use_a_scope_after_its_close(void)
{
    in_body(use_a_closed_scope);
}

static void close_a_scope_again(jlt_frame *frame)
{
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_scope_close(scope);
    jlt_scope_close(scope);
    note_complaint();
    EXPECT(jlt_box_i64(frame, 1));
}

static void close_a_scope_twice(void)
{
    in_body(close_a_scope_again);
}

static void *use_frame(void *frame)
{
    jlt_value *value = jlt_global(frame, "Base.sqrt");
    note_complaint();
    return value;
}

static void lend_frame(jlt_frame *frame)
{
    pthread_t other;
    void *value = frame;
    EXPECT(!pthread_create(&other, NULL, use_frame, frame) && !pthread_join(other, &value));
    EXPECT(!value && jlt_ok(frame));
}

static void use_a_frame_on_another_thread(void)
{
    in_body(lend_frame);
}

static void use_frame_of_another_body(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    jlt_value *value = jlt_typeof(leaked_frame, jlt_box_i64(frame, 1));
    note_complaint();
    EXPECT(!value && jlt_ok(frame));
}

static void invoke_another_body(jlt_frame *frame)
{
    static const jlt_task_type type = {.run = use_frame_of_another_body};
    leaked_frame = frame;
    EXPECT(jlt_task_invoke(runtime, &type, NULL, NULL) == JLT_OK);
    EXPECT(jlt_box_i64(frame, 1));
}

static void use_a_frame_in_another_body(void)
{
    in_body(invoke_another_body);
}

static void use_frame_elsewhere(void)
{
    jlt_value *value = jlt_typeof(leaked_frame, (jlt_value *)leaked_frame);
    note_complaint();
    if (value)
        complaint[0] = '\0';
}

/* A task of Julia's that the body has started is not the body. */
static void use_frame_in_julias_task(jlt_frame *frame)
{
    leaked_frame = frame;
    jlt_value *f = jlt_c_function(frame, use_frame_elsewhere, jlt_eval(frame, "Nothing"), jlt_eval(frame, "()"));
    EXPECT(jlt_call(frame, jlt_eval(frame, "f -> fetch(@async f())"), f));
}

static void use_a_frame_in_a_task_of_julias(void)
{
    in_body(use_frame_in_julias_task);
}

static jlt_value *leak_frame_of_function(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count)
{
    (void)data, (void)arguments, (void)count;
    leaked_frame = frame;
    return NULL;
}

static void use_frame_of_function(jlt_frame *frame)
{
    EXPECT(jlt_call(frame, jlt_function(frame, "leak", leak_frame_of_function, NULL, NULL)));
    use_frame_elsewhere();
}

static void use_a_frame_after_its_function(void)
{
    in_body(use_frame_of_function);
}

static void use_frame_in_work(void *frame)
{
    leaked_frame = frame;
    use_frame_elsewhere();
}

static void use_frame_while_blocking(jlt_frame *frame)
{
    EXPECT(jlt_blocking(frame, use_frame_in_work, frame));
}

static void use_a_frame_in_blocking_work(void)
{
    in_body(use_frame_while_blocking);
}

static void do_nothing(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state, (void)input, (void)output;
}

static const jlt_persistent_type idle_type = {.name = "idle", .run = do_nothing};

static jlt_persistent *idle_task(void)
{
    jlt_persistent *task = NULL;
    assert_ok(jlt_persistent_spawn(runtime, &idle_type, NULL, &task));
    return task;
}

static void drop_a_task_twice(void)
{
    jlt_persistent *task = idle_task();
    jlt_persistent_drop(task);
    jlt_persistent_drop(task);
}

static void drop_clones_once_too_often(void)
{
    jlt_persistent *task = idle_task(), *clone = jlt_persistent_clone(task);
    jlt_persistent_drop(task);
    jlt_persistent_drop(clone);
    jlt_persistent_drop(clone);
}

static void clone_a_dropped_task(void)
{
    jlt_persistent *task = idle_task();
    jlt_persistent_drop(task);
    jlt_persistent_clone(task);
}

static void drop_the_runtime_twice(void)
{
    jlt_runtime_drop(runtime);
    jlt_runtime_drop(runtime);
}

static void clone_the_dropped_runtime(void)
{
    jlt_runtime_drop(runtime);
    jlt_runtime_clone(runtime);
}

enum outcome {
    COMPLAINS,        /* aborts in a build with checks, else says so and goes on */
    ABORTS,           /* in every build */
    ABORTS_IF_CHECKED /* and is undefined in other builds */
};

static const struct misuse {
    const char *name;
    void (*commit)(void);
    enum outcome outcome;
    const char *message;
} misuses[] = {
    {"late frame", use_a_frame_after_its_message, COMPLAINS,
     "jlt_box_i64: the frame was used after its message or scope had ended"},
    {"late scope", use_a_scope_left_open, COMPLAINS, "jlt_ok: the frame was used after its message or scope had ended"},
    {"closed scope", use_a_scope_after_its_close, COMPLAINS,
     "jlt_eval: the frame was used after its message or scope had ended"},
    {"scope closed twice", close_a_scope_twice, COMPLAINS,
     "jlt_scope_close: the frame was used after its message or scope had ended"},
    {"other thread", use_a_frame_on_another_thread, COMPLAINS,
     "jlt_global: the frame was used outside the task body that it was given to"},
    {"other body", use_a_frame_in_another_body, COMPLAINS,
     "jlt_typeof: the frame was used outside the task body that it was given to"},
    {"task of Julia's", use_a_frame_in_a_task_of_julias, COMPLAINS,
     "jlt_typeof: the frame was used outside the task body that it was given to"},
    {"late function", use_a_frame_after_its_function, COMPLAINS,
     "jlt_typeof: the frame was used after its message or scope had ended"},
    {"blocking work", use_a_frame_in_blocking_work, COMPLAINS,
     "jlt_typeof: the frame was used in work that jlt_blocking does"},
    {"task dropped twice", drop_a_task_twice, ABORTS_IF_CHECKED, "jlt_persistent_drop: the handle was dropped before"},
    {"clones dropped", drop_clones_once_too_often, ABORTS_IF_CHECKED,
     "jlt_persistent_drop: the handle was dropped before"},
    {"task cloned late", clone_a_dropped_task, ABORTS_IF_CHECKED,
     "jlt_persistent_clone: the handle was dropped before"},
    {"runtime dropped twice", drop_the_runtime_twice, ABORTS, "jlt_runtime_drop: the handle was dropped before"},
    {"runtime cloned late", clone_the_dropped_runtime, ABORTS, "jlt_runtime_clone: the handle was dropped before"},
};

enum { misuse_count = sizeof misuses / sizeof *misuses };

/* The program's other main: commits one misuse. */
static int commit_misuse(const char *name)
{
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    alarm(100); /* what is not noticed may well hang */
    for (int i = 0; i < misuse_count; i++) {
        if (strcmp(misuses[i].name, name))
            continue;
        if (jlt_runtime_spawn(NULL, &runtime, &thread) == JLT_OK)
            misuses[i].commit();
    }
    return 0;
}

/* Starts this program with the misuse as its argument; returns how it ended, and what it wrote to stderr. */
static int run_in_a_process(const char *name, char *written, size_t size)
{
    int ends[2], status;
    pid_t child;
    posix_spawn_file_actions_t actions;
    assert_int_equal(pipe(ends), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    char *arguments[] = {"misuse", (char *)(uintptr_t)name, NULL};
    assert_int_equal(posix_spawn(&child, "/proc/self/exe", &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    size_t length = 0;
    char more[512];
    for (ssize_t got; (got = read(ends[0], more, sizeof more)) > 0;) { /* to the end, lest the child block */
        size_t room = size - 1 - length, kept = (size_t)got < room ? (size_t)got : room;
        memcpy(written + length, more, kept);
        length += kept;
    }
    written[length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void assert_aborts(const struct misuse *misuse)
{
    char written[4096];
    int status = run_in_a_process(misuse->name, written, sizeof written);
    assert_contains(written, "jltask: ");
    assert_contains(written, misuse->message);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void test_misuse(void **unused)
{
    (void)unused;
    for (int i = 0; i < misuse_count; i++) {
        const struct misuse *misuse = &misuses[i];
        if (misuse->outcome == ABORTS || library_checks()) {
            assert_aborts(misuse);
        } else if (misuse->outcome == COMPLAINS) {
            misuse->commit();
            assert_string_equal(complaint, misuse->message);
            in_body(leak_frame); /* all goes on */
        }
    }
}

/* ---- joining ---- */

static void join_from_a_body(jlt_frame *frame)
{
    EXPECT(jlt_thread_join(thread) == JLT_INVALID_ARGUMENT);
    EXPECT(strstr(jlt_error_message(), "jlt_thread_join: called from a task's body"));
}

static void test_a_body_cannot_join(void **unused)
{
    (void)unused;
    in_body(join_from_a_body);
}

static int stop_and_join_again(void **unused)
{
    stop_runtime(unused);
    assert_status(jlt_thread_join(thread), JLT_INVALID_ARGUMENT);
    assert_contains(jlt_error_message(), "jlt_thread_join: the thread has been joined");
    return 0;
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_a_body_cannot_join),
    };
    if (count > 1)
        return commit_misuse(arguments[1]);
    return cmocka_run_group_tests(tests, start_runtime, stop_and_join_again);
}
