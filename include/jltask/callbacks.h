/* SPDX-License-Identifier: MIT
 *
 * Task body: C functions and C data for Julia, and C code that takes long. */
#ifndef JLTASK_CALLBACKS_H
#define JLTASK_CALLBACKS_H

#include "frames.h"

JLT_BEGIN_DECLARATIONS

/* A C function that Julia can call. It gets a frame of its own, good until it returns, on whichever Julia task calls
 * it: a body's, or one that Julia code started (@async, Threads.@spawn), on any of Julia's threads, several at once if
 * several tasks call it. The task stays on that thread until the function returns. What waits in it, in Julia or in
 * jltask, suspends only the task that called it. arguments: `count` values, rooted until it returns.
 *
 * It returns a value that is rooted in its frame or is one of the arguments; NULL is `nothing`. If its frame has
 * failed, the caller in Julia gets an exception: the very same one if Julia code that it called had thrown it, else a
 * Main.JLTask.CFunctionError with the failure's text as its message. That is thrown after the function has returned: a
 * Julia exception never crosses a C frame, and a function must not leave a frame of Julia's by longjmp either. */
typedef jlt_value *jlt_callback(jlt_frame *frame, void *data, jlt_value *const *arguments, size_t count);

/* A callable Julia object (a Function) that calls function with data. name is for messages and is copied; NULL: "C
 * function". release(data), which may be NULL, runs once, when Julia has collected the object, or at exit: on any of
 * Julia's threads, in the midst of anything, so it must neither call Julia nor wait. On failure (NULL) data is still
 * the caller's. JLT_INVALID_ARGUMENT for a NULL function, JLT_NO_MEMORY. */
JLT_API jlt_value *jlt_function(jlt_frame *frame, const char *name, jlt_callback *function, void *data,
                                void (*release)(void *data));

/* A callable Julia object that calls a plain C function, cast to void (*)(void), with arguments converted as ccall
 * does: return_type is a type, argument_types a tuple of types or a Tuple type, all of plain bits (numbers, Bool,
 * Ptr{T}, Cstring, structs of such; the return type may be Nothing); others are JLT_INVALID_ARGUMENT, what is no type
 * JLT_TYPE_MISMATCH. Julia cannot check that they are the function's own. For a Ptr{T} Julia takes an array of T too,
 * which is kept alive for the call. Called with a wrong number of arguments it throws an ArgumentError; with ones that
 * cannot be converted, what convert throws. The calls are compiled once for each signature. The function gets no frame
 * and must not touch Julia; it may send messages and wait for them, which suspends the Julia task that called it. */
JLT_API jlt_value *jlt_c_function(jlt_frame *frame, void (*function)(void), jlt_value *return_type,
                                  jlt_value *argument_types);

/* C data as an object that Julia code can keep and pass on but not look into. tag (copied; may be NULL) tells kinds of
 * data apart. release as in jlt_function; the data is Julia's unless this fails. JLT_INVALID_ARGUMENT for NULL data. */
JLT_API jlt_value *jlt_opaque(jlt_frame *frame, const char *tag, void *data, void (*release)(void *data));

/* The data of such an object, good as long as the object is rooted. What was made by something else, or with another
 * tag, fails with JLT_TYPE_MISMATCH, naming both, and gives NULL; a NULL tag takes any. */
JLT_API void *jlt_opaque_get(jlt_frame *frame, const char *tag, jlt_value *value);

/* Runs work(data), C code that takes long and does not touch Julia, on a thread that jltask keeps for such work; the
 * body is suspended until it returns, and collections and this thread's other tasks go on. Work may use everything in
 * jltask that any thread may, but no frame: that is an error, as jltask.h says. True if it ran; else the frame
 * has failed: JLT_NO_MEMORY (no thread), JLT_INVALID_ARGUMENT (work is NULL), JLT_CLOSED (in one of Julia's exit
 * hooks). */
JLT_API bool jlt_blocking(jlt_frame *frame, void (*work)(void *data), void *data);

JLT_END_DECLARATIONS

#endif
