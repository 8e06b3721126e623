/**
 * Text from outside (names of files and people, what servers and programs say) on one line, without anything that a terminal or a
 * player would read as a command: control characters, line separators, and marks that reverse the direction of text.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim();
}
