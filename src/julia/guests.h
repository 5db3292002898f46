/* SPDX-License-Identifier: MIT
 *
 * C code that Julia's own tasks call (core/guest.h): the fibers it waits on, and those its frames belong to. */
#ifndef JLT_JULIA_GUESTS_H
#define JLT_JULIA_GUESTS_H

#include "julia/engine.h"

/* Makes the runtime's waits know of guests. Once. */
void julia_guests_open(struct runtime *runtime);

/* A fiber for C code that the current Julia task is about to call, for its frames and waits. The task must stay on its
 * thread until the end: it is sticky. NULL: no memory. */
struct julia_fiber *julia_guest_begin(void);
void julia_guest_end(struct julia_fiber *fiber);

#endif
