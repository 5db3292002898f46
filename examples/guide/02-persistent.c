/* A persistent task: state, a bounded mailbox, handles in several threads, exit. */
#include "guide.h"

#include <pthread.h>
#include <stdatomic.h>

struct history {
    jlt_slot *values; /* a Vector{Float64} */
};

static atomic_int ended;

static void init(jlt_frame *frame, void *state, const void *config)
{
    struct history *self = state;
    jlt_value *vector = jlt_array_new(frame, JLT_F64, 1, (size_t[]){0});
    self->values = jlt_slot_new(frame, vector);
    jlt_array_push(frame, vector, JLT_F64, config);
}

static void run(jlt_frame *frame, void *state, const void *input, void *output)
{
    struct history *self = state;
    jlt_value *vector = jlt_slot_get(frame, self->values);
    jlt_array_push(frame, vector, JLT_F64, input);
    jlt_value *sum = jlt_call(frame, jlt_global_cached(frame, "Base.sum"), vector);
    *(double *)output = jlt_unbox_f64(frame, sum);
}

static void at_exit(jlt_frame *frame, void *state)
{
    (void)frame, (void)state;
    atomic_fetch_add(&ended, 1);
}

static const jlt_persistent_type history_type = {
    .name = "history",
    .state_size = sizeof(struct history),
    .config_size = sizeof(double),
    .input_size = sizeof(double),
    .output_size = sizeof(double),
    .capacity = 16,
    .init = init,
    .run = run,
    .exit = at_exit,
};

static void *add_hundred(void *handle)
{
    jlt_persistent *task = handle; /* this thread's own */
    for (int i = 0; i < 100; i++)
        CHECK(jlt_persistent_invoke(task, &(double){1.0}, NULL));
    jlt_persistent_drop(task);
    return NULL;
}

int main(void)
{
    jlt_runtime *runtime;
    jlt_thread *thread;
    jlt_persistent *task;
    CHECK(jlt_runtime_spawn(NULL, &runtime, &thread));
    CHECK(jlt_persistent_spawn(runtime, &history_type, &(double){0.5}, &task));

    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, add_hundred, jlt_persistent_clone(task));
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);

    double sum;
    jlt_receiver *receiver;
    jlt_status status = jlt_persistent_try_call(task, &(double){1.0}, &receiver);
    EXPECT(status == JLT_OK); /* JLT_FULL if 16 messages waited */
    while ((status = jlt_receiver_recv_timeout(receiver, 1000000, &sum)) == JLT_TIMEOUT) {
        /* a millisecond each: time for something else */
    }
    CHECK(status);
    EXPECT(sum > 301.4 && sum < 301.6);

    jlt_persistent_drop(task);
    jlt_runtime_drop(runtime);
    CHECK(jlt_thread_join(thread));
    EXPECT(atomic_load(&ended) == 1);
    return 0;
}
