/** An error as one line of a log, without anything that a terminal takes for a command. */
export function errorLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/[\s\p{Cc}]+/gu, ' ').trim();
}
