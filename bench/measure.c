/* SPDX-License-Identifier: MIT */
#include "measure.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct bench_options bench;

struct series {
    struct row row;
    double *value;
    size_t count, room;
};

static struct series *series;
static size_t series_count;

int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void pause_ns(int64_t ns)
{
    clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){ns / 1000000000, ns % 1000000000}, NULL);
}

size_t amount(size_t full, size_t quick)
{
    return bench.quick ? quick : full;
}

bool selected(const char *name, const char *peer)
{
    return (!name || !bench.only_case || !strcmp(name, bench.only_case)) &&
           (!peer || !bench.only_peer || !strcmp(peer, bench.only_peer));
}

/* ---- samples ---- */

static void *must(void *memory)
{
    if (memory)
        return memory;
    fprintf(stderr, "bench: no memory\n");
    exit(1);
}

static struct series *series_of(const char *name, const char *peer, const char *unit)
{
    for (size_t i = 0; i < series_count; i++)
        if (!strcmp(series[i].row.name, name) && !strcmp(series[i].row.peer, peer) && !strcmp(series[i].row.unit, unit))
            return &series[i];
    series = must(realloc(series, (series_count + 1) * sizeof *series));
    struct series *new = &series[series_count++];
    memset(new, 0, sizeof *new);
    snprintf(new->row.name, sizeof new->row.name, "%s", name);
    snprintf(new->row.peer, sizeof new->row.peer, "%s", peer);
    snprintf(new->row.unit, sizeof new->row.unit, "%s", unit);
    return new;
}

void samples(const char *name, const char *peer, const char *unit, const double *values, size_t count)
{
    struct series *to = series_of(name, peer, unit);
    if (to->count + count > to->room) {
        to->room = 2 * (to->count + count);
        to->value = must(realloc(to->value, to->room * sizeof *to->value));
    }
    memcpy(to->value + to->count, values, count * sizeof *values);
    to->count += count;
    to->row.rounds++;
}

void sample(const char *name, const char *peer, const char *unit, double value)
{
    samples(name, peer, unit, &value, 1);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void summarise(struct series *of)
{
    qsort(of->value, of->count, sizeof *of->value, by_value);
    bool more_is_better = !strcmp(of->row.unit, "1/s") || !strcmp(of->row.unit, "x");
    size_t middle = of->count / 2, late = of->count * (more_is_better ? 1 : 99) / 100;
    of->row.median = of->count % 2 ? of->value[middle] : (of->value[middle - 1] + of->value[middle]) / 2;
    of->row.p99 = of->value[late];
}

/* ---- rows ---- */

static void send_rows(int fd)
{
    for (size_t i = 0; i < series_count; i++) {
        summarise(&series[i]);
        if (write(fd, &series[i].row, sizeof series[i].row) !=
            sizeof series[i].row) /* less than a pipe's atomic size */
            exit(1);
    }
}

bool rows_measure(struct rows *rows, void (*group)(void))
{
    int pipes[2];
    if (pipe(pipes) != 0)
        return false;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        close(pipes[0]);
        group();
        send_rows(pipes[1]);
        exit(0);
    }
    close(pipes[1]);
    struct row row;
    while (child > 0 && read(pipes[0], &row, sizeof row) == sizeof row) {
        rows->row = must(realloc(rows->row, (rows->count + 1) * sizeof row));
        rows->row[rows->count++] = row;
    }
    close(pipes[0]);
    int status = 1;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

const struct row *rows_find(const struct rows *rows, const char *name, const char *peer)
{
    for (size_t i = 0; i < rows->count; i++)
        if (!strcmp(rows->row[i].name, name) && !strcmp(rows->row[i].peer, peer))
            return &rows->row[i];
    return NULL;
}

/* The first peer of the case that is called a floor, in the same unit. */
static const struct row *floor_of(const struct rows *rows, const struct row *row)
{
    for (size_t i = 0; i < rows->count; i++)
        if (!strcmp(rows->row[i].name, row->name) && !strncmp(rows->row[i].peer, "floor", 5) &&
            !strcmp(rows->row[i].unit, row->unit))
            return &rows->row[i];
    return NULL;
}

static int decimals(double value)
{
    return value < 10 ? 2 : value < 100 ? 1 : 0;
}

void rows_print(const struct rows *rows, FILE *file)
{
    fprintf(file, "%-34s %-18s %12s %12s  %-8s %8s\n", "case", "peer", "median", "p99", "unit", "x floor");
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->row[i], *floor = floor_of(rows, row);
        fprintf(file, "%-34s %-18s %12.*f %12.*f  %-8s", row->name, row->peer, decimals(row->median), row->median,
                decimals(row->p99), row->p99, row->unit);
        if (floor && floor->median > 0)
            fprintf(file, " %8.2f", row->median / floor->median);
        fprintf(file, "\n");
    }
}

bool rows_write_csv(const struct rows *rows, const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file)
        return false;
    fprintf(file, "case,peer,median,p99,unit,rounds\n");
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->row[i];
        fprintf(file, "\"%s\",%s,%.6g,%.6g,%s,%d\n", row->name, row->peer, row->median, row->p99, row->unit,
                row->rounds);
    }
    return fclose(file) == 0;
}
