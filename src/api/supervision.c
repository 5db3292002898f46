/* SPDX-License-Identifier: MIT
 *
 * Entry points for monitors and names. */
#include "api/api.h"
#include "core/monitor.h"
#include "core/task.h"

jlt_status jlt_persistent_monitor_sized(jlt_persistent *task, size_t end_size, jlt_receiver **receiver)
{
    static const char call[] = "jlt_persistent_monitor";
    if (api_missing(task, call, "task") || api_missing(receiver, call, "receiver"))
        return JLT_INVALID_ARGUMENT;
    return monitor_set(task_of(task), end_size, (struct message **)receiver);
}

jlt_status jlt_runtime_register(jlt_runtime *runtime, const char *name, jlt_persistent *task)
{
    if (api_missing(runtime, __func__, "runtime") || api_missing(name, __func__, "name") ||
        api_missing(task, __func__, "task"))
        return JLT_INVALID_ARGUMENT;
    return names_register(runtime_of(runtime), name, task_of(task));
}

jlt_status jlt_runtime_lookup(jlt_runtime *runtime, const char *name, jlt_persistent **task)
{
    if (api_missing(runtime, __func__, "runtime") || api_missing(name, __func__, "name") ||
        api_missing(task, __func__, "task"))
        return JLT_INVALID_ARGUMENT;
    return names_lookup(runtime_of(runtime), name, (struct task **)task);
}

jlt_status jlt_runtime_unregister(jlt_runtime *runtime, const char *name)
{
    if (api_missing(runtime, __func__, "runtime") || api_missing(name, __func__, "name"))
        return JLT_INVALID_ARGUMENT;
    return names_unregister(runtime_of(runtime), name);
}
