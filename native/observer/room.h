/* SPDX-License-Identifier: MIT */
/* room.h - lists that grow by doubling.  Process-local. */
#ifndef PMO_ROOM_H
#define PMO_ROOM_H

#include <stdlib.h>
#include <string.h>

/* Makes room for one more element after `count` of `size` bytes each, zeroed.  NULL without memory: the list is what it was. */
static inline void *pmo_room(void **list, size_t count, size_t size)
{
    if ((count & (count - 1)) == 0) { /* 0, 1, 2, 4, 8 ...: full */
        void *larger = realloc(*list, (count ? count * 2 : 1) * size);
        if (!larger)
            return NULL;
        *list = larger;
    }
    return memset((char *)*list + count * size, 0, size);
}

#endif
