/* SPDX-License-Identifier: MIT */
/* roots.c - the table of roots: copied, checked, and without what is only on its way to its place. */
#include "snapshot.h"

#include "error.h"
#include "places.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int pmo_roots_read(int fd, const struct pm_header *header, uint32_t count, struct pm_root *roots, bool *good)
{
    struct pm_places places;
    pm_places_find(header, &places);
    const uint32_t first = count < 1 + PM_ROOTS_FIRST ? count : 1 + PM_ROOTS_FIRST;
    const int error = pmo_records_read(fd, places.roots, first, sizeof *roots, roots, good);
    if (error != 0 || first == count)
        return error;
    return pmo_records_read(fd, places.more_roots, count - first, sizeof *roots, roots + first, good + first);
}

static bool is_removed(const struct pm_root *root) { return root->off == PM_ROOT_REMOVED; }

static void judge(const struct pm_header *header, uint32_t index, struct pm_root *root, struct pmo_problems *problems)
{
    const struct pmo_place place = pmo_at("root %" PRIu32, index);
    const bool name_tame = pmo_name_tame(root->name), type_tame = pmo_name_tame(root->type);
    if (!name_tame || !type_tame || root->name[0] == '\0')
        pmo_problem_add(problems, PMO_BAD_ROOT, place, "a name in it is damaged");
    else if (root->hash != pm_root_hash(root->name))
        pmo_problem_add(problems, PMO_BAD_ROOT, place, "is not where it is looked for by its name");
    if (root->off > header->reserved || root->size > header->reserved - root->off)
        pmo_problem_add(problems, PMO_BAD_ROOT, place, "%" PRIu64 " bytes at %" PRIu64 " are not in the segment", root->size, root->off);
    else if (root->off + root->size > pmo_active(header))
        pmo_problem_add(problems, PMO_BAD_ROOT, place, "%" PRIu64 " bytes at %" PRIu64 " reach past the active memory", root->size,
                        root->off);
}

static int by_name_then_version(const void *a, const void *b)
{
    const struct pm_root *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->version > y->version) - (x->version < y->version);
}

/* Of two of one name, the higher version is the one that counts: the other is about to be freed, or was just put in its place. */
static size_t without_outdated(struct pm_root *roots, size_t count)
{
    size_t kept = 0;
    qsort(roots, count, sizeof *roots, by_name_then_version);
    for (size_t i = 0; i < count; i++)
        if ((i + 1 == count || strcmp(roots[i].name, roots[i + 1].name) != 0) && !is_removed(&roots[i]))
            roots[kept++] = roots[i];
    return kept;
}

size_t pmo_roots_keep(const struct pm_header *header, struct pm_root *roots, const bool *good, uint32_t count, struct pmo_problems *problems)
{
    size_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t state = roots[i].tag & PM_TAG_STATE;
        const struct pmo_place place = pmo_at("root %" PRIu32, i);
        if (!good[i]) {
            pmo_problem_add(problems, PMO_UNSTABLE, place, "changed each time it was copied");
        } else if (state > PM_LIVE) {
            pmo_problem_add(problems, PMO_BAD_ROOT, place, "state %" PRIu64 " does not exist", state);
        } else if (state == PM_LIVE) {
            roots[kept] = roots[i];
            if (i != 0 || !is_removed(&roots[kept]))
                judge(header, i, &roots[kept], problems);
            kept++;
        }
    }
    return without_outdated(roots, kept);
}

static int read_all(const struct pmo_observer *observer, struct pm_root **roots, size_t *count, struct pmo_problems *problems)
{
    struct pm_header header;
    struct stat object;
    if (!pmo_header_read(observer->fd, &header, &object, problems))
        return pm_fail(PEERMAP_EFORMAT, "segment %s cannot be read: %s", observer->name, problems->count ? problems->list[0].text : "no memory");
    const uint32_t opened = pm_roots_opened(&header, header.root_count);
    bool *good = malloc(opened);
    *roots = calloc(opened, sizeof **roots);
    int error = *roots && good ? pmo_roots_read(observer->fd, &header, opened, *roots, good) : ENOMEM;
    if (error == 0)
        *count = pmo_roots_keep(&header, *roots, good, opened, problems);
    free(good);
    errno = error;
    return error == 0 ? 0 : pm_fail(PEERMAP_EOS, "the roots of segment %s cannot be read: %s", observer->name, strerror(error));
}

int pmo_roots_all(const struct pmo_observer *observer, struct pm_root **roots, size_t *count, struct pmo_problems *problems)
{
    *roots = NULL;
    *count = 0;
    const int rc = read_all(observer, roots, count, problems);
    if (rc != 0) {
        free(*roots);
        *roots = NULL;
    }
    return rc;
}
