/* SPDX-License-Identifier: MIT */
/*
 * model.h - what is known of segments, as JSON: the names and words of native/addon/model.d.ts, but addresses are hexadecimal strings.
 * What is not known is left out.
 */
#ifndef CLI_MODEL_H
#define CLI_MODEL_H

#include "census.h"
#include "events.h"
#include "heap.h"
#include "json.h"
#include "peermap.h"
#include "snapshot.h"

/* The members of a Snapshot; the object is the caller's, who may add to it. */
void model_snapshot(struct json *json, const struct pmo_snapshot *snapshot);
/* A member of a Snapshot, "roots". */
void model_roots(struct json *json, const struct pm_root *roots, size_t count);
/* A member of a Snapshot, "heap", of a segment that has one. */
void model_heap(struct json *json, const struct pmo_snapshot *snapshot, const struct pmo_heap *heap);
void model_event(struct json *json, const char *key, const struct pm_event *event);
void model_problem(struct json *json, const char *key, const struct pmo_problem *problem);
void model_problems(struct json *json, const char *key, const struct pmo_problems *problems);
/* The members of a Round. */
void model_round(struct json *json, const peermap_round *round, const peermap_result *answers, int count);
/* A member "error", of whatever failed. */
void model_error(struct json *json, const char *code, const char *text);

/* One piece of shared memory of the machine, and who has it. */
void model_memory(struct json *json, const char *key, const struct pmo_census *census, const struct pmo_memory *memory);
void model_limits(struct json *json, const char *key, const struct pmo_census_limits *limits);

#endif
