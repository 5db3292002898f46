/* SPDX-License-Identifier: MIT
 *
 * The doorbell is an eventfd that Julia's own event loop polls, with a C callback: any thread may write to it, the
 * callback runs on whichever Julia thread runs the loop, and it schedules just the one fiber that is needed. (Not
 * uv_async_send: before libuv#3879 the woken thread spins until the sender has left it, for a whole time slice if it
 * has taken the sender's core.) It also keeps the loop non-empty, so that Julia's first thread always waits there
 * (julia#63173: lost wake-ups with an empty loop).
 *
 * Attending the loop. With several threads, any idle one may run the event loop (a threaded region; bootstrap.jl), but
 * Julia leaves it to chance: a thread that finds the loop taken sleeps on a condition variable, and when the one in the
 * loop leaves it for a body, nobody hears the doorbells of the sleepers. So the loop is watched: before_poll notes who
 * is about to wait in it, and when that thread is seen to run a body instead, it wakes the idle ones, of which one
 * takes the loop. Up to 1.8 a thread that has run the loop for others goes to sleep outside it, too; after_poll keeps
 * it up.
 *
 * Fibers are listed for the root scanner, which marks their Julia tasks and open frames. The list changes under a
 * spinlock that is never held across a call into Julia; a collection stops all Julia threads outside of it. */
#include "julia/engine.h"

#include "base/list.h"
#include "core/parker.h"
#include "julia/bootstrap.h"
#include "julia/calls.h"
#include "julia/guests.h"
#include "julia/symbols.h"
#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>

static const char julia_text[] = {
#include "engine.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:engine.jl", 0};

JULIA_FUNCTION(source, void, suspend_fiber, (void *parker, void (*timed_out)(void *), int64_t ns),
               "Cvoid, (Ptr{Cvoid}, Ptr{Cvoid}, Int64)");

enum { uv_handle_bytes = 512 }; /* more than any handle has */

enum julia_gc_stress julia_gc_stress;

static struct runtime *served;
static struct spinlock fibers_lock = {ATOMIC_FLAG_INIT};
static struct julia_fiber *fibers;
static julia_mark_frames_fn *mark_frames;
static julia_new_frame_fn *new_frame;
static julia_free_frames_fn *free_frames;
static jlt_value *root_task, *serve; /* the first thread's own task, and what it does until the end; never collected */

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

void julia_hand_over_loop(const struct worker *worker)
{
    if (julia.threadid() != julia_worker_of(worker)->tid - 1)
        return; /* a guest that has no worker on its own thread */
    atomic_store(&julia_loop_attendant, -1);
    for (unsigned i = 0; i < served->worker_count; i++) {
        struct julia_worker *other = julia_worker_of(&served->workers[i]);
        if (&served->workers[i] != worker && atomic_load(&other->idle))
            julia.wakeup_thread((int16_t)(other->tid - 1));
    }
}

static void entered(struct worker *worker)
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

/* The body of a fiber's Julia task (run_fiber in bootstrap.jl acts on the result). */
static int pump(void *data)
{
    struct julia_fiber *fiber = data;
    struct julia_worker *worker = julia_worker_of(fiber->base.worker);
    atomic_store(&worker->idle, false);
    enum pump_result result = worker_pump(fiber->base.worker, &fiber->base);
    atomic_store(&worker->idle, true);
    if (result == PUMP_EXIT)
        julia_free_fiber(fiber);
    return result;
}

static void schedule(struct fiber *fiber)
{
    bootstrap.schedule_fiber(((struct julia_fiber *)fiber)->task);
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
    jlt_value *task = bootstrap.new_fiber(julia_worker_of(worker)->tid, pump, fiber);
    random_put_back(&random);
    if (task == bootstrap.nothing) {
        julia_free_fiber(fiber);
        return false;
    }
    fiber->task = task;
    identity_begin(fiber);
    bootstrap.schedule_fiber(task);
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
    LATE_AGAIN(suspend_fiber)(parker, timed_out, timeout_ns); /* julia_can_suspend was called */
    random_put_back(&random);
    back_in_body(body);
}

bool julia_can_suspend(struct error **error)
{
    return LATE(suspend_fiber, error) != NULL;
}

static void safepoint(void)
{
    julia.gc_safepoint();
}

/* ---- doorbells ---- */

struct doorbell {
    _Alignas(16) unsigned char handle[uv_handle_bytes]; /* a uv_poll_t; first, for answer */
    int event;
    struct worker *worker;
};

static void ring(struct worker *worker)
{
    platform_event_set(julia_worker_of(worker)->doorbell->event);
}

static void answer(void *handle, int status, int events)
{
    (void)status, (void)events;
    struct doorbell *doorbell = handle;
    platform_event_clear(doorbell->event);
    worker_doorbell(doorbell->worker);
}

static void free_doorbell(void *handle)
{
    struct doorbell *doorbell = handle;
    platform_event_close(doorbell->event);
    free(doorbell);
}

static jlt_status open_doorbell(struct worker *worker)
{
    enum { readable = 1 }; /* UV_READABLE */
    struct doorbell *doorbell = calloc(1, sizeof *doorbell);
    if (!doorbell)
        return error_report(error_constant(JLT_NO_MEMORY));
    doorbell->worker = worker;
    doorbell->event = platform_event_open();
    julia.iolock_begin();
    int error = doorbell->event < 0
                    ? doorbell->event
                    : bootstrap.uv.poll_init(julia.global_event_loop(), doorbell->handle, doorbell->event);
    if (!error)
        error = bootstrap.uv.poll_start(doorbell->handle, readable, answer);
    julia.iolock_end();
    if (error) {
        if (doorbell->event >= 0)
            platform_event_close(doorbell->event);
        free(doorbell);
        return error_fail(JLT_NO_JULIA, "Julia started but cannot be used: no event to wake it with (errno %d)",
                          -error);
    }
    julia_worker_of(worker)->doorbell = doorbell;
    return JLT_OK;
}

static void finished(struct runtime *runtime)
{
    (void)runtime;
    bootstrap.schedule_fiber(root_task);
}

const struct engine julia_engine = {
    .ring = ring,
    .schedule = schedule,
    .start_fiber = start_fiber,
    .suspend = suspend,
    .entered = entered,
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
    serve = bootstrap_global("serve");
    if (!serve)
        return bootstrap_failed("looking for serve");
    served = runtime;
    identity_open();
    for (unsigned i = 0; i < runtime->worker_count; i++) {
        struct worker *worker = &runtime->workers[i];
        struct julia_worker *data = calloc(1, sizeof *data);
        if (!data)
            return error_report(error_constant(JLT_NO_MEMORY));
        worker->engine_data = data;
        data->tid = bootstrap.worker_threads[i];
        atomic_init(&data->idle, true);
        jlt_status status = open_doorbell(worker);
        if (status != JLT_OK)
            return status;
    }
    julia.gc_set_cb_root_scanner(mark_roots, 1);
    julia_guests_open(runtime);
    return watch_loop(runtime);
}

/* What is left are fibers that are parked for ever, and guests that exit hooks may let go on. */
static void free_everything(struct runtime *runtime)
{
    unwatch_loop();
    for (unsigned i = 0; i < runtime->worker_count; i++) {
        struct julia_worker *data = julia_worker_of(&runtime->workers[i]);
        close_handle(data->doorbell, free_doorbell); /* by libuv's loop, at exit if not before */
        root_pages_finish(&data->pages);
        data->doorbell = NULL; /* data itself stays, as the workers do: a fiber may be on its way out */
    }
}

void julia_engine_serve(struct runtime *runtime)
{
    julia.call0(serve);
    free_everything(runtime);
}

void julia_engine_finish(void)
{
    julia.gc_set_cb_root_scanner(mark_roots, 0);
}
