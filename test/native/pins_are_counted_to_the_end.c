/* SPDX-License-Identifier: MIT */
/* However often memory is pinned, it is protected until the last of the pins is gone; and one more than can be counted is refused. */
#include "image.h"

#include "places.h"

enum { MANY = 70000 };

static peermap_segment *segment;

static struct pm_slot *own_slot(void)
{
    struct pm_header *header = (struct pm_header *)(void *)((char *)peermap_base(segment) - header_word(offsetof(struct pm_header, header_len)));
    return (struct pm_slot *)(void *)((char *)header + header->slots_off);
}

static void more_than_sixteen_bits(void)
{
    const size_t size = peermap_size(segment);
    for (int i = 0; i < MANY; i++)
        CHECK_INT(peermap_pin(segment), size);
    for (int i = 0; i < MANY - 1; i++)
        peermap_unpin(segment);
    CHECK_INT(peermap_shrink(segment, 4096, NULL), PEERMAP_EBUSY);
    peermap_unpin(segment);
    CHECK_INT(peermap_shrink(segment, 4096, NULL), 0);
    peermap_unpin(segment); /* one too many does nothing */
    CHECK_INT(peermap_pin(segment), size - 4096);
    peermap_unpin(segment);
}

/* As if so many had been made. */
static void more_than_can_be_counted(void)
{
    struct pm_slot *slot = own_slot();
    const uint64_t size = peermap_size(segment);
    slot->pin = pm_pin_word(PM_PIN_COUNT_MAX - 1, size);
    CHECK_INT(peermap_pin(segment), size);
    CHECK_INT(peermap_pin(segment), 0);
    CHECK_INT(pm_pin_count(slot->pin), PM_PIN_COUNT_MAX);
    CHECK_INT(pm_pin_bytes(slot->pin), size);
    char byte;
    CHECK_INT(peermap_read(segment, 0, &byte, 1), PEERMAP_EINVAL);
    CHECK_INT(pm_pin_count(slot->pin), PM_PIN_COUNT_MAX);
    CHECK_INT(peermap_shrink(segment, 4096, NULL), PEERMAP_EBUSY);
    slot->pin = 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    const peermap_options options = { .struct_size = sizeof options, .deadline_ms = 50 };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    more_than_sixteen_bits();
    more_than_can_be_counted();
    peermap_detach(segment);
    return 0;
}
