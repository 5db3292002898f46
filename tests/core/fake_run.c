/* SPDX-License-Identifier: MIT
 *
 * How tests with the fake engine are run, and what they count. */
#include "core/fake_engine.h"
#include "core/spin.h"

int fake_run_awake_(const struct CMUnitTest *tests, size_t count)
{
    spin_configure(100000000);
    setenv("CMOCKA_TEST_ABORT", "1", 0); /* as below */
    fake_bells = FAKE_BELLS_OTHER;
    return _cmocka_run_group_tests("waiting awake", tests, count, NULL, NULL);
}

int fake_run_tests_(const struct CMUnitTest *tests, size_t count)
{
    int failed = 0;
    spin_configure(-1);
    setenv("CMOCKA_TEST_ABORT", "1", 0); /* a failed test leaves a runtime behind that cannot be ended in order */
    fake_bells = FAKE_BELLS_OWN;
    failed += _cmocka_run_group_tests("doorbells answered on the worker's own thread", tests, count, NULL, NULL);
    fake_bells = FAKE_BELLS_OTHER;
    failed += _cmocka_run_group_tests("doorbells answered on another thread", tests, count, NULL, NULL);
    spin_configure(0);
    failed += _cmocka_run_group_tests("the same, waiting awake at first", tests, count, NULL, NULL);
    return failed;
}

/* ---- what is disposed of ---- */

atomic_uint disposed_inputs, disposed_outputs;

void count_disposed_input(void *input)
{
    (void)input;
    atomic_fetch_add(&disposed_inputs, 1);
}

void count_disposed_output(void *output)
{
    (void)output;
    atomic_fetch_add(&disposed_outputs, 1);
}
