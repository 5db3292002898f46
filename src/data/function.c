/* SPDX-License-Identifier: MIT
 *
 * C functions that Julia calls.
 *
 * A callable runs on whichever Julia task calls it, with a frame of its own on a guest's fiber (julia/guests.h). Its
 * failure is given to Julia as a value, and thrown there when no C function is on the stack any more: Julia throws by
 * longjmp, which would leave C frames without their ends.
 *
 * What Julia knows of the C side is one block, freed by the callable's finalizer: when it is collected, or at exit. */
#include "data/frame.h"

#include "julia/bootstrap.h"
#include "julia/guests.h"

#include <stdlib.h>

static const char julia_text[] = {
#include "function.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:function.jl", false};

JULIA_FUNCTION(source, jlt_value *, new_function,
               (const char *name, void (*enter)(void), void (*release)(void), void *self, int *failed),
               "Any, (Ptr{UInt8}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Failed)");
JULIA_FUNCTION(source, jlt_value *, arm_function, (jlt_value * function, int *failed), "Any, (Any, Failed)");
JULIA_FUNCTION(source, jlt_value *, text_failure, (int status, const char *message), "Any, (Cint, Ptr{UInt8})");
JULIA_FUNCTION(source, jlt_value *, new_plain_function,
               (void (*pointer)(void), jlt_value *result, jlt_value *parameters, int *failed),
               "Any, (Ptr{Cvoid}, Any, Any, Failed)");

_Static_assert(JLT_CLOSED == 6, "bootstrap.jl has this number");

struct function {
    jlt_callback *call;
    void *data;
    void (*release)(void *data);
};

/* ---- called by Julia ---- */

/* The frame's failure as a Failure of bootstrap.jl's, not rooted once the frame is closed. */
static jlt_value *failure_of(const jlt_frame *frame)
{
    if (frame->exception)
        return frame->exception;
    return LATE(text_failure)(frame->error->status, frame->error->message);
}

static jlt_value *run(const struct function *self, jlt_frame *frame, jlt_value *const *arguments, size_t count,
                      int *failed)
{
    current_fiber = &frame->fiber->base;
    julia_leave_loop(current_fiber->worker);
    jlt_value *result = self->call(frame, self->data, arguments, count);
    current_fiber = NULL;
    *failed = frame->failed;
    if (frame->failed)
        return failure_of(frame);
    return result ? result : bootstrap.nothing;
}

/* What is returned is not rooted: nothing that could collect may follow. */
static jlt_value *called(const struct function *self, jlt_value *const *arguments, size_t count, int *failed)
{
    struct body body = leave_body(); /* for finalizers, which may run in a body; else there is none here */
    struct julia_fiber *fiber = julia_guest_begin();
    const struct engine *engine = fiber ? fiber->base.worker->runtime->engine : NULL;
    jlt_frame *frame = engine ? engine->frame_open(&fiber->base) : NULL;
    jlt_value *result;
    if (frame) {
        result = run(self, frame, arguments, count, failed);
        error_free(engine->frame_close(frame, false));
    } else {
        *failed = 1;
        result = LATE(text_failure)(JLT_NO_MEMORY, "no memory for the frame of a C function");
    }
    if (fiber)
        julia_guest_end(fiber);
    back_in_body(body);
    return result;
}

static void released(struct function *self)
{
    if (self->release)
        self->release(self->data);
    free(self);
}

/* ---- the API ---- */

static struct outcome make(const char *name, struct function *self)
{
    RETURN_OUTCOME(LATE(new_function)(name, (void (*)(void))called, (void (*)(void))released, self, &failed));
}

static struct outcome arm(jlt_value *function)
{
    RETURN_OUTCOME(LATE(arm_function)(function, &failed));
}

jlt_value *jlt_function(jlt_frame *frame, const char *name, jlt_callback *function, void *data,
                        void (*release)(void *data))
{
    if (!frame_enter(frame, __func__))
        return NULL;
    if (!function) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "jlt_function: function is NULL");
        return NULL;
    }
    struct function *self = malloc(sizeof *self);
    if (!self) {
        frame_fail(frame, JLT_NO_MEMORY, "no memory for a C function");
        return NULL;
    }
    *self = (struct function){function, data, release};
    jlt_value *value = frame_take(frame, make(name ? name : "C function", self));
    if (!value) {
        free(self);
        return NULL;
    }
    /* only now: until here the data is the caller's */
    return frame_take(frame, arm(value)) ? value : NULL;
}

static struct outcome make_plain(void (*function)(void), jlt_value *result, jlt_value *parameters)
{
    RETURN_OUTCOME(LATE(new_plain_function)(function, result, parameters, &failed));
}

jlt_value *jlt_c_function(jlt_frame *frame, void (*function)(void), jlt_value *return_type, jlt_value *argument_types)
{
    if (!frame_enter(frame, __func__) || !frame_wants(frame, return_type, __func__, "return_type") ||
        !frame_wants(frame, argument_types, __func__, "argument_types"))
        return NULL;
    if (!function) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "jlt_c_function: function is NULL");
        return NULL;
    }
    julia_may_collect();
    return frame_take(frame, make_plain(function, return_type, argument_types));
}
