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

/* The index of the root of this name with the highest version, or root_count. */
static uint32_t find(const peermap_segment *segment, const char *name, struct pm_root *found)
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

static void fill(struct pm_root *root, const struct pm_root *wanted, uint64_t version)
{
    struct pm_root filled = *wanted;
    filled.version = version;
    set_state(root, PM_CLAIMED);
    opened();
    PM_POINT("root.claimed");
    write_words(&root->version, &filled.version, sizeof filled - offsetof(struct pm_root, version));
    PM_POINT("root.filled");
    set_state(root, PM_LIVE);
    PM_POINT("root.live");
}

/* A new name leaves one record free, by which any root can be replaced. */
static int publish(peermap_segment *segment, const struct pm_root *wanted)
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
    fill(&segment->roots[place], wanted, old.version + 1);
    free_others(segment, wanted->name, place);
    return 0;
}

int pm_roots_set(peermap_segment *segment, const struct pm_root *wanted)
{
    bool remove = wanted->tag == PM_FREE;
    int rc = pm_registry_lock(segment);
    if (rc != 0)
        return rc;
    if (remove)
        free_others(segment, wanted->name, segment->shape.root_count);
    else
        rc = publish(segment, wanted);
    if (rc == 0)
        pm_journal(segment, (struct pm_event){ .kind = PM_EV_ROOT, .slot = PM_NO_SLOT, .size = wanted->off, .ns = wanted->size });
    PM_POINT("root.told");
    pm_registry_unlock(segment);
    pm_changed(segment);
    return rc;
}

int peermap_set_root(peermap_segment *segment, const char *name, void *pointer, size_t size, const char *type)
{
    struct pm_root wanted = { .tag = pointer ? PM_LIVE : PM_FREE, .size = size };
    if (!pm_name_valid(name))
        return pm_fail(PEERMAP_ENAME, "%s: %s", name ? name : "(null)", peermap_error_text(PEERMAP_ENAME));
    if (type && strlen(type) >= PM_NAME_MAX)
        return pm_fail(PEERMAP_ENAME, "the type of root %s is longer than %d bytes", name, PM_NAME_MAX - 1);
    if (!pm_attached(segment))
        return pm_fail_detached();
    if (pointer) {
        size_t active = peermap_size(segment);
        if (pm_lost(segment))
            return pm_fail_lost(segment);
        uintptr_t base = (uintptr_t)segment->base, at = (uintptr_t)pointer;
        if (at < base || at - base > active || size > active - (at - base))
            return pm_fail(PEERMAP_EINVAL, "root %s, %zu bytes at %p, is not in the active memory of segment %s", name, size, pointer,
                           segment->name);
        wanted.off = at - base;
    }
    memcpy(wanted.name, name, strlen(name));
    if (type)
        memcpy(wanted.type, type, strlen(type));
    struct pm_request request = { .kind = PM_ASK_ROOT, .root = &wanted };
    return pm_agent_ask(segment, &request);
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
