/* SPDX-License-Identifier: MIT
 *
 * The doorbell is an eventfd that Julia's own event loop polls, with a C callback: any thread may write to it, the
 * callback runs on whichever Julia thread runs the loop, and it schedules just the one fiber that is needed. (Not
 * uv_async_send: before libuv#3879 the woken thread spins until the sender has left it, for a whole time slice if it
 * has taken the sender's core.) It also keeps the loop non-empty, so that Julia's first thread always waits there
 * (julia#63173: lost wake-ups with an empty loop).
 *
 * Attending the loop. With several threads, any idle one may run the event loop (a threaded region), but
 * Julia leaves it to chance: a thread that finds the loop taken sleeps on a condition variable, and when the one in the
 * loop leaves it for a body, nobody hears the bells. So the loop is watched: before_poll notes who waits in it, and
 * when that thread begins a body it wakes one idle thread, which takes the loop. Whoever was in it last is the one who
 * sees to that. Up to 1.8 a thread that has run the loop for others goes to sleep outside it, too; after_poll keeps it
 * up.
 *
 * Fibers are listed for the root scanner, which marks their Julia tasks and open frames. The list changes under a
 * spinlock that is never held across a call into Julia; a collection stops all Julia threads outside of it. */
#include "julia/engine.h"

#include "base/list.h"
#include "core/attention.h"
#include "core/parker.h"
#include "julia/bootstrap.h"
#include "julia/calls.h"
#include "julia/children.h"
#include "julia/guests.h"
#include "julia/interrupt.h"
#include "julia/symbols.h"
#include "platform/platform.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char julia_text[] = {
#include "engine.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:engine.jl", 0};

JULIA_FUNCTION(source, void, suspend_fiber, (void *parker, void (*timed_out)(void *), int64_t ns),
               "Cvoid, (Ptr{Cvoid}, Ptr{Cvoid}, Int64)");

enum julia_gc_stress julia_gc_stress;

static struct runtime *served;
static struct spinlock fibers_lock = {ATOMIC_FLAG_INIT};
static struct julia_fiber *fibers;
static julia_mark_frames_fn *mark_frames;
static julia_new_frame_fn *new_frame;
static julia_free_frames_fn *free_frames;
static jlt_value *root_task; /* the first thread's own; never collected */

/* ---- collections ---- */

static void mark_roots(int full)
{
    (void)full;
    void *ptls = julia.get_ptls_states();
    for (unsigned i = 0; i < served->worker_count; i++)
        root_pages_mark(&julia_worker_of(&served->workers[i])->pages, ptls);
    for (struct julia_fiber *fiber = fibers; fiber; fiber = fiber->next) {
        if (fiber->task)
            julia.gc_mark_queue_obj(ptls, fiber->task);
        if (fiber->frame)
            mark_frames(fiber->frame, ptls);
    }
}

/* Around each collection, on the thread that makes it: only Julia's own clock leaves out the finalizers, which run
 * before `after`. */
static _Thread_local uint64_t pauses_before;

static void before_collection(int kind)
{
    (void)kind;
    pauses_before = julia.gc_total_hrtime();
}

static void after_collection(int kind)
{
    (void)kind;
    int64_t pause_ns = (int64_t)(julia.gc_total_hrtime() - pauses_before);
    stats_collection(served, pause_ns);
    trace_collection(served, pause_ns);
}

static void watch_collections(bool on)
{
    julia.gc_set_cb_root_scanner(mark_roots, on);
    julia.gc_set_cb_pre_gc(before_collection, on);
    julia.gc_set_cb_post_gc(after_collection, on);
}

/* One kind of collection that takes at most half of the time, once its first `free` runs are over. All relaxed: when
 * exactly it runs does not matter. */
struct budget {
    _Atomic int64_t next;
    atomic_int free;
};

static void collect_within(struct budget *budget, int kind)
{
    int64_t start = platform_now();
    if (atomic_load_explicit(&budget->free, memory_order_relaxed) > 0)
        atomic_fetch_sub_explicit(&budget->free, 1, memory_order_relaxed);
    else if (start < atomic_load_explicit(&budget->next, memory_order_relaxed))
        return;
    julia.gc_collect(kind);
    int64_t end = platform_now();
    atomic_store_explicit(&budget->next, end + (end - start), memory_order_relaxed);
}

void julia_stress(void)
{
    enum { everything = 1, young = 2 }; /* jl_gc_collection_t */
    static struct budget full = {.free = 32}, quick = {.free = 8192};
    if (julia_gc_stress == STRESS_FULL) {
        julia.gc_collect(everything);
        return;
    }
    collect_within(&quick, young);
    collect_within(&full, everything);
}

struct worker *julia_worker_here(void)
{
    static _Thread_local struct worker *here;
    int tid = julia.threadid() + 1;
    for (unsigned i = 0; !here && i < served->worker_count; i++)
        if (julia_worker_of(&served->workers[i])->tid == tid)
            here = &served->workers[i];
    return here;
}

/* ---- the event loop's attendant ---- */

atomic_int julia_loop_attendant = -1;
static void *loop_watchers[2]; /* a uv_prepare_t and a uv_check_t */

static void before_poll(void *handle)
{
    (void)handle;
    atomic_store(&julia_loop_attendant, julia.threadid());
}

static void after_poll(void *handle)
{
    (void)handle;
    if (julia.init_with_image__threading) /* 1.8 or older */
        julia.wakeup_thread(julia.threadid());
}

/* A thread whose worker is not idle may be so all the same, if a body is suspended there. One that is awake does not
 * notice. */
static void wake_others(const struct worker *worker)
{
    for (unsigned i = 0; i < served->worker_count; i++)
        if (&served->workers[i] != worker)
            julia.wakeup_thread((int16_t)(julia_worker_of(&served->workers[i])->tid - 1));
}

void julia_hand_over_loop(const struct worker *worker)
{
    if (julia.threadid() != julia_worker_of(worker)->tid - 1)
        return; /* a guest that has no worker on its own thread */
    atomic_store(&julia_loop_attendant, -1);
    struct worker *idle = attention_idle_worker(served, worker);
    if (idle)
        julia.wakeup_thread((int16_t)(julia_worker_of(idle)->tid - 1));
    else
        wake_others(worker);
}

static void begin_body(struct worker *worker)
{
    julia_leave_loop(worker);
}

static jlt_status watch_loop(struct runtime *runtime)
{
    if (runtime->worker_count == 1)
        return JLT_OK;
    for (int i = 0; i < 2; i++)
        if (!(loop_watchers[i] = calloc(1, uv_handle_bytes)))
            return error_report(error_constant(JLT_NO_MEMORY));
    julia.iolock_begin();
    bootstrap.uv.prepare_init(julia.global_event_loop(), loop_watchers[0]);
    bootstrap.uv.prepare_start(loop_watchers[0], before_poll);
    bootstrap.uv.check_init(julia.global_event_loop(), loop_watchers[1]);
    bootstrap.uv.check_start(loop_watchers[1], after_poll);
    julia.iolock_end();
    return JLT_OK;
}

static void close_handle(void *handle, void (*closed)(void *))
{
    julia.iolock_begin();
    bootstrap.uv.close(handle, closed);
    julia.iolock_end();
}

static void unwatch_loop(void)
{
    for (int i = 0; i < 2; i++)
        if (loop_watchers[i])
            close_handle(loop_watchers[i], free);
}

/* ---- fibers ---- */

void julia_list_fiber(struct julia_fiber *fiber)
{
    spin_lock(&fibers_lock);
    LIST_ADD(fibers, fiber);
    spin_unlock(&fibers_lock);
}

void julia_unlist_fiber(struct julia_fiber *fiber)
{
    spin_lock(&fibers_lock);
    LIST_REMOVE(fibers, fiber);
    spin_unlock(&fibers_lock);
}

void julia_free_fiber(struct julia_fiber *fiber)
{
    julia_unlist_fiber(fiber);
    free_frames(fiber->spare_frames);
    free(fiber);
}

static void schedule_task(jlt_value *task)
{
    julia.call1(bootstrap.schedule, task);
}

/* Returns when the current task has been scheduled by schedule_task, and not before: what somebody else throws at it is
 * not ours. */
static void wait_scheduled(void)
{
    while (!julia.call0(bootstrap.wait)) {
    }
}

static enum pump_result pump(struct julia_fiber *fiber)
{
    enum pump_result result = worker_pump(fiber->base.worker, &fiber->base);
    if (result == PUMP_EXIT)
        julia_free_fiber(fiber);
    return result;
}

/* What a fiber's Julia task does. */
static void run_fiber(void *fiber)
{
    if (bootstrap_parser_is_unsafe())
        julia.sigatomic_begin();
    for (;;) {
        enum pump_result result = pump(fiber);
        if (result == PUMP_EXIT)
            return;
        if (result == PUMP_PARK)
            wait_scheduled();
        else
            julia.call0(bootstrap.yield);
    }
}

static void schedule(struct fiber *fiber)
{
    schedule_task(((struct julia_fiber *)fiber)->task);
}

/* The fiber's task, which stays on its thread, as it does unless told otherwise; not yet scheduled. It has nothing of
 * the task that makes it. False: no memory. */
static bool make_task(int tid, struct julia_fiber *fiber)
{
    struct {
        void (*run)(void *data);
        void *data;
    } fields = {run_fiber, fiber};
    jlt_value *task = julia.call1(bootstrap.Task, julia.new_bits(bootstrap.Fiber, &fields));
    if (!task)
        return false;
    julia.set_task_tid(task, tid - 1);
    fiber->task = task; /* which is rooted with that */
    jlt_value *arguments[] = {task, bootstrap.inherited, bootstrap.nothing};
    julia.call(bootstrap.setfield, arguments, sizeof arguments / sizeof *arguments);
    return true;
}

static bool start_fiber(struct worker *worker)
{
    struct julia_fiber *fiber = calloc(1, sizeof *fiber);
    jlt_frame *frame = fiber ? new_frame() : NULL;
    if (!frame) {
        free(fiber);
        return false;
    }
    fiber->spare_frames = frame;
    fiber->base.worker = worker;
    julia_list_fiber(fiber);
    struct random_aside random; /* of whichever task runs here, a body's perhaps */
    random_set_aside(&random);
    bool made = make_task(julia_worker_of(worker)->tid, fiber);
    random_put_back(&random);
    if (!made) {
        julia_free_fiber(fiber);
        return false;
    }
    identity_begin(fiber);
    schedule_task(fiber->task);
    return true;
}

static void timed_out(void *parker)
{
    parker_timed_out(parker);
}

static void suspend(struct fiber *fiber, struct parker *parker, int64_t timeout_ns)
{
    (void)fiber; /* the current one */
    struct body body = leave_body();
    struct random_aside random; /* a timer makes a task, and what the event loop runs here may */
    random_set_aside(&random);
    if (timeout_ns < 0)
        wait_scheduled();
    else
        LATE_AGAIN(suspend_fiber)(parker, timed_out, timeout_ns); /* julia_can_time_out was called */
    random_put_back(&random);
    back_in_body(body);
}

bool julia_can_time_out(struct error **error)
{
    return LATE(suspend_fiber, error) != NULL;
}

static void safepoint(void)
{
    julia.gc_safepoint();
}

/* ---- bells ---- */

/* A file descriptor that the loop polls. */
struct bell {
    _Alignas(16) unsigned char handle[uv_handle_bytes]; /* a uv_poll_t; first, for the callbacks */
    int event;
    struct worker *worker; /* of a doorbell; NULL: any */
};

static struct bell *call_bell;

static void ring(struct worker *worker)
{
    platform_event_set(julia_worker_of(worker)->doorbell->event);
}

static void call(struct runtime *runtime)
{
    (void)runtime;
    platform_event_set(call_bell->event);
}

static void answer(void *handle, int status, int events)
{
    (void)status, (void)events;
    struct bell *bell = handle;
    platform_event_clear(bell->event);
    if (bell->worker)
        worker_doorbell(bell->worker);
    else
        attention_answer(served, julia_worker_here());
}

static void free_bell(void *handle)
{
    struct bell *bell = handle;
    platform_event_close(bell->event);
    free(bell);
}

static void close_bell(struct bell **bell)
{
    if (*bell)
        close_handle(*bell, free_bell); /* by libuv's loop, at exit if not before */
    *bell = NULL;
}

/* Takes the event, which may be an error: a negated errno. */
static jlt_status open_bell(int event, struct worker *worker, struct bell **result)
{
    enum { readable = 1 }; /* UV_READABLE */
    struct bell *bell = event < 0 ? NULL : calloc(1, sizeof *bell);
    int error = event;
    if (bell) {
        bell->worker = worker;
        bell->event = event;
        julia.iolock_begin();
        error = bootstrap.uv.poll_init(julia.global_event_loop(), bell->handle, event);
        if (!error)
            error = bootstrap.uv.poll_start(bell->handle, readable, answer);
        julia.iolock_end();
    } else if (event >= 0) {
        error = -ENOMEM;
    }
    *result = error < 0 ? NULL : bell;
    if (*result)
        return JLT_OK;
    if (event >= 0)
        platform_event_close(event);
    free(bell);
    return error == -ENOMEM
               ? error_report(error_constant(JLT_NO_MEMORY))
               : error_fail(JLT_NO_JULIA, "Julia started but cannot be used: no event to wake it with (errno %d)",
                            -error);
}

static jlt_status open_bells(struct runtime *runtime)
{
    jlt_status status = JLT_OK;
    for (unsigned i = 0; i < runtime->worker_count && status == JLT_OK; i++)
        status =
            open_bell(platform_event_open(), &runtime->workers[i], &julia_worker_of(&runtime->workers[i])->doorbell);
    if (status == JLT_OK && runtime->worker_count > 1)
        status = open_bell(platform_event_open(), NULL, &call_bell);
    return status;
}

static void finished(struct runtime *runtime)
{
    (void)runtime;
    schedule_task(root_task);
}

const struct engine julia_engine = {
    .ring = ring,
    .call = call,
    .schedule = schedule,
    .start_fiber = start_fiber,
    .suspend = suspend,
    .interrupt = julia_interrupt,
    .begin_body = begin_body,
    .safepoint = safepoint,
    .identity_enter = identity_enter,
    .identity_leave = identity_leave,
    .identity_free = identity_free,
    .finished = finished,
};

/* ---- open and serve ---- */

jlt_status julia_engine_open(struct runtime *runtime, julia_mark_frames_fn *mark, julia_new_frame_fn *new_spare,
                             julia_free_frames_fn *free_spare)
{
    mark_frames = mark;
    new_frame = new_spare;
    free_frames = free_spare;
    root_task = julia.get_current_task();
    served = runtime;
    identity_open();
    for (unsigned i = 0; i < runtime->worker_count; i++) {
        struct worker *worker = &runtime->workers[i];
        struct julia_worker *data = calloc(1, sizeof *data);
        if (!data)
            return error_report(error_constant(JLT_NO_MEMORY));
        worker->engine_data = data;
        data->tid = bootstrap.worker_threads[i];
    }
    jlt_status status = open_bells(runtime);
    if (status != JLT_OK)
        return status;
    watch_collections(true);
    runtime->stats.collection_ns = julia.gc_total_hrtime;
    runtime->stats.live_bytes = julia.gc_live_bytes;
    julia_guests_open(runtime);
    return watch_loop(runtime);
}

/* What is left are fibers that are parked for ever, and guests that exit hooks may let go on. */
static void free_everything(struct runtime *runtime)
{
    unwatch_loop();
    children_forget();
    for (unsigned i = 0; i < runtime->worker_count; i++) {
        struct julia_worker *data = julia_worker_of(&runtime->workers[i]);
        close_bell(&data->doorbell);
        root_pages_finish(&data->pages); /* data itself stays, as the workers do: a fiber may be on its way out */
    }
    close_bell(&call_bell);
}

/* Outside a threaded region only the first thread runs the event loop, so the other threads' doorbells would wait for
 * its body to end. */
void julia_engine_serve(struct runtime *runtime)
{
    bool several = *julia.n_threads > 1;
    if (several)
        julia.enter_threaded_region();
    wait_scheduled();
    if (several)
        julia.exit_threaded_region();
    free_everything(runtime);
}

void julia_engine_finish(void)
{
    watch_collections(false);
}
