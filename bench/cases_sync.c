/* SPDX-License-Identifier: MIT
 *
 * One message, then its reply. To wake another core that has halted costs several times what it costs to wake a thread
 * on the same one, and the kernel places threads differently from one moment to the next; so all peers are bound to
 * the same two cores, or to the same one, or share all cores with threads that never sleep. */
#include "cases.h"
#include "measure.h"
#include "peers.h"

#include <sched.h>

enum { most_calls = 20000, warm_up = 200 };
static const int64_t idle_ns = 500000; /* long enough for a server that spins a little before it sleeps */

static const struct peer *const awake[] = {&floor_spinning, &floor_futex, &mutex_worker, &julia_channel,
                                           &jltask_peer,    &jltask_kept, &jltask_julia};
static const struct peer *const asleep[] = {&floor_futex, &mutex_worker, &julia_channel,
                                            &jltask_peer, &jltask_kept,  &jltask_julia};

static double call_ns[most_calls];

/* ---- cores ---- */

static cpu_set_t all_cores;

static void bind_self(const cpu_set_t *cores)
{
    pthread_setaffinity_np(pthread_self(), sizeof *cores, cores);
}

static void bind_run(jlt_frame *frame, const void *input, void *output)
{
    (void)frame, (void)output;
    bind_self(input);
}

/* The index'th of those that the process may use; the last if there are not so many. */
static cpu_set_t core(int index)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, &all_cores))
            continue;
        CPU_ZERO(&one);
        CPU_SET(i, &one);
        if (index-- == 0)
            break;
    }
    return one;
}

static void bind(cpu_set_t client, cpu_set_t julia)
{
    static const jlt_task_type type = {.name = "bind", .input_size = sizeof(cpu_set_t), .run = bind_run};
    bind_self(&client);
    CHECK(jlt_task_invoke(runtime, &type, &julia, NULL));
}

/* ---- calls ---- */

/* A clock reading ends one call and begins the next. */
static size_t call_at_once(const struct peer *peer, size_t calls)
{
    size_t i = 0;
    int64_t turn_ns = (int64_t)amount(400, 100) * 1000000; /* for one peer in one round */
    int64_t start = now_ns(), end = start + turn_ns;
    for (int64_t now; i < calls && start < end; start = now) {
        peer->invoke(0, 1.0);
        now = now_ns();
        call_ns[i++] = (double)(now - start);
    }
    return i;
}

static size_t call_after_pauses(const struct peer *peer, size_t calls)
{
    for (size_t i = 0; i < calls; i++) {
        pause_ns(idle_ns);
        int64_t start = now_ns();
        peer->invoke(0, 1.0);
        call_ns[i] = (double)(now_ns() - start);
    }
    return calls;
}

static void measure(const char *name, const struct peer *const *peers, size_t count,
                    size_t (*calls)(const struct peer *peer, size_t calls), size_t number)
{
    for (int round = 0; round < bench.rounds; round++) {
        for (size_t i = 0; i < count; i++) {
            const struct peer *peer = peers[i];
            if (!selected(name, peer->name))
                continue;
            peer->start(1);
            call_at_once(peer, warm_up);
            size_t made = calls(peer, number);
            samples(name, peer->name, "ns", call_ns, made);
            peer->stop();
        }
    }
}

static atomic_bool burning;

static void *burn(void *unused)
{
    while (atomic_load_explicit(&burning, memory_order_relaxed)) {
    }
    return unused;
}

static void measure_busy(void)
{
    pthread_t burners[64];
    int cores = CPU_COUNT(&all_cores);
    atomic_store(&burning, true);
    for (int i = 0; i < cores && i < 64; i++)
        pthread_create(&burners[i], NULL, burn, NULL);
    measure("sync, all cores busy", awake, sizeof awake / sizeof *awake, call_at_once, amount(2000, 500));
    atomic_store(&burning, false);
    for (int i = 0; i < cores && i < 64; i++)
        pthread_join(burners[i], NULL);
}

void cases_sync(void)
{
    enum { awake_count = sizeof awake / sizeof *awake, asleep_count = sizeof asleep / sizeof *asleep };
    sched_getaffinity(0, sizeof all_cores, &all_cores);
    runtime_begin(1);
    if (CPU_COUNT(&all_cores) > 1) {
        bind(core(0), core(1));
        measure("sync, awake", awake, awake_count, call_at_once, amount(20000, 5000));
        measure("sync, asleep", asleep, asleep_count, call_after_pauses, amount(300, 60));
    }
    bind(core(0), core(0));
    measure("sync, on one core", asleep, asleep_count, call_at_once, amount(20000, 5000));
    measure("sync, asleep, on one core", asleep, asleep_count, call_after_pauses, amount(300, 60));
    bind(all_cores, all_cores);
    measure_busy();
    runtime_end();
}
