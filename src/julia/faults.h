/* SPDX-License-Identifier: MIT
 *
 * SIGSEGV, SIGBUS and SIGFPE, which Julia needs: its safepoints and some of its exceptions are faults. */
#ifndef JLT_JULIA_FAULTS_H
#define JLT_JULIA_FAULTS_H

#include <signal.h>
#include <stdbool.h>

bool faults_has(int number);

/* What libjulia has for sigaction, for these. A fault of a thread that is Julia's goes to Julia's handler, any other to
 * what the host had for it before. */
int faults_sigaction(int number, const struct sigaction *action, struct sigaction *old);

#endif
