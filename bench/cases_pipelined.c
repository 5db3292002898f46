/* SPDX-License-Identifier: MIT */
#include "cases.h"
#include "measure.h"
#include "peers.h"

#include <stdlib.h>

enum { depth = 256, most_clients = 4 };

struct client {
    pthread_t thread;
    pthread_barrier_t *barrier;
    const struct peer *peer;
    size_t tasks, messages;
    struct request *requests; /* depth of them, a ring */
    int64_t start, end;
};

static struct request *new_requests(size_t count)
{
    struct request *requests = aligned_alloc(64, count * sizeof *requests);
    for (size_t i = 0; i < count; i++) {
        pthread_mutex_init(&requests[i].lock, NULL);
        pthread_cond_init(&requests[i].changed, NULL);
    }
    return requests;
}

static void *send_all(void *argument)
{
    struct client *self = argument;
    pthread_setname_np(pthread_self(), "client"); /* for profiles */
    pthread_barrier_wait(self->barrier);
    self->start = now_ns();
    for (size_t i = 0; i < self->messages; i++) {
        if (i >= depth)
            self->peer->receive(&self->requests[i % depth]);
        self->peer->send(&self->requests[i % depth], i % self->tasks, 1.0);
    }
    for (size_t i = 0; i < depth; i++)
        self->peer->receive(&self->requests[i]);
    self->end = now_ns();
    return NULL;
}

/* ns a message */
static double pipeline(const struct peer *peer, size_t clients, size_t tasks, size_t messages)
{
    static struct client client[most_clients];
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, (unsigned)clients);
    for (size_t i = 0; i < clients; i++) {
        struct request *requests = client[i].requests ? client[i].requests : new_requests(depth);
        client[i] = (struct client){
            .barrier = &barrier, .peer = peer, .tasks = tasks, .messages = messages / clients, .requests = requests};
        pthread_create(&client[i].thread, NULL, send_all, &client[i]);
    }
    int64_t start = INT64_MAX, end = 0;
    for (size_t i = 0; i < clients; i++) {
        pthread_join(client[i].thread, NULL);
        start = client[i].start < start ? client[i].start : start;
        end = client[i].end > end ? client[i].end : end;
    }
    pthread_barrier_destroy(&barrier);
    return (double)(end - start) / (double)messages;
}

static const struct peer *const peers[] = {&mutex_worker, &julia_channel, &jltask_peer, &jltask_kept, &jltask_julia};
enum { peer_count = sizeof peers / sizeof *peers };

static void measure(const char *name, size_t clients, size_t tasks)
{
    for (int round = 0; round < bench.rounds; round++) {
        if (selected(name, "floor-loop")) {
            sample(name, "floor-loop", "ns", loop_jl_call(amount(200000, 50000)));
            sample(name, "floor-loop-jlt", "ns", loop_jlt_call(amount(200000, 50000)));
        }
        for (size_t i = 0; i < peer_count; i++) {
            if (!selected(name, peers[i]->name))
                continue;
            size_t messages = peers[i] == &julia_channel ? amount(40000, 5000) : amount(200000, 20000);
            peers[i]->start(tasks);
            pipeline(peers[i], clients, tasks, messages / 10 + depth * clients);
            sample(name, peers[i]->name, "ns", pipeline(peers[i], clients, tasks, messages));
            peers[i]->stop();
        }
    }
}

/* One call to each, then all replies. */
static void measure_fan_out(void)
{
    static const char name[] = "fan-out over 10000 tasks";
    enum { tasks = 10000 };
    struct request *requests = new_requests(tasks);
    for (int round = 0; round < bench.rounds; round++) {
        if (selected(name, "floor-loop"))
            sample(name, "floor-loop", "ns", loop_jl_call(tasks));
        for (size_t i = 0; i < peer_count; i++) {
            const struct peer *peer = peers[i];
            if (!selected(name, peer->name))
                continue;
            peer->start(tasks);
            for (int pass = 0; pass < 2; pass++) { /* the first one warms up */
                int64_t start = now_ns();
                for (size_t task = 0; task < tasks; task++)
                    peer->send(&requests[task], task, 1.0);
                for (size_t task = 0; task < tasks; task++)
                    peer->receive(&requests[task]);
                if (pass)
                    sample(name, peer->name, "ns", (double)(now_ns() - start) / (double)tasks);
            }
            peer->stop();
        }
    }
    free(requests);
}

void cases_pipelined(void)
{
    runtime_begin(1);
    measure("pipelined, 1 client, 1 task", 1, 1);
    measure("pipelined, 2 clients, 1 task", 2, 1);
    measure("pipelined, 4 clients, 1 task", 4, 1);
    measure("pipelined, 1 client, 64 tasks", 1, 64);
    measure("pipelined, 2 clients, 64 tasks", 2, 64);
    measure("pipelined, 4 clients, 64 tasks", 4, 64);
    measure_fan_out();
    runtime_end();
}
