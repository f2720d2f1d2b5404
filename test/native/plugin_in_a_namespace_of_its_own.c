/* SPDX-License-Identifier: MIT */
/*
 * A host loads a plugin with the library inside into a namespace of its own (dlmopen), which has another C library, and unloads it, again and again.  What one of
 * the two has allocated for a thread the other would free, so nothing is to be allocated for the agent.
 */
#include "drive.h"
#include "plugins/load.h"

#define TIMES 300

static Lmid_t namespace = LM_ID_NEWLM;

static void *load(const struct copy **copy)
{
    void *plugin = dlmopen(namespace, plugin_path(), RTLD_NOW | RTLD_LOCAL);
    if (!plugin)
        FAIL("%s", dlerror());
    CHECK(dlinfo(plugin, RTLD_DI_LMID, &namespace) == 0);
    *copy = dlsym(plugin, "plugin_copy");
    CHECK(*copy != NULL && (*copy)->alloc != peermap_alloc);
    return plugin;
}

static void use(const struct copy *copy)
{
    peermap_segment *segment;
    const peermap_options options = { .struct_size = sizeof options, .flags = PEERMAP_HEAP, .deadline_ms = 20000 };
    if (copy->create(seg(), &options, &segment) != 0)
        FAIL("%s", copy->last_error());
    void *object = copy->alloc(segment, 100);
    CHECK(object != NULL);
    copy->free(segment, object);
    CHECK_INT(copy->grow(segment, 4096, NULL), 0);
    copy->detach(segment);
    CHECK_INT(peermap_unlink(seg()), 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_ADDRESS_SANITIZER("which is in one namespace");
    NOT_WITH_THREAD_SANITIZER("which is in one namespace");
    setup(argv);
    for (int i = 0; i < TIMES; i++) {
        const struct copy *copy;
        void *plugin = load(&copy);
        use(copy);
        CHECK(dlclose(plugin) == 0);
    }
    return 0;
}
