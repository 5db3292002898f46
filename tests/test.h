/* SPDX-License-Identifier: MIT
 *
 * What all tests include: cmocka with the headers that it needs, and checks that print what they compare. */
#ifndef JLT_TESTS_TEST_H
#define JLT_TESTS_TEST_H

#include <jltask.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The call has this status; if not, says which it has and why. */
#define assert_status(call, wanted) assert_status_((call), (wanted), #call, __FILE__, __LINE__)

static inline void assert_status_(jlt_status status, jlt_status wanted, const char *call, const char *file, int line)
{
    if (status == wanted)
        return;
    print_error("%s: %s, not %s: %s\n", call, jlt_status_name(status), jlt_status_name(wanted), jlt_error_message());
    _fail(file, line);
}

#define assert_ok(call) assert_status(call, JLT_OK)

/* text contains part. */
#define assert_contains(text, part) assert_contains_((text), (part), __FILE__, __LINE__)

static inline void assert_contains_(const char *text, const char *part, const char *file, int line)
{
    if (text && part && strstr(text, part))
        return;
    print_error("\"%s\" does not contain \"%s\"", text ? text : "(none)", part ? part : "(none)");
    print_error("\n");
    _fail(file, line);
}

/* Whether the tests run with a collection at every point (JLTASK_GC_STRESS): each takes up to some tens of
 * milliseconds, so loops should be short then. */
static inline bool test_is_stress(void)
{
    const char *stress = getenv("JLTASK_GC_STRESS");
    return stress && *stress && strcmp(stress, "0") != 0;
}

#endif
