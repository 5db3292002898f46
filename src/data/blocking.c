/* SPDX-License-Identifier: MIT
 *
 * C work that takes long: done on another thread, so that this one's tasks and collections go on. */
#include "data/frame.h"

#include "core/helpers.h"
#include "core/parker.h"

bool jlt_blocking(jlt_frame *frame, void (*work)(void *data), void *data)
{
    if (!frame_enter(frame, __func__))
        return false;
    if (!work) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "jlt_blocking: work is NULL");
        return false;
    }
    julia_may_collect();
    if (parker_prepare(-1) != JLT_OK) {
        frame_take(frame, (struct outcome){.failed = true, .error = error_detach()});
        return false;
    }
    jlt_status status = helpers_run(work, data);
    if (status == JLT_NO_MEMORY)
        frame_fail(frame, status, "jlt_blocking: no thread could be started");
    else if (status != JLT_OK)
        frame_fail(frame, status, "jlt_blocking: the runtime has ended");
    return status == JLT_OK;
}
