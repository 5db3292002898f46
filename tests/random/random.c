/* SPDX-License-Identifier: MIT
 *
 * random [SEED [OPERATIONS [FIRST ROUND]]]: rounds of random operations, until as many have been done. Without
 * arguments a short run, of a few fixed seeds. The same seed means the same
 * operations of each client; how these meet is the system's. */
#include "random/engine.h"
#include "random/program.h"

#include <stdio.h>
#include <stdlib.h>

static struct round round_;
static bool is_stress;

enum { fixed_seeds = 4 };

static void prepare(uint64_t seed, bool ends)
{
    program_init_random(&round_, seed, ends);
    if (!is_stress)
        return;
    round_.clients = 2; /* each operation is some tenths of a second there */
    round_.operations = 10;
    round_.closes_at = 5;
}

/* last: of the process. */
static void run(uint64_t seed, unsigned long operations, unsigned long first, bool last)
{
    unsigned long done = 0, bodies = 0, number = first;
    printf("seed %llu: ", (unsigned long long)seed);
    fflush(stdout); /* before it may end */
    for (; done < operations; number++) {
        prepare(seed * 1000003 + number, engine_restarts);
        if (!engine_restarts && last && done + round_.clients * round_.operations >= operations)
            prepare(round_.seed, true);
        bodies += program_run(&round_);
        done += (unsigned long)round_.clients * round_.operations;
    }
    printf("%lu operations, %lu bodies, %lu rounds\n", done, bodies, number - first);
    fflush(stdout);
}

static unsigned long number_of(const char *text)
{
    return strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
    const char *stress = getenv("JLTASK_GC_STRESS");
    uint64_t seed = argc > 1 ? number_of(argv[1]) : fixed_seeds;
    is_stress = stress && *stress;
    unsigned long operations = is_stress ? 20 : 4000;
    if (!engine_restarts)
        program_open((unsigned)seed); /* shape: threads are fixed by it for the whole process */
    if (argc > 1)
        run(seed, argc > 2 ? number_of(argv[2]) : operations, argc > 3 ? number_of(argv[3]) : 0, true);
    for (uint64_t fixed = 1; argc == 1 && fixed <= fixed_seeds; fixed++)
        run(fixed, operations, 0, fixed == fixed_seeds);
    return 0;
}
