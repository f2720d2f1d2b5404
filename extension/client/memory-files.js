"use strict";
// SPDX-License-Identifier: MIT
//
// Segments as files that can be read, for editors of bytes such as the Hex Editor.  Which bytes a file has is in its name (memory-uri.ts):
// an editor that reads whole files reads no more than was asked for.
//
//     Hex Editor --readFile--> MemoryFiles --peermap/read, in pieces--> server
//                <--changed--              <--Segments, while somebody watches
//
// What peers write into the memory is nobody's event: a file changes for its editor when the segment does, at most once a second.
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
exports.MemoryFiles = exports.mostBytes = void 0;
const l10n = __importStar(require("@vscode/l10n"));
const vscode = __importStar(require("vscode"));
const address_1 = require("../protocol/address");
const failure_1 = require("./failure");
const memory_uri_1 = require("./memory-uri");
/** More than this is not read at once: an editor would hold all of it. */
exports.mostBytes = 64 * 1024 * 1024;
const piece = 1024 * 1024;
const restMs = 1000;
class MemoryFiles {
    segments;
    server;
    emitter = new vscode.EventEmitter();
    /** When a segment was last said to have changed: the time of its files. */
    changedAt = new Map();
    openedAt = Date.now();
    onDidChangeFile = this.emitter.event;
    constructor(segments, server) {
        this.segments = segments;
        this.server = server;
    }
    register() {
        return vscode.workspace.registerFileSystemProvider(memory_uri_1.memoryScheme, this, { isReadonly: true, isCaseSensitive: true });
    }
    dispose() {
        this.emitter.dispose();
    }
    watch(uri) {
        const path = (0, memory_uri_1.parseMemoryPath)(uri.path);
        if (!path)
            return new vscode.Disposable(() => undefined);
        const { segment } = path;
        let timer;
        const tell = (type) => {
            timer = undefined;
            this.changedAt.set(segment, Date.now());
            this.emitter.fire([{ type, uri }]);
        };
        const changes = this.segments.onDidChangeSegment((change) => {
            if (change.segment !== segment || change.kind === 'attachment')
                return;
            if (change.kind === 'gone')
                tell(vscode.FileChangeType.Deleted);
            else
                timer ??= setTimeout(() => tell(vscode.FileChangeType.Changed), restMs);
        });
        const held = this.segments.watch(segment);
        return new vscode.Disposable(() => {
            clearTimeout(timer);
            changes.dispose();
            held.dispose();
        });
    }
    async stat(uri) {
        const { range, segment } = this.pathOf(uri);
        const { object, header } = await this.look(segment, uri);
        const end = object.length - (header?.headerLength ?? 0);
        const size = range ? Math.max(0, Math.min(range.length, end - range.offset)) : (header?.active ?? end);
        const ctime = header?.createdAtMs ?? this.openedAt;
        const mtime = this.changedAt.get(segment) ?? this.openedAt;
        return { type: vscode.FileType.File, ctime, mtime, size, permissions: vscode.FilePermission.Readonly };
    }
    async readFile(uri) {
        const { segment, range } = this.pathOf(uri);
        const { offset, length } = range ?? { offset: 0, length: (await this.stat(uri)).size };
        if (length > exports.mostBytes) {
            const text = l10n.t('{0} is too much to open at once: open a range of {1}.', (0, address_1.formatBytes)(length), segment);
            throw vscode.FileSystemError.Unavailable(text);
        }
        const parts = [];
        for (let at = 0; at < length;) {
            const params = { segment, offset: offset + at, length: Math.min(piece, length - at) };
            const read = await this.ask(uri, () => this.server.request('peermap/read', params, `reading ${segment}`));
            const bytes = Buffer.from(read.bytes, 'base64');
            parts.push(bytes);
            at += bytes.length;
            if (bytes.length < params.length)
                break;
        }
        return new Uint8Array(Buffer.concat(parts));
    }
    readDirectory(uri) {
        if (uri.path !== '/')
            throw vscode.FileSystemError.FileNotFound(uri);
        return this.segments.list.map(({ name }) => [`${name}.bin`, vscode.FileType.File]);
    }
    createDirectory = refuse;
    writeFile = refuse;
    delete = refuse;
    rename = refuse;
    pathOf(uri) {
        const path = (0, memory_uri_1.parseMemoryPath)(uri.path);
        if (!path)
            throw vscode.FileSystemError.FileNotFound(uri);
        return path;
    }
    async look(segment, uri) {
        const known = this.segments.isLive(segment) ? this.segments.latest(segment) : undefined;
        return known ?? (await this.ask(uri, () => this.segments.look(segment)));
    }
    async ask(uri, question) {
        try {
            return await question();
        }
        catch (error) {
            const code = error instanceof failure_1.PeermapFailure ? error.code : undefined;
            if (code === 'PEERMAP_ENOENT')
                throw vscode.FileSystemError.FileNotFound(uri);
            if (code === 'PEERMAP_EACCES')
                throw vscode.FileSystemError.NoPermissions((0, failure_1.sentenceOf)(error));
            throw vscode.FileSystemError.Unavailable((0, failure_1.sentenceOf)(error));
        }
    }
}
exports.MemoryFiles = MemoryFiles;
function refuse() {
    throw vscode.FileSystemError.NoPermissions(l10n.t('The memory of a segment is shown and not changed.'));
}
