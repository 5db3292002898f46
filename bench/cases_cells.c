/* SPDX-License-Identifier: MIT
 *
 * Messages and their replies: which cells each of these cases has. jltask has all numbers of clients and tasks, its
 * peers those that tell something. */
#include "cases.h"
#include "cores.h"
#include "driver.h"
#include "starts.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

typedef void client_pattern(struct client *self);

static struct cell cells[128];
static size_t cell_count;

static void add(const char *name, client_pattern *pattern, const struct peer *peer, int clients, size_t tasks)
{
    if (cell_count == sizeof cells / sizeof *cells)
        abort();
    cells[cell_count++] =
        (struct cell){.name = name, .pattern = pattern, .peer = peer, .clients = clients, .tasks = tasks};
}

/* The lists end with 0. */
static void add_grid(const char *name, client_pattern *pattern, const struct peer *peer, const int *clients,
                     const size_t *tasks)
{
    for (const int *c = clients; *c; c++)
        for (const size_t *t = tasks; *t; t++)
            add(name, pattern, peer, *c, *t);
}

static const int all_clients[] = {1, 2, 4, 0}, few_clients[] = {1, 2, 0};
static const size_t all_tasks[] = {1, 2, 64, 1024, 0}, few_tasks[] = {1, 64, 0};

static void add_peers(const char *name, client_pattern *pattern)
{
    static const struct peer *const peers[] = {&mutex_worker, &julia_channel, &jltask_julia};
    for (size_t i = 0; i < sizeof peers / sizeof *peers; i++)
        add_grid(name, pattern, peers[i], few_clients, few_tasks);
    add(name, pattern, &jltask_kept, 1, 1);
}

static void add_case(const char *name, client_pattern *pattern)
{
    add_peers(name, pattern);
    add_grid(name, pattern, &jltask_peer, all_clients, all_tasks);
}

/* The first that a case has is the one that its other peers are compared with. */
static void add_floor(const char *name, client_pattern *pattern, const struct peer *floor)
{
    add(name, pattern, floor, 1, 1);
}

static void measure(void)
{
    runtime_begin(bench.threads);
    for (int round = 0; round < bench.rounds; round++) {
        cells_measure(cells, cell_count);
        give_way();
    }
    runtime_end();
}

void cases_sync(void)
{
    add_floor("sync", invoke_in_turn, &floor_spin);
    add_floor("sync", invoke_in_turn, &floor_futex);
    add_case("sync", invoke_in_turn);
    measure();
}

void cases_silence(void)
{
    add_floor("after silence", invoke_after_silence, &floor_futex);
    add_floor("after silence", invoke_after_silence, &floor_futex_apart);
    add_floor("after silence", invoke_after_silence, &floor_futex_together);
    add_case("after silence", invoke_after_silence);
    measure();
}

void cases_pipelined(void)
{
    add_floor("pipelined", loop_without_messages, &floor_loop);
    add_floor("pipelined", loop_without_messages, &floor_loop_jlt);
    add_case("pipelined", keep_in_flight);
    measure();
}

void cases_fan_out(void)
{
    add_floor("fan-out", loop_without_messages, &floor_loop);
    add_case("fan-out", send_to_each);
    add("fan-out", send_to_each, &mutex_worker, 1, 10000);
    add("fan-out", send_to_each, &jltask_peer, 1, 10000);
    measure();
}

void cases_compute(void)
{
    static const char name[] = "pipelined with 5 us of compute";
    static const size_t tasks[] = {2, 64, 0};
    add_floor(name, loop_without_messages, &floor_loop);
    add_grid(name, keep_in_flight, &mutex_worker, few_clients, tasks);
    add_grid(name, keep_in_flight, &jltask_peer, few_clients, tasks);
    for (size_t i = 0; i < cell_count; i++)
        cells[i].compute_ns = 5000;
    measure();
}

/* What it costs to see what a message does: one that does nothing. */
static void add_insight(const struct peer *peer)
{
    add("sync, seen", invoke_in_turn, peer, 1, 1);
    add_grid("pipelined, seen", keep_in_flight, peer, (const int[]){1, 0}, few_tasks);
}

void cases_insight(void)
{
    add_insight(&jltask_counted);
    add_insight(&jltask_traced);
    measure();
}

void cases_timings(void)
{
    runtime_times = true;
    add_insight(&jltask_timed);
    measure();
}

/* ---- other surroundings ---- */

static void add_small_case(const char *name, client_pattern *pattern, const struct peer *floor)
{
    add_floor(name, floor->loop ? loop_without_messages : pattern, floor);
    add_grid(name, pattern, &mutex_worker, (const int[]){1, 0}, few_tasks);
    add_grid(name, pattern, &julia_channel, (const int[]){1, 0}, few_tasks);
    add_grid(name, pattern, &jltask_peer, few_clients, few_tasks);
}

/* Processes that do nothing but run, one for each core. They die with this process. */
static void burners_start(pid_t *burners)
{
    for (int i = 0; i < bench.cores; i++) {
        burners[i] = fork();
        if (burners[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (volatile unsigned turns = 0;; turns++) {
            }
        }
    }
}

static void burners_signal(const pid_t *burners, int signal)
{
    for (int i = 0; i < bench.cores; i++)
        if (burners[i] > 0)
            kill(burners[i], signal);
}

static void measure_busy(void)
{
    pid_t *burners = calloc((size_t)bench.cores, sizeof *burners);
    burners_start(burners);
    burners_signal(burners, SIGSTOP);
    runtime_begin(bench.threads);
    for (int round = 0; round < bench.rounds; round++) {
        burners_signal(burners, SIGCONT);
        cells_measure(cells, cell_count);
        burners_signal(burners, SIGSTOP);
        give_way();
    }
    runtime_end();
    burners_signal(burners, SIGKILL);
    free(burners);
}

void cases_busy(void)
{
    add_small_case("sync, cores busy", invoke_in_turn, &floor_spin);
    add_small_case("after silence, cores busy", invoke_after_silence, &floor_futex);
    add_small_case("pipelined, cores busy", keep_in_flight, &floor_loop);
    add_small_case("fan-out, cores busy", send_to_each, &floor_loop);
    add_floor("starts, cores busy", loop_without_messages, &floor_starts);
    add("starts, cores busy", keep_starting, &jltask_starts, 1, 1);
    measure_busy();
}

/* On one core a wake-up is a task switch, and no interrupt to a halted core. */
void cases_one_core(void)
{
    cores_use_one();
    add_small_case("sync, on one core", invoke_in_turn, &floor_futex);
    add_small_case("after silence, on one core", invoke_after_silence, &floor_futex);
    add_small_case("pipelined, on one core", keep_in_flight, &floor_loop);
    measure();
}

void cases_starts(void)
{
    add_floor("starts", loop_without_messages, &floor_starts);
    add_grid("starts", keep_starting, &jltask_starts, all_clients, (const size_t[]){1, 0});
    measure();
}
