/* SPDX-License-Identifier: MIT
 *
 * Frames: what the body of a task holds of Julia. The rules are at the top of frame.c. */
#ifndef JLT_DATA_FRAME_H
#define JLT_DATA_FRAME_H

#include "base/error.h"
#include "julia/calls.h"
#include "julia/engine.h"

struct jlt_frame {
    struct julia_fiber *fiber;
    jlt_frame *outer; /* the frame around this scope; NULL: a message's frame */
    jlt_frame *base;  /* the message's frame, which keeps the failure for all its scopes */
    bool open;
    struct root_list roots;
    struct jlt_slot *slots; /* made in this frame */
    /* of a base: the failure. An exception stays a Julia object until somebody asks for its text. */
    bool failed;
    struct error *error;
    jlt_value *exception;
    jlt_value *caught; /* of a base: the exception that the last jlt_catch took off, as a Failure; or NULL */
};

/* The engine with the frame functions that core asks for. */
const struct engine *frame_engine(void);
julia_mark_frames_fn frames_mark;
julia_new_frame_fn frames_new;
julia_free_frames_fn frames_free;

/* The start of every function that takes a frame: false if the call should do nothing, because the frame has failed,
 * or is not one that the caller may use now (then that is reported or aborts). call: the function's name. */
bool frame_enter(const jlt_frame *frame, const char *call);

/* The same, for functions that work on failed frames too. */
bool frame_is_usable(const jlt_frame *frame, const char *call);

/* Fails the frame, unless it has failed. */
void frame_fail(jlt_frame *frame, jlt_status status, const char *format, ...) JLT_PRINTF(3, 4);

/* Roots value in the frame and returns it; NULL for NULL, and where there is no memory (the frame fails). Collects in
 * the stress mode, after rooting. */
jlt_value *frame_root(jlt_frame *frame, jlt_value *value);

/* The value of an outcome, rooted; or NULL, and the frame fails if it has not failed meanwhile. */
jlt_value *frame_take(jlt_frame *frame, struct outcome outcome);

/* A late function (bootstrap.h) that tells of no failure itself: FRAME_LATE(frame, name). NULL, and the frame fails, if
 * it cannot be had. */
#define FRAME_LATE(frame, name) ((name##_function *)frame_late(frame, &name##_data))
struct julia_function;
void *frame_late(jlt_frame *frame, struct julia_function *function);

/* False, and the frame fails, if value is NULL. frame_wants_value: for Julia values, which with JLT_CHECKS must be
 * rooted (data/known.h). */
bool frame_wants_value(jlt_frame *frame, jlt_value *value, const char *call, const char *what);
bool frame_wants(jlt_frame *frame, const void *value, const char *call, const char *what);

#endif
