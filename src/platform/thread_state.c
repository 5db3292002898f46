/* SPDX-License-Identifier: MIT */
#include "platform/thread_state.h"

#include <pthread.h>
#include <stddef.h>

void thread_state_save(struct thread_state *state)
{
    pthread_sigmask(SIG_SETMASK, NULL, &state->mask);
    sigaltstack(NULL, &state->alternate_stack);
    fegetenv(&state->floating);
    state->locale = uselocale((locale_t)0);
}

void thread_state_inherit(const struct thread_state *state)
{
    fesetenv(&state->floating);
    pthread_sigmask(SIG_SETMASK, &state->mask, NULL);
}

void thread_state_restore(const struct thread_state *state)
{
    uselocale(state->locale);
    sigaltstack(&state->alternate_stack, NULL);
    thread_state_inherit(state);
}

static locale_t julia_locale;

static void make_locale(void)
{
    locale_t base = newlocale(LC_ALL_MASK, "", (locale_t)0);
    julia_locale = newlocale(base ? LC_NUMERIC_MASK : LC_ALL_MASK, "C", base);
}

void thread_state_julia(void)
{
    static const int kept[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, sampling_signal};
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    sigset_t mask;
    sigfillset(&mask);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        sigdelset(&mask, kept[i]);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    fesetenv(FE_DFL_ENV);
    pthread_once(&once, make_locale);
    if (julia_locale)
        uselocale(julia_locale);
}
