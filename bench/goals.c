/* SPDX-License-Identifier: MIT
 *
 * Each goal is about as many Julia threads as cores, the default, and is judged by the worst of its cells. What was not
 * measured is not judged. */
#include "goals.h"

#include <math.h>
#include <string.h>

enum column { COST, P99, RATE };
enum versus { NOTHING, ONE_THREAD, ONE_CLIENT, ONE_TASK, FLOOR, MORE_THAN_FLOOR };
enum bound { AT_MOST, AT_LEAST };
enum { ANY = -1 }; /* number of clients, and of tasks */

struct goal {
    const char *what;
    const char *name; /* the case */
    const char *peer;
    int clients;
    int64_t tasks;
    enum column column;
    enum versus versus; /* what its value is divided by, or less what */
    const char *floor;
    enum bound bound;
    double limit;
};

static const struct goal goals[] = {
    {"sync, p50 by one Julia thread's", "sync", "jltask", 1, ANY, COST, ONE_THREAD, NULL, AT_MOST, 1.15},
    {"sync, the same with more clients", "sync", "jltask", ANY, ANY, COST, ONE_THREAD, NULL, AT_MOST, 1.15},
    {"sync, p99 in ns on a quiet machine", "sync", "jltask", 1, ANY, P99, NOTHING, NULL, AT_MOST, 10000},
    {"sync, by the floor", "sync", "jltask", 1, 1, COST, FLOOR, "floor-spin", AT_MOST, 1.25},
    {"after silence, by the floor", "after silence", "jltask", 1, ANY, COST, FLOOR, "floor-futex", AT_MOST, 1.25},
    {"after silence, by the floor on two cores", "after silence", "jltask", 1, ANY, COST, FLOOR, "floor-apart", AT_MOST,
     1.25},
    {"pipelined, rate by one Julia thread's", "pipelined", "jltask", ANY, ANY, RATE, ONE_THREAD, NULL, AT_LEAST, 1},
    {"the same, two clients, 5 us of compute", "pipelined with 5 us of compute", "jltask", 2, ANY, RATE, ONE_THREAD,
     NULL, AT_LEAST, 1.6},
    {"pipelined, 1024 tasks' rate by one task's", "pipelined", "jltask", 1, 1024, RATE, ONE_TASK, NULL, AT_LEAST, 0.8},
    {"pipelined, four clients' rate by one's", "pipelined", "jltask", 4, 1, RATE, ONE_CLIENT, NULL, AT_LEAST, 0.9},
    {"pipelined, ns more than the floor", "pipelined", "jltask", ANY, ANY, COST, MORE_THAN_FLOOR, "floor-loop", AT_MOST,
     100},
    {"pipelined with a Julia body, a second", "pipelined", "jltask-julia", 1, 1, RATE, NOTHING, NULL, AT_LEAST, 5e6},
    {"fan-out, ns more than the floor", "fan-out", "jltask", 1, 10000, COST, MORE_THAN_FLOOR, "floor-loop", AT_MOST,
     100},
    {"a reply through a queue, ns more", "a reply, one at a time", "queue", 0, 0, COST, MORE_THAN_FLOOR, "receiver",
     AT_MOST, 50},
    {"the same, 64 in flight", "a reply, 64 in flight", "queue", 0, 0, COST, MORE_THAN_FLOOR, "receiver", AT_MOST, 50},
    {"the same, a batch", "a reply, 64 in flight", "batch, queue", 0, 0, COST, MORE_THAN_FLOOR, "receiver", AT_MOST,
     50},
    {"starts a second", "starts", "jltask", 1, 1, RATE, NOTHING, NULL, AT_LEAST, 1e6},
    {"first reply by julia -e ''", "first reply after process start", "jltask", 0, 0, COST, FLOOR, "floor-julia-e",
     AT_MOST, 1.5},
    {"idle with 10000 tasks, % of a core", "idle, 10000 live tasks", "jltask", 0, 0, COST, NOTHING, NULL, AT_MOST, 0.1},
    {"bytes of an idle task", "an idle task, with its Ref", "jltask", 0, 0, COST, NOTHING, NULL, AT_MOST, 305},
    {"growth in bytes", "growth over many messages", "jltask", 0, 0, COST, NOTHING, NULL, AT_MOST, 5e7},
    {"collection beside many tasks", "collection, everything", "1000000 tasks", 0, 0, COST, FLOOR, "floor-no-tasks",
     AT_MOST, 2},
    {"speed-up by two threads", "speed-up by two threads", "jltask", 0, 0, COST, NOTHING, NULL, AT_LEAST, 1.9},
};

/* The other library of this kind, jlrs 0.23 on Julia 1.10.8 with one Julia thread, measured on a 2-core AMD EPYC: not
 * in this run, and not on this machine. NAN: it has no such row. */
static const struct reference {
    const char *what, *name, *peer;
    int clients;
    size_t tasks;
    enum column column;
    double runtime, pool; /* its main runtime, and its pool of one worker */
    double factor;        /* by which jltask should be ahead */
} references[] = {
    {"sync over 64 tasks, p50 in ns", "sync", "jltask", 1, 64, COST, 8400, 20700, 3},
    {"sync over 64 tasks, p99 in ns", "sync", "jltask", 1, 64, P99, 2200000, 35000, 20},
    {"sync over 64 tasks, a second", "sync", "jltask", 1, 64, RATE, 11e3, 48e3, 3},
    {"pipelined over 2 tasks, a second", "pipelined", "jltask", 1, 2, RATE, 0.14e6, 0.89e6, 3},
    {"pipelined over 64 tasks, a second", "pipelined", "jltask", 1, 64, RATE, 0.08e6, 0.58e6, 3},
    {"pipelined over 1000 tasks, a second", "pipelined", "jltask", 1, 1024, RATE, 0.02e6, 0.37e6, 3},
    {"after silence, p50 in ns", "after silence", "jltask", 1, 1, COST, 1393000, 49000, 3},
    {"starts a second", "starts", "jltask", 1, 1, RATE, 20e3, NAN, 3},
    {"first reply in ms", "first reply after process start", "jltask", 0, 0, COST, 620, NAN, 3},
};

static double value_of(const struct row *row, enum column column)
{
    return !row ? NAN : column == COST ? row_cost(row) : column == P99 ? row->p99 : row->rate;
}

/* ---- goals ---- */

static const struct row *compared_with(const struct rows *rows, const struct goal *goal, const struct row *row)
{
    switch (goal->versus) {
    case ONE_THREAD:
        return rows_find(rows, row->name, 1, row->clients, row->tasks, row->peer);
    case ONE_CLIENT:
        return rows_find(rows, row->name, row->threads, 1, row->tasks, row->peer);
    case ONE_TASK:
        return rows_find(rows, row->name, row->threads, row->clients, 1, row->peer);
    default:
        return rows_find(rows, row->name, row->threads, row->clients ? 1 : 0, row->tasks ? 1 : 0, goal->floor);
    }
}

static double reached(const struct rows *rows, const struct goal *goal, const struct row *row)
{
    double value = value_of(row, goal->column);
    if (goal->versus == NOTHING)
        return value;
    double other = value_of(compared_with(rows, goal, row), goal->column);
    return goal->versus == MORE_THAN_FLOOR ? value - other : value / other;
}

static bool is_of(const struct goal *goal, const struct row *row)
{
    return row->threads == bench.cores && !strcmp(row->name, goal->name) && !strcmp(row->peer, goal->peer) &&
           (goal->clients == ANY || row->clients == goal->clients) &&
           (goal->tasks == ANY || row->tasks == (size_t)goal->tasks);
}

static void print_goal(const struct rows *rows, const struct goal *goal, FILE *file)
{
    const struct row *worst = NULL;
    double least_good = NAN;
    int cells = 0;
    for (size_t i = 0; i < rows->count; i++) {
        double value = is_of(goal, &rows->row[i]) ? reached(rows, goal, &rows->row[i]) : NAN;
        if (isnan(value))
            continue;
        cells++;
        if (!worst || (goal->bound == AT_LEAST ? value < least_good : value > least_good)) {
            worst = &rows->row[i];
            least_good = value;
        }
    }
    if (!worst)
        return;
    bool met = goal->bound == AT_LEAST ? least_good >= goal->limit : least_good <= goal->limit;
    fprintf(file, "%-7s %-42s %10.4g, at %s %g", met ? "met" : "MISSED", goal->what, least_good,
            goal->bound == AT_LEAST ? "least" : "most", goal->limit);
    if (cells > 1)
        fprintf(file, "; the worst of %d: clients %d, tasks %zu", cells, worst->clients, worst->tasks);
    fprintf(file, "\n");
}

/* ---- others ---- */

/* jltask ahead of a peer, in every cell that both have. */
static void print_ahead(const struct rows *rows, const char *peer, FILE *file)
{
    int cells = 0, ahead = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->row[i];
        const struct row *ours = rows_find(rows, row->name, row->threads, row->clients, row->tasks, "jltask");
        if (strcmp(row->peer, peer) || !ours)
            continue;
        cells++;
        if (row_cost(ours) < row_cost(row))
            ahead++;
        else
            fprintf(file, "MISSED  behind %s: %s, threads %d, clients %d, tasks %zu: %.0f %s, not below %.0f\n", peer,
                    row->name, row->threads, row->clients, row->tasks, row_cost(ours), row->unit, row_cost(row));
    }
    if (cells)
        fprintf(file, "%-7s ahead of %s in %d of %d cells\n", ahead == cells ? "met" : "MISSED", peer, ahead, cells);
}

/* By how much jltask is ahead; NAN if there is nothing to compare with. */
static double ahead_by(enum column column, double ours, double theirs)
{
    return column == RATE ? ours / theirs : theirs / ours;
}

static void print_reference(const struct rows *rows, const struct reference *of, FILE *file)
{
    double ours = value_of(rows_find(rows, of->name, bench.cores, of->clients, of->tasks, of->peer), of->column);
    if (isnan(ours))
        return;
    double runtime = ahead_by(of->column, ours, of->runtime), pool = ahead_by(of->column, ours, of->pool);
    fprintf(file, "%-7s %-42s %10.4g, its runtime %.4g: %.3g x ahead",
            fmin(runtime, pool) >= of->factor ? "met" : "MISSED", of->what, ours, of->runtime, runtime);
    if (!isnan(pool))
        fprintf(file, ", its pool %.4g: %.3g x", of->pool, pool);
    fprintf(file, ", at least %g\n", of->factor);
}

void goals_print(const struct rows *rows, FILE *file)
{
    fprintf(file, "\nGoals, with %d Julia threads\n", bench.cores);
    for (size_t i = 0; i < sizeof goals / sizeof *goals; i++)
        print_goal(rows, &goals[i], file);
    print_ahead(rows, "mutex+condvar", file);
    print_ahead(rows, "julia-channel", file);
    fprintf(file, "\nBeside jlrs 0.23, which was measured elsewhere, on Julia 1.10.8\n");
    for (size_t i = 0; i < sizeof references / sizeof *references; i++)
        print_reference(rows, &references[i], file);
}
