/* SPDX-License-Identifier: MIT
 *
 * With JLT_CHECKS: which Julia values have been given to the program, and how many roots of jltask's each has. The
 * rules are at the top of known.c. Without JLT_CHECKS nothing. */
#ifndef JLT_DATA_KNOWN_H
#define JLT_DATA_KNOWN_H

#include "base/checks.h"
#include "julia/roots.h"

/* Beneath the functions below. */
void known_change(jlt_value *const *values, size_t count, int by);
void known_change_list(const struct root_list *list, int by);
void known_change_held(jlt_value *value, int by);
void known_look(jlt_value *value, const char *call, const char *what);

/* Makes collections know of what is kept for a while. Once, on Julia's first thread, before any body. */
void known_open(void);

/* The values have another root each, or one fewer. They must be alive until forget returns. Julia's threads. */
static inline void known_add(jlt_value *const *values, size_t count)
{
    if (checks_enabled)
        known_change(values, count, 1);
}

static inline void known_forget(jlt_value *const *values, size_t count)
{
    if (checks_enabled)
        known_change(values, count, -1);
}

static inline void known_forget_list(const struct root_list *list)
{
    if (checks_enabled)
        known_change_list(list, -1);
}

/* As known_forget for a value that may be collected meanwhile. Any thread. */
static inline void known_forget_held(jlt_value *value)
{
    if (checks_enabled)
        known_change_held(value, -1);
}

/* Ends the process if the value has been given to the program and has no root any more. what: "value". */
static inline void known_expect(jlt_value *value, const char *call, const char *what)
{
    if (checks_enabled)
        known_look(value, call, what);
}

#endif
