/* SPDX-License-Identifier: MIT
 *
 * jltask's speed beside its peers'. `--help` says what it takes; scripts/bench runs it. */
#include "cases.h"
#include "cores.h"
#include "goals.h"
#include "measure.h"
#include "peers.h"
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct group {
    const char *name;
    void (*run)(void);
    enum { EACH, ONE, ALL } threads; /* Julia threads: one and, in another process, as many as cores; or one of these */
} groups[] = {
    {"sync", cases_sync, EACH},
    {"silence", cases_silence, EACH},
    {"pipelined", cases_pipelined, EACH},
    {"fan-out", cases_fan_out, EACH},
    {"compute", cases_compute, EACH},
    {"identity", cases_identity, EACH},
    {"queue", cases_queue, EACH},
    {"insight", cases_insight, EACH},
    {"timings", cases_timings, EACH},
    {"starts", cases_starts, EACH},
    {"busy", cases_busy, EACH},
    {"one-core", cases_one_core, ONE},
    {"first", cases_first_reply, EACH},
    {"memory", cases_memory, EACH},
    {"idle", cases_idle, EACH},
    {"parallel", cases_parallel, ALL},
    {"payload", cases_payload, EACH},
    {"collection", cases_collection, EACH},
    {"warm-up", cases_first_message, EACH},
};

static const char *csv, *julia, *first_reply;

static const struct setting {
    const char *name, *help; /* a name with = takes a value */
    bool *flag;
    int *number;
    size_t *count;
    const char **text;
} settings[] = {
    {"quick", "fewer rounds and shorter ones", .flag = &bench.quick},
    {"rounds=", "default 5, quick 2", .number = &bench.rounds},
    {"messages=", "in the case that looks for growth, default 2000000, quick 500000", .count = &bench.messages},
    {"live-tasks=", "beside a collection, default 1000000, quick 100000", .count = &bench.live_tasks},
    {"julia=", "an executable or an installation folder", .text = &julia},
    {"csv=", "a file for the table", .text = &csv},
    {"threads=", "only this number of Julia threads, for profiles", .number = &bench.only_threads},
    {"case=", "only this case", .text = &bench.only_case},
    {"peer=", "only this peer", .text = &bench.only_peer},
    {"clients=", "only this number of clients", .number = &bench.only_clients},
    {"tasks=", "only this number of tasks", .count = &bench.only_tasks},
    {"first-reply=", "this program's own, for the processes that it starts", .text = &first_reply},
};
enum { setting_count = sizeof settings / sizeof *settings };

static int usage(void)
{
    fprintf(stderr, "usage: jltask_bench [options] [group ...]\n");
    for (size_t i = 0; i < setting_count; i++)
        fprintf(stderr, "  --%-13s %s\n", settings[i].name, settings[i].help);
    fprintf(stderr, "groups: ");
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        fprintf(stderr, "%s ", groups[i].name);
    fprintf(stderr, "\n");
    return 2;
}

/* False: there is no such option. */
static bool set(const char *argument)
{
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *setting = &settings[i];
        size_t length = strlen(setting->name);
        if (strncmp(argument, setting->name, length) != 0 || (setting->flag && argument[length]))
            continue;
        if (setting->flag)
            *setting->flag = true;
        else if (setting->number)
            *setting->number = atoi(argument + length);
        else if (setting->count)
            *setting->count = strtoull(argument + length, NULL, 10);
        else
            *setting->text = argument + length;
        return true;
    }
    return false;
}

static bool is_group(const char *name)
{
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (!strcmp(groups[i].name, name))
            return true;
    return false;
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

static bool measure(struct rows *rows, const struct group *group)
{
    int threads[2], count = 0;
    if (group->threads != ALL)
        threads[count++] = 1;
    if (group->threads == ALL || (group->threads == EACH && bench.cores > 1))
        threads[count++] = bench.cores;
    if (bench.only_threads) {
        count = threads[0] == bench.only_threads || threads[count - 1] == bench.only_threads;
        threads[0] = bench.only_threads;
    }
    int64_t start = now_ns();
    bool good = rows_measure(rows, group->run, threads, count);
    fprintf(stderr, "%-12s %s after %.1f s\n", group->name, good ? "done" : "FAILED", (double)(now_ns() - start) / 1e9);
    return good;
}

static int run(char **names)
{
    struct rows rows = {0};
    bool good = true;
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (wanted(groups[i].name, names))
            good = measure(&rows, &groups[i]) && good;
    table_print(&rows, stdout);
    goals_print(&rows, stdout);
    if (csv && !table_write_csv(&rows, csv)) {
        perror(csv);
        good = false;
    }
    free(rows.row);
    return !good;
}

/* An executable, also where an installation folder was named: floors start it too. */
static void choose_julia(void)
{
    char inside[4096];
    if (!julia)
        julia = getenv("JLTASK_JULIA");
    if (!julia)
        return;
    snprintf(inside, sizeof inside, "%s/bin/julia", julia);
    setenv("JLTASK_JULIA", access(inside, X_OK) == 0 ? inside : julia, 1);
}

static void set_defaults(void)
{
    bench.cores = cores_init();
    if (bench.rounds <= 0)
        bench.rounds = (int)amount(5, 2);
    if (bench.messages < 1000)
        bench.messages = amount(2000000, 500000);
    if (!bench.live_tasks)
        bench.live_tasks = amount(1000000, 100000);
}

int main(int argc, char **argv)
{
    char **names = argv; /* those of groups are kept, at the front */
    for (int i = 1; i < argc; i++) {
        const char *argument = argv[i];
        bool option = !strncmp(argument, "--", 2);
        if (option ? !set(argument + 2) : !is_group(argument))
            return usage();
        if (!option)
            *names++ = argv[i];
    }
    *names = NULL;
    if (first_reply) {
        bench.threads = bench.only_threads;
        return first_reply_child(first_reply);
    }
    choose_julia();
    set_defaults();
    compute_calibrate();
    return run(argv);
}
