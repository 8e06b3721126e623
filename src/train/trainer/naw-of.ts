import type { MethodConfig } from '../config/train-config.js';
import { NAW_PARAMETERS } from '../losses/naw-parameters.js';
import type { NawParameters } from '../losses/naw-parameters.js';

/** The Gaussians a configuration asks for: the published ones, but for what it sets. Methods without weights are looked at with NLA's. */
export function nawOf(method: MethodConfig): NawParameters {
  const published = NAW_PARAMETERS[method.name === 'v-naw' ? 'v-naw' : 'nla'];
  if (method.name !== 'nla' && method.name !== 'v-naw') return published;
  return { ...published, ...Object.fromEntries(Object.entries(method.naw).filter(([, value]) => value !== undefined)) };
}
