/* SPDX-License-Identifier: MIT
 *
 * Samples, and what is made of them. A case is measured in several rounds, all its peers in each, so that a noisy
 * moment hits all alike. Each group of cases runs in a process of its own, since Julia can be started once in one and
 * since memory should be measured in a fresh one; it sends its rows to the parent, which prints and writes them. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct bench_options {
    bool quick;
    int rounds;
    size_t messages;       /* of the case that looks for growth */
    size_t live_tasks;     /* of the case that collects beside idle tasks */
    const char *only_case; /* NULL: all; for profiles */
    const char *only_peer;
};
extern struct bench_options bench;

/* What was measured, for one peer in one case. */
struct row {
    char name[48];
    char peer[32];
    char unit[16];
    double median;
    double p99; /* of a rate or a ratio, where more is better, the lowest hundredth */
    int rounds;
};

int64_t now_ns(void);
void pause_ns(int64_t ns); /* sleeps */

/* Of the two, by --quick. */
size_t amount(size_t full, size_t quick);

/* Whether to measure this, by --case and --peer. NULL: any. */
bool selected(const char *name, const char *peer);

/* Adds a sample, or many, to a case. */
void sample(const char *name, const char *peer, const char *unit, double value);
void samples(const char *name, const char *peer, const char *unit, const double *values, size_t count);

/* Runs group() in a process of its own and appends the rows of its samples. */
struct rows {
    struct row *row;
    size_t count;
};
bool rows_measure(struct rows *rows, void (*group)(void));

/* NULL if there is none. */
const struct row *rows_find(const struct rows *rows, const char *name, const char *peer);

void rows_print(const struct rows *rows, FILE *file);
bool rows_write_csv(const struct rows *rows, const char *path);

#endif
