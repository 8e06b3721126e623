import { markdownTable, median } from '../table.js';

/** What one run of a contender measured. */
export interface Measurement {
  /** Milliseconds per frame. */
  readonly perFrame: number;
  /** Faces per frame; null where that is not part of it. */
  readonly faces: number | null;
}

/** Something that takes its turn in every round. */
export interface Contender {
  /** First cells of its row. */
  readonly labels: readonly string[];
  /** Contenders of one group are compared with its reference. */
  readonly group: string;
  readonly isReference?: boolean;
  /** @param frames stop after so many; default: as many as it has */
  readonly run: (frames?: number) => Promise<Measurement>;
}

export interface Results {
  readonly contender: Contender;
  readonly times: number[];
  faces: number | null;
}

export interface RoundOptions {
  readonly rounds: number;
  /** No round but the first starts after this moment of `performance.now()`. */
  readonly deadline: number;
}

/** Frames of the run before the first round. */
const WARM_UP = 4;

/** Lets all contenders take turns, so that a busy machine slows all alike. */
export async function takeTurns(
  contenders: readonly Contender[],
  { rounds, deadline }: RoundOptions,
): Promise<Results[]> {
  const all = contenders.map((contender): Results => ({ contender, times: [], faces: null }));
  for (const { run } of contenders) await run(WARM_UP);
  for (let round = 0; round < rounds; round += 1) {
    if (round > 0 && performance.now() > deadline) break;
    for (const results of all) {
      const { perFrame, faces } = await results.contender.run();
      results.times.push(perFrame);
      results.faces = faces;
    }
  }
  return all;
}

/**
 * One row per contender: median of the times, frames per second, and the median over the rounds of how much faster than the reference of its group
 * it was.
 * @param labels names of the first columns
 * @param reference what the ratio column is called
 * @param options withFaces: also faces per frame
 */
export function resultTable(
  results: readonly Results[],
  labels: readonly string[],
  reference: string,
  { withFaces = false } = {},
): string {
  const rows = results.map(({ contender, times, faces }) => {
    const base = results.find(
      (other) => other.contender.isReference === true && other.contender.group === contender.group,
    );
    const ratio = base === undefined ? '' : median(times.map((time, round) => base.times[round]! / time)).toFixed(2);
    return [
      ...contender.labels,
      median(times).toFixed(1),
      (1000 / median(times)).toFixed(1),
      ratio,
      ...(withFaces ? [faces?.toFixed(1) ?? ''] : []),
    ];
  });
  const columns = [...labels, 'ms/frame', 'frames/s', reference, ...(withFaces ? ['faces per frame'] : [])];
  return markdownTable(columns, rows);
}
