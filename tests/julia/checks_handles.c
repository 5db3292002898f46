/* SPDX-License-Identifier: MIT
 *
 * docs/misuse.md: handles, receivers and held values after their end, receivers used by two threads, and types that
 * were changed, which only a build with JLT_CHECKS sees every time, in every call that takes one. */
#include "julia/misused.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define DROPPED ": the handle was dropped before"
#define OTHER_KIND ": the handle is one on something else"
#define HELD_DROPPED ": the held value was dropped before"
#define RECEIVED ": the receiver was received or dropped before"
#define IN_USE ": the receiver is being used by another thread"
#define CHANGED ": the type was changed after its first use"

static void do_nothing(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state, (void)input, (void)output;
}

static void once(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)input, (void)output;
}

static const jlt_persistent_type idle_type = {.name = "idle", .run = do_nothing};
static const jlt_task_type once_type = {.name = "once", .run = once};

static jlt_persistent *idle_task(void)
{
    jlt_persistent *task = NULL;
    MUST(jlt_persistent_spawn(runtime, &idle_type, NULL, &task) == JLT_OK);
    return task;
}

static jlt_receiver *receiver;

/* ---- handles on tasks ---- */

/* In each call, while another handle keeps the task. */
static void dropped_clone(void)
{
    jlt_persistent *task = idle_task(), *clone = jlt_persistent_clone(task);
    jlt_persistent_drop(clone);
    MUST(jlt_persistent_invoke(task, NULL, NULL) == JLT_OK);
    SAYS(DROPPED, jlt_persistent_call, clone, NULL, NULL);
    SAYS(DROPPED, jlt_persistent_try_call, clone, NULL, NULL);
    SAYS(DROPPED, jlt_persistent_invoke, clone, NULL, NULL);
    SAYS(DROPPED, jlt_persistent_call_with, clone, NULL, NULL, NULL);
    SAYS(DROPPED, jlt_persistent_invoke_with, clone, NULL, NULL, NULL);
    SAYS(DROPPED, jlt_persistent_clone, clone);
    SAYS(DROPPED, jlt_persistent_monitor, clone, &receiver);
    SAYS(DROPPED, jlt_runtime_register, runtime, "clone", clone);
    SAYS(DROPPED, jlt_persistent_drop, clone);
    jlt_persistent_drop(task);
}

static void dropped_task(void)
{
    jlt_persistent *task = idle_task();
    jlt_persistent_drop(task);
    SAYS(DROPPED, jlt_persistent_invoke, task, NULL, NULL);
    SAYS(DROPPED, jlt_persistent_drop, task);
}

/* A name gives each who looks it up a handle of its own. */
static void dropped_lookup(void)
{
    jlt_persistent *task = idle_task(), *found = NULL, *other = NULL;
    MUST(jlt_runtime_register(runtime, "idle", task) == JLT_OK);
    MUST(jlt_runtime_lookup(runtime, "idle", &found) == JLT_OK);
    MUST(jlt_runtime_lookup(runtime, "idle", &other) == JLT_OK);
    jlt_persistent_drop(found);
    MUST(jlt_persistent_invoke(other, NULL, NULL) == JLT_OK);
    SAYS(DROPPED, jlt_persistent_invoke, found, NULL, NULL);
    SAYS(DROPPED, jlt_persistent_drop, found);
    jlt_persistent_drop(task);
    SAYS(DROPPED, jlt_runtime_register, runtime, "again", task);
    MUST(jlt_runtime_lookup(runtime, "idle", &found) == JLT_OK);
    jlt_persistent_drop(found);
    jlt_persistent_drop(other);
}

/* A start that is received, like a spawn, gives a handle. */
static void dropped_start(void)
{
    jlt_persistent *task = NULL;
    MUST(jlt_persistent_dispatch(runtime, &idle_type, NULL, &receiver) == JLT_OK);
    MUST(jlt_receiver_recv(receiver, &task) == JLT_OK);
    SAYS(RECEIVED, jlt_receiver_recv, receiver, &task);
    MUST(jlt_persistent_invoke(task, NULL, NULL) == JLT_OK);
    jlt_persistent_drop(task);
    SAYS(DROPPED, jlt_persistent_call, task, NULL, NULL);
}

/* ---- handles on the runtime ---- */

static void dropped_runtime(void)
{
    jlt_runtime *gone = jlt_runtime_clone(runtime);
    jlt_persistent *task = idle_task(), *other;
    jlt_settings settings;
    jlt_runtime_drop(gone);
    SAYS(DROPPED, jlt_task_dispatch, gone, &once_type, NULL, NULL);
    SAYS(DROPPED, jlt_task_try_dispatch, gone, &once_type, NULL, NULL);
    SAYS(DROPPED, jlt_task_invoke, gone, &once_type, NULL, NULL);
    SAYS(DROPPED, jlt_task_dispatch_with, gone, &once_type, NULL, NULL, NULL);
    SAYS(DROPPED, jlt_task_invoke_with, gone, &once_type, NULL, NULL, NULL);
    SAYS(DROPPED, jlt_persistent_dispatch, gone, &idle_type, NULL, NULL);
    SAYS(DROPPED, jlt_persistent_try_dispatch, gone, &idle_type, NULL, NULL);
    SAYS(DROPPED, jlt_persistent_dispatch_with, gone, &idle_type, NULL, NULL, NULL);
    SAYS(DROPPED, jlt_persistent_spawn, gone, &idle_type, NULL, &other);
    SAYS(DROPPED, jlt_runtime_register, gone, "name", task);
    SAYS(DROPPED, jlt_runtime_lookup, gone, "name", &other);
    SAYS(DROPPED, jlt_runtime_unregister, gone, "name");
    SAYS(DROPPED, jlt_runtime_settings, gone, &settings);
    MUST(jlt_runtime_settings(runtime, &settings) == JLT_OK);
    SAYS(DROPPED, jlt_runtime_settings, gone, &settings); /* also once they are known */
    SAYS(DROPPED, jlt_runtime_clone, gone);
    SAYS(DROPPED, jlt_runtime_is_closed, gone);
    SAYS(DROPPED, jlt_runtime_close, gone, false);
    SAYS(DROPPED, jlt_runtime_close_within, gone, 1);
    SAYS(DROPPED, jlt_runtime_drop, gone);
    MUST(!jlt_runtime_is_closed(runtime));
    jlt_persistent_drop(task);
}

static void other_kind(void)
{
    jlt_persistent *task = idle_task();
    SAYS(OTHER_KIND, jlt_runtime_is_closed, (jlt_runtime *)task);
    SAYS(OTHER_KIND, jlt_persistent_invoke, (jlt_persistent *)runtime, NULL, NULL);
    SAYS(OTHER_KIND, jlt_canceller_cancel, (jlt_canceller *)task);
    jlt_persistent_drop(task);
}

/* ---- messages that last ---- */

static atomic_bool may_end;

static void wait_until_told(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    while (!atomic_load(&may_end))
        jlt_eval(frame, "sleep(0.001)");
}

static void send_waiting(const jlt_call_options *options)
{
    static const jlt_task_type type = {.name = "waits", .run = wait_until_told};
    atomic_store(&may_end, false);
    MUST(jlt_task_dispatch_with(runtime, &type, NULL, options, &receiver) == JLT_OK);
}

static void end_all(long messages)
{
    atomic_store(&may_end, true);
    while (jlt_debug_counts().messages > messages)
        usleep(1000);
}

/* ---- cancellers ---- */

/* While a call carries it still. */
static void dropped_canceller(void)
{
    jlt_persistent *task = idle_task();
    jlt_canceller *canceller = NULL;
    MUST(jlt_canceller_new(&canceller) == JLT_OK);
    jlt_call_options options = {.canceller = canceller};
    send_waiting(&options);
    jlt_canceller_drop(canceller);
    SAYS(DROPPED, jlt_canceller_cancel, canceller);
    SAYS(DROPPED, jlt_canceller_drop, canceller);
    SAYS(DROPPED, jlt_task_dispatch_with, runtime, &once_type, NULL, &options, NULL);
    SAYS(DROPPED, jlt_task_invoke_with, runtime, &once_type, NULL, &options, NULL);
    SAYS(DROPPED, jlt_persistent_dispatch_with, runtime, &idle_type, NULL, &options, NULL);
    SAYS(DROPPED, jlt_persistent_call_with, task, NULL, &options, NULL);
    SAYS(DROPPED, jlt_persistent_invoke_with, task, NULL, &options, NULL);
    atomic_store(&may_end, true);
    MUST(jlt_receiver_recv(receiver, NULL) == JLT_OK);
    SAYS(DROPPED, jlt_canceller_cancel, canceller); /* nor when none does */
    jlt_persistent_drop(task);
}

/* ---- receivers ---- */

static void in_each_call_with_a_receiver(void)
{
    SAYS(RECEIVED, jlt_receiver_recv, receiver, NULL);
    SAYS(RECEIVED, jlt_receiver_recv_timeout, receiver, 1, NULL);
    SAYS(RECEIVED, jlt_receiver_try_recv, receiver, NULL);
    SAYS(RECEIVED, jlt_receiver_cancel, receiver);
    SAYS(RECEIVED, jlt_receiver_drop, receiver);
}

static void received_receiver(void)
{
    send_waiting(NULL);
    MUST(jlt_receiver_try_recv(receiver, NULL) == JLT_PENDING);
    MUST(jlt_receiver_recv_timeout(receiver, 1000, NULL) == JLT_TIMEOUT); /* it is still good */
    atomic_store(&may_end, true);
    MUST(jlt_receiver_recv(receiver, NULL) == JLT_OK);
    in_each_call_with_a_receiver();
}

/* While its message is there, and after that. */
static void dropped_receiver(void)
{
    long messages = jlt_debug_counts().messages;
    send_waiting(NULL);
    jlt_receiver_drop(receiver);
    in_each_call_with_a_receiver();
    end_all(messages);
    in_each_call_with_a_receiver();
}

static void await_begin(void)
{
    static const jlt_task_type type = {.name = "after", .run = once}; /* with one thread it comes later */
    MUST(jlt_task_invoke(runtime, &type, NULL, NULL) == JLT_OK);
}

static void cancelled_receiver(void)
{
    long messages = jlt_debug_counts().messages;
    send_waiting(NULL);
    await_begin();
    MUST(jlt_receiver_cancel(receiver) == JLT_OK && jlt_receiver_cancel(receiver) == JLT_OK); /* it is still good */
    MUST(jlt_receiver_recv(receiver, NULL) == JLT_CANCELLED);
    in_each_call_with_a_receiver(); /* its body may still run */
    end_all(messages);
    in_each_call_with_a_receiver();
}

/* A dropped one, whose type has its message skipped then. */
static void skipped_receiver(void)
{
    static const jlt_task_type type = {.name = "skipped", .run = wait_until_told, .skip_if_dropped = true};
    atomic_store(&may_end, false);
    MUST(jlt_task_dispatch(runtime, &type, NULL, &receiver) == JLT_OK);
    jlt_receiver_drop(receiver);
    in_each_call_with_a_receiver();
    atomic_store(&may_end, true);
}

static void received_monitor(void)
{
    jlt_end end;
    jlt_receiver *dropped;
    jlt_persistent *task = idle_task();
    MUST(jlt_persistent_monitor(task, &dropped) == JLT_OK && jlt_persistent_monitor(task, &receiver) == JLT_OK);
    jlt_receiver_drop(dropped);
    SAYS(RECEIVED, jlt_receiver_try_recv, dropped, &end);
    jlt_persistent_drop(task);
    MUST(jlt_receiver_recv(receiver, &end) == JLT_OK && end.reason == JLT_END_DROPPED);
    in_each_call_with_a_receiver();
    SAYS(RECEIVED, jlt_receiver_drop, dropped);
}

/* ---- queues ---- */

static void ignore(void *context, const jlt_completion *completion)
{
    (void)context, (void)completion;
}

static jlt_queue *new_queue(void)
{
    jlt_queue *queue = NULL;
    MUST(jlt_queue_new(&queue) == JLT_OK);
    return queue;
}

/* Also while a call that carried it keeps what it was on. */
static void dropped_queue(void)
{
    jlt_persistent *task = idle_task();
    jlt_completion completion;
    jlt_queue *queue = new_queue();
    const jlt_call_options options = {.queue = queue};
    const jlt_message message = {.task = task};
    long messages = jlt_debug_counts().messages;
    send_waiting(&options);
    await_begin();
    jlt_queue_drop(queue);
    in_each_call_with_a_receiver(); /* which was in it, and whose body still runs */
    MUST(jlt_task_dispatch(runtime, &once_type, NULL, &receiver) == JLT_OK);
    SAYS(DROPPED, jlt_queue_drop, queue);
    SAYS(DROPPED, jlt_queue_descriptor, queue);
    SAYS(DROPPED, jlt_queue_take, queue, 0, &completion);
    SAYS(DROPPED, jlt_queue_add, queue, receiver, NULL);
    SAYS(DROPPED, jlt_queue_set_callback, queue, ignore, NULL);
    SAYS(DROPPED, jlt_task_dispatch_with, runtime, &once_type, NULL, &options, NULL);
    SAYS(DROPPED, jlt_persistent_call_with, task, NULL, &options, NULL);
    SAYS(DROPPED, jlt_persistent_call_many, &message, 1, &options, NULL);
    SAYS(DROPPED, jlt_persistent_monitor_with, task, &options, NULL);
    SAYS(OTHER_KIND, jlt_queue_descriptor, (jlt_queue *)task);
    jlt_receiver_drop(receiver);
    jlt_persistent_drop(task);
    end_all(messages);
}

/* Cancelled, and so in the queue, while its body still runs. */
static void receiver_of_a_dropped_queue(void)
{
    long messages = jlt_debug_counts().messages;
    jlt_queue *queue = new_queue();
    send_waiting(&(jlt_call_options){.queue = queue});
    await_begin();
    MUST(jlt_receiver_cancel(receiver) == JLT_OK);
    jlt_queue_drop(queue);
    in_each_call_with_a_receiver();
    end_all(messages);
    in_each_call_with_a_receiver();
}

/* ---- two threads ---- */

static atomic_int received, refused;

/* Of two threads that do this at once one is told so. */
static void *receive(void *unused)
{
    (void)unused;
    sigjmp_buf here;
    misused_begin(&here);
    if (!sigsetjmp(here, 1)) {
        atomic_fetch_add(&received, jlt_receiver_recv(receiver, NULL) == JLT_OK);
        return NULL;
    }
    misused_end("jlt_receiver_recv" IN_USE, __FILE__, __LINE__);
    atomic_fetch_add(&refused, 1);
    return NULL;
}

static void receiver_of_two_threads(void)
{
    pthread_t threads[2];
    send_waiting(NULL);
    for (int i = 0; i < 2; i++)
        MUST(!pthread_create(&threads[i], NULL, receive, NULL));
    while (!atomic_load(&refused))
        usleep(1000);
    SAYS(IN_USE, jlt_receiver_try_recv, receiver, NULL);
    SAYS(IN_USE, jlt_receiver_cancel, receiver);
    SAYS(IN_USE, jlt_receiver_drop, receiver);
    atomic_store(&may_end, true);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    MUST(atomic_load(&received) == 1);
    in_each_call_with_a_receiver();
}

/* ---- held values ---- */

static jlt_held *held;

static void hold_vector(jlt_frame *frame)
{
    held = jlt_hold(frame, jlt_eval(frame, "[1, 2, 3]"));
}

static void get_held(jlt_frame *frame)
{
    SAYS(HELD_DROPPED, jlt_held_get, frame, held);
}

static void dropped_held(void)
{
    jlt_view view;
    const void *data;
    size_t length;
    in_message(hold_vector);
    MUST(jlt_held_view(held, JLT_I64, &view) == JLT_OK);
    jlt_held_drop(held);
    SAYS(HELD_DROPPED, jlt_held_view, held, JLT_I64, &view);
    SAYS(HELD_DROPPED, jlt_held_view_of, held, "Int64", 8, &view);
    SAYS(HELD_DROPPED, jlt_held_bytes, held, &data, &length);
    SAYS(HELD_DROPPED, jlt_held_drop, held);
    in_message(get_held);
}

/* ---- types ---- */

static void changed_persistent_type(void)
{
    static jlt_persistent_type type = {.name = "changing", .run = do_nothing};
    jlt_persistent *task, *other;
    MUST(jlt_persistent_spawn(runtime, &type, NULL, &task) == JLT_OK);
    MUST(jlt_persistent_spawn(runtime, &type, NULL, &other) == JLT_OK);
    type.capacity = 8;
    SAYS(CHANGED, jlt_persistent_dispatch, runtime, &type, NULL, NULL);
    SAYS(CHANGED, jlt_persistent_try_dispatch, runtime, &type, NULL, NULL);
    SAYS(CHANGED, jlt_persistent_dispatch_with, runtime, &type, NULL, NULL, NULL);
    SAYS(CHANGED, jlt_persistent_spawn, runtime, &type, NULL, &other);
    jlt_persistent_drop(task);
    jlt_persistent_drop(other);
}

static void changed_name(void)
{
    static char name[] = "changing";
    static const jlt_task_type type = {.name = name, .run = once};
    MUST(jlt_task_invoke(runtime, &type, NULL, NULL) == JLT_OK);
    name[0] = 'C';
    SAYS(CHANGED, jlt_task_dispatch, runtime, &type, NULL, NULL);
    SAYS(CHANGED, jlt_task_try_dispatch, runtime, &type, NULL, NULL);
    SAYS(CHANGED, jlt_task_invoke, runtime, &type, NULL, NULL);
    SAYS(CHANGED, jlt_task_dispatch_with, runtime, &type, NULL, NULL, NULL);
    SAYS(CHANGED, jlt_task_invoke_with, runtime, &type, NULL, NULL, NULL);
    name[0] = 'c';
    MUST(jlt_task_invoke(runtime, &type, NULL, NULL) == JLT_OK);
}

/* ---- all of them ---- */

static void commit_all(void)
{
    start_julia(1);
    dropped_clone();
    dropped_task();
    dropped_lookup();
    dropped_start();
    dropped_runtime();
    other_kind();
    dropped_canceller();
    received_receiver();
    dropped_receiver();
    cancelled_receiver();
    skipped_receiver();
    received_monitor();
    dropped_queue();
    receiver_of_a_dropped_queue();
    receiver_of_two_threads();
    dropped_held();
    changed_persistent_type();
    changed_name();
    end_julia();
}

static void test_each_is_seen(void **unused)
{
    (void)unused;
    misused_apart(commit_all);
}

static void drop_twice(void)
{
    start_julia(1);
    jlt_persistent *task = idle_task(), *clone = jlt_persistent_clone(task);
    jlt_persistent_drop(clone);
    jlt_persistent_drop(clone);
}

static void test_the_process_ends(void **unused)
{
    (void)unused;
    misused_to_death(drop_twice, "jlt_persistent_drop" DROPPED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_is_seen),
        cmocka_unit_test(test_the_process_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
