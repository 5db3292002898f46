/* SPDX-License-Identifier: MIT
 *
 * The peers: ways to have Julia's threads run accumulators (a Ref{Float64}, read by getindex and written by setindex!)
 * for others. A process can start Julia once, so all of them live in one runtime: the bodies of one-shot tasks are the
 * peer's servers until they are told to stop. */
#ifndef BENCH_PEERS_H
#define BENCH_PEERS_H

#include <jltask.h>

#include <pthread.h>
#include <stdatomic.h>

#define CHECK(call) check((call), #call)
void check(jlt_status status, const char *call);

extern jlt_runtime *runtime;
extern bool runtime_times;       /* messages, set before the start */
void runtime_begin(int threads); /* starts Julia and the peers' own calls into it */
void runtime_end(void);

/* A part of each body but those in Julia: a loop that takes compute_ns, which is set while nothing runs; nothing if it
 * is 0. How many turns of the loop fit into a ns is measured once, before the first process of a group, so that the
 * work is the same in all. */
extern int64_t compute_ns;
void compute_calibrate(void);
void compute(void);

/* Julia's C API, as people use it. */
struct julia_api {
    jlt_value *(*call1)(jlt_value *f, jlt_value *a);
    jlt_value *(*call2)(jlt_value *f, jlt_value *a, jlt_value *b);
    jlt_value *(*box_float64)(double);
    double (*unbox_float64)(jlt_value *);
    int8_t (*gc_safe_enter)(void); /* around waits in C, for which collections must not wait */
    void (*gc_safe_leave)(int8_t state);
    jlt_value *getindex, *setindex;
};
extern struct julia_api api;

/* One message through Julia's C API. Nothing needs rooting here but the state: jl_call roots its own arguments. */
double accumulate(jlt_value *state, double input);

/* Runs loop() in `count` bodies, each on a Julia thread of its own and with `tasks` rooted accumulators, until it
 * returns. */
struct server {
    void (*loop)(const struct server *self);
    size_t tasks, count;
    size_t index; /* of this one */
    jlt_frame *frame;
    jlt_value **states;
};
void servers_start(void (*loop)(const struct server *self), size_t tasks, size_t count);
void servers_join(void);

/* A message in flight. The first members are known to the Julia code in peer_channel.c. */
struct request {
    _Alignas(64) struct request *next;
    size_t task;
    double value; /* the input, then the output */
    bool done;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    jlt_receiver *receiver;
};

/* Its client is on the first core, and its server on the last or on the same. FREE: anywhere. */
enum placement { FREE, APART, TOGETHER };

struct peer {
    const char *name;
    void (*start)(size_t tasks);
    void (*stop)(void);
    double (*invoke)(size_t task, double input);                      /* NULL: send and receive do it */
    void (*send)(struct request *request, size_t task, double input); /* NULL: for one client that invokes */
    double (*receive)(struct request *request);
    enum placement placement;
    double (*loop)(size_t messages); /* of a floor without messages: ns that one's work takes */
};

extern const struct peer floor_spin, floor_futex, floor_futex_apart, floor_futex_together, floor_loop, floor_loop_jlt,
    mutex_worker, julia_channel, jltask_peer, jltask_kept, jltask_julia, jltask_counted, jltask_traced, jltask_timed;

/* The README's accumulator, which looks its functions up in each message; many of them started, up to 1024 starts on
 * their way at a time. */
extern const jlt_persistent_type accumulator_type;
void start_tasks(const jlt_persistent_type *type, jlt_persistent **tasks, size_t count);

#endif
