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
 * A child made by fork after a start has no Julia. There every function that returns a status returns JLT_CLOSED, and
 * jlt_error_message() says that it is a fork; those that take a frame do nothing, with that message; those that return
 * nothing do nothing; a clone is the same handle, uncounted. None waits, and the child may exit as it likes, or run a
 * program. A body must not return in it: that ends the child, with status 1. (A child of _Fork or of a bare clone is
 * not noticed: it may only run a program or call _exit.)
 *
 * A frame that is used after its message has ended, or from another thread or another task's body, is an error
 * in the program: a build with JLT_CHECKS aborts and names the call; other builds ignore the call and
 * return NULL, zero or false, with the reason in jlt_error_message(). */
#ifndef JLTASK_H
#define JLTASK_H

#include <limits.h>
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

/* ---- runtime ------------------------------------------------------------------------------------------ */

typedef struct jlt_runtime jlt_runtime;       /* a counted handle on the runtime */
typedef struct jlt_thread jlt_thread;         /* the thread that owns Julia, to be joined */
typedef struct jlt_persistent jlt_persistent; /* a counted handle on a persistent task */
typedef struct jlt_receiver jlt_receiver;     /* one reply to come */
typedef struct jlt_frame jlt_frame;           /* roots the values made in it */
typedef struct jlt_slot jlt_slot;             /* a rooted variable */
typedef struct _jl_value_t jlt_value;         /* a Julia value: the same pointer as julia.h's jl_value_t */

/* A record of Julia's log. The texts end with a NUL, are never NULL, and good until the sink returns. */
typedef struct jlt_log_record {
    int level;                 /* Julia's number: -1000 debug, 0 info, 1000 warning, 2000 error; others may occur */
    int line;                  /* 0 if not known */
    const char *level_name;    /* "Debug", "Info", "Warn", "Error"; else as Julia shows it: "LogLevel(500)" */
    const char *message;       /* as print writes it */
    const char *module;        /* "Main"; "" if not known, as the next three */
    const char *group;         /* usually the file's name without ".jl" */
    const char *id;            /* the same for each record of one statement */
    const char *file;          /* the path as Julia knows it */
    const char *const *keys;   /* count names of further values ... */
    const char *const *values; /* ... and the values as print writes them; of an exception what showerror writes */
    size_t count;
} jlt_log_record;

/* How far Julia optimises what it compiles. Default: 2. */
typedef enum jlt_optimize {
    JLT_OPTIMIZE_DEFAULT,
    JLT_OPTIMIZE_0,
    JLT_OPTIMIZE_1,
    JLT_OPTIMIZE_2,
    JLT_OPTIMIZE_3
} jlt_optimize;

/* Whether indices are checked: where the code does not say @inbounds, always, or never. */
typedef enum jlt_check_bounds { JLT_CHECK_BOUNDS_AUTO, JLT_CHECK_BOUNDS_YES, JLT_CHECK_BOUNDS_NO } jlt_check_bounds;

typedef struct jlt_options {
    int threads;             /* Julia threads that run tasks; 0: JULIA_NUM_THREADS, else the machine's cores.
                                Julia itself may lower it (1.5 to the number of cores) */
    int interactive_threads; /* further threads in Julia's interactive pool (Julia 1.9 or later); 0: none */
    size_t channel_capacity; /* dispatched tasks that may wait to be begun; 0: no limit */
    const char *julia;       /* a julia executable or an installation folder; NULL: JLTASK_JULIA, then `julia`
                                on PATH */
    const char *sysimage;    /* a system image file; NULL: the installation's own */
    int64_t spin_ns;         /* how long a thread that waits for a message or a reply stays awake before it sleeps;
                                nanoseconds. 0: 50 to 200 microseconds, where waits are short; negative: it sleeps at
                                once */
    const char *project;     /* a folder with a Project.toml, or that file; NULL: Julia's default */
    jlt_optimize optimize;
    jlt_check_bounds check_bounds;
    int gc_threads;           /* threads that mark in a collection (Julia 1.10 or later); 0: Julia's default */
    bool startup_file;        /* load Julia's startup files, config/startup.jl in the first depot among them */
    uint64_t heap_size_hint;  /* bytes above which Julia collects more eagerly (Julia 1.9 or later); 0: none */
    const char *depot_path;   /* folders for packages and what is compiled of them, separated by ':'; an empty one
                                  stands for those that Julia would use otherwise. NULL: those */
    const char *load_path;    /* where packages are looked up, the same way; "@" is the project in use */
    const char *const *flags; /* further flags of Julia's command line, each "--name=value", ended by NULL; at most
                                  64. NULL: none. To try them a julia is run at the start */
    void (*log)(void *context, const jlt_log_record *record); /* receives the log; NULL: Julia prints it to stderr */
    void *log_context;
    int log_level; /* the log from this level on: -1000 debug, 0 info, 1000 warning, 2000 error. With `log` only */
    void (*output)(void *context, int stream, const char *bytes, size_t count); /* receives what Julia code prints to
                                  stdout (stream 1) and stderr (2), in order; NULL: the process's own streams */
    void *output_context;
} jlt_options; /* the strings and flags may be gone when the start has returned */

/* The sinks `log` and `output` are called by Julia code that logs or prints, on any of Julia's threads, each by one
 * thread at a time (but both may be at work at once), until jlt_thread_join or jlt_runtime_start has returned. They
 * must not wait, and must not use a frame; what any thread may call is allowed as long as it does not wait.
 * Output is what goes through Julia's stdout and stderr: not what C code, Julia's runtime itself (warnings about
 * replaced modules) and child processes write to the file descriptors 1 and 2, which stay as they are. The bytes of one
 * print come in as many calls as it makes, with none of another task's between them. With `output` and no `log` the log
 * is output, to stream 2. Exceptions while a record is made become a record of level error; the code goes on. */

/* Starts Julia on a thread of its own and returns when it is ready. On success the caller owns *runtime (drop it) and
 * *thread (join it). Julia can be started once in a process; a start that failed before Julia was initialised may be
 * tried again. Of the host's signals Julia takes SIGSEGV, SIGBUS, SIGFPE and SIGSTKFLT, and passes on faults of the
 * host's threads; the others, the masks, the locale and the floating-point environment of the host's threads stay as
 * they are (docs/process.md). exit() closes a runtime that is open. A standard stream (file descriptors 0 to 2) that
 * is closed is opened on the null device, since Julia does not start without.
 * Every option is checked before Julia is initialised, and looked at again after that. An option that the loaded
 * version does not have, a flag that it does not know or that is not for an embedded Julia (--eval), and
 * JULIA_COPY_STACKS in the environment are JLT_INVALID_ARGUMENT. JLT_EXCEPTION if a startup file throws: this is final
 * for the process.
 * Any thread. JLT_NO_JULIA (the message says where it looked and what was wrong there), JLT_ALREADY_STARTED,
 * JLT_INVALID_ARGUMENT, JLT_NO_MEMORY. options may be NULL: the defaults. */
static inline jlt_status jlt_runtime_spawn(const jlt_options *options, jlt_runtime **runtime, jlt_thread **thread);

/* Starts Julia on the calling thread and main_fn(runtime, argument) on a new one; returns when both have ended.
 * main_fn owns its runtime handle and must drop it, or this never returns. *result (may be NULL) receives what main_fn
 * returned, and runs with the caller's signal mask and floating-point environment, which the caller has back
 * afterwards. Give the calling thread a stack of 8 MiB or more, as main threads have. Statuses as jlt_runtime_spawn. */
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

/* A close with a limit in time: what was accepted is answered by its body for timeout_ns nanoseconds; then what has not
 * begun is answered with JLT_CANCELLED, and so is whoever waits for a body that runs, which is told to stop as one that
 * is cancelled is (jlt_call_options). Exits run as soon as their task's body has ended: a body that does not stop
 * delays the end of Julia, not the answers. 0: at once; negative: no limit. Of several limits the first is kept.
 * Returns at once. Any thread, and bodies. JLT_INVALID_ARGUMENT for NULL; JLT_NO_MEMORY: closed, without the limit. */
JLT_API jlt_status jlt_runtime_close_within(jlt_runtime *runtime, int64_t timeout_ns);

/* Whether the runtime is closed or closing; true for NULL. Any thread. */
JLT_API bool jlt_runtime_is_closed(const jlt_runtime *runtime);

/* Waits until Julia has ended, and frees the thread. It ends after the runtime is closed: drop all handles on
 * it, or close it. Not from a task's body. JLT_INVALID_ARGUMENT for NULL and from a body; JLT_CLOSED when the process
 * is ending and Julia's threads have been stopped. */
JLT_API jlt_status jlt_thread_join(jlt_thread *thread);

/* The same for at most timeout_ns nanoseconds (negative: no limit). JLT_TIMEOUT: Julia has not ended, and the thread
 * can be joined again; the message names the types whose bodies still run. */
JLT_API jlt_status jlt_thread_join_within(jlt_thread *thread, int64_t timeout_ns);

/* What Julia uses. The texts are good until the process ends. */
typedef struct jlt_settings {
    int threads; /* that run tasks */
    int interactive_threads;
    int gc_threads; /* 1 where Julia has no others (before 1.10) */
    jlt_optimize optimize;
    jlt_check_bounds check_bounds;
    bool startup_file;        /* was asked for */
    uint64_t heap_size_hint;  /* bytes; 0: none */
    const char *version;      /* "1.10.4" */
    const char *julia;        /* the executable */
    const char *sysimage;     /* the system image's file */
    const char *project;      /* the project file in use, which may not exist; "": none */
    const char *depot_path;   /* as in jlt_options, but with all folders named */
    const char *load_path;    /* the same */
    const char *const *flags; /* the further flags, ended by NULL */
} jlt_settings;

/* Fills *settings with what Julia uses. Julia is asked once: by the start if that had to look whether options had their
 * effect, else by the first call, which waits for a one-shot task; so the project and the paths are those of that time.
 * Any thread. JLT_INVALID_ARGUMENT for NULL, JLT_CLOSED, JLT_NO_MEMORY, JLT_EXCEPTION where Julia threw. */
static inline jlt_status jlt_runtime_settings(jlt_runtime *runtime, jlt_settings *settings);

/* The loaded Julia's VERSION ("1.10.4"), good until the process ends; "" before a start. Any thread. */
JLT_API const char *jlt_julia_version(void);

/* ---- messages ----------------------------------------------------------------------------------------- */
/* Inputs, configs and outputs are plain bytes of the sizes that the type names. They are copied before the
 * sending function returns; when that fails, what they own is still the caller's. An input of size 0 may be NULL.
 * One-shot tasks have no order among them and run on any of Julia's threads. A persistent task handles one message at a
 * time, each on the thread that it was placed on or, while that one is inside another body, on one that is idle; its
 * type may fix the thread. Types are kept as long as the process: make them static.
 *
 * Bodies may send to other tasks and wait for them. A body that would wait for itself, directly or around a ring of
 * bodies that wait for each other, is told so: the call that would close the ring returns JLT_WOULD_DEADLOCK at once,
 * and its message names the ring's tasks in order. A refused receive leaves the receiver good; a refused invoke, spawn
 * or call has sent nothing. Counted are waits of bodies for a reply, for room in a mailbox and for a start, on messages
 * that bodies have sent. Not counted, neither refused nor part of a ring, are waits with a limit in time, waits inside
 * Julia (fetch, a lock, a channel), those of C code that Julia code calls, and those on receivers that came from
 * outside of bodies. No wait that would end is refused. */

/* What a one-shot task does. The library copies the type at its first use. */
typedef struct jlt_task_type {
    const char *name; /* for messages; NULL: "task" */
    size_t input_size;
    size_t output_size;
    /* input: input_size bytes. output: output_size bytes, zeroed; delivered if the frame has not failed. */
    void (*run)(jlt_frame *frame, const void *input, void *output);
    void (*dispose_output)(void *output); /* these as in jlt_persistent_type */
    void (*dispose_input)(void *input);
    size_t thread;
    bool skip_if_dropped;
} jlt_task_type;

/* What the failure of a message does to its persistent task: nothing, a fresh state, or the end. A failure is a reply
 * other than JLT_OK that the body made. The message's own reply is its failure in any case. */
typedef enum jlt_on_failure { JLT_KEEP_GOING, JLT_RESTART, JLT_STOP } jlt_on_failure;

/* What a persistent task is. To Julia code it is one Julia task from init to exit: it has its own task-local storage
 * and, since Julia 1.7, its own random generator, so that a seed set in init makes it reproducible; a one-shot task has
 * fresh ones. (current_task() itself may differ from message to message.) Only run, or julia_run, is required.
 * The library copies the type at its first use. */
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
    /* Runs after the last message, once after each init that succeeded. A failure in it is ignored. */
    void (*exit)(jlt_frame *frame, void *state);
    /* Disposes of an output that nobody receives: its receiver was dropped, or given NULL for it. Not called after a
     * failure: the body cleans up after itself then. May run on any thread, gets no frame, and must not block. */
    void (*dispose_output)(void *output);
    /* Disposes of an input whose run was never begun though it was accepted (cancelled). As above. Of a message that
     * was copied it gets the copy, of an invoke perhaps the caller's own input: it must not change what is there. */
    void (*dispose_input)(void *input);
    /* 0: any of the threads that run tasks; n: always the n-th of them. JLT_INVALID_ARGUMENT: there are fewer. */
    size_t thread;
    /* Runs once for the type, after the first init that succeeded and before that start is answered: for work that
     * would make the first message slow, such as calls that Julia compiles. It must leave the state as it was; a
     * failure in it is ignored. Not run for later starts, which do not wait for it either. */
    void (*warm_up)(jlt_frame *frame, void *state);
    /* Bodies written in Julia, in place of init, run and exit: the comment below. All may be NULL. */
    const char *julia_init, *julia_run, *julia_exit;       /* functions, by path as in jlt_global */
    const char *julia_config, *julia_input, *julia_output; /* types: a path, or an expression ("NTuple{4,Float64}") */
    /* A message whose receiver is dropped is given up as if it were cancelled: it never begins if it has not, and its
     * body sees it if it has. A message sent without a receiver is not. */
    bool skip_if_dropped;
    /* What a failure does, and for JLT_RESTART how often and when: the comment below. */
    jlt_on_failure on_failure;
    uint32_t restarts;         /* at most so many in the window; 0: no limit */
    int64_t restart_window_ns; /* nanoseconds; 0: the task's whole life */
    int64_t backoff_ns;        /* before the first restart in the window; nanoseconds; 0: restarts come at once */
    bool retry;                /* the failed message may be run again: it is safe */
} jlt_persistent_type;

/* Failing tasks. With JLT_RESTART a message that fails is answered, then exit runs, what init has rooted is released,
 * the state is zeroed, and init runs with a copy of the config of the start (what its bytes point to must be good as
 * long as the task lives). To Julia code it is another task from there on. What waits in the mailbox is kept, and meets
 * the fresh state. With backoff_ns exit runs at once and init after that time, which is doubled with each restart in
 * the window and made up to a quarter longer or shorter by chance; meanwhile messages are accepted and wait, and no
 * thread does.
 *
 * With retry the message that failed is answered only when it does not fail, or when there is no further restart: it is
 * run after each, before what waits. Without a limit on restarts one that always fails is run for ever.
 *
 * The task ends where JLT_STOP is set, where a restart would be one too many, and where init fails in a restart. Then
 * exit runs, unless it was init that failed, and what waits is answered JLT_CLOSED; so is what is sent later. The
 * message says why: it has the text of the failure. Handles stay the caller's, to be dropped.
 *
 * A task that is down since it backs off is not brought up for nobody: if its last handle is dropped and nothing waits,
 * it ends. When the runtime closes, a back-off ends at once, and no message is run again that fails from then on.
 *
 * JLT_INVALID_ARGUMENT, from the call that starts a task: a negative time, and members that only a type with
 * JLT_RESTART may have. Starting a task of a type with JLT_RESTART or JLT_STOP takes some further memory. */

/* Bodies written in Julia: a type with julia_run has Julia functions in place of init, run and exit, which must be NULL
 * then, and state_size 0. Each task has a state, any Julia value, which stays rooted as long as the task lives.
 *
 *   julia_init(config)        returns the state. Without julia_config: julia_init(); without julia_init it is `nothing`
 *   julia_run(state, input)   returns the output, which is converted (Julia's convert) to julia_output. Without
 *                             julia_input: julia_run(state); without julia_output what it returns is not used
 *   julia_exit(state)         runs after the last message, once; what it throws is ignored
 *
 * julia_config, julia_input and julia_output name Julia types that are plain bits (isbitstype) and of just as many
 * bytes as config_size, input_size and output_size; NULL: there is none, and the size must be 0. Their layout is C's
 * for a struct of the same members, but for what lies between these, which is not defined in an output. A name with a
 * brace, a parenthesis or a space is an expression, evaluated in Main.
 *
 * Names are looked up when a task is started, and that task keeps what they named. A method that is defined later takes
 * effect from the next message on. A body is compiled once for each function and type of state, when the first such
 * task is started, with nothing left to be dispatched in a message but what the function itself does.
 *
 * A type that breaks the rules about which members go together is JLT_INVALID_ARGUMENT, from the call that starts a
 * task. A start's reply is JLT_NOT_FOUND for a name that is not defined, JLT_TYPE_MISMATCH for a name that is not a
 * type, a type that is not plain bits and one of another size (the message has both sizes), and JLT_EXCEPTION for what
 * julia_init throws. A message's reply is JLT_EXCEPTION for what julia_run or the conversion throws. */

/* Sends a one-shot task. dispatch waits while the channel is full, try_dispatch says JLT_FULL. *receiver is the
 * caller's, to receive or to drop; receiver may be NULL: sent and forgotten. Any thread.
 * JLT_FULL, JLT_CLOSED, JLT_INVALID_ARGUMENT, JLT_NO_MEMORY. */
static inline jlt_status jlt_task_dispatch(jlt_runtime *runtime, const jlt_task_type *type, const void *input,
                                           jlt_receiver **receiver);
static inline jlt_status jlt_task_try_dispatch(jlt_runtime *runtime, const jlt_task_type *type, const void *input,
                                               jlt_receiver **receiver);

/* Sends a one-shot task and waits for its reply: the statuses of jlt_task_dispatch and of the reply. output may
 * be NULL: thrown away. From a body also JLT_WOULD_DEADLOCK. */
static inline jlt_status jlt_task_invoke(jlt_runtime *runtime, const jlt_task_type *type, const void *input,
                                         void *output);

/* Starts a persistent task. The receiver's output is a jlt_persistent *, owned by the one who receives it; the
 * reply is init's failure if it failed, and no task is left then. Dropping the receiver drops the handle.
 * spawn waits for the reply and stores the handle. Any thread. Statuses as jlt_task_dispatch, and spawn those
 * of the reply and, from a body, JLT_WOULD_DEADLOCK. */
static inline jlt_status jlt_persistent_dispatch(jlt_runtime *runtime, const jlt_persistent_type *type,
                                                 const void *config, jlt_receiver **receiver);
static inline jlt_status jlt_persistent_try_dispatch(jlt_runtime *runtime, const jlt_persistent_type *type,
                                                     const void *config, jlt_receiver **receiver);
static inline jlt_status jlt_persistent_spawn(jlt_runtime *runtime, const jlt_persistent_type *type, const void *config,
                                              jlt_persistent **task);

/* Sends a message to a persistent task. Messages from one sender are handled in the order sent, one at a time.
 * call waits while the mailbox is full, try_call says JLT_FULL. receiver as in jlt_task_dispatch. Any thread.
 * JLT_FULL, JLT_CLOSED, JLT_INVALID_ARGUMENT, JLT_NO_MEMORY, and JLT_WOULD_DEADLOCK from a call of a body's. */
JLT_API jlt_status jlt_persistent_call(jlt_persistent *task, const void *input, jlt_receiver **receiver);
JLT_API jlt_status jlt_persistent_try_call(jlt_persistent *task, const void *input, jlt_receiver **receiver);

/* Sends a message and waits for its reply. An input of more than some 500 bytes is not copied, but read where it is.
 * From a body only that task is suspended meanwhile, and one that would wait for itself is refused: JLT_WOULD_DEADLOCK
 * (above). output may be NULL: thrown away. Statuses of jlt_persistent_call and of the reply. */
JLT_API jlt_status jlt_persistent_invoke(jlt_persistent *task, const void *input, void *output);

/* ---- limits of calls ---------------------------------------------------------------------------------- */
/* A call can be given up: by its deadline, by a canceller, by its receiver's user. Whoever waits is answered at once,
 * with JLT_DEADLINE_EXCEEDED or JLT_CANCELLED, whatever Julia's threads do; the error's text says whether the body had
 * begun. What has not begun never begins, and its place in a bounded mailbox is free at once. A body that has begun
 * runs to its end, on its own copy of the input, and its output is disposed of; it can see that nobody waits
 * (jlt_cancelled, and JLTask.cancelled() in Julia code), and is told to stop once: a wait of its own in jltask ends
 * with JLT_CANCELLED (and what it waits for is given up too), a wait in Julia with the exception JLTask.Cancelled. That
 * reaches sleep and what waits for Julia's event loop (timers, streams, processes), and where Julia has one thread also
 * channels, conditions and tasks; other waits, locks, and code that computes are not interrupted. A start that is given
 * up while init runs leaves no task: exit runs after it. A call that was answered before is not changed. */

typedef struct jlt_canceller jlt_canceller; /* gives up any number of calls */

/* Zero and NULL are the defaults. */
typedef struct jlt_call_options {
    int64_t timeout_ns;       /* from the call, its wait for room included, to the reply; 0 and negative: no limit */
    bool dont_wait;           /* JLT_FULL in place of a wait for room */
    jlt_canceller *canceller; /* or NULL; must not be dropped before the call returns */
} jlt_call_options;

/* The calls without _with, with options (NULL: the defaults). Also, from the call itself, which leaves *receiver as it
 * was and has sent nothing: JLT_DEADLINE_EXCEEDED and JLT_CANCELLED if it found no room before; JLT_CANCELLED is
 * otherwise the answer of the receiver, of a canceller that was used before the call too. Any thread. */
static inline jlt_status jlt_task_dispatch_with(jlt_runtime *runtime, const jlt_task_type *type, const void *input,
                                                const jlt_call_options *options, jlt_receiver **receiver);
static inline jlt_status jlt_task_invoke_with(jlt_runtime *runtime, const jlt_task_type *type, const void *input,
                                              const jlt_call_options *options, void *output);
static inline jlt_status jlt_persistent_dispatch_with(jlt_runtime *runtime, const jlt_persistent_type *type,
                                                      const void *config, const jlt_call_options *options,
                                                      jlt_receiver **receiver);
static inline jlt_status jlt_persistent_call_with(jlt_persistent *task, const void *input,
                                                  const jlt_call_options *options, jlt_receiver **receiver);
static inline jlt_status jlt_persistent_invoke_with(jlt_persistent *task, const void *input,
                                                    const jlt_call_options *options, void *output);

/* Cancels the call. Does not wait; the receiver is still to be received, which says JLT_CANCELLED or, if that came
 * first, the reply, or dropped. By the receiver's user, one thread at a time as for a receive. JLT_INVALID_ARGUMENT for
 * NULL. */
JLT_API jlt_status jlt_receiver_cancel(jlt_receiver *receiver);

/* A canceller, the caller's. _cancel gives up all calls that carry it and have no answer yet, and all that will: any
 * thread, at any time, also while others wait in a receive; again is allowed. _drop lets go of it; calls that carry it
 * stay as they are. NULL is ignored there. JLT_NO_MEMORY; JLT_INVALID_ARGUMENT for NULL. */
JLT_API jlt_status jlt_canceller_new(jlt_canceller **canceller);
JLT_API jlt_status jlt_canceller_cancel(jlt_canceller *canceller);
JLT_API void jlt_canceller_drop(jlt_canceller *canceller);

/* Another handle on the same task, or NULL for NULL. Any thread. */
JLT_API jlt_persistent *jlt_persistent_clone(jlt_persistent *task);

/* Gives a handle back. After the last one the task answers what it has, runs exit and ends. NULL is ignored. A handle
 * dropped twice aborts the process where that is seen, which a build with JLT_CHECKS makes sure of. Any thread. */
JLT_API void jlt_persistent_drop(jlt_persistent *task);

/* Why a persistent task has ended. */
typedef enum jlt_end_reason {
    JLT_END_DROPPED = 1, /* its last handle was dropped */
    JLT_END_FAILED,      /* a message failed, or init in a restart, and its type let it end for that */
    JLT_END_CLOSED       /* the runtime was closed */
} jlt_end_reason;

typedef struct jlt_end {
    int reason;        /* jlt_end_reason */
    jlt_status status; /* of the failure; JLT_OK where there was none */
    uint32_t restarts; /* in the task's whole life */
} jlt_end;

/* A receiver whose reply comes when the task has ended, after its exit: JLT_OK, and the output is a jlt_end. A monitor
 * holds no handle. A task may have many, each is told once, and one that is set after the end is told at once. It may
 * be dropped at any time. A body that waits for the end of its own task waits for ever. Any thread.
 * JLT_INVALID_ARGUMENT for NULL, JLT_NO_MEMORY. */
static inline jlt_status jlt_persistent_monitor(jlt_persistent *task, jlt_receiver **receiver);

/* Names, by which those find a task who were given no handle. A name is any text; it is copied. It holds no handle, and
 * goes when the task ends. A task may have several. Any thread.
 * register: JLT_INVALID_ARGUMENT where a task has the name already (also the same task), and for NULL; JLT_CLOSED where
 * the task has ended, or the runtime is closed; JLT_NO_MEMORY.
 * lookup: *task is a handle of the caller's own, to be dropped. JLT_NOT_FOUND where no task has the name, or the last
 * handle on it was dropped; JLT_CLOSED, JLT_INVALID_ARGUMENT for NULL.
 * unregister: the name is free again. JLT_NOT_FOUND where no task has it; JLT_INVALID_ARGUMENT for NULL. */
JLT_API jlt_status jlt_runtime_register(jlt_runtime *runtime, const char *name, jlt_persistent *task);
JLT_API jlt_status jlt_runtime_lookup(jlt_runtime *runtime, const char *name, jlt_persistent **task);
JLT_API jlt_status jlt_runtime_unregister(jlt_runtime *runtime, const char *name);

/* Waits for the reply, copies its output and frees the receiver. The reply's status: JLT_OK, JLT_EXCEPTION,
 * JLT_FAILED, JLT_TYPE_MISMATCH, JLT_NOT_FOUND, JLT_INVALID_ARGUMENT, JLT_NO_MEMORY, JLT_CANCELLED, JLT_CLOSED.
 * output has the type's output_size bytes (for a start: a jlt_persistent *) and is written only on JLT_OK; it
 * may be NULL for a message, whose output is then thrown away, but not for a start. With JLT_PENDING, JLT_TIMEOUT,
 * JLT_WOULD_DEADLOCK (from a body, without a limit in time: above) and JLT_INVALID_ARGUMENT for a NULL argument, the
 * receiver stays good; all else frees it.
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

/* Whether nobody waits for the body's reply any more: its call was cancelled, is late, was given up where its type says
 * skip_if_dropped, or the runtime's close has reached its limit. The body may stop or go on. On the body's thread;
 * false for NULL. In Julia code that the body calls: JLTask.cancelled(). */
JLT_API bool jlt_cancelled(const jlt_frame *frame);

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

/* ---- calls of other forms, and Julia tasks (task body) ------------------------------------------------ */
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

/* Numbers that C has no portable type for. */
typedef struct jlt_i128 {
    uint64_t low;
    int64_t high; /* the number is high * 2^64 + low */
} jlt_i128;
typedef struct jlt_u128 {
    uint64_t low, high;
} jlt_u128;
typedef struct jlt_c32 {
    float re, im;
} jlt_c32;
typedef struct jlt_c64 {
    double re, im;
} jlt_c64;

/* Boxes: a new Julia value of the type in the comment. jlt_box(frame, x), at the end of this file, chooses by the type
 * of x. */
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
JLT_API jlt_value *jlt_box_i128(jlt_frame *frame, jlt_i128 value);     /* Int128 */
JLT_API jlt_value *jlt_box_u128(jlt_frame *frame, jlt_u128 value);     /* UInt128 */
JLT_API jlt_value *jlt_box_f16(jlt_frame *frame, uint16_t bits);       /* Float16, from its IEEE bits */
JLT_API jlt_value *jlt_box_c32(jlt_frame *frame, jlt_c32 value);       /* ComplexF32 */
JLT_API jlt_value *jlt_box_c64(jlt_frame *frame, jlt_c64 value);       /* ComplexF64 */
JLT_API jlt_value *jlt_box_pointer(jlt_frame *frame, void *value);     /* Ptr{Cvoid}; Julia does not own it */
JLT_API jlt_value *jlt_box_nothing(jlt_frame *frame);                  /* Nothing */
JLT_API jlt_value *jlt_box_missing(jlt_frame *frame);                  /* Missing */
JLT_API jlt_value *jlt_box_string(jlt_frame *frame, const char *text); /* String; copied */
JLT_API jlt_value *jlt_box_symbol(jlt_frame *frame, const char *name); /* Symbol */

/* The same of `length` bytes, which need not end with a NUL. A String takes any bytes, NULs too. A Symbol cannot have a
 * NUL in it: JLT_INVALID_ARGUMENT. bytes may be NULL if length is 0. */
JLT_API jlt_value *jlt_box_string_n(jlt_frame *frame, const char *bytes, size_t length);
JLT_API jlt_value *jlt_box_symbol_n(jlt_frame *frame, const char *bytes, size_t length);

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
JLT_API jlt_i128 jlt_unbox_i128(jlt_frame *frame, jlt_value *value);
JLT_API jlt_u128 jlt_unbox_u128(jlt_frame *frame, jlt_value *value);
JLT_API uint16_t jlt_unbox_f16(jlt_frame *frame, jlt_value *value); /* its IEEE bits */
JLT_API jlt_c32 jlt_unbox_c32(jlt_frame *frame, jlt_value *value);
JLT_API jlt_c64 jlt_unbox_c64(jlt_frame *frame, jlt_value *value);
JLT_API void *jlt_unbox_pointer(jlt_frame *frame, jlt_value *value); /* any Ptr{T} */

/* The bytes of a String, followed by a NUL; owned by Julia, good as long as the value is rooted. *length (may be
 * NULL) receives their number. NULL on failure. jlt_unbox_symbol: a Symbol's name, good for ever. */
JLT_API const char *jlt_unbox_string(jlt_frame *frame, jlt_value *value, size_t *length);
JLT_API const char *jlt_unbox_symbol(jlt_frame *frame, jlt_value *value);

/* Copies a C struct into a new Julia value, and back. type is a bits type (isbitstype in Julia: immutable, and without
 * references), laid out as the C struct is: the same fields in the same order. Its sizeof must be `size`; only the
 * sizes are compared. A Bool in it must be 0 or 1. In unbox, the value must be of that type, or, with type NULL, of any
 * bits type; *data is left untouched on failure, and the result tells whether it was filled. data need not be aligned,
 * and may be NULL if size is 0. JLT_TYPE_MISMATCH names the type, and both sizes where it is they that differ. */
JLT_API jlt_value *jlt_box_bits(jlt_frame *frame, jlt_value *type, const void *data, size_t size);
JLT_API bool jlt_unbox_bits(jlt_frame *frame, jlt_value *value, jlt_value *type, void *data, size_t size);

/* Tests. isa: whether the value is of that type; type is a Julia type, abstract ones and Unions too. */
JLT_API bool jlt_is_nothing(jlt_frame *frame, jlt_value *value);
JLT_API bool jlt_is_missing(jlt_frame *frame, jlt_value *value);
JLT_API bool jlt_isa(jlt_frame *frame, jlt_value *value, jlt_value *type);
JLT_API jlt_value *jlt_typeof(jlt_frame *frame, jlt_value *value);

/* ---- tuples and fields (task body) -------------------------------------------------------------------- */
/* Positions that belong to Julia count from 1, as they do there: of fields here, of elements below. A NULL argument is
 * JLT_INVALID_ARGUMENT in all of them. A struct is made by calling its type: jlt_call(frame, type, field, ...). */

/* A new tuple of the values. The macro takes at least one. _n: values may be NULL if count is 0. */
#define jlt_tuple(frame, ...) jlt_tuple_list((frame), JLT_LIST(__VA_ARGS__))
JLT_API jlt_value *jlt_tuple_n(jlt_frame *frame, jlt_value *const *values, size_t count);

/* Beneath jlt_tuple: the values, ended by JLT_LIST_END. */
JLT_API jlt_value *jlt_tuple_list(jlt_frame *frame, jlt_value *const *list);

/* A value with a name. */
typedef struct jlt_field {
    const char *name;
    jlt_value *value;
} jlt_field;

/* A new named tuple: jlt_named_tuple(frame, {"a", x}, {"b", y}). Names are copied. A name that occurs twice is
 * JLT_INVALID_ARGUMENT. The macro takes at least one field. _n: fields may be NULL if count is 0. */
#ifdef __cplusplus
#define jlt_named_tuple(frame, ...)                                                                                    \
    jlt_named_tuple_list((frame), std::initializer_list<jlt_field>{__VA_ARGS__, {NULL, JLT_LIST_END}}.begin())
#else
#define jlt_named_tuple(frame, ...)                                                                                    \
    jlt_named_tuple_list((frame), (const jlt_field[]){__VA_ARGS__, {NULL, JLT_LIST_END}})
#endif
JLT_API jlt_value *jlt_named_tuple_n(jlt_frame *frame, const jlt_field *fields, size_t count);

/* Beneath jlt_named_tuple: the fields, ended by one whose value is JLT_LIST_END. */
JLT_API jlt_value *jlt_named_tuple_list(jlt_frame *frame, const jlt_field *list);

/* value.name as Julia's dot gives it (getproperty): fields, properties that a type defines, and members of modules.
 * JLT_NOT_FOUND, naming it and the type, if the value has none of that name. An exception of getproperty's is
 * JLT_EXCEPTION, also for a field that was never set (UndefRefError). */
JLT_API jlt_value *jlt_field_get(jlt_frame *frame, jlt_value *value, const char *name);

/* value.name = field as Julia does it (setproperty!), which converts the new value to the field's type. True if done.
 * JLT_NOT_FOUND as above; a struct that is immutable, or a value that cannot be converted, is Julia's exception. */
JLT_API bool jlt_field_set(jlt_frame *frame, jlt_value *value, const char *name, jlt_value *field);

/* Whether value.name is there: whether Julia's hasproperty, or isdefined for a module, says so. */
JLT_API bool jlt_has_field(jlt_frame *frame, jlt_value *value, const char *name);

/* How many fields a struct, tuple or named tuple has; 0 for numbers and strings. Properties are not counted. */
JLT_API size_t jlt_field_count(jlt_frame *frame, jlt_value *value);

/* The field at a position, from 1, of a struct, tuple or named tuple: the field itself (getfield, setfield!), whatever
 * properties its type defines. set converts the new value to the field's type; true if done. The name is good for ever;
 * a tuple's is its position ("1"). JLT_NOT_FOUND, with the type and the number of its fields, if there is none.
 * Otherwise as above. */
JLT_API jlt_value *jlt_field_at(jlt_frame *frame, jlt_value *value, size_t position);
JLT_API bool jlt_field_set_at(jlt_frame *frame, jlt_value *value, size_t position, jlt_value *field);
JLT_API const char *jlt_field_name(jlt_frame *frame, jlt_value *value, size_t position);

/* ---- collections and ranges (task body) --------------------------------------------------------------- */
/* Whatever Julia's functions throw is JLT_EXCEPTION: BoundsError, KeyError, MethodError for what is no collection. */

/* collection[index, ...] (getindex): of arrays, tuples, Dicts with their keys, and all that Julia can index. Indices
 * are values; an array's count from 1. Without any, collection[], as for a Ref. _n: indices may be NULL for a
 * count of 0. */
#define jlt_index(frame, ...) jlt_index_list((frame), JLT_LIST(__VA_ARGS__))
JLT_API jlt_value *jlt_index_n(jlt_frame *frame, jlt_value *collection, jlt_value *const *indices, size_t count);

/* collection[index, ...] = value (setindex!): jlt_index_set(frame, collection, value, index, ...). Converts the value
 * to the collection's element type, and adds a Dict's key that is new. True if done. */
#define jlt_index_set(frame, ...) jlt_index_set_list((frame), JLT_LIST(__VA_ARGS__))
JLT_API bool jlt_index_set_n(jlt_frame *frame, jlt_value *collection, jlt_value *value, jlt_value *const *indices,
                             size_t count);

/* Beneath jlt_index and jlt_index_set: the collection, for set the value, and the indices, ended by JLT_LIST_END. */
JLT_API jlt_value *jlt_index_list(jlt_frame *frame, jlt_value *const *list);
JLT_API bool jlt_index_set_list(jlt_frame *frame, jlt_value *const *list);

/* The same with one index, an Int64. */
JLT_API jlt_value *jlt_index_at(jlt_frame *frame, jlt_value *collection, int64_t index);
JLT_API bool jlt_index_set_at(jlt_frame *frame, jlt_value *collection, jlt_value *value, int64_t index);

/* Whether the collection has the key (haskey): a Dict's, or a named tuple's. Arrays have none: MethodError. */
JLT_API bool jlt_has_key(jlt_frame *frame, jlt_value *collection, jlt_value *key);

/* The number of elements (length): of a String that of its characters, not bytes. 0 on failure. */
JLT_API size_t jlt_length(jlt_frame *frame, jlt_value *collection);

/* first:step:last of Int64, with both ends; empty if last is on the other side. With step 1 it is a UnitRange, like
 * Julia's first:last, else a StepRange. Step 0 is JLT_INVALID_ARGUMENT. */
JLT_API jlt_value *jlt_range_i64(jlt_frame *frame, int64_t first, int64_t step, int64_t last);

/* `length` Float64 at equal distances from first to last, with both ends: Julia's range(first, stop=last, length).
 * A length of 1 with different ends is Julia's exception. */
JLT_API jlt_value *jlt_range_f64(jlt_frame *frame, double first, double last, size_t length);

/* ---- comparison and text (task body) ------------------------------------------------------------------ */

/* equal: left == right, which may be true of different types; JLT_TYPE_MISMATCH where Julia's answer is not a Bool, as
 * for missing. isequal: as keys of a Dict are compared: NaN equals NaN, missing equals missing, 0.0 does not equal
 * -0.0. identical: left === right, the same object, or the same bits of one type. */
JLT_API bool jlt_equal(jlt_frame *frame, jlt_value *left, jlt_value *right);
JLT_API bool jlt_isequal(jlt_frame *frame, jlt_value *left, jlt_value *right);
JLT_API bool jlt_identical(jlt_frame *frame, jlt_value *left, jlt_value *right);

/* Julia's hash: the same for values that jlt_isequal finds equal, in this process. 0 on failure. */
JLT_API uint64_t jlt_hash(jlt_frame *frame, jlt_value *value);

/* A value as text, followed by a NUL: show as Julia code would write it (repr: "\"a\"", ":b", "[1, 2]"), in full; print
 * as print does (string: "a", "b"). jlt_print(frame, jlt_typeof(frame, x), NULL) names the type of x. The text is a
 * String that is rooted in the frame and good as long as that; *length (may be NULL) receives its bytes, since there
 * may be NULs in it. NULL on failure; what the value's own show throws is JLT_EXCEPTION. */
JLT_API const char *jlt_show(jlt_frame *frame, jlt_value *value, size_t *length);
JLT_API const char *jlt_print(jlt_frame *frame, jlt_value *value, size_t *length);

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

typedef enum jlt_element {
#define JLT_ELEMENT_ENUM(name, julia, c) JLT_##name,
    JLT_ELEMENT_MAP(JLT_ELEMENT_ENUM)
#undef JLT_ELEMENT_ENUM
        JLT_ELEMENT_COUNT
} jlt_element;

/* Julia's arrays are column-major: dims are ndims sizes, of which the first varies fastest in memory, and the element
 * at (i, j, k), from 0, stands at i + dims[0] * (j + dims[1] * k). Where a call below does not say otherwise, an
 * argument that is NULL, sizes that exceed the address space, and a number that is not a jlt_element are
 * JLT_INVALID_ARGUMENT, and an array of another element type is JLT_TYPE_MISMATCH, naming both. What Julia throws
 * is JLT_EXCEPTION, for lack of memory JLT_NO_MEMORY. Those that return a value root it in the frame. */

/* A new Array{element, ndims}, its elements zero. */
JLT_API jlt_value *jlt_array_new(jlt_frame *frame, jlt_element element, size_t ndims, const size_t *dims);

/* The same, holding a copy of the elements at data. */
JLT_API jlt_value *jlt_array_copy(jlt_frame *frame, jlt_element element, const void *data, size_t ndims,
                                  const size_t *dims);

/* An array over the caller's own memory, without a copy: Julia reads and writes it in place. The memory stays
 * the caller's and must outlive every use of the array in Julia. It must be aligned for its elements; else
 * JLT_INVALID_ARGUMENT. */
JLT_API jlt_value *jlt_array_wrap(jlt_frame *frame, jlt_element element, void *data, size_t ndims, const size_t *dims);

/* The same, and the memory becomes Julia's: release(argument) is called once, when nothing in Julia refers to the
 * elements any more (reshaped arrays and views of them included), or when Julia ends. A failure leaves the memory the
 * caller's, and release is not called. For malloc's: release free, argument data.
 * release may run on any of Julia's threads, also in the midst of a body there. It gets no frame and must not use any;
 * must not block, nor take a lock that a body holds while it calls jltask. */
JLT_API jlt_value *jlt_array_wrap_owned(jlt_frame *frame, jlt_element element, void *data, size_t ndims,
                                        const size_t *dims, void (*release)(void *argument), void *argument);

/* Arrays of any type: type is a Julia type, given as a value (jlt_global(frame, "Main.Point")).
 * new: bits types (their values are plain bytes, as of numbers and of structs of them) get zero bytes; of other types,
 * the elements are `nothing` where the type has that (Any, Union{Nothing, T}), else `missing` where it has that, else
 * undefined until they are set.
 * copy and wrap: bits types only, where element_size is what an element has in C (sizeof). A type that is not one, or
 * whose elements have another size in Julia's arrays, is JLT_TYPE_MISMATCH, naming both sizes. */
JLT_API jlt_value *jlt_array_new_of(jlt_frame *frame, jlt_value *type, size_t ndims, const size_t *dims);
JLT_API jlt_value *jlt_array_copy_of(jlt_frame *frame, jlt_value *type, size_t element_size, const void *data,
                                     size_t ndims, const size_t *dims);
JLT_API jlt_value *jlt_array_wrap_of(jlt_frame *frame, jlt_value *type, size_t element_size, void *data, size_t ndims,
                                     const size_t *dims);
JLT_API jlt_value *jlt_array_wrap_owned_of(jlt_frame *frame, jlt_value *type, size_t element_size, void *data,
                                           size_t ndims, const size_t *dims, void (*release)(void *argument),
                                           void *argument);

/* The number of elements; the number of dimensions, whose sizes are stored in the first `room` of dims (1 beyond the
 * last). Of any array in Julia; JLT_TYPE_MISMATCH and 0 for another value. dims may be NULL if room is 0. */
JLT_API size_t jlt_array_length(jlt_frame *frame, jlt_value *array);
JLT_API size_t jlt_array_shape(jlt_frame *frame, jlt_value *array, size_t room, size_t *dims);

/* An element as a value, of any array in Julia, be its elements references or bits. index counts from 1 in
 * column-major order, as in Julia. get roots the element in the frame. set stores the value itself, not converted: it
 * must be an instance of the element type, else JLT_TYPE_MISMATCH, naming both. JLT_INVALID_ARGUMENT for an index below
 * 1 or above the length, naming both; JLT_NOT_FOUND for an element that is undefined. */
JLT_API jlt_value *jlt_array_get(jlt_frame *frame, jlt_value *array, size_t index);
JLT_API bool jlt_array_set(jlt_frame *frame, jlt_value *array, size_t index, jlt_value *value);

/* Longer and shorter vectors (Vector, that is Array{T, 1}; others are JLT_TYPE_MISMATCH). True on success. Views of the
 * vector are good no more then. Memory that was wrapped cannot be resized, nor, up to Julia 1.10, a vector that was
 * reshaped: JLT_INVALID_ARGUMENT.
 * push: adds one element, the one that value points to. append: `count` elements; data may be NULL if that is 0, and
 * may be the vector's own. They need not be aligned. push_value: adds a value, as jlt_array_set stores it.
 * resize: the new length, in elements; new ones are as in jlt_array_new_of. */
JLT_API bool jlt_array_push(jlt_frame *frame, jlt_value *vector, jlt_element element, const void *value);
JLT_API bool jlt_array_push_value(jlt_frame *frame, jlt_value *vector, jlt_value *value);
JLT_API bool jlt_array_append(jlt_frame *frame, jlt_value *vector, jlt_element element, const void *data, size_t count);
JLT_API bool jlt_array_append_of(jlt_frame *frame, jlt_value *vector, jlt_value *type, size_t element_size,
                                 const void *data, size_t count);
JLT_API bool jlt_array_resize(jlt_frame *frame, jlt_value *vector, size_t length);

/* The same elements, in the same memory, in another shape. JLT_TYPE_MISMATCH for a shape that has not as many, naming
 * both. */
JLT_API jlt_value *jlt_array_reshape(jlt_frame *frame, jlt_value *array, size_t ndims, const size_t *dims);

enum { JLT_VIEW_DIMS = 8 };

/* Where an array's elements are: good as long as the array is rooted and not resized. */
typedef struct jlt_view {
    void *data;                       /* the first element */
    size_t length;                    /* the number of elements */
    size_t element_size;              /* bytes */
    size_t ndims;                     /* may exceed JLT_VIEW_DIMS; dims has the first ones then */
    size_t dims[JLT_VIEW_DIMS];       /* column-major; unused ones are 1 */
    ptrdiff_t strides[JLT_VIEW_DIMS]; /* from an element to the next in that dimension, in elements; may be negative.
                                         Unused ones: as if that dimension had more than one */
    bool contiguous;                  /* the elements are data[0] to data[length - 1], in column-major order */
} jlt_view;

/* Fills *view with where the elements of an array are, which must be of that element type (view_of: of that bits type,
 * of element_size bytes in C). The array: an Array; a view of one (SubArray) by numbers and ranges; what reshape,
 * reinterpret and PermutedDimsArray make of these where the elements stay at regular distances; Julia's Memory. False,
 * with JLT_TYPE_MISMATCH that names the type wanted and the array's, for all else: ranges, a BitArray (its elements are
 * bits), an adjoint. view is left untouched then.
 * The strided ones take all of these; the others want the elements to be contiguous, so that strides need not be looked
 * at. */
static inline bool jlt_array_view(jlt_frame *frame, jlt_value *array, jlt_element element, jlt_view *view);
static inline bool jlt_array_view_of(jlt_frame *frame, jlt_value *array, jlt_value *type, size_t element_size,
                                     jlt_view *view);
static inline bool jlt_array_view_strided(jlt_frame *frame, jlt_value *array, jlt_element element, jlt_view *view);
static inline bool jlt_array_view_strided_of(jlt_frame *frame, jlt_value *array, jlt_value *type, size_t element_size,
                                             jlt_view *view);

/* The element at an index of `count` numbers (at most JLT_VIEW_DIMS), each from 0. Not checked against dims. */
static inline void *jlt_view_element(const jlt_view *view, const size_t *index, size_t count)
{
    ptrdiff_t at = 0;
    for (size_t i = 0; i < count; i++)
        at += (ptrdiff_t)index[i] * view->strides[i];
    return (char *)view->data + at * (ptrdiff_t)view->element_size;
}

/* The same as an lvalue of a C type: jlt_at(&view, double, i, j) = 1. */
#ifdef __cplusplus
} /* a template has no C linkage */
template <typename... Index> inline void *jlt_view_element_at(const jlt_view *view, Index... index)
{
    const size_t list[] = {static_cast<size_t>(index)...};
    return jlt_view_element(view, list, sizeof...(index));
}
extern "C" {
#define jlt_at(view, type, ...) (*static_cast<type *>(jlt_view_element_at((view), __VA_ARGS__)))
#else
#define jlt_at(view, type, ...)                                                                                        \
    (*(type *)jlt_view_element((view), (const size_t[]){__VA_ARGS__},                                                  \
                               sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t)))
#endif

/* ---- values held for the client side ------------------------------------------------------------------ */

/* A value that stays rooted beyond its frame and task, until it is dropped: the way to hand an array, a string or bytes
 * to the client side without a copy, its pointer being (part of) an output. It has one owner; if the output may be
 * received by nobody, the type's dispose_output should drop it. */
typedef struct jlt_held jlt_held;

/* Holds a value (task body). The caller owns the result; NULL on failure. What a client may ask of it is written down
 * now: while it is held, an array must not be resized (its elements may be written, by whom the program lets). Each
 * collection walks all held values, at some nanoseconds each: for thousands of them hold one vector with all.
 * JLT_NO_MEMORY. */
JLT_API jlt_held *jlt_hold(jlt_frame *frame, jlt_value *value);

/* The value again, rooted in this frame (task body). */
JLT_API jlt_value *jlt_held_get(jlt_frame *frame, const jlt_held *held);

/* Where the elements of a held array are, until it is dropped; the array must be contiguous. view_of: of another bits
 * type, by its name as Julia shows it ("Point", "MyModule.Point"). Any thread, also when Julia has ended; but memory
 * that was wrapped with a release function is released when Julia ends. JLT_TYPE_MISMATCH, naming both, for another
 * element type, its size or another value; JLT_INVALID_ARGUMENT. *view is written on JLT_OK only. */
static inline jlt_status jlt_held_view(const jlt_held *held, jlt_element element, jlt_view *view);
static inline jlt_status jlt_held_view_of(const jlt_held *held, const char *type_name, size_t element_size,
                                          jlt_view *view);

/* The bytes of a held String, which are followed by a NUL, or contiguous array of UInt8, until it is dropped. As
 * jlt_held_view. */
JLT_API jlt_status jlt_held_bytes(const jlt_held *held, const void **data, size_t *length);

/* Lets go of the value: it lives on if Julia uses it still. NULL is ignored. Any thread, any time, also in
 * dispose_output and when Julia has ended. */
JLT_API void jlt_held_drop(jlt_held *held);

/* ---- modules and packages (task body) ----------------------------------------------------------------- */
/* All of these act on the whole process: what they define is in Main, for all tasks. Functions defined after the start
 * are seen by tasks that were running before; a redefinition takes effect from the next jlt_call on, in every task. */

/* Evaluates a Julia file in Main and returns the value of its last statement. A relative path begins at the process's
 * working directory, in the file itself at the file's folder. JLT_NOT_FOUND if there is no such file, JLT_EXCEPTION for
 * what it throws and for syntax errors; the message says the file and line, and those of the files that included it. */
JLT_API jlt_value *jlt_include(jlt_frame *frame, const char *path);

/* `using package` in Main: loads the package if it is not loaded, makes the names that it exports visible in Main, and
 * returns its module. "A.B" uses a module of the package. A name that no package has may be that of a module in Main.
 * JLT_NOT_FOUND if the project in use and the load path know no such package, or it is not installed: the message says
 * which project, and what to do. JLT_EXCEPTION if it fails to load: its error, with file and line. Where Julia
 * precompiles the package first, in a process of its own, what goes wrong there is written to the process's standard
 * error, and the exception only says so (the flag "--compiled-modules=no" makes Julia load the source itself).
 * JLT_INVALID_ARGUMENT if it is not a name. */
JLT_API jlt_value *jlt_using(jlt_frame *frame, const char *package);

/* Makes a project the one in use, as options.project does at the start: jlt_using looks packages up in it. project: a
 * folder with a Project.toml or JuliaProject.toml, or that file. Packages that are loaded stay as they are. True on
 * success; JLT_NOT_FOUND if there is no such file. */
JLT_API bool jlt_activate(jlt_frame *frame, const char *project);

/* The module Main.<name>, made of this code by the first call in the process; later calls with the same name and code,
 * from any task, return the same module without evaluating anything. The code is what would stand between `module name`
 * and `end`. A failure leaves nothing of the module behind, so that the call may be made again.
 * JLT_INVALID_ARGUMENT if the name was given another code before, is that of something else in Main, or is not a name;
 * JLT_EXCEPTION for what the code throws, the message with its line. */
JLT_API jlt_value *jlt_module_once(jlt_frame *frame, const char *name, const char *code);

/* ---- debugging ---------------------------------------------------------------------------------------- */

/* How many objects are alive in the process. Counted in builds with JLT_CHECKS; all -1 in others. */
typedef struct jlt_counts {
    int64_t tasks;     /* persistent tasks whose exit has not ended or that still have handles */
    int64_t messages;  /* messages not yet freed */
    int64_t receivers; /* receivers neither received nor dropped */
    int64_t errors;    /* error texts not yet freed, those that threads keep for jlt_error_message included */
    int64_t held;      /* values held and not dropped */
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
JLT_API jlt_status jlt_task_dispatch_with_sized(jlt_runtime *runtime, const jlt_task_type *type, size_t type_size,
                                                const void *input, const jlt_call_options *options, size_t options_size,
                                                jlt_receiver **receiver);
JLT_API jlt_status jlt_task_invoke_with_sized(jlt_runtime *runtime, const jlt_task_type *type, size_t type_size,
                                              const void *input, const jlt_call_options *options, size_t options_size,
                                              void *output);
JLT_API jlt_status jlt_persistent_dispatch_with_sized(jlt_runtime *runtime, const jlt_persistent_type *type,
                                                      size_t type_size, const void *config,
                                                      const jlt_call_options *options, size_t options_size,
                                                      jlt_receiver **receiver);
JLT_API jlt_status jlt_persistent_call_with_sized(jlt_persistent *task, const void *input,
                                                  const jlt_call_options *options, size_t options_size,
                                                  jlt_receiver **receiver);
JLT_API jlt_status jlt_persistent_invoke_with_sized(jlt_persistent *task, const void *input,
                                                    const jlt_call_options *options, size_t options_size, void *output);
JLT_API jlt_status jlt_persistent_monitor_sized(jlt_persistent *task, size_t end_size, jlt_receiver **receiver);
JLT_API jlt_status jlt_runtime_settings_sized(jlt_runtime *runtime, jlt_settings *settings, size_t settings_size);
JLT_API bool jlt_array_view_sized(jlt_frame *frame, jlt_value *array, jlt_element element, jlt_view *view,
                                  size_t view_size);
JLT_API bool jlt_array_view_of_sized(jlt_frame *frame, jlt_value *array, jlt_value *type, size_t element_size,
                                     jlt_view *view, size_t view_size);
JLT_API bool jlt_array_view_strided_sized(jlt_frame *frame, jlt_value *array, jlt_element element, jlt_view *view,
                                          size_t view_size);
JLT_API bool jlt_array_view_strided_of_sized(jlt_frame *frame, jlt_value *array, jlt_value *type, size_t element_size,
                                             jlt_view *view, size_t view_size);
JLT_API jlt_status jlt_held_view_sized(const jlt_held *held, jlt_element element, jlt_view *view, size_t view_size);
JLT_API jlt_status jlt_held_view_of_sized(const jlt_held *held, const char *type_name, size_t element_size,
                                          jlt_view *view, size_t view_size);

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

static inline jlt_status jlt_task_dispatch_with(jlt_runtime *runtime, const jlt_task_type *type, const void *input,
                                                const jlt_call_options *options, jlt_receiver **receiver)
{
    return jlt_task_dispatch_with_sized(runtime, type, sizeof(jlt_task_type), input, options, sizeof(jlt_call_options),
                                        receiver);
}

static inline jlt_status jlt_task_invoke_with(jlt_runtime *runtime, const jlt_task_type *type, const void *input,
                                              const jlt_call_options *options, void *output)
{
    return jlt_task_invoke_with_sized(runtime, type, sizeof(jlt_task_type), input, options, sizeof(jlt_call_options),
                                      output);
}

static inline jlt_status jlt_persistent_dispatch_with(jlt_runtime *runtime, const jlt_persistent_type *type,
                                                      const void *config, const jlt_call_options *options,
                                                      jlt_receiver **receiver)
{
    return jlt_persistent_dispatch_with_sized(runtime, type, sizeof(jlt_persistent_type), config, options,
                                              sizeof(jlt_call_options), receiver);
}

static inline jlt_status jlt_persistent_call_with(jlt_persistent *task, const void *input,
                                                  const jlt_call_options *options, jlt_receiver **receiver)
{
    return jlt_persistent_call_with_sized(task, input, options, sizeof(jlt_call_options), receiver);
}

static inline jlt_status jlt_persistent_invoke_with(jlt_persistent *task, const void *input,
                                                    const jlt_call_options *options, void *output)
{
    return jlt_persistent_invoke_with_sized(task, input, options, sizeof(jlt_call_options), output);
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

static inline jlt_status jlt_persistent_monitor(jlt_persistent *task, jlt_receiver **receiver)
{
    return jlt_persistent_monitor_sized(task, sizeof(jlt_end), receiver);
}

static inline jlt_status jlt_runtime_settings(jlt_runtime *runtime, jlt_settings *settings)
{
    return jlt_runtime_settings_sized(runtime, settings, sizeof(jlt_settings));
}

static inline bool jlt_array_view(jlt_frame *frame, jlt_value *array, jlt_element element, jlt_view *view)
{
    return jlt_array_view_sized(frame, array, element, view, sizeof(jlt_view));
}

static inline bool jlt_array_view_of(jlt_frame *frame, jlt_value *array, jlt_value *type, size_t element_size,
                                     jlt_view *view)
{
    return jlt_array_view_of_sized(frame, array, type, element_size, view, sizeof(jlt_view));
}

static inline bool jlt_array_view_strided(jlt_frame *frame, jlt_value *array, jlt_element element, jlt_view *view)
{
    return jlt_array_view_strided_sized(frame, array, element, view, sizeof(jlt_view));
}

static inline bool jlt_array_view_strided_of(jlt_frame *frame, jlt_value *array, jlt_value *type, size_t element_size,
                                             jlt_view *view)
{
    return jlt_array_view_strided_of_sized(frame, array, type, element_size, view, sizeof(jlt_view));
}

static inline jlt_status jlt_held_view(const jlt_held *held, jlt_element element, jlt_view *view)
{
    return jlt_held_view_sized(held, element, view, sizeof(jlt_view));
}

static inline jlt_status jlt_held_view_of(const jlt_held *held, const char *type_name, size_t element_size,
                                          jlt_view *view)
{
    return jlt_held_view_of_sized(held, type_name, element_size, view, sizeof(jlt_view));
}

/* ---- boxes and unboxes by C's types (task body) ------------------------------------------------------- */
/*
 *     jlt_value *jlt_box(jlt_frame *frame, x);
 *     bool jlt_unbox(jlt_frame *frame, jlt_value *value, &x);
 *
 * stand for the function that fits the type of x: bool, all of C's integers by their sizes, float, double, jlt_i128,
 * jlt_u128, jlt_c32, jlt_c64, __int128 where there is one, in C _Complex float and double, void *, and const char *
 * (boxing: char * too), a text that ends with its first NUL. Another type does not compile; Char, Float16, Symbol
 * and strings of any bytes have the functions above. A char is Julia's Cchar: Int8 where C's is signed, else UInt8.
 * In C, but not in C++, true, false, comparisons and 'a' are ints: write (bool)true.
 *
 * jlt_unbox fills x and returns true if the value is of exactly the type that jlt_box makes of x; x is left
 * untouched if not (JLT_TYPE_MISMATCH). A const char * is good as long as the value is rooted; for a String with a
 * NUL in it, JLT_TYPE_MISMATCH. */

/* X(NAME, name, C's type): what can be boxed and unboxed in this way, by jlt_box_<name>. */
#define JLT_SCALAR_MAP(X)                                                                                              \
    X(BOOL, bool, bool)                                                                                                \
    X(I8, i8, int8_t)                                                                                                  \
    X(I16, i16, int16_t)                                                                                               \
    X(I32, i32, int32_t)                                                                                               \
    X(I64, i64, int64_t)                                                                                               \
    X(I128, i128, jlt_i128)                                                                                            \
    X(U8, u8, uint8_t)                                                                                                 \
    X(U16, u16, uint16_t)                                                                                              \
    X(U32, u32, uint32_t)                                                                                              \
    X(U64, u64, uint64_t)                                                                                              \
    X(U128, u128, jlt_u128)                                                                                            \
    X(F32, f32, float)                                                                                                 \
    X(F64, f64, double)                                                                                                \
    X(C32, c32, jlt_c32)                                                                                               \
    X(C64, c64, jlt_c64)                                                                                               \
    X(POINTER, pointer, void *)

typedef enum jlt_scalar {
#define JLT_SCALAR_ENUM(NAME, name, c) JLT_SCALAR_##NAME,
    JLT_SCALAR_MAP(JLT_SCALAR_ENUM)
#undef JLT_SCALAR_ENUM
        JLT_SCALAR_STRING /* const char * */
} jlt_scalar;

/* Beneath jlt_unbox: into is a pointer to the scalar's C type. A NULL argument, and a scalar that is none, is
 * JLT_INVALID_ARGUMENT. */
JLT_API bool jlt_unbox_into(jlt_frame *frame, jlt_value *value, jlt_scalar scalar, void *into);

/* X(C's type, name, NAME): each type of C's but bool, with its scalar. */
#if CHAR_MIN < 0
#define JLT_C_CHAR(X) X(char, i8, I8)
#else
#define JLT_C_CHAR(X) X(char, u8, U8)
#endif
#if LONG_MAX > 0x7fffffff
#define JLT_C_LONG(X) X(long, i64, I64) X(unsigned long, u64, U64)
#else
#define JLT_C_LONG(X) X(long, i32, I32) X(unsigned long, u32, U32)
#endif
#ifdef __SIZEOF_INT128__
#define JLT_C_INT128(X) X(jlt_int128, int128, I128) X(jlt_uint128, uint128, U128)
#else
#define JLT_C_INT128(X)
#endif
#if defined(__cplusplus) || defined(__STDC_NO_COMPLEX__)
#define JLT_C_COMPLEX(X)
#else
#define JLT_C_COMPLEX(X) X(float _Complex, float_complex, C32) X(double _Complex, double_complex, C64)
#endif
#define JLT_C_TYPE_MAP(X)                                                                                              \
    JLT_C_CHAR(X)                                                                                                      \
    X(signed char, i8, I8)                                                                                             \
    X(unsigned char, u8, U8)                                                                                           \
    X(short, i16, I16)                                                                                                 \
    X(unsigned short, u16, U16)                                                                                        \
    X(int, i32, I32)                                                                                                   \
    X(unsigned int, u32, U32)                                                                                          \
    JLT_C_LONG(X)                                                                                                      \
    X(long long, i64, I64)                                                                                             \
    X(unsigned long long, u64, U64)                                                                                    \
    JLT_C_INT128(X)                                                                                                    \
    X(jlt_i128, i128, I128)                                                                                            \
    X(jlt_u128, u128, U128)                                                                                            \
    X(float, f32, F32)                                                                                                 \
    X(double, f64, F64)                                                                                                \
    JLT_C_COMPLEX(X)                                                                                                   \
    X(jlt_c32, c32, C32)                                                                                               \
    X(jlt_c64, c64, C64)                                                                                               \
    X(void *, pointer, POINTER)                                                                                        \
    X(const char *, string, STRING)

#ifdef __SIZEOF_INT128__
__extension__ typedef __int128 jlt_int128;
__extension__ typedef unsigned __int128 jlt_uint128;

static inline jlt_value *jlt_box_int128(jlt_frame *frame, jlt_int128 value)
{
    jlt_i128 halves = {(uint64_t)value, (int64_t)(value >> 64)};
    return jlt_box_i128(frame, halves);
}

static inline jlt_value *jlt_box_uint128(jlt_frame *frame, jlt_uint128 value)
{
    jlt_u128 halves = {(uint64_t)value, (uint64_t)(value >> 64)};
    return jlt_box_u128(frame, halves);
}
#endif

#ifdef __cplusplus
} /* extern "C" */

#define JLT_CXX_OVERLOADS(c, name, NAME)                                                                               \
    inline jlt_value *jlt_box(jlt_frame *frame, c value)                                                               \
    {                                                                                                                  \
        return jlt_box_##name(frame, value);                                                                           \
    }                                                                                                                  \
    inline bool jlt_unbox(jlt_frame *frame, jlt_value *value, c *into)                                                 \
    {                                                                                                                  \
        return jlt_unbox_into(frame, value, JLT_SCALAR_##NAME, into);                                                  \
    }
JLT_CXX_OVERLOADS(bool, bool, BOOL)
JLT_C_TYPE_MAP(JLT_CXX_OVERLOADS)
#undef JLT_CXX_OVERLOADS

inline jlt_value *jlt_box(jlt_frame *frame, char *text)
{
    return jlt_box_string(frame, text);
}

template <class other> jlt_value *jlt_box(jlt_frame *frame, other value) = delete; /* no silent conversion */

#else

#ifndef __STDC_NO_COMPLEX__
static inline jlt_value *jlt_box_float_complex(jlt_frame *frame, float _Complex value)
{
    union {
        float _Complex value;
        jlt_c32 parts;
    } same = {value};
    return jlt_box_c32(frame, same.parts);
}

static inline jlt_value *jlt_box_double_complex(jlt_frame *frame, double _Complex value)
{
    union {
        double _Complex value;
        jlt_c64 parts;
    } same = {value};
    return jlt_box_c64(frame, same.parts);
}
#endif

#define JLT_BOX_CASE(c, name, NAME) , c : jlt_box_##name
#define JLT_UNBOX_CASE(c, name, NAME) , c * : JLT_SCALAR_##NAME
#define jlt_box(frame, x)                                                                                              \
    _Generic((x), bool : jlt_box_bool, char * : jlt_box_string JLT_C_TYPE_MAP(JLT_BOX_CASE))((frame), (x))
#define jlt_unbox(frame, value, into)                                                                                  \
    jlt_unbox_into((frame), (value), _Generic((into), bool * : JLT_SCALAR_BOOL JLT_C_TYPE_MAP(JLT_UNBOX_CASE)), (into))
#endif

#endif
