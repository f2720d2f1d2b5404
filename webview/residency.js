"use strict";
// SPDX-License-Identifier: MIT
//
// How much of what is mapped is in memory, measured when a person asks: looking holds each process up a little, so it is never repeated.
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
exports.useResidency = useResidency;
exports.amountIn = amountIn;
exports.totalText = totalText;
const l10n = __importStar(require("@vscode/l10n"));
const hooks_1 = require("preact/hooks");
const address_1 = require("../extension/protocol/address");
const context_1 = require("./context");
const never = { state: 'never', text: '', byPid: new Map() };
/** What is measured is told in pieces at these offsets in the object. */
function useResidency() {
    const { ask } = (0, context_1.useActions)();
    const [measured, setMeasured] = (0, hooks_1.useState)(never);
    const measure = (bounds) => {
        setMeasured((before) => ({ ...before, state: 'running' }));
        ask('peermap/residency', { bounds: [...bounds] }).then(({ value, problems }) => setMeasured(taken(value, problems.length)), (error) => setMeasured({ ...never, state: 'failed', text: error instanceof Error ? error.message : String(error) }));
    };
    return [measured, measure];
}
function taken(all, failed) {
    const sum = (0, address_1.formatNanoseconds)(all.reduce((total, { tookNs }) => total + tookNs, 0));
    const longest = (0, address_1.formatNanoseconds)(all.reduce((most, { tookNs }) => Math.max(most, tookNs), 0));
    const measured = all.length === 1
        ? l10n.t('Measured 1 process, which was held up for {0}.', sum)
        : l10n.t('Measured {0} processes in {1}, none of them held up for more than {2}.', all.length, sum, longest);
    const rest = failed === 0
        ? ''
        : failed === 1
            ? l10n.t('1 process could not be measured.')
            : l10n.t('{0} processes could not be measured.', failed);
    return { state: 'done', text: `${measured} ${rest}`.trim(), byPid: new Map(all.map((one) => [one.pid, one])) };
}
/** Of all mappings of a process that touch a range; whether they reach beyond it, so that the number is not the range's alone. */
function amountIn(residency, from, to, what) {
    const touching = residency?.ranges.filter(({ offset, length }) => offset < to && offset + length > from) ?? [];
    if (touching.length === 0)
        return undefined;
    return {
        bytes: touching.reduce((sum, one) => sum + one[what], 0),
        beyond: touching.some(({ offset, length }) => offset < from || offset + length > to),
    };
}
/** "64 KiB resident, 21.3 KiB proportional" of everything that a process maps. */
function totalText(residency) {
    const total = (what) => (0, address_1.formatBytes)(residency.ranges.reduce((sum, one) => sum + one[what], 0));
    return l10n.t('{0} resident, {1} proportional', total('resident'), total('proportional'));
}
