import { roundedResult } from '../output/jsonl-text.js';
import { roundTo } from '../output/rounding.js';
import type { ResultMessage } from '../protocol/index.js';

/** Thousandths of a millisecond. */
const TIMING_DECIMALS = 3;

/** A result as it is sent: numbers as exact as in the files, landmarks only on request. */
export function resultText(result: ResultMessage, landmarks: boolean): string {
  const { type, sequence, captureTime, timestamp, width, height, status, timing } = result;
  const rounded = roundedResult({
    index: sequence,
    timestamp,
    width,
    height,
    status,
    faces: result.faces.map((face) => ({ landmarks: [], ...face })),
  });
  return JSON.stringify({
    type,
    sequence,
    captureTime,
    timestamp: rounded.timestamp,
    width,
    height,
    status,
    faces: landmarks ? rounded.faces : rounded.faces.map(({ landmarks: _, ...face }) => face),
    timing: { waited: roundTo(timing.waited, TIMING_DECIMALS), worked: roundTo(timing.worked, TIMING_DECIMALS) },
  } satisfies ResultMessage);
}
