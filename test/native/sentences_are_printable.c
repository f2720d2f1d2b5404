/* SPDX-License-Identifier: MIT */
/* A name out of the registry, which may be any bytes, comes out of a sentence of the library fit for a terminal; what is text stays. */
#include "header.h"

static void says(struct peer *a, struct pm_slot *slot, const char *name, const char *shown)
{
    memset(slot->name, 0, sizeof slot->name);
    memcpy(slot->name, name, strlen(name) < sizeof slot->name ? strlen(name) : sizeof slot->name);
    fails(a, "PEERMAP_ETIMEDOUT", "grow 4096");
    if (!strstr(a->line, shown))
        FAIL("\"%s\" is not in: %s", shown, a->line);
    for (const char *at = a->line; *at; at++)
        CHECK((unsigned char)*at >= ' ' && *at != 0x7f);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536 deadline 100"), *b = ready_peer("b", "no-ptrace");
    map_header();
    stop_peer(b);
    struct pm_slot *slot = slot_of(b);
    says(a, slot, "\x1b]0;title\x07\x1b[2J\r\n\x7f", "peer ?]0;title??[2J??? (pid");
    says(a, slot, "Gr\xc3\xb6\xc3\x9f" "e \xe2\x82\xac \xf0\x9f\x90\x8c", "peer Gr\xc3\xb6\xc3\x9f" "e \xe2\x82\xac \xf0\x9f\x90\x8c (pid");
    says(a, slot, "\x9b" "2J \xc2\x9b" "2J \xff\xfe \xc0\x8a \xe0\x82\x9b" "2J \xe2\x82", "peer ?2J ??2J ?? ?? ???2J ?? (pid");
    says(a, slot, "a\xef\xb8\x8f" "b\xf3\xa0\x84\x80" "c\xe3\x85\xa4" "d\xe2\xa0\x80", "peer a???b????c???d??? (pid"); /* variation selectors, blank letters: nobody sees them */
    says(a, slot, "0123456789012345678901234567890123456789012345678901234567890123", "peer 01234567890123456789012345678901234567890123456789012345678901");
    return 0;
}
