// SPDX-License-Identifier: MIT
//
// Must be the first import of server.ts.  The language-server library looks every three seconds whether the process named by
// --clientProcessId still lives.  The IPC channel tells us that by itself, and an idle server shall not wake up at all: so the library
// never sees the argument.

process.argv = process.argv.filter((argument) => !argument.startsWith('--clientProcessId'));
