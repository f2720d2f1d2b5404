/* SPDX-License-Identifier: MIT */
/* What cannot be had is NULL, errno and a sentence; nothing is lost by it, and what is freed can be had again. */
#include "heap.h"

#include <sys/wait.h>

static void refused(void *got, int error, const char *word)
{
    CHECK(got == NULL);
    CHECK_INT(errno, error);
    if (!strstr(peermap_last_error(), word))
        FAIL("\"%s\" is not in: %s", word, peermap_last_error());
}

static void without_heap(void)
{
    peermap_segment *plain;
    peermap_heap found;
    CHECK_INT(peermap_create(seg(), NULL, &plain), 0);
    refused(peermap_alloc(plain, 10), EINVAL, "PEERMAP_HEAP");
    refused(peermap_realloc(plain, NULL, 10), EINVAL, "PEERMAP_HEAP");
    peermap_free(plain, peermap_base(plain));
    CHECK_INT(peermap_heap_stats(plain, &found), PEERMAP_EINVAL);
    CHECK_INT(peermap_trim(plain, NULL), PEERMAP_EINVAL);
    peermap_detach(plain);
    peermap_unlink(seg());
}

static void at_the_limit(void)
{
    unsigned char *object[200];
    int count = 0;
    open_heap("one", 0, 0, 64 << 20);
    refused(peermap_alloc(heap, SIZE_MAX), ENOMEM, "no segment can");
    refused(peermap_alloc(heap, SIZE_MAX - 8), ENOMEM, "no segment can");
    refused(peermap_calloc(heap, SIZE_MAX / 2, 3), ENOMEM, "9223372036854775807 times 3 bytes");
    refused(peermap_alloc(heap, (size_t)1 << 30), ENOMEM, "reserve_size");
    refused(peermap_alloc(heap, 64 << 20), ENOMEM, "at most");
    refused(peermap_aligned_alloc(heap, 48, 10), EINVAL, "48");
    refused(peermap_aligned_alloc(heap, 4 << 20, 10), EINVAL, "power of two");
    while ((object[count] = peermap_alloc(heap, 1000000)) != NULL)
        memset(object[count], count, 1000000), count++;
    CHECK_INT(errno, ENOMEM);
    CHECK(count >= 60);
    CHECK(peermap_alloc(heap, 100) != NULL); /* there is still room for little */
    unsigned char *kept = peermap_realloc(heap, object[0], 3000000);
    refused(kept, ENOMEM, "at most");
    for (int i = 0; i < 1000000; i++)
        CHECK_INT(object[0][i], 0);
    peermap_free(heap, object[1]);
    CHECK(peermap_alloc(heap, 1000000) == object[1]);
    int status;
    pid_t child = fork();
    if (child == 0) {
        bool dead = peermap_alloc(heap, 10) == NULL && errno == EBADF;
        peermap_free(heap, object[2]);
        _exit(dead ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK_INT(peermap_object_size(heap, object[2]), 1000000);
    close_heap();
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    without_heap();
    at_the_limit();
    return 0;
}
