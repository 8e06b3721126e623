import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { writeTree } from '../../../test/support/write-tree.js';
import { trainedPart } from '../../model/heads/model-folder.js';
import { PRESETS, PRESET_NAMES, fineTuneSettings, readConfigFile, resolveConfig } from './read-config.js';
import type { PresetName, Settings } from './read-config.js';
import { trainConfigSchema } from './train-config.js';

const DATA = { data: 'manifest:faces' };
const NEEDED: Record<PresetName, Settings> = {
  ce: {},
  nla: {},
  dnfer: {},
  'v-naw': { network: { encoder: 'runs/frames' } },
};
const invalid = (message: RegExp): unknown =>
  expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) as string });

describe('a configuration', () => {
  it.each(PRESET_NAMES)('comes from the preset %s and a data set alone, for clips with a frame network', (preset) => {
    const config = resolveConfig(preset, DATA, NEEDED[preset]);
    expect(config).toMatchObject({ ...DATA, ...PRESETS[preset] });
    expect(config.method.name).toBe(preset);
  });

  it('is what was said last: preset, then file, then command line', () => {
    const file = { epochs: 12, optimizer: { lr: 0.01, weightDecay: 0.1 }, method: { crossEntropyEpochs: 7 } };
    const config = resolveConfig('nla', file, DATA, { epochs: 3, optimizer: { lr: 0.5 } });
    expect(config.epochs).toBe(3);
    expect(config.optimizer).toMatchObject({ lr: 0.5, weightDecay: 0.1, beta1: 0.9 });
    expect(config.method).toMatchObject({ name: 'nla', crossEntropyEpochs: 7, lambda: 0.5 });
  });

  it('takes each setting from the last layer that has it', () => {
    const layer = fc.record(
      {
        epochs: fc.integer({ min: 1, max: 99 }),
        seed: fc.integer({ min: 0, max: 99 }),
        patience: fc.option(fc.integer({ min: 1, max: 9 })),
        optimizer: fc.record(
          {
            lr: fc.double({ min: 1e-5, max: 1, noNaN: true }),
            weightDecay: fc.double({ min: 0, max: 1, noNaN: true }),
          },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(layer, layer, (under, over) => {
        const config = resolveConfig('ce', DATA, under, over);
        const usual = resolveConfig('ce', DATA);
        const said = { ...under, ...over };
        expect(config).toEqual({
          ...usual,
          ...said,
          optimizer: { ...usual.optimizer, ...under.optimizer, ...over.optimizer },
        });
      }),
    );
  });

  it('says which channels there are', () => {
    expect(() => resolveConfig('ce', DATA, { network: { channels: 2 } })).toThrow(
      'network.channels: give 1 (grey) or 3 (colour)',
    );
  });

  it('resets a part when its kind changes, and keeps it otherwise', () => {
    const file = { method: { name: 'nla', lambda: 0.25 } };
    expect(resolveConfig('nla', file, DATA).method).toMatchObject({ lambda: 0.25, crossEntropyEpochs: 5 });
    expect(resolveConfig('dnfer', file, DATA).method).toMatchObject({
      name: 'nla',
      lambda: 0.25,
      crossEntropyEpochs: 0,
    });
    expect(resolveConfig('nla', file, { method: { name: 'ce' } }, DATA).method).toEqual({
      name: 'ce',
      labelSmoothing: 0,
      classWeights: 'none',
    });
    expect(resolveConfig('v-naw', { network: { name: 'compact', width: 8 } }, DATA).network).toMatchObject({
      name: 'compact',
      width: 8,
      dropout: 0,
    });
  });

  it('infers the kind from its settings', () => {
    expect(resolveConfig('nla', DATA, { network: { width: 48 }, schedule: { last: 0.1 } })).toMatchObject({
      network: { name: 'compact', width: 48, size: 48 },
      schedule: { name: 'cosine', last: 0.1 },
    });
    // The same kinds that the schema takes where nothing at all is said.
    const usual = trainConfigSchema.parse({ ...DATA, method: { name: 'nla', crossEntropyEpochs: 5 } });
    expect(resolveConfig('nla', DATA)).toEqual(usual);
  });

  it('read back from a run folder is the same', () => {
    for (const preset of PRESET_NAMES) {
      const config = resolveConfig(preset, DATA, NEEDED[preset], { seed: 5, augment: { noise: {} } });
      expect(resolveConfig(null, JSON.parse(JSON.stringify(config)) as Settings)).toEqual(config);
    }
  });

  it.each([
    [JSON.parse('{ "__proto__": { "patience": 3 } }') as Settings, /unknown setting "__proto__"/],
    [
      JSON.parse('{ "network": { "__proto__": { "size": 3 } } }') as Settings,
      /unknown setting "(network\.)?__proto__"/,
    ],
    [{ optimiser: {} }, /unknown setting "optimiser": did you mean "optimizer"\?$/],
    [{ optimizer: { weightdecay: 1 } }, /unknown setting "optimizer\.weightdecay": did you mean "weightDecay"\?$/],
    [{ method: { lamda: 1 } }, /unknown setting "method\.lamda": did you mean "lambda"\?$/],
    [{ method: { naw: { slop: -1 } } }, /unknown setting "method\.naw\.slop": did you mean "slope"\?$/],
    [{ network: { name: 'resnet18', siz: 64 } }, /unknown setting "network\.siz": did you mean "size"\?$/],
    [
      { augment: { noise: { probabilty: 1 } } },
      /unknown setting "augment\.noise\.probabilty": did you mean "probability"\?$/,
    ],
  ])('names the nearest setting for an unknown one: %j', (settings, message) => {
    expect(() => resolveConfig('nla', DATA, settings)).toThrow(invalid(message));
  });

  it.each([
    [{}, /data: name the data set/],
    [{ ...DATA, network: { name: 'temporal' } }, /network\.encoder: .*--encoder MODEL/],
    [{ ...DATA, epochs: 'ten' }, /epochs: .*number/],
    [{ ...DATA, epochs: 0 }, /epochs: /],
    [{ ...DATA, validation: { fraction: 1 } }, /validation\.fraction: /],
    [{ ...DATA, emaDecay: 1 }, /emaDecay: /],
    [{ ...DATA, method: { name: 'nal' } }, /method\.name: .*'nla'/],
    [{ ...DATA, sampler: 'random' }, /sampler: .*class-balanced/],
    [
      { ...DATA, init: 'face-api:recognition' },
      /init: face-api:recognition fits network\.name "face-resnet", not "compact"/,
    ],
    [
      { ...DATA, network: { name: 'ensemble', members: ['a', 'b'], weights: [1, 2, 3] } },
      /network\.weights: the ensemble has 2 members: give 2 weights, not 3/,
    ],
    [{ ...DATA, mixup: {} }, /mixup: nla needs a single label.*; use method ce/],
    [
      { ...DATA, method: { name: 'ce' }, network: { name: 'temporal', encoder: 'model' }, mixup: {} },
      /mixup: it mixes pictures; for clips leave it out/,
    ],
    [
      { ...DATA, network: { name: 'temporal', encoder: 'model' }, softLabels: true },
      /softLabels: it is for pictures; for clips leave it out/,
    ],
    [{ ...DATA, method: { name: 'ce' }, mixup: { alpha: 0 } }, /mixup\.alpha: /],
    [
      { ...DATA, method: { naw: { covT: -0.9 } } },
      /method\.naw\.covT: its magnitude must be below varT, which is 0\.8/,
    ],
    [{ ...DATA, method: { name: 'nla', naw: { varF: 0.8 } } }, /method\.naw\.covF: .*below varF, which is 0\.8/],
    [{ ...DATA, method: { name: 'ce', labelSmoothing: 1 } }, /method\.labelSmoothing: /],
    [{ ...DATA, network: { dropout: 1 } }, /network\.dropout: /],
    [
      { ...DATA, network: { name: 'temporal', encoder: 'model', width: 10, heads: 3 } },
      /network\.heads: 3 heads do not divide the width of 10/,
    ],
  ])('says what is wrong with %j', (settings, message) => {
    expect(() => resolveConfig('nla', settings)).toThrow(invalid(message));
  });

  it('names the nearest preset', () => {
    expect(() => resolveConfig('vnaw', DATA)).toThrow(
      invalid(/unknown preset "vnaw": did you mean "v-naw"\? \(known: ce, nla, dnfer, v-naw\)/),
    );
  });
});

describe('a file of settings', async () => {
  const dir = await scratchDir();

  it('is read', async () => {
    await writeTree(dir, { 'good.json': '{ "epochs": 4, "method": { "name": "ce" } }' });
    expect(await readConfigFile(join(dir, 'good.json'))).toEqual({ epochs: 4, method: { name: 'ce' } });
  });

  it.each([
    ['list.json', '[1]', /is not a JSON object/],
    ['cut.json', '{ "epochs": ', /is not JSON/],
    ['empty.json', '', /is not JSON/],
  ])('is refused: %s', async (name, text, message) => {
    await writeTree(dir, { [name]: text });
    await expect(readConfigFile(join(dir, name))).rejects.toEqual(invalid(message));
  });

  it('that is missing is reported', async () => {
    await expect(readConfigFile(join(dir, 'none.json'))).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
  });
});

describe('fine tune', () => {
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
});
