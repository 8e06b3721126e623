import { parse } from 'csv-parse/sync';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { helloMessage } from '../../../test/support/fake-socket.js';
import { liveFace } from '../../../test/support/live-face.js';
import { annotationLine } from '../results/annotation-schema.js';
import type { LiveFace, ResultMessage } from '../protocol/messages.js';
import { Recorder, VideoRecorder } from './recorder.js';

const HELLO = helloMessage({}, ['a', 'b']);

function result(captureTime: number, faces: readonly LiveFace[]): ResultMessage {
  return {
    type: 'result',
    sequence: 70,
    captureTime,
    timestamp: 9,
    width: 64,
    height: 48,
    status: faces.length > 0 ? 'ok' : 'no-face',
    faces,
    timing: { waited: 0, worked: 1 },
  };
}

async function lines(recorder: Recorder): Promise<unknown[]> {
  return (await recorder.jsonlFile().text())
    .trimEnd()
    .split('\n')
    .map((line) => annotationLine.parse(JSON.parse(line)));
}

describe('Recorder', () => {
  it('writes lines that fit the schema of annotations, and the same as a table', async () => {
    const recorder = new Recorder('camera', HELLO, { live: true });
    recorder.add(result(1000, [liveFace({ a: 0.25, b: 0.75 })]), HELLO);
    recorder.add(result(1040.5, []), HELLO);
    expect(await lines(recorder)).toMatchObject([
      { type: 'run', input: { name: 'camera', kind: 'live' }, settings: { live: true } },
      {
        type: 'frame',
        index: 0,
        timestamp: 0,
        faces: [{ trackId: 1, label: 'b', probabilities: { a: 0.25, b: 0.75 }, landmarks: [] }],
      },
      { type: 'frame', index: 1, timestamp: 0.0405, status: 'no-face', faces: [] },
      { type: 'end', frames: 2, degraded: false, note: null },
    ]);
    expect(await recorder.csvFile().text()).toBe(
      [
        'frame,timestamp,face_id,success,confidence,x,y,w,h,a,b,label,ambiguity,trust,certainty,quality,size,sharpness,yaw,pitch,roll,eyes_visible,mouth_visible,eye_opening,mouth_opening,speaking',
        '0,0,1,1,0.9,10,20,30,40,0.25,0.75,b,0.33333,sure,0.95,0.7,20,0.5,0,0,0,1,1,0.3,0,',
        `1,0.0405,,0,0${','.repeat(21)}`,
        '',
      ].join('\r\n'),
    );
  });

  it('continues over a new connection: times grow, new people get new ids', async () => {
    const recorder = new Recorder('camera', HELLO, {});
    const later = { ...HELLO, session: 'two' };
    recorder.add(result(1000, [liveFace({ a: 1, b: 0 }), liveFace({ a: 1, b: 0 }, { trackId: 3 })]), HELLO);
    recorder.add(result(4000, [liveFace({ a: 1, b: 0 })]), later);
    expect(recorder.fits(later)).toBe(true);
    expect(recorder.fits(helloMessage({}, ['b', 'a']))).toBe(false);
    expect(await lines(recorder)).toMatchObject([
      {},
      {},
      { index: 1, timestamp: 3, faces: [{ trackId: 4 }] },
      { degraded: true, note: '2 connections; face ids do not continue from one to the next' },
    ]);
  });

  it('keeps every line of a long recording', async () => {
    const recorder = new Recorder('camera', HELLO, {});
    for (let k = 0; k < 1234; k += 1) recorder.add(result(k, []), HELLO);
    expect(await lines(recorder)).toHaveLength(1236);
    expect(parse(await recorder.csvFile().text())).toHaveLength(1235);
  });
});

describe('the video of a recording', () => {
  class Encoder extends EventTarget {
    static isTypeSupported = (): boolean => true;
    static made = 0;
    readonly stream = { getTracks: () => [] };
    readonly mimeType = 'video/webm';
    state = 'inactive';
    constructor() {
      super();
      Encoder.made += 1;
    }
    start(): void {
      this.state = 'recording';
    }
    stop(): void {
      if (this.state === 'inactive') throw new DOMException('', 'InvalidStateError');
      this.fail();
    }
    fail(): void {
      this.state = 'inactive';
      this.dispatchEvent(Object.assign(new Event('dataavailable'), { data: new Blob(['x']) }));
      this.dispatchEvent(new Event('stop'));
    }
  }
  const scene = { picture: { width: 4, height: 4 }, size: { width: 4, height: 4 }, faces: [], mirrored: false };

  function open(MediaRecorder: typeof Encoder): VideoRecorder {
    const context = { save() {}, restore() {}, fillRect() {}, drawImage() {} };
    const canvas = { getContext: () => context, captureStream: () => ({}) };
    vi.stubGlobal('document', { createElement: () => ({ ...canvas }) });
    vi.stubGlobal(
      'HTMLCanvasElement',
      class {
        captureStream(): void {}
      },
    );
    vi.stubGlobal('MediaRecorder', MediaRecorder);
    return new VideoRecorder('plain');
  }
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('ends with what there is when its encoder has failed', async () => {
    const encoders: Encoder[] = [];
    const film = open(
      class extends Encoder {
        constructor() {
          super();
          encoders.push(this);
        }
      },
    );
    film.add(scene as never);
    encoders[0]!.fail();
    expect(await (await film.stop())?.text()).toBe('x');
  });

  it('is left out where there is no encoder for it: the page goes on', async () => {
    Encoder.made = 0;
    const film = open(
      class extends Encoder {
        override start(): void {
          throw new DOMException('', 'NotSupportedError');
        }
      },
    );
    film.add(scene as never);
    film.add(scene as never);
    expect(Encoder.made).toBe(1);
    expect(await film.stop()).toBeNull();
  });
});
