/* SPDX-License-Identifier: MIT
 *
 * The random program's engine with Julia: the public interface. */
#include "random/engine.h"
#include "random/program.h"

const bool engine_restarts = false;

static jlt_thread *thread;

jlt_runtime *engine_start(unsigned shape)
{
    static const size_t capacities[] = {0, 4, 64, 0};
    const jlt_options options = {.threads = 1 + (int)(shape % 3),
                                 .channel_capacity = capacities[shape / 4 % 4],
                                 .spin_ns = shape & 16 ? -1 : 0,
                                 .messages_at_most = shape & 32 ? 10 : 0,
                                 .bytes_at_most = shape & 64 ? 10000 : 0,
                                 .fibers_at_most = shape & 128 ? 4 : 0};
    jlt_runtime *runtime;
    must(jlt_runtime_spawn(&options, &runtime, &thread) == JLT_OK);
    return runtime;
}

static bool has_nothing(void)
{
    jlt_counts counts = jlt_debug_counts(); /* in builds without JLT_CHECKS negative */
    return counts.tasks <= 0 && counts.messages <= 0 && counts.receivers <= 0 && counts.held <= 0;
}

void engine_await_end(void)
{
    if (thread)
        must(jlt_thread_join(thread) == JLT_OK);
    thread = NULL;
}

void engine_finish(void)
{
    engine_await_end();
    must(has_nothing());
}

/* A task that is about to run a failed message again looks as one that has nothing to do in the model, but it lives. */
bool engine_is_quiet(void)
{
    jlt_stats stats;
    must(jlt_runtime_stats(program_runtime(), &stats) == JLT_OK);
    return has_nothing() && !stats.tasks && !stats.queued;
}

void engine_begin(jlt_frame *frame)
{
    must(jlt_ok(frame));
}

bool engine_ok(jlt_frame *frame)
{
    return jlt_ok(frame);
}

void engine_init_sum(jlt_frame *frame, struct engine_sum *sum)
{
    sum->julia = jlt_call(frame, jlt_global_cached(frame, "Base.Ref"), jlt_box_i64(frame, 0));
}

int64_t engine_add(jlt_frame *frame, struct engine_sum *sum, int64_t value)
{
    jlt_value *before = jlt_call(frame, jlt_global_cached(frame, "Base.getindex"), sum->julia);
    int64_t now = jlt_unbox_i64(frame, before) + value;
    jlt_call(frame, jlt_global_cached(frame, "Base.setindex!"), sum->julia, jlt_box_i64(frame, now));
    return now;
}

static void throw(jlt_frame * frame, unsigned how)
{
    jlt_value *error = jlt_global_cached(frame, "Base.error"), *text = jlt_box_string(frame, "thrown");
    if (how & 4)
        jlt_fetch(frame, jlt_spawn(frame, error, text));
    else
        jlt_call(frame, error, text);
}

static void make_garbage(jlt_frame *frame, unsigned how)
{
    jlt_frame *scope = jlt_scope_open(frame);
    for (unsigned i = 0; i < how % 16; i++)
        jlt_call(scope, jlt_global_cached(scope, "Base.zeros"), jlt_box_i64(scope, how * 8));
    if (how >= 252)
        jlt_call(scope, jlt_global_cached(scope, "Base.GC.gc"), jlt_box_bool(scope, how == 255));
    jlt_scope_close(scope);
}

void engine_act(jlt_frame *frame, enum act act, unsigned how)
{
    jlt_value *sleep = jlt_global_cached(frame, "Base.sleep"), *seconds = jlt_box_f64(frame, 0.001 * (1 + how % 4));
    switch (act) {
    case ACT_THROW:
        throw(frame, how);
        break;
    case ACT_YIELD:
        jlt_call(frame, jlt_global_cached(frame, "Base.yield"));
        break;
    case ACT_SLEEP:
        if (how & 4)
            jlt_fetch(frame, jlt_spawn(frame, sleep, seconds));
        else
            jlt_call(frame, sleep, seconds);
        break;
    default:
        make_garbage(frame, how);
    }
}
