/* SPDX-License-Identifier: MIT
 *
 * Many clients, many tasks, two Julia threads, while tasks keep starting and ending: every reply is right and nothing
 * is left over. LOAD_CALLS in the environment sets the calls of each client. */
#include "julia/fixture.h"

#include <pthread.h>
#include <stdatomic.h>

enum { clients = 8, tasks = 64 };

struct sum {
    jlt_value *ref;
};

static void sum_init(jlt_frame *frame, void *state, const void *config)
{
    (void)config;
    jlt_frame *scope = jlt_scope_open(frame);
    jlt_value *ref = jlt_call(scope, jlt_global(scope, "Base.Ref"), jlt_box_i64(scope, 0));
    ((struct sum *)state)->ref = jlt_root(frame, ref);
    jlt_scope_close(scope);
}

struct reply {
    int64_t echo, sum;
};

static void sum_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    struct sum *self = state;
    int64_t in = *(const int64_t *)input;
    int64_t sum = jlt_unbox_i64(frame, jlt_call(frame, jlt_global(frame, "Base.getindex"), self->ref)) + in;
    jlt_call(frame, jlt_global(frame, "Base.setindex!"), self->ref, jlt_box_i64(frame, sum));
    *(struct reply *)output = (struct reply){in, sum};
}

static const jlt_persistent_type sum_type = {
    .name = "sum",
    .state_size = sizeof(struct sum),
    .input_size = sizeof(int64_t),
    .output_size = sizeof(struct reply),
    .init = sum_init,
    .run = sum_run,
};

static jlt_persistent *task[tasks];
static atomic_llong sent[tasks];
static atomic_bool stop;
static int calls;

static void *client(void *data)
{
    unsigned seed = (unsigned)(intptr_t)data + 1;
    for (int i = 0; i < calls; i++) {
        seed = seed * 1103515245 + 12345;
        int which = (int)(seed >> 16) % tasks;
        int64_t in = i % 7 + 1;
        struct reply reply = {0, 0};
        atomic_fetch_add(&sent[which], in);
        if (i % 3 == 0) { /* synchronous, pipelined, and forgotten */
            if (jlt_persistent_invoke(task[which], &in, &reply) != JLT_OK || reply.echo != in)
                return "invoke";
        } else if (i % 3 == 1) {
            jlt_receiver *receiver;
            if (jlt_persistent_call(task[which], &in, &receiver) != JLT_OK ||
                jlt_receiver_recv(receiver, &reply) != JLT_OK || reply.echo != in || reply.sum < in)
                return "call";
        } else if (jlt_persistent_call(task[which], &in, NULL) != JLT_OK) {
            return "send";
        }
    }
    return NULL;
}

static void *starter(void *count)
{
    int64_t in = 5;
    while (!atomic_load(&stop)) {
        jlt_persistent *one, *other;
        jlt_receiver *receiver;
        struct reply reply;
        if (jlt_persistent_spawn(runtime, &sum_type, NULL, &one) != JLT_OK ||
            jlt_persistent_dispatch(runtime, &sum_type, NULL, &receiver) != JLT_OK ||
            jlt_persistent_invoke(one, &in, &reply) != JLT_OK || reply.sum != in)
            return "start";
        jlt_persistent_drop(one);
        if (++*(long *)count % 2)
            jlt_receiver_drop(receiver); /* the handle is dropped with it */
        else if (jlt_receiver_recv(receiver, &other) == JLT_OK)
            jlt_persistent_drop(other);
        else
            return "receive";
    }
    return NULL;
}

static void test_every_reply_is_right(void **unused)
{
    (void)unused;
    const char *wanted = getenv("LOAD_CALLS");
    pthread_t threads[clients], starting;
    void *problem;
    long started = 0;
    calls = wanted ? atoi(wanted) : test_is_stress() ? 6 : 100000;
    for (int i = 0; i < tasks; i++)
        assert_ok(jlt_persistent_spawn(runtime, &sum_type, NULL, &task[i]));
    for (int i = 0; i < clients; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, client, (void *)(intptr_t)i), 0);
    assert_int_equal(pthread_create(&starting, NULL, starter, &started), 0);
    for (int i = 0; i < clients; i++) {
        pthread_join(threads[i], &problem);
        assert_null(problem);
    }
    atomic_store(&stop, true);
    pthread_join(starting, &problem);
    assert_null(problem);
    for (int i = 0; i < tasks; i++) {
        int64_t zero = 0;
        struct reply reply;
        assert_ok(jlt_persistent_invoke(task[i], &zero, &reply));
        assert_int_equal(reply.sum, atomic_load(&sent[i]));
        jlt_persistent_drop(task[i]);
    }
    print_message("%d clients x %d calls, %ld tasks started meanwhile\n", clients, calls, 2 * started);
}

static int start_two_threads(void **unused)
{
    (void)unused;
    assert_ok(jlt_runtime_spawn(&(jlt_options){.threads = 2}, &runtime, &thread));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_reply_is_right)};
    return cmocka_run_group_tests(tests, start_two_threads, stop_runtime);
}
