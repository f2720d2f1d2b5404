"use strict";
// SPDX-License-Identifier: MIT
//
// What is at a place of the address map, in words and as a range.  Pure.
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
exports.pointedAt = pointedAt;
exports.mapText = mapText;
const l10n = __importStar(require("@vscode/l10n"));
const address_1 = require("../extension/protocol/address");
const map_model_1 = require("./map-model");
const map_zoom_1 = require("./map-zoom");
/** Thin pieces are meant from so many pixels beside them. */
const reach = 4;
function pointedAt(lane, scale, roots, x) {
    const offset = (0, map_zoom_1.offsetAt)(scale, scale.scaled, x);
    if (offset === undefined) {
        const lines = [l10n.t('{0} of addresses reserved', (0, address_1.formatBytes)(scale.reserved))];
        if (lane.base !== undefined)
            lines.push(l10n.t('data from {0}', lane.base));
        return { lines };
    }
    const lacking = nearest(lane.missing, scale, x);
    const piece = lacking ?? nearest(lane.pieces ?? [], scale, x);
    const address = (0, map_model_1.addressIn)(lane, offset);
    const lines = [
        offset < 0
            ? l10n.t('{0} before the data: header', (0, address_1.formatBytes)(-offset))
            : l10n.t('offset 0x{0}, {1}', offset.toString(16), (0, address_1.formatBytes)(offset)),
    ];
    if (address !== undefined)
        lines.push(l10n.t('address {0} in {1}', address, lane.name));
    lines.push(stateText(lane, scale, offset, lacking !== undefined));
    const root = roots.find((one) => offset >= one.offset && offset < one.offset + Math.max(1, one.size));
    if (root)
        lines.push(root.type === '' ? l10n.t('root {0}', root.name) : l10n.t('root {0}, {1}', root.name, root.type));
    if (piece)
        lines.push(...(0, map_model_1.pieceLines)(piece, lacking !== undefined));
    const pinAt = (0, map_model_1.toX)(scale, scale.scaled, lane.pinned);
    if (lane.pinned > 0 && Math.abs(pinAt - x) <= reach)
        lines.push(l10n.t('pinned up to {0}', (0, address_1.formatBytes)(lane.pinned)));
    if (root)
        return { lines, range: { offset: root.offset, length: Math.max(1, root.size) } };
    return piece ? { lines, range: { offset: piece.offset, length: piece.length } } : { lines };
}
function nearest(pieces, scale, x) {
    let best;
    for (const piece of pieces) {
        const x0 = (0, map_model_1.toX)(scale, scale.scaled, piece.offset);
        const x1 = (0, map_model_1.toX)(scale, scale.scaled, piece.offset + piece.length);
        const away = Math.max(x0 - x, x - x1, 0);
        if (away <= (x1 - x0 < 2 * reach ? reach : 0) && (!best || away < best.away))
            best = { piece, away };
    }
    return best?.piece;
}
function stateText(lane, { active, horizon, reserved }, offset, lacks) {
    if (offset < 0)
        return l10n.t('header of the segment');
    const mapped = lane.pieces?.some((one) => offset >= one.offset && offset < one.offset + one.length);
    if (lacks)
        return l10n.t('active, and lacking here');
    if (offset < active)
        return mapped === false ? l10n.t('active, not mapped here') : l10n.t('active');
    if (mapped)
        return l10n.t('mapped ahead, not active yet');
    if (offset < horizon)
        return l10n.t('below the horizon, not active yet');
    return offset < reserved ? l10n.t('reserved') : l10n.t('past the reservation');
}
/** The map to read. */
function mapText(lanes, roots, title) {
    const lines = [title, ''];
    for (const root of roots)
        lines.push(l10n.t('root {0}: offset 0x{1}, {2}', root.name, root.offset.toString(16), (0, address_1.formatBytes)(root.size)));
    for (const { name, pid, facts, note, pieces, missing } of lanes) {
        lines.push('', [l10n.t('{0}, pid {1}', name, pid), facts, note].filter((part) => part !== '').join(', '));
        for (const one of pieces ?? [])
            lines.push(`  ${(0, map_model_1.pieceLines)(one, false).join(', ')}`);
        for (const one of missing)
            lines.push(`  ${l10n.t('lacks {0} – {1}', one.address, (0, address_1.plus)(one.address, one.length))}`);
    }
    return `${lines.join('\n')}\n`;
}
