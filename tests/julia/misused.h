/* SPDX-License-Identifier: MIT
 *
 * What a build with JLT_CHECKS says of a misuse, many in one process: each is committed for real, its message is taken
 * from stderr, and the SIGABRT of its abort is caught by a handler that goes back to where the misuse was begun. POSIX
 * lets a handler of that signal not return, and jltask looks before it does anything, so that nothing is left half
 * done. Where Julia's frames lie between, which must not be skipped, a process of its own is for it
 * (misused_to_death). */
#ifndef JLT_TESTS_MISUSED_H
#define JLT_TESTS_MISUSED_H

#include "julia/apart.h"

#include <setjmp.h>

/* Runs the case in a child, in which MISUSE can be used; what went wrong there fails the test and is shown. */
void misused_apart(void (*run)(void));

/* Runs it in a child, which it is to end by an abort that says this and nothing else. */
void misused_to_death(void (*commit)(void), const char *text);

/* In misused_apart's child: the statement aborts, having written "jltask: ", the text, and no other line. Not in two
 * threads at once. */
#define MISUSE(text, ...)                                                                                              \
    do {                                                                                                               \
        sigjmp_buf here;                                                                                               \
        misused_begin(&here);                                                                                          \
        if (!sigsetjmp(here, 1)) {                                                                                     \
            __VA_ARGS__;                                                                                               \
            misused_not_seen(text, __FILE__, __LINE__);                                                                \
        }                                                                                                              \
        misused_end(text, __FILE__, __LINE__);                                                                         \
    } while (0)

/* The same, of the function called with these arguments, whose name begins the text. */
#define SAYS(text, function, ...) MISUSE(#function text, (void)function(__VA_ARGS__))

/* Runs it in a one-shot task, which must not fail. */
void in_message(void (*body)(jlt_frame *frame));

/* Beneath MISUSE. */
void misused_begin(sigjmp_buf *back);
void misused_not_seen(const char *text, const char *file, int line);
void misused_end(const char *text, const char *file, int line);

#endif
