/* SPDX-License-Identifier: MIT
 *
 * What the caller wants of Julia (jlt_options), from its check to its effect. Julia ends the process when it does not
 * like an option, so all that it would not like is found before it sees it. */
#ifndef JLT_JULIA_OPTIONS_H
#define JLT_JULIA_OPTIONS_H

#include "julia/find.h"

/* What can be checked without Julia: values out of range, files that are not there. JLT_INVALID_ARGUMENT, reported. */
jlt_status options_check(const jlt_options *options);

/* Whether the Julia at place starts with the options that only Julia can judge: a system image, extra flags. Runs its
 * executable if there are any. JLT_NO_JULIA or JLT_INVALID_ARGUMENT, reported. */
jlt_status options_try(const struct julia_place *place, const jlt_options *options);

/* Gives the loaded Julia, not yet initialised, its command line. JLT_INVALID_ARGUMENT (this version lacks something)
 * or JLT_NO_MEMORY, reported. */
jlt_status options_set(const jlt_options *options);

/* What is not on Julia's command line: paths, sinks, and, after all else, the startup file. On Julia's first thread,
 * after bootstrap_load. JLT_EXCEPTION or JLT_NO_JULIA, reported. */
jlt_status options_apply(const jlt_options *options);

/* The extra flags that Julia was given, ended by NULL; and whether startup files were asked for. */
const char *const *options_flags(void);
bool options_startup_file(void);

#endif
