/* SPDX-License-Identifier: MIT */
/* Who cannot be seen keeps an object in use: of another pid namespace, of one's own user but not dumpable, with the descriptor closed, mapped
 * read-only, on its way through a socket. */
#include "beyond.h"

static void is_unseen(const void *context)
{
    const struct object *object = context;
    const struct verdict verdict = verdict_on(object);
    CHECK_INT(verdict.users, 0);
    CHECK_INT(verdict.orphan, PMO_IN_USE);
    CHECK_REASON(verdict.reason, PMO_UNSEEN);
    const struct pmo_removal removal = remove_object(object);
    CHECK_OUTCOME(removal, PMO_REMOVAL_REFUSED);
    CHECK_REASON(removal.reason, PMO_UNSEEN);
    CHECK_INT(pmo_removal_code(&removal), PEERMAP_EBUSY);
    CHECK(exists(object->path));
}

static void is_unseen_from_a_namespace(const void *context)
{
    is_unseen(context);
    CHECK(!verdict_on(context).whole);
}

static void is_unseen_though_of_this_user(const void *context)
{
    is_unseen(context);
    CHECK(verdict_on(context).hidden_own > 0);
}

/* As ssh-agent is, or what has file capabilities. */
static void have_as_nobody_not_dumpable(const struct object *object)
{
    become_nobody();
    CHECK(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
    have_mapped(object);
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("a child goes on after fork() without exec");
    setup(argv);
    void (*const ways[])(const struct object *) = { have_mapped, have_mapped_read_only, have_open, have_sent };
    bool tried = false;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const struct object object = make_object((char[]){ 'w', (char)('0' + i), '\0' }, 0600, geteuid());
        const pid_t holder = holder_of(&object, ways[i]);
        tried = look_from(FROM_A_PID_NAMESPACE, is_unseen_from_a_namespace, &object) || tried;
        if (ways[i] == have_sent)
            is_unseen(&object);
        else
            CHECK_REASON(verdict_on(&object).reason, PMO_SEEN);
        end_holder(holder);
        CHECK_REASON(verdict_on(&object).reason, PMO_LEASED);
    }
    if (geteuid() == 0) {
        const struct object object = make_object("own", 0600, NOBODY);
        const pid_t holder = holder_of(&object, have_as_nobody_not_dumpable);
        tried = look_from(AS_NOBODY, is_unseen_though_of_this_user, &object) || tried;
        end_holder(holder);
    }
    if (!tried)
        SKIP("neither another pid namespace nor another user can be had here");
    return 0;
}
