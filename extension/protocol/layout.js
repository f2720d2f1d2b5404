"use strict";
// SPDX-License-Identifier: MIT
//
// What C and C++ types look like in memory, as extension/server/describe.py gives it: a table, so that a type may lead to itself.
Object.defineProperty(exports, "__esModule", { value: true });
