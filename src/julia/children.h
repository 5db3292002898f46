/* SPDX-License-Identifier: MIT
 *
 * The processes that Julia starts, without the SIGCHLD that its libuv would take from the host. */
#ifndef JLT_JULIA_CHILDREN_H
#define JLT_JULIA_CHILDREN_H

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

/* What libjulia has for fork and vfork, for waitpid and wait4, and for sigaction of SIGCHLD. */
pid_t children_fork(void);
pid_t children_vfork(void);
pid_t children_wait(pid_t id, int *status, int options);
pid_t children_wait4(pid_t id, int *status, int options, struct rusage *usage);
int children_sigaction(const struct sigaction *action, struct sigaction *old);

/* Around the loading of libjulia, which from 1.8 on runs a child and ends the process if it cannot have its status: the
 * host's disposition is out of the way. A handler of the host's is called afterwards, in case a child ended
 * meanwhile. */
void children_begin_load(void);
void children_end_load(void);

/* On Julia's first thread, when the runtime has closed: the children that still run are Julia's no more. */
void children_forget(void);

#endif
