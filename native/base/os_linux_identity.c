/* SPDX-License-Identifier: MIT */
/* os_linux_identity.c - os.h on Linux: which object a file is, whose it is, and whether anybody is attached to it. */
#include "os.h"

#include "layout.h"
#include "order.h"
#include "os_linux_call.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- when it was born ---- */

#define NANOSECONDS UINT64_C(1000000000)

#ifdef SYS_statx

struct moment {
    int64_t seconds;
    uint32_t nanoseconds;
    int32_t pad;
};

/* struct statx, which not every C library has. */
struct facts {
    uint32_t known;
    uint8_t pad0[60];
    struct moment read, born, changed, written;
    uint8_t pad1[128];
};
static_assert(sizeof(struct facts) == 256 && offsetof(struct facts, born) == 80, "struct statx");
#define HOW (0x1000 | AT_SYMLINK_NOFOLLOW) /* AT_EMPTY_PATH */
#define BORN 0x800u                        /* STATX_BTIME */

uint64_t pm_object_born(int folder, const char *name)
{
    struct facts facts;
    if (syscall(SYS_statx, folder, name, HOW, BORN, &facts) != 0 || !(facts.known & BORN))
        return 0;
    return (uint64_t)facts.born.seconds * NANOSECONDS + facts.born.nanoseconds;
}

#else
uint64_t pm_object_born(int folder, const char *name)
{
    (void)folder;
    (void)name;
    return 0;
}
#endif

/* ---- the boot ---- */

static uint64_t digit_of(char c) { return (uint64_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10); }

/* As text it is 32 hexadecimal digits, and hyphens. */
static void parse_boot(uint64_t boot[2])
{
    char text[64];
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (fd >= 0)
        close(fd);
    for (ssize_t i = 0, digits = 0; i < length && digits < 32; i++) {
        if (text[i] == '-')
            continue;
        boot[digits / 16] = boot[digits / 16] << 4 | digit_of(text[i]);
        digits++;
    }
}

/* It never changes. */
static void read_boot(uint64_t boot[2])
{
    static uint64_t known[2];
    uint64_t fresh[2] = { load64(&known[0]), load64(&known[1]) };
    if (fresh[0] == 0 || fresh[1] == 0) {
        fresh[0] = fresh[1] = 0;
        parse_boot(fresh);
        store64(&known[0], fresh[0]);
        store64(&known[1], fresh[1]);
    }
    memcpy(boot, fresh, sizeof fresh);
}

/* ---- the object ---- */

struct pm_identity pm_identity_of(int fd)
{
    struct pm_object object = pm_object_of(fd);
    struct pm_identity identity = { .device = object.device, .inode = object.inode, .born_ns = pm_calls_are_filtered() ? 0 : pm_object_born(fd, "") };
    read_boot(identity.boot);
    return identity;
}

static bool differs(uint64_t a, uint64_t b) { return a != 0 && b != 0 && a != b; }

bool pm_identity_is(const struct pm_identity *a, const struct pm_identity *b)
{
    return a->device == b->device && a->inode == b->inode && !differs(a->born_ns, b->born_ns) &&
           !(differs(a->boot[0], b->boot[0]) || differs(a->boot[1], b->boot[1]));
}

/* ---- whose it is ---- */

/*
 * The number alone proves nothing in a user namespace: all users without a number there share one, 65534 as a rule.  Only the owner may set
 * O_NOATIME, and about that the kernel compares users; its exception for who overrides permissions does not extend to owners without a number.
 */
bool pm_object_is_own(int fd)
{
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || pm_object_of(fd).owner != geteuid() || fcntl(fd, F_SETFL, flags | O_NOATIME) != 0)
        return false;
    (void)fcntl(fd, F_SETFL, flags);
    return true;
}

/* ---- marks ---- */

/* Where no process maps anything of the object: a lock is nothing but a number here. */
#define MARKS (UINT64_C(1) << 62)
#define RENEWING (UINT64_C(1) << 61)

bool pm_object_has_marks(int fd)
{
    struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)MARKS, .l_len = 0 };
    return fcntl(fd, F_OFD_GETLK, &all) == 0 && all.l_type != F_UNLCK;
}

int pm_object_reserve(int fd, bool reserve)
{
    struct flock one = { .l_type = reserve ? F_WRLCK : F_UNLCK, .l_whence = SEEK_SET, .l_start = (off_t)RENEWING, .l_len = 1 };
    return fcntl(fd, F_OFD_SETLK, &one) == 0 ? 0 : errno;
}
