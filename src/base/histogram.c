/* SPDX-License-Identifier: MIT */
#include "base/histogram.h"

/* Values less than 8 have a bucket each. */
static unsigned bucket_of(uint64_t value)
{
    if (value < histogram_steps)
        return (unsigned)value;
    unsigned exponent = 63 - (unsigned)__builtin_clzll(value);
    if (exponent >= histogram_bits)
        return histogram_buckets - 1;
    unsigned step = (unsigned)(value >> (exponent - histogram_step_bits)) % histogram_steps;
    return (exponent - histogram_step_bits + 1) * histogram_steps + step;
}

static uint64_t middle_of(unsigned bucket)
{
    if (bucket < histogram_steps)
        return bucket;
    unsigned shift = bucket / histogram_steps - 1;
    return ((uint64_t)(histogram_steps + bucket % histogram_steps) << shift) + ((uint64_t)1 << shift) / 2;
}

/* relaxed, all of it: whoever wants a count to be exact has synchronised with the writer by other means */
static uint64_t load(const _Atomic uint64_t *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

static void store(_Atomic uint64_t *number, uint64_t value)
{
    atomic_store_explicit(number, value, memory_order_relaxed);
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
    _Atomic uint64_t *bucket = &histogram->buckets[bucket_of(value)];
    store(bucket, load(bucket) + 1);
    store(&histogram->sum, load(&histogram->sum) + value);
    if (value > load(&histogram->max))
        store(&histogram->max, value);
}

void histogram_read(const struct histogram *histogram, struct histogram_sum *into)
{
    uint64_t max;
    for (unsigned i = 0; i < histogram_buckets; i++)
        into->buckets[i] += load(&histogram->buckets[i]);
    into->sum += load(&histogram->sum);
    max = load(&histogram->max);
    into->max = max > into->max ? max : into->max;
}

/* The value that so many of a thousand, of all `count`, do not exceed. */
static uint64_t quantile(const struct histogram_sum *sum, uint64_t count, unsigned of_thousand)
{
    uint64_t rank = count / 1000 * of_thousand + (count % 1000 * of_thousand + 999) / 1000, seen = 0;
    for (unsigned i = 0; i < histogram_buckets; i++) {
        seen += sum->buckets[i];
        if (seen && seen >= rank)
            return i < histogram_buckets - 1 && middle_of(i) < sum->max ? middle_of(i) : sum->max;
    }
    return sum->max;
}

jlt_histogram histogram_summary(const struct histogram_sum *sum)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < histogram_buckets; i++)
        count += sum->buckets[i];
    if (count == 0)
        return (jlt_histogram){0};
    return (jlt_histogram){
        count, quantile(sum, count, 500), quantile(sum, count, 900), quantile(sum, count, 990), sum->max, sum->sum};
}

uint64_t histogram_below(const struct histogram_sum *sum, unsigned bits)
{
    unsigned end = (bits - histogram_step_bits + 1) * histogram_steps;
    uint64_t count = 0;
    for (unsigned i = 0; i < end && i < histogram_buckets; i++)
        count += sum->buckets[i];
    return count;
}
