/* SPDX-License-Identifier: MIT */
/* system.h - all segments of the machine, and all processes that map one. */
#ifndef PMO_SYSTEM_H
#define PMO_SYSTEM_H

#include "share.h"
#include "snapshot.h"

struct pmo_summary {
    char name[256];
    struct stat object;
    bool opened;   /* it is a file that could be */
    bool readable;
    uint64_t header_len; /* 0 if not readable */
    uint64_t active;
    uint64_t horizon;
    uint64_t reserved;
    uint32_t alive; /* the late among them */
    uint32_t late;
    uint32_t dead;
    bool has_problem;
    struct pmo_problem problem; /* the first; that it is world-writable, if there is no other */
};

/*
 * The objects whose names begin with "peermap.", by name.  0 or PEERMAP_EOS; free() the list.  `left_out`: how many there are besides, of other users
 * before any of this one (budget.h), and of one other user what is beyond its share (share.h).  Not `whole`: so many at least, for the look was over before all had been counted.
 */
int pmo_list(struct pmo_summary **list, size_t *count, size_t *left_out, bool *whole);

struct pmo_use {
    char segment[PM_NAME_MAX];
    bool registered;
    char peer_name[PM_NAME_MAX]; /* if registered */
};

struct pmo_user {
    uint32_t pid;
    uint32_t uid;
    char command[256];
    struct pmo_use *uses;
    size_t use_count;
};

/* The processes that map the data of a listed segment.  0 or PEERMAP_EOS.  `whole`: no process, and no segment that one maps, was left out (budget.h); `problems`, to be
 * freed, names users of whom something was (share.h), and processes that could not be asked (patient.h). */
int pmo_users_find(struct pmo_user **list, size_t *count, bool *whole, struct pmo_problems *problems);
void pmo_users_free(struct pmo_user *list, size_t count);

#endif
