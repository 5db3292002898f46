/* SPDX-License-Identifier: MIT
 *
 * Threads and events of tests, and checks that any thread may do. */
#ifndef JLT_TESTS_THREADS_H
#define JLT_TESTS_THREADS_H

#include "test.h"

#include <pthread.h>
#include <stdatomic.h>

/* As assert_true, but for all threads: it ends the program. */
#define check(condition) ((condition) ? (void)0 : check_failed(#condition, __FILE__, __LINE__))
_Noreturn void check_failed(const char *condition, const char *file, int line);

#define check_status(call, wanted) check_status_((call), (wanted), #call, __FILE__, __LINE__)
#define check_ok(call) check_status(call, JLT_OK)
void check_status_(jlt_status status, jlt_status wanted, const char *call, const char *file, int line);

pthread_t thread_start(void *(*run)(void *), void *argument);
void thread_join(pthread_t thread);

/* An event is a counter that one can wait for. */
void event_raise(atomic_uint *event);
void event_await(atomic_uint *event, unsigned count);

/* Until a condition holds that nobody announces. */
#define await_true(condition)                                                                                          \
    do {                                                                                                               \
        while (!(condition))                                                                                           \
            sched_yield();                                                                                             \
    } while (0)

/* Small and repeatable; *seed is not 0. */
unsigned random_below(unsigned *seed, unsigned limit);

#endif
