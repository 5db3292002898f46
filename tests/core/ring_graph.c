/* SPDX-License-Identifier: MIT
 *
 * Bodies that wait for each other at random, from several clients on several workers. */
#include "core/actor.h"

static struct runtime *runtime;

static const jlt_persistent_type wide_type = ACTOR_TYPE("wide", );

enum { nodes = 12, clients = 3 };

static struct task *graph[nodes];
static atomic_uint refusals;
static atomic_uint loose; /* messages that nobody may wait for: their bodies use the graph */
static bool upwards;      /* a body waits for tasks above its own only: there is no ring */

struct visit {
    unsigned at, seed, depth;
};

static void visit(void *data);

static void note(jlt_status status)
{
    check(status == JLT_OK || (status == JLT_WOULD_DEADLOCK && !upwards));
    atomic_fetch_add(&refusals, status == JLT_WOULD_DEADLOCK);
}

/* The data of a message that outlives its sender's body. */
static void visit_once_and_free(void *data)
{
    visit(data);
    free(data);
    atomic_fetch_sub(&loose, 1);
}

static void send_and_receive(struct task *task, struct visit next, bool receives)
{
    struct visit *own = malloc(sizeof *own);
    struct message *receiver = NULL;
    check(own != NULL);
    *own = next;
    atomic_fetch_add(&loose, 1);
    jlt_status status = tell(task, visit_once_and_free, own, &receiver);
    note(status);
    if (status != JLT_OK) {
        free(own);
        atomic_fetch_sub(&loose, 1);
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
        switch (random_below(&self.seed, 4)) {
        case 0:
            next.at = self.at;
            note(ask_new(runtime, type_of(&once_type), visit, &next, NULL));
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
    actor_canceller = workers == 2 ? canceller_new() : NULL;
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
    await_true(atomic_load(&loose) == 0); /* what they send is counted before they end */
    for (int i = 0; i < nodes; i++)
        task_drop(graph[i]);
    fake_end(runtime);
    if (actor_canceller)
        canceller_drop(actor_canceller);
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
