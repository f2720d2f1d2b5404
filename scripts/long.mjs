// SPDX-License-Identifier: MIT
//
// What `npm run test:long` adds to `npm test`: what is long by nature, by runner, and why it is not in every run.

export const added = {
  sanitized: {
    what: 'each program of test/native under each sanitizer where sanitized.json does not name it',
    why: 'its subject is not what that sanitizer sees',
  },
  native: {
    what: 'no word moves a mapping, with every lie about every word',
    why: 'in npm test each word is lied about, in turn in one of seven ways',
  },
  walk: {
    what: 'the walk under the address and undefined-behaviour sanitizers',
    why: 'thousands of processes, each of which begins and ends several times slower',
  },
  chaos: {
    what: 'a storm of two minutes, and one of a minute in which cores are dumped',
    why: 'a storm finds the more the longer it lasts',
  },
  fuzz: { what: 'a minute of new inputs for each target', why: 'fuzzing finds the more the longer it lasts' },
  model: {
    what: 'the configurations of three peers in which somebody dies or joins',
    why: 'their interleavings are many times as many, and change only with the protocol',
  },
  pictures: {
    what: 'pictures of the inspector in the themes but the dark one',
    why: 'they are for people, and npm test looks at every theme otherwise',
  },
  documents: {
    what: 'the example of Boost, after all the others, which it goes on from',
    why: 'ten seconds of compiling',
  },
  library: {
    what: 'the Boost programs under the address and undefined-behaviour sanitizers',
    why: 'ten seconds of compiling each',
  },
};

/** @param {string[]} names runners */
export function tell(names) {
  console.log('test: what npm test leaves out');
  for (const name of names) console.log(`  ${name.padEnd(9)} ${added[name].what}\n${' '.repeat(12)}because: ${added[name].why}`);
}
