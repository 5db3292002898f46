/* SPDX-License-Identifier: MIT */
#include "measure.h"

#include <math.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct bench_options bench;

struct numbers {
    double *value;
    size_t count, room;
};

struct series {
    struct row row;
    struct numbers samples, rates, cores;
};

static struct series *series;
static size_t series_count;

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t processor_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

void pause_ns(int64_t ns)
{
    clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){ns / 1000000000, ns % 1000000000}, NULL);
}

size_t amount(size_t full, size_t quick)
{
    return bench.quick ? quick : full;
}

bool selected(const struct key *key)
{
    return (!bench.only_case || !strcmp(key->name, bench.only_case)) &&
           (!bench.only_peer || !strcmp(key->peer, bench.only_peer)) &&
           (!bench.only_clients || key->clients == bench.only_clients) &&
           (!bench.only_tasks || key->tasks == bench.only_tasks);
}

/* ---- samples ---- */

static void *must(void *memory)
{
    if (memory)
        return memory;
    fprintf(stderr, "bench: no memory\n");
    exit(1);
}

static void numbers_add(struct numbers *to, const double *values, size_t count)
{
    if (to->count + count > to->room) {
        to->room = 2 * (to->count + count);
        to->value = must(realloc(to->value, to->room * sizeof *to->value));
    }
    memcpy(to->value + to->count, values, count * sizeof *values);
    to->count += count;
}

static bool row_is(const struct row *row, const char *name, int clients, size_t tasks, const char *peer)
{
    return row->clients == clients && row->tasks == tasks && !strcmp(row->name, name) && !strcmp(row->peer, peer);
}

static struct series *series_of(const struct key *key)
{
    for (size_t i = 0; i < series_count; i++)
        if (row_is(&series[i].row, key->name, key->clients, key->tasks, key->peer))
            return &series[i];
    series = must(realloc(series, (series_count + 1) * sizeof *series));
    struct series *new = &series[series_count++];
    *new = (struct series){.row = {.threads = bench.threads, .clients = key->clients, .tasks = key->tasks}};
    snprintf(new->row.name, sizeof new->row.name, "%s", key->name);
    snprintf(new->row.peer, sizeof new->row.peer, "%s", key->peer);
    snprintf(new->row.unit, sizeof new->row.unit, "%s", key->unit);
    return new;
}

void round_add(const struct key *key, const double *values, size_t count, double rate, double cores)
{
    struct series *to = series_of(key);
    if (count)
        numbers_add(&to->samples, values, count);
    if (!isnan(rate))
        numbers_add(&to->rates, &rate, 1);
    if (!isnan(cores))
        numbers_add(&to->cores, &cores, 1);
    to->row.rounds++;
}

void sample(const char *name, const char *peer, const char *unit, double value)
{
    round_add(&(struct key){.name = name, .peer = peer, .unit = unit}, &value, 1, NAN, NAN);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of sorted numbers. */
static double percentile(const struct numbers *of, size_t percent)
{
    return of->count ? of->value[of->count * percent / 100] : NAN;
}

static double median(struct numbers *of)
{
    if (!of->count)
        return NAN;
    qsort(of->value, of->count, sizeof *of->value, by_value);
    size_t middle = of->count / 2;
    return of->count % 2 ? of->value[middle] : (of->value[middle - 1] + of->value[middle]) / 2;
}

static void summarise(struct series *of)
{
    bool more_is_better = !strcmp(of->row.unit, "x");
    of->row.p50 = median(&of->samples);
    of->row.p99 = percentile(&of->samples, more_is_better ? 1 : 99);
    of->row.rate = median(&of->rates);
    of->row.cores = median(&of->cores);
}

/* ---- processes ---- */

enum { most_processes = 2 };

static struct turns {
    sem_t of[most_processes];
    int count;
} * turns; /* shared by the processes of a group */
static int own_turn;

static void take_turn(void)
{
    while (sem_wait(&turns->of[own_turn]) != 0) {
    }
}

static void pass_turn(void)
{
    sem_post(&turns->of[(own_turn + 1) % turns->count]);
}

void give_way(void)
{
    pass_turn();
    take_turn();
}

static void turns_init(int count)
{
    if (!turns)
        turns = mmap(NULL, sizeof *turns, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (turns == MAP_FAILED)
        must(NULL);
    turns->count = count;
    for (int i = 0; i < count; i++)
        sem_init(&turns->of[i], 1, i == 0);
}

/* Less than a pipe holds, and each less than its atomic size. */
static void send_rows(int fd)
{
    for (size_t i = 0; i < series_count; i++) {
        summarise(&series[i]);
        if (write(fd, &series[i].row, sizeof series[i].row) != sizeof series[i].row)
            exit(1);
    }
}

static void receive_rows(int fd, struct rows *rows)
{
    struct row row;
    while (read(fd, &row, sizeof row) == sizeof row) {
        rows->row = must(realloc(rows->row, (rows->count + 1) * sizeof row));
        rows->row[rows->count++] = row;
    }
    close(fd);
}

/* Returns the end of a pipe that its rows come from, negative if there is none. */
static int start_process(void (*group)(void), int threads, int index)
{
    int pipes[2];
    if (pipe(pipes) != 0)
        return -1;
    fflush(NULL);
    if (fork() == 0) {
        close(pipes[0]);
        bench.threads = threads;
        own_turn = index;
        take_turn();
        group();
        send_rows(pipes[1]);
        pass_turn();
        exit(0);
    }
    close(pipes[1]);
    return pipes[0];
}

bool rows_measure(struct rows *rows, void (*group)(void), const int *threads, int count)
{
    int fds[most_processes];
    bool good = true;
    turns_init(count);
    for (int i = 0; i < count; i++)
        fds[i] = start_process(group, threads[i], i);
    for (int status = 1; wait(&status) > 0; good = good && status == 0)
        for (int i = 0; i < count; i++)
            for (int turn = 0; turn < bench.rounds + 2; turn++) /* as many as it will ever take: it is alone now */
                sem_post(&turns->of[i]);
    for (int i = 0; i < count; i++) {
        good = good && fds[i] >= 0;
        if (fds[i] >= 0)
            receive_rows(fds[i], rows);
    }
    return good;
}

/* ---- rows ---- */

double row_cost(const struct row *row)
{
    return !strcmp(row->unit, "ns each") ? 1e9 / row->rate : row->p50;
}

const struct row *rows_find(const struct rows *rows, const char *name, int threads, int clients, size_t tasks,
                            const char *peer)
{
    for (size_t i = 0; i < rows->count; i++)
        if (rows->row[i].threads == threads && row_is(&rows->row[i], name, clients, tasks, peer))
            return &rows->row[i];
    return NULL;
}
