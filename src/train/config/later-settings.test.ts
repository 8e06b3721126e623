import { expect, it } from 'vitest';
import { withoutLaterNulls } from './later-settings.js';
import { resolveConfig } from './read-config.js';

it('what was written before a setting came still compares as the same; asking for something does not', () => {
  const now = resolveConfig('ce', { data: 'none:' });
  const { affine: _affine, tone: _tone, ...augment } = now.augment;
  const before = JSON.stringify({ ...now, mixup: undefined, exclude: undefined, balance: undefined, augment });
  expect(JSON.stringify(now, withoutLaterNulls)).toBe(before);
  expect(JSON.stringify(resolveConfig('ce', { data: 'none:', augment: { affine: {} } }), withoutLaterNulls)).not.toBe(before);
  // Settings that were always there are kept, null or not.
  expect(before).toContain('"fold":null');
});
