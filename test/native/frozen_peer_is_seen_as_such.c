/* SPDX-License-Identifier: MIT */
/* Who is frozen with its cgroup is named as that, with the file to thaw it by; who is stopped is not; and of a holder of the lock what it is held by. */
#include "freezer.h"
#include "image.h"
#include "words.h"

static char shown[32768];

/* What `peermap show` prints, of the tool that stands beside the tests, or beside the plain ones. */
static const char *show(const char *option)
{
    char command[4400];
    snprintf(command, sizeof command, "cd '%.*s/..' && if [ -x peermap ]; then t=./peermap; else t=../peermap; fi; $t show %s %s 2>&1 < /dev/null", (int)(strrchr(peer_program, '/') - peer_program), peer_program, option, seg());
    FILE *tool = popen(command, "r");
    CHECK(tool != NULL);
    shown[fread(shown, 1, sizeof shown - 1, tool)] = '\0';
    CHECK_INT(pclose(tool), 0);
    return shown;
}

static void says(const char *text, const char *wanted)
{
    if (!strstr(text, wanted))
        FAIL("\"%s\" is not in:\n%s", wanted, text);
}

static void look_and_tell(const struct freezer *freezer)
{
    char expected[1024];
    struct pmo_observer observer = observe();
    struct pmo_snapshot s = look_at(&observer, PMO_PROCESSES);
    const struct pmo_peer *cold = find_peer(&s, "cold"), *still = find_peer(&s, "still"), *warm = find_peer(&s, "warm");
    CHECK(cold->frozen && !still->frozen && !warm->frozen);
    CHECK(strcmp(cold->freezer.path, freezer_key(freezer)) == 0);
    CHECK(strcmp(pmo_held_word(cold), "frozen") == 0);
    CHECK(strcmp(pmo_held_word(still), "stopped") == 0);
    CHECK(pmo_held_word(warm) == NULL);
    pmo_snapshot_free(&s);
    pmo_observer_close(&observer);

    const char *value = freezer->version == 1 ? "THAWED" : "0";
    show("");
    says(shown, "alive, frozen");
    says(shown, "alive, stopped");
    snprintf(expected, sizeof expected, "write %s to %s", value, freezer_key(freezer));
    says(shown, expected);
    snprintf(expected, sizeof expected, "\"file\": \"%s\",\n        \"thaw\": \"%s\"", freezer_key(freezer), value);
    says(show("--json"), expected);
}

static void named(const struct freezer *freezer)
{
    struct peer *warm = ready_peer("warm", "create 65536"), *cold = ready_peer("cold", ""), *still = ready_peer("still", "");
    CHECK(freezer_put(freezer, cold->pid));
    freezer_freeze(freezer);
    stop_peer(still);
    look_and_tell(freezer);
    freezer_thaw(freezer);
    continue_peer(still);
    CHECK_INT(size_of(cold), 65536);
    show("");
    CHECK(strstr(shown, "frozen") == NULL && strstr(shown, "stopped") == NULL);
    end_peer(cold);
    end_peer(still);
    end_peer(warm);
    peermap_unlink(seg());
}

static const char *lock_line(void)
{
    static char line[1024];
    const char *at = strstr(show(""), "\n  lock ");
    if (!at)
        return "";
    snprintf(line, sizeof line, "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
    return line;
}

/* A header that says who holds the lock and what for: this process, which runs. */
static void at_work(void)
{
    struct image image = make_image(4, 4, 16, 65536);
    const struct pm_slot *slot = put_own_slot(&image, 2, "me");
    image.header->lock = slot->life;
    image.header->lock_slot = 3;
    image.header->intent = (struct pm_intent){ .op = PM_OP_GROW, .slot = 2, .from = 65536, .to = 131072 };
    says(lock_line(), "which is allocating the memory: grow from 64 KiB to 128 KiB");
    image.header->target = 131072;
    says(lock_line(), "which is at work: grow");
    drop_image(&image);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    at_work();
    peermap_unlink(seg());
    freezer_each(named);
    return 0;
}
