/* Calls of all forms, Julia tasks, and bodies that wait. */
#include "expect.h"

#include <jltask.h>

struct results {
    double largest;  /* of the list */
    double first;    /* of the list sorted with rev=true */
    double second;   /* of it */
    double sum;      /* of the roots */
    int64_t fetched; /* from a Julia task */
};

static void calls_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    struct results *results = output;
    const double numbers[] = {4, 16, 9};
    jlt_value *list = jlt_array_copy(frame, JLT_F64, numbers, 1, (size_t[]){3});

    /* max(list...) */
    results->largest = jlt_unbox_f64(frame, jlt_call_splat(frame, jlt_global(frame, "Base.max"), list));

    /* sort(list; rev = true) */
    jlt_value *keywords = jlt_named_tuple(frame, {"rev", jlt_box_bool(frame, true)});
    jlt_value *sorted = jlt_call_kw(frame, keywords, jlt_global(frame, "Base.sort"), list);
    results->first = jlt_unbox_f64(frame, jlt_index_at(frame, sorted, 1));

    /* sum(sqrt.(list)) */
    jlt_value *roots = jlt_broadcast(frame, jlt_global(frame, "Base.sqrt"), list);
    results->sum = jlt_unbox_f64(frame, jlt_call(frame, jlt_global(frame, "Base.sum"), roots));

    /* fetch(Threads.@spawn length(list)) */
    jlt_value *task = jlt_spawn(frame, jlt_global(frame, "Base.length"), list);
    results->fetched = jlt_unbox_i64(frame, jlt_fetch(frame, task));

    /* the same of sort(list; rev = true) */
    jlt_spawn_options options = {.keywords = keywords};
    task = jlt_spawn_with(frame, &options, jlt_global(frame, "Base.sort"), list);
    results->second = jlt_unbox_f64(frame, jlt_index_at(frame, jlt_fetch(frame, task), 2));
}

static void make_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input, (void)output;
    jlt_value *channel = jlt_eval(frame, "Channel{Float64}(0)");
    jlt_set_const(frame, "Main.mailbox", channel);
}

/* Waits until something is put. */
static void take_run(jlt_frame *frame, const void *input, void *output)
{
    (void)input;
    jlt_value *taken = jlt_call(frame, jlt_global(frame, "Base.take!"), jlt_global(frame, "Main.mailbox"));
    *(double *)output = jlt_unbox_f64(frame, taken);
}

/* Waits until it is taken. */
static void put_run(jlt_frame *frame, const void *input, void *output)
{
    (void)output;
    jlt_value *mailbox = jlt_global(frame, "Main.mailbox");
    jlt_call(frame, jlt_global(frame, "Base.put!"), mailbox, jlt_box_f64(frame, *(const double *)input));
}

static const jlt_task_type calls_type = {.name = "calls", .output_size = sizeof(struct results), .run = calls_run};
static const jlt_task_type make_type = {.name = "make", .run = make_run};
static const jlt_task_type take_type = {.name = "take", .output_size = sizeof(double), .run = take_run};
static const jlt_task_type put_type = {.name = "put", .input_size = sizeof(double), .run = put_run};

int main(void)
{
    jlt_runtime *runtime;
    jlt_thread *thread;
    EXPECT(jlt_runtime_spawn(&(jlt_options){.threads = 1}, &runtime, &thread) == JLT_OK);

    struct results results;
    EXPECT(jlt_task_invoke(runtime, &calls_type, NULL, &results) == JLT_OK);
    EXPECT(results.largest == 16 && results.first == 16 && results.second == 9 && results.sum == 9);
    EXPECT(results.fetched == 3);

    /* on one Julia thread: take waits, put runs meanwhile */
    jlt_receiver *receiver;
    double put = 7, taken = 0;
    EXPECT(jlt_task_invoke(runtime, &make_type, NULL, NULL) == JLT_OK);
    EXPECT(jlt_task_dispatch(runtime, &take_type, NULL, &receiver) == JLT_OK);
    EXPECT(jlt_task_invoke(runtime, &put_type, &put, NULL) == JLT_OK);
    EXPECT(jlt_receiver_recv(receiver, &taken) == JLT_OK);
    EXPECT(taken == 7);

    jlt_runtime_drop(runtime);
    EXPECT(jlt_thread_join(thread) == JLT_OK);
    return 0;
}
