/* SPDX-License-Identifier: MIT
 *
 * What bootstrap.jl hands to C. The names on both sides are checked against each other at start. */
#ifndef JLT_JULIA_BOOTSTRAP_H
#define JLT_JULIA_BOOTSTRAP_H

#include <jltask.h>

/* X(result, name, parameters): functions. Those with `failed` set it and return a Failure when Julia threw. The late
 * ones are compiled when they are first needed: they are reached through LATE(name). */
#define BOOTSTRAP_LATE_FUNCTIONS(X)                                                                                    \
    X(void, watch_loop, (void *, void (*before_poll)(void *), void *, void (*after_poll)(void *)))                     \
    X(jlt_value *, eval_code, (const char *code, int *failed))                                                         \
    X(jlt_value *, global_value, (const char *path, int *remember, int *failed))                                       \
    X(jlt_value *, main_value, (jlt_value * name))                                                                     \
    X(void, describe, (jlt_value * failure, describe_sink_fn * sink, void *context))                                   \
    X(jlt_value *, type_of, (jlt_value *))                                                                             \
    X(const char *, string_bytes, (jlt_value *, size_t * length))                                                      \
    X(jlt_value *, new_string, (const char *bytes, size_t length, int *failed))                                        \
    X(const char *, symbol_name, (jlt_value *))                                                                        \
    X(jlt_value *, make_array,                                                                                         \
      (int element, const void *data, int copied, size_t ndims, const size_t *dims, int *failed))                      \
    X(jlt_value *, view_array, (jlt_value *, int element, void *view, size_t max_dims, int *failed))                   \
    X(jlt_value *, new_page, (size_t length))                                                                          \
    X(void, page_store, (jlt_value * page, size_t index, jlt_value * value))                                           \
    X(void, suspend, (void *parker, void (*timed_out)(void *), int64_t ns))

#define BOOTSTRAP_FUNCTIONS(X)                                                                                         \
    X(jlt_value *, call, (jlt_value *const *arguments, size_t count, int *failed))                                     \
    X(jlt_value *, new_fiber, (int tid, int (*pump)(void *), void *data))                                              \
    X(void, schedule_fiber, (jlt_value * task))                                                                        \
    X(int, open_doorbell, (void *handle, void (*answer)(void *)))                                                      \
    X(void, close_doorbell, (void *handle, void (*closed)(void *)))                                                    \
    X(void, finish, (void))                                                                                            \
    X(void, serve, (void))                                                                                             \
    X(int, ring, (void *handle))                                                                                       \
    X(void, need, (const char *name))

/* X(name): values that are never collected. */
#define BOOTSTRAP_VALUES(X)                                                                                            \
    X(nothing)                                                                                                         \
    X(not_defined)                                                                                                     \
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
    X(Float32)                                                                                                         \
    X(Float64)                                                                                                         \
    X(Ptr)                                                                                                             \
    X(Type)                                                                                                            \
    X(Failure)

/* Receives the texts of a failure; they are good during the call. */
typedef void describe_sink_fn(void *context, int status, const char *message, size_t message_length, const char *type,
                              size_t type_length, const char *trace, size_t trace_length);

enum { max_workers = 1024 };

struct bootstrap {
#define BOOTSTRAP_FUNCTION_MEMBER(result, name, parameters) result(*name) parameters;
#define BOOTSTRAP_VALUE_MEMBER(name) jlt_value *name;
    BOOTSTRAP_FUNCTIONS(BOOTSTRAP_FUNCTION_MEMBER)
    BOOTSTRAP_LATE_FUNCTIONS(BOOTSTRAP_FUNCTION_MEMBER)
    BOOTSTRAP_VALUES(BOOTSTRAP_VALUE_MEMBER)
#undef BOOTSTRAP_FUNCTION_MEMBER
#undef BOOTSTRAP_VALUE_MEMBER
    void *doorbell_bytes; /* a size */
    unsigned worker_count;
    int worker_threads[max_workers]; /* Julia's thread ids, from 1 */
};
extern struct bootstrap bootstrap;

/* A late function. Acquire pairs with the release in bootstrap_need: the code behind the pointer is complete. */
#define LATE(name)                                                                                                     \
    ((void)(__atomic_load_n(&bootstrap.name, __ATOMIC_ACQUIRE) ? 0 : bootstrap_need(#name)), bootstrap.name)

/* Has a late function compiled, on a Julia thread; always 0. */
int bootstrap_need(const char *name);

/* Evaluates bootstrap.jl and fills `bootstrap`. On Julia's first thread. JLT_NO_JULIA, reported. */
jlt_status bootstrap_load(void);

#endif
