/* SPDX-License-Identifier: MIT
 *
 * Ends a wait in Julia that a body is in, with JLTask.Cancelled, where that is sound (interrupt.jl). */
#ifndef JLT_JULIA_INTERRUPT_H
#define JLT_JULIA_INTERRUPT_H

#include <stdbool.h>

struct fiber;

/* As engine->interrupt (core/engine.h). */
bool julia_interrupt(struct fiber *fiber);

#endif
