/* Handles shared by threads; receivers; a bounded mailbox. */
#include "expect.h"

#include <jltask.h>

#include <pthread.h>

enum { THREADS = 4, EACH = 100, CAPACITY = 2 };

/* ---- a counter that several threads send to */

static void counter_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame;
    int64_t *count = state; /* one message at a time: no lock */
    *count += *(const int64_t *)input;
    *(int64_t *)output = *count;
}

static const jlt_persistent_type counter_type = {
    .name = "counter",
    .state_size = sizeof(int64_t),
    .input_size = sizeof(int64_t),
    .output_size = sizeof(int64_t),
    .run = counter_run,
};

static void *count(void *argument)
{
    jlt_persistent *counter = argument; /* this thread's own handle */
    int64_t one = 1;
    for (int i = 0; i < EACH; i++)
        EXPECT(jlt_persistent_call(counter, &one, NULL) == JLT_OK); /* no receiver: sent and forgotten */
    EXPECT(jlt_persistent_invoke(counter, &one, NULL) == JLT_OK);
    jlt_persistent_drop(counter);
    return NULL;
}

static void count_on_threads(jlt_runtime *runtime)
{
    jlt_persistent *counter;
    EXPECT(jlt_persistent_spawn(runtime, &counter_type, NULL, &counter) == JLT_OK);

    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, count, jlt_persistent_clone(counter)) == 0);
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);

    int64_t zero = 0, total = 0;
    EXPECT(jlt_persistent_invoke(counter, &zero, &total) == JLT_OK);
    EXPECT(total == THREADS * (EACH + 1));
    jlt_persistent_drop(counter);
}

/* ---- a task that waits at a gate, behind which messages pile up */

static void gate_make(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    jlt_eval(frame, "const gate = Base.Event()");
}

static void gate_open(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    jlt_call(frame, jlt_global(frame, "Base.notify"), jlt_global(frame, "Main.gate"));
}

static void waiter_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)state, (void)input, (void)output;
    jlt_call(frame, jlt_global(frame, "Base.wait"), jlt_global(frame, "Main.gate"));
}

static const jlt_task_type make_type = {.name = "make", .run = gate_make};
static const jlt_task_type open_type = {.name = "open", .run = gate_open};
static const jlt_persistent_type waiter_type = {.name = "waiter", .capacity = CAPACITY, .run = waiter_run};

static void fill_a_mailbox(jlt_runtime *runtime)
{
    EXPECT(jlt_task_invoke(runtime, &make_type, NULL, NULL) == JLT_OK);
    jlt_persistent *waiter;
    EXPECT(jlt_persistent_spawn(runtime, &waiter_type, NULL, &waiter) == JLT_OK);

    /* one message in the body, perhaps, and CAPACITY behind it */
    jlt_receiver *receivers[CAPACITY + 1];
    int sent = 0;
    while (sent <= CAPACITY && jlt_persistent_try_call(waiter, NULL, &receivers[sent]) == JLT_OK)
        sent++;
    EXPECT(sent >= CAPACITY);
    if (sent == CAPACITY)
        EXPECT(jlt_persistent_call(waiter, NULL, &receivers[sent++]) == JLT_OK); /* waits for a place */
    EXPECT(jlt_persistent_try_call(waiter, NULL, NULL) == JLT_FULL);

    /* no reply yet: the receiver stays good */
    EXPECT(jlt_receiver_try_recv(receivers[0], NULL) == JLT_PENDING);
    EXPECT(jlt_receiver_recv_timeout(receivers[0], 1000000, NULL) == JLT_TIMEOUT);

    jlt_receiver_drop(receivers[CAPACITY]); /* not interested: the message is still handled */
    EXPECT(jlt_task_invoke(runtime, &open_type, NULL, NULL) == JLT_OK);
    for (int i = 0; i < CAPACITY; i++)
        EXPECT(jlt_receiver_recv(receivers[i], NULL) == JLT_OK);
    jlt_persistent_drop(waiter);
}

int main(void)
{
    jlt_runtime *runtime;
    jlt_thread *thread;
    EXPECT(jlt_runtime_spawn(&(jlt_options){.threads = 2}, &runtime, &thread) == JLT_OK);
    count_on_threads(runtime);
    fill_a_mailbox(runtime);
    jlt_runtime_drop(runtime);
    EXPECT(jlt_thread_join(thread) == JLT_OK);
    return 0;
}
