/* SPDX-License-Identifier: MIT
 *
 * What keeps Julia values alive for C: root lists for as long as a frame is open, and pages for as long as a task
 * lives. */
#ifndef JLT_JULIA_ROOTS_H
#define JLT_JULIA_ROOTS_H

#include "base/spinlock.h"

#include <jltask.h>

/* ---- root lists ---- */

enum { roots_inline = 14, roots_per_chunk = 62 };

struct root_chunk {
    struct root_chunk *next;
    size_t count;
    jlt_value *values[roots_per_chunk];
};

/* Grows without limit; cells never move. Only the thread that owns the frame touches it, and collections, which stop
 * that thread. */
struct root_list {
    size_t count; /* of the inline ones */
    jlt_value *values[roots_inline];
    struct root_chunk *chunks; /* newest first, all but the newest full */
};

/* A cell that holds value and is marked from here on. NULL: no memory. */
jlt_value **root_list_add(struct root_list *list, jlt_value *value);

/* Forgets everything. */
void root_list_clear(struct root_list *list);

size_t root_list_length(const struct root_list *list);

/* Marks everything, in a collection; or copies it, in any order, to `into`. */
void root_list_mark(const struct root_list *list, void *ptls);
void root_list_copy(const struct root_list *list, jlt_value **into);

/* ---- pages ---- */

typedef uint32_t root_cell; /* an index over all pages */

/* Pages are ordinary Julia vectors, so that values in them become old and a collection of the young does not walk
 * them. */
struct root_pages {
    struct spinlock lock; /* tasks may be run on other threads than the one that their roots are kept on */
    size_t page_count, free_count, page_room;
    jlt_value **pages; /* Vector{Any} */
    root_cell *free;   /* room for all cells */
};

enum { cells_per_page = 1024 };

/* All but mark and finish: any Julia thread.
 * Takes `count` cells. False: no memory for them, or to compile what stores into them. May collect. */
bool root_pages_take(struct root_pages *pages, size_t count, root_cell *cells);
/* May collect: value must be rooted. */
void root_pages_store(struct root_pages *pages, root_cell cell, jlt_value *value);
/* Forgets the values and takes the cells back. */
void root_pages_give_back(struct root_pages *pages, size_t count, const root_cell *cells);
/* Marks the pages, in a collection. */
void root_pages_mark(const struct root_pages *pages, void *ptls);
void root_pages_finish(struct root_pages *pages);

#endif
