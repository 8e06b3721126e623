/** `failed`: footage cannot be annotated. `note`: it can, but something optional is missing. */
export type CheckStatus = 'ok' | 'note' | 'failed';

/** Result of one check. */
export interface CheckResult {
  /** What was checked, e.g. "ffmpeg". */
  readonly name: string;
  readonly status: CheckStatus;
  /** What was found, on one line. */
  readonly detail: string;
  /** Command that fixes it; null when nothing is wrong or no command helps. */
  readonly fix: string | null;
}

/** Checks one part of the machine. Never throws. */
export type Check = () => Promise<readonly CheckResult[]>;

/** First line of an error message. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n')[0] ?? '').trim();
}
