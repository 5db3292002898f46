/* SPDX-License-Identifier: MIT */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include "measure.h"

#include <stdio.h>

/* One Julia thread on the left, as many as cores on the right. */
void table_print(const struct rows *rows, FILE *file);

bool table_write_csv(const struct rows *rows, const char *path);

#endif
