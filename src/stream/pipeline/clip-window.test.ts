import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measuredFace } from '../../../test/support/measured-face.js';
import type { FaceEvidence } from '../../ingest/face/track/track.js';
import type { FrameObservation, FrameResult, MeasuredFace } from './frame-result.js';
import { LabelSet } from '../../model/label-set.js';
import type { Clip, ClipContext } from '../../model/expression-model.js';
import { ClipWindow } from './clip-window.js';
import type { ClipWindowOptions } from './clip-window.js';

const labels = new LabelSet('two', ['left', 'right']);

/** Answers with the feature itself as the first posterior, and keeps what it was asked. */
function echoModel(context: ClipContext) {
  const clips: Clip[] = [];
  return {
    clips,
    name: 'echo',
    labels,
    context,
    classify: (clip: Clip) => {
      clips.push(clip);
      return Promise.resolve(clip.features.slice(clip.from, clip.to).map(([p]) => Float32Array.of(p!, 1 - p!)));
    },
  };
}

function face(trackId: number, evidence: FaceEvidence, tentative: boolean, tracklet = trackId): MeasuredFace {
  return measuredFace({ trackId, tracklet, evidence, tentative });
}

type Sketch = 'seen' | 'maybe' | 'coasted' | 'none';

/** One track, one letter a frame. */
function footage(track: readonly Sketch[], fps = 25, trackId = 1): FrameObservation[] {
  return track.map((state, index) => ({
    index,
    timestamp: index / fps,
    width: 64,
    height: 48,
    faces:
      state === 'none'
        ? []
        : [
            {
              face: face(trackId, state === 'coasted' ? 'coasted' : 'detected', state !== 'seen'),
              features: Float32Array.of((index % 100) / 100),
            },
          ],
  }));
}

async function run(frames: readonly FrameObservation[], options: ClipWindowOptions, context: ClipContext) {
  const model = echoModel(context);
  const window = new ClipWindow(model, { smoothing: 0, ...options });
  const results: FrameResult[] = [];
  let held = 0;
  for (const [position, frame] of frames.entries()) {
    results.push(...(await window.push(frame)));
    held = Math.max(held, position + 1 - results.length);
  }
  results.push(...(await window.flush()));
  return { results, clips: model.clips, held };
}

const context: ClipContext = { past: 2, future: 3, hop: 1 };
const sketch = fc.array(fc.constantFrom<Sketch>('seen', 'maybe', 'coasted', 'none'), { maxLength: 80 });

describe('ClipWindow', () => {
  it('answers every frame once, in order, with its own features', async () => {
    await fc.assert(
      fc.asyncProperty(sketch, fc.boolean(), fc.integer({ min: 1, max: 7 }), async (track, causal, hop) => {
        const frames = footage(track);
        const { results } = await run(frames, { causal }, { ...context, hop });
        expect(results.map((result) => result.index)).toEqual(frames.map((frame) => frame.index));
        for (const [index, result] of results.entries()) {
          if (track[index] === 'seen') expect(result.status).toBe('ok');
          if (track[index] === 'none') expect(result.status).toBe('no-face');
          for (const { probabilities } of result.faces) expect(probabilities.left).toBeCloseTo((index % 100) / 100);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('shows a tentative face only when the same face is seen for sure afterwards', async () => {
    const { results } = await run(
      footage(['maybe', 'maybe', 'seen', 'coasted', 'seen', 'coasted', 'maybe']),
      {},
      context,
    );
    expect(results.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'degraded', 'ok', 'no-face', 'no-face']);
  });

  it('gives the first, doubtful frames of a face the identity that was settled after them', async () => {
    const frames = footage(['maybe', 'maybe', 'seen', 'seen']).map((frame, index) => ({
      ...frame,
      faces: frame.faces.map((observation) => ({
        ...observation,
        face: face(index < 2 ? 7 : 3, 'detected', index < 2, 1),
      })),
    }));
    const { results } = await run(frames, {}, context);
    expect(results.map(({ faces }) => faces.map(({ trackId }) => trackId))).toEqual([[3], [3], [3], [3]]);
  });

  it('never shows one person twice in a frame', async () => {
    const [first, second, third] = footage(['seen', 'seen', 'seen']);
    const features = Float32Array.of(0.5);
    const sure = { face: face(1, 'detected', false, 1), features };
    const doubtful = { face: face(2, 'detected', true, 2), features };
    const recognised = { face: face(1, 'detected', false, 2), features };
    const frames = [
      { ...first!, faces: [sure, doubtful] },
      { ...second!, faces: [doubtful, sure] },
      { ...third!, faces: [recognised] },
    ];
    const { results } = await run(frames, {}, context);
    expect(results.map(({ faces }) => faces.map(({ trackId }) => trackId))).toEqual([[1], [1], [1]]);
  });

  it('gives up on a tentative face that stays one for longer than the look-ahead', async () => {
    const track: Sketch[] = [...Array<Sketch>(20).fill('maybe'), ...Array<Sketch>(5).fill('seen')];
    const { results } = await run(footage(track, 10), { lookAhead: 1 }, context);
    expect(results.slice(0, 9).every(({ status }) => status === 'no-face')).toBe(true);
    expect(results.slice(11).every(({ status }) => status === 'ok')).toBe(true);
  });

  it('answers at once and from the past alone when causal', async () => {
    const model = echoModel(context);
    const window = new ClipWindow(model, { causal: true, memory: 10 });
    for (const frame of footage(['seen', 'seen', 'seen', 'coasted', 'seen', 'seen', 'seen', 'seen'])) {
      expect(await window.push(frame)).toHaveLength(1);
    }
    expect(model.clips.every((clip) => clip.to === clip.features.length)).toBe(true);
    // The window of recorded footage is past + hop + future long; live it ends at the newest.
    expect(model.clips.map(({ features }) => features.length)).toEqual([1, 2, 3, 4, 5, 6, 6]);
  });

  it('gives the model the context it asks for, and the neighbours in time order', async () => {
    const { clips } = await run(footage(Array<Sketch>(40).fill('seen')), { lookAhead: 0 }, context);
    const flushed = clips.pop()!;
    expect(flushed.to - flushed.from).toBe(context.future);
    for (const { features, timestamps, from, to } of clips) {
      expect(to - from).toBe(1);
      expect(from).toBeLessThanOrEqual(context.past);
      expect(features.length - to).toBeLessThanOrEqual(context.future);
      expect([...timestamps]).toEqual([...timestamps].sort((a, b) => a - b));
    }
    expect(clips[20]!.from).toBe(context.past);
    expect(clips[20]!.features).toHaveLength(context.past + 1 + context.future);
  });

  it('starts a new clip after a gap', async () => {
    const track: Sketch[] = ['seen', 'seen', ...Array<Sketch>(30).fill('none'), 'seen'];
    const { clips } = await run(footage(track), {}, context);
    expect(clips.at(-1)!.features).toHaveLength(1);
  });

  it('holds a bounded number of frames, for any timestamps', async () => {
    const steady = await run(footage(Array<Sketch>(400).fill('seen')), { lookAhead: 1 }, context);
    expect(steady.held).toBeLessThanOrEqual(30);
    const stuck = footage(Array<Sketch>(1500).fill('seen')).map((frame) => ({ ...frame, timestamp: 0 }));
    const { held, results } = await run(stuck, { lookAhead: 1 }, { ...context, past: 2 });
    expect(held).toBeLessThanOrEqual(513);
    expect(results).toHaveLength(1500);
  });

  it.each([NaN, Infinity])(
    'refuses posteriors that are not finite (%s), once, instead of passing them on',
    async (value) => {
      const frames = footage(['seen', 'seen', 'seen']).map((frame, index) => ({
        ...frame,
        faces: frame.faces.map((one) => ({ ...one, features: Float32Array.of(index === 1 ? value : 0.5) })),
      }));
      for (const causal of [false, true]) {
        await expect(run(frames, { causal }, context)).rejects.toMatchObject({
          code: 'MODEL_BROKEN',
          message: expect.stringContaining('model echo') as string,
        });
      }
    },
  );
});
