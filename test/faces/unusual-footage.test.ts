import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alignFace } from '../../src/ingest/face/align/align-face.js';
import { centerOf } from '../../src/ingest/face/align/geometry.js';
import { FaceFollower } from '../../src/ingest/face/face-follower.js';
import { type FaceNets, loadFaceNets } from '../../src/ingest/face/face-nets.js';
import { findFaces } from '../../src/ingest/face/face-search.js';
import type { TrackedFace } from '../../src/ingest/face/track/track.js';
import type { Frame } from '../../src/ingest/frame.js';
import { openBackend } from '../../src/model/engines/open-backend.js';
import type { ExpressionModel } from '../../src/model/expression-model.js';
import { FacePipeline } from '../../src/stream/pipeline/face-pipeline.js';
import type { FrameResult } from '../../src/stream/pipeline/frame-result.js';
import { parsePipelineOptions, type PipelineOptions } from '../../src/stream/pipeline/pipeline-settings.js';
import {
  atRate,
  beside,
  PEOPLE,
  paste,
  photoFrame,
  plainFrame,
  quarterTurned,
  slidingPeople,
  turnHead,
} from '../support/face-frames.js';
import { rememberNetworks } from '../support/remembered-networks.js';

type Name = keyof typeof PEOPLE;
const SIDE = 256;
const GEOMETRY = { size: 32, channels: 1, eyes: { x: 0.5, y: 0.38 }, mouth: { x: 0.5, y: 0.78 } } as const;
let nets: FaceNets;
const portraits = {} as Record<Name, Frame>;
let shots: Record<Name, Frame[]>;

beforeAll(async () => {
  rememberNetworks();
  await openBackend({ backend: 'wasm' });
  nets = await loadFaceNets();
  for (const name of ['blond', 'ponytail', 'sunken'] as const) {
    const { photo, ...section } = PEOPLE[name];
    portraits[name] = await photoFrame(photo, section, SIDE, SIDE);
  }
  shots = await slidingPeople(6, SIDE);
});

afterAll(() => {
  nets.dispose();
});

async function portraitOf(name: Name, side: number): Promise<Frame> {
  const { photo, ...section } = PEOPLE[name];
  return photoFrame(photo, section, side, side);
}

/** A model with constant posteriors: only identities matter here. */
const MODEL = {
  name: 'nothing',
  version: '0',
  labels: { name: 'one', labels: ['neutral'] },
  crop: GEOMETRY,
  flipTta: false,
  framing: 'aligned',
  context: { past: 0, future: 0, hop: 1 },
  trainingPrior: null,
  qualityCalibration: null,
  encode: (crops: readonly unknown[]) => Promise.resolve(crops.map(() => new Float32Array(1))),
  classify: ({ from, to }: { from: number; to: number }) =>
    Promise.resolve(Array.from({ length: to - from }, () => Float32Array.of(1))),
} as unknown as ExpressionModel;

interface Annotated {
  readonly results: readonly FrameResult[];
  /** Person ids of each frame. */
  readonly ids: readonly (readonly number[])[];
  /** Most faces left out of a frame. */
  readonly leftOut: number;
}

/** What annotating recorded footage reports of each frame. */
async function annotate(frames: readonly Frame[], options: PipelineOptions = {}): Promise<Annotated> {
  const pipeline = new FacePipeline({ faces: nets, model: MODEL }, parsePipelineOptions({ smoothing: 0, ...options }));
  const results: FrameResult[] = [];
  for (const frame of frames) results.push(...(await pipeline.push(frame)));
  results.push(...(await pipeline.flush()));
  const { leftOut } = pipeline;
  await pipeline.dispose();
  return { results, leftOut, ids: results.map(({ faces }) => faces.map(({ trackId }) => trackId)) };
}

/** What a live viewer sees of each frame: nothing tentative. */
async function watch(frames: readonly Frame[]): Promise<TrackedFace[][]> {
  const follower = new FaceFollower(nets);
  const seen: TrackedFace[][] = [];
  for (const frame of frames) seen.push((await follower.update(frame)).filter(({ tentative }) => !tentative));
  follower.dispose();
  return seen;
}

/** The portrait hardly lit: found, but not surely at first sight. */
function dim(frame: Frame): Frame {
  return { ...frame, data: frame.data.map((value) => value * 0.12) };
}

describe('frames far apart', () => {
  it.each([0.2, 0.5, 1, 2, 7])('keeps face and id of one person at %d frames per second', async (rate) => {
    const frames = atRate(shots.blond.slice(0, 4), rate);
    expect((await annotate(frames)).ids).toEqual(frames.map(() => [1]));
    expect((await watch(frames)).map((faces) => faces.length)).toEqual(frames.map(() => 1));
  });

  it.each([1, 25])('finds all faces where each frame is a new shot, of any size (%d per second)', async (rate) => {
    const names = ['blond', 'ponytail', 'sunken', 'blond', 'sunken', 'ponytail'] as const;
    const frames = await Promise.all(names.map((name, i) => portraitOf(name, i % 2 === 0 ? SIDE : 200)));
    const { ids } = await annotate(atRate(frames, rate));
    expect(ids.map((people) => people.length)).toEqual(names.map(() => 1));
    for (const [i, one] of names.entries())
      for (const [j, other] of names.entries())
        expect([i, j, ids[i]![0] === ids[j]![0]]).toEqual([i, j, one === other]);
  });

  it('gives no two people one id where every frame is a new shot', async () => {
    const names = Array.from(
      { length: 15 },
      (_, i) => (['blond', 'ponytail', 'sunken'] as const)[(i * 7 + (i >> 2)) % 3]!,
    );
    const { ids } = await annotate(
      atRate(
        names.map((name, i) => shots[name][i % shots[name].length]!),
        25,
      ),
    );
    const people = new Map<number, Set<Name>>();
    for (const [i, [id]] of ids.entries()) {
      expect(id).toBeDefined();
      people.set(id!, (people.get(id!) ?? new Set()).add(names[i]!));
    }
    expect([...people.values()].filter((shown) => shown.size > 1)).toEqual([]);
    expect(people.size).toBeLessThanOrEqual(4);
  });

  it('finds in a video what it finds in a picture alone, however doubtful', async () => {
    const frames = [dim(portraits.blond), portraits.ponytail, dim(portraits.sunken), portraits.blond];
    const alone = await Promise.all(frames.map((frame) => findFaces(frame, nets)));
    const { ids } = await annotate(atRate(frames, 25));
    expect(ids.map((people) => people.length)).toEqual(alone.map((faces) => faces.length));
  });
});

describe('one person from several sides', () => {
  const turned = (name: Name, yaw: number): Frame => turnHead(portraits[name], [SIDE / 2, SIDE / 2], SIDE * 0.3, yaw);

  it('keeps the id of a head that turns on the spot', async () => {
    const yaws = [0, 20, 40, 60, 75, -30, -60, 0];
    const { ids } = await annotate(
      atRate(
        yaws.map((yaw) => turned('ponytail', yaw)),
        25,
      ),
    );
    expect(new Set(ids.flat())).toEqual(new Set([1]));
  });

  it('recognises a person across shots, frontal and turned, and no one else', async () => {
    const wall = (picture: Frame, light: number): Frame =>
      paste(
        picture,
        plainFrame(420, 300, (x) => light + (x % 29)),
        90,
        20,
      );
    const shot = (picture: Frame, light: number): Frame[] => Array.from({ length: 6 }, () => wall(picture, light));
    const { ids } = await annotate(
      atRate(
        [
          ...shot(portraits.blond, 40),
          ...shot(turned('blond', 55), 190),
          ...shot(portraits.sunken, 100),
          ...shot(portraits.blond, 20),
        ],
        10,
      ),
    );
    const lastOf = (index: number): readonly number[] => ids[6 * index + 5]!;
    expect(lastOf(1)).toEqual(lastOf(0));
    expect(lastOf(3)).toEqual(lastOf(0));
    expect(lastOf(2)).not.toEqual(lastOf(0));
  });
});

describe('many faces', () => {
  it('finds 25 faces without a limit', async () => {
    const tile = await portraitOf('blond', 160);
    let crowd = plainFrame(800, 800, () => 90);
    for (let i = 0; i < 25; i++) crowd = paste(tile, crowd, (i % 5) * 160, Math.floor(i / 5) * 160);
    const { ids, leftOut } = await annotate([crowd]);
    expect(ids[0]).toHaveLength(25);
    expect(leftOut).toBe(0);
  }, 180_000);

  it('keeps the largest under a limit, whoever came first, and counts the others', async () => {
    const [large, middle, small] = await Promise.all([
      portraitOf('ponytail', 240),
      portraitOf('blond', 180),
      portraitOf('sunken', 120),
    ]);
    const room = plainFrame(600, 260, (x, y) => 110 + ((x * y) % 17));
    const first = paste(small, room, 460, 60);
    const all = paste(large, paste(middle, first, 260, 40), 5, 10);
    const { results, leftOut } = await annotate(atRate([first, first, all, all, all], 25), { maxFaces: 2 });
    expect(leftOut).toBe(1);
    const places = results.map(({ faces }) => faces.map(({ box }) => Math.round(centerOf(box).x / 200)).sort());
    expect(places).toEqual([[3], [3], [1, 2], [1, 2], [1, 2]]);
  });
});

describe('which way up', () => {
  function correlation(a: Float32Array, b: Float32Array): number {
    const centered = (values: Float32Array): Float32Array => {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return values.map((value) => value - mean);
    };
    const dot = (p: Float32Array, q: Float32Array): number => p.reduce((sum, value, i) => sum + value * q[i]!, 0);
    const [p, q] = [centered(a), centered(b)];
    return dot(p, q) / Math.sqrt(dot(p, p) * dot(q, q));
  }

  const upright = new Map<Name, Promise<TrackedFace[]>>();
  const uprightFaces = (name: Name): Promise<TrackedFace[]> => {
    const faces = upright.get(name) ?? watch(atRate(shots[name].slice(0, 3), 25)).then((seen) => seen[2]!);
    upright.set(name, faces);
    return faces;
  };

  it.each([1, 2, 3] as const)('finds faces rolled by %d quarter turns, aligned like upright ones', async (quarters) => {
    for (const name of ['blond', 'ponytail', 'sunken'] as const) {
      const [expectedFace] = await uprightFaces(name);
      const rolled = atRate(
        shots[name].slice(0, 3).map((frame) => quarterTurned(frame, quarters)),
        25,
      );
      const found = (await watch(rolled))[2]!;
      expect(found).toHaveLength(1);
      const [crop, expected] = [
        alignFace(rolled[2]!, found[0]!.landmarks, GEOMETRY),
        alignFace(shots[name][2]!, expectedFace!.landmarks, GEOMETRY),
      ];
      expect(correlation(crop.data, expected.data)).toBeGreaterThan(0.9);
    }
  });

  it('searches only as footage of the given rotation requires', async () => {
    const rolled = quarterTurned(portraits.blond, 2);
    const { ids } = await annotate(atRate([rolled, rolled, rolled], 25), { rotate: 180 });
    expect(ids).toEqual([[1], [1], [1]]);
  });

  it('finds an upright face and one upside down in the same picture', async () => {
    const both = beside(portraits.blond, quarterTurned(portraits.ponytail, 2));
    const faces = (await watch(atRate([both, both, both], 25)))[2]!;
    expect(faces.map(({ quality }) => Math.round(quality.roll / 90) & 3).sort()).toEqual([0, 2]);
  });

  it('finds small faces turned by quarters beside an upright one', async () => {
    const { photo } = PEOPLE.blond;
    const group = await photoFrame(photo, { left: 0, top: 0, width: 1600, height: 1200 }, 360, 360);
    const alone = await findFaces(group, nets);
    expect(alone.length).toBeGreaterThan(1);
    for (const quarters of [1, 2, 3] as const) {
      const still = beside(await portraitOf('ponytail', 360), quarterTurned(group, quarters));
      const [faces] = await watch([still]);
      expect(faces, `${quarters} quarters`).toHaveLength(1 + alone.length);
    }
  });

  it('finds small faces upside down, though the detector sees none of them upright', async () => {
    const { photo } = PEOPLE.blond;
    const group = await photoFrame(photo, { left: 0, top: 0, width: 1600, height: 1200 }, 480, 360);
    const upright = await findFaces(group, nets);
    const rolled = await findFaces(quarterTurned(group, 2), nets);
    expect(upright.length).toBeGreaterThan(0);
    expect(rolled).toHaveLength(upright.length);
  });
});

describe('faces that are half hidden', () => {
  /** Covers part of the face with a patterned board. */
  function cover(frame: Frame, isCovered: (across: number, down: number) => boolean, box: TrackedFace['box']): Frame {
    const data = frame.data.slice();
    for (let y = 0; y < frame.height; y++) {
      for (let x = 0; x < frame.width; x++) {
        const across = (x - box.x) / box.width;
        const down = (y - box.y) / box.height;
        const near = across > -0.4 && across < 1.4 && down > -0.5 && down < 1.4;
        if (!near || !isCovered(across, down)) continue;
        data.fill(70 + ((x * 7 + y * 13) % 31), (y * frame.width + x) * 3, (y * frame.width + x) * 3 + 3);
      }
    }
    return { ...frame, data };
  }

  // In a wide room: a board that covers most of a close-up is a cut to another picture.
  const inRoom = (): Frame =>
    paste(
      portraits.ponytail,
      plainFrame(560, 300, (x, y) => 60 + ((x * y) % 29)),
      150,
      22,
    );
  let found: Promise<{ readonly room: Frame; readonly box: TrackedFace['box'] }> | undefined;
  const faceInRoom = () =>
    (found ??= Promise.resolve(inRoom()).then(async (room) => ({ room, box: (await findFaces(room, nets))[0]!.box })));
  const still = (frame: Frame, count: number): Frame[] => Array.from({ length: count }, () => frame);

  it.each([
    ['left', (across: number) => across < 0.45],
    ['right', (across: number) => across > 0.55],
    ['upper', (_: number, down: number) => down < 0.5],
    ['lower', (_: number, down: number) => down > 0.55],
  ] as const)('follows a face whose %s half is covered for a second', async (_, isCovered) => {
    const { room, box } = await faceInRoom();
    const faces = await watch(atRate([...still(room, 4), ...still(cover(room, isCovered, box), 10)], 10));
    expect(faces.map((found) => found.map(({ trackId }) => trackId))).toEqual(faces.map(() => [1]));
  });

  it('gives up a face that is covered altogether', async () => {
    const { room, box } = await faceInRoom();
    const covered = cover(room, () => true, box);
    const faces = await watch(atRate([...still(room, 4), ...still(covered, 4)], 10));
    expect(faces.slice(0, 4).flat()).toHaveLength(4);
    expect(faces.slice(4).flat()).toEqual([]);
  });
});
