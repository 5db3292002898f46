/* SPDX-License-Identifier: MIT */
#ifndef JLT_JULIA_GLOBALS_H
#define JLT_JULIA_GLOBALS_H

#include <jltask.h>

/* Whether it is a constant of Base's or Core's that somebody has looked up, or one that jltask itself uses. Slow. */
bool julia_is_constant(const jlt_value *value);

#endif
