/* SPDX-License-Identifier: MIT
 *
 * Julia's threads: its first, and those that it makes. */
#ifndef JLT_JULIA_THREADS_H
#define JLT_JULIA_THREADS_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* Makes the calling thread Julia's first, until leave. It is one of Julia's threads in between. */
void threads_enter(void);
void threads_leave(void);

/* Whether the calling thread is one of Julia's; for signal handlers too. */
bool threads_is_julia(void);

/* What libjulia has for pthread_create: the thread begins as thread_state_julia says. */
int threads_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);

/* What libjulia has for pthread_kill: its SIGUSR2 is the sampling signal. */
int threads_kill(pthread_t thread, int number);

/* What libjulia has for sigaction, for the sampling signal. */
int threads_sigaction(const struct sigaction *action, struct sigaction *old);

/* Stops all of Julia's threads but the calling one, for the rest of the process's life. Waits a moment for those that
 * are inside the C library, where they may hold locks that the end of the process needs; of those that stay there, it
 * says false. */
bool threads_stop(void);

#endif
