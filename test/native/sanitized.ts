// SPDX-License-Identifier: MIT
//
// Which programs of this folder `npm test` runs under a sanitizer as well: those whose subject is what that sanitizer sees.  Under it
// `npm run test:long` runs all the others, so that each program has been run under both.
//
// Read by scripts/test.mjs as it stands here, which builds accordingly.

export type Sanitizer = 'asan' | 'tsan';

const groups: { build: Sanitizer; why: string; programs: string[] }[] = [
  {
    build: 'asan',
    why: 'they read what others wrote, or what is damaged',
    programs: [
      'address_of_a_lie_is_refused',
      'census_sees_every_kind',
      'cgroup_limits_are_read_at_every_level',
      'heap_is_seen_from_outside',
      'heap_of_lies_harms_nobody',
      'lies_change_nothing_outside',
      'objects_and_names',
      'observer_lists_every_object',
      'observer_names_what_is_damaged',
      'observer_reads_each_event_once',
      'observer_sees_registry_and_mappings',
      'observer_survives_random_bytes',
      'other_layouts_are_told_apart',
    ],
  },
  {
    build: 'asan',
    why: 'they work with tables and handles that come, grow and go',
    programs: [
      'address_tells_its_segment',
      'any_root_can_be_replaced',
      'forked_child_is_no_peer',
      'full_registry_has_room_again',
      'grow_maps_every_peer',
      'killed_while_awaited',
      'observer_watches_more_than_fit',
      'shrink_gives_memory_back',
      'threads_of_one_peer',
    ],
  },
  {
    build: 'asan',
    why: 'they go through the arithmetic of the heap',
    programs: [
      'heap_faults_are_reported',
      'heap_gives_memory_back',
      'heap_objects_are_freed_by_others',
      'heap_objects_hold_their_bytes',
      'heap_refusals_are_clear',
      'heap_threads_leave_nothing',
    ],
  },
  {
    build: 'tsan',
    why: 'several threads of a process work at once',
    programs: [
      'creator_is_in_nobodys_way',
      'growers_inside_race',
      'heap_survives_kills',
      'heap_threads_leave_nothing',
      'observer_is_not_held_up_by_growth',
      'observer_reads_whole_records',
      'threads_of_one_peer',
    ],
  },
  {
    build: 'tsan',
    why: 'an application and its agent, or an observer and its watch, hand each other work',
    programs: [
      'attach_and_detach_in_a_storm',
      'growth_inside_reaches_everybody',
      'heap_objects_are_freed_by_others',
      'horizon_moves_by_itself',
      'kills_at_random_moments',
      'lock_survives_its_holder',
      'observer_bursts_are_one_call',
      'observer_is_told_of_a_death',
      'root_is_swapped_by_one_of_many',
      'shrink_gives_memory_back',
      'truncated_object_is_lost_to_all',
    ],
  },
];

/** True if `npm test` runs it so. */
export function sanitized(build: Sanitizer, program: string): boolean {
  return groups.some((group) => group.build === build && group.programs.includes(program));
}

/** Every program that is named, each as often as it is. */
export function named(build: Sanitizer): string[] {
  return groups.filter((group) => group.build === build).flatMap(({ programs }) => programs);
}
