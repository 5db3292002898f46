/* SPDX-License-Identifier: MIT
 *
 * How long bodies take is known from rows that are timed: one in sixteen while they are short, each while they are
 * long. A body that takes no longer than it takes to wake somebody is not worth a wake-up: who waits for it is better
 * off with this worker, which will look again at once (attention.c). */
#include "core/body.h"

#include "core/attention.h"
#include "core/closing.h"
#include "core/engine.h"
#include "core/express.h"
#include "core/fork.h"
#include "core/message.h"
#include "core/probes.h"
#include "core/task.h"
#include "platform/platform.h"

#include <string.h>

enum {
    bodies_per_clock = 16, /* the clock is read no less often */
    rows_per_time = 16,    /* while bodies are short */
    slow_ns = 20000,       /* of bodies that are worth a wake-up */
};

/* Whether Julia's other tasks on this thread should have a turn. Reading the clock can cost as much as a small message,
 * so it is read after one body, two more, four more and so on: when it is noticed that the time has passed, no more
 * than twice the time has, however long bodies are. */
static void look_at_clock(struct worker *worker)
{
    worker->yield_due = platform_now() >= worker->yield_at;
    if (worker->clock_every < bodies_per_clock)
        worker->clock_every *= 2;
    worker->clock_in = worker->clock_every;
}

static void begin_row(struct fiber *fiber)
{
    struct worker *worker = fiber->worker;
    express_forget(worker);
    if (++worker->bodies == worker->bodies_at_most)
        atomic_store(&worker->full, true);
    fiber->in_row = true;
    fiber->row = fiber->row_turns = 0;
    if (worker_has_others(worker) && --worker->time_in == 0) {
        worker->time_in = worker->slow ? 1 : rows_per_time;
        fiber->row_start = platform_now();
    }
    attention_leave(worker);
    if (worker->runtime->engine->begin_body)
        worker->runtime->engine->begin_body(worker);
}

void body_begin(struct fiber *fiber)
{
    if (!fiber->in_row)
        begin_row(fiber);
    else
        attention_go_on(fiber->worker);
    fiber->row++;
}

static void learn(struct worker *worker, const struct fiber *fiber)
{
    int64_t row_ns = platform_now() - fiber->row_start;
    worker->body_ns = row_ns / fiber->row;
    worker->turn_ns = row_ns / (fiber->row_turns ? fiber->row_turns : 1);
    worker->slow = worker->body_ns >= slow_ns;
}

void body_end_row(struct fiber *fiber)
{
    struct worker *worker = fiber->worker;
    if (!fiber->in_row)
        return;
    if (fiber->row_start)
        learn(worker, fiber);
    fiber->row_start = 0;
    fiber->in_row = false;
    if (worker->bodies-- == worker->bodies_at_most) {
        atomic_store(&worker->full, false);
        worker_take_back_held(worker);
        closing_note_not_full(worker);
    }
    attention_return(worker);
}

void body_end(struct fiber *fiber, bool more)
{
    struct worker *worker = fiber->worker;
    if (fork_is_child())
        fork_end();
    if (--worker->clock_in == 0)
        look_at_clock(worker);
    if (!more && (worker->yield_due || !worker_has_taken(worker)))
        body_end_row(fiber);
}

/* ---- who is suspended ---- */

/* relaxed, all of it: only told to others */
static void stand(struct fiber *fiber, enum standing how, int64_t since)
{
    atomic_store_explicit(&fiber->since_ns, since, memory_order_relaxed);
    atomic_store_explicit(&fiber->standing, (unsigned char)how, memory_order_relaxed);
}

static bool is_running(const struct fiber *fiber)
{
    return atomic_load_explicit(&fiber->standing, memory_order_relaxed) == FIBER_RUNS;
}

static void suspend(struct fiber *fiber, enum standing how, const char *name, int64_t now)
{
    PROBE(suspend);
    fiber->suspended_at = body_clock(fiber);
    if (fiber->suspended_at)
        trace_record(TRACE_SUSPEND, fiber->suspended_at, NULL, fiber->track, JLT_OK);
    atomic_store_explicit(&fiber->awaits, name, memory_order_relaxed);
    stand(fiber, how, now);
}

void body_suspend(struct fiber *fiber, enum standing how, const char *name)
{
    if (!fiber->guest)
        suspend(fiber, how, name, platform_now_coarse());
}

void body_resume(struct fiber *fiber)
{
    if (fiber->guest)
        return;
    fiber->worker->running = fiber;
    if (is_running(fiber))
        return;
    PROBE(resume);
    stand(fiber, FIBER_RUNS, platform_now_coarse());
    if (fiber->suspended_at && body_clock(fiber))
        trace_record(TRACE_SUSPENDED, fiber->suspended_at, NULL, fiber->track, JLT_OK);
}

void body_hand_over(struct worker *worker, struct fiber *to, int64_t now)
{
    struct fiber *from = worker->running;
    if (from && from != to && from->in_row && is_running(from))
        suspend(from, FIBER_WAITS_IN_JULIA, NULL, now);
    worker->running = to;
    stand(to, FIBER_RUNS, now);
}

/* ---- a message's body ---- */

/* What is looked at around it where it is timed or traced. */
struct clocks {
    int64_t begun_ns, wait_ns; /* negative: not timed; not known */
    uint64_t begun;            /* trace_clock; 0: not traced */
};

static struct clocks look_at_clocks(struct message *message, unsigned insight)
{
    struct clocks clocks = {-1, -1, 0};
    if (insight & INSIGHT_TIMED) {
        int64_t sent_ns = message_take_sent(message);
        clocks.begun_ns = platform_now();
        clocks.wait_ns = sent_ns < 0 ? -1 : clocks.begun_ns > sent_ns ? clocks.begun_ns - sent_ns : 0;
    }
    if (insight & INSIGHT_TRACED)
        clocks.begun = trace_clock();
    return clocks;
}

/* Before the reply, whose receiver finds the message counted. */
static void ended(struct fiber *fiber, const struct message *message, const struct clocks *clocks, jlt_status status)
{
    const struct type *type = message->type;
    struct task *task = type->persistent ? (struct task *)(uintptr_t)fiber->runs : NULL;
    struct body_end end = {status, -1, clocks->wait_ns};
    PROBE2(body_end, type->name, (int)status);
    if (__builtin_expect(clocks->begun_ns >= 0, 0))
        end.run_ns = platform_now() - clocks->begun_ns;
    stats_body_ended(fiber->worker, type, task, end);
    if (!type->own)
        body_record(fiber, TRACE_BODY, clocks->begun, type, status);
}

void body_run_message(struct fiber *fiber, struct message *message, void *state, struct inbox_node *const *rest,
                      struct error **failure)
{
    const struct engine *engine = fiber->worker->runtime->engine;
    const struct type *type = message->type;
    alignas(message_alignment) unsigned char small[message_small_output];
    bool is_small = type->fields.output_size <= message_small_output;
    void *output = is_small ? memset(small, 0, type->fields.output_size) : message_output(message);
    unsigned insight = insight_of(fiber->worker->runtime);
    struct clocks clocks = {-1, -1, 0};
    body_begin(fiber);
    body_is_of(fiber, message);
    jlt_frame *frame = engine->frame_open(fiber);
    if (__builtin_expect(insight, 0))
        clocks = look_at_clocks(message, insight);
    PROBE1(body_begin, type->name);
    if (frame && type->persistent)
        type->fields.run(frame, state, message_input(message), output);
    else if (frame)
        type->run_once(frame, message_input(message), output);
    struct error *error = frame ? engine->frame_close(frame, failure || message_is_wanted(message)) : NULL;
    body_is_back(fiber);
    body_is_of(fiber, NULL);
    body_end(fiber, *rest != NULL); /* before the reply, whose receiver may send the next message */
    if (!frame) {
        message_refuse(message, error_constant(JLT_NO_MEMORY));
        return;
    }
    ended(fiber, message, &clocks, error ? error->status : JLT_OK);
    if (error && failure) {
        *failure = error;
        return;
    }
    if (is_small && !error)
        memcpy(message_output(message), small, type->fields.output_size);
    if (message->item.flags & MESSAGE_EXPRESS)
        express_complete(fiber->worker, message, error);
    else
        message_complete(message, error);
}
