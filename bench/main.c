/* SPDX-License-Identifier: MIT
 *
 * jltask's speed beside its peers'. `--help` says what it takes; scripts/bench runs it. */
#include "cases.h"
#include "goals.h"
#include "measure.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    void (*run)(void);
} groups[] = {
    {"sync", cases_sync},
    {"pipelined", cases_pipelined},
    {"identity", cases_identity},
    {"starts", cases_starts},
    {"first", cases_first_reply},
    {"memory", cases_memory},
    {"idle", cases_idle},
    {"parallel", cases_parallel},
    {"payload", cases_payload},
    {"collection", cases_collection},
    {"warm-up", cases_first_message},
};

static int usage(void)
{
    fprintf(stderr, "usage: jltask_bench [options] [group ...]\n"
                    "  --quick         fewer rounds and samples: under a minute\n"
                    "  --rounds=N      default 7 (3)\n"
                    "  --messages=N    in the case that looks for growth, default 2000000 (500000)\n"
                    "  --tasks=N       live tasks beside a collection, default 1000000 (100000)\n"
                    "  --csv=FILE      writes the table there too\n"
                    "  --case=NAME     only this, --peer=NAME only that one: for profiles (sync, pipelined)\n"
                    "groups: ");
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        fprintf(stderr, "%s ", groups[i].name);
    fprintf(stderr, "\n");
    return 2;
}

static bool wanted(const char *group, char **names)
{
    if (!*names)
        return true;
    for (; *names; names++)
        if (!strcmp(*names, group))
            return true;
    return false;
}

static int run(char **names, const char *csv)
{
    struct rows rows = {0};
    int failed = 0;
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        if (!wanted(groups[i].name, names))
            continue;
        int64_t start = now_ns();
        bool good = rows_measure(&rows, groups[i].run);
        fprintf(stderr, "%-12s %s after %.1f s\n", groups[i].name, good ? "done" : "FAILED",
                (double)(now_ns() - start) / 1e9);
        failed |= !good;
    }
    rows_print(&rows, stdout);
    goals_print(&rows, stdout);
    if (csv && !rows_write_csv(&rows, csv)) {
        perror(csv);
        failed = 1;
    }
    free(rows.row);
    return failed;
}

int main(int argc, char **argv)
{
    enum { QUICK = 1, ROUNDS, MESSAGES, TASKS, CSV, CASE, PEER, FIRST_REPLY };
    static const struct option options[] = {
        {"quick", no_argument, NULL, QUICK},
        {"rounds", required_argument, NULL, ROUNDS},
        {"messages", required_argument, NULL, MESSAGES},
        {"tasks", required_argument, NULL, TASKS},
        {"csv", required_argument, NULL, CSV},
        {"case", required_argument, NULL, CASE},
        {"peer", required_argument, NULL, PEER},
        {"first-reply", required_argument, NULL, FIRST_REPLY},
        {0},
    };
    const char *csv = NULL;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case QUICK:
            bench.quick = true;
            break;
        case ROUNDS:
            bench.rounds = atoi(optarg);
            break;
        case MESSAGES:
            bench.messages = strtoull(optarg, NULL, 10);
            break;
        case TASKS:
            bench.live_tasks = strtoull(optarg, NULL, 10);
            break;
        case CSV:
            csv = optarg;
            break;
        case CASE:
            bench.only_case = optarg;
            break;
        case PEER:
            bench.only_peer = optarg;
            break;
        case FIRST_REPLY:
            return first_reply_child(optarg);
        default:
            return usage();
        }
    }
    if (bench.rounds <= 0)
        bench.rounds = (int)amount(7, 3);
    if (bench.messages < 1000)
        bench.messages = amount(2000000, 500000);
    if (!bench.live_tasks)
        bench.live_tasks = amount(1000000, 100000);
    return run(argv + optind, csv);
}
