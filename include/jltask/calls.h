/* SPDX-License-Identifier: MIT
 *
 * Task body: globals, code, calls of Julia functions, and Julia tasks. */
#ifndef JLTASK_CALLS_H
#define JLTASK_CALLS_H

#include "frames.h"

JLT_BEGIN_DECLARATIONS

/* A global by dotted path: "Base.sqrt", "Main.config", "Base.Threads.nthreads", "Base.+". The first name is
 * looked up in Main, then among the loaded packages. Later names are module members, or properties of values.
 * Fails with JLT_NOT_FOUND. */
JLT_API jlt_value *jlt_global(jlt_frame *frame, const char *path);

/* The same, and the variable remembers what the path led to, so that a repeated look-up costs next to nothing:
 *     static jlt_static_global square_root = JLT_STATIC_GLOBAL("Base.sqrt");
 *     jlt_value *f = jlt_global_static(frame, &square_root);
 * or, with GCC and Clang, jlt_global_cached(frame, "Base.sqrt"), which has such a variable inside. What may change is
 * not remembered: globals of Main are read each time, and members of other modules of the program's looked up. Many
 * threads may use one variable at once. The path must stay as it is. Also JLT_INVALID_ARGUMENT for NULL. */
typedef struct jlt_static_global {
    const char *path;
    void *known; /* jltask's */
} jlt_static_global;
#define JLT_STATIC_GLOBAL(path)                                                                                        \
    {                                                                                                                  \
        path, NULL                                                                                                     \
    }
JLT_API jlt_value *jlt_global_static(jlt_frame *frame, jlt_static_global *global);
#ifdef __GNUC__
#define jlt_global_cached(frame, path)                                                                                 \
    __extension__({                                                                                                    \
        static jlt_static_global jlt_static_global_here = JLT_STATIC_GLOBAL(path);                                     \
        jlt_global_static((frame), &jlt_static_global_here);                                                           \
    })
#endif

/* Assigns a global by path: "Main.config.limit", where Main.config is a module, or "limit" in Main. All but the last
 * name are looked up as in jlt_global. The value itself is stored, without a copy. True if done.
 *
 * jlt_set_global: name = value, as code in that module does it. The variable is made if there is none, and one that has
 * a type converts the value. jlt_set_const: const name = value, for a name that is new. A constant, one of Base's too,
 * is never changed: another value for it is Julia's exception (ErrorException), also on releases that would warn (until
 * 1.11) or define it anew (since 1.12). The same value again (===) is no failure of jlt_set_const, so that each of many
 * tasks may set it. All tasks see the value from their next call on, in code that Julia has compiled, too.
 *
 * JLT_NOT_FOUND: no such module. JLT_TYPE_MISMATCH: it is something else, whose fields jlt_field_set sets.
 * JLT_INVALID_ARGUMENT: NULL, and what is no name. JLT_EXCEPTION: a constant, a name that the module has from another
 * one, a value that cannot be converted; for jlt_set_const a name that is a variable already. */
JLT_API bool jlt_set_global(jlt_frame *frame, const char *path, jlt_value *value);
JLT_API bool jlt_set_const(jlt_frame *frame, const char *path, jlt_value *value);

/* Evaluates Julia code in Main, which compiles it each time, and returns the value of its last statement: what
 * `julia -e` takes, with the same results. All statements are evaluated in order until one throws; a syntax error
 * anywhere is an exception (JLT_EXCEPTION), and nothing of the code is evaluated. */
JLT_API jlt_value *jlt_eval(jlt_frame *frame, const char *code);

/* Calls a Julia function with any number of values. Whatever the call waits for suspends only this task. A NULL
 * argument on a frame that has not failed is JLT_INVALID_ARGUMENT. */
#define jlt_call(frame, ...) jlt_call_list((frame), JLT_LIST(__VA_ARGS__))
JLT_API jlt_value *jlt_call_n(jlt_frame *frame, jlt_value *function, jlt_value *const *arguments, size_t count);

/* Beneath jlt_call: the function and its arguments, ended by JLT_LIST_END. */
JLT_API jlt_value *jlt_call_list(jlt_frame *frame, jlt_value *const *list);
#define JLT_LIST_END ((jlt_value *)(intptr_t)-1)

/* Values as a list that ends so, good until the end of the full expression or block. */
#ifdef __cplusplus
#define JLT_LIST(...) (std::initializer_list<jlt_value *>{__VA_ARGS__, JLT_LIST_END}.begin())
#else
#define JLT_LIST(...) ((jlt_value *const[]){__VA_ARGS__, JLT_LIST_END})
#endif

/* All root what they return in the frame. As in jlt_call, whatever the call waits for suspends only this task; what
 * Julia throws fails the frame with JLT_EXCEPTION; and a NULL argument on a frame that has not failed is
 * JLT_INVALID_ARGUMENT. The forms with _n take an array of `count` arguments, those with _list the function and its
 * arguments, ended by JLT_LIST_END. Anything that Julia can call is a function here: closures and callable
 * structs too. */

/* jlt_call_kw(frame, keywords, function, ...): function(...; keywords...), keywords being a NamedTuple; anything else
 * fails with JLT_TYPE_MISMATCH. */
#define jlt_call_kw(frame, keywords, ...) jlt_call_kw_list((frame), (keywords), JLT_LIST(__VA_ARGS__))
JLT_API jlt_value *jlt_call_kw_n(jlt_frame *frame, jlt_value *keywords, jlt_value *function,
                                 jlt_value *const *arguments, size_t count);
JLT_API jlt_value *jlt_call_kw_list(jlt_frame *frame, jlt_value *keywords, jlt_value *const *list);

/* function(collection...): the elements of a tuple, an array or anything else that Julia can iterate are the
 * arguments. */
JLT_API jlt_value *jlt_call_splat(jlt_frame *frame, jlt_value *function, jlt_value *collection);

/* jlt_broadcast(frame, function, ...): function.(...), the call for each element of the arguments, with Julia's rules
 * for their shapes; shapes that do not fit are an exception (DimensionMismatch). */
#define jlt_broadcast(frame, ...) jlt_broadcast_list((frame), JLT_LIST(__VA_ARGS__))
JLT_API jlt_value *jlt_broadcast_n(jlt_frame *frame, jlt_value *function, jlt_value *const *arguments, size_t count);
JLT_API jlt_value *jlt_broadcast_list(jlt_frame *frame, jlt_value *const *list);

/* jlt_spawn(frame, function, ...): starts function(...) as a Julia task, as Threads.@spawn does, on whichever thread of
 * Julia's default pool is free, and returns the Task at once. The arguments stay alive as long as the task. It goes on
 * when the frame has ended, too; a failure of it is seen by whoever fetches it. */
#define jlt_spawn(frame, ...) jlt_spawn_list((frame), JLT_LIST(__VA_ARGS__))
JLT_API jlt_value *jlt_spawn_n(jlt_frame *frame, jlt_value *function, jlt_value *const *arguments, size_t count);
JLT_API jlt_value *jlt_spawn_list(jlt_frame *frame, jlt_value *const *list);

/* The same with options (NULL: the defaults): jlt_spawn_with(frame, &options, function, ...). The options, and a value
 * in them, are needed until the call returns. A literal in place of a variable is put in parentheses, for the macro:
 * (&(jlt_spawn_options){.keywords = named, .interactive = true}). JLT_TYPE_MISMATCH if keywords is no NamedTuple. */
typedef struct jlt_spawn_options {
    jlt_value *keywords; /* a NamedTuple: function(...; keywords...); or NULL */
    bool interactive;    /* in Julia's interactive pool (options.interactive_threads), for what should begin at once
                            while bodies compute; the default pool where there are no such threads, as before 1.9 */
} jlt_spawn_options;
#define jlt_spawn_with(frame, options, ...)                                                                            \
    jlt_spawn_with_list((frame), (options), sizeof(jlt_spawn_options), JLT_LIST(__VA_ARGS__))
static inline jlt_value *jlt_spawn_with_n(jlt_frame *frame, const jlt_spawn_options *options, jlt_value *function,
                                          jlt_value *const *arguments, size_t count);

/* Beneath them: they take the size of the struct as its caller knows it, so that it can grow without breaking programs
 * built against an older header. */
JLT_API jlt_value *jlt_spawn_with_list(jlt_frame *frame, const jlt_spawn_options *options, size_t options_size,
                                       jlt_value *const *list);
JLT_API jlt_value *jlt_spawn_with_n_sized(jlt_frame *frame, const jlt_spawn_options *options, size_t options_size,
                                          jlt_value *function, jlt_value *const *arguments, size_t count);

static inline jlt_value *jlt_spawn_with_n(jlt_frame *frame, const jlt_spawn_options *options, jlt_value *function,
                                          jlt_value *const *arguments, size_t count)
{
    return jlt_spawn_with_n_sized(frame, options, sizeof(jlt_spawn_options), function, arguments, count);
}

/* Waits until a Julia task (any Task) has ended, and returns its result; the body is suspended meanwhile, its thread
 * goes on. A task that failed fails the frame with JLT_EXCEPTION: with the exception that the task itself threw, its
 * type and its backtrace. What is not a Task fails with JLT_TYPE_MISMATCH. */
JLT_API jlt_value *jlt_fetch(jlt_frame *frame, jlt_value *task);

JLT_END_DECLARATIONS

#endif
