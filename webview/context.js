"use strict";
// SPDX-License-Identifier: MIT
//
// What any part of the page can ask for.  main.tsx provides it.
Object.defineProperty(exports, "__esModule", { value: true });
exports.ActionsContext = void 0;
exports.useActions = useActions;
const preact_1 = require("preact");
const hooks_1 = require("preact/hooks");
const nothing = () => undefined;
exports.ActionsContext = (0, preact_1.createContext)({
    view: nothing,
    run: nothing,
    ask: () => Promise.reject(new Error('nobody to ask')),
    copy: nothing,
    reveal: nothing,
    save: nothing,
    openText: nothing,
    dismiss: nothing,
    tip: nothing,
    scrolled: () => 0,
    scroll: nothing,
});
function useActions() {
    return (0, hooks_1.useContext)(exports.ActionsContext);
}
