/* SPDX-License-Identifier: MIT
 *
 * Where Julia is. */
#ifndef JLT_JULIA_FIND_H
#define JLT_JULIA_FIND_H

#include <jltask.h>

/* Absolute paths, malloc'd. */
struct julia_place {
    char *executable;
    char *bindir;  /* the folder of the executable, as Julia sees it */
    char *library; /* libjulia */
    char *image;   /* the system image */
};

/* Finds the Julia that `wanted` names (an executable or an installation folder); where that is NULL, JLTASK_JULIA,
 * then `julia` on PATH. JLT_NO_JULIA, reported with where it looked and what was wrong there; JLT_NO_MEMORY. */
jlt_status julia_find(const char *wanted, struct julia_place *place);

/* As jlt_julia_find. */
jlt_status julia_candidates(const char *wanted, void (*tell)(void *context, const jlt_candidate *candidate),
                            void *context);

void julia_place_finish(struct julia_place *place);

#endif
