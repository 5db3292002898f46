/* SPDX-License-Identifier: MIT */
#include "base/checks.h"

#include <stdio.h>
#include <stdlib.h>

struct counts live_counts;

_Noreturn void checks_abort(const char *call, const char *rule)
{
    fprintf(stderr, "jltask: %s: %s\n", call, rule);
    abort();
}
