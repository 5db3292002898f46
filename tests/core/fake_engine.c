/* SPDX-License-Identifier: MIT */
#include "core/fake_engine.h"

#include "core/attention.h"
#include "core/engine.h"
#include "core/parker.h"
#include "platform/platform.h"

#include <errno.h>
#include <sched.h>

/* Somebody who may hold a worker's baton. */
struct place {
    struct place *next; /* in the queue */
    pthread_cond_t turn;
    bool queued;
};

struct fake_fiber {
    struct fiber base;
    struct place place;
    pthread_t thread;
    struct fake_fiber *next; /* of the worker, ended ones included */
};

struct fake_worker {
    struct fake *fake;
    struct worker *worker;
    pthread_mutex_t lock; /* guards all that follows */
    struct place *holder; /* has the baton */
    struct place *first, **end;
    struct fake_fiber *fibers;
    struct place bell; /* for whoever answers the doorbell on the worker's own thread */
    struct place idle; /* for whoever answers a call on it */
    pthread_cond_t ring;
    pthread_t bell_thread;
    bool rung, stopping;
};

struct fake {
    struct runtime runtime; /* first: a runtime is cast to its fake */
    enum fake_bells bells;
    struct fake_worker *workers;
    atomic_uint finished, fibers;
    atomic_uint rings, calls, wakes; /* of the engine's functions */
    pthread_t call_thread;
    atomic_bool called, stopping;
    atomic_uint changed; /* a call, the end, or a baton that nobody wants */
    atomic_int frames, kept;
};

struct jlt_frame {
    struct fake *fake;
    struct error *failure;
};

enum fake_bells fake_bells;
atomic_int fake_failing_fibers, fake_failing_frames, fake_failing_keeps;
atomic_uint fake_held_at_safepoints;
atomic_bool fake_hold_at_safepoints;

static struct fake *fake_of(struct runtime *runtime)
{
    return (struct fake *)runtime;
}

static struct fake_worker *worker_of(const struct fiber *fiber)
{
    return fiber->worker->engine_data;
}

static struct fake_fiber *fiber_of(struct fiber *fiber)
{
    return (struct fake_fiber *)fiber;
}

static bool should_fail(atomic_int *failing)
{
    int left = atomic_load(failing);
    while (left > 0)
        if (atomic_compare_exchange_weak(failing, &left, left - 1))
            return true;
    return false;
}

/* ---- the baton; the caller holds the lock ---- */

static void place_init(struct place *place)
{
    pthread_condattr_t attributes;
    memset(place, 0, sizeof *place);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&place->turn, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void pass_on(struct fake_worker *worker)
{
    struct place *next = worker->first;
    worker->holder = next;
    if (!next) {
        event_raise(&worker->fake->changed);
        return;
    }
    worker->first = next->next;
    if (!worker->first)
        worker->end = &worker->first;
    next->queued = false;
    pthread_cond_signal(&next->turn);
}

static void enqueue(struct fake_worker *worker, struct place *place)
{
    check(!place->queued);
    place->queued = true;
    place->next = NULL;
    *worker->end = place;
    worker->end = &place->next;
    if (!worker->holder)
        pass_on(worker);
}

/* False: the engine stops. */
static bool await_turn(struct fake_worker *worker, struct place *place)
{
    while (worker->holder != place) {
        if (worker->stopping)
            return false;
        pthread_cond_wait(&place->turn, &worker->lock);
    }
    return true;
}

/* False: the time has passed. */
static bool await_turn_until(struct fake_worker *worker, struct place *place, int64_t deadline)
{
    struct timespec at = {deadline / 1000000000, deadline % 1000000000};
    while (worker->holder != place)
        if (pthread_cond_timedwait(&place->turn, &worker->lock, &at) == ETIMEDOUT)
            return worker->holder == place;
    return true;
}

static bool holds(struct fake_worker *worker, struct place *place)
{
    pthread_mutex_lock(&worker->lock);
    bool does = worker->holder == place;
    pthread_mutex_unlock(&worker->lock);
    return does;
}

/* ---- doorbells ---- */

static void ring(struct worker *worker)
{
    struct fake_worker *fake = worker->engine_data;
    check(!atomic_load(&fake->fake->finished));
    atomic_fetch_add(&fake->fake->rings, 1);
    pthread_mutex_lock(&fake->lock);
    fake->rung = true;
    pthread_cond_signal(&fake->ring);
    pthread_mutex_unlock(&fake->lock);
    check(!atomic_load(&fake->fake->finished));
}

static void *answer_doorbells(void *data)
{
    struct fake_worker *worker = data;
    bool own = worker->fake->bells == FAKE_BELLS_OWN;
    pthread_mutex_lock(&worker->lock);
    while (!worker->stopping) {
        if (!worker->rung) {
            pthread_cond_wait(&worker->ring, &worker->lock);
            continue;
        }
        worker->rung = false;
        if (own) {
            enqueue(worker, &worker->bell);
            if (!await_turn(worker, &worker->bell))
                break;
        }
        pthread_mutex_unlock(&worker->lock);
        worker_doorbell(worker->worker);
        pthread_mutex_lock(&worker->lock);
        if (own)
            pass_on(worker);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

/* ---- calls ---- */

static void call_idle(struct runtime *runtime)
{
    struct fake *fake = fake_of(runtime);
    check(!atomic_load(&fake->finished));
    atomic_fetch_add(&fake->calls, 1);
    atomic_store(&fake->called, true);
    event_raise(&fake->changed);
    check(!atomic_load(&fake->finished));
}

/* Answers on a worker whose baton nobody has. False: there is none. */
static bool answer_on_idle(struct fake *fake)
{
    for (unsigned i = 0; i < fake->runtime.worker_count; i++) {
        struct fake_worker *worker = &fake->workers[i];
        pthread_mutex_lock(&worker->lock);
        bool idle = !worker->holder;
        if (idle)
            worker->holder = &worker->idle;
        pthread_mutex_unlock(&worker->lock);
        if (!idle)
            continue;
        attention_answer(&fake->runtime, worker->worker);
        pthread_mutex_lock(&worker->lock);
        pass_on(worker);
        pthread_mutex_unlock(&worker->lock);
        return true;
    }
    return false;
}

/* As an idle thread that is no worker's. */
static bool answer_on_other(struct fake *fake)
{
    attention_answer(&fake->runtime, NULL);
    return true;
}

static void *answer_calls(void *data)
{
    struct fake *fake = data;
    bool called = false;
    for (;;) {
        unsigned changes = atomic_load(&fake->changed); /* before the look at what has changed */
        if (atomic_load(&fake->stopping))
            return NULL;
        called = atomic_exchange(&fake->called, false) || called;
        if (called && (fake->bells == FAKE_BELLS_OWN ? answer_on_idle(fake) : answer_on_other(fake)))
            called = false;
        else
            platform_wait(&fake->changed, changes, -1);
    }
}

/* ---- fibers ---- */

static void *run_fiber(void *data)
{
    struct fake_fiber *fiber = data;
    struct fake_worker *worker = worker_of(&fiber->base);
    enum pump_result result = PUMP_PARK;
    pthread_mutex_lock(&worker->lock);
    while (result != PUMP_EXIT && await_turn(worker, &fiber->place)) {
        pthread_mutex_unlock(&worker->lock);
        result = worker_pump(worker->worker, &fiber->base);
        check(!current_fiber);
        pthread_mutex_lock(&worker->lock);
        if (result == PUMP_YIELD)
            enqueue(worker, &fiber->place);
        pass_on(worker);
    }
    pthread_mutex_unlock(&worker->lock);
    atomic_fetch_sub(&worker->fake->fibers, 1);
    return NULL;
}

static bool start_fiber(struct worker *worker)
{
    struct fake_worker *fake = worker->engine_data;
    struct fake_fiber *fiber = should_fail(&fake_failing_fibers) ? NULL : malloc(sizeof *fiber);
    if (!fiber)
        return false;
    memset(fiber, 0, sizeof *fiber);
    fiber->base.worker = worker;
    place_init(&fiber->place);
    atomic_fetch_add(&fake->fake->fibers, 1);
    atomic_fetch_add(&fake->fake->wakes, 1);
    pthread_mutex_lock(&fake->lock);
    fiber->next = fake->fibers;
    fake->fibers = fiber;
    enqueue(fake, &fiber->place);
    fiber->thread = thread_start(run_fiber, fiber);
    pthread_mutex_unlock(&fake->lock);
    return true;
}

static void schedule(struct fiber *fiber)
{
    struct fake_worker *worker = worker_of(fiber);
    atomic_fetch_add(&worker->fake->wakes, 1);
    pthread_mutex_lock(&worker->lock);
    enqueue(worker, &fiber_of(fiber)->place);
    pthread_mutex_unlock(&worker->lock);
}

static int64_t deadline_of(int64_t timeout_ns)
{
    int64_t now = platform_now();
    return timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns;
}

static void suspend(struct fiber *fiber, struct parker *parker, int64_t timeout_ns)
{
    struct fake_worker *worker = worker_of(fiber);
    struct place *place = &fiber_of(fiber)->place;
    check(current_fiber == fiber);
    pthread_mutex_lock(&worker->lock);
    check(worker->holder == place);
    pass_on(worker);
    if (timeout_ns >= 0 && !await_turn_until(worker, place, deadline_of(timeout_ns))) {
        pthread_mutex_unlock(&worker->lock);
        parker_timed_out(parker);
        pthread_mutex_lock(&worker->lock);
    }
    check(await_turn(worker, place)); /* a runtime does not end while a body is suspended */
    pthread_mutex_unlock(&worker->lock);
}

bool (*_Atomic fake_interrupt)(void);

static bool interrupt(struct fiber *fiber)
{
    (void)fiber;
    bool (*asks)(void) = fake_interrupt;
    return asks && asks();
}

static void safepoint(void)
{
    check(current_fiber && holds(worker_of(current_fiber), &fiber_of(current_fiber)->place));
    if (!atomic_load(&fake_hold_at_safepoints))
        return;
    atomic_fetch_add(&fake_held_at_safepoints, 1);
    await_true(!atomic_load(&fake_hold_at_safepoints));
    atomic_fetch_sub(&fake_held_at_safepoints, 1);
}

void fake_yield(void)
{
    struct fake_worker *worker = worker_of(current_fiber);
    struct place *place = &fiber_of(current_fiber)->place;
    pthread_mutex_lock(&worker->lock);
    check(worker->holder == place);
    enqueue(worker, place);
    pass_on(worker);
    check(await_turn(worker, place));
    pthread_mutex_unlock(&worker->lock);
}

void fake_wait(atomic_uint *event, unsigned count)
{
    struct fake_worker *worker = worker_of(current_fiber);
    struct place *place = &fiber_of(current_fiber)->place;
    pthread_mutex_lock(&worker->lock);
    check(worker->holder == place);
    pass_on(worker);
    pthread_mutex_unlock(&worker->lock);
    event_await(event, count);
    pthread_mutex_lock(&worker->lock);
    enqueue(worker, place);
    check(await_turn(worker, place));
    pthread_mutex_unlock(&worker->lock);
}

/* ---- frames ---- */

static jlt_frame *frame_open(struct fiber *fiber)
{
    struct fake_worker *worker = worker_of(fiber);
    check(current_fiber == fiber && holds(worker, &fiber_of(fiber)->place));
    jlt_frame *frame = should_fail(&fake_failing_frames) ? NULL : malloc(sizeof *frame);
    if (!frame)
        return NULL;
    *frame = (jlt_frame){worker->fake, NULL};
    atomic_fetch_add(&worker->fake->frames, 1);
    return frame;
}

static struct error *frame_close(jlt_frame *frame, bool wanted)
{
    (void)wanted;
    struct error *failure = frame->failure;
    atomic_fetch_sub(&frame->fake->frames, 1);
    free(frame);
    return failure;
}

static bool frame_keep(jlt_frame *frame, void **kept)
{
    struct fake *fake = frame->fake;
    if (frame->failure)
        return false;
    struct fake **keeper = should_fail(&fake_failing_keeps) ? NULL : malloc(sizeof *keeper);
    if (!keeper) {
        frame->failure = error_constant(JLT_NO_MEMORY);
        return false;
    }
    *keeper = fake;
    *kept = keeper;
    atomic_fetch_add(&fake->kept, 1);
    check(!frame_close(frame, true));
    return true;
}

static void release(void *kept)
{
    atomic_fetch_sub(&(*(struct fake **)kept)->kept, 1);
    free(kept);
}

void fake_fail(jlt_frame *frame, jlt_status status, const char *message)
{
    if (!frame->failure)
        frame->failure = error_format(status, "%s", message);
}

/* ---- start and finish ---- */

static void finished(struct runtime *runtime)
{
    check(!atomic_load(&fake_of(runtime)->finished));
    event_raise(&fake_of(runtime)->finished);
}

static const struct engine engine = {
    .ring = ring,
    .call = call_idle,
    .schedule = schedule,
    .start_fiber = start_fiber,
    .suspend = suspend,
    .interrupt = interrupt,
    .safepoint = safepoint,
    .frame_open = frame_open,
    .frame_close = frame_close,
    .frame_keep = frame_keep,
    .release = release,
    .finished = finished,
};

struct runtime *fake_start(unsigned workers, size_t channel_capacity)
{
    return fake_start_limited(workers, &(struct runtime_limits){.channel_capacity = channel_capacity});
}

struct runtime *fake_start_limited(unsigned workers, const struct runtime_limits *limits)
{
    struct fake *fake = calloc(1, sizeof *fake);
    check(fake);
    fake->bells = fake_bells;
    fake->workers = calloc(workers, sizeof *fake->workers);
    check(fake->workers);
    check_ok(runtime_init(&fake->runtime, &engine, workers, limits));
    for (unsigned i = 0; i < workers; i++) {
        struct fake_worker *worker = &fake->workers[i];
        worker->fake = fake;
        worker->worker = &fake->runtime.workers[i];
        worker->worker->engine_data = worker;
        worker->end = &worker->first;
        pthread_mutex_init(&worker->lock, NULL);
        pthread_cond_init(&worker->ring, NULL);
        place_init(&worker->bell);
        place_init(&worker->idle);
        worker->bell_thread = thread_start(answer_doorbells, worker);
    }
    fake->call_thread = thread_start(answer_calls, fake);
    return &fake->runtime;
}

static void stop_calls(struct fake *fake)
{
    atomic_store(&fake->stopping, true);
    event_raise(&fake->changed);
    thread_join(fake->call_thread);
}

static void stop(struct fake_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->stopping = true;
    pthread_cond_signal(&worker->ring);
    pthread_cond_signal(&worker->bell.turn);
    pthread_mutex_unlock(&worker->lock);
    thread_join(worker->bell_thread); /* first: it may still start a fiber */
    for (struct fake_fiber *fiber = worker->fibers, *next; fiber; fiber = next) {
        next = fiber->next;
        pthread_mutex_lock(&worker->lock);
        pthread_cond_signal(&fiber->place.turn);
        pthread_mutex_unlock(&worker->lock);
        thread_join(fiber->thread);
    }
}

static void free_worker(struct fake_worker *worker)
{
    for (struct fake_fiber *fiber = worker->fibers, *next; fiber; fiber = next) {
        next = fiber->next;
        pthread_cond_destroy(&fiber->place.turn);
        free(fiber);
    }
    pthread_cond_destroy(&worker->ring);
    pthread_cond_destroy(&worker->bell.turn);
    pthread_cond_destroy(&worker->idle.turn);
    pthread_mutex_destroy(&worker->lock);
}

static void check_nothing_left(struct fake *fake, int tasks)
{
    check(atomic_load(&fake->finished) == 1);
    check(atomic_load(&fake->frames) == 0);
    check(atomic_load(&fake->kept) == 0);
    check(atomic_load(&fake->runtime.channel.used) == 0);
    check(ready_is_empty(&fake->runtime.ready));
    if (!checks_enabled)
        return;
    check(atomic_load(&live_counts.tasks) == tasks);
    check(atomic_load(&live_counts.messages) == 0);
    check(atomic_load(&live_counts.receivers) == 0);
}

void fake_finish_with(struct runtime *runtime, int tasks)
{
    struct fake *fake = fake_of(runtime);
    fake_await_finished(runtime);
    stop_calls(fake);
    for (unsigned i = 0; i < runtime->worker_count; i++)
        stop(&fake->workers[i]);
    for (unsigned i = 0; i < runtime->worker_count; i++)
        free_worker(&fake->workers[i]);
    check_nothing_left(fake, tasks);
    runtime_finish(runtime);
    free(fake->workers);
    free(fake);
}

void fake_finish(struct runtime *runtime)
{
    fake_finish_with(runtime, 0);
}

void fake_end(struct runtime *runtime)
{
    runtime_drop(runtime);
    fake_finish(runtime);
}

void fake_await_finished(struct runtime *runtime)
{
    event_await(&fake_of(runtime)->finished, 1);
}

bool fake_is_finished(struct runtime *runtime)
{
    return atomic_load(&fake_of(runtime)->finished);
}

unsigned fake_fibers(struct runtime *runtime)
{
    return atomic_load(&fake_of(runtime)->fibers);
}

struct fake_counts fake_counts(struct runtime *runtime)
{
    struct fake *fake = fake_of(runtime);
    return (struct fake_counts){atomic_load(&fake->rings), atomic_load(&fake->calls), atomic_load(&fake->wakes)};
}
