"use strict";
// SPDX-License-Identifier: MIT
//
// What `activate` returns, for other extensions and for the tests in test/suite: a view of the extension's state, and nothing that
// changes it.  Whoever wants to change something executes a command with arguments.
Object.defineProperty(exports, "__esModule", { value: true });
