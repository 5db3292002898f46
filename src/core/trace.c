/* SPDX-License-Identifier: MIT
 *
 * Each thread writes to the ring of its account (account.h), and nobody else does. An event is four words; it is
 * written, and then counted in `head`. A reader copies what is there, looks at `head` again, and throws away what may
 * have been overwritten meanwhile: a word is stored with release and loaded with acquire, so who has seen one of a
 * later round sees that round's `head` too.
 *
 * Rings are never freed and outlive a trace: what is older than its start is not written. Ticks are turned into
 * nanoseconds by what both clocks say at the trace's start and end. */
#include "core/trace.h"

#include "base/out.h"
#include "core/account.h"
#include "core/runtime.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ring_events = 1 << 14, event_words = 4, collector_track = 1 };

struct trace_ring {
    _Atomic uint64_t head; /* events ever written */
    _Atomic uint64_t words[ring_events][event_words];
};

struct event {
    uint64_t begin, ticks;
    const char *name;
    uint32_t track;
    uint8_t kind, status;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- writing down ---- */

static struct trace_ring *open_ring(struct account *account)
{
    struct trace_ring *ring = calloc(1, sizeof *ring);
    atomic_store_explicit(&account->ring, ring, memory_order_release); /* after its zeroes */
    return ring;
}

static inline void record(uint64_t begin, uint64_t ticks, const char *name, uint64_t tail)
{
    struct account *account = account_mine;
    if (__builtin_expect(!account, 0)) {
        account_open();
        if (!(account = account_mine)) /* there is none that is the thread's alone */
            return;
    }
    struct trace_ring *ring = atomic_load_explicit(&account->ring, memory_order_relaxed); /* its own */
    if (__builtin_expect(!ring, 0) && !(ring = open_ring(account)))
        return;
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed); /* the same */
    _Atomic uint64_t *words = ring->words[head % ring_events];
    if (!(uint32_t)tail)
        tail |= (uint32_t)atomic_load_explicit(&account->thread, memory_order_relaxed); /* the same */
    atomic_store_explicit(&words[0], begin, memory_order_release);                      /* as said above */
    atomic_store_explicit(&words[1], ticks, memory_order_release);
    atomic_store_explicit(&words[2], (uint64_t)(uintptr_t)name, memory_order_release);
    atomic_store_explicit(&words[3], tail, memory_order_release);
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
}

static uint64_t tail_of(enum trace_kind kind, uint32_t track, jlt_status status)
{
    return (uint64_t)kind << 32 | (uint64_t)status << 40 | track;
}

void trace_record(enum trace_kind kind, uint64_t begin, const char *name, uint32_t track, jlt_status status)
{
    record(begin, trace_clock() - begin, name, tail_of(kind, track, status));
}

void trace_collection(struct runtime *runtime, int64_t ns)
{
    /* the rate is known when the trace ends: the pause is kept in ns, and its end in ticks */
    if (insight_of(runtime) & INSIGHT_TRACED)
        record(trace_clock(), ns > 0 ? (uint64_t)ns : 0, NULL, tail_of(TRACE_COLLECTION, collector_track, JLT_OK));
}

/* ---- start and stop ---- */

static void look_at_clocks(uint64_t *ticks, int64_t *ns)
{
    *ns = platform_now();
    *ticks = trace_clock();
}

void trace_start(struct runtime *runtime)
{
    struct trace *trace = &runtime->trace;
    pthread_mutex_lock(&lock);
    look_at_clocks(&trace->from_ticks, &trace->from_ns);
    atomic_fetch_or(&runtime->insight, INSIGHT_TRACED);
    pthread_mutex_unlock(&lock);
}

void trace_stop(struct runtime *runtime)
{
    pthread_mutex_lock(&lock);
    if (atomic_fetch_and(&runtime->insight, (unsigned char)~INSIGHT_TRACED) & INSIGHT_TRACED)
        look_at_clocks(&runtime->trace.to_ticks, &runtime->trace.to_ns);
    pthread_mutex_unlock(&lock);
}

/* ---- reading ---- */

/* What a trace is written with. */
struct writing {
    struct out out;
    uint64_t from_ticks;
    double ns_per_tick;
    long process;
    unsigned lost;
    bool any;
};

static void begin_event(struct writing *writing)
{
    out_format(&writing->out, writing->any ? ",\n{" : "{");
    writing->any = true;
}

static void write_name(struct writing *writing, const char *before, const char *name)
{
    out_format(&writing->out, "\"name\":\"%s", before);
    if (name)
        out_quoted(&writing->out, name, QUOTE_JSON);
    out_format(&writing->out, "\"");
}

static void write_place(struct writing *writing, uint32_t track)
{
    out_format(&writing->out, ",\"pid\":%ld,\"tid\":%lu", writing->process, (unsigned long)track);
}

static void name_track(struct writing *writing, const char *what, uint32_t track, const char *name)
{
    begin_event(writing);
    out_format(&writing->out, "\"ph\":\"M\",\"name\":\"%s\"", what);
    write_place(writing, track);
    out_format(&writing->out, ",\"args\":{\"name\":\"%s\"}}", name);
}

/* at once: an event without a length. */
static void write_event(struct writing *writing, const struct event *event, const char *before, const char *name,
                        bool at_once)
{
    bool collection = event->track == collector_track;
    double begin = (double)(int64_t)(event->begin - writing->from_ticks) * writing->ns_per_tick;
    double ns = (double)event->ticks * (collection ? 1.0 : writing->ns_per_tick);
    begin_event(writing);
    write_name(writing, before, name);
    write_place(writing, event->track);
    begin -= collection ? ns : 0;
    if (at_once)
        out_format(&writing->out, ",\"ph\":\"i\",\"s\":\"t\",\"ts\":%.3f}", begin / 1e3);
    else
        out_format(&writing->out, ",\"ph\":\"X\",\"ts\":%.3f,\"dur\":%.3f,\"args\":{\"status\":\"%s\"}}", begin / 1e3,
                   ns / 1e3, jlt_status_name((jlt_status)event->status));
}

/* A failure is an event of its own at the end of what has failed. */
static void write_failure(struct writing *writing, const struct event *event)
{
    struct event end = *event;
    end.begin += event->ticks;
    write_event(writing, &end, "", jlt_status_name((jlt_status)event->status), true);
}

static void write_one(struct writing *writing, const struct event *event)
{
    static const char *const before[] = {"",      "init ",   "exit ",     "restart ",
                                         "send ", "suspend", "suspended", "collection"};
    write_event(writing, event, before[event->kind], event->name,
                event->kind == TRACE_SEND || event->kind == TRACE_SUSPEND);
    if (event->status != JLT_OK)
        write_failure(writing, event);
}

static struct event read_event(const _Atomic uint64_t *words)
{
    uint64_t tail = atomic_load_explicit(&words[3], memory_order_acquire);
    return (struct event){
        .begin = atomic_load_explicit(&words[0], memory_order_acquire), /* as said above, these too */
        .ticks = atomic_load_explicit(&words[1], memory_order_acquire),
        .name = (const char *)(uintptr_t)atomic_load_explicit(&words[2], memory_order_acquire),
        .track = (uint32_t)tail,
        .kind = (uint8_t)(tail >> 32),
        .status = (uint8_t)(tail >> 40),
    };
}

static void write_ring(struct writing *writing, const struct trace_ring *ring, struct event *events)
{
    uint64_t end = atomic_load_explicit(&ring->head, memory_order_acquire);
    uint64_t first = end > ring_events ? end - ring_events : 0, start = first;
    for (uint64_t i = first; i < end; i++)
        events[i - first] = read_event(ring->words[i % ring_events]);
    uint64_t now = atomic_load_explicit(&ring->head, memory_order_acquire);
    if (now >= ring_events && start <= now - ring_events && now != end)
        start = now - ring_events + 1; /* those before may have been overwritten */
    writing->lost += first > 0;
    for (uint64_t i = start; i < end; i++)
        if ((int64_t)(events[i - first].begin - writing->from_ticks) >= 0)
            write_one(writing, &events[i - first]);
}

/* Of the fibers that there are; those of fibers that have ended have only a number. */
static void name_fibers(struct writing *writing, struct worker *worker)
{
    enum { at_most = 256 };
    uint32_t tracks[at_most];
    unsigned count = 0;
    char name[64];
    spin_lock(&worker->lock);
    for (struct fiber *fiber = worker->fibers_here; fiber && count < at_most; fiber = fiber->after)
        tracks[count++] = fiber->track;
    spin_unlock(&worker->lock);
    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof name, "thread %u, fiber %u", worker->number + 1,
                 (unsigned)(tracks[i] - trace_track(worker->number, 0)));
        name_track(writing, "thread_name", tracks[i], name);
    }
}

static void write_all(struct writing *writing, struct runtime *runtime, struct event *events)
{
    out_format(&writing->out, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
    name_track(writing, "process_name", 0, "jltask");
    name_track(writing, "thread_name", collector_track, "collections");
    for (unsigned i = 0; i < runtime->worker_count; i++)
        name_fibers(writing, &runtime->workers[i]);
    for (struct account *account = account_first(); account; account = account->next) {
        /* acquire: with open_ring */
        const struct trace_ring *ring = atomic_load_explicit(&account->ring, memory_order_acquire);
        if (ring)
            write_ring(writing, ring, events);
    }
    out_format(&writing->out, "\n],\"otherData\":{\"full rings\":\"%u\"}}\n", writing->lost);
    out_flush(&writing->out);
}

jlt_status trace_write(struct runtime *runtime, int descriptor, int *error)
{
    struct trace *trace = &runtime->trace;
    struct writing writing = {.out.descriptor = descriptor, .process = (long)getpid()};
    struct event *events = calloc(ring_events, sizeof *events);
    if (!events)
        return JLT_NO_MEMORY;
    pthread_mutex_lock(&lock);
    uint64_t to_ticks = trace->to_ticks;
    int64_t to_ns = trace->to_ns;
    if (atomic_load(&runtime->insight) & INSIGHT_TRACED)
        look_at_clocks(&to_ticks, &to_ns);
    writing.from_ticks = trace->from_ns ? trace->from_ticks : UINT64_MAX / 2; /* never started: nothing is newer */
    if (to_ticks > trace->from_ticks)
        writing.ns_per_tick = (double)(to_ns - trace->from_ns) / (double)(to_ticks - trace->from_ticks);
    pthread_mutex_unlock(&lock);
    write_all(&writing, runtime, events);
    free(events);
    free(writing.out.text);
    *error = writing.out.error;
    if (*error == ENOMEM)
        return JLT_NO_MEMORY;
    return *error ? JLT_INVALID_ARGUMENT : JLT_OK;
}
