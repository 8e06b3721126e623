import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { measuredFace } from '../../../test/support/measured-face.js';
import { scratchDir } from '../../../test/support/scratch.js';
import { saveTinyClipModel, saveTinyFrameModel, TINY_FEATURES } from '../../../test/support/tiny-models.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { openModel } from '../../model/heads/open-model.js';
import { EXPRESSIONS_7 } from '../../model/label-set.js';
import type { ExpressionModel } from '../../model/expression-model.js';
import { ClipWindow } from './clip-window.js';
import type { ClipWindowOptions } from './clip-window.js';
import type { FrameObservation } from './frame-result.js';

const dir = await scratchDir();

const CLIP_FRAMES = 10;
/** Index of the frame under test. */
const LOOKED_AT = 20;

beforeAll(async () => {
  await openBackend();
  await saveTinyClipModel(join(dir, 'clips'), EXPRESSIONS_7, { clipFrames: CLIP_FRAMES });
  await saveTinyClipModel(join(dir, 'causal'), EXPRESSIONS_7, { clipFrames: CLIP_FRAMES, temporal: { causal: true } });
  await saveTinyFrameModel(join(dir, 'frames'), EXPRESSIONS_7);
});

/** One face in 40 frames at 25 a second; in frame `changed` it looks otherwise. */
function observations(model: ExpressionModel, changed: number): FrameObservation[] {
  // The features of a model that looks at each picture alone are its posteriors.
  const features = (index: number): Float32Array => {
    const raw = Float32Array.from(
      { length: model.context.hop === 1 ? EXPRESSIONS_7.size : TINY_FEATURES },
      (_, d) => 2 + Math.sin((index + 1) * (d + 1) * (index === changed ? 0.9 : 0.37)),
    );
    return model.context.hop === 1 ? raw.map((value) => value / raw.reduce((a, b) => a + b)) : raw;
  };
  return Array.from({ length: 40 }, (_, index) => ({
    index,
    timestamp: index / 25,
    width: 64,
    height: 48,
    faces: [{ face: measuredFace(), features: features(index) }],
  }));
}

/** Posteriors of the frame under test; live, its answer must come before the next frame is given. */
async function answer(model: ExpressionModel, changed: number, options: ClipWindowOptions): Promise<number[]> {
  const window = new ClipWindow(model, options);
  const results = [];
  for (const observation of observations(model, changed)) {
    const now = await window.push(observation);
    if (options.causal === true) expect(now.map(({ index }) => index)).toEqual([observation.index]);
    results.push(...now);
  }
  results.push(...(await window.flush()));
  expect(results.map(({ index }) => index)).toEqual(results.map((_, index) => index));
  return Object.values(results[LOOKED_AT]!.faces[0]!.probabilities);
}

describe.each(['clips', 'causal', 'frames'])('live and recorded footage, with the model "%s"', (name) => {
  it('live, a frame is answered from itself and the window before it; recorded, from what comes after it too', async () => {
    const model = await openModel(join(dir, name));
    // Temporal networks are tested without smoothing; a network for single pictures has only the smoothing.
    const smoothing = name === 'frames' ? 0.1 : 0;
    const [live, recorded] = [{ causal: true, memory: 1, smoothing }, { smoothing }];
    const unchanged = { live: await answer(model, -1, live), recorded: await answer(model, -1, recorded) };
    const changes = async (changed: number) => ({
      live: differ(await answer(model, changed, live), unchanged.live),
      recorded: differ(await answer(model, changed, recorded), unchanged.recorded),
    });
    expect(await changes(LOOKED_AT)).toEqual({ live: true, recorded: true });
    expect(await changes(LOOKED_AT - 2)).toEqual({ live: true, recorded: true });
    expect(await changes(LOOKED_AT + 1)).toEqual({ live: false, recorded: name !== 'causal' });
    if (name !== 'frames') {
      expect((await changes(LOOKED_AT - CLIP_FRAMES + 1)).live).toBe(true);
      expect((await changes(LOOKED_AT - CLIP_FRAMES)).live).toBe(false);
    }
    model.dispose();
  });

  it('live, a change soon outweighs the frames before it', async () => {
    const model = await openModel(join(dir, name));
    const short = { causal: true, smoothing: 0 };
    const unchanged = await answer(model, -1, short);
    const changes = async (changed: number): Promise<boolean> => differ(await answer(model, changed, short), unchanged);
    expect([await changes(LOOKED_AT), await changes(LOOKED_AT - 3), await changes(LOOKED_AT - 4)]).toEqual([
      true,
      name !== 'frames',
      false,
    ]);
    model.dispose();
  });

  it('live, the answer is that of the model for the window alone', async () => {
    const model = await openModel(join(dir, name));
    const all = observations(model, -1);
    const window = all.slice(model.context.hop === 1 ? LOOKED_AT : LOOKED_AT - CLIP_FRAMES + 1, LOOKED_AT + 1);
    const clip = {
      features: window.map(({ faces }) => faces[0]!.features),
      timestamps: window.map(({ timestamp }) => timestamp),
      from: window.length - 1,
      to: window.length,
    };
    const [alone] = await model.classify(clip);
    const live = await answer(model, -1, { causal: true, smoothing: 0, memory: 1 });
    for (const [k, p] of live.entries()) expect(p).toBeCloseTo(alone![k]!, 5);
    model.dispose();
  });
});

function differ(a: readonly number[], b: readonly number[]): boolean {
  return a.some((p, k) => Math.abs(p - b[k]!) > 1e-6);
}
