/* SPDX-License-Identifier: MIT */
#include "core/account.h"

#include "platform/platform.h"

#include <pthread.h>
#include <stdlib.h>

_Thread_local struct account *account_mine;

static _Atomic(struct account *) all;
static struct account shared;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool has_key; /* false: there are no more, and accounts are not given back */

static void give_back(void *account)
{
    account_mine = NULL;
    atomic_store(&((struct account *)account)->taken, false); /* the next owner sees all that this one wrote */
}

static void prepare(void)
{
    atomic_store(&shared.taken, true);
    atomic_store(&all, &shared);
    has_key = !pthread_key_create(&key, give_back);
}

static struct account *reuse(void)
{
    for (struct account *account = atomic_load(&all); account; account = account->next)
        if (!atomic_load_explicit(&account->taken, memory_order_relaxed) /* a look before the step */
            && !atomic_exchange(&account->taken, true))
            return account;
    return NULL;
}

static struct account *add(void)
{
    struct account *account = aligned_alloc(alignof(struct account), sizeof *account);
    if (!account)
        return NULL;
    *account = (struct account){.taken = true, .next = atomic_load(&all)};
    while (!atomic_compare_exchange_weak(&all, &account->next, account)) {
    }
    return account;
}

struct account *account_open(void)
{
    pthread_once(&once, prepare);
    struct account *account = reuse();
    if (!account)
        account = add();
    if (!account)
        return &shared;
    atomic_store_explicit(&account->thread, platform_thread_number(), memory_order_relaxed); /* only told */
    account_mine = account;
    if (has_key)
        pthread_setspecific(key, account);
    return account;
}

struct account *account_first(void)
{
    pthread_once(&once, prepare);
    return atomic_load(&all);
}
