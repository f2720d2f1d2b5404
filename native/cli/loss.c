/* SPDX-License-Identifier: MIT */
/* loss.c - what a shrink takes from others. */
#include "loss.h"

#include "ask.h"
#include "out.h"
#include "size.h"

#include <stdlib.h>
#include <string.h>

#define NAMED 4u /* roots; of more it is said how many */

/* "root prices lies", "roots a, b and 3 more lie"; for free().  "": none does. */
static char *roots_between(const struct pm_root *roots, size_t count, uint64_t begin, uint64_t end)
{
    char *text;
    size_t length, found = 0;
    FILE *file = need(open_memstream(&text, &length));
    for (size_t i = 0; i < count; i++)
        if (roots[i].off < end && roots[i].size > 0 && roots[i].off + roots[i].size > begin && found++ < NAMED)
            fprintf(file, "%s%s", found > 1 ? ", " : "", roots[i].name);
    if (found > NAMED)
        fprintf(file, " and %s", figure_count(found - NAMED, "other").text);
    fclose(file);
    char *whole = found ? text_of("root%s %s lie%s", found > 1 ? "s" : "", text, found > 1 ? "" : "s") : text_of("%s", "");
    free(text);
    return whole;
}

static char *question(const char *who, const char *roots, uint64_t bytes)
{
    const struct figure tail = figure_bytes(bytes);
    if (!*who && !*roots)
        return NULL;
    char *has = *who ? text_of("%s %s it, and ", who, strchr(who, ',') ? "have" : "has") : text_of("%s", "");
    char *why = *roots ? text_of("%s%s in its last %s, which is lost", has, roots, tail.text) : text_of("%swhat is in its last %s is lost", has, tail.text);
    free(has);
    return why;
}

static void look(const struct pmo_observer *observer, const struct pmo_snapshot *snapshot, struct loss *loss)
{
    struct pmo_problems problems = { 0 };
    struct pm_root *list = NULL;
    size_t count = 0;
    if (pmo_roots_all(observer, &list, &count, &problems) != 0)
        count = 0;
    char *who = who_has_it(snapshot), *roots = roots_between(list, count, loss->active - loss->bytes, loss->active);
    loss->why = question(who, roots, loss->bytes);
    free(who);
    free(roots);
    free(list);
    pmo_problems_free(&problems);
}

void loss_find(const char *name, const char *size, struct loss *loss)
{
    struct pmo_observer observer;
    struct pmo_snapshot snapshot;
    *loss = (struct loss){ 0 };
    if (pmo_observer_open(name, &observer) != 0)
        return;
    const bool taken = pmo_snapshot_take(&observer, PMO_STRANGERS, &snapshot) == 0;
    if (taken && snapshot.readable) {
        const struct pm_header *h = &snapshot.header;
        loss->active = pmo_active(h);
        if (parse_size(size, loss->active, &loss->bytes) != NULL)
            loss->bytes = 0;
        loss->bytes -= loss->bytes % h->page_size;
        if (loss->bytes > 0 && loss->bytes < loss->active && (h->flags & PM_SEGMENT_HEAP) == 0)
            look(&observer, &snapshot, loss);
    }
    if (taken)
        pmo_snapshot_free(&snapshot);
    pmo_observer_close(&observer);
}

void loss_free(struct loss *loss)
{
    free(loss->why);
    loss->why = NULL;
}
