/** What a probe found: fine, or what was wrong in a few words. */
export type ProbeResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };
