/* SPDX-License-Identifier: MIT */
#include "julia/faults.h"

#include "julia/threads.h"

#include <stddef.h>

static struct fault {
    int number;
    bool taken;
    struct sigaction host, julia;
} faults[] = {{.number = SIGSEGV}, {.number = SIGBUS}, {.number = SIGFPE}};

static struct fault *fault_of(int number)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (faults[i].number == number)
            return &faults[i];
    return NULL;
}

bool faults_has(int number)
{
    return fault_of(number) != NULL;
}

/* As if Julia were not there: the signal is raised again, to arrive when its handler returns. */
static void default_action(struct fault *fault, const siginfo_t *info)
{
    if (fault->host.sa_handler == SIG_IGN && info->si_code <= 0) /* sent; what code causes cannot be ignored */
        return;
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(fault->number, &action, NULL);
    raise(fault->number);
}

static void host_action(struct fault *fault, siginfo_t *info, void *context)
{
    struct sigaction host = fault->host;
    sigset_t mask;
    if (!(host.sa_flags & SA_SIGINFO) && (host.sa_handler == SIG_DFL || host.sa_handler == SIG_IGN)) {
        default_action(fault, info);
        return;
    }
    if (host.sa_flags & (int)SA_RESETHAND)
        fault->host = (struct sigaction){.sa_handler = SIG_DFL};
    if (!(host.sa_flags & SA_NODEFER))
        sigaddset(&host.sa_mask, fault->number);
    pthread_sigmask(SIG_BLOCK, &host.sa_mask, &mask);
    if (host.sa_flags & SA_SIGINFO)
        host.sa_sigaction(fault->number, info, context);
    else
        host.sa_handler(fault->number);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    struct fault *fault = fault_of(number);
    if (threads_is_julia())
        fault->julia.sa_sigaction(number, info, context);
    else
        host_action(fault, info, context);
}

int faults_sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
    struct fault *fault = fault_of(number);
    if (!action || !(action->sa_flags & SA_SIGINFO))
        return sigaction(number, action, old);
    if (!fault->taken)
        sigaction(number, NULL, &fault->host);
    fault->taken = true;
    fault->julia = *action;
    struct sigaction ours = *action;
    ours.sa_sigaction = on_fault;
    return sigaction(number, &ours, old);
}
