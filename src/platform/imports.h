/* SPDX-License-Identifier: MIT
 *
 * The imports of a loaded library: the slots in which the dynamic linker keeps the addresses of functions that the
 * library has from others. */
#ifndef JLT_PLATFORM_IMPORTS_H
#define JLT_PLATFORM_IMPORTS_H

#include <stddef.h>

typedef void platform_function(void); /* of whatever type */

/* Binds the import `name` to `instead` in every loaded library whose file's name begins with `library`, where it is
 * bound to `from` now (NULL: to anything). instead NULL: changes nothing. Returns the number of slots; 0 where such
 * slots are not known (another processor than x86-64 and 64-bit ARM). */
size_t platform_import_replace(const char *library, const char *name, platform_function *from,
                               platform_function *instead);

#endif
