"use strict";
// SPDX-License-Identifier: MIT
//
// A struct in shared memory as rows of fields with their values.
//
//     Description (what it looks like) + bytes of the data --> StructureField[]
//
// The bytes are another program's, which goes on writing while they are read, a block after the other: a value may be torn, and two
// values need not be of one moment.  Nothing in them is believed: each pointer is checked, what is behind it is read by its offset,
// and how much is looked at has a bound, whatever the bytes say.
//
// First the struct itself, then what its pointers lead to, then what theirs lead to: so where the bound cuts, it cuts far away.
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
exports.decode = decode;
const l10n = __importStar(require("@vscode/l10n"));
const scalars_1 = require("./scalars");
const blockLength = 4096;
const longestText = 64;
const mostElements = 16;
const mostFields = 400;
const farthest = 3;
function decode(description, offset, memory) {
    return new Decoder(description, memory).root(offset);
}
class Decoder {
    description;
    memory;
    blocks = new Map();
    pending = [];
    /** What is shown already, as "type@offset": a pointer that leads there is shown, and not followed again. */
    shown = new Set();
    left = mostFields;
    constructor(description, memory) {
        this.description = description;
        this.memory = memory;
    }
    root(offset) {
        const number = this.description.root;
        this.shown.add(`${number}@${offset}`);
        const fields = this.insides(number, offset, 0);
        for (let next = this.pending.shift(); next; next = this.pending.shift())
            this.follow(next);
        return fields.fields;
    }
    type(number) {
        return this.description.types[number] ?? { name: '', size: 0, kind: 'other' };
    }
    follow({ field, type, target, level }) {
        const key = `${type}@${target}`;
        if (this.shown.has(key))
            return;
        this.shown.add(key);
        const { fields, omitted } = this.insides(type, target, level);
        if (fields.length > 0)
            field.fields = fields;
        if (omitted > 0)
            field.omitted = omitted;
    }
    /** The fields of a struct, the elements of an array; of anything else itself, as "*". */
    insides(number, offset, level) {
        const type = this.type(number);
        let rows;
        let all;
        if (type.kind === 'array' && !this.isText(type)) {
            const element = type.target ?? -1;
            all = type.count ?? 0;
            const bit = this.type(element).size * 8;
            rows = Array.from({ length: Math.min(all, mostElements) }, (_, i) => ({ name: `[${i}]`, type: element, bit: i * bit }));
        }
        else {
            rows = type.fields ?? [{ name: '*', type: number, bit: 0 }];
            all = rows.length + (type.omitted ?? 0);
        }
        const fields = [];
        for (const row of rows) {
            if (this.left <= 0)
                break;
            this.left -= 1;
            fields.push(this.field(row, offset, level));
        }
        return { fields, omitted: all - fields.length };
    }
    field(layout, start, level) {
        const type = this.type(layout.type);
        const offset = start + Math.floor(layout.bit / 8);
        const bits = layout.bits;
        const size = bits === undefined ? type.size : Math.ceil(((layout.bit % 8) + bits) / 8);
        const field = {
            name: layout.name === '' ? l10n.t('(anonymous)') : layout.name,
            type: bits === undefined ? type.name : `${type.name} : ${bits}`,
            offset,
            size,
            value: '',
        };
        if (type.kind === 'struct' || type.kind === 'union' || (type.kind === 'array' && !this.isText(type))) {
            const { fields, omitted } = this.insides(layout.type, offset, level);
            field.fields = fields;
            if (omitted > 0)
                field.omitted = omitted;
            return field;
        }
        const bytes = this.bytes(offset, type.kind === 'array' ? Math.min(size, longestText) : size);
        if (bytes.length < Math.min(size, longestText))
            field.value = l10n.t('(past the end)');
        else if (type.kind === 'array')
            field.value = (0, scalars_1.textOf)(bytes, size > longestText);
        else if (type.kind === 'pointer')
            this.point(field, type, bytes, level);
        else
            field.value = (0, scalars_1.scalarText)(type, (0, scalars_1.integer)(bytes, layout.bit % 8, bits ?? size * 8, type.signed ?? false), bytes);
        return field;
    }
    point(field, type, bytes, level) {
        const address = (0, scalars_1.unsigned)(bytes);
        field.value = `0x${address.toString(16)}`;
        const distance = address - this.memory.base;
        if (distance < 0n || distance >= BigInt(this.memory.active))
            return;
        const target = Number(distance);
        field.target = target;
        if (type.target === undefined)
            return;
        const pointee = this.type(type.target);
        if (pointee.kind === 'char')
            field.value = (0, scalars_1.textOf)(this.bytes(target, longestText), true);
        else if (level < farthest)
            this.pending.push({ field, type: type.target, target, level: level + 1 });
        else if (!this.shown.has(`${type.target}@${target}`))
            field.omitted = pointee.fields?.length ?? 1;
    }
    isText(type) {
        return type.kind === 'array' && this.type(type.target ?? -1).kind === 'char';
    }
    bytes(offset, length) {
        const end = Math.min(offset + length, this.memory.active);
        if (offset < 0 || end <= offset)
            return new Uint8Array();
        const bytes = new Uint8Array(end - offset);
        let done = 0;
        while (done < bytes.length) {
            const at = (offset + done) % blockLength;
            const part = this.block(offset + done - at).subarray(at, at + bytes.length - done);
            if (part.length === 0)
                return bytes.subarray(0, done);
            bytes.set(part, done);
            done += part.length;
        }
        return bytes;
    }
    block(offset) {
        const known = this.blocks.get(offset);
        if (known)
            return known;
        const block = this.memory.read(offset, Math.min(blockLength, this.memory.active - offset));
        this.blocks.set(offset, block);
        return block;
    }
}
