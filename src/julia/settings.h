/* SPDX-License-Identifier: MIT
 *
 * What Julia really uses, for jlt_runtime_settings and to see that the options had their effect. */
#ifndef JLT_JULIA_SETTINGS_H
#define JLT_JULIA_SETTINGS_H

#include <jltask.h>

struct error;

/* Any thread: what was read, or NULL: nothing has been read yet. It is kept until the process ends. */
const jlt_settings *settings_known(void);

/* Reads them, once. On a Julia thread. NULL: they are known now; else why not, the caller's: JLT_NO_MEMORY, or
 * JLT_EXCEPTION where Julia threw. */
struct error *settings_read(void);

/* Whether the options have their effect; reads the settings if there are options to look at. On Julia's first thread.
 * JLT_NO_JULIA or settings_read's, reported. */
jlt_status settings_verify(const jlt_options *options);

#endif
