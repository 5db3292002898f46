/* SPDX-License-Identifier: MIT */
#include "core/stats.h"

#include "base/error.h"
#include "core/failure.h"
#include "core/probes.h"
#include "core/runtime.h"
#include "core/task.h"
#include "core/type.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { first_row = 8 };

/* ---- the worker's side ---- */

/* Where the tally of a type's number is: in which row, and where there. */
static unsigned row_of(unsigned number, unsigned *place)
{
    unsigned row = 31 - (unsigned)__builtin_clz(number + first_row) - 3;
    *place = number + first_row - (first_row << row);
    return row;
}

static struct type_tally *find_tally(const struct worker_stats *stats, const struct type *type)
{
    unsigned place, row = row_of(type->number, &place);
    /* acquire, here and below: what the worker has filled in before it published the pointer */
    type_tallies *tallies = atomic_load_explicit(&stats->rows[row], memory_order_acquire);
    return tallies ? atomic_load_explicit(&tallies[place], memory_order_acquire) : NULL;
}

static struct type_tally *new_tally(struct worker_stats *stats, const struct type *type)
{
    unsigned place, row = row_of(type->number, &place);
    type_tallies *tallies = atomic_load_explicit(&stats->rows[row], memory_order_relaxed); /* its own */
    if (!tallies && !(tallies = calloc((size_t)first_row << row, sizeof *tallies)))
        return NULL;
    atomic_store_explicit(&stats->rows[row], tallies, memory_order_release);
    struct type_tally *tally = aligned_alloc(alignof(struct type_tally), sizeof *tally);
    if (!tally)
        return NULL;
    memset(tally, 0, sizeof *tally);
    tally->type = type;
    atomic_store_explicit(&tallies[place], tally, memory_order_release);
    return tally;
}

static void count_failure(struct tally *tally, jlt_status status)
{
    _Atomic uint64_t *by_status = atomic_load_explicit(&tally->by_status, memory_order_relaxed); /* its own */
    count_own(&tally->failures, 1);
    if (!by_status) {
        by_status = calloc(stats_statuses, sizeof *by_status);
        atomic_store_explicit(&tally->by_status, by_status, memory_order_release);
    }
    if (by_status && (unsigned)status < stats_statuses)
        count_own(&by_status[status], 1);
}

static void count_time(struct tally *tally, const struct body_end *end)
{
    struct timed *timed = atomic_load_explicit(&tally->timed, memory_order_relaxed); /* its own */
    if (!timed) {
        timed = calloc(1, sizeof *timed);
        atomic_store_explicit(&tally->timed, timed, memory_order_release);
    }
    if (!timed)
        return;
    histogram_add(&timed->run, (uint64_t)end->run_ns);
    if (end->wait_ns >= 0)
        histogram_add(&timed->wait, (uint64_t)end->wait_ns);
}

static inline void count(struct tally *tally, const struct body_end *end)
{
    count_own(&tally->messages, 1);
    if (__builtin_expect(end->status != JLT_OK, 0))
        count_failure(tally, end->status);
    if (__builtin_expect(end->run_ns >= 0, 0))
        count_time(tally, end);
}

void stats_body_ended(struct worker *worker, const struct type *type, struct task *task, struct body_end end)
{
    if (type->own)
        return;
    struct type_tally *tally = worker->stats.last;
    if (!tally || tally->type != type) {
        tally = find_tally(&worker->stats, type);
        if (__builtin_expect(!tally, 0))
            tally = new_tally(&worker->stats, type);
        worker->stats.last = tally;
    }
    count(tally ? &tally->tally : &worker->stats.lost, &end);
    if (task)
        count(&task->tally, &end);
}

void stats_collection(struct runtime *runtime, int64_t pause_ns)
{
    struct runtime_stats *stats = &runtime->stats;
    struct histogram *pauses = atomic_load(&stats->pauses);
    PROBE1(collection, pause_ns);
    atomic_fetch_add(&stats->collections, 1);
    if (!pauses)
        return;
    spin_lock(&stats->pauses_lock); /* another thread's collection may have ended just now */
    histogram_add(pauses, pause_ns > 0 ? (uint64_t)pause_ns : 0);
    spin_unlock(&stats->pauses_lock);
}

/* ---- begin and end ---- */

static uint64_t all_sent(void)
{
    uint64_t sent = 0;
    for (struct account *account = account_first(); account; account = account->next)
        sent += count_read(&account->sent);
    return sent;
}

void stats_init(struct runtime *runtime)
{
    atomic_init(&runtime->stats.sent_before, all_sent());
    atomic_flag_clear(&runtime->stats.pauses_lock.held);
}

jlt_status stats_time(struct runtime *runtime)
{
    atomic_init(&runtime->stats.pauses, calloc(1, sizeof(struct histogram)));
    atomic_fetch_or(&runtime->insight, INSIGHT_TIMED);
    return atomic_load(&runtime->stats.pauses) ? JLT_OK : error_report(error_constant(JLT_NO_MEMORY));
}

void tally_finish(struct tally *tally)
{
    free((void *)atomic_load(&tally->by_status));
    free(atomic_load(&tally->timed));
}

static void finish_worker(struct worker_stats *stats)
{
    tally_finish(&stats->lost);
    for (unsigned row = 0; row < stats_rows; row++) {
        type_tallies *tallies = atomic_load(&stats->rows[row]);
        for (size_t i = 0; tallies && i < (size_t)first_row << row; i++) {
            struct type_tally *tally = atomic_load(&tallies[i]);
            if (tally)
                tally_finish(&tally->tally);
            free(tally);
        }
        free((void *)tallies);
    }
}

void stats_finish(struct runtime *runtime)
{
    for (unsigned i = 0; i < runtime->worker_count; i++)
        finish_worker(&runtime->workers[i].stats);
    free(atomic_load(&runtime->stats.pauses));
}

/* ---- reading ---- */

static void add_failures(const struct tally *tally, uint64_t *failures)
{
    const _Atomic uint64_t *by_status = atomic_load_explicit(&tally->by_status, memory_order_acquire);
    for (unsigned i = 0; by_status && i < stats_statuses; i++)
        failures[i] += count_read(&by_status[i]);
}

/* The same with the histograms, which are filled in when all are added. */
struct sums {
    struct histogram_sum run, wait;
};

static void add_times(const struct tally *tally, struct histogram_sum *run, struct histogram_sum *wait)
{
    const struct timed *timed = atomic_load_explicit(&tally->timed, memory_order_acquire);
    if (!timed)
        return;
    histogram_read(&timed->run, run);
    histogram_read(&timed->wait, wait);
}

static void add_tally(const struct tally *tally, jlt_stats *stats, struct sums *sums)
{
    stats->messages += count_read(&tally->messages);
    stats->failures += count_read(&tally->failures);
    add_failures(tally, stats->failures_by_status);
    add_times(tally, &sums->run, &sums->wait);
}

static void add_worker(const struct worker *worker, jlt_stats *stats, struct sums *sums)
{
    const struct worker_stats *own = &worker->stats;
    for (unsigned row = 0; row < stats_rows; row++) {
        type_tallies *tallies = atomic_load_explicit(&own->rows[row], memory_order_acquire);
        for (size_t i = 0; tallies && i < (size_t)first_row << row; i++) {
            const struct type_tally *tally = atomic_load_explicit(&tallies[i], memory_order_acquire);
            if (tally)
                add_tally(&tally->tally, stats, sums);
        }
    }
    add_tally(&own->lost, stats, sums);
    stats->threads++;
    stats->restarts += count_read(&own->restarts);
    stats->takeovers += count_read(&own->takeovers);
    stats->tasks += atomic_load_explicit(&worker->task_count, memory_order_relaxed); /* as count_read */
    stats->fibers += atomic_load_explicit(&worker->fibers, memory_order_relaxed);
}

static void summarise(jlt_stats *stats, const struct sums *sums)
{
    stats->run_ns = histogram_summary(&sums->run);
    stats->wait_ns = histogram_summary(&sums->wait);
}

void stats_of_worker(const struct worker *worker, jlt_stats *stats)
{
    struct sums sums = {0};
    *stats = (jlt_stats){0};
    add_worker(worker, stats, &sums);
    summarise(stats, &sums);
}

/* Messages that are not queued any more. */
static uint64_t gone(const struct runtime *runtime)
{
    uint64_t count = count_read(&runtime->stats.given_up);
    for (unsigned i = 0; i < runtime->worker_count; i++)
        count += count_read(&runtime->workers[i].stats.begun);
    return count;
}

uint64_t stats_queued(const struct runtime *runtime)
{
    enum { tries = 4 };
    uint64_t sent, before, after = gone(runtime);
    int i = 0;
    do {
        before = after;
        sent = all_sent() - count_read(&runtime->stats.sent_before);
        after = gone(runtime);
    } while (before != after && ++i < tries);
    return sent > after ? sent - after : 0;
}

static void add_collections(const struct runtime *runtime, jlt_stats *stats)
{
    const struct runtime_stats *own = &runtime->stats;
    const struct histogram *pauses = atomic_load(&own->pauses);
    struct histogram_sum sum = {.sum = 0};
    stats->collections = count_read(&own->collections);
    stats->collection_ns = own->collection_ns ? own->collection_ns() : 0;
    int64_t bytes = own->live_bytes ? own->live_bytes() : 0;
    stats->bytes = bytes > 0 ? (uint64_t)bytes : 0;
    if (pauses)
        histogram_read(pauses, &sum);
    stats->pause_ns = histogram_summary(&sum);
}

void stats_of_runtime(const struct runtime *runtime, jlt_stats *stats)
{
    struct sums sums = {0};
    *stats = (jlt_stats){.queued = stats_queued(runtime)};
    for (unsigned i = 0; i < runtime->worker_count; i++)
        add_worker(&runtime->workers[i], stats, &sums);
    add_collections(runtime, stats);
    summarise(stats, &sums);
}

void stats_of_task(struct task *task, jlt_stats *stats)
{
    struct sums sums = {0};
    *stats = (jlt_stats){
        .tasks = atomic_load_explicit(&task->live, memory_order_relaxed), /* as count_read */
        .queued = task_queued(task),
        .restarts = task->failure ? atomic_load(&task->failure->restarts) : 0,
        .takeovers = atomic_load_explicit(&task->takeovers, memory_order_relaxed),
    };
    add_tally(&task->tally, stats, &sums);
    summarise(stats, &sums);
}

void stats_add_type(const struct runtime *runtime, const struct type *type, struct type_sum *sum)
{
    for (unsigned i = 0; i < runtime->worker_count; i++) {
        const struct type_tally *tally = find_tally(&runtime->workers[i].stats, type);
        if (!tally)
            continue;
        sum->messages += count_read(&tally->tally.messages);
        add_failures(&tally->tally, sum->failures);
        add_times(&tally->tally, &sum->run, &sum->wait);
    }
}

/* ---- what is in a mailbox ---- */

/* As task.c says. */
static void begin_reading(struct task *task)
{
    atomic_fetch_add(&task->readers, 1);
    while (atomic_load(&task->taking)) {
        atomic_fetch_sub(&task->readers, 1);
        sched_yield();
        atomic_fetch_add(&task->readers, 1);
    }
}

unsigned task_queued(struct task *task)
{
    unsigned count = 0;
    begin_reading(task);
    struct inbox_node *node = atomic_load(&task->mailbox.head);
    if (node == INBOX_IDLE || node == INBOX_SEALED)
        node = NULL;
    for (; node; node = node->next)
        count += item_of(node)->kind == ITEM_RUN;
    count += atomic_load_explicit(&task->waiting, memory_order_relaxed);
    atomic_fetch_sub(&task->readers, 1);
    unsigned gone = atomic_load(&task->given_up);
    return count > gone ? count - gone : 0;
}
