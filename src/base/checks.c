/* SPDX-License-Identifier: MIT */
#include "base/checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct counts live_counts;

/* Without what the name of a function beneath an inline function has behind its name. */
static int length_of_call(const char *call)
{
    static const char suffix[] = "_sized";
    size_t length = strlen(call), rest = sizeof suffix - 1;
    return (int)(length > rest && !strcmp(call + length - rest, suffix) ? length - rest : length);
}

_Noreturn void checks_abort(const char *call, const char *rule)
{
    fprintf(stderr, "jltask: %.*s: %s\n", length_of_call(call), call, rule);
    abort();
}
