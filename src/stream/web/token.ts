/** The token out of `#token=...`. The fragment of an address is the part that browsers send to nobody. */
export function tokenFromFragment(hash: string): string | undefined {
  return new URLSearchParams(hash.replace(/^#/, '')).get('token') ?? undefined;
}
