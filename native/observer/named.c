/* SPDX-License-Identifier: MIT */
/* named.c - descriptors that only name an object (O_PATH). */
#include "named.h"

#include "budget.h"
#include "patient.h"
#include "process.h"
#include "share.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* The link's permissions are those of the open file: this one has none. */
bool pmo_descriptor_only_names(int folder, const char *number)
{
    struct stat link;
    return fstatat(folder, number, &link, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(link.st_mode) && (link.st_mode & (S_IRUSR | S_IWUSR)) == 0;
}

/* Process-local. */
struct search {
    const char *base; /* of the object's name */
    struct pmo_object object;
    struct pmo_census_process *process;
    bool found;
};

/* By whatever path it has it: its last part is the object's name everywhere but on a mount of that object itself.  What is of another file system is not asked. */
static bool is_named(const struct search *search, const struct pmo_process *process, int folder, const char *number)
{
    char path[PATH_MAX];
    struct stat facts;
    const ssize_t length = readlinkat(folder, number, path, sizeof path - 1);
    if (length <= 0)
        return false;
    path[length] = '\0';
    const char *slash = strrchr(path, '/');
    return slash && strcmp(slash + 1, search->base) == 0 && pmo_descriptor_only_names(folder, number) && pmo_patient_stat(process, folder, number, &facts) == 0 &&
           facts.st_dev == search->object.device && facts.st_ino == search->object.inode;
}

static bool look(const struct pmo_process *process, void *context)
{
    struct search *search = context;
    const int fd = process->pid == (uint32_t)getpid() ? -1 : pmo_process_open_descriptors(process);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (!folder) {
        if (fd >= 0)
            close(fd);
        return true;
    }
    for (struct dirent *entry; !search->found && pmo_budget_left() && (entry = readdir(folder)) != NULL;)
        search->found = entry->d_name[0] != '.' && is_named(search, process, fd, entry->d_name);
    closedir(folder);
    if (!search->found)
        return true;
    search->process->pid = process->pid;
    search->process->uid = pmo_process_uid(process);
    (void)pmo_process_command(process, search->process->command, sizeof search->process->command);
    return false;
}

bool pmo_named_by_other(const char *name, struct pmo_object object, struct pmo_census_process *process)
{
    struct pmo_shares shares = { 0 };
    const char *slash = strrchr(name, '/');
    struct search search = { .base = slash ? slash + 1 : name, .object = object, .process = process };
    bool whole;
    (void)pmo_process_each(look, &search, &shares, &whole);
    return search.found;
}
