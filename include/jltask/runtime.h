/* SPDX-License-Identifier: MIT
 *
 * Client side: a start of Julia with its options, handles on the runtime, its close and end. */
#ifndef JLTASK_RUNTIME_H
#define JLTASK_RUNTIME_H

#include "status.h"

JLT_BEGIN_DECLARATIONS

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
    size_t messages_at_most; /* that wait in all mailboxes and the channel together; 0: no limit */
    size_t bytes_at_most;    /* the same, of their inputs and configs; bytes. A larger one: JLT_INVALID_ARGUMENT */
    size_t fibers_at_most;   /* bodies that have begun and not ended, in equal shares of the threads, with one at least;
                                each has a stack. 0: 24000, which is the most */
    bool timings;            /* measure how long messages wait and run (insight.h); else they are only counted */
    void (*own_log)(void *context, int level, const char *message); /* receives what jltask itself has to say, one line
                                  each: the start and the end, failures that restart or end a task, a close that gives
                                  up. NULL: standard error, where JLTASK_LOG names a level */
    void *own_log_context;
    int own_log_level; /* from this level on, as log_level. With `own_log` only */
} jlt_options;         /* the strings and flags may be gone when the start has returned */

/* The sinks `log` and `output` are called by Julia code that logs or prints, on any of Julia's threads, each by one
 * thread at a time (but both may be at work at once), until jlt_thread_join or jlt_runtime_start has returned. They
 * must not wait, and must not use a frame; what any thread may call is allowed as long as it does not wait.
 * Output is what goes through Julia's stdout and stderr: not what C code, Julia's runtime itself (warnings about
 * replaced modules) and child processes write to the file descriptors 1 and 2, which stay as they are. The bytes of one
 * print come in as many calls as it makes, with none of another task's between them. With `output` and no `log` the log
 * is output, to stream 2. Exceptions while a record is made become a record of level error; the code goes on.
 * `own_log` is called by any thread, several at once, also before the start has returned and by a failed start; it must
 * not wait, nor close or join. */

/* At its limits. Where messages_at_most or bytes_at_most is reached, a sender is treated as at a full mailbox: it
 * waits, or is told JLT_FULL. Bodies, C functions that Julia calls and the work of jlt_blocking do not wait there,
 * since what would make room may be waiting for them: what they send goes past the limit (with fibers_at_most also
 * past channel_capacity), but for a try or dont_wait. A message counts until it begins or is given up. Where all
 * fibers are in bodies, what is ready waits until one ends; a body that would wait for another without a limit in
 * time, and would be the last one to do so, is told JLT_WOULD_DEADLOCK. Deadlines, cancels and closes work as ever. */

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

/* Closes the runtime for all handles: no task is started and no message accepted from here on. What was accepted is
 * answered: by its body or, with cancel, by JLT_CANCELLED where the body has not begun; at once, but for an invoke
 * without options that has less than some 500 bytes, which is answered when a thread of Julia's is free. Then every
 * task's exit runs and Julia ends. Returns at once (jlt_thread_join waits); closing again is allowed, and may add the
 * cancel. The handle stays owned by the caller. Any thread. JLT_INVALID_ARGUMENT for NULL. */
JLT_API jlt_status jlt_runtime_close(jlt_runtime *runtime, bool cancel);

/* A close with a limit in time: what was accepted is answered by its body for timeout_ns nanoseconds; then what has not
 * begun is answered with JLT_CANCELLED, and so is each call whose body still runs, whatever that says later; it is told
 * to stop as one that is cancelled is (jlt_call_options). Exits run as soon as their task's body has ended: a body that
 * does not stop delays the end of Julia, not the answers. 0: at once; negative: no limit. Of several limits the first
 * is kept. Returns at once. Any thread, and bodies. JLT_INVALID_ARGUMENT for NULL; JLT_NO_MEMORY: closed, without the
 * limit. */
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

/* Beneath the inline functions: they take the size of the struct as its caller knows it, so that it can grow without
 * breaking programs built against an older header. */
JLT_API jlt_status jlt_runtime_spawn_sized(const jlt_options *options, size_t options_size, jlt_runtime **runtime,
                                           jlt_thread **thread);
JLT_API jlt_status jlt_runtime_start_sized(const jlt_options *options, size_t options_size,
                                           int (*main_fn)(jlt_runtime *runtime, void *argument), void *argument,
                                           int *result);
JLT_API jlt_status jlt_runtime_settings_sized(jlt_runtime *runtime, jlt_settings *settings, size_t settings_size);

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

static inline jlt_status jlt_runtime_settings(jlt_runtime *runtime, jlt_settings *settings)
{
    return jlt_runtime_settings_sized(runtime, settings, sizeof(jlt_settings));
}

JLT_END_DECLARATIONS

#endif
