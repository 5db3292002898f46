/* SPDX-License-Identifier: MIT
 *
 * The types of tasks, in one form for one-shot and persistent ones. A type is interned at its first use: equal
 * types share one copy, which lives as long as the process, so that a task needs only a pointer and the caller's
 * struct may be gone. Looking one up takes no lock. */
#ifndef JLT_CORE_TYPE_H
#define JLT_CORE_TYPE_H

#include <jltask.h>

#include <stdatomic.h>

struct type {
    struct type *next; /* in its hash chain */
    unsigned number;   /* among all types, from 0 */
    bool persistent;
    bool own; /* jltask's, not the user's: it is not counted */
    const char *name;
    atomic_bool warmed_up;      /* or somebody is about to */
    jlt_persistent_type fields; /* of a one-shot task: what it has in common; strings are copies */
    void (*run_once)(jlt_frame *frame, const void *input, void *output);
};

/* What runs the types whose bodies are Julia functions (julia_run). A task's state begins with its type, which task_new
 * puts there. */
struct julia_bodies {
    size_t state_size;
    void (*init)(jlt_frame *frame, void *state, const void *config);
    void (*run)(jlt_frame *frame, void *state, const void *input, void *output);
    void (*exit)(jlt_frame *frame, void *state); /* of types with julia_exit */
};

/* The interned copy of a caller's struct that is `size` bytes in the header it was compiled with. NULL with the
 * thread's error set: NULL, no run, no memory, or members that do not go together. julia: NULL where there is none. */
const struct type *type_of_task(const jlt_task_type *type, size_t size);
const struct type *type_of_persistent(const jlt_persistent_type *type, size_t size, const struct julia_bodies *julia);

/* Returns found, the interned copy of the caller's struct (or NULL). With JLT_CHECKS it ends the process if another was
 * found for that struct before: it has been changed. Structs that are not static are not remembered, since another may
 * come to the same place. */
const struct type *type_check(const void *callers, const struct type *found, const char *call);

/* The same for one of jltask's own. */
const struct type *type_of_own(const jlt_task_type *type);

/* The types so far, in no order; NULL after the last. after: NULL: the first. Types are never gone. */
const struct type *type_next(const struct type *after);

/* True once for a type that has a warm_up, which the caller is to run. */
bool type_claim_warm_up(const struct type *type);

#endif
