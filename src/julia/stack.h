/* SPDX-License-Identifier: MIT
 *
 * How much stack the current Julia task has left. Where it ends, Julia throws a StackOverflowError from whatever runs
 * there, C too, by longjmp: what C had begun is then never ended. So C that Julia calls, and C that must not be left in
 * the middle, first looks whether there is room. */
#ifndef JLT_JULIA_STACK_H
#define JLT_JULIA_STACK_H

#include <stdbool.h>
#include <stddef.h>

enum stack_bytes {
    STACK_TO_CALL = 128 << 10,    /* for a C function that Julia calls, and for a wait */
    STACK_TO_COMPILE = 512 << 10, /* for Julia's compiler, whose state an overflow would damage */
};

/* On a Julia thread. True also where this cannot be known. */
bool stack_has_room(enum stack_bytes bytes);

/* Whether more of it is in use than a program needs that does not recurse without end. */
bool stack_is_deep(void);

struct error;

/* The failure of what found no room for `what`; the caller's. */
struct error *stack_overflow(const char *what);

#endif
