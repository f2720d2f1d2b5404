"use strict";
// SPDX-License-Identifier: MIT
//
// The roots and what is in them as the rows of a tree, and which of their values changed while somebody looked.  Pure.
var __createBinding = (this && this.__createBinding) || (Object.create ? (function(o, m, k, k2) {
    if (k2 === undefined) k2 = k;
    var desc = Object.getOwnPropertyDescriptor(m, k);
    if (!desc || ("get" in desc ? !m.__esModule : desc.writable || desc.configurable)) {
      desc = { enumerable: true, get: function() { return m[k]; } };
    }
    Object.defineProperty(o, k2, desc);
}) : (function(o, m, k, k2) {
    if (k2 === undefined) k2 = k;
    o[k2] = m[k];
}));
var __setModuleDefault = (this && this.__setModuleDefault) || (Object.create ? (function(o, v) {
    Object.defineProperty(o, "default", { enumerable: true, value: v });
}) : function(o, v) {
    o["default"] = v;
});
var __importStar = (this && this.__importStar) || (function () {
    var ownKeys = function(o) {
        ownKeys = Object.getOwnPropertyNames || function (o) {
            var ar = [];
            for (var k in o) if (Object.prototype.hasOwnProperty.call(o, k)) ar[ar.length] = k;
            return ar;
        };
        return ownKeys(o);
    };
    return function (mod) {
        if (mod && mod.__esModule) return mod;
        var result = {};
        if (mod != null) for (var k = ownKeys(mod), i = 0; i < k.length; i++) if (k[i] !== "default") __createBinding(result, mod, k[i]);
        __setModuleDefault(result, mod);
        return result;
    };
})();
Object.defineProperty(exports, "__esModule", { value: true });
exports.readAgain = readAgain;
exports.treeRows = treeRows;
exports.parentPath = parentPath;
exports.treeTsv = treeTsv;
const l10n = __importStar(require("@vscode/l10n"));
const memory_values_1 = require("./memory-values");
const memory_bytes_1 = require("./memory-bytes");
/** `answer` came at `at`: what reads differently has changed in between. */
function readAgain(before, answer, at) {
    const structure = answer.value ?? undefined;
    const changed = new Map();
    for (const [path, since] of before?.changed ?? [])
        if ((0, memory_bytes_1.ageStep)(at - since) !== undefined)
            changed.set(path, since);
    const old = valuesOf(before?.structure);
    for (const [path, value] of valuesOf(structure)) {
        const was = old.get(path);
        if (was !== undefined && was !== value)
            changed.set(path, at);
    }
    return { structure, problems: answer.problems, changed };
}
function valuesOf(structure) {
    const values = new Map();
    const collect = (fields, parent) => {
        for (const field of fields) {
            values.set(pathOf(parent, field), field.value);
            collect(field.fields ?? [], pathOf(parent, field));
        }
    };
    if (structure)
        collect(structure.fields, structure.root);
    return values;
}
/** The names of C and of roots have no slash in them. */
function pathOf(parent, { name }) {
    return `${parent}/${name}`;
}
/** The rows that are in sight, given what is expanded. */
function treeRows(roots, expanded, reads) {
    const rows = [];
    roots.forEach((root, index) => {
        const open = expanded.has(root.name);
        rows.push({
            ...nothing,
            path: root.name,
            level: 1,
            position: index + 1,
            siblings: roots.length,
            kind: 'root',
            name: root.name,
            type: root.type,
            value: l10n.t('version {0}', root.version),
            offset: root.offset,
            size: root.size,
            expanded: open,
        });
        if (!open)
            return;
        const read = reads[root.name];
        const notes = notesOf(root, read);
        rows.push(...notes.map((text, at) => ({
            ...nothing,
            path: `${root.name}/#${at}`,
            level: 2,
            position: at + 1,
            siblings: notes.length,
            kind: 'note',
            name: text,
        })));
        if (read?.structure)
            addFields(rows, read.structure.fields, root.name, 2, expanded, read.changed);
    });
    return rows;
}
const nothing = {
    type: '',
    value: '',
    offset: undefined,
    size: undefined,
    target: undefined,
    expanded: undefined,
    changedAt: undefined,
};
/** What is said instead of fields, or before them. */
function notesOf(root, read) {
    if (!read)
        return [l10n.t('Reading …')];
    const problems = read.problems.map(({ text }) => text);
    if (read.structure)
        return problems;
    const remedy = root.type === ''
        ? l10n.t('This root has no type: give peermap_set_root() the name of its struct.')
        : l10n.t('To see its fields, build the program with -g, and have gdb installed where the segment is.');
    return [...problems, remedy];
}
function addFields(rows, fields, parent, level, expanded, changed) {
    fields.forEach((field, index) => {
        const path = pathOf(parent, field);
        const has = (field.fields?.length ?? 0) > 0 || (field.omitted ?? 0) > 0;
        const open = has ? expanded.has(path) : undefined;
        rows.push({
            path,
            level,
            position: index + 1,
            siblings: fields.length,
            kind: 'field',
            name: field.name,
            type: field.type,
            value: field.value,
            offset: field.offset,
            size: field.size,
            target: field.target,
            expanded: open,
            changedAt: changed.get(path),
        });
        if (!open)
            return;
        addFields(rows, field.fields ?? [], path, level + 1, expanded, changed);
        if (field.omitted)
            rows.push(omittedRow(path, level + 1, field.omitted, field.fields?.length ?? 0));
    });
}
function omittedRow(parent, level, omitted, shown) {
    const name = omitted === 1 ? l10n.t('1 more is left out') : l10n.t('{0} more are left out', omitted.toLocaleString('en-US'));
    return { ...nothing, path: `${parent}/…`, level, position: shown + 1, siblings: shown + 1, kind: 'omitted', name };
}
/** The row that a row is in. */
function parentPath(path) {
    const slash = path.lastIndexOf('/');
    return slash === -1 ? undefined : path.slice(0, slash);
}
/** All that was read of the roots, expanded or not. */
function treeTsv(roots, reads) {
    const lines = [[l10n.t('Name'), l10n.t('Type'), l10n.t('Value'), l10n.t('Offset'), l10n.t('Size')].join('\t')];
    const line = (path, type, value, offset, size) => lines.push([path, type, value, (0, memory_values_1.hexOffset)(offset), String(size)].map((cell) => cell.replace(/[\t\r\n]+/g, ' ')).join('\t'));
    const add = (fields, parent) => {
        for (const field of fields) {
            const path = field.name.startsWith('[') ? `${parent}${field.name}` : `${parent}.${field.name}`;
            line(path, field.type, field.value, field.offset, field.size);
            add(field.fields ?? [], path);
        }
    };
    for (const root of roots) {
        line(root.name, root.type, '', root.offset, root.size);
        add(reads[root.name]?.structure?.fields ?? [], root.name);
    }
    return lines.join('\n');
}
