/* SPDX-License-Identifier: MIT
 *
 * What libjulia gets in place of those functions of the C library with which it would make the process its own. */
#ifndef JLT_JULIA_IMPORTS_H
#define JLT_JULIA_IMPORTS_H

#include <stdbool.h>

/* Binds libjulia's imports to what jltask has for them; docs/decisions/0011-imports.md. Once, after it was loaded and
 * before it is initialised; library: its handle. */
void imports_replace(void *library);

/* While Julia initialises itself, on the calling thread: the dispositions that it sets are not set. */
void imports_begin_start(void);
void imports_end_start(void);

#endif
