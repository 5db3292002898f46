/* SPDX-License-Identifier: MIT
 *
 * The peers: ways to have one thread run an accumulator (a Ref{Float64}, read by getindex and written by setindex!) for
 * others. A process can start Julia once, so all of them live in one runtime, with one Julia thread: the body of a
 * one-shot task is the peer's server until it is told to stop. */
#ifndef BENCH_PEERS_H
#define BENCH_PEERS_H

#include <jltask.h>

#include <pthread.h>
#include <stdatomic.h>

#define CHECK(call) check((call), #call)
void check(jlt_status status, const char *call);

extern jlt_runtime *runtime;
void runtime_begin(int threads); /* starts Julia and the peers' own calls into it */
void runtime_end(void);

/* Julia's C API, as people use it. */
struct julia_api {
    jlt_value *(*call1)(jlt_value *f, jlt_value *a);
    jlt_value *(*call2)(jlt_value *f, jlt_value *a, jlt_value *b);
    jlt_value *(*box_float64)(double);
    double (*unbox_float64)(jlt_value *);
    jlt_value *getindex, *setindex;
};
extern struct julia_api api;

/* One message through Julia's C API. Nothing needs rooting here but the state: jl_call roots its own arguments. */
double accumulate(jlt_value *state, double input);

/* Runs loop(states) on the Julia thread, with `tasks` rooted accumulators, until it returns. */
void server_start(void (*loop)(jlt_frame *frame, jlt_value **states, size_t tasks), size_t tasks);
void server_join(void);

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

struct peer {
    const char *name;
    void (*start)(size_t tasks);
    void (*stop)(void);
    double (*invoke)(size_t task, double input); /* of a single client */
    /* of any number of clients; NULL: the peer has no queue */
    void (*send)(struct request *request, size_t task, double input);
    double (*receive)(struct request *request);
};

extern const struct peer floor_spinning, floor_futex, mutex_worker, julia_channel, jltask_peer, jltask_kept,
    jltask_julia;

/* The README's accumulator, which looks its functions up in each message. */
extern const jlt_persistent_type accumulator_type;

/* How long a message's Julia calls take in a plain C loop, in ns: through jl_call, and through jlt_call. */
double loop_jl_call(size_t messages);
double loop_jlt_call(size_t messages);

#endif
