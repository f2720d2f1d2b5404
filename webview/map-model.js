"use strict";
// SPDX-License-Identifier: MIT
//
// The address map as numbers: its scale, and a lane per process with the pieces in it.  Pure.
//
// Lanes are aligned by offset in the data, not by address: a relocated peer's lane lies under the others, and says where it is.
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
exports.roundUp = roundUp;
exports.scaleFor = scaleFor;
exports.mapScale = mapScale;
exports.roomBehind = roomBehind;
exports.toX = toX;
exports.breaksOf = breaksOf;
exports.ticksOf = ticksOf;
exports.lanesOf = lanesOf;
exports.pieceLines = pieceLines;
exports.addressIn = addressIn;
const l10n = __importStar(require("@vscode/l10n"));
const address_1 = require("../extension/protocol/address");
const peer_1 = require("./peer");
/** The smallest of 1, 1.25, 1.5, 1.75, 2 … times a power of two that is at least `bytes`: a scale that stands still while sizes change a little. */
function roundUp(bytes) {
    if (bytes <= 0)
        return 1;
    const power = 2 ** Math.floor(Math.log2(bytes));
    return [1, 1.25, 1.5, 1.75, 2].map((factor) => factor * power).find((step) => step >= bytes) ?? bytes;
}
/**
 * A scale that shows `extent` bytes of `reserved`, what is `mapped` past them, and some room to grow.  Where so much is mapped ahead that
 * the rest would be a sliver beside it, the drawing breaks off before.
 */
function scaleFor(start, extent, reserved, mapped = extent) {
    const whole = Math.min(Math.max(extent, mapped), reserved);
    const end = roundUp((whole > 4 * extent ? 2 * extent : whole) * 1.1);
    if (end * 1.25 >= reserved)
        return { start, end: reserved, broken: false };
    return whole > end ? { start, end, broken: true, far: whole } : { start, end, broken: true };
}
function mapScale(snapshot, header) {
    const { active, headerLength, reserved } = header;
    const near = Math.max(active, snapshot.object.length - headerLength, header.pageSize);
    const ends = [header.target, header.horizon];
    for (const { mapped } of snapshot.peers)
        ends.push(mapped);
    for (const { mappings = [] } of [...snapshot.peers, ...snapshot.strangers]) {
        for (const { offset, length } of mappings)
            ends.push(offset + length - headerLength);
    }
    return scaleFor(-headerLength, Math.min(near, reserved), reserved, Math.max(...ends));
}
/** CSS pixels: of a break mark with the room around it, and of what is mapped behind one. */
const breakWidth = 28;
const farWidth = 46;
/** CSS pixels behind what is to scale; `label` are those for the reservation's own. */
function roomBehind({ broken, far }, label) {
    return broken ? breakWidth + label + (far === undefined ? 0 : farWidth + breakWidth) : 1;
}
/** Where an offset is drawn, if what is to scale takes `scaled` pixels. */
function toX(scale, scaled, offset) {
    const { start, end, far } = scale;
    if (offset <= end || far === undefined)
        return ((Math.min(Math.max(offset, start), end) - start) / (end - start)) * scaled;
    return scaled + breakWidth + (Math.min(offset - end, far - end) / (far - end)) * farWidth;
}
/** Where the break marks are. */
function breaksOf(scale, scaled) {
    if (!scale.broken)
        return [];
    const first = scaled + breakWidth / 2;
    return scale.far === undefined ? [first] : [first, first + breakWidth + farWidth];
}
/** Offsets for an axis `pixels` long: a power of two apart, room for a label each, and for the reservation's behind a break. */
function ticksOf({ start, end, broken }, pixels) {
    const perByte = pixels / (end - start);
    const step = 2 ** Math.ceil(Math.log2(Math.max(1, labelRoom / perByte)));
    const ticks = [];
    for (let at = Math.max(0, Math.ceil(start / step) * step); at <= end; at += step)
        if (!broken || at === 0 || (end - at) * perByte > labelRoom / 4)
            ticks.push(at);
    return ticks;
}
const labelRoom = 92;
function lanesOf(snapshot, header) {
    return [...snapshot.peers.map((peer) => peerLane(peer, header)), ...snapshot.strangers.map((one) => strangerLane(one, header))];
}
function peerLane(peer, header) {
    const condition = (0, peer_1.conditionOf)(peer);
    const lacks = (0, peer_1.lacking)(peer) > 0;
    const kernel = (0, peer_1.kernelOf)(peer, header);
    const notes = [];
    if (lacks)
        notes.push((0, peer_1.lackText)(peer));
    if (peer.state === 'dead')
        notes.push(l10n.t('claims {0}, maps nothing', (0, address_1.formatBytes)(peer.mapped)));
    else if (kernel.kind === 'unknown')
        notes.push(l10n.t('what the kernel maps here cannot be read'));
    else if (kernel.kind === 'drift' && !lacks)
        notes.push(l10n.t('the kernel maps {0}', kernel.text));
    if (peer.relocated)
        notes.push(l10n.t('relocated to {0}', peer.base));
    const missing = (lacks ? (peer.missing ?? []) : []).map(({ address, length }) => ({
        offset: Number(BigInt(address) - BigInt(peer.base)),
        length,
        address,
        permissions: '',
        ahead: false,
    }));
    const maps = kernel.kind === 'unknown' ? '' : mapsText(peer.mappings ?? [], header);
    const lane = {
        key: (0, peer_1.peerKey)(peer),
        name: peer.name,
        pid: peer.pid,
        condition,
        base: peer.base,
        relocated: peer.relocated,
        missing,
        claim: peer.mapped,
        pinned: peer.pins > 0 ? peer.pinnedBytes : 0,
        note: notes.join('; '),
        noteTone: lacks ? 'bad' : 'quiet',
        facts: [(0, peer_1.conditionText)(condition), maps].filter((part) => part !== '').join(', '),
    };
    if (peer.mappings)
        lane.pieces = peer.mappings.flatMap((mapping) => toPieces(mapping, header));
    return lane;
}
function mapsText(mappings, { active, headerLength }) {
    const inside = (0, peer_1.dataBytes)(mappings, headerLength, active);
    const ahead = (0, peer_1.dataBytes)(mappings, headerLength) - inside;
    return ahead > 0
        ? l10n.t('maps {0} of {1} active, and {2} ahead', (0, address_1.formatBytes)(inside), (0, address_1.formatBytes)(active), (0, address_1.formatBytes)(ahead))
        : l10n.t('maps {0} of {1} active', (0, address_1.formatBytes)(inside), (0, address_1.formatBytes)(active));
}
function strangerLane({ pid, command, mappings }, header) {
    const bytes = (0, address_1.formatBytes)((0, peer_1.dataBytes)(mappings, header.headerLength));
    return {
        key: (0, peer_1.strangerKey)(pid),
        name: command,
        pid,
        relocated: false,
        pieces: mappings.flatMap((mapping) => toPieces(mapping, header)),
        missing: [],
        claim: 0,
        pinned: 0,
        note: l10n.t('not in the registry'),
        noteTone: 'quiet',
        facts: l10n.t('maps {0}', bytes),
    };
}
/** Divided where the active memory ends. */
function toPieces({ address, length, offset: inFile, permissions }, { headerLength, active }) {
    const offset = inFile - headerLength;
    const inside = Math.min(Math.max(active - offset, 0), length);
    const pieces = [];
    if (inside > 0)
        pieces.push({ offset, length: inside, address, permissions, ahead: false });
    if (inside < length) {
        const rest = { offset: offset + inside, length: length - inside, address: (0, address_1.plus)(address, inside) };
        pieces.push({ ...rest, permissions, ahead: true });
    }
    return pieces;
}
/** What the tooltip and the screen reader say of a piece. */
function pieceLines(piece, lacks) {
    const lines = [`${piece.address} – ${(0, address_1.plus)(piece.address, piece.length)}`, whereText(piece)];
    if (piece.ahead)
        lines.push(l10n.t('mapped ahead: not active yet'));
    lines.push(lacks
        ? l10n.t('lacking: the header says it is active, the kernel does not map it here')
        : l10n.t('permissions {0}', piece.permissions));
    return lines;
}
function whereText({ offset, length }) {
    const size = (0, address_1.formatBytes)(length);
    if (offset >= 0)
        return l10n.t('{0} at offset 0x{1}', size, offset.toString(16));
    return offset + length <= 0
        ? l10n.t('{0} of the header', size)
        : l10n.t('{0}, header and the first {1} of the data', size, (0, address_1.formatBytes)(offset + length));
}
/** The address at which a lane's process has an offset, if it has it anywhere. */
function addressIn({ base, pieces = [] }, offset) {
    const piece = pieces.find((one) => offset >= one.offset && offset < one.offset + one.length);
    if (piece)
        return (0, address_1.plus)(piece.address, offset - piece.offset);
    return base === undefined ? undefined : (0, address_1.plus)(base, offset);
}
