/* SPDX-License-Identifier: MIT */
/*
 * os_linux_freezer.c - os.h on Linux: is a thread held still by the freezer of its cgroup, and where would it be thawed?
 *
 * A frozen thread runs nothing: not when it is continued, not when it is traced, not when it is killed by anything but SIGKILL.  Of version 1 of the
 * cgroups, what seizes it may wait for ever.  The cgroups' own files say it, where they are in sight; where they are not (a container without
 * them, another cgroup namespace) how the thread sleeps still does, if this process may know that.
 *
 * Agents call this: no stdio, no malloc.
 */
#include "os.h"

#include "order.h"
#include "os_linux.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH PATH_MAX

enum sight { UNSEEN, THAWED, FROZEN };

/* Names of each version. */
struct dialect {
    uint32_t version;
    const char *type;       /* of its file system */
    const char *option;     /* of the mount that has the freezer; "" where every one has */
    const char *usual[2];   /* where that is mounted nearly everywhere */
    const char *state, *frozen, *freezing; /* the file that tells of a cgroup and all above it, and what it says; root cgroups have none */
    const char *marker;     /* a file of every cgroup, root or not, and of no other version */
    const char *own, *key;  /* the file that says that this very cgroup was frozen, by 1; and the one to thaw it by */
};
static const struct dialect dialects[] = {
    { 1, "cgroup", "freezer", { "/sys/fs/cgroup/freezer", NULL }, "freezer.state", "FROZEN", "FREEZING", "cgroup.clone_children", "freezer.self_freezing",
      "freezer.state" },
    { 2, "cgroup2", "", { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" }, "cgroup.events", "frozen 1", "frozen 1", "cgroup.controllers", "cgroup.freeze",
      "cgroup.freeze" },
};

/* Where a cgroup is in sight. */
struct folder {
    char path[PATH];
    size_t mount; /* so much of the path is the mount, above which nothing is */
};

static bool read_in(const char *folder, const char *file, char *text, size_t size)
{
    char path[PATH + 64];
    return (size_t)snprintf(path, sizeof path, "%s/%s", folder, file) < sizeof path && pm_text_read(path, text, size) >= 0;
}

static bool has(const char *folder, const char *file)
{
    char path[PATH + 64];
    return (size_t)snprintf(path, sizeof path, "%s/%s", folder, file) < sizeof path && access(path, F_OK) == 0;
}

static bool enter(struct folder *folder, const char *mount, size_t length, const char *below)
{
    folder->mount = length;
    return snprintf(folder->path, sizeof folder->path, "%.*s%s", (int)length, mount, strcmp(below, "/") == 0 ? "" : below) < PATH;
}

/* ---- finding the cgroup ---- */

/* Process-local.  A look through the mounts for the cgroup `group`. */
struct search {
    const struct dialect *dialect;
    const char *group;
    struct folder *folder;
};

/* The field of a line that begins after so many spaces, and its length. */
static const char *word(const char *line, int number, size_t *length)
{
    for (; number > 0 && line; number--)
        line = strchr(line, ' ') ? strchr(line, ' ') + 1 : NULL;
    *length = line ? strcspn(line, " ") : 0;
    return line;
}

static bool is_word(const char *at, size_t length, const char *wanted) { return length == strlen(wanted) && memcmp(at, wanted, length) == 0; }

static bool lists(const char *options, const char *wanted)
{
    for (size_t length; *options; options += length + (options[length] == ',')) {
        length = strcspn(options, ",");
        if (is_word(options, length, wanted))
            return true;
    }
    return wanted[0] == '\0';
}

/* "ID PARENT MAJOR:MINOR ROOT MOUNT OPTIONS ... - TYPE SOURCE OPTIONS", a line of mountinfo.  Part of a tree may be mounted alone. */
static bool is_mount(char *line, void *context)
{
    const struct search *search = context;
    size_t type_length, options_length, root_length, mount_length;
    const char *end = strstr(line, " - ");
    if (!end)
        return false;
    const char *type = word(end + 3, 0, &type_length), *options = word(end + 3, 2, &options_length);
    const char *root = word(line, 3, &root_length), *mount = word(line, 4, &mount_length), *group = search->group;
    if (!options || !mount || !is_word(type, type_length, search->dialect->type) || !lists(options, search->dialect->option))
        return false;
    if (is_word(root, root_length, "/"))
        root_length = 0;
    if (strncmp(group, root, root_length) != 0 || (group[root_length] != '/' && group[root_length] != '\0'))
        return false;
    return enter(search->folder, mount, mount_length, group + root_length) && has(search->folder->path, search->dialect->marker);
}

static bool is_here(const struct dialect *dialect, const struct folder *folder, char *state, size_t size)
{
    state[0] = '\0';
    return read_in(folder->path, dialect->state, state, size) || has(folder->path, dialect->marker);
}

/* And what its state file says; "" if it is a root, which has none. */
static bool find(const struct dialect *dialect, const char *group, struct folder *folder, char *state, size_t size)
{
    struct search search = { dialect, group, folder };
    if (strncmp(group, "/..", 3) == 0) /* beyond the root of this process's cgroup namespace */
        return false;
    for (size_t i = 0; i < 2 && dialect->usual[i]; i++)
        if (enter(folder, dialect->usual[i], strlen(dialect->usual[i]), group) && is_here(dialect, folder, state, size))
            return true;
    return pm_text_any_line("/proc/self/mountinfo", is_mount, &search) && is_here(dialect, folder, state, size);
}

/* ---- asking it ---- */

/* The nearest cgroup, from this one up, that was itself told to freeze. */
static bool find_cause(const struct dialect *dialect, struct folder *folder, struct pm_freezer *freezer)
{
    char text[32];
    for (;;) {
        if (read_in(folder->path, dialect->own, text, sizeof text) && text[0] == '1') {
            pm_text_path(freezer->path, sizeof freezer->path, folder->path, "", dialect->key);
            return true;
        }
        char *slash = strrchr(folder->path, '/');
        if (!slash || (size_t)(slash - folder->path) < folder->mount)
            return false;
        *slash = '\0';
    }
}

static enum sight look(const struct dialect *dialect, const char *group, struct pm_freezer *freezer)
{
    struct folder folder;
    char state[256];
    if (!find(dialect, group, &folder, state, sizeof state))
        return UNSEEN;
    bool frozen = strstr(state, dialect->frozen) || strstr(state, dialect->freezing);
    if (!freezer || state[0] == '\0')
        return frozen ? FROZEN : THAWED;
    freezer->version = dialect->version;
    bool caused = (frozen || dialect->version == 2) && find_cause(dialect, &folder, freezer); /* version 2 tells of it only when the last thread sleeps */
    return frozen || caused ? FROZEN : THAWED;
}

/* The path of a line "NUMBER:CONTROLLERS:PATH" of /proc/PID/cgroup, if that is of this version and has the freezer. */
static const char *group_in(const char *line, const struct dialect *dialect)
{
    const char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
    char list[256];
    if (!path || (size_t)(path - controllers) > sizeof list)
        return NULL;
    memcpy(list, controllers + 1, (size_t)(path - controllers - 1));
    list[path - controllers - 1] = '\0';
    bool fits = dialect->version == 2 ? strncmp(line, "0::", 3) == 0 : lists(list, dialect->option);
    return fits ? path + 1 : NULL;
}

/* Process-local.  A look at all cgroups of a thread. */
struct all {
    struct pm_freezer *freezer;
    enum sight seen; /* FROZEN if one is; UNSEEN if one that may be is not in sight */
};

static bool is_frozen(char *line, void *context)
{
    struct all *all = context;
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects && all->seen != FROZEN; i++) {
        const char *group = group_in(line, &dialects[i]);
        enum sight one = group ? look(&dialects[i], group, all->freezer) : THAWED;
        if (one != THAWED)
            all->seen = one;
    }
    return all->seen == FROZEN;
}

static bool add_line(char *line, void *number)
{
    uint64_t *sum = number;
    for (; *line; line++)
        *sum = (*sum ^ (unsigned char)*line) * UINT64_C(1099511628211);
    *sum = (*sum ^ '\n') * UINT64_C(1099511628211);
    return false;
}

#define NOTHING UINT64_C(14695981039346656037) /* FNV-1a, of no line */

static uint64_t number_of(const char *path)
{
    uint64_t number = NOTHING;
    pm_text_any_line(path, add_line, &number);
    return number;
}

/* Who is in this thread's own cgroups is not frozen, because this thread is not.  They are looked at once: if it was moved since, a look is wasted. */
static bool are_ours(const char *path)
{
    static uint64_t ours;
    if (load64(&ours) == 0)
        store64(&ours, number_of("/proc/thread-self/cgroup"));
    return load64(&ours) != NOTHING && load64(&ours) == number_of(path);
}

/* ---- without them ---- */

/*
 * A thread that is frozen where it slept is shown as one that cannot be interrupted, which a futex or a stop never is; one that was running, or is
 * frozen by version 2, sleeps on its way to the signals.
 */
static bool sleeps_frozen(const struct pm_facts *facts)
{
    char path[64], where[64];
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task/%" PRIu32 "/wchan", facts->agent.pid, facts->agent.thread);
    if (pm_text_read(path, where, sizeof where) <= 0)
        return false;
    if (facts->state == 'D' && (strncmp(where, "futex_", 6) == 0 || strcmp(where, "do_signal_stop") == 0))
        return true;
    return strcmp(where, "__refrigerator") == 0 || strcmp(where, "do_freezer_trap") == 0 || (facts->state == 'S' && strcmp(where, "get_signal") == 0);
}

bool pm_process_is_frozen(const struct pm_facts *facts, struct pm_freezer *freezer)
{
    char path[64];
    struct all all = { freezer, THAWED };
    if (freezer)
        *freezer = (struct pm_freezer){ 0 };
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task/%" PRIu32 "/cgroup", facts->agent.pid, facts->agent.thread);
    if (!freezer && are_ours(path))
        return false;
    if (pm_text_any_line(path, is_frozen, &all))
        return true;
    if (freezer)
        *freezer = (struct pm_freezer){ 0 };
    return all.seen == UNSEEN && sleeps_frozen(facts);
}
