/* SPDX-License-Identifier: MIT */
/*
 * lmdb.c - growing an LMDB environment: the writer sets a larger map size and writes past the old one; the next transaction of everybody
 * else fails with MDB_MAP_RESIZED, and adopts the size.  How the others learn that they have to look is theirs: here by a message each.
 *
 * The record is reserved, not filled, in a sparse file (MDB_WRITEMAP, MDB_NOSYNC): the new memory is not allocated, which favours LMDB.
 */
#include "ways.h"

#ifdef WITH_LMDB

#include <lmdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLAGS (MDB_NOSUBDIR | MDB_WRITEMAP | MDB_NOSYNC | MDB_NOMEMINIT | MDB_NORDAHEAD)
#define MODE 0600
#define SPARE ((size_t)8) /* pages: of the tree itself.  Fewer than a record has, or nobody would have to adopt anything */

/* Process-local. */
struct database {
    char path[96];
    MDB_env *env;
    MDB_dbi dbi;
    size_t page;
    uint64_t key;
};

static void check(int rc, const char *what)
{
    if (rc == 0)
        return;
    fprintf(stderr, "bench: lmdb: %s: %s\n", what, mdb_strerror(rc));
    exit(1);
}

static void open_env(struct database *database)
{
    check(mdb_env_create(&database->env), "create");
    check(mdb_env_set_maxreaders(database->env, 512), "maxreaders");
    check(mdb_env_set_mapsize(database->env, WAY_INITIAL), "mapsize");
    check(mdb_env_open(database->env, database->path, FLAGS, MODE), "open");
}

static void name_database(struct way *way)
{
    struct database *database = calloc(1, sizeof *database);
    if (database == NULL)
        way_die("memory");
    snprintf(database->path, sizeof database->path, "/dev/shm/bench-lmdb-%ld", (long)getpid());
    database->page = (size_t)sysconf(_SC_PAGESIZE);
    way->own = database;
}

/* A transaction as a reader begins it anyway. */
static void look(struct database *database)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(database->env, NULL, MDB_RDONLY, &txn);
    if (rc == MDB_MAP_RESIZED) {
        check(mdb_env_set_mapsize(database->env, 0), "adopt");
        rc = mdb_txn_begin(database->env, NULL, MDB_RDONLY, &txn);
    }
    check(rc, "begin to read");
    mdb_txn_abort(txn);
}

static void serve(int channel, void *context)
{
    struct database *database = ((struct way *)context)->own;
    for (size_t word; way_listen(channel, &word); way_answer(channel)) {
        if (database->env == NULL)
            open_env(database);
        look(database);
    }
}

static void begin(struct way *way)
{
    struct database *database = way->own;
    char lock[128];
    snprintf(lock, sizeof lock, "%s-lock", database->path);
    way_remove_at_end(database->path);
    way_remove_at_end(lock);
    open_env(database);
    MDB_txn *txn;
    check(mdb_txn_begin(database->env, NULL, 0, &txn), "begin");
    check(mdb_dbi_open(txn, NULL, MDB_INTEGERKEY, &database->dbi), "open the table");
    check(mdb_txn_commit(txn), "commit");
    way_tell(way, 0);
    way_hear(way);
}

static void write_record(struct database *database, size_t bytes)
{
    MDB_txn *txn;
    MDB_val key = { sizeof database->key, &database->key }, record = { bytes - 64, NULL };
    check(mdb_txn_begin(database->env, NULL, 0, &txn), "begin to write");
    check(mdb_put(txn, database->dbi, &key, &record, MDB_RESERVE | MDB_APPEND), "put");
    check(mdb_txn_commit(txn), "commit");
    database->key++;
}

static void grow(struct way *way, size_t bytes)
{
    struct database *database = way->own;
    MDB_envinfo info;
    check(mdb_env_info(database->env, &info), "info");
    size_t used = (info.me_last_pgno + 1) * database->page;
    check(mdb_env_set_mapsize(database->env, used + bytes + SPARE * database->page), "grow");
    write_record(database, bytes);
    way_tell(way, 1);
    way_hear(way);
}

/* LMDB never gives anything back; the file is sparse, and goes with its last user. */
static void shrink(struct way *way, size_t bytes)
{
    (void)way;
    (void)bytes;
}

static void end(struct way *way)
{
    struct database *database = way->own;
    mdb_env_close(database->env);
    free(database);
}

struct way way_lmdb = { .name = "lmdb", .open = name_database, .serve = serve, .begin = begin, .grow = grow, .shrink = shrink, .end = end };

#else

static void absent(struct way *way) { way_is_missing(way, "lmdb.h is not there: apt-get install liblmdb-dev"); }

struct way way_lmdb = { .name = "lmdb", .open = absent };

#endif
