import type { FrameResult } from './frame-result.js';

/** Seconds looked back on: three or four syllables. */
const WINDOW = 1.2;
/** Least change of the mouth's opening that counts as a movement; landmarks of a still mouth move by less. */
const STROKE = 0.05;
/** Openings and closings in the window from which it is speech: two syllables. A yawn or a smile has one or two. */
const LEAST_STROKES = 4;
/** Seconds between frames beyond which syllables are missed. */
const SLOWEST = 0.125;

interface Sample {
  readonly time: number;
  readonly opening: number;
}

/** Marks faces whose mouth opens and closes in the rhythm of syllables. It looks back only, so live and recorded results are alike. */
export class SpeakingDetector {
  private readonly mouths = new Map<number, Sample[]>();

  /** The result with `speaking` on each face; without it where frames are too rare to tell. */
  mark(result: FrameResult): FrameResult {
    if (result.faces.length === 0) return result;
    const { timestamp } = result;
    for (const [id, samples] of this.mouths)
      if (timestamp - samples.at(-1)!.time > WINDOW || timestamp < samples.at(-1)!.time) this.mouths.delete(id);
    return {
      ...result,
      faces: result.faces.map((face) => {
        const samples = (this.mouths.get(face.trackId) ?? []).filter(({ time }) => timestamp - time <= WINDOW);
        // What is only predicted says nothing about the mouth.
        if (face.evidence !== 'coasted') samples.push({ time: timestamp, opening: face.mouthOpening });
        if (samples.length > 0) this.mouths.set(face.trackId, samples);
        const speaking = isSpeaking(samples);
        return speaking === null ? face : { ...face, speaking };
      }),
    };
  }
}

/** Null where frames are too rare, or less than half of the window has been seen. */
function isSpeaking(samples: readonly Sample[]): boolean | null {
  const seconds = samples.length < 2 ? 0 : samples.at(-1)!.time - samples[0]!.time;
  if (seconds < WINDOW / 2 || seconds / (samples.length - 1) > SLOWEST) return null;
  // Strokes between turning points, with hysteresis against noise.
  let [low, high, direction, strokes] = [Infinity, -Infinity, 0, 0];
  for (const { opening } of samples) {
    low = Math.min(low, opening);
    high = Math.max(high, opening);
    if (direction <= 0 && opening - low > STROKE) {
      strokes += 1;
      [direction, high] = [1, opening];
    } else if (direction >= 0 && high - opening > STROKE) {
      strokes += 1;
      [direction, low] = [-1, opening];
    }
  }
  return strokes >= LEAST_STROKES;
}
