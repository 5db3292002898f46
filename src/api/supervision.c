/* SPDX-License-Identifier: MIT
 *
 * Entry points for monitors and names. */
#include "api/api.h"
#include "base/error.h"
#include "core/monitor.h"
#include "core/task.h"

jlt_status jlt_persistent_monitor_sized(jlt_persistent *task, size_t end_size, jlt_receiver **receiver)
{
    static const char call[] = "jlt_persistent_monitor";
    if (api_refuses(task, call, "task") || api_refuses(receiver, call, "receiver"))
        return error_last()->status;
    return monitor_set(task_of(task), end_size, (struct message **)receiver);
}

jlt_status jlt_runtime_register(jlt_runtime *runtime, const char *name, jlt_persistent *task)
{
    if (api_refuses(runtime, __func__, "runtime") || api_refuses(name, __func__, "name") ||
        api_refuses(task, __func__, "task"))
        return error_last()->status;
    return names_register(runtime_of(runtime), name, task_of(task));
}

jlt_status jlt_runtime_lookup(jlt_runtime *runtime, const char *name, jlt_persistent **task)
{
    if (api_refuses(runtime, __func__, "runtime") || api_refuses(name, __func__, "name") ||
        api_refuses(task, __func__, "task"))
        return error_last()->status;
    struct task *found;
    jlt_status status = names_lookup(runtime_of(runtime), name, &found);
    if (status == JLT_OK)
        *task = handle_new(HANDLE_TASK, found);
    return status;
}

jlt_status jlt_runtime_unregister(jlt_runtime *runtime, const char *name)
{
    if (api_refuses(runtime, __func__, "runtime") || api_refuses(name, __func__, "name"))
        return error_last()->status;
    return names_unregister(runtime_of(runtime), name);
}
