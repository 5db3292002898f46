/* SPDX-License-Identifier: MIT */
#ifndef BENCH_GOALS_H
#define BENCH_GOALS_H

#include "measure.h"

#include <stdio.h>

/* Says for each of the project's goals what was reached, where both of its rows were measured. */
void goals_print(const struct rows *rows, FILE *file);

#endif
