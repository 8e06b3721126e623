/** `failed`: the main job cannot run. `note`: it can, but something could be better or is not there. */
export type CheckStatus = 'ok' | 'note' | 'failed';

/** One thing looked at. */
export interface CheckResult {
  /** What was looked at, e.g. "ffmpeg". */
  readonly name: string;
  readonly status: CheckStatus;
  /** What was found, on one line. */
  readonly detail: string;
  /** The one command that fixes it; null when all is well, or no command can. */
  readonly fix: string | null;
}

/** Looks at one part of the machine. Never throws: what goes wrong is its result. */
export type Check = () => Promise<readonly CheckResult[]>;

/** First line of whatever was thrown. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n')[0] ?? '').trim();
}
