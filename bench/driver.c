/* SPDX-License-Identifier: MIT
 *
 * In each round each cell has a turn: its peer is started, its clients run once to warm up and once to be measured, and
 * its peer is stopped. A turn's rate and processor time are taken from the start of the first client to the end of the
 * last. Only floors bind threads to cores: where others run is the kernel's choice, as in a program that leaves it so.
 */
#include "driver.h"

#include "cores.h"

#include <stdio.h>
#include <stdlib.h>

enum { most_clients = 4, depth = 256, most_times = 16384, silence_ns = 5000000 };

static struct client clients[most_clients];

void client_time(struct client *self, double ns)
{
    self->times[self->time_count++ % most_times] = ns;
}

/* ---- patterns ---- */

/* Clients begin at different tasks. */
static size_t first_task(const struct client *self)
{
    return (size_t)self->index * self->cell->tasks / (size_t)self->cell->clients;
}

static size_t next_task(const struct client *self, size_t task)
{
    return task + 1 == self->cell->tasks ? 0 : task + 1;
}

static void invoke(struct client *self, size_t task)
{
    const struct peer *peer = self->cell->peer;
    if (peer->invoke) {
        peer->invoke(task, 1.0);
    } else {
        peer->send(self->requests, task, 1.0);
        peer->receive(self->requests);
    }
    self->messages++;
}

/* A clock reading ends one message and begins the next. */
void invoke_in_turn(struct client *self)
{
    size_t task = first_task(self);
    for (int64_t now, start = now_ns(); start < self->deadline; start = now) {
        invoke(self, task);
        now = now_ns();
        client_time(self, (double)(now - start));
        task = next_task(self, task);
    }
}

void invoke_after_silence(struct client *self)
{
    size_t task = first_task(self);
    do {
        pause_ns(silence_ns);
        int64_t start = now_ns();
        invoke(self, task);
        client_time(self, (double)(now_ns() - start));
        task = next_task(self, task);
    } while (now_ns() < self->deadline);
}

void keep_in_flight(struct client *self)
{
    const struct peer *peer = self->cell->peer;
    size_t task = first_task(self);
    for (int64_t now, start = now_ns(); start < self->deadline; start = now) {
        for (size_t i = 0; i < depth; i++) {
            if (self->messages)
                peer->receive(&self->requests[i]);
            peer->send(&self->requests[i], task, 1.0);
            task = next_task(self, task);
        }
        now = now_ns();
        if (self->messages) /* not those that had no reply to wait for */
            client_time(self, (double)(now - start) / depth);
        self->messages += depth;
    }
    for (size_t i = 0; self->messages && i < depth; i++)
        peer->receive(&self->requests[i]);
}

void send_to_each(struct client *self)
{
    const struct cell *cell = self->cell;
    for (int64_t now, start = now_ns(); start < self->deadline; start = now) {
        size_t task = first_task(self);
        for (size_t i = 0; i < cell->tasks; i++) {
            cell->peer->send(&self->requests[i], task, 1.0);
            task = next_task(self, task);
        }
        for (size_t i = 0; i < cell->tasks; i++)
            cell->peer->receive(&self->requests[i]);
        now = now_ns();
        client_time(self, (double)(now - start) / (double)cell->tasks);
        self->messages += cell->tasks;
    }
}

void loop_without_messages(struct client *self)
{
    enum { count = 10000 };
    do {
        client_time(self, self->cell->peer->loop(count));
        self->messages += count;
    } while (now_ns() < self->deadline);
}

/* ---- clients ---- */

static void *client_main(void *argument)
{
    struct client *self = argument;
    pthread_setname_np(pthread_self(), "client"); /* for profiles */
    if (self->cell->peer->placement != FREE)
        cores_bind_first();
    pthread_barrier_wait(self->begin);
    self->processor_start = processor_ns();
    self->start = now_ns();
    self->deadline = self->start + self->turn_ns;
    self->cell->pattern(self);
    self->end = now_ns();
    self->processor_end = processor_ns();
    return NULL;
}

static void need_requests(struct client *self, size_t count)
{
    if (count <= self->request_count)
        return;
    free(self->requests);
    self->requests = aligned_alloc(64, count * sizeof *self->requests);
    self->request_count = count;
    for (size_t i = 0; i < count; i++) {
        pthread_mutex_init(&self->requests[i].lock, NULL);
        pthread_cond_init(&self->requests[i].changed, NULL);
    }
}

static void client_start(struct client *self, const struct cell *cell, pthread_barrier_t *begin, int64_t turn_ns)
{
    self->cell = cell;
    self->index = (int)(self - clients);
    self->begin = begin;
    self->turn_ns = turn_ns;
    self->messages = self->time_count = 0;
    need_requests(self, cell->tasks > depth ? cell->tasks : depth);
    if (!self->times)
        self->times = malloc(most_times * sizeof *self->times);
    if (!self->requests || !self->times || pthread_create(&self->thread, NULL, client_main, self) != 0) {
        fprintf(stderr, "bench: no memory\n");
        exit(1);
    }
}

static void run_clients(const struct cell *cell, int64_t turn_ns)
{
    pthread_barrier_t begin;
    pthread_barrier_init(&begin, NULL, (unsigned)cell->clients);
    for (int i = 0; i < cell->clients; i++)
        client_start(&clients[i], cell, &begin, turn_ns);
    for (int i = 0; i < cell->clients; i++)
        pthread_join(clients[i].thread, NULL);
    pthread_barrier_destroy(&begin);
}

/* The clients' times in one array, which is good until the next call. */
static const double *all_times(int count, size_t *time_count)
{
    static double times[most_clients * most_times];
    *time_count = 0;
    for (int i = 0; i < count; i++) {
        size_t kept = clients[i].time_count < most_times ? clients[i].time_count : most_times;
        for (size_t j = 0; j < kept; j++)
            times[(*time_count)++] = clients[i].times[j];
    }
    return times;
}

static void add_round(const struct cell *cell, const struct key *key)
{
    struct client sum = clients[0];
    for (int i = 1; i < cell->clients; i++) {
        const struct client *other = &clients[i];
        sum.messages += other->messages;
        sum.start = other->start < sum.start ? other->start : sum.start;
        sum.end = other->end > sum.end ? other->end : sum.end;
        sum.processor_start =
            other->processor_start < sum.processor_start ? other->processor_start : sum.processor_start;
        sum.processor_end = other->processor_end > sum.processor_end ? other->processor_end : sum.processor_end;
    }
    size_t time_count;
    const double *times = all_times(cell->clients, &time_count);
    double wall = (double)(sum.end - sum.start);
    round_add(key, times, time_count, (double)sum.messages / wall * 1e9,
              (double)(sum.processor_end - sum.processor_start) / wall);
}

static void turn(const struct cell *cell)
{
    bool silent = cell->pattern == invoke_after_silence, alone = silent || cell->pattern == invoke_in_turn;
    const struct key key = {cell->name, cell->clients, cell->tasks, cell->peer->name, alone ? "ns" : "ns each"};
    int64_t turn_ns = (int64_t)amount(50, 15) * (silent ? 2000000 : 1000000);
    if (!selected(&key))
        return;
    compute_ns = cell->compute_ns;
    if (cell->peer->start)
        cell->peer->start(cell->tasks);
    run_clients(cell, turn_ns / 10);
    run_clients(cell, turn_ns);
    add_round(cell, &key);
    if (cell->peer->stop)
        cell->peer->stop();
    compute_ns = 0;
}

void cells_measure(const struct cell *cells, size_t count)
{
    for (size_t i = 0; i < count; i++)
        turn(&cells[i]);
}
