/* SPDX-License-Identifier: MIT
 *
 * Functions written in Julia, called from C.
 *
 * Their sources are part of the library: bootstrap.jl, evaluated at the start, and files beside the C files that use
 * them, each evaluated when something in it is first called. A function is compiled as a @cfunction when it is first
 * called. So a program pays only for what it uses: compiling takes some milliseconds a function. */
#ifndef JLT_JULIA_BOOTSTRAP_H
#define JLT_JULIA_BOOTSTRAP_H

#include "core/runtime.h"

#include <jltask.h>

/* A Julia file, in the memory of this library. */
struct julia_source {
    const char *text, *file;
    size_t done; /* how much of the text has been evaluated; under the lock of bootstrap_need */
};

/* A function in it. */
struct julia_function {
    void *pointer; /* NULL until it is first needed */
    struct julia_source *source;
    const char *name, *signature;
    struct julia_source *base; /* a file that its own builds on; NULL: bootstrap.jl alone */
};

/* In a C file: declares the Julia function `name` of `source`, with C's and Julia's signature ("Cint, (Any,)"), one
 * below the other. A function with `failed` sets it and returns a Failure when Julia threw. */
#define JULIA_FUNCTION(source, result, name, parameters, signature)                                                    \
    typedef result name##_function parameters;                                                                         \
    static struct julia_function name##_data = {NULL, &(source), #name, signature, NULL}

/* The same for a file that builds on another, which is evaluated before it. */
#define JULIA_FUNCTION_ON(base, source, result, name, parameters, signature)                                           \
    typedef result name##_function parameters;                                                                         \
    static struct julia_function name##_data = {NULL, &(source), #name, signature, &(base)}

/* The function, to be called on a Julia thread: LATE(name, &error)(arguments). NULL: it cannot be had now, and *error,
 * the caller's, says why. There may be no stack or memory left to compile with, or this Julia lacks what the file
 * needs; the next try starts anew. */
#define LATE(name, error) ((name##_function *)bootstrap_function(&name##_data, error))

/* One that LATE has given before. */
#define LATE_AGAIN(name) ((name##_function *)__atomic_load_n(&name##_data.pointer, __ATOMIC_ACQUIRE))

struct error;
void *bootstrap_need(struct julia_function *function, struct error **error);

static inline void *bootstrap_function(struct julia_function *function, struct error **error)
{
    /* acquire pairs with the release in bootstrap_need: the code behind the pointer is complete */
    void *pointer = __atomic_load_n(&function->pointer, __ATOMIC_ACQUIRE);
    return __builtin_expect(pointer != NULL, 1) ? pointer : bootstrap_need(function, error);
}

/* X(name): globals that Main sees and that are never collected. */
#define BOOTSTRAP_VALUES(X)                                                                                            \
    X(nothing)                                                                                                         \
    X(missing)                                                                                                         \
    X(Bool)                                                                                                            \
    X(Char)                                                                                                            \
    X(Int8)                                                                                                            \
    X(Int16)                                                                                                           \
    X(Int32)                                                                                                           \
    X(Int64)                                                                                                           \
    X(UInt8)                                                                                                           \
    X(UInt16)                                                                                                          \
    X(UInt32)                                                                                                          \
    X(UInt64)                                                                                                          \
    X(Int128)                                                                                                          \
    X(UInt128)                                                                                                         \
    X(Float16)                                                                                                         \
    X(Float32)                                                                                                         \
    X(Float64)                                                                                                         \
    X(ComplexF32)                                                                                                      \
    X(ComplexF64)                                                                                                      \
    X(Base)                                                                                                            \
    X(Core)                                                                                                            \
    X(Main)                                                                                                            \
    X(Module)                                                                                                          \
    X(Ptr)                                                                                                             \
    X(Task)                                                                                                            \
    X(Threads)                                                                                                         \
    X(Type)                                                                                                            \
    X(VERSION)                                                                                                         \
    X(cglobal)                                                                                                         \
    X(fieldoffset)                                                                                                     \
    X(getfield)                                                                                                        \
    X(identity)                                                                                                        \
    X(include_string)                                                                                                  \
    X(schedule)                                                                                                        \
    X(showerror)                                                                                                       \
    X(sprint)                                                                                                          \
    X(string)                                                                                                          \
    X(wait)                                                                                                            \
    X(yield)

enum { uv_handle_bytes = 512 }; /* more than any handle of libuv's has */

/* Where some fields of a Julia task are, in bytes, and how many words its random generator has (none: it is the
 * thread's). */
struct task_fields {
    size_t storage_at, random_at, random_words;
};

/* What a started Julia gives. */
struct bootstrap {
#define BOOTSTRAP_VALUE_MEMBER(name) jlt_value *name;
    BOOTSTRAP_VALUES(BOOTSTRAP_VALUE_MEMBER)
#undef BOOTSTRAP_VALUE_MEMBER
    unsigned worker_count;
    int worker_threads[max_workers];  /* Julia's thread ids, from 1 */
    jlt_value *module, *Fiber, *STEP; /* bootstrap.jl's */
    jlt_value *eval;                  /* Core's */
    jlt_value *setfield;              /* setfield! */
    jlt_value *inherited;             /* the name of the field that a task takes over from the one that makes it */
    struct task_fields task_fields;
    const char *version; /* Julia's, with a pre-release's number, which jl_ver_string lacks */
    jlt_value *(*call)(jlt_value *const *arguments, size_t count, int *failed);
    struct uv {
        int (*poll_init)(void *loop, void *handle, int fd);
        int (*poll_start)(void *handle, int events, void (*callback)(void *handle, int status, int events));
        int (*prepare_init)(void *loop, void *handle);
        int (*prepare_start)(void *handle, void (*callback)(void *handle));
        int (*check_init)(void *loop, void *handle);
        int (*check_start)(void *handle, void (*callback)(void *handle));
        void (*close)(void *handle, void (*closed)(void *handle));
        void (*unref)(void *handle);
    } uv;
};
extern struct bootstrap bootstrap;

/* Evaluates bootstrap.jl and fills `bootstrap`. On Julia's first thread. JLT_NO_JULIA, reported. */
jlt_status bootstrap_load(void);

/* Up to 1.6, Julia's parser and its lowering leave what they return without a root for a moment, in which they may wait
 * for a collection, on every thread but the first; not where interrupts are put off. So they are in all bodies, and
 * whenever code is evaluated elsewhere. */
bool bootstrap_parser_is_unsafe(void);

/* The same report of a failed jl_call: what is being done, and Julia's exception. */
jlt_status bootstrap_failed(const char *what);

#endif
