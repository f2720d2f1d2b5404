/* SPDX-License-Identifier: MIT */
/* An object that is empty, cut short, of another kind or version, or whose fields cannot be right: a problem that names the place. */
#include "image.h"

static struct pmo_observer observer;

/* The problem is there, and nothing of the header is shown if `shown` is false. */
static void expect(enum pmo_problem_code code, const char *where, bool shown)
{
    struct pmo_snapshot s = look_at(&observer, PMO_STRANGERS);
    CHECK_PROBLEM(&s, code, where);
    CHECK_INT(s.readable, shown);
    pmo_snapshot_free(&s);
    struct pmo_events events;
    CHECK_INT(pmo_events_read(&observer, 0, 4096, &events), 0);
    pmo_events_free(&events);
}

#define WITH(place, value, code, where, shown)                                                                         \
    do {                                                                                                               \
        const __typeof__(place) right_ = (place);                                                                      \
        (place) = (__typeof__(place))(value);                                                                          \
        expect((code), (where), (shown));                                                                              \
        (place) = right_;                                                                                              \
    } while (0)

static void damage_header(struct image *image)
{
    struct pm_header *h = image->header;
    WITH(h->magic, 0, PMO_NOT_A_SEGMENT, "header.magic", false);
    WITH(h->version, PM_VERSION + 1, PMO_OTHER_VERSION, "header.version", false);
    WITH(h->page_size, 0, PMO_BAD_FIELD, "header.page_size", false);
    WITH(h->page_size, 5000, PMO_BAD_FIELD, "header.page_size", false);
    WITH(h->slot_count, 0, PMO_BAD_FIELD, "header.slot_count", false);
    WITH(h->slot_count, UINT32_MAX, PMO_BAD_FIELD, "header.slot_count", false);
    WITH(h->root_count, PM_ROOTS_MAX + 1, PMO_BAD_FIELD, "header.root_count", false);
    WITH(h->event_count, 3, PMO_BAD_FIELD, "header.event_count", false);
    WITH(h->event_count, PM_EVENTS_MAX * 2, PMO_BAD_FIELD, "header.event_count", false);
    WITH(h->event_count, PM_EVENTS_MAX, PMO_BAD_FIELD, "header.header_len", false);
    WITH(h->slots_off, UINT64_MAX - 8, PMO_BAD_FIELD, "header.slots_off", false);
    WITH(h->roots_off, 0, PMO_BAD_FIELD, "header.roots_off", false);
    WITH(h->events_off, UINT64_C(1) << 63, PMO_BAD_FIELD, "header.events_off", false);
    WITH(h->header_len, 0, PMO_BAD_FIELD, "header.header_len", false);
    WITH(h->header_len, UINT64_MAX, PMO_BAD_FIELD, "header.header_len", false);
    WITH(h->reserved, UINT64_MAX, PMO_BAD_FIELD, "header.reserved", false);
    WITH(h->base, UINT64_MAX - 4095, PMO_BAD_FIELD, "header.base", false);
    WITH(h->base, 123, PMO_BAD_FIELD, "header.base", false);
    WITH(h->active, UINT64_MAX, PMO_BAD_FIELD, "header.active", true);
    WITH(h->active, 100, PMO_BAD_FIELD, "header.active", true);
    WITH(h->target, h->reserved + 4096, PMO_BAD_FIELD, "header.target", true);
    WITH(h->target, 0, PMO_BAD_FIELD, "header.target", true);
    WITH(h->active, h->active | 2048, PMO_BAD_FIELD, "header.active", true);
    WITH(h->active, h->active | PM_ACTIVE_CLOSED | UINT64_C(2), PMO_BAD_FIELD, "header.active", true);
    WITH(h->active, UINT64_C(7) << PM_ACTIVE_SHIFT, PMO_BAD_FIELD, "header.active", true);
    WITH(h->horizon, h->target + 4096, PMO_BAD_FIELD, "header.horizon", true);
    WITH(h->horizon, UINT64_MAX, PMO_BAD_FIELD, "header.horizon", true);
    WITH(h->horizon, 100, PMO_BAD_FIELD, "header.horizon", true);
    WITH(h->flags, PM_SEGMENT_HUGE, PMO_BAD_FIELD, "header.header_len", false);
    WITH(h->flags, UINT32_C(1) << 31, PMO_BAD_FIELD, "header.flags", true);
    WITH(h->slots_used, h->slot_count + 1, PMO_BAD_FIELD, "header.slots_used", true);
    WITH(h->populate_epoch, UINT64_MAX, PMO_BAD_FIELD, "header.populate_epoch", true);
    WITH(h->intent.op, PM_OP_LAST + 1, PMO_BAD_FIELD, "header.intent.op", true);
    WITH(h->event_head, UINT64_MAX, PMO_BAD_FIELD, "header.event_head", true);
    WITH(h->epoch, UINT64_MAX, PMO_BAD_FIELD, "header.epoch", true);
}

/* What nobody ahead of the active size may say of a segment that is strict. */
static void damage_strict(struct image *image)
{
    struct pm_header *h = image->header;
    h->flags = PM_SEGMENT_STRICT;
    WITH(h->target, h->target + 4096, PMO_BAD_FIELD, "header.target", true);
    h->flags = 0;
}

static void damage_records(struct image *image)
{
    struct pm_slot *slot = put_slot(image, 3, "three", (uint32_t)getpid());
    WITH(slot->tag, PM_TAG_STEP | 7, PMO_BAD_SLOT, "slot 3", true);
    WITH(slot->pid, 0, PMO_BAD_SLOT, "slot 3", true);
    WITH(slot->pid, UINT32_MAX, PMO_BAD_SLOT, "slot 3", true);
    WITH(slot->base, slot->base + 4096, PMO_BAD_SLOT, "slot 3", true);
    WITH(slot->base, UINT64_MAX, PMO_BAD_SLOT, "slot 3", true);
    WITH(slot->mapped, UINT64_MAX, PMO_BAD_SLOT, "slot 3", true);
    WITH(slot->method, PM_BY_LAST + 1, PMO_BAD_SLOT, "slot 3", true);
    WITH(slot->acked, UINT64_MAX, PMO_BAD_SLOT, "slot 3", true);
    WITH(slot->unstopped, UINT64_MAX, PMO_BAD_SLOT, "slot 3", true);
    WITH(slot->populated, UINT64_MAX, PMO_BAD_SLOT, "slot 3", true);
    WITH(slot->name[0], '\n', PMO_BAD_SLOT, "slot 3", true);
    memset(slot->name, 'x', sizeof slot->name);
    expect(PMO_BAD_SLOT, "slot 3", true);
    memset(slot, 0, sizeof *slot);

    struct pm_root *root = &image->roots[1];
    *root = (struct pm_root){ .tag = PM_TAG_STEP | PM_LIVE, .version = 1, .off = 0, .size = 16, .name = "r", .type = "t" };
    WITH(root->tag, 9, PMO_BAD_ROOT, "root 1", true);
    WITH(root->off, UINT64_MAX, PMO_BAD_ROOT, "root 1", true);
    WITH(root->size, image->header->active + 1, PMO_BAD_ROOT, "root 1", true);
    WITH(root->size, UINT64_MAX, PMO_BAD_ROOT, "root 1", true);
    WITH(root->type[0], '\x01', PMO_BAD_ROOT, "root 1", true);
    memset(root, 0, sizeof *root);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct image image = make_image(8, 4, 16, 65536);
    observer = observe();
    struct pmo_snapshot s = look_at(&observer, PMO_PROCESSES);
    CHECK_NO_PROBLEMS(&s);
    CHECK(s.readable);
    pmo_snapshot_free(&s);
    damage_header(&image);
    damage_strict(&image);
    damage_records(&image);
    s = look_at(&observer, PMO_PROCESSES);
    CHECK_NO_PROBLEMS(&s); /* everything was put back */
    pmo_snapshot_free(&s);

    CHECK(ftruncate(image.fd, (off_t)image.header->header_len + 4096) == 0);
    expect(PMO_TRUNCATED, "object", true);
    CHECK(ftruncate(image.fd, 4096) == 0);
    expect(PMO_TRUNCATED, "object", false);
    CHECK(ftruncate(image.fd, 1000) == 0);
    expect(PMO_TRUNCATED, "object", false);
    CHECK(ftruncate(image.fd, 3) == 0);
    expect(PMO_TRUNCATED, "object", false);
    CHECK(ftruncate(image.fd, 0) == 0);
    expect(PMO_NOT_A_SEGMENT, "object", false);
    CHECK_INT(pmo_data_at(&observer, 0), PEERMAP_EFORMAT);
    pmo_observer_close(&observer);
    drop_image(&image);
    return 0;
}
