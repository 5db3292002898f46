/* SPDX-License-Identifier: MIT
 *
 * How values are spread, in buckets whose width grows with the value: eight to each power of two, so that a bucket's
 * middle is at most a sixteenth from any value in it (G. Tene, HdrHistogram). One writer at a time, any readers: a
 * count is exact for whoever has seen the writer's work, and never torn. */
#ifndef JLT_BASE_HISTOGRAM_H
#define JLT_BASE_HISTOGRAM_H

#include <jltask.h>

#include <stdatomic.h>

enum {
    histogram_step_bits = 3,
    histogram_steps = 1 << histogram_step_bits,
    histogram_bits = 48, /* larger values, three days in ns, are in the last bucket */
    histogram_buckets = (histogram_bits - histogram_step_bits + 1) * histogram_steps,
};

struct histogram {
    _Atomic uint64_t buckets[histogram_buckets], sum, max;
};

/* Several of them together, as they were read. */
struct histogram_sum {
    uint64_t buckets[histogram_buckets], sum, max;
};

void histogram_add(struct histogram *histogram, uint64_t value);

void histogram_read(const struct histogram *histogram, struct histogram_sum *into);
jlt_histogram histogram_summary(const struct histogram_sum *sum);

/* How many values are less than 2^bits, for bits from 3 on. */
uint64_t histogram_below(const struct histogram_sum *sum, unsigned bits);

#endif
