/* SPDX-License-Identifier: MIT */
#include "julia/stack.h"

#include "base/error.h"
#include "julia/symbols.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    guard = 64 << 10, /* no less than what Julia protects at the end */
    deep = 128 << 10,
};

/* How much of the current task's stack is left, and how much in use. False: not known. */
static bool look(size_t *left, size_t *used)
{
    char *active_start, *active_end, *start = NULL, *end = NULL, *here = __builtin_frame_address(0);
    size_t size;
    int tid;
    if (julia.active_task_stack) {
        julia.active_task_stack(julia.get_current_task(), &active_start, &active_end, &start, &end);
    } else if (julia.task_stack_buffer) {
        start = julia.task_stack_buffer(julia.get_current_task(), &size, &tid);
        end = start + size;
    }
    if (!start || here < start || here > end)
        return false;
    *left = (size_t)(here - start);
    *used = (size_t)(end - here);
    return true;
}

bool stack_has_room(enum stack_bytes bytes)
{
    size_t left, used;
    return !look(&left, &used) || left >= (size_t)bytes + guard;
}

bool stack_is_deep(void)
{
    size_t left, used;
    return look(&left, &used) && used > deep;
}

struct error *stack_overflow(const char *what)
{
    static const char type[] = "StackOverflowError";
    char message[256];
    int length = snprintf(message, sizeof message, "%s: too little stack is left %s", type, what);
    return error_new(JLT_EXCEPTION, (struct text){message, (size_t)length}, (struct text){type, strlen(type)},
                     (struct text){0});
}
