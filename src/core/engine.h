/* SPDX-License-Identifier: MIT
 *
 * What core needs of the thing that runs bodies. The Julia layer provides it; tests of core provide one made of
 * plain threads. Every function is called on a thread of the engine, except ring. */
#ifndef JLT_CORE_ENGINE_H
#define JLT_CORE_ENGINE_H

#include "base/error.h"

struct fiber;
struct parker;
struct runtime;
struct worker;

struct engine {
    /* Any thread: makes worker_doorbell(worker) be called soon on some engine thread, when that worker's thread
     * is idle or its fiber is suspended. Rings may be merged. */
    void (*ring)(struct worker *worker);

    /* Any thread: makes attention_answer(runtime, ...) be called on some engine thread that is idle, or else as soon as
     * one is. Calls may be merged. Only where there are several workers. */
    void (*call)(struct runtime *runtime);

    /* Makes a parked fiber enter worker_pump again, on its worker's thread, when that is free. */
    void (*schedule)(struct fiber *fiber);

    /* Makes a new fiber that will enter worker_pump on the worker's thread. False: no memory. */
    bool (*start_fiber)(struct worker *worker);

    /* A body asks to be suspended until engine->schedule(fiber); a schedule that came first is not lost.
     * timeout_ns >= 0: also call parker_timed_out(parker) after that time. */
    void (*suspend)(struct fiber *fiber, struct parker *parker, int64_t timeout_ns);

    /* On its worker's thread: ends a wait in Julia that the fiber's body is in, with an exception, if that is sound.
     * False: it is not, or the fiber is not waiting; it may be asked again later. */
    bool (*interrupt)(struct fiber *fiber);

    /* A body is about to begin on the worker's thread, which may have been idle until now. */
    void (*begin_body)(struct worker *worker);

    /* Lets a collection that another thread has asked for go on. Called while a worker waits awake. */
    void (*safepoint)(void);

    /* Opens a frame for a body on this fiber; NULL: no memory. */
    jlt_frame *(*frame_open)(struct fiber *fiber);

    /* Closes it with all that it rooted. Its failure, the caller's, or NULL; a constant one if its text is not
     * wanted. */
    struct error *(*frame_close)(jlt_frame *frame, bool wanted);

    /* Closes a frame but keeps what it rooted, until release. False: the frame has failed, or does so now for lack of
     * memory; it is still open then. */
    bool (*frame_keep)(jlt_frame *frame, void **kept);
    void (*release)(void *kept);

    /* A persistent task is one task to the code that it runs, whichever fiber it is on: what code keeps in its current
     * task is there again in the next message. A turn ends with leave: it clears the fiber, and puts what was left
     * there into *identity (made if need be; NULL: it is forgotten, as that of a one-shot task is). A later turn, on
     * any fiber, begins with enter if there is an identity. The functions are NULL in an engine whose code has nothing
     * like that. */
    void (*identity_enter)(struct fiber *fiber, const void *identity);
    void (*identity_leave)(struct fiber *fiber, void **identity);
    void (*identity_free)(void *identity);

    /* The last worker has ended; fibers may be left parked, and worker_doorbell may be running on another thread. No
     * ring begins or is under way any more. */
    void (*finished)(struct runtime *runtime);
};

/* The fiber whose body, or whose pump, runs on the calling thread; NULL on other threads. The engine restores it
 * whenever a suspended fiber goes on. */
extern _Thread_local struct fiber *current_fiber;

#endif
