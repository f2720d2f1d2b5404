/* SPDX-License-Identifier: MIT */
/*
 * copy.c - `peermap dump`, `load` and `copy`: a segment into a file, back, or beside itself.
 *
 * What they make has no name until all of it is there and was found to be a segment, so nobody ever sees a part of one, and a death leaves nothing.
 * image.h says what moment it is of.
 */
#include "ask.h"
#include "image.h"
#include "json.h"
#include "os.h"
#include "peer.h"
#include "size.h"
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Process-local. */
struct job {
    struct cli *cli;
    const char *source, *segment; /* where it is from; the segment that is copied or made */
    const char *done;             /* "dumped to", said in the end */
    struct image image;
    struct target target;
    mode_t mode;
    char *who; /* has the source; "": nobody, or a file's */
    uint64_t active, roots;
};

/* ---- the source.  0, or an exit code ---- */

static int open_segment(struct job *job)
{
    struct pmo_observer observer;
    struct pmo_snapshot snapshot;
    int rc = pmo_observer_open(job->source, &observer);
    job->image.from = observer.fd;
    if (rc == 0)
        rc = pmo_snapshot_take(&observer, PMO_STRANGERS, &snapshot);
    if (rc != 0)
        return library_error(job->source, rc, NULL);
    job->mode = snapshot.object.st_mode & 0777;
    job->who = who_has_it(&snapshot);
    pmo_snapshot_free(&snapshot);
    return 0;
}

static int open_file(struct job *job)
{
    struct stat facts;
    job->image.from = open(job->source, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a fifo must not hold it up */
    if (job->image.from < 0 || fstat(job->image.from, &facts) != 0)
        return failure(job->source, "%s", strerror(errno));
    job->mode = facts.st_mode & 0777;
    job->who = text_of("%s", "");
    return S_ISREG(facts.st_mode) ? 0 : failure(job->source, "it is not a regular file");
}

/* ---- copying.  0, or an exit code ---- */

/* While it is read, or while it is written. */
static int system_error(const struct job *job, int error)
{
    if (job->image.reading)
        return failure(job->source, "it cannot be read: %s", strerror(error));
    return target_error(&job->target, error);
}

static int refuse_mixture(const struct job *job)
{
    return refusal(job->source, "it changed each of %u times that it was read%s%s; stop who writes it, or take it with --live: then it mixes moments, and what was being written may be in it by half",
                   job->image.rounds, *job->who ? ", and it is in the hands of " : "", job->who);
}

/* Before any of it is read: over itself, or more than there is memory for. */
static int refuse_target(const struct job *job)
{
    struct stat source, target;
    if (fstat(job->image.from, &source) != 0)
        return failure(job->source, "%s", strerror(errno));
    if (job->target.replaces && stat(job->target.name, &target) == 0 && source.st_dev == target.st_dev && source.st_ino == target.st_ino)
        return failure(job->target.name, "it is what is copied");
    return job->target.is_segment ? target_room(&job->target, (uint64_t)source.st_blocks * 512) : 0;
}

static int fill(struct job *job)
{
    job->image.to = job->target.fd;
    int error = refuse_target(job);
    if (error != 0)
        return error;
    error = image_take(&job->image);
    if (error != 0)
        return system_error(job, error);
    int code;
    char *fault = image_fault(job->target.fd, &code, &job->active, &job->roots);
    const int rc = fault ? library_error(job->source, code, fault) : 0;
    free(fault);
    if (rc != 0)
        return rc;
    if (!job->image.whole && !has(job->cli, OPTION_LIVE))
        return refuse_mixture(job);
    error = job->target.is_segment ? image_allocate(job->target.fd) : 0;
    job->image.reading = false;
    return error ? system_error(job, error) : target_publish(&job->target, job->mode);
}

/* It becomes a segment of its own with the first who attaches: why not now.  If this cannot be, it is the next who does. */
static void renew(const struct job *job)
{
    peermap_options options;
    char name[PEERMAP_NAME_MAX];
    peermap_segment *segment;
    if (!peer_options(job->cli, &options, name))
        return;
    options.flags |= PEERMAP_RELOCATABLE;
    peer_hold_signals(true);
    if (peermap_attach(job->target.name, &options, &segment) == 0)
        peermap_detach(segment);
    peer_hold_signals(false);
}

static void print(const struct job *job)
{
    const struct out *out = &job->cli->out;
    struct json json = { .file = stdout };
    if (!has(job->cli, OPTION_JSON)) {
        out_part(out, PLAIN, "%s %s %s: %s", job->source, job->done, job->target.name, figure_bytes(job->active).text);
        out_line(out, PLAIN, ", %s", figure_count(job->roots, "root").text);
        if (!job->image.whole)
            out_line(out, WARNING, "it changed each of %u times that it was read: this mixes moments, and what was being written may be in it by half", job->image.rounds);
        else if (*job->who)
            out_line(out, FAINT, "all of it is of one moment, in which %s had it: as if killed then", job->who);
        return;
    }
    json_open(&json, NULL, '{');
    json_string(&json, "segment", job->segment);
    json_string(&json, job->target.is_segment ? "from" : "file", job->target.is_segment ? job->source : job->target.name);
    json_number(&json, "size", job->active);
    json_number(&json, "length", job->image.length);
    json_number(&json, "roots", job->roots);
    json_bool(&json, "whole", job->image.whole);
    json_number(&json, "rounds", job->image.rounds);
    json_close(&json, '}');
}

static int run(struct job *job, int (*open_source)(struct job *))
{
    signal(SIGXFSZ, SIG_IGN); /* past ulimit -f: an error, as others are */
    int rc = target_check(&job->target, has(job->cli, OPTION_FORCE));
    job->image.from = -1;
    if (rc == 0)
        rc = open_source(job);
    if (rc == 0)
        rc = target_make(&job->target);
    if (rc == 0)
        rc = fill(job);
    target_end(&job->target);
    if (job->image.from >= 0)
        close(job->image.from);
    if (rc == 0 && job->target.is_segment)
        renew(job);
    if (rc == 0)
        print(job);
    free(job->who);
    return rc;
}

int run_dump(struct cli *cli)
{
    struct job job = { .cli = cli, .source = cli->words[0], .segment = cli->words[0], .done = "dumped to", .target = { .name = cli->words[1], .fd = -1 } };
    return run(&job, open_segment);
}

int run_load(struct cli *cli)
{
    struct job job = { .cli = cli, .source = cli->words[0], .segment = cli->words[1], .done = "loaded as", .target = { .name = cli->words[1], .fd = -1, .is_segment = true } };
    return run(&job, open_file);
}

int run_copy(struct cli *cli)
{
    struct job job = { .cli = cli, .source = cli->words[0], .segment = cli->words[1], .done = "copied to", .target = { .name = cli->words[1], .fd = -1, .is_segment = true } };
    return run(&job, open_segment);
}
