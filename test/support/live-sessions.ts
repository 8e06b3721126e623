import sharp from 'sharp';
import type { LiveEngine, LivePicture, LiveSession } from '../../src/stream/live/live-engine.js';
import type { Problem, ResultMessage } from '../../src/stream/protocol/messages.js';
import type { Section } from './face-frames.js';
import { photoPath } from './face-frames.js';

export type Answer =
  | { readonly kind: 'result'; readonly sequence: number; readonly result: ResultMessage }
  | { readonly kind: 'skipped'; readonly sequence: number }
  | { readonly kind: 'problem'; readonly sequence: number; readonly problem: Problem };

/** A session that keeps its answers, and can be waited for. */
export interface KeptSession {
  readonly session: LiveSession;
  readonly answers: Answer[];
  /** Submits a picture, captured at 30 a second, and gives its answer. */
  readonly ask: (picture: LivePicture['picture'], captureTime?: number) => Promise<Answer>;
  /** Resolves when there are this many answers. */
  readonly until: (count: number) => Promise<void>;
}

export function openKept(engine: LiveEngine): KeptSession {
  const answers: Answer[] = [];
  let waiting: (() => void)[] = [];
  let sequence = 0;
  const take = (answer: Answer): void => {
    answers.push(answer);
    const told = waiting;
    waiting = [];
    for (const tell of told) tell();
  };
  const session = engine.openSession({
    onResult: (result) => {
      take({ kind: 'result', sequence: result.sequence, result });
    },
    onSkipped: (skipped) => {
      take({ kind: 'skipped', sequence: skipped });
    },
    onProblem: (refused, problem) => {
      take({ kind: 'problem', sequence: refused, problem });
    },
  });
  const until = async (isReached: () => boolean): Promise<void> => {
    while (!isReached()) await new Promise<void>((tell) => waiting.push(tell));
  };
  return {
    session,
    answers,
    until: (count) => until(() => answers.length >= count),
    ask: async (picture, captureTime) => {
      const own = sequence;
      sequence += 1;
      session.submit({ sequence: own, captureTime: captureTime ?? (own * 1000) / 30, picture });
      await until(() => answers.some((answer) => answer.sequence === own));
      return answers.find((answer) => answer.sequence === own)!;
    },
  };
}

/** A section of a photo as a webcam would send it. */
export async function webcamJpeg(photo: string, section: Section, width = 640, height = 480): Promise<Uint8Array> {
  return new Uint8Array(
    await sharp(photoPath(photo))
      .extract(section)
      .resize(width, height, { fit: 'fill' })
      .jpeg({ quality: 80 })
      .toBuffer(),
  );
}
