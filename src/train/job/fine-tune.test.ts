import { expect, it } from 'vitest';
import { resolveConfig } from '../config/read-config.js';
import { trainedPart } from '../../model/heads/shipped-models.js';
import { fineTuneSettings } from './fine-tune.js';

it('starts from the default model with its own network, and lets the user override', async () => {
  const settings = await fineTuneSettings('default');
  const config = resolveConfig('nla', settings, { data: 'manifest:mine', init: 'default' });
  expect(config.network).toMatchObject({ name: 'face-resnet', size: 48, enlargeTo: 83 });
  expect(config.optimizer.lr).toBeLessThan(1e-3);
  const own = resolveConfig('nla', settings, { data: 'manifest:mine', optimizer: { lr: 0.01 } });
  expect(own.optimizer).toMatchObject({ lr: 0.01, headLrFactor: 10 });
});

it('finds the default model by name, as a whole and by its part', async () => {
  const whole = await trainedPart('default', 'frame');
  expect(await trainedPart('default/frame', 'frame')).toBe(whole);
  expect(await trainedPart(whole, 'frame')).toBe(whole);
  await expect(fineTuneSettings('./no-such-model')).rejects.toMatchObject({ code: 'WEIGHTS_MISSING' });
});
