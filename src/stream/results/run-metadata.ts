import type { RestingFace } from './resting-face.js';

/** Description of a run: what produced a result, and whether it can be reproduced. */
export interface RunMetadata {
  /** Version of the JSONL schema; see docs/output.md. */
  readonly schemaVersion: 1;
  readonly ferstream: string;
  readonly input: {
    /** As the user named it. */
    readonly name: string;
    readonly kind: 'file' | 'images' | 'url' | 'stdin' | 'live';
    /** "sha256:..." of the content (of the validators, for a URL); null when it cannot be known beforehand (stdin). */
    readonly hash: string | null;
    readonly container: string | null;
    readonly codec: string | null;
    /** Seconds. */
    readonly duration: number | null;
    readonly expectedFrames: number | null;
  };
  readonly engine: { readonly backend: string; readonly tfjs: string; readonly device: string | null };
  readonly model: { readonly name: string; readonly version: string; readonly labels: readonly string[] };
  readonly detector: string;
  /** Every setting that can change a result. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly node: string;
  readonly ffmpeg: string | null;
  /** Names of people by face id, where they were given. */
  readonly people?: Readonly<Record<string, string>>;
}

/** How a run ended. */
export interface RunOutcome {
  readonly frames: number;
  readonly degraded: boolean;
  readonly note: string | null;
  /** Class frequencies estimated from the footage, by label, as they stood at its end; only where they were (`prior: 'auto'`). */
  readonly prior?: Readonly<Record<string, number>> | undefined;
  /** With a baseline: the resting face of each person, by face id. */
  readonly resting?: Readonly<Record<string, RestingFace>> | undefined;
}
