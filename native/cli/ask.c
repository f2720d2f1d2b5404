/* SPDX-License-Identifier: MIT */
/* ask.c - a question before something is lost, where there is somebody to ask. */
#include "ask.h"

#include "out.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

char *who_has_it(const struct pmo_snapshot *snapshot)
{
    char *text;
    size_t length, count = 0;
    FILE *file = need(open_memstream(&text, &length));
    for (size_t i = 0; i < snapshot->peer_count; i++)
        if (snapshot->peers[i].state != PMO_DEAD)
            fprintf(file, "%s%s (%" PRIu32 ")", count++ ? ", " : "", snapshot->peers[i].slot.name, snapshot->peers[i].slot.pid);
    for (size_t i = 0; i < snapshot->stranger_count; i++)
        fprintf(file, "%spid %" PRIu32 " (not registered)", count++ ? ", " : "", snapshot->strangers[i].pid);
    fclose(file);
    return text;
}

bool can_ask(void) { return isatty(STDIN_FILENO) && isatty(STDERR_FILENO); }

bool ask(const char *name, const char *why, const char *question)
{
    const struct out out = out_open(stderr);
    char answer[16] = "";
    out_line(&out, PLAIN, "%s: %s.", name, why);
    out_part(&out, TITLE, "%s [y/N] ", question);
    fflush(stderr);
    return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}
