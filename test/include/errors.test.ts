// SPDX-License-Identifier: MIT
//
// The errors that peermap.h lists for each function, against those that it can return by the sources.

import * as assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Sources, type Edge, type Exception } from './calls';
import { manual } from './manual';

/** What is called without being named where it is called. */
const edges: Edge[] = [
  { from: 'peermap_create', to: 'segment.c:build', because: 'obtain() is given it' },
  { from: 'peermap_attach', to: 'segment.c:join', because: 'obtain() is given it' },
  { from: 'peermap_open', to: 'segment.c:build', because: 'obtain() is given it' },
  { from: 'peermap_open', to: 'segment.c:join', because: 'obtain() is given it' },
  { from: 'ask.c:start', to: 'agent.c:join', because: 'it is what the thread begins with' },
  { from: 'ask.c:post', to: 'agent.c:serve', because: 'the agent serves what is posted' },
];
const pointers = ['segment.c:enter_with_heap calls enter'];

/** What the code that returns it, or drops it, knows better than who only follows the calls. */
const exceptions: Exception[] = [
  {
    at: 'registry.c:pm_registry_claim',
    codes: ['EPEERNAME', 'ESLOTS'],
    of: ['peermap_create'],
    because: 'the creator takes its slot before the object has a name, so nobody else is in it',
  },
  { at: 'segment.c:object_error', codes: ['EEXIST'], of: ['peermap_attach'], because: 'that is of making an object' },
  { at: 'segment.c:peermap_open', codes: ['EEXIST'], because: 'it attaches to what there is then' },
  {
    at: 'segment.c:object_error',
    codes: ['EBUSY', 'EEXIST', 'EFORMAT'],
    of: ['peermap_unlink'],
    because: 'unlink() fails neither with EAGAIN, nor EEXIST, nor EINVAL',
  },
  { at: 'guard.c:pm_fail_gone', codes: ['EOS'], because: 'it passes on no other answer of pm_object_check() than PEERMAP_ELOST' },
  {
    at: 'resize.c:operate',
    codes: ['ESRCH'],
    of: ['peermap_grow', 'peermap_grow_to', 'peermap_shrink', 'peermap_trim'],
    because: 'their requests are for no one peer: pid is 0; or for this one, which lives',
  },
  { at: 'roots.c:check_name', codes: ['ENAME'], of: ['peermap_wait_roots'], because: 'it asks for no root by its name' },
  {
    at: 'ahead.c:pm_grow_inside',
    codes: ['ENOSPC'],
    of: ['peermap_shrink', 'peermap_trim', 'peermap_remap', 'peermap_map_peer'],
    because: 'ask_for() tries it for a growth alone',
  },
];

/** Where the heap says in errno what failed. */
const heap = ['heap.c', 'heap.h', 'object.h'];

const { errors, functions } = manual();
const codes = errors.map(({ name }) => name);
const sources = new Sources(codes);

function documented(name: string): string[] {
  const one = functions.find((other) => other.name === name);
  assert.ok(one, name);
  return one.errors.list.map((error) => error.name).sort();
}

/** With a file in which one place is another. */
function changed(file: string, from: string, to: string): Sources {
  const source = readFileSync(file, 'utf8');
  assert.equal(source.split(from).length, 2, `${from} is in ${file} once`);
  return new Sources(codes, { [file]: source.replace(from, to) });
}

/** The functions whose errors are others than they are. */
function differing(than: Sources, without?: Exception): string[] {
  const kept = exceptions.filter((exception) => exception !== without);
  return functions
    .filter(({ type }) => type === 'int')
    .filter(({ name }) => than.returned(name, edges, kept).join() !== sources.returned(name, edges, exceptions).join())
    .map(({ name }) => name);
}

describe('the errors in peermap.h', () => {
  for (const { name, type, errors: listed } of functions) {
    it(`${name}: as the sources have them`, () => {
      if (listed.kind === 'errno') {
        assert.deepEqual(documented(name), sources.errnos(name, heap));
      } else {
        assert.equal(listed.kind === 'code', type === 'int');
        assert.deepEqual(documented(name), sources.returned(name, edges, exceptions));
      }
    });
  }

  it('are all of the list, but for what other languages add', () => {
    const said = new Set(
      functions.flatMap(({ errors: listed }) => (listed.kind === 'code' ? listed.list.map(({ name }) => name) : [])),
    );
    const cxx = readFileSync('native/include/peermap.hpp', 'utf8');
    for (const code of codes) assert.ok(said.has(code) || cxx.includes(`PEERMAP_${code}`), code);
  });
});

describe('what is read out of the sources', () => {
  it('knows every call through a pointer that a code may come by', () => {
    const names = functions.map(({ name }) => name);
    assert.deepEqual(sources.pointers(names, edges), pointers);
  });

  it('has no exception that makes no difference', () => {
    for (const exception of exceptions) {
      const { at, of, codes: excepted } = exception;
      assert.notDeepEqual(differing(sources, exception), [], `${excepted.join()} of ${at}`);
      for (const name of of ?? []) assert.ok(differing(sources, exception).includes(name), `${at} for ${name}`);
    }
  });

  it('a new code, deep in a round, is one of those alone that come there', () => {
    const place = 'static int refuse_shrink(const peermap_segment *segment, uint64_t from, uint64_t bytes)\n{\n';
    const one = changed(
      'native/runtime/resize.c',
      place,
      `${place}    if (from == 1)\n        return pm_fail(PEERMAP_ETYPE, "");\n`,
    );
    assert.deepEqual(differing(one), ['peermap_shrink', 'peermap_trim']);
  });

  it('a code whose last place goes is no longer one of the functions that came there', () => {
    const one = changed('native/runtime/roots.c', 'pm_fail(PEERMAP_EROOTS,', 'pm_fail(PEERMAP_EBUSY,');
    assert.deepEqual(differing(one), ['peermap_set_root', 'peermap_compare_exchange_root']);
    const two = changed(
      'native/runtime/segment.c',
      'error == EEXIST)\n        return pm_fail(PEERMAP_EEXIST,',
      'error == EEXIST)\n        return pm_fail(PEERMAP_EOS,',
    );
    assert.deepEqual(differing(two), ['peermap_create']);
  });

  it('what is dropped, tested or compared is not handed on', () => {
    const end = '\nint pm_registry_reap(';
    for (const [statement, comes] of [
      ['int rc = made();\n    return rc;', true],
      ['return segment ? made() : 0;', true],
      ['int rc;\n    return (rc = made()) == 0 ? 0 : rc;', true],
      ['made();\n    return 0;', false],
      ['(void)made();\n    return 0;', false],
      ['if (segment)\n        made();\n    return 0;', false],
      ['return made() == 0 ? 0 : 1;', false],
      ['if (made() != 0)\n        return 1;\n    return 0;', false],
      ['if (!made())\n        return 1;\n    return 0;', false],
      ['int rc = 0;\n    if (rc == PEERMAP_ETYPE)\n        return 1;\n    return 0;', false],
      ['const char *text = peermap_error_text(PEERMAP_ETYPE);\n    return text != 0;', false],
    ] as [string, boolean][]) {
      const added = `\nstatic int made(void) { return pm_fail(PEERMAP_ETYPE, "%s", ""); }\nstatic int asked(void *segment)\n{\n    ${statement}\n}\n`;
      const one = new Sources(codes, {
        'native/runtime/reap.c': readFileSync('native/runtime/reap.c', 'utf8')
          .replace(end, `${added}${end}`)
          .replace(
            'int rc = pm_registry_lock(segment, request->deadline);',
            'int rc = asked(segment);\n    rc = pm_registry_lock(segment, request->deadline);',
          ),
      });
      assert.equal(one.returned('peermap_reap', edges, exceptions).includes('ETYPE'), comes, statement);
    }
  });
});
