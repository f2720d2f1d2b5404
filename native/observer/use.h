/* SPDX-License-Identifier: MIT */
/*
 * use.h - whether anybody has a piece of shared memory, and how that is known.
 *
 * "Orphan" is only said of what is certain.  What cannot be known is unknown, with the reason: one list for the command line tool, the addon and
 * the extension, whose sentences are the same.
 */
#ifndef PMO_USE_H
#define PMO_USE_H

enum pmo_orphan {
    PMO_IN_USE,
    PMO_ORPHAN,
    PMO_ORPHAN_UNKNOWN, /* nobody was seen, and nobody can say that there is nobody */
};

/* Name, what it is of, the word for programs, the sentence for people.  native/addon/model.d.ts has the words, extension/protocol/use.ts the sentences. */
#define PMO_REASONS(X)                                                                                                                     \
    X(SEEN, IN_USE, "seen", "a process has it")                                                                                            \
    X(COUNTED, IN_USE, "counted", "it is attached, by a process that cannot be seen from here")                                            \
    X(REGISTERED, IN_USE, "registered", "its registry has a live peer")                                                                    \
    X(UNSEEN, IN_USE, "unseen",                                                                                                            \
      "a process has it that cannot be seen from here, or has it open by another path, as of a bind mount")                                   \
    X(LEASED, ORPHAN, "leased", "nobody has it: the kernel counts who has it open or mapped")                                              \
    X(UNATTACHED, ORPHAN, "unattached", "nobody has it: the kernel counts who has it attached")                                            \
    X(LOOKED_AT, ORPHAN_UNKNOWN, "looked-at",                                                                                              \
      "nobody but an inspector was seen to have it; whether anybody else has is known when the inspector is closed")                       \
    X(NOT_OWNER, ORPHAN_UNKNOWN, "not-owner", "nobody was seen to have it, but the kernel tells only its owner and root whether anybody has") \
    X(NOT_READABLE, ORPHAN_UNKNOWN, "not-readable", "nobody was seen to have it, but this user may not open it to ask the kernel")         \
    X(NO_LEASE, ORPHAN_UNKNOWN, "no-lease",                                                                                                \
      "nobody was seen to have it, but this system or file system does not tell whether anybody has: that takes tmpfs and Linux 5.3")      \
    X(CONTRADICTED, ORPHAN_UNKNOWN, "contradicted", "no process has it, but its registry has a live peer: reap it, then look again")       \
    X(MOUNTED, ORPHAN_UNKNOWN, "mounted",                                                                                                   \
      "no process has it, but it is mounted by itself somewhere else, as for a container (a bind mount): unmount it there, then look again")  \
    X(CHANGED, ORPHAN_UNKNOWN, "changed", "it was removed or replaced while it was looked at: look again")                                 \
    X(FOREIGN_FOLDER, ORPHAN_UNKNOWN, "foreign-folder", "it is in a folder of another user, who could exchange what is in it: remove it as that user")               \
    X(FAILED, ORPHAN_UNKNOWN, "failed", "the kernel could not be asked whether anybody has it")

enum pmo_reason {
#define X(name, orphan, word, text) PMO_##name,
    PMO_REASONS(X)
#undef X
};

enum pmo_orphan pmo_reason_orphan(enum pmo_reason reason);
const char *pmo_reason_word(enum pmo_reason reason);
const char *pmo_reason_text(enum pmo_reason reason);

#endif
