/* SPDX-License-Identifier: MIT */
/* grows.c - the least that uses the library: creates SEGMENT, grows it, names a root in what was added, finds it again.  C and C++. */
#include <peermap.h>

#include <stdio.h>
#include <string.h>

static int failed(const char *what, int rc)
{
    fprintf(stderr, "%s: %s: %s\n", what, peermap_error_name(rc), peermap_last_error());
    return 1;
}

static int use(peermap_segment *segment)
{
    static const char greeting[] = "found again";
    size_t before = peermap_size(segment), size = 0;
    char *added = (char *)peermap_base(segment) + before;
    int rc = peermap_grow(segment, 1 << 20, NULL);
    if (rc != 0)
        return failed("grow", rc);
    memcpy(added, greeting, sizeof greeting);
    rc = peermap_set_root(segment, "greeting", added, sizeof greeting, "char");
    if (rc != 0)
        return failed("set_root", rc);
    const char *found = (const char *)peermap_root(segment, "greeting", &size);
    if (!found || size != sizeof greeting)
        return failed("root", 0);
    printf("%s, %zu bytes more, by version %s\n", found, peermap_size(segment) - before, PEERMAP_VERSION);
    return 0;
}

int main(int argc, char **argv)
{
    peermap_options options;
    peermap_segment *segment;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.peer_name = "grower";
    if (argc != 2)
        return 2;
    int rc = peermap_create(argv[1], &options, &segment);
    if (rc != 0)
        return failed("create", rc);
    int result = use(segment);
    peermap_detach(segment);
    peermap_unlink(argv[1]);
    return result;
}
