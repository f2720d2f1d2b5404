/* SPDX-License-Identifier: MIT */
/*
 * roots.c - named pointers to the beginnings of data structures.
 *
 * Setting a root fills a free record with a higher version and publishes it, then frees the old one: a process that dies at any
 * moment leaves the old root, or the new one, or both, of which the higher version counts.  Reading takes no lock.
 */
#include "segment.h"

#include <inttypes.h>
#include <string.h>

static bool read_root(const peermap_segment *segment, uint32_t index, struct pm_root *copy)
{
    const struct pm_root *root = &segment->roots[index];
    for (int attempt = 0; attempt < 16; attempt++) {
        uint64_t tag = load64(&root->tag);
        read_words(copy, root, sizeof *copy);
        copied();
        if (peek64(&root->tag) == tag)
            return (tag & PM_TAG_STATE) == PM_LIVE;
    }
    return false;
}

/* Another one after every change of a root. */
static uint64_t changes(const peermap_segment *segment)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < segment->shape.root_count; i++)
        sum += order_load64(&segment->roots[i].tag);
    return sum;
}

static uint32_t look(const peermap_segment *segment, const char *name, struct pm_root *found)
{
    uint32_t best = segment->shape.root_count;
    for (uint32_t i = 0; i < segment->shape.root_count; i++) {
        struct pm_root root;
        if (read_root(segment, i, &root) && pm_name_equal(root.name, name) &&
            (best == segment->shape.root_count || root.version > found->version)) {
            best = i;
            *found = root;
        }
    }
    return best;
}

/* The index of the root of this name with the highest version, or root_count.  One that was replaced during the look may have gone from a
 * record that was still to be seen to one that had been seen already. */
static uint32_t find(const peermap_segment *segment, const char *name, struct pm_root *found)
{
    uint32_t index = segment->shape.root_count;
    for (int attempt = 0; attempt < 16; attempt++) {
        uint64_t before = changes(segment);
        index = look(segment, name, found);
        if (index != segment->shape.root_count || changes(segment) == before)
            break;
    }
    return index;
}

static void set_state(struct pm_root *root, enum pm_record_state state)
{
    order_store64(&root->tag, ((load64(&root->tag) & ~PM_TAG_STATE) + PM_TAG_STEP) | state);
}

static void free_others(peermap_segment *segment, const char *name, uint32_t keep)
{
    for (uint32_t i = 0; i < segment->shape.root_count; i++) {
        struct pm_root root;
        if (i != keep && read_root(segment, i, &root) && pm_name_equal(root.name, name))
            set_state(&segment->roots[i], PM_FREE);
    }
    PM_POINT("root.others_freed");
}

static void fill(struct pm_root *root, const struct pm_root *wanted)
{
    set_state(root, PM_CLAIMED);
    opened();
    PM_POINT("root.claimed");
    write_words(&root->version, &wanted->version, sizeof *wanted - offsetof(struct pm_root, version));
    PM_POINT("root.filled");
    set_state(root, PM_LIVE);
    PM_POINT("root.live");
}

/* Every change of a root is an event, so that this is greater than that of any root before, also of a removed one. */
static uint64_t next_version(const peermap_segment *segment, uint64_t old)
{
    uint64_t events = load64(&segment->header->event_head);
    return (old > events ? old : events) + 1;
}

/* A new name leaves one record free, by which any root can be replaced. */
static int publish(peermap_segment *segment, struct pm_root *wanted)
{
    struct pm_root old = { .version = 0 };
    uint32_t count = segment->shape.root_count, place = count, room = 0, at = find(segment, wanted->name, &old);
    if (at != count)
        free_others(segment, wanted->name, at);
    for (uint32_t i = 0; i < count; i++) {
        if ((load64(&segment->roots[i].tag) & PM_TAG_STATE) != PM_LIVE) {
            place = i;
            room++;
        }
    }
    if (room < (at != count ? 1u : 2u))
        return pm_fail(PEERMAP_EROOTS, "segment %s has %u roots, and no room for %s", segment->name, count - room, wanted->name);
    wanted->version = next_version(segment, old.version);
    fill(&segment->roots[place], wanted);
    free_others(segment, wanted->name, place);
    return 0;
}

/* The newest last: one that a death has left beside it must not become the root. */
static void remove_all(peermap_segment *segment, struct pm_root *wanted)
{
    struct pm_root newest;
    free_others(segment, wanted->name, find(segment, wanted->name, &newest));
    free_others(segment, wanted->name, segment->shape.root_count);
    wanted->version = 0;
}

static uint64_t version_of(const peermap_segment *segment, const char *name)
{
    struct pm_root root;
    return find(segment, name, &root) == segment->shape.root_count ? 0 : root.version;
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
    if (!pm_agent_commits(segment, request))
        return PEERMAP_EBUSY;
    if (wanted->tag != PM_FREE)
        return publish(segment, wanted);
    remove_all(segment, wanted);
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
    return pm_name_valid(name) ? 0 : pm_fail(PEERMAP_ENAME, "%s: %s", name ? name : "(null)", peermap_error_text(PEERMAP_ENAME));
}

/* Where `pointer` is in the data. */
static int locate(peermap_segment *segment, const char *name, const void *pointer, size_t size, uint64_t *off)
{
    size_t active = peermap_size(segment);
    if (pm_lost(segment))
        return pm_fail_lost(segment);
    uintptr_t base = (uintptr_t)segment->base, at = (uintptr_t)pointer;
    if (at < base || at - base > active || size > active - (at - base))
        return pm_fail(PEERMAP_EINVAL, "root %s, %zu bytes at %p, is not in the active memory of segment %s", name, size, pointer,
                       segment->name);
    *off = at - base;
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
    if (find(segment, name, &root) != segment->shape.root_count && root.off <= active && root.size <= active - root.off) {
        *out = (peermap_root_copy){ .pointer = segment->base + root.off, .size = root.size, .version = root.version };
        memcpy(out->type, root.type, sizeof out->type - 1);
    }
    return pm_unless_lost(segment, 0);
}

void *peermap_root(peermap_segment *segment, const char *name, size_t *size)
{
    struct pm_root root;
    if (!pm_attached(segment) || !name || find(segment, name, &root) == segment->shape.root_count)
        return NULL;
    size_t active = peermap_size(segment);
    if (root.off > active || root.size > active - root.off)
        return NULL;
    if (size)
        *size = root.size;
    return segment->base + root.off;
}

/* Whoever changes a root counts `change` up afterwards.  It is read first: a change that this look at the root misses ends the sleep at once. */
int peermap_wait_root(peermap_segment *segment, const char *name, uint64_t version, uint32_t deadline_ms, peermap_root_copy *out)
{
    PM_UNCANCELLED;
    if (!pm_attached(segment))
        return pm_fail_detached();
    for (const uint64_t until = pm_until(segment, deadline_ms);;) {
        const uint32_t *word = &segment->header->change, change = order_load32(word);
        int rc = peermap_read_root(segment, name, out);
        if (rc != 0 || out->version != version)
            return rc;
        uint64_t now = pm_now(), slice = now + PM_TRUST_NS;
        if (now >= until)
            return 1;
        pm_futex_wait(word, change, UINT32_MAX, slice < until ? slice : until);
    }
}
