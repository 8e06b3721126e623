/** A setting that the browser keeps for this page; null if there is none or storage is forbidden. */
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
    // Storage may be forbidden; then the setting is not kept.
  }
}
