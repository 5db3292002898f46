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
    bool evaluated; /* under the lock of bootstrap_need */
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

/* The function, to be called on a Julia thread: LATE(name)(arguments). */
#define LATE(name) ((name##_function *)bootstrap_function(&name##_data))

void *bootstrap_need(struct julia_function *function);

static inline void *bootstrap_function(struct julia_function *function)
{
    /* acquire pairs with the release in bootstrap_need: the code behind the pointer is complete */
    void *pointer = __atomic_load_n(&function->pointer, __ATOMIC_ACQUIRE);
    return __builtin_expect(pointer != NULL, 1) ? pointer : bootstrap_need(function);
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
    X(cglobal)                                                                                                         \
    X(getfield)                                                                                                        \
    X(identity)                                                                                                        \
    X(include_string)                                                                                                  \
    X(schedule)                                                                                                        \
    X(showerror)                                                                                                       \
    X(sprint)                                                                                                          \
    X(wait)                                                                                                            \
    X(yield)

enum { uv_handle_bytes = 512 }; /* more than any handle of libuv's has */

/* What a started Julia gives. */
struct bootstrap {
#define BOOTSTRAP_VALUE_MEMBER(name) jlt_value *name;
    BOOTSTRAP_VALUES(BOOTSTRAP_VALUE_MEMBER)
#undef BOOTSTRAP_VALUE_MEMBER
    unsigned worker_count;
    int worker_threads[max_workers]; /* Julia's thread ids, from 1 */
    jlt_value *module, *Fiber;       /* bootstrap.jl's */
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

/* The same report of a failed jl_call: what is being done, and Julia's exception. */
jlt_status bootstrap_failed(const char *what);

#endif
