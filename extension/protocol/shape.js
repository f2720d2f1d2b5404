"use strict";
// SPDX-License-Identifier: MIT
//
// Whether a value that somebody else made has the shape that it should have.  A check answers where it does not, as a path such as
// "snapshot.peers[3].pid"; undefined means that it does.
Object.defineProperty(exports, "__esModule", { value: true });
exports.record = exports.list = exports.nullable = exports.optional = exports.oneOf = exports.address = exports.boolean = exports.natural = exports.number = exports.string = void 0;
const is = (test) => (value, path) => test(value) ? undefined : path;
exports.string = is((value) => typeof value === 'string' && value.length <= 1 << 20);
exports.number = is((value) => typeof value === 'number' && Number.isFinite(value));
exports.natural = is((value) => typeof value === 'number' && Number.isInteger(value) && value >= 0);
exports.boolean = is((value) => typeof value === 'boolean');
exports.address = is((value) => typeof value === 'string' && /^0x[0-9a-f]{1,16}$/.test(value));
const oneOf = (...words) => is((value) => typeof value === 'string' && words.includes(value));
exports.oneOf = oneOf;
const optional = (check) => (value, path) => value === undefined ? undefined : check(value, path);
exports.optional = optional;
const nullable = (check) => (value, path) => value === null ? undefined : check(value, path);
exports.nullable = nullable;
const list = (item, most) => (value, path) => {
    if (!Array.isArray(value) || value.length > most)
        return path;
    for (const [index, each] of value.entries()) {
        const wrong = item(each, `${path}[${index}]`);
        if (wrong !== undefined)
            return wrong;
    }
    return undefined;
};
exports.list = list;
/** What it has beside these is left alone: it may be of a newer version. */
const record = (fields) => (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
        return path;
    for (const [name, check] of Object.entries(fields)) {
        const wrong = check(value[name], path === '' ? name : `${path}.${name}`);
        if (wrong !== undefined)
            return wrong;
    }
    return undefined;
};
exports.record = record;
