/* SPDX-License-Identifier: MIT
 *
 * posix_spawn, vfork and clone call no handler of pthread_atfork's; of these only a bare clone, or _Fork, makes a child
 * that could call the library, and must not. libuv's children and the host's that exec at once just carry the flag. */
#include "core/fork.h"

#include "base/error.h"
#include "core/engine.h"

#include <pthread.h>
#include <unistd.h>

atomic_bool fork_was_seen;
static atomic_bool is_watched;

/* No body runs in the child, so frames of the one that forked are nobody's. */
static void in_child(void)
{
    if (!atomic_load(&is_watched))
        return;
    atomic_store(&fork_was_seen, true);
    current_fiber = NULL;
}

bool fork_watch(bool started)
{
    static bool has_handler;
    if (!has_handler && pthread_atfork(NULL, NULL, in_child) != 0)
        return false;
    has_handler = true;
    atomic_store(&is_watched, started);
    return true;
}

jlt_status fork_report(void)
{
    static struct error error = {JLT_CLOSED, true,
                                 "this process was made by fork from the one that has started Julia, and has no Julia: "
                                 "jltask cannot be used in it (a program that it runs by exec can)",
                                 "", ""};
    return error_report(&error);
}

void fork_end(void)
{
    static const char text[] = "jltask: a body has returned in a child made by fork, where it cannot go on\n";
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    _exit(1);
}
