/* SPDX-License-Identifier: MIT */
/* view.c - a segment's header, roots, problems and limits, for people. */
#include "view.h"

#include "os.h"
#include "size.h"
#include "words.h"

#include <inttypes.h>
#include <string.h>

#define BYTES(value) figure_bytes(value).text

static void label(const struct out *out, const char *text) { out_part(out, FAINT, "  %-10s", text); }

/* Whoever is held lets nobody else get on; whoever is at work will be done. */
static void view_holder(const struct out *out, const struct pm_header *h, const struct pmo_peer *holder, const char *what)
{
    const struct pm_intent *intent = &h->intent;
    const char *held = pmo_held_word(holder);
    const bool grows = (intent->op == PM_OP_GROW || intent->op == PM_OP_INSIDE) && intent->to > intent->from;
    out_part(out, held ? WARNING : PLAIN, "held by %s (%" PRIu32 ")", holder->slot.name, holder->slot.pid);
    if (holder->frozen)
        out_line(out, WARNING, ", which is frozen: %s%s", pmo_thaw_remedy(&holder->freezer).text, what);
    else if (held)
        out_line(out, WARNING, ", which is %s%s", held, what);
    else if (holder->here == 0)
        out_line(out, PLAIN, ", whose process cannot be seen from here%s", what);
    else
        out_line(out, PLAIN, ", which is %s%s", grows && h->target < intent->to ? "allocating the memory" : "at work", what);
}

static void view_lock(const struct out *out, const struct pmo_snapshot *snapshot)
{
    const struct pm_header *h = &snapshot->header;
    const struct pmo_peer *holder;
    bool died;
    const bool held = pmo_lock_held(snapshot, &holder, &died);
    const bool busy = h->intent.op != PM_OP_NONE;
    if (!held && !busy)
        return;
    char what[128] = "";
    if (busy)
        snprintf(what, sizeof what, ": %s from %s to %s", pmo_op_word(h->intent.op), figure_pages(h->intent.from).text,
                 figure_pages(h->intent.to).text);
    label(out, "lock");
    if (!held)
        out_line(out, WARNING, "free, and yet something is under way%s", what);
    else if (died)
        out_line(out, BAD, "its holder died; whoever comes next finishes or undoes it%s", what);
    else if (!holder)
        out_line(out, WARNING, "held by a peer that is not in the registry%s", what);
    else
        view_holder(out, h, holder, what);
}

static void view_sizes(const struct out *out, const struct pmo_snapshot *snapshot)
{
    const struct pm_header *h = &snapshot->header;
    label(out, "size");
    out_part(out, TITLE, "%s", BYTES(pmo_active(h)));
    out_line(out, PLAIN, " active%s, horizon %s, target %s, reserved %s", pmo_closed(h) ? " (changing)" : "", BYTES(h->horizon),
             BYTES(h->target), BYTES(h->reserved));
    label(out, "base");
    out_part(out, PLAIN, "0x%" PRIx64 ", pages of %s, epoch %" PRIu64, h->base, BYTES(h->flags & PM_SEGMENT_HUGE ? PM_HUGE_PAGE : h->page_size),
             h->epoch);
    const char *word;
    uint32_t flag;
    for (size_t i = 0; (word = pmo_flag_word(i, &flag)) != NULL; i++)
        if (h->flags & flag)
            out_part(out, PLAIN, ", %s", word);
    out_line(out, PLAIN, "%s", "");
}

void view_head(const struct out *out, const struct pmo_snapshot *snapshot)
{
    const struct pm_header *h = &snapshot->header;
    const struct stat *object = &snapshot->object;
    out_part(out, TITLE, "%s", snapshot->name);
    out_line(out, FAINT, "  %s/" PM_PREFIX "%s", pm_directory(), snapshot->name);
    label(out, "object");
    out_part(out, PLAIN, "%s long, %s allocated, of %s, mode %04o", BYTES((uint64_t)object->st_size),
             BYTES((uint64_t)object->st_blocks * 512), figure_user(object->st_uid).text, (unsigned)object->st_mode & 07777);
    if (pmo_mode_is_world_writable(object->st_mode))
        out_part(out, WARNING, " (world-writable)");
    out_line(out, PLAIN, "%s", object->st_nlink == 0 ? ", removed" : "");
    if (!snapshot->readable)
        return;
    view_sizes(out, snapshot);
    label(out, "created");
    out_line(out, PLAIN, "%s by %s (pid %" PRIu32 ", %s%s)", figure_date(h->created_ns).text, h->creator_name, h->creator_pid,
             h->creator_uid == object->st_uid ? "" : "says ", figure_user(h->creator_uid).text); /* whose the object is, the kernel says */
    view_lock(out, snapshot);
}

void view_roots(const struct out *out, const struct pmo_snapshot *snapshot)
{
    static const struct column columns[] = {
        { "OFFSET", true, 0, false }, { "SIZE", true, 0, false }, { "NAME", false, 0, true }, { "TYPE", false, 1, true }
    };
    struct table *table = table_new(columns, 4);
    for (size_t i = 0; i < snapshot->root_count; i++) {
        const struct pm_root *root = &snapshot->roots[i];
        const bool outside = root->off > pmo_active(&snapshot->header) || root->size > pmo_active(&snapshot->header) - root->off;
        table_put(table, outside ? BAD : PLAIN, "0x%" PRIx64, root->off);
        table_put(table, outside ? BAD : PLAIN, "%s", BYTES(root->size));
        table_put(table, PLAIN, "%s", root->name);
        table_put(table, PLAIN, "%s", root->type);
    }
    if (snapshot->root_count > 0)
        out_line(out, TITLE, "%s", figure_count(snapshot->root_count, "root").text);
    table_end(table, out);
}

static void view_unseen(const struct out *out, const struct pmo_problems *problems)
{
    for (uint32_t i = 0; i < problems->count; i++) {
        const struct pmo_problem *problem = &problems->list[i];
        if (pmo_problem_is_unseen(problem->code))
            out_line(out, FAINT, "not seen: %s: %s", problem->where, problem->text);
    }
}

void view_problems(const struct out *out, const struct pmo_problems *problems)
{
    uint32_t count = problems->left_out;
    for (uint32_t i = 0; i < problems->count; i++)
        count += !pmo_problem_is_unseen(problems->list[i].code);
    if (count > 0)
        out_line(out, TITLE, "%s", figure_count(count, "problem").text);
    for (uint32_t i = 0; i < problems->count; i++) {
        const struct pmo_problem *problem = &problems->list[i];
        if (pmo_problem_is_unseen(problem->code))
            continue;
        out_part(out, problem->code == PMO_WORLD_WRITABLE ? WARNING : BAD, "  %-14s ", pmo_problem_word(problem->code));
        out_line(out, PLAIN, "%s: %s", problem->where, problem->text);
    }
    if (problems->left_out > 0)
        out_line(out, FAINT, "  and %" PRIu32 " more", problems->left_out);
    view_unseen(out, problems);
}

void view_limits(const struct out *out, const struct pmo_snapshot *snapshot)
{
    const struct pm_header *h = &snapshot->header;
    struct pm_limit limit = { .kind = PM_LIMIT_NONE };
    pm_limit_directory(-1, &limit);
    pm_limit_cgroups("/proc/self/cgroup", "/sys/fs/cgroup", pm_limit_memory("/proc/meminfo", &limit), &limit);
    const uint64_t active = pmo_active(h), left = h->reserved > active ? h->reserved - active : 0;
    out_line(out, TITLE, "room to grow");
    label(out, "reserved");
    out_line(out, left == 0 ? WARNING : PLAIN, "%s more", BYTES(left));
    char directory_leaves[PM_DIRECTORY_MAX + 16];
    snprintf(directory_leaves, sizeof directory_leaves, "what %s leaves", pm_directory());
    label(out, "memory");
    if (limit.kind == PM_LIMIT_NONE)
        out_line(out, PLAIN, "no limit is known");
    else
        out_line(out, limit.room < active ? WARNING : PLAIN, "%s of %s: %s", BYTES(limit.room), BYTES(limit.whole),
                 limit.kind == PM_LIMIT_DIRECTORY ? directory_leaves
                 : limit.kind == PM_LIMIT_CGROUP  ? limit.path
                                                  : "what the machine leaves");
}
