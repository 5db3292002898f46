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
 * Each concern has a header of its own in jltask/, which can be included alone; this one includes all.
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
 * return NULL, zero or false, with the reason in jlt_error_message(). docs/misuse.md lists what such a build sees. */
#ifndef JLTASK_H
#define JLTASK_H

/* for any thread */
#include "jltask/debug.h"
#include "jltask/held.h"
#include "jltask/insight.h"
#include "jltask/limits.h"
#include "jltask/queue.h"
#include "jltask/receivers.h"
#include "jltask/runtime.h"
#include "jltask/status.h"
#include "jltask/supervision.h"
#include "jltask/tasks.h"

/* for task bodies */
#include "jltask/arrays.h"
#include "jltask/boxes.h"
#include "jltask/callbacks.h"
#include "jltask/calls.h"
#include "jltask/collections.h"
#include "jltask/collector.h"
#include "jltask/frames.h"
#include "jltask/modules.h"

/* for both */
#include "jltask/typed.h"

#endif
