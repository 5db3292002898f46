/* SPDX-License-Identifier: MIT
 *
 * Bodies that wait for each other at random, from several clients on several workers. */
#include "core/fake_engine.h"

static struct runtime *runtime;

struct work {
    void (*act)(void *data);
    void *data;
};

static void perform(const struct work *work)
{
    if (work->act)
        work->act(work->data);
}

static void run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state;
    perform(input);
    *(int *)output = 7;
}

static void run_once(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)output;
    perform(input);
}

static const jlt_persistent_type wide_type = {
    .name = "wide", .input_size = sizeof(struct work), .output_size = sizeof(int), .run = run};
static const jlt_persistent_type narrow_type = {
    .name = "narrow", .input_size = sizeof(struct work), .output_size = sizeof(int), .capacity = 1, .run = run};
static const jlt_task_type once_type = {.name = "once", .input_size = sizeof(struct work), .run = run_once};

static jlt_status ask(struct task *task, void (*act)(void *data), void *data)
{
    int output;
    return runtime_invoke_task(task, &(struct work){act, data}, &output);
}

enum { nodes = 12, clients = 3 };

static struct task *graph[nodes];
static atomic_uint refusals;
static bool upwards; /* a body waits for tasks above its own only: there is no ring */

struct visit {
    unsigned at, seed, depth;
};

static void visit(void *data);

/* What nobody waits for may still go on when the runtime closes. */
static void note(jlt_status status)
{
    check(status == JLT_OK || status == JLT_CLOSED || (status == JLT_WOULD_DEADLOCK && !upwards));
    atomic_fetch_add(&refusals, status == JLT_WOULD_DEADLOCK);
}

/* The data of a message that outlives its sender's body. */
static void visit_once_and_free(void *data)
{
    visit(data);
    free(data);
}

static void send_and_receive(struct task *task, struct visit next, bool receives)
{
    struct visit *own = malloc(sizeof *own);
    struct message *receiver = NULL;
    check(own != NULL);
    *own = next;
    jlt_status status = runtime_call(task, &(struct work){visit_once_and_free, own}, SEND_WAIT, &receiver);
    note(status);
    if (status != JLT_OK) {
        free(own);
        return;
    }
    status = receives ? message_receive(receiver, -1, NULL) : JLT_WOULD_DEADLOCK;
    if (receives)
        note(status);
    if (status == JLT_WOULD_DEADLOCK)
        message_drop(receiver);
}

static void visit(void *data)
{
    struct visit self = *(struct visit *)data;
    for (unsigned i = 0; self.depth && i < 2; i++) {
        unsigned above = nodes - 1 - self.at;
        if (upwards && !above)
            return;
        unsigned to = upwards ? self.at + 1 + random_below(&self.seed, above) : random_below(&self.seed, nodes);
        struct visit next = {to, self.seed, self.depth - 1};
        struct work work = {visit, &next};
        switch (random_below(&self.seed, 4)) {
        case 0:
            next.at = self.at;
            note(runtime_invoke(runtime, type_of(&once_type), &work, NULL));
            break;
        case 1:
            note(ask(graph[to], visit, &next));
            break;
        default:
            send_and_receive(graph[to], next, random_below(&self.seed, 2));
        }
    }
}

static void *visit_all(void *data)
{
    unsigned seed = *(unsigned *)data;
    for (int i = 0; i < 100; i++) {
        unsigned at = random_below(&seed, nodes);
        check_ok(ask(graph[at], visit, &(struct visit){at, seed, 4}));
    }
    return NULL;
}

static void visit_at_random(unsigned workers, bool no_ring)
{
    pthread_t threads[clients];
    unsigned seeds[clients];
    upwards = no_ring;
    runtime = fake_start(workers, 0);
    atomic_store(&refusals, 0);
    for (int i = 0; i < nodes; i++)
        graph[i] = spawn(runtime, i % 3 ? &wide_type : &narrow_type, NULL);
    for (int i = 0; i < clients; i++) {
        seeds[i] = 4711u + (unsigned)i;
        threads[i] = thread_start(visit_all, &seeds[i]);
    }
    for (int i = 0; i < clients; i++)
        thread_join(threads[i]);
    for (int i = 0; i < nodes; i++)
        task_drop(graph[i]);
    fake_end(runtime);
}

static void test_in_a_graph_without_rings_nothing_is_refused(void **unused)
{
    (void)unused;
    for (unsigned workers = 1; workers <= 3; workers++) {
        visit_at_random(workers, true);
        assert_int_equal(atomic_load(&refusals), 0);
    }
}

static void test_in_a_graph_with_rings_everything_ends(void **unused)
{
    (void)unused;
    for (unsigned workers = 1; workers <= 3; workers++) {
        visit_at_random(workers, false);
        assert_true(atomic_load(&refusals) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_a_graph_without_rings_nothing_is_refused),
        cmocka_unit_test(test_in_a_graph_with_rings_everything_ends),
    };
    return fake_run_tests(tests);
}
