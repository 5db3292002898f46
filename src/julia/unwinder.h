/* SPDX-License-Identifier: MIT
 *
 * A repair for Debian's julia 1.5 beside a newer libunwind; unwinder.c has the story. */
#ifndef JLT_JULIA_UNWINDER_H
#define JLT_JULIA_UNWINDER_H

/* Call once after libjulia was loaded and before Julia is initialised; library: its handle. Does nothing where
 * nothing is wrong. */
void unwinder_repair(void *library);

#endif
