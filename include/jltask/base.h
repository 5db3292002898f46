/* SPDX-License-Identifier: MIT
 *
 * What every header of jltask includes: its version, and the types of its handles. */
#ifndef JLTASK_BASE_H
#define JLTASK_BASE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#include <initializer_list>
#define JLT_BEGIN_DECLARATIONS extern "C" {
#define JLT_END_DECLARATIONS }
#else
#define JLT_BEGIN_DECLARATIONS
#define JLT_END_DECLARATIONS
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

JLT_BEGIN_DECLARATIONS

typedef struct jlt_runtime jlt_runtime;       /* a counted handle on the runtime */
typedef struct jlt_thread jlt_thread;         /* the thread that owns Julia, to be joined */
typedef struct jlt_persistent jlt_persistent; /* a counted handle on a persistent task */
typedef struct jlt_receiver jlt_receiver;     /* one reply to come */
typedef struct jlt_queue jlt_queue;           /* out of which replies come */
typedef struct jlt_frame jlt_frame;           /* roots the values made in it */
typedef struct jlt_slot jlt_slot;             /* a rooted variable */
typedef struct _jl_value_t jlt_value;         /* a Julia value: the same pointer as julia.h's jl_value_t */

JLT_END_DECLARATIONS

#endif
