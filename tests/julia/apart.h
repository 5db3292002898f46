/* SPDX-License-Identifier: MIT
 *
 * Cases that run in a process of their own, since what they check belongs to the whole process, or ends it. */
#ifndef JLT_TESTS_APART_H
#define JLT_TESTS_APART_H

#include "julia/fixture.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a case: ends its process with a failure that says where. */
#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, #condition, jlt_error_message());          \
            _exit(99);                                                                                                 \
        }                                                                                                              \
    } while (0)

/* Runs a case in a child, with the signals' dispositions at their defaults, and returns its status as waitpid gives it.
 * What goes on for two minutes is ended by SIGALRM. */
int apart(void (*run)(void));

/* A status: the case returned, or called exit with this. */
#define assert_returned(status) assert_int_equal((status), 0)
#define assert_exited(status, code) assert_int_equal((status), (code) << 8)

/* In a case: starts Julia with so many threads; closes it and joins. */
void start_julia(int threads);
void end_julia(void);

/* Evaluates code in a one-shot task. */
jlt_status evaluate(const char *code);

#endif
