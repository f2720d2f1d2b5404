// SPDX-License-Identifier: MIT
//
// What a page of ours may load, run and be led to: its own script, by nonce, its own style and fonts, and nothing else.  `own`: where those are.

export function policyOf(page?: { nonce: string; own: string }): string {
  const nothing = "default-src 'none'; base-uri 'none'; form-action 'none'";
  return page ? `${nothing}; script-src 'nonce-${page.nonce}'; style-src ${page.own}; font-src ${page.own}` : nothing;
}
