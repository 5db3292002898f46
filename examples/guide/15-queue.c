/* 15. Replies in an event loop, and batches. */
#include <jltask.h>

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "expect.h"

/* ---- the Julia side ---- */

/* Sleeps, as a body would that waits for something, and squares. */
static void square_run(jlt_frame *frame, const void *input, void *output)
{
    const double *x = input;
    jlt_call(frame, jlt_global(frame, "Base.sleep"), jlt_box_f64(frame, *x / 100));
    *(double *)output = *x * *x;
}

static const jlt_task_type square_type = {
    .name = "square", .input_size = sizeof(double), .output_size = sizeof(double), .run = square_run};

static void add_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame;
    *(double *)output = *(double *)state += *(const double *)input;
}

static const jlt_persistent_type add_type = {.name = "add",
                                             .state_size = sizeof(double),
                                             .input_size = sizeof(double),
                                             .output_size = sizeof(double),
                                             .run = add_run};

/* ---- the client side ---- */

/* What the program knows of a call, which comes back with its reply. */
struct request {
    double x;
    double square;
};

static void send(jlt_runtime *runtime, jlt_queue *queue, struct request *request)
{
    const jlt_call_options options = {.queue = queue, .user = request, .timeout_ns = 10000000000};
    EXPECT(jlt_task_dispatch_with(runtime, &square_type, &request->x, &options, NULL) == JLT_OK);
}

/* When the descriptor is readable: all there is, until JLT_PENDING. Returns how many there were. */
static int on_readable(jlt_queue *queue)
{
    jlt_completion completion;
    int count = 0;
    for (; jlt_queue_take(queue, 0, &completion) == JLT_OK; count++) {
        struct request *request = completion.user;
        EXPECT(jlt_receiver_recv(completion.receiver, &request->square) == JLT_OK); /* it is there */
    }
    return count;
}

static void run_loop(jlt_runtime *runtime, jlt_queue *queue)
{
    struct request requests[] = {{.x = 3}, {.x = 2}, {.x = 1}};
    int left = 3, loop = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    EXPECT(epoll_ctl(loop, EPOLL_CTL_ADD, jlt_queue_descriptor(queue), &event) == 0);
    for (int i = 0; i < 3; i++)
        send(runtime, queue, &requests[i]);
    while (left) {
        EXPECT(epoll_wait(loop, &event, 1, 10000) == 1); /* and whatever else the program waits for */
        left -= on_readable(queue);
    }
    for (int i = 0; i < 3; i++)
        EXPECT(requests[i].square == requests[i].x * requests[i].x);
    close(loop);
}

/* A receiver that the program has already, and one whose reply is that a task has ended. */
static void add_later(jlt_runtime *runtime, jlt_queue *queue, jlt_persistent *task)
{
    double x = 4, output;
    jlt_receiver *receiver;
    jlt_completion completion;
    EXPECT(jlt_task_dispatch(runtime, &square_type, &x, &receiver) == JLT_OK);
    EXPECT(jlt_queue_add(queue, receiver, NULL) == JLT_OK);
    EXPECT(jlt_queue_take(queue, -1, &completion) == JLT_OK);
    EXPECT(completion.receiver == receiver && jlt_receiver_recv(receiver, &output) == JLT_OK && output == 16);

    const jlt_call_options options = {.queue = queue, .user = task};
    EXPECT(jlt_persistent_monitor_with(task, &options, NULL) == JLT_OK);
}

static void send_batch(jlt_queue *queue, jlt_persistent *task)
{
    enum { count = 100 };
    static const double one = 1;
    jlt_message messages[count];
    jlt_completion completions[16];
    const jlt_call_options options = {.queue = queue};
    double output = 0;
    for (int i = 0; i < count; i++)
        messages[i] = (jlt_message){.task = task, .input = &one};
    EXPECT(jlt_persistent_call_many(messages, count, &options, NULL) == JLT_OK);
    for (size_t left = count, some; left; left -= some) {
        EXPECT(jlt_queue_take_many(queue, -1, completions, 16, &some) == JLT_OK);
        for (size_t i = 0; i < some; i++)
            EXPECT(jlt_receiver_recv(completions[i].receiver, &output) == JLT_OK);
    }
    EXPECT(output == count); /* a task's replies come in its own order */
}

/* Called by a thread of the queue's, with each reply. */
static void on_completion(void *context, const jlt_completion *completion)
{
    struct request *request = completion->user;
    EXPECT(jlt_receiver_recv(completion->receiver, &request->square) == JLT_OK);
    sem_post(context);
}

static void call_back(jlt_runtime *runtime)
{
    struct request request = {.x = 5};
    jlt_queue *queue;
    sem_t done;
    sem_init(&done, 0, 0);
    EXPECT(jlt_queue_new(&queue) == JLT_OK);
    EXPECT(jlt_queue_set_callback(queue, on_completion, &done) == JLT_OK);
    send(runtime, queue, &request);
    sem_wait(&done);
    jlt_queue_drop(queue); /* no callback is under way any more */
    sem_destroy(&done);
    EXPECT(request.square == 25);
}

int main(void)
{
    jlt_runtime *runtime;
    jlt_thread *thread;
    jlt_persistent *task;
    jlt_completion completion;
    jlt_queue *queue;
    jlt_end end;

    EXPECT(jlt_runtime_spawn(NULL, &runtime, &thread) == JLT_OK);
    EXPECT(jlt_persistent_spawn(runtime, &add_type, NULL, &task) == JLT_OK);
    EXPECT(jlt_queue_new(&queue) == JLT_OK);
    run_loop(runtime, queue);
    add_later(runtime, queue, task);
    send_batch(queue, task);
    call_back(runtime);
    jlt_persistent_drop(task);
    EXPECT(jlt_queue_take(queue, -1, &completion) == JLT_OK && completion.user == task); /* what add_later asked for */
    EXPECT(jlt_receiver_recv(completion.receiver, &end) == JLT_OK && end.reason == JLT_END_DROPPED);
    jlt_queue_drop(queue);
    jlt_runtime_drop(runtime);
    EXPECT(jlt_thread_join(thread) == JLT_OK);
    return 0;
}
