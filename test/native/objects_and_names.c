/* SPDX-License-Identifier: MIT */
/* Names are checked, objects are private, links and foreign files are refused, and opening is race-free. */
#include "drive.h"

#include <fcntl.h>
#include <sys/stat.h>

static char path[128];

static int attach_now(void)
{
    peermap_segment *segment;
    int rc = peermap_attach(seg(), NULL, &segment);
    CHECK((rc == 0) == (segment != NULL));
    CHECK(rc == 0 || peermap_last_error()[0] != '\0');
    peermap_detach(segment);
    return rc;
}

static void names(void)
{
    static const char *const bad[] = { "", ".", ".hidden", "a/b", "../x", "with space", "quote\"", "\xc3\xa4",
                                       "0123456789012345678901234567890123456789012345678901234567890123" };
    peermap_segment *segment;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_INT(peermap_create(bad[i], NULL, &segment), PEERMAP_ENAME);
        CHECK_INT(peermap_attach(bad[i], NULL, &segment), PEERMAP_ENAME);
        CHECK_INT(peermap_unlink(bad[i]), PEERMAP_ENAME);
    }
    CHECK_INT(peermap_create(NULL, NULL, &segment), PEERMAP_ENAME);
    CHECK_INT(peermap_attach(seg(), NULL, NULL), PEERMAP_EINVAL);
    peermap_options options = { .struct_size = sizeof options, .peer_name = "a b" };
    CHECK_INT(peermap_create(seg(), &options, &segment), PEERMAP_ENAME);
    options = (peermap_options){ .struct_size = 0 };
    CHECK_INT(peermap_create(seg(), &options, &segment), PEERMAP_EINVAL);
    options = (peermap_options){ .struct_size = SIZE_MAX };
    CHECK_INT(peermap_create(seg(), &options, &segment), PEERMAP_EINVAL);
    options = (peermap_options){ .struct_size = offsetof(peermap_options, reserved) };
    CHECK_INT(peermap_create(seg(), &options, &segment), PEERMAP_EINVAL);
    CHECK(strstr(peermap_last_error(), "peermap.h of version 0.1") != NULL);
    options = (peermap_options){ .struct_size = sizeof options, .reserved = { [3] = 1 } };
    CHECK_INT(peermap_create(seg(), &options, &segment), PEERMAP_EINVAL);
    options = (peermap_options){ .struct_size = sizeof options, .reserved = { 1 } };
    CHECK_INT(peermap_create(seg(), &options, &segment), PEERMAP_EINVAL);
    /* A later version's: an option that is not known here is refused, and none is not. */
    struct {
        peermap_options known;
        uint64_t later[4];
    } longer = { .known.struct_size = sizeof longer, .later = { [3] = UINT64_C(1) << 56 } };
    CHECK_INT(peermap_create(seg(), &longer.known, &segment), PEERMAP_EINVAL);
    CHECK(strstr(peermap_last_error(), "later peermap.h") != NULL);
    CHECK_INT(peermap_open(seg(), &longer.known, &segment), PEERMAP_EINVAL);
    CHECK_INT(peermap_attach(seg(), &longer.known, &segment), PEERMAP_EINVAL);
    longer.later[3] = 0;
    CHECK_INT(peermap_create(seg(), &longer.known, &segment), 0);
    peermap_detach(segment);
    CHECK_INT(peermap_unlink(seg()), 0);
    options = (peermap_options){ .struct_size = sizeof options, .flags = 1u << 31 };
    CHECK_INT(peermap_create(seg(), &options, &segment), PEERMAP_EINVAL);
    options = (peermap_options){ .struct_size = sizeof options, .initial_size = 8192, .reserve_size = 4096 };
    CHECK_INT(peermap_create(seg(), &options, &segment), PEERMAP_EINVAL);
    CHECK_INT(attach_now(), PEERMAP_ENOENT);
}

static void objects(void)
{
    peermap_segment *segment, *again;
    struct stat facts;
    umask(0);
    CHECK_INT(peermap_create(seg(), NULL, &segment), 0);
    CHECK(stat(path, &facts) == 0);
    CHECK_INT(facts.st_mode & 07777, 0600);
    CHECK_INT(peermap_create(seg(), NULL, &again), PEERMAP_EEXIST);
    peermap_detach(segment);
    CHECK_INT(peermap_unlink(seg()), 0);
    CHECK_INT(peermap_unlink(seg()), PEERMAP_ENOENT);
    peermap_options options = { .struct_size = sizeof options, .mode = 0660 };
    umask(077);
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    CHECK(stat(path, &facts) == 0);
    CHECK_INT(facts.st_mode & 07777, 0660);
    peermap_detach(segment);
    CHECK_INT(peermap_unlink(seg()), 0);
}

static char behind[128];
static void clean(void) { unlink(behind); }

/* Behind it is a segment that could be attached to, or a name that is free. */
static void links(void)
{
    char name[100];
    snprintf(name, sizeof name, "%s-behind", seg());
    snprintf(behind, sizeof behind, "/dev/shm/peermap.%s", name);
    atexit(clean);
    peermap_segment *segment;
    struct stat facts;
    CHECK_INT(peermap_create(name, NULL, &segment), 0);
    peermap_detach(segment);
    CHECK(symlink(behind, path) == 0);
    CHECK_INT(attach_now(), PEERMAP_EFORMAT);
    CHECK_INT(peermap_open(seg(), NULL, &segment), PEERMAP_EFORMAT);
    CHECK_INT(peermap_create(seg(), NULL, &segment), PEERMAP_EEXIST);
    peermap_unlink(seg());
    CHECK(lstat(behind, &facts) == 0 && S_ISREG(facts.st_mode));
    CHECK_INT(peermap_unlink(name), 0);
    if (lstat(path, &facts) != 0)
        CHECK(symlink(behind, path) == 0);
    CHECK(peermap_open(seg(), NULL, &segment) != 0 && peermap_create(seg(), NULL, &segment) != 0);
    CHECK(lstat(behind, &facts) != 0 && unlink(path) == 0);
}

static void strangers(void)
{
    CHECK(mkfifo(path, 0600) == 0);
    CHECK_INT(attach_now(), PEERMAP_EFORMAT);
    CHECK(unlink(path) == 0 && mkdir(path, 0700) == 0);
    CHECK_INT(attach_now(), PEERMAP_EFORMAT);
    CHECK(rmdir(path) == 0);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    CHECK(fd >= 0);
    CHECK_INT(attach_now(), PEERMAP_EFORMAT); /* empty */
    CHECK(ftruncate(fd, 1 << 20) == 0);
    CHECK_INT(attach_now(), PEERMAP_EFORMAT); /* zeros */
    close(fd);
    CHECK(unlink(path) == 0);
}

/* One field of a good header after the other is made absurd. */
static void damage(void)
{
    static const struct {
        int offset;
        uint64_t value;
        int code;
    } cases[] = {
        { 0, 1, PEERMAP_EFORMAT },
        { 8, 4096u << 0 | UINT64_C(4096) << 32, PEERMAP_EVERSION },
        { 24, 0, PEERMAP_EFORMAT },
        { 24, UINT64_MAX, PEERMAP_EFORMAT },
        { 32, 0, PEERMAP_EFORMAT },
        { 32, 4097, PEERMAP_EFORMAT },
        { 32, UINT64_MAX - 4095, PEERMAP_EFORMAT },
        { 32, UINT64_C(0x7ffffffff000), PEERMAP_EFORMAT },
        { 40, 0, PEERMAP_EFORMAT },
        { 40, UINT64_MAX - 4095, PEERMAP_EFORMAT },
        { 48, UINT64_MAX, PEERMAP_EFORMAT },
        { 56, 3, PEERMAP_EFORMAT },
        { 64, 0, PEERMAP_EFORMAT },
        { 72, UINT64_MAX, PEERMAP_EFORMAT },
        { 80, 8, PEERMAP_EFORMAT },
    };
    peermap_segment *segment;
    CHECK_INT(peermap_create(seg(), NULL, &segment), 0);
    peermap_detach(segment);
    int fd = open(path, O_RDWR);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t good;
        CHECK(pread(fd, &good, 8, cases[i].offset) == 8);
        CHECK(pwrite(fd, &cases[i].value, 8, cases[i].offset) == 8);
        int rc = attach_now();
        if (rc != cases[i].code)
            FAIL("offset %d = %" PRIx64 ": %s", cases[i].offset, cases[i].value, peermap_error_name(rc));
        CHECK(pwrite(fd, &good, 8, cases[i].offset) == 8);
    }
    CHECK_INT(attach_now(), 0);
    CHECK(ftruncate(fd, 8192) == 0);
    CHECK_INT(attach_now(), PEERMAP_EFORMAT);
    close(fd);
    CHECK_INT(peermap_unlink(seg()), 0);
}

static void races(void)
{
    for (int round = 0; round < 20; round++) {
        pid_t children[8];
        for (int i = 0; i < 8; i++) {
            if ((children[i] = fork()) == 0) {
                peermap_segment *segment;
                int rc = peermap_open(seg(), NULL, &segment);
                if (rc == 0)
                    peermap_detach(segment);
                else
                    fprintf(stderr, "%s\n", peermap_last_error());
                _exit(rc == 0 ? 0 : 1);
            }
        }
        for (int i = 0; i < 8; i++) {
            int status;
            CHECK(waitpid(children[i], &status, 0) == children[i]);
            CHECK_INT(status, 0);
        }
        CHECK_INT(peermap_unlink(seg()), 0);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    names();
    objects();
    links();
    strangers();
    damage();
    races();
    return 0;
}
