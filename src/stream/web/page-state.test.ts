import { describe, expect, it } from 'vitest';
import { helloMessage } from '../../../test/support/fake-socket.js';
import type { SourceMessage, SourceState } from '../protocol/messages.js';
import { cameraProblem } from './camera.js';
import { pageState } from './page-state.js';
import type { PageFacts } from './page-state.js';

const WELL: PageFacts = {
  mode: 'camera',
  camera: 'on',
  connection: { state: 'open', hello: helloMessage() },
  source: null,
  problem: null,
  framesPerSecond: 25,
  runningFor: 60,
  faces: 1,
  now: 0,
};

function keyOf(change: Partial<PageFacts>): string {
  return pageState({ ...WELL, ...change }).key;
}

function source(state: SourceState, detail: string | null = null): SourceMessage {
  return { type: 'source', name: 'x', state, detail, retryIn: null };
}

describe('pageState', () => {
  it('reports the number of faces', () => {
    expect(pageState(WELL)).toEqual({ key: 'running', tone: 'good', headline: 'One face', advice: '' });
    expect(pageState({ ...WELL, faces: 3 }).headline).toBe('3 faces');
    expect(keyOf({ faces: 0 })).toBe('no-face');
    expect(keyOf({ framesPerSecond: 0 })).toBe('no-result');
  });

  it('gives the reason of the server when no result comes', () => {
    const problem = 'analyzing the picture failed in the server';
    expect(pageState({ ...WELL, problem }).key).toBe('running');
    expect(pageState({ ...WELL, problem, framesPerSecond: 0 })).toMatchObject({
      key: 'server-problem',
      advice: problem,
    });
  });

  it('reports a low rate, but not right after the start', () => {
    expect(pageState({ ...WELL, framesPerSecond: 3.21 })).toMatchObject({
      key: 'overloaded',
      headline: 'Slow: 3.2 results per second',
    });
    expect(keyOf({ framesPerSecond: 3, runningFor: 2 })).toBe('running');
  });

  it.each([
    ...(['insecure', 'denied', 'in-use', 'off', 'asking'] as const).map((camera) => [camera, camera] as const),
    ['ended', 'camera-ended'],
    ['paused', 'camera-paused'],
  ] as const)('reports the camera before the server: %s', (camera, key) => {
    expect(keyOf({ camera, connection: { state: 'waiting', reason: 'x', retryAt: 0 } })).toBe(key);
  });

  it('counts down to the next attempt', () => {
    const waiting = pageState({
      ...WELL,
      connection: { state: 'waiting', reason: 'the connection was lost', retryAt: 3400 },
      now: 1000,
    });
    expect(waiting).toEqual({
      key: 'server-gone',
      tone: 'wait',
      headline: 'Reconnecting: the connection was lost',
      advice: 'Next attempt in 3 s.',
    });
  });

  it('reports a refusal first', () => {
    const refused = (code: 'UNAUTHORIZED' | 'NO_SOURCE' | 'NOT_ALLOWED'): string =>
      keyOf({ camera: 'denied', connection: { state: 'refused', problem: { code, message: 'x' } } });
    expect([refused('UNAUTHORIZED'), refused('NO_SOURCE'), refused('NOT_ALLOWED')]).toEqual([
      'wrong-token',
      'no-source',
      'refused',
    ]);
  });

  it("reports the server's source", () => {
    const watching: Partial<PageFacts> = { mode: 'source', camera: null };
    expect(keyOf(watching)).toBe('source-connecting');
    expect(keyOf({ ...watching, source: source('reconnecting') })).toBe('source-gone');
    expect(keyOf({ ...watching, source: source('ended') })).toBe('source-ended');
    expect(pageState({ ...WELL, ...watching, source: source('failed', 'no such file') })).toMatchObject({
      key: 'source-failed',
      tone: 'bad',
      advice: 'no such file',
    });
    expect(keyOf({ ...watching, source: source('running') })).toBe('running');
  });
});

it.each([
  ['NotAllowedError', 'denied'],
  ['NotFoundError', 'none'],
  ['OverconstrainedError', 'none'],
  ['NotReadableError', 'in-use'],
  ['TypeError', 'other'],
])('%s of getUserMedia means %s', (name, problem) => {
  expect(cameraProblem({ name })).toBe(problem);
});
