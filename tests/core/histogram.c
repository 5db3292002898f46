/* SPDX-License-Identifier: MIT
 *
 * Histograms against sorted values; names quoted for JSON and for Prometheus. */
#include "base/histogram.h"
#include "base/out.h"
#include "json.h"
#include "test.h"

enum { values_at_most = 20000 };

static uint64_t values[values_at_most];

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static void assert_near(uint64_t found, uint64_t wanted)
{
    double error = (double)found - (double)wanted;
    if (error < 0)
        error = -error;
    if (error > 0.0625 * (double)wanted)
        fail_msg("%llu, not %llu", (unsigned long long)found, (unsigned long long)wanted);
}

static uint64_t rank(size_t count, double part)
{
    size_t place = (size_t)((double)count * part + 0.999999);
    return values[place ? place - 1 : 0];
}

static void check_values(size_t count)
{
    static struct histogram histogram;
    static struct histogram_sum sum;
    uint64_t total = 0;
    memset(&histogram, 0, sizeof histogram);
    memset(&sum, 0, sizeof sum);
    for (size_t i = 0; i < count; i++) {
        histogram_add(&histogram, values[i]);
        total += values[i];
    }
    qsort(values, count, sizeof *values, compare);
    histogram_read(&histogram, &sum);
    jlt_histogram found = histogram_summary(&sum);
    assert_int_equal(found.count, count);
    assert_int_equal(found.sum, total);
    assert_int_equal(found.max, values[count - 1]);
    assert_near(found.p50, rank(count, 0.5));
    assert_near(found.p90, rank(count, 0.9));
    assert_near(found.p99, rank(count, 0.99));
    assert_true(found.p50 <= found.p90 && found.p90 <= found.p99 && found.p99 <= found.max);
    for (unsigned bits = 3; bits < 48; bits++) {
        size_t below = 0;
        while (below < count && values[below] < (uint64_t)1 << bits)
            below++;
        assert_int_equal(histogram_below(&sum, bits), below);
    }
}

static void test_quantiles_are_near_those_of_the_values(void **unused)
{
    uint64_t random = 88172645463325252ULL;
    (void)unused;
    for (unsigned bits = 1; bits < 47; bits++) {
        size_t count = bits % 2 ? 1000 : values_at_most;
        for (size_t i = 0; i < count; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            values[i] = (random >> 8) % ((uint64_t)1 << (1 + (random & 63) % bits));
        }
        check_values(count);
    }
}

static void test_each_single_value(void **unused)
{
    (void)unused;
    for (unsigned bits = 0; bits < 47; bits++)
        for (int off = -1; off <= 1; off++) {
            values[0] = ((uint64_t)1 << bits) + (uint64_t)off;
            check_values(1);
        }
}

static void test_no_values_and_huge_ones(void **unused)
{
    static struct histogram histogram;
    static struct histogram_sum sum;
    (void)unused;
    jlt_histogram none = histogram_summary(&sum);
    assert_int_equal(none.count + none.p50 + none.max + none.sum, 0);
    histogram_add(&histogram, UINT64_MAX / 4);
    histogram_read(&histogram, &sum);
    jlt_histogram huge = histogram_summary(&sum);
    assert_int_equal(huge.count, 1);
    assert_int_equal(huge.p50, UINT64_MAX / 4);
    assert_int_equal(huge.max, UINT64_MAX / 4);
}

/* ---- quoting ---- */

static const struct {
    const char *name, *json, *prometheus;
} quoted[] = {
    {"", "", ""},
    {"step", "step", "step"},
    {"a \"b\" \\ c", "a \\\"b\\\" \\\\ c", "a \\\"b\\\" \\\\ c"},
    {"line\nline\ttab\x01", "line\\nline\\u0009tab\\u0001", "line\\nline\ttab\x01"},
    {"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
     "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"},
    {"\xff", "\xef\xbf\xbd", "\xef\xbf\xbd"},                                                         /* no UTF-8 */
    {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd"},                             /* overlong */
    {"x\xe2\x82", "x\xef\xbf\xbd\xef\xbf\xbd", "x\xef\xbf\xbd\xef\xbf\xbd"},                          /* cut off */
    {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* surrogate */
};

static void test_names_are_quoted(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof quoted / sizeof *quoted; i++)
        for (int json = 0; json < 2; json++) {
            struct out out = {.descriptor = -1};
            out_bytes(&out, "", 0);
            out_quoted(&out, quoted[i].name, json ? QUOTE_JSON : QUOTE_PROMETHEUS);
            assert_string_equal(out.text, json ? quoted[i].json : quoted[i].prometheus);
            assert_int_equal(out.length, strlen(out.text));
            free(out.text);
        }
}

static void test_the_reader_of_json_is_strict(void **unused)
{
    static const char *const good[] = {"{}", "[]", " [1, -0.5, 1e9, \"\\u00e4\\n\", true, null, {\"a\": []}] "};
    static const char *const bad[] = {"",        "{",        "[1,]",  "{\"a\":1,}", "01",    "1.",    "\"\t\"",
                                      "\"\\x\"", "\"\xff\"", "[] []", "nul",        "{a:1}", "\"open"};
    (void)unused;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(json_is_valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(json_is_valid(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantiles_are_near_those_of_the_values),
        cmocka_unit_test(test_each_single_value),
        cmocka_unit_test(test_no_values_and_huge_ones),
        cmocka_unit_test(test_names_are_quoted),
        cmocka_unit_test(test_the_reader_of_json_is_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
