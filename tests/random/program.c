/* SPDX-License-Identifier: MIT */
#include "random/program.h"

#include "random/clients.h"
#include "random/engine.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

jlt_runtime *runtime;
static bool opened;

/* ---- operations of a seed ---- */

/* S. Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016 (its splitmix64) */
static uint64_t mix(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static struct operation next_random(struct round *round, unsigned client)
{
    uint64_t a = mix(&round->state[client]), b = mix(&round->state[client]);
    return (struct operation){
        .what = (uint8_t)a,
        .slot = (uint8_t)(a >> 8),
        .how = (uint8_t)(a >> 16),
        .value = (uint8_t)(a >> 24),
        .order = {(uint8_t)b, (uint8_t)(b >> 8), (uint8_t)(b >> 16), (uint8_t)(b >> 24), (uint8_t)(b >> 32)}};
}

void program_init_random(struct round *round, uint64_t seed, bool ends)
{
    uint64_t state = seed, bits = mix(&state);
    memset(round, 0, sizeof *round);
    round->seed = seed;
    round->shape = (unsigned)bits;
    round->clients = 2 + (unsigned)(bits >> 32) % 4;
    round->operations = 100 + (unsigned)(bits >> 40) % 300;
    round->ends = ends;
    round->closing = ends ? (enum closing)((bits >> 50) % closings) : CLOSING_BY_DROP;
    round->closes_at = round->operations / 2 + (unsigned)(bits >> 53) % (round->operations / 2);
    round->next = next_random;
    for (unsigned i = 0; i < clients_at_most; i++)
        round->state[i] = mix(&state);
}

/* ---- the watchdog: a hang names what hangs ---- */

static pthread_mutex_t watch_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t watch_end = PTHREAD_COND_INITIALIZER;
static bool watched_is_over;

static unsigned progress(void)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < clients_at_most; i++)
        sum += atomic_load(&clients[i].done);
    for (unsigned i = 0; i < atomic_load(&model.record_count); i++)
        sum += atomic_load(&model.records[i].runs) + atomic_load(&model.records[i].inputs_disposed);
    return sum;
}

static void say_what_hangs(const struct round *round)
{
    fprintf(stderr, "round %llu hangs: %u clients, closing %d, %u bodies, %squiet\n", (unsigned long long)round->seed,
            round->clients, (int)round->closing, atomic_load(&model.bodies), model_is_quiet() ? "" : "not ");
    for (unsigned i = 0; i < round->clients; i++)
        fprintf(stderr, "  client %u: after %u operations, in %u\n", i, atomic_load(&clients[i].done),
                atomic_load(&clients[i].now));
    for (unsigned i = 0; i < atomic_load(&model.record_count); i++) {
        const struct record *record = &model.records[i];
        unsigned flags = atomic_load(&record->flags), runs = atomic_load(&record->runs);
        unsigned disposed = atomic_load(&record->inputs_disposed);
        bool waits = !(flags & (RECORD_ANSWERED | RECORD_DROPPED | RECORD_NOT_SENT)) && flags & RECORD_HAS_RECEIVER;
        bool is_over = flags & RECORD_NOT_SENT || runs + disposed;
        if (waits || !is_over || runs != atomic_load(&record->successes) + atomic_load(&record->failures))
            fprintf(stderr, "  message %u: kind %d, flags %#x%s, task %d, runs %u, ended %u + %u, disposed %u + %u\n",
                    i, (int)record->kind, flags, record->canceller ? ", canceller" : "", atomic_load(&record->task),
                    runs, atomic_load(&record->successes), atomic_load(&record->failures),
                    atomic_load(&record->inputs_disposed), atomic_load(&record->outputs_disposed));
    }
    for (unsigned i = 0; i < atomic_load(&model.task_count); i++)
        if (atomic_load(&model.tasks[i].inits) != atomic_load(&model.tasks[i].exits))
            fprintf(stderr, "  task %u: %s, %u inits, %u exits\n", i, task_types[model.tasks[i].variant].name,
                    atomic_load(&model.tasks[i].inits), atomic_load(&model.tasks[i].exits));
}

static void *watch(void *data)
{
    enum { patience_s = 40 };
    unsigned before = progress(), same = 0;
    pthread_mutex_lock(&watch_lock);
    while (!watched_is_over) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
        pthread_cond_timedwait(&watch_end, &watch_lock, &until);
        unsigned now = progress();
        same = now == before ? same + 1 : 0;
        before = now;
        if (same > patience_s && !watched_is_over) {
            say_what_hangs(data);
            abort();
        }
    }
    pthread_mutex_unlock(&watch_lock);
    return NULL;
}

static pthread_t begin_watch(struct round *round)
{
    pthread_t thread;
    watched_is_over = false;
    must(!pthread_create(&thread, NULL, watch, round));
    return thread;
}

static void end_watch(pthread_t thread)
{
    pthread_mutex_lock(&watch_lock);
    watched_is_over = true;
    pthread_cond_signal(&watch_end);
    pthread_mutex_unlock(&watch_lock);
    must(!pthread_join(thread, NULL));
}

/* ---- rounds ---- */

static void await_quiet(void)
{
    while (!model_is_quiet() || !engine_is_quiet())
        usleep(200); /* nobody announces it */
}

void program_open(unsigned shape)
{
    opened = true;
    runtime = engine_start(shape);
}

jlt_runtime *program_runtime(void)
{
    return runtime;
}

/* Bodies use the handle as well, so that it is dropped when none is left. */
static void close_and_finish(enum closing closing)
{
    atomic_store(&model.closing, true);
    if (closing == CLOSING_BY_DROP) {
        await_quiet();
    } else {
        must(jlt_runtime_close(runtime, false) == JLT_OK); /* if nobody has */
        engine_await_end();
    }
    jlt_runtime_drop(runtime);
    engine_finish();
    runtime = NULL;
    opened = false;
}

unsigned long program_run(struct round *round)
{
    model_reset(round->seed);
    if (!opened)
        runtime = engine_start(round->shape);
    pthread_t watcher = begin_watch(round);
    clients_begin(round);
    for (unsigned i = 0; i < round->clients; i++)
        must(!pthread_create(&clients[i].thread, NULL, clients_run, &clients[i]));
    for (unsigned i = 0; i < round->clients; i++)
        must(!pthread_join(clients[i].thread, NULL));
    clients_end();
    if (opened && !round->ends)
        await_quiet();
    else
        close_and_finish(round->closing);
    end_watch(watcher);
    must(model_is_quiet());
    return model_check_all();
}
