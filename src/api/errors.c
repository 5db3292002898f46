/* SPDX-License-Identifier: MIT
 *
 * Names and texts of failures, and the debug counters. */
#include "base/checks.h"
#include "base/error.h"

const char *jlt_status_name(jlt_status status)
{
#define STATUS_NAME(name, text)                                                                                        \
    case JLT_##name:                                                                                                   \
        return "JLT_" #name;
    switch (status) {
        JLT_STATUS_MAP(STATUS_NAME)
    }
#undef STATUS_NAME
    return "JLT_UNKNOWN";
}

const char *jlt_error_message(void)
{
    const struct error *error = error_last();
    return error ? error->message : "";
}

const char *jlt_error_type(void)
{
    const struct error *error = error_last();
    return error ? error->type : "";
}

const char *jlt_error_backtrace(void)
{
    const struct error *error = error_last();
    return error ? error->backtrace : "";
}

jlt_counts jlt_debug_counts(void)
{
    if (!checks_enabled)
        return (jlt_counts){-1, -1, -1, -1, -1};
    return (jlt_counts){
        .tasks = atomic_load_explicit(&live_counts.tasks, memory_order_relaxed),
        .messages = atomic_load_explicit(&live_counts.messages, memory_order_relaxed),
        .receivers = atomic_load_explicit(&live_counts.receivers, memory_order_relaxed),
        .errors = atomic_load_explicit(&live_counts.errors, memory_order_relaxed),
        .held = atomic_load_explicit(&live_counts.held, memory_order_relaxed),
    };
}
