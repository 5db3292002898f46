/* SPDX-License-Identifier: MIT
 *
 * A series is its name and labels, so types with the same name are one series: their numbers are added up. They are the
 * same if their names are when they are quoted, since other bytes than UTF-8 are all quoted alike. */
#include "core/prometheus.h"

#include "base/out.h"
#include "core/runtime.h"
#include "core/type.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { first_bits = 10, last_bits = 36, bits_per_bucket = 2 }; /* of the histograms' limits, 2^bits ns: 1 us to 69 s */

/* The types with one name. */
struct group {
    char *name; /* quoted */
    const struct type *type;
    struct type_sum *sum;
};

struct groups {
    struct group *all;
    size_t count;
    bool timed;
};

static void head(struct out *out, const char *name, const char *kind, const char *help)
{
    out_format(out, "# HELP jltask_%s %s\n# TYPE jltask_%s %s\n", name, help, name, kind);
}

static void number(struct out *out, const char *name, const char *kind, const char *help, uint64_t value)
{
    head(out, name, kind, help);
    out_format(out, "jltask_%s %" PRIu64 "\n", name, value);
}

/* ---- by type ---- */

static int compare(const void *left, const void *right)
{
    return strcmp(((const struct group *)left)->name, ((const struct group *)right)->name);
}

static size_t count_types(void)
{
    size_t count = 0;
    for (const struct type *type = type_next(NULL); type; type = type_next(type))
        count++;
    return count;
}

/* Adds a type's numbers to its group, which is the last one or a new one: they come in order. False: no memory. */
static bool add_to_group(struct groups *groups, const struct runtime *runtime, struct group *group)
{
    struct group *last = groups->count ? &groups->all[groups->count - 1] : NULL;
    if (!last || strcmp(last->name, group->name) != 0) {
        last = &groups->all[groups->count];
        last->name = group->name;
        last->sum = calloc(1, sizeof *last->sum);
        groups->count += last->sum != NULL;
        if (!last->sum)
            return false;
        group->name = NULL;
    }
    stats_add_type(runtime, group->type, last->sum);
    return true;
}

/* Every type that is the user's, also without messages: a rate needs the zero. False: no memory. */
static bool list(struct group *types, size_t room, size_t *count)
{
    for (const struct type *type = type_next(NULL); type && *count < room; type = type_next(type)) {
        struct out name = {.descriptor = -1};
        if (type->own)
            continue;
        out_quoted(&name, type->name, QUOTE_PROMETHEUS);
        if (!name.error && !name.text)
            out_bytes(&name, "", 0);
        if (name.error)
            return false;
        types[*count].name = name.text;
        types[(*count)++].type = type;
    }
    return true;
}

static bool collect(const struct runtime *runtime, struct groups *groups)
{
    size_t room = count_types(), count = 0;
    struct group *types = calloc(room + 1, sizeof *types);
    groups->all = calloc(room + 1, sizeof *groups->all);
    bool ok = types && groups->all && list(types, room, &count);
    if (ok)
        qsort(types, count, sizeof *types, compare);
    for (size_t i = 0; ok && i < count; i++)
        ok = add_to_group(groups, runtime, &types[i]);
    for (size_t i = 0; types && i < count; i++)
        free(types[i].name);
    free(types);
    return ok;
}

static void free_groups(struct groups *groups)
{
    for (size_t i = 0; i < groups->count; i++) {
        free(groups->all[i].name);
        free(groups->all[i].sum);
    }
    free(groups->all);
}

static void label(struct out *out, const char *metric, const struct group *group)
{
    out_format(out, "jltask_%s{type=\"", metric);
    out_bytes(out, group->name, strlen(group->name));
}

static void messages(struct out *out, const struct groups *groups)
{
    head(out, "messages_total", "counter", "Bodies of messages and one-shot tasks that ended.");
    for (size_t i = 0; i < groups->count; i++) {
        label(out, "messages_total", &groups->all[i]);
        out_format(out, "\"} %" PRIu64 "\n", groups->all[i].sum->messages);
    }
}

static void failures(struct out *out, const struct groups *groups)
{
    head(out, "failures_total", "counter", "Of these, those that failed, by the status of the reply.");
    for (size_t i = 0; i < groups->count; i++)
        for (unsigned status = 0; status < stats_statuses; status++) {
            if (!groups->all[i].sum->failures[status])
                continue;
            label(out, "failures_total", &groups->all[i]);
            out_format(out, "\",status=\"%s\"} %" PRIu64 "\n", jlt_status_name((jlt_status)status),
                       groups->all[i].sum->failures[status]);
        }
}

/* Limits are powers of two, so a bucket lacks what is equal to its limit to the nanosecond. name: NULL: without a
 * label. */
static void histogram(struct out *out, const char *metric, const char *name, const struct histogram_sum *sum)
{
    const char *before = name ? "type=\"" : "", *after = name ? "\"" : "";
    uint64_t count = histogram_below(sum, histogram_bits);
    char labels[32];
    for (unsigned bits = first_bits; bits <= last_bits + bits_per_bucket; bits += bits_per_bucket) {
        bool all = bits > last_bits;
        out_format(out, "jltask_%s_bucket{%s", metric, before);
        out_bytes(out, name ? name : "", name ? strlen(name) : 0);
        snprintf(labels, sizeof labels, all ? "+Inf" : "%.9g", (double)((uint64_t)1 << bits) / 1e9);
        out_format(out, "%s%sle=\"%s\"} %" PRIu64 "\n", after, name ? "," : "", labels,
                   all ? count : histogram_below(sum, bits));
    }
    for (int i = 0; i < 2; i++) {
        out_format(out, "jltask_%s_%s%s%s", metric, i ? "count" : "sum", name ? "{" : "", before);
        out_bytes(out, name ? name : "", name ? strlen(name) : 0);
        out_format(out, i ? "%s%s %.0f\n" : "%s%s %.9f\n", after, name ? "}" : "",
                   i ? (double)count : (double)sum->sum / 1e9);
    }
}

static void times(struct out *out, const struct groups *groups)
{
    head(out, "run_seconds", "histogram", "From a body's begin to its reply.");
    for (size_t i = 0; i < groups->count; i++)
        histogram(out, "run_seconds", groups->all[i].name, &groups->all[i].sum->run);
    head(out, "wait_seconds", "histogram", "From the sending of a message to its body's begin.");
    for (size_t i = 0; i < groups->count; i++)
        histogram(out, "wait_seconds", groups->all[i].name, &groups->all[i].sum->wait);
}

/* ---- the runtime and its threads ---- */

static void whole(struct out *out, const struct runtime *runtime)
{
    jlt_stats stats;
    const struct histogram *pauses = atomic_load(&runtime->stats.pauses);
    stats_of_runtime(runtime, &stats);
    number(out, "restarts_total", "counter", "Restarts of tasks that failed.", stats.restarts);
    number(out, "takeovers_total", "counter", "Times that a task went on on another thread.", stats.takeovers);
    number(out, "tasks", "gauge", "Persistent tasks that live.", stats.tasks);
    number(out, "queued", "gauge", "Messages and one-shot tasks sent and not begun.", stats.queued);
    number(out, "threads", "gauge", "Julia threads that run tasks.", stats.threads);
    number(out, "fibers", "gauge", "Stacks for bodies.", stats.fibers);
    number(out, "collections_total", "counter", "Collections of Julia's memory.", stats.collections);
    head(out, "collection_seconds_total", "counter", "Pauses for collections.");
    out_format(out, "jltask_collection_seconds_total %.9f\n", (double)stats.collection_ns / 1e9);
    number(out, "heap_bytes", "gauge", "Memory in use on Julia's heap, as of the last collection.", stats.bytes);
    if (pauses) {
        struct histogram_sum sum = {.sum = 0};
        histogram_read(pauses, &sum);
        head(out, "pause_seconds", "histogram", "The pause of a collection.");
        histogram(out, "pause_seconds", NULL, &sum);
    }
}

static void by_thread(struct out *out, const struct runtime *runtime)
{
    jlt_stats stats;
    head(out, "thread_messages_total", "counter",
         "Bodies of messages and one-shot tasks, by the thread that ran them.");
    for (unsigned i = 0; i < runtime->worker_count; i++) {
        stats_of_worker(&runtime->workers[i], &stats);
        out_format(out, "jltask_thread_messages_total{thread=\"%u\"} %" PRIu64 "\n", i + 1, stats.messages);
    }
}

jlt_status prometheus_write(const struct runtime *runtime, struct out *out)
{
    struct groups groups = {.all = NULL};
    bool ok = collect(runtime, &groups);
    if (ok) {
        messages(out, &groups);
        failures(out, &groups);
        if (insight_of(runtime) & INSIGHT_TIMED)
            times(out, &groups);
        whole(out, runtime);
        by_thread(out, runtime);
    }
    free_groups(&groups);
    return ok && !out->error ? JLT_OK : JLT_NO_MEMORY;
}
