/* SPDX-License-Identifier: MIT
 *
 * Many calls at once that are given up in all ways, at all times. */
#include "core/fake_engine.h"
#include "core/limit.h"

enum { clients = 3, rounds = 400, in_flight = 8 };

static void quick_run(jlt_frame *frame, void *state, const void *input, void *output)
{
    (void)frame;
    check(++*(int *)state % 2 == 1); /* one at a time */
    if (*(const int *)input % 5 == 0)
        fake_yield();
    ++*(int *)state;
    *(int *)output = *(const int *)input;
}

static const jlt_persistent_type quick_type = {
    .name = "quick",
    .state_size = sizeof(int),
    .input_size = sizeof(int),
    .output_size = sizeof(int),
    .capacity = 5,
    .run = quick_run,
    .skip_if_dropped = true,
};

struct client {
    struct task *task;
    struct canceller *canceller;
    unsigned seed;
    unsigned answers[3];
};

static void take(struct client *self, struct message *message, int number)
{
    int output = -1;
    switch (random_below(&self->seed, 6)) {
    case 0:
        message_drop(message);
        return;
    case 1:
        message_give_up(message, MESSAGE_CANCELLED);
        break;
    case 2: {
        jlt_status status = message_receive(message, random_below(&self->seed, 20000), &output);
        check(status == JLT_OK || status == JLT_TIMEOUT || status == JLT_CANCELLED || status == JLT_DEADLINE_EXCEEDED);
        if (status != JLT_TIMEOUT)
            return;
        break;
    }
    default:
        break;
    }
    jlt_status status = message_receive(message, -1, &output);
    check(status == JLT_OK || status == JLT_CANCELLED || status == JLT_DEADLINE_EXCEEDED);
    check(output == (status == JLT_OK ? number : -1));
    self->answers[status == JLT_OK ? 0 : status == JLT_CANCELLED ? 1 : 2]++;
}

static void *be_client(void *data)
{
    struct client *self = data;
    for (int round = 0; round < rounds; round++) {
        struct message *messages[in_flight];
        struct canceller *own = canceller_new();
        for (int i = 0; i < in_flight; i++) {
            unsigned kind = random_below(&self->seed, 4);
            struct call_options options = {.deadline = limit_never, .canceller = kind == 1 ? own : NULL};
            if (kind >= 2)
                options.deadline = limit_deadline(1 + random_below(&self->seed, 60000));
            int number = round * in_flight + i;
            jlt_status status = runtime_call_with(self->task, &number, &options, &messages[i]);
            check(status == JLT_OK || status == JLT_DEADLINE_EXCEEDED);
            if (status != JLT_OK)
                messages[i] = NULL;
        }
        if (random_below(&self->seed, 2))
            canceller_cancel(own);
        canceller_drop(own);
        for (int i = 0; i < in_flight; i++)
            if (messages[i])
                take(self, messages[i], round * in_flight + i);
    }
    task_drop(self->task);
    return NULL;
}

static void test_every_call_has_one_answer_however_it_is_given_up(void **unused)
{
    (void)unused;
    struct runtime *two = fake_start(2, 0);
    struct client client[clients];
    pthread_t threads[clients];
    struct task *task = spawn(two, &quick_type, NULL);
    for (int i = 0; i < clients; i++) {
        client[i] = (struct client){.task = task_clone(task), .seed = (unsigned)i + 1};
        threads[i] = thread_start(be_client, &client[i]);
    }
    unsigned answers[3] = {0};
    for (int i = 0; i < clients; i++) {
        thread_join(threads[i]);
        for (int j = 0; j < 3; j++)
            answers[j] += client[i].answers[j];
    }
    task_drop(task);
    fake_end(two);
    assert_true(answers[0] && answers[1] && answers[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_call_has_one_answer_however_it_is_given_up),
    };
    return fake_run_tests(tests);
}
