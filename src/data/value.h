/* SPDX-License-Identifier: MIT
 *
 * What the files about values share. */
#ifndef JLT_DATA_VALUE_H
#define JLT_DATA_VALUE_H

#include "data/frame.h"

/* Fails the frame with JLT_TYPE_MISMATCH: what was expected, and the value's type with its parameters. */
void value_mismatch(jlt_frame *frame, jlt_value *value, const char *call, const char *expected);

/* Whether a call was done; its value is not rooted. If not, the frame fails, if it has not failed meanwhile. */
bool value_passed(jlt_frame *frame, struct outcome outcome);

/* The number of values before JLT_LIST_END. */
static inline size_t value_count(jlt_value *const *list)
{
    size_t count = 0;
    while (list[count] != JLT_LIST_END)
        count++;
    return count;
}

/* Whether there are `count` values, none of them NULL; if not, the frame fails, and the message counts from 1. */
bool values_check(jlt_frame *frame, const char *call, const char *what, jlt_value *const *values, size_t count);

#endif
