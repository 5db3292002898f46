/* SPDX-License-Identifier: MIT
 *
 * Entry points for what can be seen of a runtime. */
#include "api/api.h"
#include "base/error.h"
#include "base/out.h"
#include "core/dump.h"
#include "core/prometheus.h"
#include "core/task.h"
#include "julia/find.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- statistics ---- */

static jlt_status give(const jlt_stats *found, jlt_stats *stats, size_t stats_size)
{
    memset(stats, 0, stats_size); /* a newer caller's further members */
    memcpy(stats, found, stats_size < sizeof *found ? stats_size : sizeof *found);
    return error_none();
}

jlt_status jlt_runtime_stats_sized(jlt_runtime *runtime, jlt_stats *stats, size_t stats_size)
{
    static const char call[] = "jlt_runtime_stats";
    jlt_stats found;
    if (api_refuses(runtime, call, "runtime") || api_refuses(stats, call, "stats"))
        return error_last()->status;
    stats_of_runtime(runtime_of(runtime), &found);
    return give(&found, stats, stats_size);
}

jlt_status jlt_runtime_thread_stats_sized(jlt_runtime *runtime, size_t thread, jlt_stats *stats, size_t stats_size)
{
    static const char call[] = "jlt_runtime_thread_stats";
    jlt_stats found;
    if (api_refuses(runtime, call, "runtime") || api_refuses(stats, call, "stats"))
        return error_last()->status;
    unsigned threads = runtime_of(runtime)->worker_count;
    if (thread == 0 || thread > threads)
        return error_fail(JLT_INVALID_ARGUMENT, "%s: thread %zu, but they are 1 to %u", call, thread, threads);
    stats_of_worker(&runtime_of(runtime)->workers[thread - 1], &found);
    return give(&found, stats, stats_size);
}

jlt_status jlt_persistent_stats_sized(jlt_persistent *task, jlt_stats *stats, size_t stats_size)
{
    static const char call[] = "jlt_persistent_stats";
    jlt_stats found;
    if (api_refuses(task, call, "task") || api_refuses(stats, call, "stats"))
        return error_last()->status;
    stats_of_task(task_of(task), &found);
    return give(&found, stats, stats_size);
}

jlt_status jlt_stats_prometheus(jlt_runtime *runtime, char *text, size_t *length)
{
    struct out out = {.descriptor = -1};
    if (api_refuses(runtime, __func__, "runtime") || api_refuses(length, __func__, "length") ||
        (*length && api_refuses(text, __func__, "text")))
        return error_last()->status;
    jlt_status status = prometheus_write(runtime_of(runtime), &out);
    if (status != JLT_OK) {
        free(out.text);
        return error_report(error_constant(status));
    }
    size_t room = *length;
    bool fits = out.length < room;
    if (fits)
        memcpy(text, out.text, out.length + 1);
    free(out.text);
    *length = fits ? out.length : out.length + 1;
    return fits ? error_none()
                : error_fail(JLT_FULL, "%s: the text needs %zu bytes, but there is room for %zu", __func__, *length,
                             room);
}

/* ---- trace ---- */

jlt_status jlt_trace_start(jlt_runtime *runtime)
{
    if (api_refuses(runtime, __func__, "runtime"))
        return error_last()->status;
    trace_start(runtime_of(runtime));
    return error_none();
}

jlt_status jlt_trace_stop(jlt_runtime *runtime)
{
    if (api_refuses(runtime, __func__, "runtime"))
        return error_last()->status;
    trace_stop(runtime_of(runtime));
    return error_none();
}

jlt_status jlt_trace_write(jlt_runtime *runtime, int descriptor)
{
    int error = 0;
    if (api_refuses(runtime, __func__, "runtime"))
        return error_last()->status;
    jlt_status status = descriptor < 0 ? JLT_INVALID_ARGUMENT : trace_write(runtime_of(runtime), descriptor, &error);
    if (status == JLT_INVALID_ARGUMENT)
        return error_fail(status, "%s: descriptor %d cannot be written (errno %d)", __func__, descriptor,
                          error ? error : EBADF);
    return status == JLT_OK ? error_none() : error_report(error_constant(status));
}

/* ---- dump ---- */

jlt_status jlt_dump(int descriptor)
{
    if (fork_is_child())
        return JLT_CLOSED;
    struct runtime *runtime = api_runtime();
    return dump_write(runtime, runtime ? jlt_julia_version() : "", descriptor);
}

/* ---- which Julia ---- */

jlt_status jlt_julia_find(const char *julia, void (*tell)(void *context, const jlt_candidate *candidate), void *context)
{
    if (api_refuses(tell ? &tell : NULL, __func__, "tell"))
        return error_last()->status;
    return julia_candidates(julia, tell, context);
}
