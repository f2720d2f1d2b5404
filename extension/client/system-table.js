"use strict";
// SPDX-License-Identifier: MIT
//
// The census as a table, for a spreadsheet: one line for each object and process that has it.  Its words are in no language, so that
// programs can read it.
Object.defineProperty(exports, "__esModule", { value: true });
exports.toTsv = toTsv;
exports.toCsv = toCsv;
const columns = [
    'kind',
    'name',
    'device',
    'inode',
    'sysv_id',
    'sysv_key',
    'size',
    'allocated',
    'uid',
    'gid',
    'mode',
    'state',
    'pid',
    'command',
    'mapped',
    'writes',
];
function lines({ objects }) {
    return objects.flatMap((object) => {
        const facts = factsOf(object);
        if (object.users.length === 0)
            return [[...facts, '', '', '', '']];
        return object.users.map(({ pid, command, mapped, writes }) => [...facts, pid, command, mapped, writes ? 'yes' : 'no']);
    });
}
function factsOf(object) {
    const { kind, name, device, inode, sysv, size, allocated, known, uid, gid, mode, orphan } = object;
    const known4 = known ? [allocated, uid, gid, (mode & 0o7777).toString(8)] : ['', '', '', ''];
    return [kind, name, device, inode, sysv?.id ?? '', sysv?.key ?? '', size, ...known4, orphan];
}
/** Tabs and line ends in names become spaces. */
function toTsv(census) {
    const row = (cells) => cells.map((cell) => String(cell).replace(/[\t\r\n]/g, ' ')).join('\t');
    return [columns, ...lines(census)].map(row).join('\n') + '\n';
}
/** RFC 4180.  A cell that a spreadsheet would take for a formula begins with an apostrophe. */
function toCsv(census) {
    const cellOf = (cell) => {
        if (typeof cell === 'number')
            return String(cell);
        const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
        return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
    };
    return [columns, ...lines(census)].map((cells) => cells.map(cellOf).join(',')).join('\r\n') + '\r\n';
}
