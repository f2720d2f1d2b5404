/* SPDX-License-Identifier: MIT */
/*
 * roots.c - named pointers to the beginnings of data structures.
 *
 * A change of a root goes by way of the first record of the table: that is filled with a higher version, or with the word that there is none, and published, then the record in
 * which the root is to be, and then the first is free again.  A process that dies at any moment leaves the old root, or the new one, or both, of which the higher version counts; who
 * changes a root next puts what lies in the first record in its place.  Reading takes no lock.
 */
#include "segment.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 16
#define SETTLE_TRIES 10000 /* some microseconds: another fills a record */
#define NOWHERE UINT32_MAX

static struct pm_root *record(const peermap_segment *segment, uint32_t index)
{
    return (struct pm_root *)(void *)(segment->start + pm_root_place(&segment->shape.places, index));
}

static bool read_root(const peermap_segment *segment, uint32_t index, struct pm_root *copy)
{
    const struct pm_root *root = record(segment, index);
    for (int attempt = 0; attempt < TRIES; attempt++) {
        uint64_t tag = load64(&root->tag);
        read_words(copy, root, sizeof *copy);
        copied();
        if (peek64(&root->tag) == tag)
            return (tag & PM_TAG_STATE) == PM_LIVE;
    }
    return false;
}

/* Process-local.  Goes past the places where a root of one name may be: the first record, and then those in each region, from the largest, which has most roots, down. */
struct search {
    const peermap_segment *segment;
    uint64_t hash;
    bool begun;
    uint32_t window, region, step; /* of the next */
};

static uint32_t regions_opened(const peermap_segment *segment) { return pm_root_regions_opened(segment->header, segment->shape.root_count); }

static uint32_t window_of(const peermap_segment *segment)
{
    const uint32_t said = order_load32(&segment->header->roots_window);
    return said < PM_ROOTS_WINDOW ? PM_ROOTS_WINDOW : said;
}

static struct search search_for(const peermap_segment *segment, const char *name)
{
    return (struct search){ .segment = segment,
                            .hash = pm_root_hash(name),
                            .window = window_of(segment),
                            .region = regions_opened(segment) - 1 };
}

/* The index of the next, or NOWHERE. */
static uint32_t next_place(struct search *search)
{
    if (!search->begun) {
        search->begun = true;
        return 0;
    }
    while (search->region != NOWHERE) {
        const uint32_t size = pm_roots_in(search->region, search->segment->shape.root_count);
        if (search->step < search->window && search->step < size)
            return pm_roots_from(search->region) + (uint32_t)((search->hash % size + search->step++) % size);
        search->region--;
        search->step = 0;
    }
    return NOWHERE;
}

static void skip_region(struct search *search)
{
    search->region--;
    search->step = 0;
}

/* The next that is LIVE and of this name, but `except`. */
static uint32_t next_of(struct search *search, const char *name, uint32_t except, struct pm_root *found)
{
    for (uint32_t index; (index = next_place(search)) != NOWHERE;) {
        const struct pm_root *root = record(search->segment, index);
        const uint64_t tag = load64(&root->tag);
        if (tag == 0 && index != 0)
            skip_region(search);
        else if ((tag & PM_TAG_STATE) != PM_FREE && index != except && peek64(&root->hash) == search->hash && read_root(search->segment, index, found) && pm_name_equal(found->name, name))
            return index;
    }
    return NOWHERE;
}

/* The index of the root of this name that counts, but `except`; or NOWHERE.  In the first record it is newer than in another, and there is no third. */
static uint32_t look(const peermap_segment *segment, const char *name, uint32_t except, struct pm_root *found)
{
    struct search search = search_for(segment, name);
    return next_of(&search, name, except, found);
}

/* Further regions are in core files from when this process has looked into them. */
static void show(peermap_segment *segment)
{
    const uint32_t opened = pm_roots_opened(segment->header, segment->shape.root_count), shown = peek32(&segment->roots_shown);
    if (opened <= shown)
        return;
    poke32(&segment->roots_shown, opened);
    pm_show_roots(segment, opened);
}

/* The same of all.  One that was moved during the look may have gone from a record that was still to be seen to one that had been seen already. */
static uint32_t find(peermap_segment *segment, const char *name, struct pm_root *found)
{
    const uint64_t *changes = &segment->header->root_changes;
    uint32_t index = NOWHERE;
    show(segment);
    for (int attempt = 0; attempt < TRIES && index == NOWHERE; attempt++) {
        const uint64_t before = order_load64(changes);
        index = look(segment, name, NOWHERE, found);
        if (order_load64(changes) == before)
            break;
    }
    return index == 0 && found->off == PM_ROOT_REMOVED ? NOWHERE : index;
}

/* ---- changing: under the registry's lock ---- */

static void set_state(struct pm_root *root, enum pm_record_state state)
{
    order_store64(&root->tag, ((load64(&root->tag) & ~PM_TAG_STATE) + PM_TAG_STEP) | state);
}

static void count_change(peermap_segment *segment) { add64(&segment->header->root_changes, 1); }

static void free_others(peermap_segment *segment, const char *name, uint32_t keep)
{
    struct search search = search_for(segment, name);
    struct pm_root root;
    for (uint32_t index; (index = next_of(&search, name, keep, &root)) != NOWHERE;)
        set_state(record(segment, index), PM_FREE);
    PM_POINT("root.others_freed");
}

static void fill(struct pm_root *root, const struct pm_root *wanted)
{
    set_state(root, PM_CLAIMED);
    opened();
    PM_POINT("root.claimed");
    write_words(&root->hash, &wanted->hash, sizeof *wanted - offsetof(struct pm_root, hash));
    PM_POINT("root.filled");
    set_state(root, PM_LIVE);
    PM_POINT("root.live");
}

/* Greater than that of any root before, also of a removed one, whoever died before it could tell of it. */
static uint64_t next_version(peermap_segment *segment, uint64_t old)
{
    uint64_t *last = &segment->header->root_version, most = load64(last);
    store64(last, (old > most ? old : most) + 1);
    PM_POINT("root.numbered");
    return load64(last);
}

/* A free one of the places that this name may be in, in the smallest region that has any; or NOWHERE. */
static uint32_t free_place(const peermap_segment *segment, const char *name)
{
    struct search search = search_for(segment, name);
    uint32_t found = NOWHERE, index = next_place(&search);
    while ((index = next_place(&search)) != NOWHERE) {
        if ((load64(&record(segment, index)->tag) & PM_TAG_STATE) == PM_LIVE)
            continue;
        found = index;
        skip_region(&search);
    }
    return found;
}

static int open_region(peermap_segment *segment, uint32_t region, uint64_t deadline)
{
    const uint32_t from = pm_roots_from(region), to = from + pm_roots_in(region, segment->shape.root_count);
    const uint64_t begin = pm_root_place(&segment->shape.places, from), end = pm_root_place(&segment->shape.places, to - 1) + sizeof(struct pm_root);
    int error = PM_FAILS("root.region");
    if (error == 0)
        error = pm_fill_hole(segment, begin / 4096 * 4096, end, deadline);
    if (error != 0)
        return pm_fail_hole(segment, end - begin, error);
    PM_POINT("root.region_filled");
    order_store32(&segment->header->root_regions, region + 1);
    return 0;
}

static int fail_full(const peermap_segment *segment, const char *name)
{
    return pm_fail(PEERMAP_EROOTS, "segment %s has %" PRIu32 " roots, which is all that it has room for, so there is none for %s; create it with a larger max_roots%s", segment->name,
                   segment->shape.root_count, name, segment->shape.flags & PM_SEGMENT_HEAP ? "" : " (with PEERMAP_HEAP the default is a million)");
}

/* Where a new root of this name goes: one of its places, in a further region if need be; or any. */
static int find_room(peermap_segment *segment, const char *name, uint64_t deadline, uint32_t *place)
{
    const uint32_t regions = pm_root_regions(segment->shape.root_count);
    uint32_t opened;
    while ((*place = free_place(segment, name)) == NOWHERE && (opened = regions_opened(segment)) < regions) {
        const int rc = open_region(segment, opened, deadline);
        if (rc != 0)
            return rc;
    }
    for (uint32_t window; *place == NOWHERE && (window = window_of(segment)) < segment->shape.root_count;) {
        order_store32(&segment->header->roots_window, 2 * window);
        *place = free_place(segment, name);
    }
    return *place == NOWHERE ? fail_full(segment, name) : 0;
}

/* From the first record to its own. */
static void put_in_place(peermap_segment *segment, const struct pm_root *root, uint32_t place)
{
    count_change(segment);
    fill(record(segment, place), root);
    free_others(segment, root->name, place);
    count_change(segment);
}

/* The first record last, which says meanwhile that there is none. */
static void finish_removal(peermap_segment *segment, const char *name)
{
    count_change(segment);
    free_others(segment, name, 0);
    free_others(segment, name, NOWHERE);
    count_change(segment);
}

/* What a death has left in the first record. */
static int settle(peermap_segment *segment, uint64_t deadline)
{
    struct pm_root left, old;
    if (!read_root(segment, 0, &left))
        return 0;
    left.name[PM_NAME_MAX - 1] = '\0';
    if (left.off == PM_ROOT_REMOVED) {
        finish_removal(segment, left.name);
        return 0;
    }
    uint32_t place = look(segment, left.name, 0, &old);
    const int rc = place == NOWHERE ? find_room(segment, left.name, deadline, &place) : 0;
    if (rc == 0)
        put_in_place(segment, &left, place);
    return rc;
}

/* All that can fail, and takes time; nothing that is seen. */
static int prepare(peermap_segment *segment, struct pm_root *wanted, uint64_t deadline, uint32_t *place)
{
    struct pm_root old = { .version = 0 };
    int rc = settle(segment, deadline);
    const bool sets = wanted->tag != PM_FREE;
    if (rc == 0 && (*place = find(segment, wanted->name, &old)) == NOWHERE && sets)
        rc = find_room(segment, wanted->name, deadline, place);
    wanted->hash = pm_root_hash(wanted->name);
    wanted->version = next_version(segment, old.version);
    return rc;
}

static void publish(peermap_segment *segment, const struct pm_root *wanted, uint32_t place)
{
    fill(record(segment, 0), wanted);
    PM_POINT("root.staged");
    put_in_place(segment, wanted, place);
}

/* By way of the first record, too: from when that says so there is none. */
static void remove_root(peermap_segment *segment, struct pm_root *wanted)
{
    wanted->off = PM_ROOT_REMOVED;
    fill(record(segment, 0), wanted);
    PM_POINT("root.removing");
    finish_removal(segment, wanted->name);
    wanted->off = wanted->version = 0;
}

static uint64_t version_of(peermap_segment *segment, const char *name)
{
    struct pm_root root;
    return find(segment, name, &root) == NOWHERE ? 0 : root.version;
}

/* 0, 1 if the version was another, or an error. */
static int replace(peermap_segment *segment, struct pm_request *request)
{
    struct pm_root *wanted = &request->root;
    uint64_t version = request->only_version ? version_of(segment, wanted->name) : wanted->version;
    if (version != wanted->version) {
        wanted->version = version;
        return 1;
    }
    const bool sets = wanted->tag != PM_FREE;
    uint32_t place = NOWHERE;
    const int rc = prepare(segment, wanted, request->deadline, &place);
    if (rc != 0)
        return rc;
    if (!pm_agent_commits(segment, request))
        return PEERMAP_EBUSY;
    if (sets)
        publish(segment, wanted, place);
    else
        remove_root(segment, wanted);
    return 0;
}

int pm_roots_set(peermap_segment *segment, struct pm_request *request)
{
    struct pm_root *wanted = &request->root;
    int rc = pm_registry_lock(segment, request->deadline);
    if (rc != 0)
        return rc;
    rc = pm_evicted(segment) ? pm_fail_evicted(segment) : replace(segment, request);
    if (rc == 0)
        pm_journal(segment, (struct pm_event){ .kind = PM_EV_ROOT, .slot = PM_NO_SLOT, .size = wanted->off, .ns = wanted->size });
    PM_POINT("root.told");
    pm_registry_unlock(segment);
    pm_changed(segment);
    return rc;
}

static int check_name(const char *name)
{
    return pm_name_valid(name) ? 0 : pm_fail_name("root", name);
}

/* Where `pointer` is in the data. */
static int locate(peermap_segment *segment, const char *name, const void *pointer, size_t size, uint64_t *off)
{
    const bool active = pm_is_active(segment, pointer, size);
    if (pm_lost(segment))
        return pm_fail_lost(segment);
    if (!active)
        return pm_fail(PEERMAP_EINVAL, "root %s, %zu bytes at %p, is not in the active memory of segment %s", name, size, pointer,
                       segment->name);
    *off = (uintptr_t)pointer - (uintptr_t)segment->base;
    return 0;
}

static int set(peermap_segment *segment, const char *name, uint64_t *version, void *pointer, size_t size, const char *type)
{
    PM_UNCANCELLED;
    struct pm_request request = { .kind = PM_ASK_ROOT, .only_version = version != NULL, .deadline = pm_deadline(segment) };
    struct pm_root *wanted = &request.root;
    *wanted = (struct pm_root){ .tag = pointer ? PM_LIVE : PM_FREE, .version = version ? *version : 0, .size = size };
    int rc = check_name(name);
    if (rc != 0)
        return rc;
    if (type && strlen(type) >= PM_NAME_MAX)
        return pm_fail(PEERMAP_ENAME, "the type of root %s is longer than %d bytes", name, PM_NAME_MAX - 1);
    if (!pm_attached(segment))
        return pm_fail_detached();
    if (pm_only_reads(segment))
        return pm_fail_read_only(segment, "set a root");
    if (pointer)
        rc = locate(segment, name, pointer, size, &wanted->off);
    if (rc != 0)
        return rc;
    memcpy(wanted->name, name, strlen(name));
    if (type)
        memcpy(wanted->type, type, strlen(type));
    rc = pm_agent_ask(segment, &request);
    if (version && rc >= 0)
        *version = wanted->version;
    return rc;
}

int peermap_set_root(peermap_segment *segment, const char *name, void *pointer, size_t size, const char *type)
{
    return set(segment, name, NULL, pointer, size, type);
}

int peermap_compare_exchange_root(peermap_segment *segment, const char *name, uint64_t *version, void *pointer, size_t size, const char *type)
{
    return version ? set(segment, name, version, pointer, size, type) : pm_fail(PEERMAP_EINVAL, "version is NULL");
}

int peermap_read_root(peermap_segment *segment, const char *name, peermap_root_copy *out)
{
    struct pm_root root;
    int rc = check_name(name);
    if (rc != 0)
        return rc;
    if (!pm_attached(segment))
        return pm_fail_detached();
    if (!out)
        return pm_fail(PEERMAP_EINVAL, "out is NULL");
    *out = (peermap_root_copy){ .version = 0 };
    size_t active = peermap_size(segment);
    if (find(segment, name, &root) != NOWHERE && root.off <= active && root.size <= active - root.off) {
        *out = (peermap_root_copy){ .pointer = segment->base + root.off, .size = root.size, .version = root.version };
        memcpy(out->type, root.type, sizeof out->type - 1);
    }
    return pm_unless_lost(segment, 0);
}

void *peermap_root(peermap_segment *segment, const char *name, size_t *size)
{
    struct pm_root root;
    if (!pm_attached(segment) || !name || find(segment, name, &root) == NOWHERE)
        return NULL;
    size_t active = peermap_size(segment);
    if (root.off > active || root.size > active - root.off)
        return NULL;
    if (size)
        *size = root.size;
    return segment->base + root.off;
}

/* ---- waiting ---- */

/* Process-local.  What is waited for, and what was seen of it. */
struct wait {
    const char *name; /* of a root, or NULL: any */
    uint64_t seen;    /* its version, or the count of all changes */
    peermap_root_copy *out;
};

/* With those of the first record, by way of which every change goes: also one whose maker died before it had counted. */
static uint64_t changes_of(const peermap_segment *segment)
{
    return order_load64(&segment->header->root_changes) + (order_load64(&record(segment, 0)->tag) >> 8);
}

/* 1: it is still as it was. */
static int look_again(peermap_segment *segment, struct wait *wait)
{
    const int rc = wait->name ? peermap_read_root(segment, wait->name, wait->out) : 0;
    const uint64_t now = rc != 0 ? 0 : wait->name ? wait->out->version : changes_of(segment);
    if (rc != 0 || now == wait->seen)
        return rc != 0 ? rc : 1;
    wait->seen = now;
    return 0;
}

/* Whoever changes a root counts `change` up afterwards.  It is read first: a change that this look at the root misses ends the sleep at once. */
static int wait_until(peermap_segment *segment, struct wait *wait, uint32_t deadline_ms)
{
    for (const uint64_t until = pm_until(segment, deadline_ms);;) {
        const uint32_t *word = &segment->header->change, change = order_load32(word);
        const int rc = look_again(segment, wait);
        if (rc != 1)
            return rc;
        if (!pm_wait_a_while(word, change, until))
            return 1;
    }
}

int peermap_wait_root(peermap_segment *segment, const char *name, uint64_t version, uint32_t deadline_ms, peermap_root_copy *out)
{
    PM_UNCANCELLED;
    if (!pm_attached(segment))
        return pm_fail_detached();
    int rc = check_name(name);
    return rc != 0 ? rc : wait_until(segment, &(struct wait){ .name = name, .seen = version, .out = out }, deadline_ms);
}

int peermap_wait_roots(peermap_segment *segment, uint64_t *changes, uint32_t deadline_ms)
{
    PM_UNCANCELLED;
    if (!pm_attached(segment))
        return pm_fail_detached();
    if (!changes)
        return pm_fail(PEERMAP_EINVAL, "changes is NULL");
    struct wait wait = { .seen = *changes };
    const int rc = wait_until(segment, &wait, deadline_ms);
    *changes = wait.seen;
    return pm_unless_lost(segment, rc);
}

/* ---- all of them ---- */

/* The copy of one that is being put into its place is in the first record meanwhile, and soon here: whoever was killed in that has left it there. */
static bool read_settled(const peermap_segment *segment, uint32_t index, struct pm_root *copy)
{
    for (int attempt = 0; attempt < SETTLE_TRIES && (load64(&record(segment, index)->tag) & PM_TAG_STATE) == PM_CLAIMED; attempt++) {}
    return read_root(segment, index, copy);
}

/* Of the two copies of one that is on its way, the first record has the newer. */
static bool counts(const peermap_segment *segment, uint32_t index, struct pm_root *root)
{
    struct pm_root first;
    if (!read_settled(segment, index, root))
        return false;
    root->name[PM_NAME_MAX - 1] = root->type[PM_NAME_MAX - 1] = '\0';
    if (index == 0)
        return root->off != PM_ROOT_REMOVED && (look(segment, root->name, 0, &first) == NOWHERE || first.version < root->version);
    return !read_root(segment, 0, &first) || first.hash != root->hash || first.version <= root->version || !pm_name_equal(first.name, root->name);
}

static int list(peermap_segment *segment, peermap_root_row *out, int capacity)
{
    const uint32_t opened = pm_roots_opened(segment->header, segment->shape.root_count);
    const size_t active = peermap_size(segment);
    int count = 0;
    for (uint32_t i = 0; i < opened; i++) {
        struct pm_root root;
        if ((load64(&record(segment, i)->tag) & PM_TAG_STATE) == PM_FREE || !counts(segment, i, &root) || root.off > active || root.size > active - root.off)
            continue;
        if (count < capacity) {
            out[count] = (peermap_root_row){ .pointer = segment->base + root.off, .size = root.size, .version = root.version };
            memcpy(out[count].name, root.name, sizeof root.name);
            memcpy(out[count].type, root.type, sizeof root.type);
        }
        count++;
    }
    return count;
}

static int by_name_then_version(const void *a, const void *b)
{
    const peermap_root_row *x = a, *y = b;
    const int order = strcmp(x->name, y->name);
    return order ? order : (x->version < y->version) - (x->version > y->version);
}

/* Where roots are changed all the time, one may have been met in two places; the newer counts. */
static int without_doubles(peermap_root_row *rows, int count)
{
    int kept = 0;
    qsort(rows, (size_t)count, sizeof *rows, by_name_then_version);
    for (int i = 0; i < count; i++)
        if (kept == 0 || strcmp(rows[kept - 1].name, rows[i].name) != 0)
            rows[kept++] = rows[i];
    return kept;
}

int peermap_roots(peermap_segment *segment, peermap_root_row *out, int capacity)
{
    PM_UNCANCELLED;
    if (!pm_attached(segment))
        return pm_fail_detached();
    if (pm_check_rows(out, capacity) != 0)
        return PEERMAP_EINVAL;
    const uint64_t *changes = &segment->header->root_changes;
    show(segment);
    for (int attempt = 0; attempt < TRIES; attempt++) {
        const uint64_t before = order_load64(changes);
        const int count = list(segment, out, capacity);
        if (order_load64(changes) == before)
            return pm_unless_lost(segment, count);
    }
    const int met = list(segment, out, capacity);
    return pm_unless_lost(segment, met > capacity || met < 2 ? met : without_doubles(out, met));
}
