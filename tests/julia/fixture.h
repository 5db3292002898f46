/* SPDX-License-Identifier: MIT
 *
 * A runtime for a whole test program, and a way to run assertions inside a task's body.
 *
 *     static void boxes(jlt_frame *frame) { EXPECT(jlt_unbox_i8(frame, jlt_box_i8(frame, -1)) == -1); }
 *     in_body(boxes);
 *
 * cmocka's own assertions jump out of the function that fails, which must not be done across Julia's frames: bodies use
 * EXPECT, which fails the frame instead. */
#ifndef JLT_TESTS_FIXTURE_H
#define JLT_TESTS_FIXTURE_H

#include "test.h"

#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            jlt_status caught_ = jlt_catch(frame);                                                                     \
            jlt_fail(frame, "%s:%d: not so: %s (%s %s)", __FILE__, __LINE__, #condition, jlt_status_name(caught_),     \
                     jlt_error_message());                                                                             \
            return;                                                                                                    \
        }                                                                                                              \
    } while (0)

/* The frame has failed with this status and a message that contains text; takes the failure off. */
#define EXPECT_FAILED(status, text)                                                                                    \
    do {                                                                                                               \
        jlt_status caught_ = jlt_catch(frame);                                                                         \
        if (caught_ != (status) || !strstr(jlt_error_message(), (text))) {                                             \
            jlt_fail(frame, "%s:%d: %s \"%s\", not %s with \"%s\"", __FILE__, __LINE__, jlt_status_name(caught_),      \
                     jlt_error_message(), jlt_status_name(status), (text));                                            \
            return;                                                                                                    \
        }                                                                                                              \
    } while (0)

extern jlt_runtime *runtime;
extern jlt_thread *thread;

/* The program's setup and teardown for cmocka_run_group_tests: the teardown also checks that nothing is left over. */
int start_runtime(void **unused);
int stop_runtime(void **unused);

/* Runs body in a one-shot task; the test fails with the frame's message if it fails. */
void in_body(void (*body)(jlt_frame *frame));

/* In a body that spins: a collection that another thread has begun goes on meanwhile. */
void at_safepoint(jlt_frame *frame);

#endif
