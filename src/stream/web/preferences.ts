/** What a browser remembers of the page, as far as it lets it. */
export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(`ferstream.${name}`);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`ferstream.${name}`, value);
  } catch {
    // Storage may be forbidden; then nothing is remembered.
  }
}
