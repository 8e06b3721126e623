import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { helloMessage } from '../../../test/support/fake-socket.js';
import { liveFace } from '../../../test/support/live-face.js';
import { annotationLine } from '../results/annotation-schema.js';
import type { LiveFace, ResultMessage } from '../protocol/messages.js';
import { Recorder } from './recorder.js';

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
