/* SPDX-License-Identifier: MIT */
/*
 * table.c - columns as wide as what is in them.
 *
 * Where a terminal is too narrow, columns that can be done without leave, the least needed first; then those with long texts are cut.
 * A pipe gets everything.
 */
#include "out.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 16
#define GAP 2
#define LEAST 8 /* columns that stay of a text that is cut */

struct cell {
    enum style style;
    char *text; /* as it was put: made printable when it is known for whom */
};

struct note {
    size_t row;
    struct cell cell;
};

struct table {
    const struct column *columns;
    size_t count;
    struct cell *cells;
    size_t cell_count;
    struct note *notes;
    size_t note_count;
};

/* Where each column is, when it is printed. */
struct layout {
    size_t width[COLUMNS];
    bool gone[COLUMNS];
};

struct table *table_new(const struct column *columns, size_t count)
{
    struct table *table = need(calloc(1, sizeof *table));
    table->columns = columns;
    table->count = count;
    return table;
}

static char *format_text(const char *format, va_list arguments)
{
    char *text = NULL;
    return need(vasprintf(&text, format, arguments) < 0 ? NULL : text);
}

void table_put(struct table *table, enum style style, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = format_text(format, arguments);
    va_end(arguments);
    table->cells = need(realloc(table->cells, (table->cell_count + 1) * sizeof *table->cells));
    table->cells[table->cell_count++] = (struct cell){ style, text };
}

void table_note(struct table *table, enum style style, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = format_text(format, arguments);
    va_end(arguments);
    table->notes = need(realloc(table->notes, (table->note_count + 1) * sizeof *table->notes));
    table->notes[table->note_count++] = (struct note){ table->cell_count / table->count, { style, text } };
}

static void tame_all(struct table *table, const struct out *out)
{
    for (size_t i = 0; i < table->cell_count; i++) {
        char *tame = text_tame(out, table->cells[i].text, strlen(table->cells[i].text));
        free(table->cells[i].text);
        table->cells[i].text = tame;
    }
}

static size_t total(const struct table *table, const struct layout *layout)
{
    size_t sum = 0;
    for (size_t c = 0; c < table->count; c++)
        sum += layout->gone[c] ? 0 : layout->width[c] + (sum ? GAP : 0);
    return sum;
}

/* The column that is to leave next, or `count`. */
static size_t least_needed(const struct table *table, const struct layout *layout)
{
    size_t found = table->count;
    for (size_t c = 0; c < table->count; c++)
        if (!layout->gone[c] && table->columns[c].rank > (found < table->count ? table->columns[found].rank : 0))
            found = c;
    return found;
}

static void fit(const struct table *table, const struct out *out, struct layout *layout)
{
    for (size_t c = 0; c < table->count; c++) {
        layout->width[c] = text_width(table->columns[c].title);
        layout->gone[c] = table->columns[c].rank > 0;
        for (size_t i = c; i < table->cell_count; i += table->count) {
            const size_t width = text_width(table->cells[i].text);
            layout->width[c] = width > layout->width[c] ? width : layout->width[c];
            /* What nobody has anything in is left out from the start. */
            layout->gone[c] = layout->gone[c] && width == 0;
        }
    }
    if (out->width == 0)
        return;
    for (size_t c; total(table, layout) > out->width && (c = least_needed(table, layout)) < table->count;)
        layout->gone[c] = true;
    for (bool cut = true; cut && total(table, layout) > out->width;) {
        size_t widest = table->count;
        for (size_t c = 0; c < table->count; c++)
            if (table->columns[c].elastic && !layout->gone[c] && layout->width[c] > LEAST &&
                (widest == table->count || layout->width[c] > layout->width[widest]))
                widest = c;
        cut = widest < table->count;
        if (cut)
            layout->width[widest]--;
    }
}

static void print_cell(const struct table *table, const struct out *out, const struct layout *layout, size_t c, const struct cell *cell,
                       bool last)
{
    const size_t width = text_width(cell->text), room = layout->width[c];
    size_t length = strlen(cell->text), used = width;
    const bool cut = width > room;
    if (cut) {
        length = text_fitting(cell->text, length, room - 1);
        used = room;
    }
    const size_t pad = room - used;
    if (table->columns[c].right)
        out_part(out, PLAIN, "%*s", (int)pad, "");
    out_part(out, cell->style, "%.*s%s", (int)length, cell->text, cut ? "…" : "");
    if (!table->columns[c].right && !last)
        out_part(out, PLAIN, "%*s", (int)pad, "");
}

static void print_row(const struct table *table, const struct out *out, const struct layout *layout, const struct cell *cells)
{
    size_t last = 0;
    bool first = true;
    for (size_t c = 0; c < table->count; c++)
        if (!layout->gone[c] && (cells[c].text[0] || table->columns[c].right))
            last = c;
    for (size_t c = 0; c <= last; c++) {
        if (layout->gone[c])
            continue;
        out_part(out, PLAIN, "%s", first ? "" : "  ");
        print_cell(table, out, layout, c, &cells[c], c == last);
        first = false;
    }
    fputc('\n', out->file);
}

static void print_notes(const struct table *table, const struct out *out, size_t row, size_t *next)
{
    for (; *next < table->note_count && table->notes[*next].row <= row; ++*next)
        out_line(out, table->notes[*next].cell.style, "%s", table->notes[*next].cell.text);
}

void table_end(struct table *table, const struct out *out)
{
    struct layout layout;
    struct cell titles[COLUMNS];
    size_t note = 0, rows = table->cell_count / table->count;
    tame_all(table, out);
    fit(table, out, &layout);
    for (size_t c = 0; c < table->count; c++)
        titles[c] = (struct cell){ FAINT, (char *)(uintptr_t)table->columns[c].title };
    if (rows > 0)
        print_row(table, out, &layout, titles);
    for (size_t row = 0; row < rows; row++) {
        print_row(table, out, &layout, &table->cells[row * table->count]);
        print_notes(table, out, row + 1, &note);
    }
    for (size_t i = 0; i < table->cell_count; i++)
        free(table->cells[i].text);
    for (size_t i = 0; i < table->note_count; i++)
        free(table->notes[i].cell.text);
    free(table->cells);
    free(table->notes);
    free(table);
}
