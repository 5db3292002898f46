/* SPDX-License-Identifier: MIT */
#include "julia/roots.h"

#include "base/error.h"
#include "julia/bootstrap.h"
#include "julia/symbols.h"

#include <stdlib.h>
#include <string.h>

static const char julia_text[] = {
#include "roots.inc"
    , 0};
static struct julia_source source = {julia_text, "jltask:roots.jl", 0};

JULIA_FUNCTION(source, void, page_store, (jlt_value * page, size_t index, jlt_value *value),
               "Cvoid, (Ptr{Cvoid}, Int, Ptr{Cvoid})");

jlt_value **root_list_add(struct root_list *list, jlt_value *value)
{
    if (list->count < roots_inline) {
        list->values[list->count] = value;
        return &list->values[list->count++];
    }
    struct root_chunk *chunk = list->chunks;
    if (!chunk || chunk->count == roots_per_chunk) {
        chunk = malloc(sizeof *chunk);
        if (!chunk)
            return NULL;
        chunk->next = list->chunks;
        chunk->count = 0;
        list->chunks = chunk;
    }
    chunk->values[chunk->count] = value;
    return &chunk->values[chunk->count++];
}

void root_list_clear(struct root_list *list)
{
    list->count = 0;
    while (list->chunks) {
        struct root_chunk *chunk = list->chunks;
        list->chunks = chunk->next;
        free(chunk);
    }
}

size_t root_list_length(const struct root_list *list)
{
    size_t length = list->count;
    for (const struct root_chunk *chunk = list->chunks; chunk; chunk = chunk->next)
        length += chunk->count;
    return length;
}

void root_list_mark(const struct root_list *list, void *ptls)
{
    for (size_t i = 0; i < list->count; i++)
        julia.gc_mark_queue_obj(ptls, list->values[i]);
    for (const struct root_chunk *chunk = list->chunks; chunk; chunk = chunk->next)
        for (size_t i = 0; i < chunk->count; i++)
            julia.gc_mark_queue_obj(ptls, chunk->values[i]);
}

void root_list_copy(const struct root_list *list, jlt_value **into)
{
    memcpy(into, list->values, list->count * sizeof *into);
    into += list->count;
    for (const struct root_chunk *chunk = list->chunks; chunk; chunk = chunk->next) {
        memcpy(into, chunk->values, chunk->count * sizeof *into);
        into += chunk->count;
    }
}

/* ---- pages ---- */

/* The lock is never held across anything that may collect: who waits for it would keep the collection waiting. */

static bool add_page(struct root_pages *pages, jlt_value *page)
{
    if (pages->page_count == pages->page_room) {
        size_t room = pages->page_room ? 2 * pages->page_room : 8;
        jlt_value **larger = realloc(pages->pages, room * sizeof *larger);
        if (larger)
            pages->pages = larger;
        root_cell *more = realloc(pages->free, room * cells_per_page * sizeof *more);
        if (more)
            pages->free = more;
        if (!larger || !more)
            return false;
        pages->page_room = room;
    }
    root_cell first = (root_cell)(pages->page_count * cells_per_page);
    pages->pages[pages->page_count++] = page;
    for (root_cell i = cells_per_page; i-- > 0;)
        pages->free[pages->free_count++] = first + i;
    return true;
}

static bool take_cells(struct root_pages *pages, size_t count, root_cell *cells)
{
    if (pages->free_count < count)
        return false;
    pages->free_count -= count;
    memcpy(cells, pages->free + pages->free_count, count * sizeof *cells);
    return true;
}

bool root_pages_take(struct root_pages *pages, size_t count, root_cell *cells)
{
    struct error *error = NULL;
    if (!LATE(page_store, &error)) {
        error_free(error);
        return false;
    }
    spin_lock(&pages->lock);
    while (!take_cells(pages, count, cells)) {
        spin_unlock(&pages->lock);
        jlt_value *page = julia.alloc_vec_any(cells_per_page);
        spin_lock(&pages->lock); /* no collection before the page is among the others */
        if (!add_page(pages, page)) {
            spin_unlock(&pages->lock);
            return false;
        }
    }
    spin_unlock(&pages->lock);
    return true;
}

void root_pages_store(struct root_pages *pages, root_cell cell, jlt_value *value)
{
    spin_lock(&pages->lock);
    jlt_value *page = pages->pages[cell / cells_per_page];
    spin_unlock(&pages->lock);
    LATE_AGAIN(page_store)(page, cell % cells_per_page + 1, value);
}

void root_pages_give_back(struct root_pages *pages, size_t count, const root_cell *cells)
{
    for (size_t i = 0; i < count; i++)
        root_pages_store(pages, cells[i], bootstrap.nothing);
    spin_lock(&pages->lock);
    memcpy(pages->free + pages->free_count, cells, count * sizeof *cells);
    pages->free_count += count;
    spin_unlock(&pages->lock);
}

void root_pages_mark(const struct root_pages *pages, void *ptls)
{
    for (size_t i = 0; i < pages->page_count; i++)
        julia.gc_mark_queue_obj(ptls, pages->pages[i]);
}

void root_pages_finish(struct root_pages *pages)
{
    free(pages->pages);
    free(pages->free);
    memset(pages, 0, sizeof *pages);
}
