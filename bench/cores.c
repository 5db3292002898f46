/* SPDX-License-Identifier: MIT */
#include "cores.h"

#include <sched.h>

static cpu_set_t all, first, last;

int cores_init(void)
{
    sched_getaffinity(0, sizeof all, &all);
    CPU_ZERO(&first);
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, &all))
            continue;
        if (!CPU_COUNT(&first))
            CPU_SET(i, &first);
        CPU_ZERO(&last);
        CPU_SET(i, &last);
    }
    return CPU_COUNT(&all);
}

static void bind(const cpu_set_t *cores)
{
    sched_setaffinity(0, sizeof *cores, cores); /* 0: the calling thread */
}

void cores_use_one(void)
{
    bind(&first);
    cores_init();
}

void cores_bind_first(void)
{
    bind(&first);
}

void cores_bind_last(void)
{
    bind(&last);
}

void cores_unbind(void)
{
    bind(&all);
}
