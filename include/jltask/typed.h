/* SPDX-License-Identifier: MIT
 *
 * Client side and task body: types of tasks whose pointers the compiler checks. */
#ifndef JLTASK_TYPED_H
#define JLTASK_TYPED_H

#include "frames.h"
#include "limits.h"
#include "receivers.h"

/* One line makes a type of tasks and functions for it whose pointers are of its own types:
 *
 *     JLT_PERSISTENT(counter, struct counter_state, double, int64_t, double)
 *
 * with the types of its state, config, input and output, each a complete type that can stand before a `*` (give others,
 * arrays for instance, a typedef), or void: there is none. It declares these, which the program then defines:
 *
 *     static void counter_init(jlt_frame *frame, struct counter_state *state, const double *config);
 *     static void counter_run(jlt_frame *frame, struct counter_state *state, const int64_t *input, double *output);
 *     static void counter_exit(jlt_frame *frame, struct counter_state *state);
 *
 * makes `counter_type`, a static jlt_persistent_type with these bodies, and the client's functions (below). In C, more
 * members of the type may follow: JLT_PERSISTENT(counter, ..., double, .capacity = 100, .on_failure = JLT_STOP).
 *
 *     JLT_TASK(square, double, double)
 *
 * is the same for a one-shot task, by its input and output, with square_run(frame, input, output).
 *
 * To use a type from several files, or to write the jlt_persistent_type or jlt_task_type by hand (without an exit, with
 * bodies in Julia), use JLT_PERSISTENT_CLIENT(counter, double, int64_t, double) or JLT_TASK_CLIENT(square, double,
 * double), after a declaration of counter_type or square_type. They make the client's functions only.
 *
 * All of it is inline, and costs what the functions underneath do. Use the macros at file scope, without a semicolon.
 * In C, a pointer of a wrong type is an error, and not just a warning, in the rest of a file that uses one of them.
 * (C turns a void * into any pointer; those are not seen.)
 *
 * The client's functions do what those of the same end do (tasks.h, limits.h, receivers.h), with the same statuses:
 *
 *     counter_task       a handle: a struct of one jlt_persistent *, `task`
 *     counter_receiver   a reply to come: a struct of one jlt_receiver *, `receiver`, for what has no function here
 *     counter_start      the reply of a start, in the same way
 *
 *     counter_spawn(runtime, &config, &task)
 *     counter_dispatch(runtime, &config, &start)   counter_try_dispatch, counter_dispatch_with(..., &options, &start)
 *     counter_started(start, &task)                waits for the start
 *     counter_call(task, &input, &receiver)        counter_try_call, counter_call_with(..., &options, &receiver)
 *     counter_invoke(task, &input, &output)        counter_invoke_with(..., &options, &output)
 *     counter_recv(receiver, &output)              counter_recv_timeout(receiver, ns, &output), counter_try_recv
 *     counter_receiver_drop(receiver)
 *     counter_clone(task)   counter_drop(task)
 *
 * and of a one-shot type square_dispatch, _try_dispatch and _dispatch_with (runtime, &input, ..., &receiver),
 * square_invoke and _invoke_with (runtime, &input, ..., &output), square_recv and those after it. What is void is given
 * as NULL: its pointers are of the type jlt_none *. */

/* What stands for void in the client's functions, so that a pointer to something is an error there. */
typedef struct jlt_none {
    char unused;
} jlt_none;

/* A type with jlt_none for void, and its size with 0 for void. */
#ifdef __cplusplus
template <typename type> struct jlt_typed {
    typedef type some;
    static constexpr size_t size = sizeof(type);
};
template <> struct jlt_typed<void> {
    typedef jlt_none some;
    static constexpr size_t size = 0;
};
#define JLT_TYPED_SOME(T) typename jlt_typed<T>::some
#define JLT_TYPED_SIZE(T) jlt_typed<T>::size
#define JLT_TYPED_CAST(T, pointer) static_cast<T *>(pointer)
#define JLT_TYPED_STRICT
#else
#define JLT_TYPED_POINTER(T) _Generic((T *)0, void * : (jlt_none *)0, default : (T *)0)
#define JLT_TYPED_SOME(T) __typeof__(*JLT_TYPED_POINTER(T))
#define JLT_TYPED_SIZE(T) (sizeof(*JLT_TYPED_POINTER(T)) * _Generic((T *)0, void * : 0, default : 1))
#define JLT_TYPED_CAST(T, pointer) (pointer)
#if defined(__GNUC__)
#define JLT_TYPED_STRICT _Pragma("GCC diagnostic error \"-Wincompatible-pointer-types\"")
#else
#define JLT_TYPED_STRICT
#endif
#endif

#if defined(__GNUC__)
#define JLT_TYPED_INLINE __attribute__((unused)) static inline
#else
#define JLT_TYPED_INLINE static inline
#endif

/* Where a receiver's handle is stored; NULL for none. */
#define JLT_TYPED_AT(wrapper, member) ((wrapper) ? &(wrapper)->member : NULL)

/* ---- replies, of both kinds of types ---- */

#define JLT_TYPED_RECEIVER(N, O)                                                                                       \
    typedef JLT_TYPED_SOME(O) N##_output;                                                                              \
    typedef struct N##_receiver {                                                                                      \
        jlt_receiver *receiver;                                                                                        \
    } N##_receiver;                                                                                                    \
    JLT_TYPED_INLINE jlt_status N##_recv(N##_receiver receiver_, N##_output *output_)                                  \
    {                                                                                                                  \
        return jlt_receiver_recv(receiver_.receiver, output_);                                                         \
    }                                                                                                                  \
    JLT_TYPED_INLINE jlt_status N##_recv_timeout(N##_receiver receiver_, int64_t timeout_ns_, N##_output *output_)     \
    {                                                                                                                  \
        return jlt_receiver_recv_timeout(receiver_.receiver, timeout_ns_, output_);                                    \
    }                                                                                                                  \
    JLT_TYPED_INLINE jlt_status N##_try_recv(N##_receiver receiver_, N##_output *output_)                              \
    {                                                                                                                  \
        return jlt_receiver_try_recv(receiver_.receiver, output_);                                                     \
    }                                                                                                                  \
    JLT_TYPED_INLINE void N##_receiver_drop(N##_receiver receiver_)                                                    \
    {                                                                                                                  \
        jlt_receiver_drop(receiver_.receiver);                                                                         \
    }

/* ---- persistent tasks ---- */

#define JLT_PERSISTENT_CLIENT(N, C, I, O)                                                                              \
    JLT_TYPED_STRICT                                                                                                   \
    JLT_TYPED_RECEIVER(N, O)                                                                                           \
    typedef JLT_TYPED_SOME(C) N##_config;                                                                              \
    typedef JLT_TYPED_SOME(I) N##_input;                                                                               \
    typedef struct N##_task {                                                                                          \
        jlt_persistent *task;                                                                                          \
    } N##_task;                                                                                                        \
    typedef struct N##_start {                                                                                         \
        jlt_receiver *receiver;                                                                                        \
    } N##_start;                                                                                                       \
    JLT_TYPED_INLINE jlt_status N##_spawn(jlt_runtime *runtime_, const N##_config *config_, N##_task *task_)           \
    {                                                                                                                  \
        return jlt_persistent_spawn(runtime_, &N##_type, config_, JLT_TYPED_AT(task_, task));                          \
    }                                                                                                                  \
    JLT_TYPED_INLINE jlt_status N##_dispatch(jlt_runtime *runtime_, const N##_config *config_, N##_start *start_)      \
    {                                                                                                                  \
        return jlt_persistent_dispatch(runtime_, &N##_type, config_, JLT_TYPED_AT(start_, receiver));                  \
    }                                                                                                                  \
    JLT_TYPED_INLINE jlt_status N##_try_dispatch(jlt_runtime *runtime_, const N##_config *config_, N##_start *start_)  \
    {                                                                                                                  \
        return jlt_persistent_try_dispatch(runtime_, &N##_type, config_, JLT_TYPED_AT(start_, receiver));              \
    }                                                                                                                  \
    JLT_TYPED_INLINE jlt_status N##_dispatch_with(jlt_runtime *runtime_, const N##_config *config_,                    \
                                                  const jlt_call_options *options_, N##_start *start_)                 \
    {                                                                                                                  \
        return jlt_persistent_dispatch_with(runtime_, &N##_type, config_, options_, JLT_TYPED_AT(start_, receiver));   \
    }                                                                                                                  \
    JLT_TYPED_INLINE jlt_status N##_started(N##_start start_, N##_task *task_)                                         \
    {                                                                                                                  \
        return jlt_receiver_recv(start_.receiver, JLT_TYPED_AT(task_, task));                                          \
    }                                                                                                                  \
    JLT_TYPED_INLINE jlt_status N##_call(N##_task task_, const N##_input *input_, N##_receiver *receiver_)             \
    {                                                                                                                  \
        return jlt_persistent_call(task_.task, input_, JLT_TYPED_AT(receiver_, receiver));                             \
    }                                                                                                                  \
    JLT_TYPED_INLINE jlt_status N##_try_call(N##_task task_, const N##_input *input_, N##_receiver *receiver_)         \
    {                                                                                                                  \
        return jlt_persistent_try_call(task_.task, input_, JLT_TYPED_AT(receiver_, receiver));                         \
    }                                                                                                                  \
    JLT_TYPED_INLINE jlt_status N##_call_with(N##_task task_, const N##_input *input_,                                 \
                                              const jlt_call_options *options_, N##_receiver *receiver_)               \
    {                                                                                                                  \
        return jlt_persistent_call_with(task_.task, input_, options_, JLT_TYPED_AT(receiver_, receiver));              \
    }                                                                                                                  \
    JLT_TYPED_INLINE jlt_status N##_invoke(N##_task task_, const N##_input *input_, N##_output *output_)               \
    {                                                                                                                  \
        return jlt_persistent_invoke(task_.task, input_, output_);                                                     \
    }                                                                                                                  \
    JLT_TYPED_INLINE jlt_status N##_invoke_with(N##_task task_, const N##_input *input_,                               \
                                                const jlt_call_options *options_, N##_output *output_)                 \
    {                                                                                                                  \
        return jlt_persistent_invoke_with(task_.task, input_, options_, output_);                                      \
    }                                                                                                                  \
    JLT_TYPED_INLINE N##_task N##_clone(N##_task task_)                                                                \
    {                                                                                                                  \
        task_.task = jlt_persistent_clone(task_.task);                                                                 \
        return task_;                                                                                                  \
    }                                                                                                                  \
    JLT_TYPED_INLINE void N##_drop(N##_task task_)                                                                     \
    {                                                                                                                  \
        jlt_persistent_drop(task_.task);                                                                               \
    }

/* The bodies as the library calls them: a function must be called by its own type. */
#define JLT_TYPED_BODIES(N, S, C, I, O)                                                                                \
    static void N##_init(jlt_frame *frame_, S *state_, C const *config_);                                              \
    static void N##_run(jlt_frame *frame_, S *state_, I const *input_, O *output_);                                    \
    static void N##_exit(jlt_frame *frame_, S *state_);                                                                \
    static void N##_init_body(jlt_frame *frame_, void *state_, const void *config_)                                    \
    {                                                                                                                  \
        N##_init(frame_, JLT_TYPED_CAST(S, state_), JLT_TYPED_CAST(C const, config_));                                 \
    }                                                                                                                  \
    static void N##_run_body(jlt_frame *frame_, void *state_, const void *input_, void *output_)                       \
    {                                                                                                                  \
        N##_run(frame_, JLT_TYPED_CAST(S, state_), JLT_TYPED_CAST(I const, input_), JLT_TYPED_CAST(O, output_));       \
    }                                                                                                                  \
    static void N##_exit_body(jlt_frame *frame_, void *state_)                                                         \
    {                                                                                                                  \
        N##_exit(frame_, JLT_TYPED_CAST(S, state_));                                                                   \
    }

#define JLT_TYPED_BODY(N, I, O)                                                                                        \
    static void N##_run(jlt_frame *frame_, I const *input_, O *output_);                                               \
    static void N##_run_body(jlt_frame *frame_, const void *input_, void *output_)                                     \
    {                                                                                                                  \
        N##_run(frame_, JLT_TYPED_CAST(I const, input_), JLT_TYPED_CAST(O, output_));                                  \
    }

/* ---- one-shot tasks ---- */

#define JLT_TASK_CLIENT(N, I, O)                                                                                       \
    JLT_TYPED_STRICT                                                                                                   \
    JLT_TYPED_RECEIVER(N, O)                                                                                           \
    typedef JLT_TYPED_SOME(I) N##_input;                                                                               \
    JLT_TYPED_INLINE jlt_status N##_dispatch(jlt_runtime *runtime_, const N##_input *input_, N##_receiver *receiver_)  \
    {                                                                                                                  \
        return jlt_task_dispatch(runtime_, &N##_type, input_, JLT_TYPED_AT(receiver_, receiver));                      \
    }                                                                                                                  \
    JLT_TYPED_INLINE jlt_status N##_try_dispatch(jlt_runtime *runtime_, const N##_input *input_,                       \
                                                 N##_receiver *receiver_)                                              \
    {                                                                                                                  \
        return jlt_task_try_dispatch(runtime_, &N##_type, input_, JLT_TYPED_AT(receiver_, receiver));                  \
    }                                                                                                                  \
    JLT_TYPED_INLINE jlt_status N##_dispatch_with(jlt_runtime *runtime_, const N##_input *input_,                      \
                                                  const jlt_call_options *options_, N##_receiver *receiver_)           \
    {                                                                                                                  \
        return jlt_task_dispatch_with(runtime_, &N##_type, input_, options_, JLT_TYPED_AT(receiver_, receiver));       \
    }                                                                                                                  \
    JLT_TYPED_INLINE jlt_status N##_invoke(jlt_runtime *runtime_, const N##_input *input_, N##_output *output_)        \
    {                                                                                                                  \
        return jlt_task_invoke(runtime_, &N##_type, input_, output_);                                                  \
    }                                                                                                                  \
    JLT_TYPED_INLINE jlt_status N##_invoke_with(jlt_runtime *runtime_, const N##_input *input_,                        \
                                                const jlt_call_options *options_, N##_output *output_)                 \
    {                                                                                                                  \
        return jlt_task_invoke_with(runtime_, &N##_type, input_, options_, output_);                                   \
    }

/* ---- type, bodies and client's functions in one ---- */

#ifdef __cplusplus
#define JLT_PERSISTENT(N, S, C, I, O)                                                                                  \
    JLT_TYPED_BODIES(N, S, C, I, O)                                                                                    \
    static const jlt_persistent_type N##_type = [] {                                                                   \
        jlt_persistent_type type_{};                                                                                   \
        type_.name = #N;                                                                                               \
        type_.state_size = JLT_TYPED_SIZE(S);                                                                          \
        type_.config_size = JLT_TYPED_SIZE(C);                                                                         \
        type_.input_size = JLT_TYPED_SIZE(I);                                                                          \
        type_.output_size = JLT_TYPED_SIZE(O);                                                                         \
        type_.init = N##_init_body;                                                                                    \
        type_.run = N##_run_body;                                                                                      \
        type_.exit = N##_exit_body;                                                                                    \
        return type_;                                                                                                  \
    }();                                                                                                               \
    JLT_PERSISTENT_CLIENT(N, C, I, O)

#define JLT_TASK(N, I, O)                                                                                              \
    JLT_TYPED_BODY(N, I, O)                                                                                            \
    static const jlt_task_type N##_type = [] {                                                                         \
        jlt_task_type type_{};                                                                                         \
        type_.name = #N;                                                                                               \
        type_.input_size = JLT_TYPED_SIZE(I);                                                                          \
        type_.output_size = JLT_TYPED_SIZE(O);                                                                         \
        type_.run = N##_run_body;                                                                                      \
        return type_;                                                                                                  \
    }();                                                                                                               \
    JLT_TASK_CLIENT(N, I, O)
#else
/* The comma at the end: the last parameter may be empty, but not missing. */
#define JLT_PERSISTENT(...) JLT_TYPED_PERSISTENT(__VA_ARGS__, )
#define JLT_TYPED_PERSISTENT(N, S, C, I, O, ...)                                                                       \
    JLT_TYPED_BODIES(N, S, C, I, O)                                                                                    \
    static const jlt_persistent_type N##_type = {.name = #N,                                                           \
                                                 .state_size = JLT_TYPED_SIZE(S),                                      \
                                                 .config_size = JLT_TYPED_SIZE(C),                                     \
                                                 .input_size = JLT_TYPED_SIZE(I),                                      \
                                                 .output_size = JLT_TYPED_SIZE(O),                                     \
                                                 .init = N##_init_body,                                                \
                                                 .run = N##_run_body,                                                  \
                                                 .exit = N##_exit_body,                                                \
                                                 __VA_ARGS__};                                                         \
    JLT_PERSISTENT_CLIENT(N, C, I, O)

#define JLT_TASK(...) JLT_TYPED_TASK(__VA_ARGS__, )
#define JLT_TYPED_TASK(N, I, O, ...)                                                                                   \
    JLT_TYPED_BODY(N, I, O)                                                                                            \
    static const jlt_task_type N##_type = {.name = #N,                                                                 \
                                           .input_size = JLT_TYPED_SIZE(I),                                            \
                                           .output_size = JLT_TYPED_SIZE(O),                                           \
                                           .run = N##_run_body,                                                        \
                                           __VA_ARGS__};                                                               \
    JLT_TASK_CLIENT(N, I, O)
#endif

#endif
