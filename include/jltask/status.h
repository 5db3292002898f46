/* SPDX-License-Identifier: MIT
 *
 * What a function says of itself: any thread. */
#ifndef JLTASK_STATUS_H
#define JLTASK_STATUS_H

#include "base.h"

JLT_BEGIN_DECLARATIONS

#define JLT_STATUS_MAP(X)                                                                                              \
    X(OK, "success")                                                                                                   \
    X(EXCEPTION, "Julia threw an exception")                                                                           \
    X(FAILED, "the task's body called jlt_fail")                                                                       \
    X(TYPE_MISMATCH, "a value has another type than asked for")                                                        \
    X(NOT_FOUND, "a name is not defined")                                                                              \
    X(FULL, "a bounded mailbox or channel is full")                                                                    \
    X(CLOSED, "the runtime is closed or closing, or the task has ended")                                               \
    X(TIMEOUT, "the time limit passed; the receiver stays good")                                                       \
    X(PENDING, "no reply yet; the receiver stays good")                                                                \
    X(CANCELLED, "the call was cancelled")                                                                             \
    X(NO_MEMORY, "memory could not be allocated") /* by jltask or Julia: also an OutOfMemoryError of Julia code's */   \
    X(INVALID_ARGUMENT, "an argument is not allowed")                                                                  \
    X(NO_JULIA, "no usable Julia was found, or it could not be started")                                               \
    X(ALREADY_STARTED, "Julia has been started in this process already")                                               \
    X(DEADLINE_EXCEEDED, "the call's deadline passed")                                                                 \
    X(WOULD_DEADLOCK, "a body would wait for itself, directly or around a ring of tasks; a receiver stays good")

typedef enum jlt_status {
#define JLT_STATUS_ENUM(name, text) JLT_##name,
    JLT_STATUS_MAP(JLT_STATUS_ENUM)
#undef JLT_STATUS_ENUM
} jlt_status;

/* The status's name as it is written in C ("JLT_OK"), a literal; for other numbers "JLT_UNKNOWN". Any thread. */
JLT_API const char *jlt_status_name(jlt_status status);

/* Text about the calling thread's last status-returning call: empty after a success. The three belong to the
 * calling thread and stay good until its next status-returning call. jlt_error_type is the type of the Julia
 * exception ("DomainError"), jlt_error_backtrace its Julia backtrace, one line a stack frame, with the
 * exceptions that caused it below; both are empty where no Julia exception was involved. A NUL in Julia's text is
 * written as the two characters \0. Any thread. */
JLT_API const char *jlt_error_message(void);
JLT_API const char *jlt_error_type(void);
JLT_API const char *jlt_error_backtrace(void);

JLT_END_DECLARATIONS

#endif
