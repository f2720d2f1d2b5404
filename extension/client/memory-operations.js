"use strict";
// SPDX-License-Identifier: MIT
//
// The bytes of a segment in an editor: in the Hex Editor where it is installed, otherwise in the inspector.
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
exports.openMemory = openMemory;
const l10n = __importStar(require("@vscode/l10n"));
const vscode = __importStar(require("vscode"));
const address_1 = require("../protocol/address");
const command_arguments_1 = require("./command-arguments");
const failure_1 = require("./failure");
const memory_files_1 = require("./memory-files");
const memory_uri_1 = require("./memory-uri");
const operation_1 = require("./operation");
const hexEditor = { extension: 'ms-vscode.hexeditor', viewType: 'hexEditor.hexedit' };
/** The Hex Editor loads the whole of a file that is not on disk: what is larger is asked for by range. */
const mostUnasked = 4 * 1024 * 1024;
async function openMemory(parts, { target, asks }) {
    const segment = await (0, operation_1.segmentOf)(parts, target, asks, l10n.t('Open memory'));
    if (segment === undefined)
        return undefined;
    const { header, object } = await parts.segments.look(segment);
    const size = header?.active ?? object.length;
    const given = rangeOf(target, size);
    const installed = vscode.extensions.getExtension(hexEditor.extension) !== undefined;
    const range = given ?? (installed && size > mostUnasked ? await askedRange(segment, size, header, asks) : undefined);
    if (installed && !given && !range && size > mostUnasked)
        return undefined;
    if (range && range.length > memory_files_1.mostBytes) {
        const text = l10n.t('{0} is too much to open at once: at most {1}.', (0, address_1.formatBytes)(range.length), (0, address_1.formatBytes)(memory_files_1.mostBytes));
        throw new failure_1.PeermapFailure('PEERMAP_EINVAL', text);
    }
    const uri = vscode.Uri.from({ scheme: memory_uri_1.memoryScheme, path: (0, memory_uri_1.memoryPath)(segment, range) });
    if (installed)
        await vscode.commands.executeCommand('vscode.openWith', uri, hexEditor.viewType);
    else
        await parts.inspectors.reveal(segment, { section: 'memory', ...(range ? { range } : {}) });
    return { segment, uri: uri.toString(), opened: installed ? 'hex-editor' : 'inspector' };
}
/** Undefined if no place is named: all of it. */
function rangeOf({ offset, bytes }, size) {
    if (offset === undefined && bytes === undefined)
        return undefined;
    const from = offsetOf(offset ?? 0);
    return { offset: from, length: bytes === undefined ? Math.max(1, Math.min(mostUnasked, size - from)) : (0, command_arguments_1.bytesOf)(bytes, size) };
}
function offsetOf(offset) {
    if (typeof offset === 'number')
        return offset;
    const match = /^(-?)(0x[0-9a-f]+|\d+)$/i.exec(offset.trim());
    const value = Number(match?.[2]);
    if (!match || !Number.isSafeInteger(value)) {
        const text = l10n.t('"{0}" is not an offset: type a number of bytes such as 4096 or 0x1000.', offset);
        throw new failure_1.PeermapFailure('PEERMAP_EINVAL', text);
    }
    return match[1] === '-' ? -value : value;
}
async function askedRange(segment, size, header, asks) {
    if (!asks)
        return { offset: 0, length: mostUnasked };
    const lowest = -(header?.headerLength ?? 0);
    const problemOf = (text) => {
        try {
            const from = offsetOf(text);
            return from >= lowest && from < size ? undefined : l10n.t('The data ends at 0x{0}.', size.toString(16));
        }
        catch (error) {
            return error instanceof failure_1.PeermapFailure ? error.sentence : String(error);
        }
    };
    const text = await vscode.window.showInputBox({
        title: l10n.t('Open memory of {0}', segment),
        prompt: l10n.t('{0} is too much for one editor: from which offset shall {1} be opened?', (0, address_1.formatBytes)(size), (0, address_1.formatBytes)(mostUnasked)),
        value: '0x0',
        ignoreFocusOut: true,
        validateInput: problemOf,
    });
    if (text === undefined || problemOf(text) !== undefined)
        return undefined;
    const offset = offsetOf(text);
    return { offset, length: Math.min(mostUnasked, size - offset) };
}
