/** Settings that runs begun with an earlier ferstream know nothing of. Null, they ask for nothing. */
const LATER = ['affine', 'tone', 'mixup', 'exclude', 'balance'];

/**
 * For JSON.stringify, where settings are compared with those that a run was begun with: leaves out the later ones that are null, so that earlier runs go on.
 */
export function withoutLaterNulls(key: string, value: unknown): unknown {
  return value === null && LATER.includes(key) ? undefined : value;
}
