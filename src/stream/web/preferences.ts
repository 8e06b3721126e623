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

/** The token of `#token=...`; browsers do not send the fragment of an address to any server. */
export function tokenFromFragment(hash: string): string | undefined {
  return new URLSearchParams(hash.replace(/^#/, '')).get('token') ?? undefined;
}
