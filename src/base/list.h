/* SPDX-License-Identifier: MIT
 *
 * A list of structs that have members `previous` and `next`, from a pointer to the first. Whoever uses it keeps others
 * out. */
#ifndef JLT_BASE_LIST_H
#define JLT_BASE_LIST_H

/* Puts item in front. first and item are evaluated more than once. */
#define LIST_ADD(first, item)                                                                                          \
    do {                                                                                                               \
        (item)->previous = NULL;                                                                                       \
        (item)->next = (first);                                                                                        \
        if ((item)->next)                                                                                              \
            (item)->next->previous = (item);                                                                           \
        (first) = (item);                                                                                              \
    } while (0)

#define LIST_REMOVE(first, item)                                                                                       \
    do {                                                                                                               \
        if ((item)->previous)                                                                                          \
            (item)->previous->next = (item)->next;                                                                     \
        else                                                                                                           \
            (first) = (item)->next;                                                                                    \
        if ((item)->next)                                                                                              \
            (item)->next->previous = (item)->previous;                                                                 \
    } while (0)

#endif
