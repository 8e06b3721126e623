/** What somebody else's program or server says, without what a terminal would take for commands. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim();
}
