"use strict";
// SPDX-License-Identifier: MIT
//
// What every table of the page can do with its rows: sort, filter, cut out the part that is in sight, and turn into text.  Pure; the
// component is in grid.tsx.
Object.defineProperty(exports, "__esModule", { value: true });
exports.plainLook = void 0;
exports.sortedBy = sortedBy;
exports.arranged = arranged;
exports.inSight = inSight;
exports.templateOf = templateOf;
exports.toTsv = toTsv;
exports.toCsv = toCsv;
exports.toJson = toJson;
exports.plainLook = { filter: '', descending: false };
/** The header of this column was pressed: up, then down, then as the rows come. */
function sortedBy(look, key) {
    if (look.sort !== key)
        return { ...look, sort: key, descending: false };
    if (!look.descending)
        return { ...look, descending: true };
    return { ...look, sort: undefined, descending: false };
}
/** The rows that have each word of the filter in one of their cells, in order. */
function arranged(rows, columns, look) {
    const words = look.filter.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const has = (row) => {
        const text = columns.map(({ value }) => String(value(row) ?? '').toLocaleLowerCase()).join('\n');
        return words.every((word) => text.includes(word));
    };
    const found = words.length === 0 ? rows : rows.filter(has);
    const column = columns.find(({ key }) => key === look.sort);
    if (!column)
        return found;
    const direction = look.descending ? -1 : 1;
    const keyed = found.map((row) => ({ row, value: column.value(row) }));
    return keyed.sort((a, b) => compare(a.value, b.value, direction)).map(({ row }) => row);
}
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });
function compare(a, b, direction) {
    if (a === undefined || b === undefined)
        return Number(a === undefined) - Number(b === undefined);
    if (typeof a === 'number' && typeof b === 'number')
        return direction * (a - b);
    return direction * collator.compare(String(a), String(b));
}
/** Which rows are drawn: those in sight and some on either side. */
function inSight(count, rowHeight, top, height) {
    const around = 8;
    const first = Math.floor(top / rowHeight) - around;
    const last = Math.ceil((top + height) / rowHeight) + around;
    const to = Math.min(count, Math.max(last, 0));
    return { from: Math.max(0, Math.min(first, to)), to };
}
/** `grid-template-columns`. */
function templateOf(columns) {
    return columns
        .map(({ width, grow, title, controls }) => {
        const characters = controls ? width : Math.max(width, title.length + 2);
        const least = `calc(${characters}ch + 20px)`;
        return grow ? `minmax(${least}, 1fr)` : least;
    })
        .join(' ');
}
function told(columns) {
    return columns.filter(({ controls }) => !controls);
}
/** A spreadsheet takes text that begins like this for a formula, and names of processes are whatever somebody chose. */
const formula = /^[=+\-@\t\r]/;
function harmless(value) {
    if (typeof value !== 'string')
        return String(value ?? '');
    return formula.test(value) ? `'${value}` : value;
}
/** To paste into a spreadsheet or a message, under the titles that are seen. */
function toTsv(columns, rows) {
    const line = (values) => values.map((one) => harmless(one).replace(/[\t\r\n]+/g, ' ')).join('\t');
    return [
        line(told(columns).map(({ title }) => title)),
        ...rows.map((row) => line(told(columns).map((one) => one.value(row)))),
    ].join('\n');
}
/** RFC 4180, under the columns' keys, which are the same in every language. */
function toCsv(columns, rows) {
    const cell = (value) => {
        const text = harmless(value);
        return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    const line = (values) => `${values.map(cell).join(',')}\r\n`;
    return [line(told(columns).map(({ key }) => key)), ...rows.map((row) => line(told(columns).map((one) => one.value(row))))].join('');
}
function toJson(columns, rows) {
    const objects = rows.map((row) => Object.fromEntries(told(columns).map((one) => [one.key, one.value(row) ?? null])));
    return `${JSON.stringify(objects, undefined, 2)}\n`;
}
