"use strict";
// SPDX-License-Identifier: MIT
//
// Whose an object probably is, by its name alone: a description for people, and nothing that anything is decided by.
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
exports.ownerByName = ownerByName;
const l10n = __importStar(require("@vscode/l10n"));
const patterns = [
    [/^peermap\./, () => 'Peermap'],
    [/^PostgreSQL\.\d+$/, () => 'PostgreSQL'],
    [/^(\.org\.chromium\.Chromium|\.com\.google\.Chrome|org\.chromium\.)/, () => 'Chromium'],
    [/^org\.mozilla\.ipc\./, () => 'Firefox'],
    [/^psm_[0-9a-f]{8}$/, () => l10n.t('Python (multiprocessing)')],
    [/^(wnsm_|mp-)/, () => l10n.t('Python (multiprocessing)')],
    [/^torch_\d+_/, () => 'PyTorch'],
    [/^sem\./, () => l10n.t('POSIX semaphore')],
    [/^(iox|iceoryx)/, () => 'iceoryx'],
    [/^(fastrtps_|fast_datasharing)/, () => 'Fast DDS'],
    [/^(boost_interprocess|MySharedMemory$)/, () => 'Boost.Interprocess'],
    [/^pulse-shm-/, () => 'PulseAudio'],
    [/^(lttng-ust-|shm-ust)/, () => 'LTTng'],
    [/^aeron-/, () => 'Aeron'],
    [/^(vader_segment|ompi|sm_segment)/, () => 'Open MPI'],
    [/^nccl-/, () => 'NCCL'],
    [/^u\d+-Shm_/, () => 'Valve'],
    [/^qipc_/, () => 'Qt'],
    [/^pipewire-memfd/, () => 'PipeWire'],
    [/^(wayland-|xshmfence|gdk-wayland)/, () => l10n.t('Graphics')],
    [/^doublemapper$/, () => '.NET'],
    [/^(mutter-shared|gnome-)/, () => 'GNOME'],
];
function ownerByName({ kind, name, sysv }) {
    // The first key that PostgreSQL takes is made of its port: 5432001 is 0x52e2c1.
    if (kind === 'sysv')
        return sysv && Math.floor(sysv.key / 1000) === 5432 ? 'PostgreSQL' : undefined;
    return patterns.find(([pattern]) => pattern.test(name))?.[1]();
}
