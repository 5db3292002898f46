/* SPDX-License-Identifier: MIT
 *
 * What Julia uses, for threads that do not touch it: read by a task of its own if nobody has asked before. */
#include "api/api.h"
#include "base/error.h"
#include "data/frame.h"
#include "julia/settings.h"

#include <string.h>

static void read_settings(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    struct error *error = settings_read();
    if (error)
        frame_take(frame, (struct outcome){.failed = true, .error = error});
}

jlt_status jlt_runtime_settings_sized(jlt_runtime *runtime, jlt_settings *settings, size_t settings_size)
{
    static const jlt_task_type type = {.name = "settings", .run = read_settings};
    if (api_refuses(runtime, "jlt_runtime_settings", "runtime") ||
        api_refuses(settings, "jlt_runtime_settings", "settings"))
        return error_last()->status;
    (void)runtime_of(runtime); /* it must be a good one also where it is not needed */
    if (!settings_known()) {
        const struct type *own = type_of_own(&type);
        jlt_status status = own ? runtime_invoke(runtime_of(runtime), own, NULL, NULL) : error_last()->status;
        if (status != JLT_OK)
            return status;
    }
    memset(settings, 0, settings_size); /* a newer caller's further members */
    memcpy(settings, settings_known(), settings_size < sizeof *settings ? settings_size : sizeof *settings);
    return error_none();
}
