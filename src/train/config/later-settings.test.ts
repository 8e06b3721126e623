import { expect, it } from 'vitest';
import { withoutLaterSettings } from './later-settings.js';
import { resolveConfig } from './read-config.js';

it('what was written before a setting came still compares as the same; asking for something does not', () => {
  const now = resolveConfig('ce', { data: 'none:' });
  const { affine: _affine, tone: _tone, ...augment } = now.augment;
  const { symmetric: _symmetric, ...network } = now.network as { symmetric: boolean };
  const before = JSON.stringify({
    ...now,
    network,
    mixup: undefined,
    exclude: undefined,
    balance: undefined,
    contested: undefined,
    augment,
  });
  expect(JSON.stringify(now, withoutLaterSettings)).toBe(before);
  expect(
    JSON.stringify(resolveConfig('ce', { data: 'none:', augment: { affine: {} } }), withoutLaterSettings),
  ).not.toBe(before);
  expect(
    JSON.stringify(resolveConfig('ce', { data: 'none:', network: { symmetric: true } }), withoutLaterSettings),
  ).not.toBe(before);
  expect(JSON.stringify({ shares: [1, 2] }, withoutLaterSettings)).not.toBe('{}');
  // Settings that were always there are kept, null or not.
  expect(before).toContain('"fold":null');
});
