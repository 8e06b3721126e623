import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeSocket, helloMessage } from '../../../test/support/fake-socket.js';
import { decodeFrameMessage } from '../protocol/messages.js';
import type { ErrorMessage, FrameMessage, ResultMessage } from '../protocol/messages.js';
import { LiveProducer } from './live-producer.js';
import type { LiveProducerOptions } from './live-producer.js';

const JPEG = Uint8Array.of(0xff, 0xd8, 1, 2, 3);

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
});
afterEach(() => {
  vi.useRealTimers();
});

function open(options: LiveProducerOptions = {}): LiveProducer {
  const producer = new LiveProducer('http://localhost:8787', { WebSocket: FakeSocket, ...options });
  FakeSocket.latest.says(helloMessage());
  vi.advanceTimersByTime(10);
  return producer;
}

function result(sequence: number): ResultMessage {
  return {
    type: 'result',
    sequence,
    captureTime: 0,
    timestamp: 0,
    width: 4,
    height: 3,
    status: 'no-face',
    faces: [],
    timing: { waited: 0, worked: 1 },
  };
}

describe('LiveProducer', () => {
  it('connects with its token, and asks for landmarks only on request', () => {
    open({ token: 'a b&c' });
    expect(FakeSocket.latest.address).toBe('ws://localhost:8787/v1/produce?token=a+b%26c');
    open({ landmarks: true });
    expect(FakeSocket.latest.address).toBe('ws://localhost:8787/v1/produce?landmarks=1');
  });

  it('sends a header and the picture, numbered from 0', () => {
    const producer = open();
    expect(producer.send(JPEG, 1234.5)).toBe(0);
    vi.advanceTimersByTime(10);
    expect(producer.send(JPEG, 1250)).toBe(1);
    const frame = decodeFrameMessage(FakeSocket.latest.sent[0] as Uint8Array) as FrameMessage;
    expect(frame).toEqual({ sequence: 0, captureTime: 1234.5, jpeg: JPEG });
  });

  it('sends a Blob after the header, as one Blob', async () => {
    const producer = open();
    producer.send(new Blob([JPEG]), 7);
    const message = new Uint8Array(await (FakeSocket.latest.sent[0] as Blob).arrayBuffer());
    expect(decodeFrameMessage(message)).toEqual({ sequence: 0, captureTime: 7, jpeg: JPEG });
  });

  it('drops and counts pictures sent before there is a connection', () => {
    const producer = new LiveProducer('http://localhost:8787', { WebSocket: FakeSocket });
    expect(producer.canSend).toBe(false);
    expect(producer.send(JPEG, 0)).toBeNull();
    expect(producer.counts).toEqual({ sent: 0, dropped: 1, lost: 0 });
    expect(FakeSocket.latest.sent).toEqual([]);
  });

  it('sends no faster than the server allows', () => {
    const producer = new LiveProducer('http://localhost:8787', { WebSocket: FakeSocket });
    FakeSocket.latest.says(helloMessage({ messagesPerSecond: 20 }));
    expect(producer.send(JPEG, 0)).toBe(0);
    vi.advanceTimersByTime(49);
    expect(producer.send(JPEG, 1)).toBeNull();
    vi.advanceTimersByTime(1);
    expect(producer.send(JPEG, 2)).toBe(1);
  });

  it('waits the longer millisecond where the limit falls between two', () => {
    const producer = new LiveProducer('http://localhost:8787', { WebSocket: FakeSocket });
    FakeSocket.latest.says(helloMessage({ messagesPerSecond: 60 }));
    expect(producer.send(JPEG, 0)).toBe(0);
    vi.advanceTimersByTime(16);
    expect(producer.canSend).toBe(false);
    vi.advanceTimersByTime(1);
    expect(producer.canSend).toBe(true);
  });

  it('never has more unanswered frames than both sides allow, in any order of answers', () => {
    const step = fc.oneof(
      fc.constant('send' as const),
      fc.record({ answer: fc.nat(9), kind: fc.constantFrom('result', 'skipped', 'error') }),
      fc.constant('break' as const),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(step, { maxLength: 60 }),
        (wanted, allowed, steps) => {
          const producer = new LiveProducer('http://localhost:8787', { WebSocket: FakeSocket, framesInFlight: wanted });
          const hello = helloMessage({ framesInFlight: allowed });
          FakeSocket.latest.says(hello);
          const waiting: number[] = [];
          let [sent, dropped, lost] = [0, 0, 0];
          for (const next of steps) {
            vi.advanceTimersByTime(1);
            if (next === 'send') {
              const room = waiting.length < Math.min(wanted, allowed);
              expect(producer.canSend).toBe(room);
              const sequence = producer.send(JPEG, 0);
              expect(sequence).toBe(room ? sent : null);
              if (sequence === null) dropped += 1;
              else [sent] = [sent + 1, waiting.push(sequence)];
            } else if (next === 'break') {
              lost += waiting.splice(0).length;
              FakeSocket.latest.breaks();
              vi.advanceTimersByTime(15_000);
              FakeSocket.latest.says(hello);
            } else {
              const [sequence = 1_000_000] = waiting.splice(next.answer, 1);
              if (next.kind === 'result') FakeSocket.latest.says(result(sequence));
              else if (next.kind === 'skipped') FakeSocket.latest.says({ type: 'skipped', sequence, reason: 'newer' });
              else FakeSocket.latest.says({ type: 'error', code: 'BAD_PICTURE', message: 'x', sequence, fatal: false });
            }
          }
          expect(producer.counts).toEqual({ sent, dropped, lost });
          producer.close();
        },
      ),
    );
  });

  it('reports frames lost with the connection, and continues counting in the next', () => {
    const producer = open();
    const lost: (readonly number[])[] = [];
    producer.on('lost', (sequences) => lost.push(sequences));
    producer.send(JPEG, 0);
    FakeSocket.latest.breaks();
    expect(lost).toEqual([[0]]);
    vi.advanceTimersByTime(500);
    FakeSocket.latest.says(helloMessage());
    expect(producer.send(JPEG, 1)).toBe(1);
  });

  it('gives up a connection that answers no frame for 15 s but sends other messages', () => {
    const producer = open();
    producer.send(JPEG, 0);
    const stats = {
      type: 'stats',
      received: 1,
      answered: 0,
      skipped: 0,
      refused: 0,
      dropped: 0,
      framesPerSecond: 0,
      load: 1,
    } as const;
    for (let seconds = 0; seconds <= 14; seconds += 2) {
      FakeSocket.latest.says(stats);
      expect(producer.state.state).toBe('open');
      vi.advanceTimersByTime(2000);
    }
    FakeSocket.latest.says(stats);
    expect(producer.state).toMatchObject({ state: 'waiting', reason: 'no answer to a frame for 15 s' });
    expect(FakeSocket.latest.closedWith).toBe(4000);
  });

  it.each([-3_600_000, 3_600_000])('sends and waits as before when the clock of the system is set by %d ms', (leap) => {
    const producer = open();
    expect(producer.send(JPEG, 0)).toBe(0);
    vi.setSystemTime(Date.now() + leap);
    vi.advanceTimersByTime(10);
    expect(producer.canSend).toBe(true);
    expect(producer.send(JPEG, 1)).toBe(1);
    FakeSocket.latest.says({ ...result(0) });
    expect(producer.state.state).toBe('open');
    // A server that says nothing more is noticed all the same.
    vi.advanceTimersByTime(20_000);
    expect(producer.state.state).not.toBe('open');
  });

  it('does not send a picture for which the server would close the connection', () => {
    const producer = new LiveProducer('http://localhost:8787', { WebSocket: FakeSocket });
    FakeSocket.latest.says(helloMessage({ messageBytes: 100 }));
    const problems: ErrorMessage[] = [];
    producer.on('problem', (problem) => problems.push(problem));
    expect(producer.send(new Uint8Array(85), 0)).toBeNull();
    expect(producer.send(new Blob([new Uint8Array(85)]), 0)).toBeNull();
    expect(problems).toMatchObject([
      { code: 'PICTURE_TOO_LARGE', message: expect.stringContaining('101 bytes; the server accepts 100') as string },
      { fatal: false, sequence: null },
    ]);
    expect(producer.send(new Uint8Array(84), 0)).toBe(0);
    expect(producer.counts).toEqual({ sent: 1, dropped: 2, lost: 0 });
  });

  it('stops calling a removed listener', () => {
    const producer = open();
    const heard: number[] = [];
    const stop = producer.on('result', ({ sequence }) => heard.push(sequence));
    FakeSocket.latest.says(result(3));
    stop();
    FakeSocket.latest.says(result(4));
    expect(heard).toEqual([3]);
  });

  it('rejects an invalid address, and an environment without WebSocket', () => {
    expect(() => new LiveProducer('localhost:8787', { WebSocket: FakeSocket })).toThrow(
      '"localhost:8787" is not a server address',
    );
    vi.stubGlobal('WebSocket', undefined);
    expect(() => new LiveProducer('http://localhost:8787')).toThrow('no global WebSocket: npm install ws');
    vi.unstubAllGlobals();
  });
});
