/** The token of `#token=...`; browsers do not send the fragment of an address to any server. */
export function tokenFromFragment(hash: string): string | undefined {
  return new URLSearchParams(hash.replace(/^#/, '')).get('token') ?? undefined;
}
