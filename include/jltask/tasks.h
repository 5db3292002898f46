/* SPDX-License-Identifier: MIT
 *
 * Client side: types of tasks, one-shot and persistent, and messages to them. */
#ifndef JLTASK_TASKS_H
#define JLTASK_TASKS_H

#include "runtime.h"

JLT_BEGIN_DECLARATIONS

/* Inputs, configs and outputs are plain bytes of the sizes that the type names. They are copied before the
 * sending function returns; when that fails, what they own is still the caller's. An input of size 0 may be NULL.
 * One-shot tasks have no order among them and run on any of Julia's threads. A persistent task handles one message at a
 * time, each on the thread that it was placed on or, while that one is inside another body, on one that is idle; its
 * type may fix the thread. Types are kept as long as the process: make them static, and leave them as they are after
 * their first use.
 *
 * Bodies may send to other tasks and wait for them. A body that would wait for itself, directly or around a ring of
 * bodies that wait for each other, is told so: the call that would close the ring returns JLT_WOULD_DEADLOCK at once,
 * and its message names the ring's tasks in order. A refused receive leaves the receiver good; a refused invoke, spawn
 * or call has sent nothing. Counted are waits of bodies for a reply, for room in a mailbox and for a start, on
 * messages that bodies have sent. Not counted, neither refused nor part of a ring, are waits with a limit in time (a
 * canceller is none), waits inside Julia (fetch, a lock, a channel), those of C code that Julia code calls and of
 * jlt_blocking's work, and those on receivers that came from outside of bodies. No wait that would end is refused. */

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
 * run after each, before what waits. Without a limit on restarts one that always fails is run for ever. Which try is
 * the last no body can know, and it may be given up between two: its input should own nothing.
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

/* Another handle on the same task, or NULL for NULL. Any thread. */
JLT_API jlt_persistent *jlt_persistent_clone(jlt_persistent *task);

/* Gives a handle back. After the last one the task answers what it has, runs exit and ends. NULL is ignored. A handle
 * dropped twice aborts the process where that is seen, which a build with JLT_CHECKS makes sure of. Any thread. */
JLT_API void jlt_persistent_drop(jlt_persistent *task);

/* Beneath the inline functions: they take the size of the struct as its caller knows it, so that it can grow without
 * breaking programs built against an older header. */
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

JLT_END_DECLARATIONS

#endif
