/* SPDX-License-Identifier: MIT
 *
 * C functions that Julia calls.
 *
 * A callable runs on whichever Julia task calls it, with a frame of its own on a guest's fiber (julia/guests.h), if
 * there is stack enough left: an overflow would be thrown through it, and leave the fiber and its frame behind. Its
 * failure is given to Julia as a value, and thrown there when no C function is on the stack any more: Julia throws by
 * longjmp, which would leave C frames without their ends.
 *
 * What Julia knows of the C side is one block, freed by the callable's finalizer: when it is collected, or at exit. */
#include "data/frame.h"

#include "data/known.h"
#include "julia/bootstrap.h"
#include "julia/guests.h"
#include "julia/stack.h"
#include "julia/symbols.h"

#include <stdlib.h>
#include <string.h>

static const char julia_text[] = {
#include "function.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:function.jl", 0};

JULIA_FUNCTION(source, jlt_value *, new_function,
               (const char *name, void (*enter)(void), void (*release)(void), void *self, int *failed),
               "Any, (Ptr{UInt8}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Failed)");
JULIA_FUNCTION(source, jlt_value *, arm_function, (jlt_value * function, int *failed), "Any, (Any, Failed)");
JULIA_FUNCTION(source, jlt_value *, new_plain_function,
               (void (*pointer)(void), jlt_value *result, jlt_value *parameters, int *failed),
               "Any, (Ptr{Cvoid}, Any, Any, Failed)");

_Static_assert(JLT_CLOSED == 6, "bootstrap.jl has this number");

/* How a call ended, for function.jl, and how it should begin. */
enum {
    CALL_ANYWAY = -1, /* however deep it is */
    CALL_THREW = 1,   /* the result is a Failure */
    CALL_OVERFLOWS,   /* it was not begun: there is too little stack */
    CALL_IS_DEEP,     /* it was not begun: not if a stack overflow is being handled */
    CALL_FAILED = 16  /* + a jlt_status; the result is the text */
};

struct function {
    jlt_callback *call;
    void *data;
    void (*release)(void *data);
};

/* ---- called by Julia ---- */

/* Sets *error if the frame failed with one that is no Julia object. */
static jlt_value *run(const struct function *self, jlt_frame *frame, jlt_value *const *arguments, size_t count,
                      int *failed, struct error **error)
{
    current_fiber = &frame->fiber->base;
    julia_leave_loop(current_fiber->worker);
    for (size_t i = 0; checks_enabled && i < count; i++) /* Julia's, but good until it returns */
        frame_root(frame, arguments[i]);
    jlt_value *result = self->call(frame, self->data, arguments, count);
    current_fiber = NULL;
    if (result && !frame->failed)
        known_expect(result, "jlt_function", "what the C function returned");
    if (!frame->failed)
        return result ? result : bootstrap.nothing;
    *failed = CALL_THREW;
    *error = frame->error;
    frame->error = NULL;
    return frame->exception;
}

/* Where there is an error, its text, made when nothing is left that an exception could leave undone. */
static jlt_value *text_of(struct error *error, int *failed)
{
    *failed = CALL_FAILED + (int)error->status;
    jlt_value *text = julia.pchar_to_string(error->message, strlen(error->message));
    error_free(error);
    return text;
}

/* What is returned is not rooted: nothing that could collect may follow. */
static jlt_value *called(const struct function *self, jlt_value *const *arguments, size_t count, int *failed)
{
    bool has_room = self->call && stack_has_room(STACK_TO_CALL);
    if (!has_room || (*failed != CALL_ANYWAY && stack_is_deep())) {
        *failed = has_room ? CALL_IS_DEEP : CALL_OVERFLOWS;
        return bootstrap.nothing;
    }
    *failed = 0;
    struct body body = leave_body(); /* for finalizers, which may run in a body; else there is none here */
    struct julia_fiber *fiber = julia_guest_begin();
    const struct engine *engine = fiber ? fiber->base.worker->runtime->engine : NULL;
    jlt_frame *frame = engine ? engine->frame_open(&fiber->base) : NULL;
    struct error *error = NULL;
    jlt_value *result = NULL;
    if (frame) {
        result = run(self, frame, arguments, count, failed, &error);
        error_free(engine->frame_close(frame, false));
    } else {
        error = error_format(JLT_NO_MEMORY, "no memory for the frame of a C function");
    }
    if (fiber)
        julia_guest_end(fiber);
    back_in_body(body);
    return error ? text_of(error, failed) : result;
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
    RETURN_LATE(new_function, name, (void (*)(void))called, (void (*)(void))released, self, &failed);
}

static struct outcome arm(jlt_value *function)
{
    RETURN_LATE(arm_function, function, &failed);
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
    struct outcome outcome = make(name ? name : "C function", self);
    jlt_value *value = frame_take(frame, outcome);
    if (outcome.failed || !value) {
        free(self);
        return NULL;
    }
    /* only now: until here the data is the caller's */
    return frame_take(frame, arm(value)) ? value : NULL;
}

static struct outcome make_plain(void (*function)(void), jlt_value *result, jlt_value *parameters)
{
    RETURN_LATE(new_plain_function, function, result, parameters, &failed);
}

jlt_value *jlt_c_function(jlt_frame *frame, void (*function)(void), jlt_value *return_type, jlt_value *argument_types)
{
    if (!frame_enter(frame, __func__) || !frame_wants_value(frame, return_type, __func__, "return_type") ||
        !frame_wants_value(frame, argument_types, __func__, "argument_types"))
        return NULL;
    if (!function) {
        frame_fail(frame, JLT_INVALID_ARGUMENT, "jlt_c_function: function is NULL");
        return NULL;
    }
    julia_may_collect();
    return frame_take(frame, make_plain(function, return_type, argument_types));
}
