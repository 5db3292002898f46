/* SPDX-License-Identifier: MIT
 *
 * Any thread: what a build with JLT_CHECKS counts. */
#ifndef JLTASK_DEBUG_H
#define JLTASK_DEBUG_H

#include "base.h"

JLT_BEGIN_DECLARATIONS

/* How many objects are alive in the process. Counted in builds with JLT_CHECKS; all -1 in others. */
typedef struct jlt_counts {
    int64_t tasks;     /* persistent tasks whose exit has not ended or that still have handles */
    int64_t messages;  /* messages not yet freed */
    int64_t receivers; /* receivers neither received nor dropped */
    int64_t errors;    /* error texts not yet freed, those that threads keep for jlt_error_message included */
    int64_t held;      /* values held and not dropped */
} jlt_counts;
JLT_API jlt_counts jlt_debug_counts(void);

JLT_END_DECLARATIONS

#endif
