/* SPDX-License-Identifier: MIT */
#include "goals.h"

#include <string.h>

enum kind { TIMES_AT_MOST, MORE_AT_MOST, AT_MOST, AT_LEAST };

struct goal {
    const char *name, *peer, *versus; /* versus: the floor, for the first two kinds */
    enum kind kind;
    double limit;
};

static const struct goal goals[] = {
    {"sync, awake", "jltask", "floor-spin", TIMES_AT_MOST, 1.25},
    {"sync, asleep", "jltask", "floor-futex", TIMES_AT_MOST, 1.25},
    {"sync, asleep, on one core", "jltask", "floor-futex", TIMES_AT_MOST, 1.25},
    {"pipelined, 1 client, 1 task", "jltask", "floor-loop", MORE_AT_MOST, 100},
    {"pipelined, 2 clients, 1 task", "jltask", "floor-loop", MORE_AT_MOST, 100},
    {"pipelined, 4 clients, 1 task", "jltask", "floor-loop", MORE_AT_MOST, 100},
    {"pipelined, 1 client, 64 tasks", "jltask", "floor-loop", MORE_AT_MOST, 100},
    {"pipelined, 2 clients, 64 tasks", "jltask", "floor-loop", MORE_AT_MOST, 100},
    {"pipelined, 4 clients, 64 tasks", "jltask", "floor-loop", MORE_AT_MOST, 100},
    {"fan-out over 10000 tasks", "jltask", "floor-loop", MORE_AT_MOST, 100},
    {"pipelined, 1 client, 1 task", "jltask-julia", NULL, AT_MOST, 200},
    {"starts", "jltask", NULL, AT_LEAST, 300000},
    {"an idle task, with its Ref", "jltask", NULL, AT_MOST, 600},
    {"collection, everything", "1000000 tasks", "floor-no-tasks", TIMES_AT_MOST, 2},
    {"speed-up by two threads", "jltask", NULL, AT_LEAST, 1.9},
    {"first reply after process start", "jltask", "floor-julia-e", TIMES_AT_MOST, 1.5},
    {"idle, 10000 live tasks", "jltask", NULL, AT_MOST, 0.1},
};

static void print(const struct goal *goal, const struct row *row, double versus, FILE *file)
{
    double reached = goal->kind == TIMES_AT_MOST  ? row->median / versus
                     : goal->kind == MORE_AT_MOST ? row->median - versus
                                                  : row->median;
    bool met = goal->kind == AT_LEAST ? reached >= goal->limit : reached <= goal->limit;
    static const char *const formats[] = {"%.2f x %s, at most %.2f", "%.0f ns more than %s, at most %.0f"};
    fprintf(file, "%-7s %-34s ", met ? "met" : "MISSED", goal->name);
    if (goal->versus)
        fprintf(file, formats[goal->kind], reached, goal->versus, goal->limit);
    else
        fprintf(file, "%.6g %s, at %s %g", reached, row->unit, goal->kind == AT_LEAST ? "least" : "most", goal->limit);
    fprintf(file, "\n");
}

/* jltask ahead of the two peers, in every case in which they are. */
static void print_ahead(const struct rows *rows, const char *peer, FILE *file)
{
    int cases = 0, ahead = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->row[i], *ours = rows_find(rows, row->name, "jltask");
        if (strcmp(row->peer, peer) || !ours)
            continue;
        cases++;
        if (ours->median < row->median)
            ahead++;
        else
            fprintf(file, "MISSED  %-34s behind %s: %.0f, not below %.0f %s\n", row->name, peer, ours->median,
                    row->median, row->unit);
    }
    if (cases)
        fprintf(file, "%-7s ahead of %s in %d of %d cases\n", ahead == cases ? "met" : "MISSED", peer, ahead, cases);
}

void goals_print(const struct rows *rows, FILE *file)
{
    fprintf(file, "\n");
    for (size_t i = 0; i < sizeof goals / sizeof *goals; i++) {
        const struct goal *goal = &goals[i];
        const struct row *row = rows_find(rows, goal->name, goal->peer);
        const struct row *versus = goal->versus ? rows_find(rows, goal->name, goal->versus) : NULL;
        if (row && (versus || !goal->versus))
            print(goal, row, versus ? versus->median : 0, file);
    }
    print_ahead(rows, "mutex+condvar", file);
    print_ahead(rows, "julia-channel", file);
}
