"use strict";
// SPDX-License-Identifier: MIT
//
// How a peer comes to a mapping, why one does not, and how it is, in words: the same in messages, in the registry and in the timeline.
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
exports.opWords = exports.stateWords = exports.methodWords = void 0;
exports.reachText = reachText;
const l10n = __importStar(require("@vscode/l10n"));
// Getters, since the language is known only once the page or the server has been told it.
/** "search had it mapped ahead". */
exports.methodWords = {
    get none() {
        return l10n.t('did not map it');
    },
    get attach() {
        return l10n.t('mapped it while attaching');
    },
    get agent() {
        return l10n.t('mapped it, by its agent');
    },
    get self() {
        return l10n.t('mapped it itself');
    },
    get unstop() {
        return l10n.t('was reached while stopped: its agent alone was let run');
    },
    get inject() {
        return l10n.t('was reached while stopped: the mapping was made in its agent');
    },
    get ahead() {
        return l10n.t('had it mapped ahead');
    },
};
/** How a peer is. */
exports.stateWords = {
    get alive() {
        return l10n.t('alive');
    },
    get late() {
        return l10n.t('late');
    },
    get dead() {
        return l10n.t('dead');
    },
    get attaching() {
        return l10n.t('attaching');
    },
};
/** What a round is for: "a growth". */
exports.opWords = {
    get none() {
        return l10n.t('nothing');
    },
    get grow() {
        return l10n.t('growth');
    },
    get shrink() {
        return l10n.t('shrinking');
    },
    get remap() {
        return l10n.t('remapping');
    },
    get map() {
        return l10n.t('mapping call');
    },
    get recover() {
        return l10n.t('recovery');
    },
    get ahead() {
        return l10n.t('mapping ahead');
    },
    get inside() {
        return l10n.t('growth');
    },
};
/** Why a peer that did not answer could not be reached from outside, by the errno that native/runtime/reach.c gives it. */
const reachWords = {
    get 0() {
        return l10n.t('it is starved, frozen, or was stopped in between');
    },
    get 1() {
        return l10n.t('it is stopped, and the system does not let its agent be run (kernel.yama.ptrace_scope, its user, a sandbox)');
    },
    get 3() {
        return l10n.t('its process cannot be seen from here');
    },
    get 13() {
        return l10n.t('it is stopped, and nobody may reach into it (no-inject)');
    },
    get 16() {
        return l10n.t('a debugger or another tracer holds it');
    },
    get 38() {
        return l10n.t('it is stopped, and stopped peers cannot be reached on this kind of processor');
    },
};
function reachText(error) {
    return reachWords[error] ?? l10n.t('errno {0}', error);
}
