/* SPDX-License-Identifier: MIT
 *
 * Many tasks: what they cost while they are idle, collections beside them, and what many messages leave behind. */
#include "cases.h"
#include "measure.h"
#include "peers.h"
#include "starts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void collect_run(jlt_frame *frame, const void *input, void *output)
{
    jlt_value *gc = jlt_global(frame, "Base.GC.gc");
    jlt_value *full = jlt_box_bool(frame, *(const bool *)input);
    int64_t start = now_ns();
    jlt_call(frame, gc, full);
    *(double *)output = (double)(now_ns() - start) / 1e6;
}

/* Milliseconds of a collection, of everything or of the young. */
static double collect(bool full)
{
    static const jlt_task_type type = {
        .name = "collect", .input_size = sizeof(bool), .output_size = sizeof(double), .run = collect_run};
    double ms;
    CHECK(jlt_task_invoke(runtime, &type, &full, &ms));
    return ms;
}

static jlt_persistent **new_list(size_t count)
{
    jlt_persistent **tasks = malloc(count * sizeof *tasks);
    for (size_t i = 0; i < count; i++)
        tasks[i] = NULL; /* so that its pages are counted before */
    return tasks;
}

/* ---- what a task keeps in its current Julia task ---- */

static void identity_init(jlt_frame *frame, void *state, const void *config)
{
    (void)state;
    jlt_eval(frame, *(const char *const *)config);
}

static void identity_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame, (void)state, (void)input, (void)output;
}

/* ns a message, one after the other. */
static double invoke_many(jlt_persistent *task, size_t count)
{
    int64_t start = now_ns();
    for (size_t i = 0; i < count; i++)
        CHECK(jlt_persistent_invoke(task, NULL, NULL));
    return (double)(now_ns() - start) / (double)count;
}

void cases_identity(void)
{
    static const jlt_persistent_type type = {
        .name = "identity", .config_size = sizeof(char *), .init = identity_init, .run = identity_run};
    static const struct {
        const char *name, *code;
    } kinds[] = {
        {"keeps nothing", "nothing"},
        {"keeps storage", "task_local_storage(:bench, 1)"},
        {"keeps storage and a seed", "import Random; Random.seed!(1); task_local_storage(:bench, 1)"},
    };
    enum { kind_count = sizeof kinds / sizeof *kinds };
    jlt_persistent *tasks[kind_count];
    runtime_begin(bench.threads);
    for (int i = 0; i < kind_count; i++)
        CHECK(jlt_persistent_spawn(runtime, &type, &kinds[i].code, &tasks[i]));
    for (int round = 0; round < bench.rounds; round++)
        for (int i = 0; i < kind_count; i++)
            sample(kinds[i].name, "jltask", "ns", invoke_many(tasks[i], amount(100000, 20000)));
    for (int i = 0; i < kind_count; i++)
        jlt_persistent_drop(tasks[i]);
    runtime_end();
}

/* ---- the first message of a type ---- */

/* Calls a function of Julia's that nobody has called before: Main.bench_new_<number>, the config. */
struct fresh {
    int number;
};

static void fresh_init(jlt_frame *frame, void *state, const void *config)
{
    (void)frame;
    *(struct fresh *)state = *(const struct fresh *)config;
}

static void fresh_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    char path[64];
    (void)input;
    snprintf(path, sizeof path, "Main.bench_new_%d", ((struct fresh *)state)->number);
    jlt_value *sum = jlt_call(frame, jlt_global(frame, path), jlt_box_f64(frame, 1.0));
    *(double *)output = jlt_unbox_f64(frame, sum);
}

static void fresh_warm_up(jlt_frame *frame, void *state)
{
    double unused;
    fresh_run(frame, state, NULL, &unused);
}

static void define_fresh_run(jlt_frame *frame, const void *input, void *output)
{
    char code[256];
    (void)output;
    snprintf(code, sizeof code, "bench_new_%d(x) = sum(sort([sin(x * i) + %d for i in 1:10]; by = y -> abs(y)))",
             *(const int *)input, *(const int *)input);
    jlt_eval(frame, code);
}

void cases_first_message(void)
{
    static const jlt_task_type define_type = {.name = "define", .input_size = sizeof(int), .run = define_fresh_run};
    static const char *const peers[] = {"jltask", "jltask-warm-up"};
    char name[32];
    runtime_begin(bench.threads);
    for (int number = 0; number < 2 * bench.rounds; number++) {
        jlt_persistent *task;
        double sum;
        bool warm = number % 2;
        snprintf(name, sizeof name, "fresh %d", number);
        jlt_persistent_type type = {.name = name,
                                    .state_size = sizeof(struct fresh),
                                    .config_size = sizeof(struct fresh),
                                    .output_size = sizeof(double),
                                    .init = fresh_init,
                                    .run = fresh_run,
                                    .warm_up = warm ? fresh_warm_up : NULL};
        CHECK(jlt_task_invoke(runtime, &define_type, &number, NULL));
        CHECK(jlt_persistent_spawn(runtime, &type, &(struct fresh){number}, &task));
        int64_t start = now_ns();
        CHECK(jlt_persistent_invoke(task, NULL, &sum));
        sample("first message of a type", peers[warm], "us", (double)(now_ns() - start) / 1e3);
        jlt_persistent_drop(task);
    }
    runtime_end();
}

/* ---- memory ---- */

static double resident_bytes(void)
{
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*u %zu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* Without what only waits for a collection. */
static double live_bytes(void)
{
    collect(true);
    return resident_bytes();
}

static void measure_growth(jlt_persistent *task)
{
    enum { depth = 256 };
    static jlt_receiver *receivers[depth];
    double input = 1.0, output;
    double early = 0;
    for (size_t i = 0; i < bench.messages; i++) {
        if (i == bench.messages / 10)
            early = live_bytes();
        if (i >= depth)
            CHECK(jlt_receiver_recv(receivers[i % depth], &output));
        CHECK(jlt_persistent_call(task, &input, &receivers[i % depth]));
    }
    for (size_t i = 0; i < depth; i++)
        CHECK(jlt_receiver_recv(receivers[i], &output));
    sample("growth over many messages", "jltask", "bytes", live_bytes() - early);
}

static void measure_drops(jlt_persistent **tasks, size_t count)
{
    int64_t start = now_ns();
    drop_tasks(tasks, count);
    double ns = (double)(now_ns() - start) / (double)count;
    round_add(&(struct key){.name = "drops", .peer = "jltask", .unit = "ns each"}, &ns, 1, 1e9 / ns, NAN);
}

void cases_memory(void)
{
    size_t count = amount(200000, 50000);
    jlt_persistent **tasks = new_list(count);
    runtime_begin(bench.threads);
    start_tasks(&accumulator_type, tasks, 1000);
    drop_tasks(tasks, 1000);
    double before = live_bytes();
    start_tasks(&accumulator_type, tasks, count);
    sample("an idle task, with its Ref", "jltask", "bytes", (live_bytes() - before) / (double)count);
    measure_drops(tasks + 1, count - 1);
    measure_growth(tasks[0]);
    jlt_persistent_drop(tasks[0]);
    runtime_end();
}

/* ---- idle ---- */

static void nap_run(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    jlt_call(frame, jlt_global(frame, "Base.sleep"), jlt_box_f64(frame, *(const double *)input));
}

static void measure_naps(void)
{
    enum { naps = 1000 };
    static const jlt_task_type type = {.name = "nap", .input_size = sizeof(double), .run = nap_run};
    static jlt_receiver *receivers[naps];
    double seconds = 0.01;
    for (int round = 0; round <= bench.rounds; round++) { /* the first one warms up */
        int64_t start = now_ns();
        for (size_t i = 0; i < naps; i++)
            CHECK(jlt_task_dispatch(runtime, &type, &seconds, &receivers[i]));
        for (size_t i = 0; i < naps; i++)
            CHECK(jlt_receiver_recv(receivers[i], NULL));
        if (round)
            sample("1000 tasks sleep 10 ms", "jltask", "ms", (double)(now_ns() - start) / 1e6);
    }
}

static void julia_naps_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    if (!jlt_unbox_bool(frame, jlt_eval(frame, "@isdefined(bench_naps)")))
        jlt_eval(frame, "bench_naps() = @sync for _ in 1:1000; @async sleep(0.01); end");
    jlt_value *naps = jlt_global(frame, "Main.bench_naps");
    int64_t start = now_ns();
    jlt_call(frame, naps);
    *(double *)output = (double)(now_ns() - start) / 1e6;
}

static void measure_julia_naps(void)
{
    static const jlt_task_type type = {.name = "naps", .output_size = sizeof(double), .run = julia_naps_run};
    for (int round = 0; round <= bench.rounds; round++) {
        double ms;
        CHECK(jlt_task_invoke(runtime, &type, NULL, &ms));
        if (round)
            sample("1000 tasks sleep 10 ms", "floor-julia", "ms", ms);
    }
}

void cases_idle(void)
{
    enum { count = 10000 };
    static jlt_persistent *tasks[count];
    runtime_begin(bench.threads);
    start_tasks(&accumulator_type, tasks, count);
    for (int round = 0; round < (bench.quick ? 1 : 3); round++) {
        pause_ns(200000000); /* what came before ends */
        int64_t ns = bench.quick ? 1000000000 : 2000000000, before = processor_ns();
        pause_ns(ns);
        sample("idle, 10000 live tasks", "jltask", "% core", 100.0 * (double)(processor_ns() - before) / (double)ns);
    }
    drop_tasks(tasks, count);
    measure_julia_naps();
    measure_naps();
    runtime_end();
}

/* ---- collections ---- */

static void measure_collections(const char *peer)
{
    collect(true);
    collect(true); /* what is new becomes old */
    for (int round = 0; round < bench.rounds; round++) {
        sample("collection, everything", peer, "ms", collect(true));
        sample("collection, the young", peer, "ms", collect(false));
    }
}

void cases_collection(void)
{
    size_t count = bench.live_tasks;
    jlt_persistent **tasks = new_list(count);
    runtime_begin(bench.threads);
    measure_collections("floor-no-tasks");
    int64_t start = now_ns();
    start_tasks(&accumulator_type, tasks, count);
    double ns = (double)(now_ns() - start) / (double)count;
    round_add(&(struct key){.name = "starts beside many live tasks", .peer = "jltask", .unit = "ns each"}, &ns, 1,
              1e9 / ns, NAN);
    char peer[32];
    snprintf(peer, sizeof peer, "%zu tasks", count);
    measure_collections(peer);
    drop_tasks(tasks, count);
    runtime_end();
}
