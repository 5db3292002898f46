/* SPDX-License-Identifier: MIT
 *
 * soak MINUTES [SEED]: rounds of the random program in one runtime with Julia, and between them a row of plain
 * messages at full speed, for so long. Each round checks that no message is lost or run twice, and that nothing is
 * left. Once a minute it prints what the process has, and at the end it says whether that has grown: the first fifth
 * of the time is for warming up, and after that memory may not grow by more than some percent of what it was. */
#include "random/engine.h"
#include "random/program.h"

#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct round round_;

struct usage {
    long rss, allocated; /* KiB; allocated: by malloc, of this process's C code and Julia's */
    long descriptors, threads;
};

static int64_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static long count_entries(const char *path)
{
    long count = 0;
    DIR *folder = opendir(path);
    must(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count - 2;
}

static struct usage measure(void)
{
    struct usage usage = {.descriptors = count_entries("/proc/self/fd") - 1,
                          .threads = count_entries("/proc/self/task")};
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    must(file && fscanf(file, "%*s %ld", &pages) == 1);
    fclose(file);
    usage.rss = pages * (sysconf(_SC_PAGESIZE) / 1024);
    struct mallinfo2 heap = mallinfo2();
    usage.allocated = (long)((heap.uordblks + heap.hblkhd) / 1024);
    return usage;
}

/* ---- the load ---- */

enum { row = 2000 };

static void count_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame;
    must(*(const int64_t *)input == ++*(int64_t *)state); /* none is lost, none comes twice, all in order */
    *(int64_t *)output = *(int64_t *)state;
}

static const jlt_persistent_type count_type = {
    .name = "count",
    .state_size = sizeof(int64_t),
    .input_size = sizeof(int64_t),
    .output_size = sizeof(int64_t),
    .run = count_run,
};

static void collect_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    jlt_call(frame, jlt_global(frame, "Base.GC.gc"));
}

static unsigned long run_plain(void)
{
    static jlt_receiver *receivers[row];
    static const jlt_task_type collect = {.name = "collect", .run = collect_run};
    jlt_persistent *task;
    int64_t number, reply;
    must(jlt_persistent_spawn(program_runtime(), &count_type, NULL, &task) == JLT_OK);
    for (number = 1; number <= row; number++)
        must(jlt_persistent_call(task, &number, &receivers[number - 1]) == JLT_OK);
    for (int64_t i = 0; i < row; i++)
        must(jlt_receiver_recv(receivers[i], &reply) == JLT_OK && reply == i + 1);
    for (; number <= 2 * row; number++)
        must(jlt_persistent_invoke(task, &number, &reply) == JLT_OK && reply == number);
    jlt_persistent_drop(task);
    must(jlt_task_invoke(program_runtime(), &collect, NULL, NULL) == JLT_OK);
    return 2 * row;
}

/* ---- the verdict ---- */

static bool check(const char *what, long first, long last, long allowed)
{
    if (last <= first + allowed)
        return true;
    printf("FAILED: %s: %ld after warming up, %ld at the end, allowed %ld more\n", what, first, last, allowed);
    return false;
}

static bool judge(const struct usage *first, const struct usage *last)
{
    enum { percent = 10, spare_kib = 16 << 10 };
    bool good = check("resident KiB", first->rss, last->rss, first->rss * percent / 100 + spare_kib);
    good &= check("allocated KiB", first->allocated, last->allocated, first->allocated * percent / 100 + spare_kib);
    good &= check("descriptors", first->descriptors, last->descriptors, 0);
    good &= check("threads", first->threads, last->threads, 16); /* helpers, and Julia's own */
    return good;
}

int main(int argc, char **argv)
{
    double minutes = argc > 1 ? atof(argv[1]) : 1;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL) % 1000000;
    int64_t begin = now_s(), length = (int64_t)(minutes * 60), next = 60;
    unsigned long operations = 0, bodies = 0, plain = 0, rounds = 0;
    struct usage first = {0}, usage = {0};
    bool warm = false;
    program_open(2); /* three threads */
    printf("soak: %g minutes, seed %llu, Julia %s, %d threads\n", minutes, (unsigned long long)seed,
           jlt_julia_version(), 3);
    for (bool last = false; !last; rounds++) {
        int64_t passed = now_s() - begin;
        last = passed >= length;
        if (!warm && passed >= length / 5) {
            warm = true;
            first = measure();
        }
        if (passed >= next || last) {
            usage = measure();
            printf("%3lld min: %lu rounds, %lu operations, %lu bodies, %lu plain; resident %ld KiB, allocated %ld KiB, "
                   "%ld descriptors, %ld threads\n",
                   (long long)passed / 60, rounds, operations, bodies, plain, usage.rss, usage.allocated,
                   usage.descriptors, usage.threads);
            fflush(stdout);
            next += 60;
        }
        plain += run_plain();
        program_init_random(&round_, seed * 1000003 + rounds, last);
        bodies += program_run(&round_);
        operations += (unsigned long)round_.clients * round_.operations;
    }
    bool good = judge(&first, &usage);
    printf("soak: %s\n", good ? "nothing lost, nothing doubled, nothing grown" : "see above");
    return !good;
}
