/* SPDX-License-Identifier: MIT */
#include "julia/symbols.h"

#include "base/error.h"
#include "julia/children.h"
#include "julia/imports.h"
#include "julia/unwinder.h"
#include "platform/platform.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { oldest_minor = 5 };

struct julia_symbols julia;

struct entry {
    const char *name;
    size_t offset; /* in struct julia_symbols */
    bool required;
};

#define ALL true
#define UNTIL(major, minor) false
#define SINCE(major, minor) false
#define ENTRY(result, symbol, member, parameters, presence) {#symbol, offsetof(struct julia_symbols, member), presence},
#define VARIABLE(type, symbol, member, presence) {#symbol, offsetof(struct julia_symbols, member), presence},
static const struct entry entries[] = {JULIA_SYMBOLS(ENTRY) JULIA_VARIABLES(VARIABLE)};

/* A later major version counts as a late minor one, an earlier one or none as an early one. */
static int minor_of(const char *version)
{
    int major = 0, minor = 0;
    if (sscanf(version, "%d.%d", &major, &minor) != 2 || major < 1)
        return -1;
    return major > 1 ? INT_MAX : minor;
}

int julia_minor(void)
{
    return minor_of(julia.ver_string());
}

static jlt_status take_all(void *library, const char *path)
{
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        void *symbol = platform_library_symbol(library, entries[i].name);
        if (!symbol && entries[i].required)
            return error_fail(JLT_NO_JULIA, "no usable Julia: %s has no %s", path, entries[i].name);
        memcpy((char *)&julia + entries[i].offset, &symbol, sizeof symbol);
    }
    if (!julia.init_with_image__threading && !julia.init_with_image && !julia.init_with_image_file)
        return error_fail(JLT_NO_JULIA, "no usable Julia: %s has none of the known init functions", path);
    return JLT_OK;
}

jlt_status julia_load(const char *path)
{
    char *reason = NULL;
    children_begin_load();
    void *library = platform_library_open(path, &reason);
    children_end_load();
    if (!library) {
        error_fail(JLT_NO_JULIA, "no usable Julia: %s cannot be loaded: %s", path, reason);
        free(reason);
        return JLT_NO_JULIA;
    }
    jlt_status status;
    const char *(*version)(void);
    void *symbol = platform_library_symbol(library, "jl_ver_string");
    memcpy(&version, &symbol, sizeof version);
    if (symbol && minor_of(version()) < oldest_minor)
        status = error_fail(JLT_NO_JULIA, "no usable Julia: %s is version %s; 1.%d or later is needed", path, version(),
                            oldest_minor);
    else
        status = take_all(library, path);
    if (status != JLT_OK) {
        platform_library_close(library);
    } else if (!julia.is_initialized()) { /* else it is somebody else's */
        unwinder_repair(library);
        imports_replace(library);
    }
    return status;
}
