"use strict";
// SPDX-License-Identifier: MIT
//
// What /proc says of the processes in sight.  It is asked once for each process, and again when that stops, goes on or is traced: never
// because a snapshot came.
Object.defineProperty(exports, "__esModule", { value: true });
exports.factsKey = factsKey;
exports.useFacts = useFacts;
const hooks_1 = require("preact/hooks");
const context_1 = require("./context");
/** What makes it worth asking again.  That a process runs or sleeps changes all the time and nothing with it. */
function factsKey({ pid, startTime, processState }) {
    const held = processState !== undefined && 'TtZX'.includes(processState) ? processState : '';
    return `${pid} ${startTime} ${held}`;
}
function useFacts(peers, open) {
    const { ask } = (0, context_1.useActions)();
    const [facts, setFacts] = (0, hooks_1.useState)(none);
    const asked = (0, hooks_1.useRef)(new Map());
    (0, hooks_1.useEffect)(() => {
        if (!open)
            return;
        const fresh = peers.filter((peer) => peer.state !== 'dead' && asked.current.get(peer.pid) !== factsKey(peer));
        if (fresh.length === 0)
            return;
        for (const peer of fresh)
            asked.current.set(peer.pid, factsKey(peer));
        const take = ({ value }) => setFacts((before) => new Map([...before, ...value.map((one) => [one.pid, one])]));
        // Without them the registry shows what the segment itself tells.
        ask('peermap/facts', { pids: fresh.map(({ pid }) => pid) }).then(take, () => undefined);
    }, [peers, open]);
    return facts;
}
const none = new Map();
