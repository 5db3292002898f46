/* SPDX-License-Identifier: MIT
 *
 * jltask: keep Julia running beside a C program and talk to it through persistent tasks.
 *
 * Two groups of functions, by the thread that may call them:
 *
 *   any thread    the runtime, handles, messages and receivers. These threads never touch Julia.
 *   task body     whatever takes a jlt_frame. The frame is given to init, run or exit, and is good on that
 *                 thread until the function returns.
 *
 * Conventions. Functions that can fail outside a body return a jlt_status and set their outputs only when it
 * is JLT_OK. Functions that can fail inside a body fail the frame: the first failure is kept, later calls on
 * the frame do nothing and return NULL, zero or false, and the message's reply is that failure. Times are in
 * nanoseconds, sizes in bytes. In every struct that the caller fills, zero means the default.
 *
 * A frame that is used after its message has ended, or from another thread or another task's body, is an error
 * in the program: a build with JLT_CHECKS aborts and names the call; other builds ignore the call and
 * return NULL, zero or false, with the reason in jlt_error_message(). */
#ifndef JLTASK_H
#define JLTASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#include <initializer_list>
extern "C" {
#endif

#define JLT_VERSION_MAJOR 0
#define JLT_VERSION_MINOR 1
#define JLT_VERSION_PATCH 0

#if defined(__GNUC__)
#define JLT_API __attribute__((visibility("default")))
#define JLT_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define JLT_API
#define JLT_PRINTF(text, first)
#endif

/* ---- status ------------------------------------------------------------------------------------------- */

#define JLT_STATUS_MAP(X)                                                                                              \
    X(OK, "success")                                                                                                   \
    X(EXCEPTION, "Julia threw an exception")                                                                           \
    X(FAILED, "the task's body called jlt_fail")                                                                       \
    X(TYPE_MISMATCH, "a value has another type than asked for")                                                        \
    X(NOT_FOUND, "a name is not defined")                                                                              \
    X(FULL, "a bounded mailbox or channel is full")                                                                    \
    X(CLOSED, "the runtime is closed or closing")                                                                      \
    X(TIMEOUT, "the time limit passed; the receiver stays good")                                                       \
    X(PENDING, "no reply yet; the receiver stays good")                                                                \
    X(CANCELLED, "the runtime was closed with cancel before the message was begun")                                    \
    X(NO_MEMORY, "memory could not be allocated")                                                                      \
    X(INVALID_ARGUMENT, "an argument is not allowed")                                                                  \
    X(NO_JULIA, "no usable Julia was found, or it could not be started")                                               \
    X(ALREADY_STARTED, "Julia has been started in this process already")

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
 * exceptions that caused it below; both are empty where no Julia exception was involved. Any thread. */
JLT_API const char *jlt_error_message(void);
JLT_API const char *jlt_error_type(void);
JLT_API const char *jlt_error_backtrace(void);

/* ---- runtime ------------------------------------------------------------------------------------------ */

typedef struct jlt_runtime jlt_runtime;       /* a counted handle on the runtime */
typedef struct jlt_thread jlt_thread;         /* the thread that owns Julia, to be joined */
typedef struct jlt_persistent jlt_persistent; /* a counted handle on a persistent task */
typedef struct jlt_receiver jlt_receiver;     /* one reply to come */
typedef struct jlt_frame jlt_frame;           /* roots the values made in it */
typedef struct jlt_slot jlt_slot;             /* a rooted variable */
typedef struct _jl_value_t jlt_value;         /* a Julia value: the same pointer as julia.h's jl_value_t */

typedef struct jlt_options {
    int threads;             /* Julia threads that run tasks; 0: JULIA_NUM_THREADS, else the machine's cores.
                                Julia itself may lower it (1.5 to the number of cores) */
    int interactive_threads; /* further threads in Julia's interactive pool (Julia 1.9 or later); 0: none */
    size_t channel_capacity; /* dispatched tasks that may wait to be begun; 0: no limit */
    const char *julia;       /* a julia executable or an installation folder; NULL: JLTASK_JULIA, then `julia`
                                on PATH */
    const char *sysimage;    /* a system image file; NULL: the installation's own */
    int64_t spin_ns;     /* how long a thread that waits for a message or a reply stays awake before it sleeps, where
                                that pays; nanoseconds. 0: 50 microseconds; negative: it sleeps at once */
    const char *project; /* a folder with a Project.toml, or that file; NULL: Julia's default */
} jlt_options;           /* the strings may be gone when the start has returned */

/* Starts Julia on a thread of its own and returns when it is ready. On success the caller owns *runtime (drop
 * it) and *thread (join it). Julia can be started once in a process; a start that failed before Julia was
 * initialised may be tried again. The host's dispositions of SIGINT, SIGTERM, SIGQUIT and SIGPIPE are kept; Julia takes
 * SIGSEGV and SIGBUS, which its collector needs, and SIGFPE, SIGILL, SIGSYS, SIGABRT, SIGUSR1 and SIGUSR2. A child made
 * by fork after a start must not use the library.
 * Any thread. JLT_NO_JULIA (the message says where it looked and what was wrong there), JLT_ALREADY_STARTED,
 * JLT_INVALID_ARGUMENT, JLT_NO_MEMORY. options may be NULL: the defaults. */
static inline jlt_status jlt_runtime_spawn(const jlt_options *options, jlt_runtime **runtime, jlt_thread **thread);

/* Starts Julia on the calling thread and main_fn(runtime, argument) on a new one; returns when both have ended.
 * main_fn owns its runtime handle and must drop it, or this never returns. *result (may be NULL) receives what main_fn
 * returned. Give the calling thread a stack of 8 MiB or more, as main threads have. Statuses as jlt_runtime_spawn. */
static inline jlt_status jlt_runtime_start(const jlt_options *options,
                                           int (*main_fn)(jlt_runtime *runtime, void *argument), void *argument,
                                           int *result);

/* Another handle on the same runtime, or NULL for NULL. Any thread. */
JLT_API jlt_runtime *jlt_runtime_clone(jlt_runtime *runtime);

/* Gives a handle back. The last one closes the runtime as jlt_runtime_close(runtime, false) does. NULL is
 * ignored. Any thread. */
JLT_API void jlt_runtime_drop(jlt_runtime *runtime);

/* Closes the runtime for all handles: no task is started and no message accepted from here on. What was
 * accepted is answered: by its body or, with cancel, by JLT_CANCELLED where the body has not begun. Then every
 * task's exit runs and Julia ends. Returns at once (jlt_thread_join waits); closing again is allowed, and may
 * add the cancel. The handle stays owned by the caller. Any thread. JLT_INVALID_ARGUMENT for NULL. */
JLT_API jlt_status jlt_runtime_close(jlt_runtime *runtime, bool cancel);

/* Whether the runtime is closed or closing; true for NULL. Any thread. */
JLT_API bool jlt_runtime_is_closed(const jlt_runtime *runtime);

/* Waits until Julia has ended, and frees the thread. It ends after the runtime is closed: drop all handles on
 * it, or close it. Not from a task's body. JLT_INVALID_ARGUMENT for NULL and from a body. */
JLT_API jlt_status jlt_thread_join(jlt_thread *thread);

/* The loaded Julia's version ("1.10.4"), good until the process ends; "" before a start. Any thread. */
JLT_API const char *jlt_julia_version(void);

/* ---- messages ----------------------------------------------------------------------------------------- */
/* Inputs, configs and outputs are plain bytes of the sizes that the type names. They are copied before the
 * sending function returns; when that fails, what they own is still the caller's. An input of size 0 may be NULL.
 * One-shot tasks have no order among them and run on any of Julia's threads; all bodies of one persistent task run on
 * the same one. Types are kept as long as the process: make them static. */

/* What a one-shot task does. The library copies the type at its first use. */
typedef struct jlt_task_type {
    const char *name; /* for messages; NULL: "task" */
    size_t input_size;
    size_t output_size;
    /* input: input_size bytes. output: output_size bytes, zeroed; delivered if the frame has not failed. */
    void (*run)(jlt_frame *frame, const void *input, void *output);
    void (*dispose_output)(void *output); /* as in jlt_persistent_type */
    void (*dispose_input)(void *input);
} jlt_task_type;

/* What a persistent task is. Only run is required. The library copies the type at its first use. */
typedef struct jlt_persistent_type {
    const char *name; /* for messages; NULL: "persistent" */
    size_t state_size;
    size_t config_size;
    size_t input_size;
    size_t output_size;
    size_t capacity; /* messages that may wait behind the one that runs; 0: no limit */
    /* Fills the state (state_size bytes, zeroed). What this frame roots stays rooted as long as the task lives. */
    void (*init)(jlt_frame *frame, void *state, const void *config);
    /* Handles one message. */
    void (*run)(jlt_frame *frame, void *state, const void *input, void *output);
    /* Runs after the last message, once, if init succeeded. A failure in it is ignored. */
    void (*exit)(jlt_frame *frame, void *state);
    /* Disposes of an output that nobody receives: its receiver was dropped, or given NULL for it. Not called after a
     * failure: the body cleans up after itself then. May run on any thread, gets no frame, and must not block. */
    void (*dispose_output)(void *output);
    /* Disposes of an input whose run was never begun though it was accepted (cancelled). As above. */
    void (*dispose_input)(void *input);
} jlt_persistent_type;

/* Sends a one-shot task. dispatch waits while the channel is full, try_dispatch says JLT_FULL. *receiver is the
 * caller's, to receive or to drop; receiver may be NULL: sent and forgotten. Any thread.
 * JLT_FULL, JLT_CLOSED, JLT_INVALID_ARGUMENT, JLT_NO_MEMORY. */
static inline jlt_status jlt_task_dispatch(jlt_runtime *runtime, const jlt_task_type *type, const void *input,
                                           jlt_receiver **receiver);
static inline jlt_status jlt_task_try_dispatch(jlt_runtime *runtime, const jlt_task_type *type, const void *input,
                                               jlt_receiver **receiver);

/* Sends a one-shot task and waits for its reply: the statuses of jlt_task_dispatch and of the reply. output may
 * be NULL: thrown away. */
static inline jlt_status jlt_task_invoke(jlt_runtime *runtime, const jlt_task_type *type, const void *input,
                                         void *output);

/* Starts a persistent task. The receiver's output is a jlt_persistent *, owned by the one who receives it; the
 * reply is init's failure if it failed, and no task is left then. Dropping the receiver drops the handle.
 * spawn waits for the reply and stores the handle. Any thread. Statuses as jlt_task_dispatch, and spawn those
 * of the reply. */
static inline jlt_status jlt_persistent_dispatch(jlt_runtime *runtime, const jlt_persistent_type *type,
                                                 const void *config, jlt_receiver **receiver);
static inline jlt_status jlt_persistent_try_dispatch(jlt_runtime *runtime, const jlt_persistent_type *type,
                                                     const void *config, jlt_receiver **receiver);
static inline jlt_status jlt_persistent_spawn(jlt_runtime *runtime, const jlt_persistent_type *type, const void *config,
                                              jlt_persistent **task);

/* Sends a message to a persistent task. Messages from one sender are handled in the order sent, one at a time.
 * call waits while the mailbox is full, try_call says JLT_FULL. receiver as in jlt_task_dispatch. Any thread.
 * JLT_FULL, JLT_CLOSED, JLT_INVALID_ARGUMENT, JLT_NO_MEMORY. */
JLT_API jlt_status jlt_persistent_call(jlt_persistent *task, const void *input, jlt_receiver **receiver);
JLT_API jlt_status jlt_persistent_try_call(jlt_persistent *task, const void *input, jlt_receiver **receiver);

/* Sends a message and waits for its reply, with no allocation for outputs up to 512 bytes. From a body only that task
 * is suspended meanwhile; but a task that invokes itself, or calls itself while its mailbox is full, waits for ever.
 * output may be NULL: thrown away. Statuses of jlt_persistent_call and of the reply. */
JLT_API jlt_status jlt_persistent_invoke(jlt_persistent *task, const void *input, void *output);

/* Another handle on the same task, or NULL for NULL. Any thread. */
JLT_API jlt_persistent *jlt_persistent_clone(jlt_persistent *task);

/* Gives a handle back. After the last one the task answers what it has, runs exit and ends. NULL is ignored. A handle
 * dropped twice aborts the process where that is seen, which a build with JLT_CHECKS makes sure of. Any thread. */
JLT_API void jlt_persistent_drop(jlt_persistent *task);

/* Waits for the reply, copies its output and frees the receiver. The reply's status: JLT_OK, JLT_EXCEPTION,
 * JLT_FAILED, JLT_TYPE_MISMATCH, JLT_NOT_FOUND, JLT_INVALID_ARGUMENT, JLT_NO_MEMORY, JLT_CANCELLED, JLT_CLOSED.
 * output has the type's output_size bytes (for a start: a jlt_persistent *) and is written only on JLT_OK; it
 * may be NULL for a message, whose output is then thrown away, but not for a start. With JLT_PENDING,
 * JLT_TIMEOUT, and JLT_INVALID_ARGUMENT for a NULL argument, the receiver stays good; all else frees it.
 * recv_timeout waits at most timeout_ns nanoseconds (negative: no limit). One thread at a time may use a
 * receiver; it may be another than the sender. In a body, only that task is suspended. */
JLT_API jlt_status jlt_receiver_recv(jlt_receiver *receiver, void *output);
JLT_API jlt_status jlt_receiver_recv_timeout(jlt_receiver *receiver, int64_t timeout_ns, void *output);
JLT_API jlt_status jlt_receiver_try_recv(jlt_receiver *receiver, void *output);

/* Gives up a reply: the message is still handled, its output disposed of. NULL is ignored. Any thread. */
JLT_API void jlt_receiver_drop(jlt_receiver *receiver);

/* ---- frames (task body) ------------------------------------------------------------------------------- */
/* Every function below that returns a jlt_value * roots it in the frame it is given: it stays good until that
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

/* Fails the frame with JLT_FAILED and a message of one's own; ignored if it has failed already. */
JLT_API void jlt_fail(jlt_frame *frame, const char *format, ...) JLT_PRINTF(2, 3);

/* Takes the failure off, so that the frame works again. Returns its status (JLT_OK if there was none) and makes
 * it the thread's error, so that jlt_error_message() tells what was caught. */
JLT_API jlt_status jlt_catch(jlt_frame *frame);

/* ---- values (task body) ------------------------------------------------------------------------------- */

/* A global by dotted path: "Base.sqrt", "Main.config", "Base.Threads.nthreads", "Base.+". The first name is
 * looked up in Main, then among the loaded packages. Later names are module members, or properties of values.
 * Fails with JLT_NOT_FOUND. */
JLT_API jlt_value *jlt_global(jlt_frame *frame, const char *path);

/* Evaluates Julia code in Main, which compiles it each time, and returns the value of its last statement. All
 * statements are evaluated in order until one throws; a syntax error is an exception (JLT_EXCEPTION) too. */
JLT_API jlt_value *jlt_eval(jlt_frame *frame, const char *code);

/* Calls a Julia function with any number of values. Whatever the call waits for suspends only this task. A NULL
 * argument on a frame that has not failed is JLT_INVALID_ARGUMENT. */
#ifdef __cplusplus
#define jlt_call(frame, ...)                                                                                           \
    jlt_call_list((frame), std::initializer_list<jlt_value *>{__VA_ARGS__, JLT_LIST_END}.begin())
#else
#define jlt_call(frame, ...) jlt_call_list((frame), (jlt_value *const[]){__VA_ARGS__, JLT_LIST_END})
#endif
JLT_API jlt_value *jlt_call_n(jlt_frame *frame, jlt_value *function, jlt_value *const *arguments, size_t count);

/* Beneath jlt_call: the function and its arguments, ended by JLT_LIST_END. */
JLT_API jlt_value *jlt_call_list(jlt_frame *frame, jlt_value *const *list);
#define JLT_LIST_END ((jlt_value *)(intptr_t)-1)

/* ---- calls of other forms, and Julia tasks (task body) ------------------------------------------------ */
/* All root what they return in the frame. As in jlt_call, whatever the call waits for suspends only this task; what
 * Julia throws fails the frame with JLT_EXCEPTION; and a NULL argument on a frame that has not failed is
 * JLT_INVALID_ARGUMENT. The forms with _n take an array of `count` arguments, those with _list the function and its
 * arguments, ended by JLT_LIST_END. Anything that Julia can call is a function here: closures and callable
 * structs too. */

#ifdef __cplusplus
#define JLT_LIST(...) (std::initializer_list<jlt_value *>{__VA_ARGS__, JLT_LIST_END}.begin())
#else
#define JLT_LIST(...) ((jlt_value *const[]){__VA_ARGS__, JLT_LIST_END})
#endif

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

/* Waits until a Julia task (any Task) has ended, and returns its result; the body is suspended meanwhile, its thread
 * goes on. A task that failed fails the frame with JLT_EXCEPTION: with the exception that the task itself threw, its
 * type and its backtrace. What is not a Task fails with JLT_TYPE_MISMATCH. */
JLT_API jlt_value *jlt_fetch(jlt_frame *frame, jlt_value *task);

/* ---- C functions and C data for Julia (task body) ----------------------------------------------------- */

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
 * jltask that any thread may, but no frame: that is an error as described at the top. True if it ran; else the frame
 * has failed: JLT_NO_MEMORY (no thread), JLT_INVALID_ARGUMENT (work is NULL), JLT_CLOSED (in one of Julia's exit
 * hooks). */
JLT_API bool jlt_blocking(jlt_frame *frame, void (*work)(void *data), void *data);

/* ---- boxes (task body) -------------------------------------------------------------------------------- */

/* Boxes: a new Julia value of the type in the comment. */
JLT_API jlt_value *jlt_box_bool(jlt_frame *frame, bool value);         /* Bool */
JLT_API jlt_value *jlt_box_char(jlt_frame *frame, uint32_t value);     /* Char, from a Unicode code point */
JLT_API jlt_value *jlt_box_i8(jlt_frame *frame, int8_t value);         /* Int8 */
JLT_API jlt_value *jlt_box_i16(jlt_frame *frame, int16_t value);       /* Int16 */
JLT_API jlt_value *jlt_box_i32(jlt_frame *frame, int32_t value);       /* Int32 */
JLT_API jlt_value *jlt_box_i64(jlt_frame *frame, int64_t value);       /* Int64 */
JLT_API jlt_value *jlt_box_u8(jlt_frame *frame, uint8_t value);        /* UInt8 */
JLT_API jlt_value *jlt_box_u16(jlt_frame *frame, uint16_t value);      /* UInt16 */
JLT_API jlt_value *jlt_box_u32(jlt_frame *frame, uint32_t value);      /* UInt32 */
JLT_API jlt_value *jlt_box_u64(jlt_frame *frame, uint64_t value);      /* UInt64 */
JLT_API jlt_value *jlt_box_f32(jlt_frame *frame, float value);         /* Float32 */
JLT_API jlt_value *jlt_box_f64(jlt_frame *frame, double value);        /* Float64 */
JLT_API jlt_value *jlt_box_pointer(jlt_frame *frame, void *value);     /* Ptr{Cvoid}; Julia does not own it */
JLT_API jlt_value *jlt_box_nothing(jlt_frame *frame);                  /* Nothing */
JLT_API jlt_value *jlt_box_string(jlt_frame *frame, const char *text); /* String; copied */
JLT_API jlt_value *jlt_box_string_n(jlt_frame *frame, const char *bytes, size_t length); /* any bytes */
JLT_API jlt_value *jlt_box_symbol(jlt_frame *frame, const char *name);                   /* Symbol */

/* Unboxes: the C value of a Julia value of exactly the type that the box of the same name makes. Any other fails
 * with JLT_TYPE_MISMATCH, naming both types, and returns zero. */
JLT_API bool jlt_unbox_bool(jlt_frame *frame, jlt_value *value);
JLT_API uint32_t jlt_unbox_char(jlt_frame *frame, jlt_value *value);
JLT_API int8_t jlt_unbox_i8(jlt_frame *frame, jlt_value *value);
JLT_API int16_t jlt_unbox_i16(jlt_frame *frame, jlt_value *value);
JLT_API int32_t jlt_unbox_i32(jlt_frame *frame, jlt_value *value);
JLT_API int64_t jlt_unbox_i64(jlt_frame *frame, jlt_value *value);
JLT_API uint8_t jlt_unbox_u8(jlt_frame *frame, jlt_value *value);
JLT_API uint16_t jlt_unbox_u16(jlt_frame *frame, jlt_value *value);
JLT_API uint32_t jlt_unbox_u32(jlt_frame *frame, jlt_value *value);
JLT_API uint64_t jlt_unbox_u64(jlt_frame *frame, jlt_value *value);
JLT_API float jlt_unbox_f32(jlt_frame *frame, jlt_value *value);
JLT_API double jlt_unbox_f64(jlt_frame *frame, jlt_value *value);
JLT_API void *jlt_unbox_pointer(jlt_frame *frame, jlt_value *value); /* any Ptr{T} */

/* The bytes of a String, followed by a NUL; owned by Julia, good as long as the value is rooted. *length (may be
 * NULL) receives their number. NULL on failure. jlt_unbox_symbol: a Symbol's name, good for ever. */
JLT_API const char *jlt_unbox_string(jlt_frame *frame, jlt_value *value, size_t *length);
JLT_API const char *jlt_unbox_symbol(jlt_frame *frame, jlt_value *value);

/* Tests. isa: whether the value is of that type; type is a Julia type. */
JLT_API bool jlt_is_nothing(jlt_frame *frame, jlt_value *value);
JLT_API bool jlt_isa(jlt_frame *frame, jlt_value *value, jlt_value *type);
JLT_API jlt_value *jlt_typeof(jlt_frame *frame, jlt_value *value);

/* ---- arrays (task body) ------------------------------------------------------------------------------- */

/* Element types, with their Julia and C types. */
#define JLT_ELEMENT_MAP(X)                                                                                             \
    X(BOOL, Bool, uint8_t)                                                                                             \
    X(CHAR, Char, uint32_t) /* Julia's own encoding of a Char, not a code point */                                     \
    X(I8, Int8, int8_t)                                                                                                \
    X(I16, Int16, int16_t)                                                                                             \
    X(I32, Int32, int32_t)                                                                                             \
    X(I64, Int64, int64_t)                                                                                             \
    X(U8, UInt8, uint8_t)                                                                                              \
    X(U16, UInt16, uint16_t)                                                                                           \
    X(U32, UInt32, uint32_t)                                                                                           \
    X(U64, UInt64, uint64_t)                                                                                           \
    X(F16, Float16, uint16_t)                                                                                          \
    X(F32, Float32, float)                                                                                             \
    X(F64, Float64, double)                                                                                            \
    X(C32, ComplexF32, jlt_c32)                                                                                        \
    X(C64, ComplexF64, jlt_c64)

typedef struct jlt_c32 {
    float re, im;
} jlt_c32;
typedef struct jlt_c64 {
    double re, im;
} jlt_c64;

typedef enum jlt_element {
#define JLT_ELEMENT_ENUM(name, julia, c) JLT_##name,
    JLT_ELEMENT_MAP(JLT_ELEMENT_ENUM)
#undef JLT_ELEMENT_ENUM
        JLT_ELEMENT_COUNT
} jlt_element;

/* A new Array{element, ndims}, its elements zero. dims: ndims sizes; Julia's arrays are column-major, so the
 * first is the one that varies fastest in memory. */
JLT_API jlt_value *jlt_array_new(jlt_frame *frame, jlt_element element, size_t ndims, const size_t *dims);

/* The same, holding a copy of the elements at data. */
JLT_API jlt_value *jlt_array_copy(jlt_frame *frame, jlt_element element, const void *data, size_t ndims,
                                  const size_t *dims);

/* An array over the caller's own memory, without a copy: Julia reads and writes it in place. The memory stays
 * the caller's and must outlive every use of the array in Julia. It must be aligned for its elements; else
 * JLT_INVALID_ARGUMENT. */
JLT_API jlt_value *jlt_array_wrap(jlt_frame *frame, jlt_element element, void *data, size_t ndims, const size_t *dims);

enum { JLT_VIEW_DIMS = 8 };

/* Where an array's elements are: good as long as the array is rooted and not resized. */
typedef struct jlt_view {
    void *data;                 /* the first element */
    size_t length;              /* the number of elements */
    size_t element_size;        /* bytes */
    size_t ndims;               /* may exceed JLT_VIEW_DIMS; dims has the first ones then */
    size_t dims[JLT_VIEW_DIMS]; /* column-major; unused ones are 1 */
} jlt_view;

/* Fills *view with where the elements of an Array are. False, with JLT_TYPE_MISMATCH, if it is not an Array of
 * that element type; view is left untouched then. */
static inline bool jlt_array_view(jlt_frame *frame, jlt_value *array, jlt_element element, jlt_view *view);

/* ---- debugging ---------------------------------------------------------------------------------------- */

/* How many objects are alive in the process. Counted in builds with JLT_CHECKS; all -1 in others. */
typedef struct jlt_counts {
    int64_t tasks;     /* persistent tasks whose exit has not ended or that still have handles */
    int64_t messages;  /* messages not yet freed */
    int64_t receivers; /* receivers neither received nor dropped */
    int64_t errors;    /* error texts not yet freed, those that threads keep for jlt_error_message included */
} jlt_counts;
JLT_API jlt_counts jlt_debug_counts(void);

/* ---- beneath the inline functions --------------------------------------------------------------------- */
/* These take the size of the struct as its caller knows it, so that options and types can grow without breaking
 * programs built against an older header. */

JLT_API jlt_status jlt_runtime_spawn_sized(const jlt_options *options, size_t options_size, jlt_runtime **runtime,
                                           jlt_thread **thread);
JLT_API jlt_status jlt_runtime_start_sized(const jlt_options *options, size_t options_size,
                                           int (*main_fn)(jlt_runtime *runtime, void *argument), void *argument,
                                           int *result);
JLT_API jlt_status jlt_task_dispatch_sized(jlt_runtime *runtime, const jlt_task_type *type, size_t type_size,
                                           const void *input, jlt_receiver **receiver);
JLT_API jlt_status jlt_task_try_dispatch_sized(jlt_runtime *runtime, const jlt_task_type *type, size_t type_size,
                                               const void *input, jlt_receiver **receiver);
JLT_API jlt_status jlt_task_invoke_sized(jlt_runtime *runtime, const jlt_task_type *type, size_t type_size,
                                         const void *input, void *output);
JLT_API jlt_status jlt_persistent_dispatch_sized(jlt_runtime *runtime, const jlt_persistent_type *type,
                                                 size_t type_size, const void *config, jlt_receiver **receiver);
JLT_API jlt_status jlt_persistent_try_dispatch_sized(jlt_runtime *runtime, const jlt_persistent_type *type,
                                                     size_t type_size, const void *config, jlt_receiver **receiver);
JLT_API jlt_status jlt_persistent_spawn_sized(jlt_runtime *runtime, const jlt_persistent_type *type, size_t type_size,
                                              const void *config, jlt_persistent **task);
JLT_API bool jlt_array_view_sized(jlt_frame *frame, jlt_value *array, jlt_element element, jlt_view *view,
                                  size_t view_size);

static inline jlt_status jlt_runtime_spawn(const jlt_options *options, jlt_runtime **runtime, jlt_thread **thread)
{
    return jlt_runtime_spawn_sized(options, sizeof(jlt_options), runtime, thread);
}

static inline jlt_status jlt_runtime_start(const jlt_options *options,
                                           int (*main_fn)(jlt_runtime *runtime, void *argument), void *argument,
                                           int *result)
{
    return jlt_runtime_start_sized(options, sizeof(jlt_options), main_fn, argument, result);
}

static inline jlt_status jlt_task_dispatch(jlt_runtime *runtime, const jlt_task_type *type, const void *input,
                                           jlt_receiver **receiver)
{
    return jlt_task_dispatch_sized(runtime, type, sizeof(jlt_task_type), input, receiver);
}

static inline jlt_status jlt_task_try_dispatch(jlt_runtime *runtime, const jlt_task_type *type, const void *input,
                                               jlt_receiver **receiver)
{
    return jlt_task_try_dispatch_sized(runtime, type, sizeof(jlt_task_type), input, receiver);
}

static inline jlt_status jlt_task_invoke(jlt_runtime *runtime, const jlt_task_type *type, const void *input,
                                         void *output)
{
    return jlt_task_invoke_sized(runtime, type, sizeof(jlt_task_type), input, output);
}

static inline jlt_status jlt_persistent_dispatch(jlt_runtime *runtime, const jlt_persistent_type *type,
                                                 const void *config, jlt_receiver **receiver)
{
    return jlt_persistent_dispatch_sized(runtime, type, sizeof(jlt_persistent_type), config, receiver);
}

static inline jlt_status jlt_persistent_try_dispatch(jlt_runtime *runtime, const jlt_persistent_type *type,
                                                     const void *config, jlt_receiver **receiver)
{
    return jlt_persistent_try_dispatch_sized(runtime, type, sizeof(jlt_persistent_type), config, receiver);
}

static inline jlt_status jlt_persistent_spawn(jlt_runtime *runtime, const jlt_persistent_type *type, const void *config,
                                              jlt_persistent **task)
{
    return jlt_persistent_spawn_sized(runtime, type, sizeof(jlt_persistent_type), config, task);
}

static inline bool jlt_array_view(jlt_frame *frame, jlt_value *array, jlt_element element, jlt_view *view)
{
    return jlt_array_view_sized(frame, array, element, view, sizeof(jlt_view));
}

#ifdef __cplusplus
}
#endif

#endif
