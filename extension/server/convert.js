"use strict";
// SPDX-License-Identifier: MIT
//
// What crosses the wire: the addon's objects with their addresses as text, and its errors as ResponseErrors.
Object.defineProperty(exports, "__esModule", { value: true });
exports.toWire = toWire;
exports.isPeermapError = isPeermapError;
exports.toResponseError = toResponseError;
const node_1 = require("vscode-languageserver/node");
const address_1 = require("../protocol/address");
/** A copy with every bigint a hexadecimal Address. */
function toWire(value) {
    return convert(value);
}
function convert(value) {
    if (typeof value === 'bigint')
        return (0, address_1.toAddress)(value);
    if (Array.isArray(value))
        return value.map(convert);
    if (typeof value !== 'object' || value === null)
        return value;
    // Not by entries: this is done with each snapshot, and takes half of the time.
    const copy = {};
    for (const key of Object.keys(value))
        copy[key] = convert(value[key]);
    return copy;
}
function isPeermapError(error) {
    return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('PEERMAP_');
}
/** The sentence names the peer that is to blame, also for a client that shows nothing but the sentence. */
function toResponseError(error) {
    if (error instanceof node_1.ResponseError)
        return error;
    if (isPeermapError(error)) {
        const failure = { code: error.code };
        if (error.errno !== undefined)
            failure.errno = error.errno;
        if (error.round !== undefined)
            failure.round = toWire(error.round);
        return new node_1.ResponseError(node_1.LSPErrorCodes.RequestFailed, sentence(error), failure);
    }
    if (error instanceof TypeError || error instanceof RangeError) {
        return new node_1.ResponseError(node_1.ErrorCodes.InvalidParams, error.message);
    }
    return new node_1.ResponseError(node_1.ErrorCodes.InternalError, error instanceof Error ? error.message : String(error));
}
function sentence(error) {
    const culprit = error.round?.culprit;
    if (!culprit || error.message.includes(culprit.name))
        return error.message;
    return `${error.message} (${culprit.name}, pid ${culprit.pid})`;
}
