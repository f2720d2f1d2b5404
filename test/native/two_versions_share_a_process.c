/* SPDX-License-Identifier: MIT */
/*
 * A program with the library inside loads a plugin with one of another version inside, whose segments have another layout: each refuses the other's by name, and works
 * with its own, in the same threads, in children, and where an object is cut short.  When the plugin is gone the program goes on.
 */
#include "drive.h"
#include "plugins/load.h"

#define THREADS 3
#define TIMES 300
#define MIB (UINT64_C(1) << 20)

/* Process-local.  A library, its segment, and the layout that it knows. */
struct version {
    const struct copy *copy;
    char name[80];
    peermap_segment *segment;
    unsigned layout;
};

static const struct copy own = THIS_COPY;
static struct version versions[2];

static void forget_segments(void)
{
    for (int i = 0; i < 2; i++)
        peermap_unlink(versions[i].name);
}

static void create(struct version *version, const char *what)
{
    const peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .flags = PEERMAP_HEAP, .reserve_size = 256 * MIB, .deadline_ms = 20000 };
    snprintf(version->name, sizeof version->name, "%s-%s", seg(), what);
    if (version->copy->create(version->name, &options, &version->segment) != 0)
        FAIL("%s: %s", what, version->copy->last_error());
}

static void refuses(const struct version *version, const struct version *other)
{
    const peermap_options options = { .struct_size = sizeof options, .flags = PEERMAP_RELOCATABLE };
    peermap_segment *segment = (peermap_segment *)1;
    char wanted[128];
    snprintf(wanted, sizeof wanted, "has layout %u, this library knows %u", other->layout, version->layout);
    CHECK_INT(version->copy->attach(other->name, &options, &segment), PEERMAP_EVERSION);
    CHECK(segment == NULL && strstr(version->copy->last_error(), wanted) != NULL);
}

static void *work(void *number)
{
    for (uintptr_t i = 0, random = (uintptr_t)number * 977 + 5; i < TIMES; i++, random = random * 31 + 7) {
        for (struct version *version = versions; version < versions + 2; version++) {
            const struct copy *copy = version->copy;
            const size_t size = 16 + random % 3000;
            char *object = copy->alloc(version->segment, size);
            CHECK(object != NULL);
            memset(object, (int)i, size);
            CHECK(copy->of(object) == version->segment);
            CHECK(versions[version == versions].copy->of(object) == NULL);
            copy->free(version->segment, object);
            if (i % 50 == 0)
                CHECK_INT(copy->grow(version->segment, 4096, NULL), 0);
        }
    }
    return NULL;
}

static void work_in_threads(void) { in_threads(THREADS, work); }

static void child_has_neither(void)
{
    int status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        for (int i = 0; i < 2; i++)
            CHECK(versions[i].copy->base(versions[i].segment) == NULL);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* Each has a handler of SIGBUS, and passes on what is the other's. */
static void loss_is_of_one(struct version *lost, struct version *kept)
{
    char path[160];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", lost->name);
    CHECK(truncate(path, 0) == 0);
    CHECK(lost->copy->grow(lost->segment, 4096, NULL) == PEERMAP_ELOST);
    CHECK(lost->copy->alloc(lost->segment, 10) == NULL && errno == ENODATA);
    char *object = kept->copy->alloc(kept->segment, 100000);
    CHECK(object != NULL);
    memset(object, 1, 100000);
    kept->copy->free(kept->segment, object);
    lost->copy->detach(lost->segment);
    peermap_unlink(lost->name);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    atexit(forget_segments);
    versions[0] = (struct version){ .copy = &own, .layout = PM_VERSION };
    versions[1].layout = 7;
    void *plugin = load_plugin(plugin_beside("older.so"), &versions[1].copy);
    create(&versions[0], "program");
    create(&versions[1], "plugin");
    refuses(&versions[0], &versions[1]);
    refuses(&versions[1], &versions[0]);
    work_in_threads();
    child_has_neither();
    loss_is_of_one(&versions[1], &versions[0]);
    create(&versions[1], "plugin");
    work_in_threads();
    loss_is_of_one(&versions[0], &versions[1]);
    versions[1].copy->detach(versions[1].segment);
    CHECK(dlclose(plugin) == 0);
    create(&versions[0], "program");
    CHECK_INT(own.grow(versions[0].segment, MIB, NULL), 0);
    own.detach(versions[0].segment);
    return 0;
}
