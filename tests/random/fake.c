/* SPDX-License-Identifier: MIT
 *
 * The random program's engine without Julia: the engine made of threads, and what of the public API is not core's own
 * over it. A fiber is a thread there, so what belongs to a body can be the thread's. */
#include "random/engine.h"

#include "api/api.h"
#include "core/engine.h"
#include "core/fake_engine.h"
#include "core/limit.h"
#include "core/parker.h"
#include "core/spin.h"
#include "data/body.h"

#include <sched.h>

const bool engine_restarts = true;
const struct julia_bodies julia_bodies;

static struct runtime *fake;
static _Thread_local bool failed;

/* ---- the engine ---- */

jlt_runtime *engine_start(unsigned shape)
{
    static const size_t capacities[] = {0, 1, 4, 64};
    fake_bells = shape & 1 ? FAKE_BELLS_OTHER : FAKE_BELLS_OWN;
    spin_configure(shape & 2 ? 0 : -1);
    const struct runtime_limits limits = {
        .channel_capacity = capacities[(shape >> 4) % 4],
        .messages = (shape >> 6) % 4 == 3 ? 6 : 0,
        .bytes = (shape >> 8) % 4 == 3 ? 5000 : 0,
        .fibers = (shape >> 10) % 4 == 3 ? 3 : 0,
    };
    fake = fake_start_limited(1 + (shape >> 2) % 3, &limits);
    return handle_new(HANDLE_RUNTIME, fake);
}

void engine_await_end(void)
{
    fake_await_finished(fake);
}

void engine_finish(void)
{
    fake_finish(fake);
    fake = NULL;
    error_none();
}

bool engine_is_quiet(void)
{
    return true;
}

void engine_begin(jlt_frame *frame)
{
    (void)frame;
    failed = false;
}

bool engine_ok(jlt_frame *frame)
{
    (void)frame;
    return !failed;
}

void engine_init_sum(jlt_frame *frame, struct engine_sum *sum)
{
    (void)frame, (void)sum;
}

int64_t engine_add(jlt_frame *frame, struct engine_sum *sum, int64_t value)
{
    (void)frame;
    return sum->plain += value;
}

void engine_act(jlt_frame *frame, enum act act, unsigned how)
{
    struct parker parker;
    switch (act) {
    case ACT_THROW:
        failed = true;
        fake_fail(frame, JLT_EXCEPTION, "thrown");
        break;
    case ACT_YIELD:
        fake_yield();
        break;
    case ACT_SLEEP:
        parker_init(&parker);
        parker_wait(&parker, how * 500);
        break;
    default:
        free(malloc(how * 10 + 1));
    }
}

/* ---- what of the public API is not core's ---- */

bool api_refuses(const void *pointer, const char *call, const char *what)
{
    if (!pointer)
        error_fail(JLT_INVALID_ARGUMENT, "%s: %s is NULL", call, what);
    return !pointer;
}

jlt_runtime *jlt_runtime_clone(jlt_runtime *runtime)
{
    runtime_clone(runtime_of(runtime));
    return handle_new(HANDLE_RUNTIME, runtime_of(runtime));
}

void jlt_runtime_drop(jlt_runtime *runtime)
{
    runtime_drop(handle_end(runtime, HANDLE_RUNTIME, __func__));
}

jlt_status jlt_runtime_close(jlt_runtime *runtime, bool cancel)
{
    runtime_close(runtime_of(runtime), cancel);
    return error_none();
}

jlt_status jlt_runtime_close_within(jlt_runtime *runtime, int64_t timeout_ns)
{
    return runtime_close_within(runtime_of(runtime), timeout_ns);
}

bool jlt_runtime_is_closed(const jlt_runtime *runtime)
{
    return runtime_is_closed(runtime_of(runtime));
}

void jlt_fail(jlt_frame *frame, const char *format, ...)
{
    failed = true;
    fake_fail(frame, JLT_FAILED, format);
}

bool jlt_cancelled(const jlt_frame *frame)
{
    (void)frame;
    return current_fiber->message && message_is_given_up(current_fiber->message);
}
