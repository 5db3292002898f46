/* SPDX-License-Identifier: MIT
 *
 * A completion queue in a loop of libuv's. */
#include "julia/loop.h"

#include <uv.h>

static void on_readable(uv_poll_t *handle, int status, int events)
{
    assert_int_equal(status, 0);
    assert_true(events & UV_READABLE);
    if (loop_take_all()) {
        uv_poll_stop(handle);
        uv_close((uv_handle_t *)handle, NULL);
    }
}

static void test_libuv(void **unused)
{
    (void)unused;
    uv_loop_t loop;
    uv_poll_t handle;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_poll_init(&loop, &handle, loop_begin()), 0);
    assert_int_equal(uv_poll_start(&handle, UV_READABLE, on_readable), 0);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    loop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_libuv)};
    return cmocka_run_group_tests(tests, start_runtime, stop_runtime);
}
