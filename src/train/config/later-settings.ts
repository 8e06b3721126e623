/** Settings that runs begun with an earlier ferstream know nothing of, with what they are where nothing is asked for. */
const LATER: Readonly<Record<string, unknown>> = {
  affine: null,
  tone: null,
  mixup: null,
  exclude: null,
  balance: null,
  symmetric: false,
  contested: true,
  shares: null,
};

/**
 * For JSON.stringify, where settings are compared with those that a run was begun with: leaves out the later ones that ask for nothing, so that earlier runs go on.
 */
export function withoutLaterSettings(key: string, value: unknown): unknown {
  return Object.hasOwn(LATER, key) && LATER[key] === value ? undefined : value;
}
