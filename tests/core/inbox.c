/* SPDX-License-Identifier: MIT
 *
 * The inbox: order, ownership, refusal; and many senders against one owner. */
#include "base/inbox.h"
#include "test.h"

#include <pthread.h>
#include <sched.h>

static _Thread_local struct inbox_trail trail;

struct numbered {
    struct inbox_node node;
    int sender, number;
};

static void test_takes_in_the_order_of_pushes(void **unused)
{
    (void)unused;
    struct inbox inbox = {NULL};
    struct numbered items[3];
    for (int i = 0; i < 3; i++) {
        items[i].number = i;
        assert_int_equal(inbox_push(&inbox, &items[i].node, &trail), INBOX_PUSHED);
    }
    struct inbox_chain chain = inbox_take(&inbox);
    assert_int_equal(chain.length, 3);
    assert_ptr_equal(chain.last, &items[2].node);
    struct inbox_node *node = chain.first;
    for (int i = 0; i < 3; i++, node = node->next)
        assert_int_equal(((struct numbered *)node)->number, i);
    assert_null(node);
    assert_true(inbox_is_empty(&inbox));
}

static void test_only_the_first_push_finds_it_idle(void **unused)
{
    (void)unused;
    struct inbox inbox = {INBOX_IDLE};
    struct numbered a, b;
    assert_true(inbox_is_empty(&inbox));
    assert_int_equal(inbox_push(&inbox, &a.node, &trail), INBOX_WAS_IDLE);
    assert_int_equal(inbox_push(&inbox, &b.node, &trail), INBOX_PUSHED);
    assert_false(inbox_leave(&inbox, INBOX_IDLE)); /* not empty */
    assert_ptr_equal(inbox_take(&inbox).first, &a.node);
    assert_true(inbox_leave(&inbox, INBOX_IDLE));
    assert_int_equal(inbox_push(&inbox, &a.node, &trail), INBOX_WAS_IDLE);
}

static void test_a_sealed_inbox_refuses(void **unused)
{
    (void)unused;
    struct inbox inbox = {NULL};
    struct numbered a;
    assert_true(inbox_leave(&inbox, INBOX_SEALED));
    assert_int_equal(inbox_push(&inbox, &a.node, &trail), INBOX_REFUSED);
    assert_true(inbox_is_empty(&inbox));
    assert_true(inbox_is_sealed(&inbox));
}

enum { senders = 4, pushes = 20000 };
static struct inbox shared;
static struct numbered items[senders][pushes];

static void *send_all(void *data)
{
    int sender = (int)(intptr_t)data;
    for (int i = 0; i < pushes; i++) {
        items[sender][i] = (struct numbered){.sender = sender, .number = i};
        inbox_push(&shared, &items[sender][i].node, &trail);
    }
    return NULL;
}

static void test_many_senders_lose_nothing_and_keep_their_order(void **unused)
{
    (void)unused;
    pthread_t threads[senders];
    int next[senders] = {0}, total = 0;
    for (int i = 0; i < senders; i++)
        pthread_create(&threads[i], NULL, send_all, (void *)(intptr_t)i);
    while (total < senders * pushes) {
        struct inbox_node *node = inbox_take(&shared).first;
        if (!node)
            sched_yield();
        for (; node; node = node->next, total++) {
            struct numbered *item = (struct numbered *)node;
            assert_int_equal(item->number, next[item->sender]++);
        }
    }
    for (int i = 0; i < senders; i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_in_the_order_of_pushes),
        cmocka_unit_test(test_only_the_first_push_finds_it_idle),
        cmocka_unit_test(test_a_sealed_inbox_refuses),
        cmocka_unit_test(test_many_senders_lose_nothing_and_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
