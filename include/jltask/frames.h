/* SPDX-License-Identifier: MIT
 *
 * Task body: the frame, which roots values and keeps the first failure. */
#ifndef JLTASK_FRAMES_H
#define JLTASK_FRAMES_H

#include "status.h"

JLT_BEGIN_DECLARATIONS

/* Every function that returns a jlt_value * roots it in the frame it is given: it stays good until that
 * frame's function returns (for init's frame: until the task has ended) or that scope is closed. */

/* A frame inside a frame. Values made in it are rooted until it is closed; it shares its failure with the frame
 * around it. Scopes are closed in reverse order; closing one closes those opened inside it, and one left open
 * is closed with the frame around it. On a failed frame jlt_scope_open works and never returns NULL but for
 * lack of memory. */
JLT_API jlt_frame *jlt_scope_open(jlt_frame *frame);
JLT_API void jlt_scope_close(jlt_frame *scope);

/* Roots a value in this frame as well, for instance in the frame around a scope, and returns it. */
JLT_API jlt_value *jlt_root(jlt_frame *frame, jlt_value *value);

/* A rooted variable that lives as long as the frame (init's frame: as long as the task; a scope: until it is closed; it
 * must not be used after that). Set replaces the value,
 * which is then no longer rooted by the slot. A slot made in init may be used in run and exit, with their
 * frames; get roots what it returns in the frame given. */
JLT_API jlt_slot *jlt_slot_new(jlt_frame *frame, jlt_value *value);
JLT_API jlt_value *jlt_slot_get(jlt_frame *frame, const jlt_slot *slot);
JLT_API void jlt_slot_set(jlt_frame *frame, jlt_slot *slot, jlt_value *value);

/* Whether the frame has not failed. */
JLT_API bool jlt_ok(const jlt_frame *frame);

/* Whether nobody waits for the body's reply any more: its call was cancelled, is late, was given up where its type says
 * skip_if_dropped, or the runtime's close has reached its limit. The body may stop or go on. On the body's thread;
 * false for NULL. In Julia code that the body calls: JLTask.cancelled(). */
JLT_API bool jlt_cancelled(const jlt_frame *frame);

/* Fails the frame with JLT_FAILED and a message of one's own; ignored if it has failed already. */
JLT_API void jlt_fail(jlt_frame *frame, const char *format, ...) JLT_PRINTF(2, 3);

/* Takes the failure off, so that the frame works again. Returns its status (JLT_OK if there was none) and makes
 * it the thread's error, so that jlt_error_message() tells what was caught. */
JLT_API jlt_status jlt_catch(jlt_frame *frame);

/* The Julia exception that the last jlt_catch of this body (in any of its scopes) took off, as a value rooted in the
 * frame: to ask for its type (jlt_isa) and its fields, to show it, to throw it again. What a file threw comes without
 * the LoadErrors around it, as jlt_error_type names it. NULL, which is no failure, if that was no exception
 * (jlt_fail, a wrong argument) or there was nothing to take off. Until then the frame keeps the exception alive, with
 * its backtrace and what it refers to. Task body. */
JLT_API jlt_value *jlt_caught(jlt_frame *frame);

JLT_END_DECLARATIONS

#endif
