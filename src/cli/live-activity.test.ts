import { expect, it } from 'vitest';
import type { LiveSource } from '../ingest/live/live-source.js';
import type { LiveEngine, SessionListener } from '../stream/live/live-engine.js';
import type { ResultMessage } from '../stream/protocol/messages.js';
import { LiveActivity } from './live-activity.js';

it('counts sessions, results and what was passed over, and tells how the source does', async () => {
  const listeners: SessionListener[] = [];
  const engine: LiveEngine = {
    description: { model: { name: 'm', version: '1', labels: [] }, engine: { backend: 'wasm', device: null } },
    maxPixels: 1,
    load: 0.634,
    tensors: () => Promise.resolve(0),
    close: () => Promise.resolve(),
    openSession: (listener) => {
      listeners.push(listener);
      return { submit: () => undefined, reset: () => undefined, close: () => undefined };
    },
  };
  const source: LiveSource = {
    name: 'camera',
    status: { state: 'running' },
    dropped: 2,
    // eslint-disable-next-line @typescript-eslint/require-await
    async *frames(onStatus) {
      onStatus?.({ state: 'reconnecting', reason: 'no answer', retryIn: 1500 });
      yield* [];
    },
  };
  const activity = new LiveActivity(engine, source);
  expect(activity.describe()).toBe('0 sessions  0.0 results/s  load 63%  2 frames skipped  source running');

  const heard: string[] = [];
  const session = activity.engine.openSession({
    onResult: ({ sequence }) => heard.push(`result ${sequence}`),
    onSkipped: (sequence) => heard.push(`skipped ${sequence}`),
    onProblem: (sequence) => heard.push(`problem ${sequence}`),
  });
  listeners[0]!.onResult({ sequence: 1 } as ResultMessage);
  listeners[0]!.onSkipped(2, 'newer');
  listeners[0]!.onProblem(3, { code: 'BAD_PICTURE', message: '' });
  expect(heard).toEqual(['result 1', 'skipped 2', 'problem 3']);
  expect(activity.describe()).toBe('1 session  0.2 results/s  load 63%  3 frames skipped  source running');
  session.close();
  session.close();
  expect(activity.describe()).toMatch(/^0 sessions/);

  const lines: string[] = [];
  const told: string[] = [];
  activity.onSource = (line) => lines.push(line);
  for await (const frame of activity.source!.frames(({ state }) => told.push(state))) expect(frame).toBeUndefined();
  expect(lines).toEqual(['source reconnecting in 1.5 s: no answer']);
  expect(told).toEqual(['reconnecting']);
});
