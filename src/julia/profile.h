/* SPDX-License-Identifier: MIT
 *
 * Julia's signal thread, which waits for SIGINT, SIGTERM, SIGQUIT and SIGUSR1. In a host's process the first three are
 * the host's, and so is a SIGUSR1 that is sent to it; what is left is the profiler's timer, whose signal is SIGUSR1. */
#ifndef JLT_JULIA_PROFILE_H
#define JLT_JULIA_PROFILE_H

#include <signal.h>
#include <time.h>

/* What libjulia has for the functions of these names. The timer is a descriptor that sigwaitinfo reads, so no signal is
 * sent or waited for. */
int profile_sigwaitinfo(const sigset_t *set, siginfo_t *info);
int profile_sigwait(const sigset_t *set, int *number);
int profile_timer_create(clockid_t clock, struct sigevent *event, timer_t *id);
int profile_timer_settime(timer_t id, int flags, const struct itimerspec *value, struct itimerspec *old);
int profile_timer_delete(timer_t id);

#endif
