/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <math.h>
#include <string.h>

/* The first peer of the case that is called a floor, with as many Julia threads. */
static const struct row *floor_of(const struct rows *rows, const struct row *row)
{
    for (size_t i = 0; i < rows->count; i++)
        if (!strcmp(rows->row[i].name, row->name) && !strncmp(rows->row[i].peer, "floor", 5) &&
            rows->row[i].threads == row->threads)
            return &rows->row[i];
    return NULL;
}

static int decimals(double value)
{
    return value < 10 ? 2 : value < 100 ? 1 : 0;
}

static void print_number(double value, int width, FILE *file)
{
    if (isnan(value))
        fprintf(file, " %*s", width, "");
    else
        fprintf(file, " %*.*f", width, decimals(value), value);
}

static void print_rate(double rate, FILE *file)
{
    if (rate >= 1e6)
        fprintf(file, " %6.2fM", rate / 1e6);
    else if (rate >= 1e3)
        fprintf(file, " %6.*fk", decimals(rate / 1e3), rate / 1e3);
    else
        print_number(rate, 7, file);
}

/* row may be NULL: blank. */
static void print_half(const struct rows *rows, const struct row *row, FILE *file)
{
    const struct row *floor = row ? floor_of(rows, row) : NULL;
    print_number(row ? row->p50 : NAN, 9, file);
    print_number(row ? row->p99 : NAN, 9, file);
    print_rate(row ? row->rate : NAN, file);
    print_number(row ? row->cores : NAN, 5, file);
    print_number(floor ? row_cost(row) / row_cost(floor) : NAN, 7, file);
}

static void print_line(const struct rows *rows, const struct row *row, FILE *file)
{
    if (row->clients)
        fprintf(file, "%8d %6zu %-16s", row->clients, row->tasks, row->peer);
    else
        fprintf(file, "%8s %6s %-16s", "", "", row->peer);
    print_half(rows, rows_find(rows, row->name, 1, row->clients, row->tasks, row->peer), file);
    const struct row *right = rows_find(rows, row->name, bench.cores, row->clients, row->tasks, row->peer);
    fprintf(file, "  |");
    if (right && bench.cores > 1)
        print_half(rows, right, file);
    fprintf(file, "\n");
}

/* Whether this case, or its line, was printed with an earlier row. */
static bool case_is_known(const struct rows *rows, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (!strcmp(rows->row[i].name, rows->row[index].name))
            return true;
    return false;
}

static bool line_is_known(const struct rows *rows, size_t index)
{
    const struct row *row = &rows->row[index];
    return rows_find(&(struct rows){rows->row, index}, row->name, 1, row->clients, row->tasks, row->peer);
}

void table_print(const struct rows *rows, FILE *file)
{
    static const char half[] = "       p50       p99  rate/s cores x floor";
    fprintf(file, "%32s %-42s  | %d Julia threads\n", "", "1 Julia thread", bench.cores);
    fprintf(file, "%8s %6s %-16s%s  |%s\n", "clients", "tasks", "peer", half, half);
    for (size_t first = 0; first < rows->count; first++) {
        if (case_is_known(rows, first))
            continue;
        fprintf(file, "%s, %s\n", rows->row[first].name, rows->row[first].unit);
        for (size_t i = first; i < rows->count; i++)
            if (!strcmp(rows->row[i].name, rows->row[first].name) && !line_is_known(rows, i))
                print_line(rows, &rows->row[i], file);
    }
}

static void write_number(double value, FILE *file)
{
    if (!isnan(value))
        fprintf(file, "%.6g", value);
    fprintf(file, ",");
}

bool table_write_csv(const struct rows *rows, const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file)
        return false;
    fprintf(file, "case,threads,clients,tasks,peer,p50,p99,rate,cores,rounds,unit\n");
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->row[i];
        fprintf(file, "\"%s\",%d,%d,%zu,%s,", row->name, row->threads, row->clients, row->tasks, row->peer);
        write_number(row->p50, file);
        write_number(row->p99, file);
        write_number(row->rate, file);
        write_number(row->cores, file);
        fprintf(file, "%d,%s\n", row->rounds, row->unit);
    }
    return fclose(file) == 0;
}
