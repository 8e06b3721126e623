/** Widths of frames that `mortal-analyzer` exits at, throws at, fails on, or cannot forget the stream of. */
export const MORTAL_WIDTHS = { exit: 101, throw: 102, fail: 103, stick: 104 } as const;
