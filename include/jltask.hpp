/* SPDX-License-Identifier: MIT
 *
 * jltask in C++17, over jltask.h: handles that are given back by themselves, types of tasks made of classes,
 * receivers with get(), exceptions in place of statuses, spans of arrays, and from C++20 on co_await. Nothing is
 * behind it but inline functions. docs/cplusplus.md shows it at work.
 *
 * What a function does, which thread may call it and how it can fail is said at the C function that it calls; a
 * status other than JLT_OK is thrown as a jlt::error. get() of a handle is the C handle, which the C functions take.
 * Bodies get the jlt_frame *, and use the C functions on it.
 *
 * Exceptions thrown in a body are caught where it returns to jltask, and are the message's failure: JLT_FAILED with
 * what(). None may leave a function that is given to C or Julia otherwise (jlt_function, sinks, callbacks, release
 * functions): make those noexcept. While an exception is under way, in a catch block or in a destructor that it runs,
 * a body must not do what may wait or call Julia: another body that throws meanwhile on the thread would mix up the
 * two. */
#ifndef JLTASK_HPP
#define JLTASK_HPP

#include "jltask.h"

#include "jltask/arrays.hpp"
#include "jltask/bodies.hpp"
#include "jltask/handles.hpp"
#include "jltask/queue.hpp"

#endif
