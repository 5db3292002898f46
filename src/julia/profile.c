/* SPDX-License-Identifier: MIT
 *
 * The descriptor is opened with the first profile, and stays. */
#include "julia/profile.h"

#include "platform/platform.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/timerfd.h>
#include <unistd.h>

static struct {
    atomic_uint opened;
    int descriptor;
    union sigval value; /* by which Julia knows its timer */
} timer;

int profile_sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
    (void)set;
    uint64_t times;
    while (!atomic_load(&timer.opened))
        platform_wait(&timer.opened, 0, -1);
    if (read(timer.descriptor, &times, sizeof times) != sizeof times) {
        errno = EINTR; /* after which Julia waits again */
        return -1;
    }
    *info = (siginfo_t){.si_signo = SIGUSR1, .si_code = SI_TIMER};
    info->si_value = timer.value;
    return SIGUSR1;
}

int profile_sigwait(const sigset_t *set, int *number)
{
    siginfo_t info;
    *number = profile_sigwaitinfo(set, &info);
    return *number < 0 ? errno : 0;
}

int profile_timer_create(clockid_t clock, struct sigevent *event, timer_t *id)
{
    (void)clock;
    if (!atomic_load(&timer.opened)) {
        timer.descriptor = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
        if (timer.descriptor < 0)
            return -1;
    }
    timer.value = event->sigev_value;
    *id = (timer_t)&timer;
    atomic_store(&timer.opened, 1);
    platform_wake_all(&timer.opened);
    return 0;
}

int profile_timer_settime(timer_t id, int flags, const struct itimerspec *value, struct itimerspec *old)
{
    (void)id;
    return timerfd_settime(timer.descriptor, flags, value, old);
}

int profile_timer_delete(timer_t id)
{
    static const struct itimerspec never;
    (void)id;
    return timerfd_settime(timer.descriptor, 0, &never, NULL);
}
