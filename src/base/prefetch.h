/* SPDX-License-Identifier: MIT */
#ifndef JLT_BASE_PREFETCH_H
#define JLT_BASE_PREFETCH_H

/* Fetches a cache line that will be written to, from another core if need be, without waiting for it. Any address. */
static inline void prefetch_to_write(const void *line)
{
#ifdef __x86_64__
    /* what __builtin_prefetch makes for the oldest x86-64 fetches a copy only, and the write would wait after all;
     * processors that do not know this instruction take it for a no-op */
    __asm__ __volatile__("prefetchw %0" : : "m"(*(const char *)line));
#else
    __builtin_prefetch(line, 1);
#endif
}

#endif
