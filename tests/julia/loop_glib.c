/* SPDX-License-Identifier: MIT
 *
 * A completion queue in a main loop of GLib's. */
#include "julia/loop.h"

#include <glib-unix.h>

static gboolean on_readable(gint descriptor, GIOCondition condition, gpointer main_loop)
{
    (void)descriptor;
    assert_true(condition & G_IO_IN);
    if (!loop_take_all())
        return G_SOURCE_CONTINUE;
    g_main_loop_quit(main_loop);
    return G_SOURCE_REMOVE;
}

static void test_glib(void **unused)
{
    (void)unused;
    GMainLoop *main_loop = g_main_loop_new(NULL, FALSE);
    g_unix_fd_add(loop_begin(), G_IO_IN, on_readable, main_loop);
    g_main_loop_run(main_loop);
    g_main_loop_unref(main_loop);
    loop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_glib)};
    return cmocka_run_group_tests(tests, start_runtime, stop_runtime);
}
