"use strict";
// SPDX-License-Identifier: MIT
//
// What the server tells about segments: the addon's objects as they travel.  Derived, so that they cannot drift: addresses, bigint
// there, are hexadecimal strings here; everything else is the same.  What each field means is in native/addon/model.d.ts.
Object.defineProperty(exports, "__esModule", { value: true });
