/** Widths of pictures that `mortal-perceiver` ends at, or fails on. */
export const MORTAL_WIDTHS = { exit: 101, throw: 102, fail: 103 } as const;
