/* SPDX-License-Identifier: MIT
 *
 * What a thread has besides its stack: the signals that it blocks, its alternate stack, its floating-point environment
 * and its locale. A new thread inherits the first and the third from the one that makes it. */
#ifndef JLT_PLATFORM_THREAD_STATE_H
#define JLT_PLATFORM_THREAD_STATE_H

#include <fenv.h>
#include <locale.h>
#include <signal.h>

/* With which Julia interrupts its own threads, to look at their stacks: a signal that programs have no use for. Julia
 * itself uses SIGUSR2, which programs have. */
#ifdef SIGSTKFLT
enum { sampling_signal = SIGSTKFLT };
#else
enum { sampling_signal = SIGUSR2 };
#endif

struct thread_state {
    sigset_t mask;
    stack_t alternate_stack;
    fenv_t floating;
    locale_t locale;
};

/* The calling thread's. */
void thread_state_save(struct thread_state *state);
void thread_state_restore(const struct thread_state *state);

/* Gives the calling thread what it would have inherited from the thread whose state this is. */
void thread_state_inherit(const struct thread_state *state);

/* Makes the calling thread one of Julia's, whatever thread made it. Signals are for the host's threads, so all are
 * blocked but the sampling signal and those that the thread's own code causes. SIGPIPE stays pending then, and a write
 * to a closed pipe is the error that Julia expects. Floating point is as at the start of a program, and so is the
 * locale of a `julia`: the environment's, with the numbers of C. */
void thread_state_julia(void);

#endif
