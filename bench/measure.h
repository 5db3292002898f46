/* SPDX-License-Identifier: MIT
 *
 * Samples, and what is made of them. A case is measured in several rounds, all its peers in each, so that a noisy
 * moment hits all alike. Each group of cases runs in a process of its own for each number of Julia threads, since Julia
 * can be started once in one and since memory should be measured in a fresh one. The processes of a group take turns,
 * one round each, so that a slow minute hits all numbers of threads alike. They send their rows to the parent, which
 * prints and writes them. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_options {
    bool quick;
    int rounds;
    size_t messages;   /* of the case that looks for growth */
    size_t live_tasks; /* of the case that collects beside idle tasks */
    int cores;         /* that the process may use: so many Julia threads there are by default */
    int threads;       /* Julia threads of this group */
    /* NULL or 0: any; for profiles */
    const char *only_case, *only_peer;
    int only_threads, only_clients;
    size_t only_tasks;
};
extern struct bench_options bench;

/* Whose numbers these are. clients and tasks are 0 where they do not matter. */
struct key {
    const char *name; /* of the case */
    int clients;
    size_t tasks;
    const char *peer;
    const char *unit; /* of p50 and p99 */
};

/* What was measured, for one key and number of Julia threads. What was not is NAN. */
struct row {
    char name[48];
    int threads, clients;
    size_t tasks;
    char peer[32];
    char unit[16];
    double p50, p99; /* over all samples; of ratios ("x"), where more is better, p99 is the lowest hundredth */
    double rate;     /* a second; the median of the rounds, as is the next */
    double cores;    /* the process's processor time over the time that passed */
    int rounds;
};

int64_t now_ns(void);
int64_t processor_ns(void); /* of the process */
void pause_ns(int64_t ns);  /* sleeps */

/* Of the two, by --quick. */
size_t amount(size_t full, size_t quick);

/* Whether to measure this, by the options for profiles. */
bool selected(const struct key *key);

/* Adds a sample to a case without clients and tasks. */
void sample(const char *name, const char *peer, const char *unit, double value);

/* Adds a round: its samples (count may be 0), and what it reached. */
void round_add(const struct key *key, const double *values, size_t count, double rate, double cores);

/* In a group: lets its other process go on, and waits for it to do the same, or to end. */
void give_way(void);

/* Runs group() in a process for each of these, as bench.threads, and appends the rows of their samples. */
struct rows {
    struct row *row;
    size_t count;
};
bool rows_measure(struct rows *rows, void (*group)(void), const int *threads, int count);

/* What peers are compared by. Where messages overlap ("ns each"), the time that passed by their number, since clients
 * that run by turns each see less. Else p50. */
double row_cost(const struct row *row);

/* NULL if there is none. */
const struct row *rows_find(const struct rows *rows, const char *name, int threads, int clients, size_t tasks,
                            const char *peer);

#endif
