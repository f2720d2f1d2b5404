"use strict";
// SPDX-License-Identifier: MIT
//
// What the System view says: rows made of a census.  Text and ids only; how they come onto the screen is system-tree.ts.
//
//     limit   /dev/shm      12 MiB of 64 MiB
//     kind    POSIX objects 3 objects · 24 MiB · 1 orphan
//       object  quotes      2 MiB · alice · 2 processes · Peermap
//         user    search    pid 4712 · 2 MiB · read and write
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
exports.kinds = void 0;
exports.isSystemNode = isSystemNode;
exports.kindText = kindText;
exports.objectId = objectId;
exports.titleOf = titleOf;
exports.segmentName = segmentName;
exports.isRemovable = isRemovable;
exports.sorted = sorted;
exports.systemRows = systemRows;
exports.orphanText = orphanText;
const l10n = __importStar(require("@vscode/l10n"));
const address_1 = require("../protocol/address");
const counts_1 = require("./counts");
const system_names_1 = require("./system-names");
function isSystemNode(value) {
    return typeof value === 'object' && value !== null && 'nodeOf' in value && value.nodeOf === 'peermap-system';
}
exports.kinds = ['posix', 'sysv', 'memfd', 'anonymous'];
function kindText(kind) {
    switch (kind) {
        case 'posix':
            return l10n.t('POSIX objects');
        case 'sysv':
            return l10n.t('System V segments');
        case 'memfd':
            return 'memfd';
        case 'anonymous':
            return l10n.t('Shared anonymous memory');
    }
}
function objectId({ kind, device, inode, sysv }) {
    return sysv ? `sysv/${sysv.id}` : `${kind}/${device}/${inode}`;
}
/** What people call it. */
function titleOf({ kind, name, inode, sysv }) {
    if (kind === 'sysv' && sysv)
        return sysv.key === 0
            ? l10n.t('id {0} (private)', sysv.id)
            : l10n.t('id {0}, key {1}', sysv.id, `0x${sysv.key.toString(16).padStart(8, '0')}`);
    return name === '' ? l10n.t('inode {0}', inode) : visible(name);
}
/** A name may hold any character: one that turns the line around, or ends it, is shown as what it is. */
function visible(name) {
    return name.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
function segmentName({ kind, name, elsewhere, removed }) {
    return kind === 'posix' && !elsewhere && !removed ? /^peermap\.([A-Za-z0-9_-][A-Za-z0-9._-]*)$/.exec(name)?.[1] : undefined;
}
/** Has a name of this side by which it could be removed, and nobody was seen to have it. */
function isRemovable({ kind, orphan, elsewhere, removed }) {
    return orphan === 'orphan' && !elsewhere && !removed && (kind === 'posix' || kind === 'sysv');
}
function sorted(objects, { by, orphansOnly }) {
    const wanted = objects.filter(({ orphan }) => !orphansOnly || orphan === 'orphan');
    const names = (a, b) => titleOf(a).localeCompare(titleOf(b), undefined, { numeric: true });
    return wanted.sort((a, b) => (by === 'size' ? b.size - a.size || names(a, b) : names(a, b)));
}
function systemRows(census, sorting, users) {
    return [
        ...limitRows(census),
        ...exports.kinds.flatMap((kind) => kindRow(kind, census, sorting, users)),
        ...census.problems.map(({ where, text }) => plain(`problem:${where}/${text}`, where, text, 'problem')),
    ];
}
function limitRows({ limits, hidden, objects }) {
    const { directorySize, directoryUsed = 0, shmmax, shmall, shmmni, resident } = limits;
    const rows = [];
    if (directorySize !== undefined) {
        const text = directorySize === 0
            ? l10n.t('{0} used, without a limit', (0, address_1.formatBytes)(directoryUsed))
            : l10n.t('{0} of {1} used', (0, address_1.formatBytes)(directoryUsed), (0, address_1.formatBytes)(directorySize));
        // Docker's own default, unless --shm-size says otherwise: too little for most that need any.
        const small = directorySize === 64 << 20 ? ` · ${l10n.t('Docker gives a container 64 MiB: --shm-size changes it')}` : '';
        rows.push(plain('limit:directory', '/dev/shm', text + small, 'limit'));
    }
    if (resident !== undefined)
        rows.push(plain('limit:resident', l10n.t('In memory now'), (0, address_1.formatBytes)(resident), 'limit'));
    const sysv = objects.filter(({ kind }) => kind === 'sysv').length;
    const parts = [
        ...(shmmni === undefined ? [] : [l10n.t('{0} of {1} segments', sysv, shmmni)]),
        ...(shmmax === undefined ? [] : [l10n.t('{0} each', upTo(shmmax))]),
        ...(shmall === undefined ? [] : [l10n.t('{0} together', upTo(shmall))]),
    ];
    if (parts.length > 0)
        rows.push(plain('limit:sysv', 'System V', parts.join(' · '), 'limit'));
    if (hidden > 0) {
        const text = hidden === 1
            ? l10n.t('1 process of another user could not be asked')
            : l10n.t('{0} processes of other users could not be asked', hidden);
        const why = l10n.t('What they alone have is not listed, and nothing that they may have is called an orphan.');
        rows.push({ ...plain('hidden', text, '', 'hidden'), tooltip: why });
    }
    return rows;
}
/** The kernel's own "as good as none". */
function upTo(bytes) {
    return bytes >= 2 ** 60 ? l10n.t('unlimited') : (0, address_1.formatBytes)(bytes);
}
function kindRow(kind, census, sorting, users) {
    const objects = sorted(census.objects.filter((object) => object.kind === kind), sorting);
    if (objects.length === 0)
        return [];
    const orphans = objects.filter(({ orphan }) => orphan === 'orphan').length;
    const size = objects.reduce((sum, object) => sum + object.size, 0);
    const words = [(0, counts_1.objectCount)(objects.length), (0, address_1.formatBytes)(size), ...(orphans > 0 ? [(0, counts_1.orphanCount)(orphans)] : [])];
    const children = objects.map((object) => objectRow(object, users));
    return [{ ...plain(`kind:${kind}`, kindText(kind), words.join(' · '), 'kind'), children }];
}
function objectRow(object, users) {
    const segment = segmentName(object);
    const id = `object:${objectId(object)}`;
    const owner = (0, system_names_1.ownerByName)(object);
    const holders = object.users.filter(({ looks }) => !looks);
    const words = [
        (0, address_1.formatBytes)(object.size),
        ...(object.known ? [users(object.uid)] : []),
        ...(object.orphan === 'in-use' ? [(0, counts_1.processCount)(holders.length)] : [orphanText(object)]),
        ...(object.removed && object.kind !== 'memfd' && object.kind !== 'anonymous' ? [l10n.t('removed')] : []),
        ...(object.elsewhere ? [l10n.t('of a container')] : []),
        ...(owner === undefined ? [] : [owner]),
    ];
    const facts = object.known
        ? [
            l10n.t('{0} large, {1} of it in memory or swapped out', (0, address_1.formatBytes)(object.size), (0, address_1.formatBytes)(object.allocated)),
            l10n.t('owner {0} ({1}), mode {2}', users(object.uid), object.uid, (object.mode & 0o7777).toString(8).padStart(4, '0')),
        ]
        : [l10n.t('at least {0}: as much as is mapped of it', (0, address_1.formatBytes)(object.size))];
    if (object.sysv)
        facts.push(l10n.t('created by pid {0}, last attached or detached by pid {1}', object.sysv.creatorPid, object.sysv.lastPid), l10n.t('attached {0} times', object.sysv.attached));
    return {
        id,
        label: segment ?? titleOf(object),
        description: words.join(' · '),
        tooltip: [titleOf(object), ...facts].join('\n'),
        icon: isRemovable(object) ? 'orphan' : segment === undefined ? 'object' : 'segment',
        context: ['object', ...(isRemovable(object) ? ['orphan'] : []), ...(segment === undefined ? [] : ['segment'])].join(' '),
        ...(segment === undefined ? {} : { segment }),
        children: object.users.map((user) => userRow(id, user, users)),
    };
}
function orphanText({ orphan }) {
    switch (orphan) {
        case 'in-use':
            return l10n.t('in use');
        case 'orphan':
            return l10n.t('orphan: nobody has it');
        case 'unknown':
            return l10n.t('nobody was seen to have it');
    }
}
function userRow(object, user, users) {
    const { pid, uid, command, mapped, writes, looks, descriptors } = user;
    const words = [
        `pid ${pid}`,
        users(uid),
        mapped > 0 ? (0, address_1.formatBytes)(mapped) : l10n.t('holds it open'),
        looks ? l10n.t('only looks') : writes ? l10n.t('reads and writes') : l10n.t('reads'),
    ];
    const open = descriptors === 1 ? l10n.t('1 file descriptor') : l10n.t('{0} file descriptors', descriptors);
    const row = plain(`user:${object}/${pid}`, visible(command), words.join(' · '), 'user');
    return { ...row, tooltip: [command, ...words, open].join('\n') };
}
function plain(id, label, description, icon) {
    return { id, label, description, tooltip: `${label}: ${description}`, icon, context: icon, children: [] };
}
