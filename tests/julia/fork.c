/* SPDX-License-Identifier: MIT
 *
 * Children of the host's: one that goes on in the parent's memory is told so by every call and ends well; one that runs
 * a program is none of Julia's business. */
#include "julia/apart.h"

#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>

extern char **environ;

/* ---- a parent with one of everything ---- */

static void run_nothing(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state, (void)input, (void)output;
}

static void evaluate_code(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    jlt_eval(frame, *(const char *const *)input);
}

static const jlt_persistent_type task_type = {.name = "task", .capacity = 1, .run = run_nothing};
static const jlt_task_type code_type = {.input_size = sizeof(char *), .run = evaluate_code};

static jlt_persistent *task;
static jlt_receiver *replied, *waiting;
static jlt_queue *queue;
static jlt_held *held;

static void hold_bytes(jlt_frame *frame)
{
    held = jlt_hold(frame, jlt_eval(frame, "UInt8[1, 2, 3]"));
}

static jlt_receiver *dispatch(const char *code)
{
    jlt_receiver *receiver;
    MUST(jlt_task_dispatch(runtime, &code_type, &code, &receiver) == JLT_OK);
    return receiver;
}

static void start_parent(void)
{
    const char *one = "1";
    start_julia(2);
    MUST(jlt_persistent_spawn(runtime, &task_type, NULL, &task) == JLT_OK);
    in_body(hold_bytes);
    MUST(jlt_queue_new(&queue) == JLT_OK);
    MUST(jlt_task_dispatch_with(runtime, &code_type, &one, &(jlt_call_options){.queue = queue}, NULL) == JLT_OK);
    replied = dispatch("1");
    waiting = dispatch("const go = Channel{Nothing}(1); take!(go)");
    MUST(evaluate("while !@isdefined(go); yield(); end") == JLT_OK);
}

static void end_parent(void)
{
    jlt_completion completion;
    MUST(jlt_queue_take(queue, -1, &completion) == JLT_OK);
    MUST(jlt_receiver_recv(completion.receiver, NULL) == JLT_OK);
    jlt_queue_drop(queue);
    MUST(jlt_persistent_invoke(task, NULL, NULL) == JLT_OK);
    MUST(evaluate("put!(go, nothing)") == JLT_OK);
    MUST(jlt_receiver_recv(replied, NULL) == JLT_OK);
    MUST(jlt_receiver_recv(waiting, NULL) == JLT_OK);
    jlt_held_drop(held);
    jlt_persistent_drop(task);
    end_julia();
}

/* ---- the child ---- */

#define CLOSED(call) MUST((call) == JLT_CLOSED && strstr(jlt_error_message(), "fork"))

static int main_function(jlt_runtime *handle, void *argument)
{
    (void)handle, (void)argument;
    return 0;
}

static void call_everything(void)
{
    static const jlt_persistent_type new_type = {.name = "a type not seen before", .run = run_nothing};
    const char *code = "1";
    jlt_receiver *receiver = NULL;
    jlt_persistent *another = NULL;
    jlt_queue *other_queue = NULL;
    jlt_completion completion;
    const jlt_call_options options = {.queue = queue};
    const jlt_message message = {.task = task};
    jlt_settings settings;
    jlt_view view;
    const void *bytes;
    size_t length;
    MUST(jlt_runtime_is_closed(runtime) && jlt_runtime_clone(runtime) == runtime);
    CLOSED(jlt_runtime_spawn(NULL, &runtime, &thread));
    CLOSED(jlt_runtime_start(NULL, main_function, NULL, NULL));
    CLOSED(jlt_runtime_settings(runtime, &settings));
    CLOSED(jlt_task_dispatch(runtime, &code_type, &code, &receiver));
    CLOSED(jlt_task_try_dispatch(runtime, &code_type, &code, &receiver));
    CLOSED(jlt_task_invoke(runtime, &code_type, &code, NULL));
    CLOSED(jlt_persistent_dispatch(runtime, &new_type, NULL, &receiver));
    CLOSED(jlt_persistent_try_dispatch(runtime, &new_type, NULL, &receiver));
    CLOSED(jlt_persistent_spawn(runtime, &new_type, NULL, &another));
    CLOSED(jlt_persistent_call(task, NULL, &receiver));
    CLOSED(jlt_persistent_try_call(task, NULL, &receiver));
    CLOSED(jlt_persistent_invoke(task, NULL, NULL));
    CLOSED(jlt_receiver_recv(replied, NULL));
    CLOSED(jlt_receiver_recv(waiting, NULL));
    CLOSED(jlt_receiver_recv_timeout(waiting, 1, NULL));
    CLOSED(jlt_receiver_try_recv(replied, NULL));
    CLOSED(jlt_receiver_try_recv(waiting, NULL));
    CLOSED(jlt_queue_new(&other_queue));
    CLOSED(jlt_queue_take(queue, -1, &completion));
    CLOSED(jlt_queue_add(queue, replied, NULL));
    CLOSED(jlt_persistent_call_with(task, NULL, &options, NULL));
    CLOSED(jlt_persistent_call_many(&message, 1, &options, NULL));
    CLOSED(jlt_persistent_monitor_with(task, &options, NULL));
    MUST(jlt_queue_descriptor(queue) == -1 && !other_queue);
    jlt_queue_drop(queue);
    CLOSED(jlt_held_view(held, JLT_U8, &view));
    CLOSED(jlt_held_view_of(held, "UInt8", 1, &view));
    CLOSED(jlt_held_bytes(held, &bytes, &length));
    MUST(!receiver && !another && jlt_persistent_clone(task) == task);
    jlt_receiver_drop(replied);
    jlt_receiver_drop(waiting);
    jlt_held_drop(held);
    for (int i = 0; i < 3; i++) /* of handles that the parent has once */
        jlt_persistent_drop(task);
    CLOSED(jlt_runtime_close(runtime, true));
    for (int i = 0; i < 3; i++)
        jlt_runtime_drop(runtime);
    CLOSED(jlt_thread_join(thread));
}

/* Forks; the child has a limit in time. */
static pid_t fork_with(void (*child)(void), int exit_status)
{
    fflush(NULL);
    pid_t id = fork();
    if (id)
        return id;
    alarm(100); /* seconds */
    child();
    exit(exit_status);
}

static void must_exit(pid_t child, int exit_status)
{
    int status = -1;
    MUST(waitpid(child, &status, 0) == child);
    if (status != exit_status << 8)
        fprintf(stderr, "the child's status is %x\n", (unsigned)status);
    MUST(status == exit_status << 8);
}

static void nothing(void)
{
}

static void calls_in_a_child(void)
{
    start_parent();
    must_exit(fork_with(nothing, 6), 6);
    for (int i = 0; i < 5; i++)
        must_exit(fork_with(call_everything, 7), 7);
    end_parent();
    must_exit(fork_with(call_everything, 8), 8);
}

static void test_a_forked_child_is_told_so_by_every_call(void **unused)
{
    (void)unused;
    assert_returned(apart(calls_in_a_child));
}

/* Whoever has a lock when the process forks has it in the child for ever: the compiler, the collector, libuv's threads
 * (which look names up), threads that send. */
static const char busy[] = "using Sockets; for i in 1:20\n"
                           "    try; getaddrinfo(\"localhost\"); catch; end\n"
                           "    Base.invokelatest(eval(:(x -> sum(sin.(x)) + $i)), rand(100))\n"
                           "    try; error(\"caught\"); catch; end\n"
                           "    GC.gc(false)\n"
                           "end";

static atomic_bool ending;

static void *send_all_the_time(void *unused)
{
    while (!atomic_load(&ending))
        MUST(evaluate(busy) == JLT_OK && jlt_persistent_invoke(task, NULL, NULL) == JLT_OK);
    return unused;
}

static void children_under_load(void)
{
    pthread_t senders[2];
    start_parent();
    for (int i = 0; i < 2; i++)
        MUST(pthread_create(&senders[i], NULL, send_all_the_time, NULL) == 0);
    for (int i = 0; i < 30; i++)
        must_exit(fork_with(call_everything, 7), 7);
    atomic_store(&ending, true);
    for (int i = 0; i < 2; i++)
        pthread_join(senders[i], NULL);
    end_parent();
}

static void test_children_that_are_forked_under_load_end(void **unused)
{
    (void)unused;
    assert_returned(apart(children_under_load));
}

/* ---- forked by a body ---- */

static jlt_frame *body_frame;

static void use_frame(void)
{
    jlt_frame *frame = body_frame;
    call_everything();
    MUST(!jlt_ok(frame) && !jlt_eval(frame, "1") && !jlt_scope_open(frame) && !jlt_box_i64(frame, 1));
    MUST(strstr(jlt_error_message(), "fork"));
    jlt_fail(frame, "nothing");
    jlt_scope_close(frame);
    CLOSED(jlt_catch(frame));
    _exit(9);
}

static void fork_in_body(jlt_frame *frame)
{
    body_frame = frame;
    must_exit(fork_with(use_frame, 0), 9);
    EXPECT(jlt_unbox_i64(frame, jlt_eval(frame, "1 + 1")) == 2);
}

static void fork_and_return(jlt_frame *frame)
{
    pid_t child = fork();
    if (child == 0)
        return;
    must_exit(child, 1);
    EXPECT(jlt_ok(frame));
}

static void bodies_fork(void)
{
    start_parent();
    in_body(fork_in_body);
    in_body(fork_and_return);
    end_parent();
}

static void test_the_child_of_a_body_is_told_so_and_cannot_go_on(void **unused)
{
    (void)unused;
    assert_returned(apart(bodies_fork));
}

/* ---- a child that is forked before the start ---- */

static void start_in_child(void)
{
    start_parent();
    end_parent();
}

static void fork_before(void)
{
    jlt_runtime *none;
    MUST(jlt_runtime_spawn(&(jlt_options){.julia = "/nonexistent"}, &none, &thread) == JLT_NO_JULIA);
    must_exit(fork_with(start_in_child, 5), 5);
    start_in_child();
}

static void test_a_child_that_is_forked_before_the_start_may_start_julia(void **unused)
{
    (void)unused;
    assert_returned(apart(fork_before));
}

/* ---- programs ---- */

static char *const count_descriptors[] = {"sh", "-c", "set -- /proc/self/fd/*; exit $#", NULL};
static char *const send_signal[] = {"sh", "-c", "kill -TERM $$; exit 3", NULL};

static pid_t spawn(char *const *arguments)
{
    pid_t child = -1;
    MUST(posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ) == 0);
    return child;
}

static pid_t fork_and_exec(char *const *arguments)
{
    pid_t child = fork();
    if (child == 0) {
        execv("/bin/sh", arguments);
        _exit(127);
    }
    return child;
}

static int descriptors;

static int wait_for(pid_t child)
{
    int status = -1;
    MUST(waitpid(child, &status, 0) == child);
    return status;
}

static void run_programs(int count)
{
    for (int i = 0; i < count; i++) {
        MUST(wait_for(spawn(count_descriptors)) == descriptors);
        MUST(wait_for(fork_and_exec(count_descriptors)) == descriptors);
        MUST(wait_for(spawn(send_signal)) == SIGTERM);
        MUST(wait_for(fork_and_exec(send_signal)) == SIGTERM);
    }
}

static void *run_ten(void *unused)
{
    run_programs(10);
    return unused;
}

static void programs(void)
{
    pthread_t threads[4];
    descriptors = wait_for(spawn(count_descriptors));
    start_parent();
    run_programs(1);
    for (int i = 0; i < 4; i++)
        MUST(pthread_create(&threads[i], NULL, i % 2 ? send_all_the_time : run_ten, NULL) == 0);
    pthread_join(threads[0], NULL);
    pthread_join(threads[2], NULL);
    atomic_store(&ending, true);
    pthread_join(threads[1], NULL);
    pthread_join(threads[3], NULL);
    end_parent();
    run_programs(1);
}

static void test_programs_that_the_host_runs_have_nothing_of_julia(void **unused)
{
    (void)unused;
    assert_returned(apart(programs));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_forked_child_is_told_so_by_every_call),
        cmocka_unit_test(test_children_that_are_forked_under_load_end),
        cmocka_unit_test(test_the_child_of_a_body_is_told_so_and_cannot_go_on),
        cmocka_unit_test(test_a_child_that_is_forked_before_the_start_may_start_julia),
        cmocka_unit_test(test_programs_that_the_host_runs_have_nothing_of_julia),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
