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

/** One row per contender: time per frame, and how many times as fast as the reference it was. @param labels names of the first columns */
export function resultTable(results: readonly Results[], labels: readonly string[], reference: string): string {
  const rows = results.map((one) => [
    ...one.contender.labels,
    median(one.times).toFixed(1),
    timesReference(one, results)?.toFixed(2) ?? '',
  ]);
  return markdownTable([...labels, 'ms/frame', reference], rows);
}

/**
 * Contenders with two labels, a row and a column: frames per second, in brackets how many times as fast as the reference, and how many faces it found
 * where others found more.
 * @param corner what the rows are
 */
export function crossTable(results: readonly Results[], corner: string): string {
  const column = (index: number): string[] => [...new Set(results.map(({ contender }) => contender.labels[index]!))];
  const columns = column(1);
  const rows = column(0).map((name) => [name, ...columns.map((other) => cell(results, name, other))]);
  return markdownTable([corner, ...columns], rows);
}

function cell(results: readonly Results[], row: string, column: string): string {
  const one = results.find(({ contender: { labels } }) => labels[0] === row && labels[1] === column);
  if (one === undefined) return '';
  const ratio = one.contender.isReference === true ? null : timesReference(one, results);
  const mostFaces = Math.max(...results.filter((other) => isSameGroup(other, one)).map(({ faces }) => faces ?? 0));
  const speed = (1000 / median(one.times)).toFixed(1) + (ratio === null ? '' : ` (${ratio.toFixed(2)})`);
  return one.faces !== null && one.faces < mostFaces - 0.5 ? `${speed}, finds ${one.faces.toFixed(0)}` : speed;
}

const isSameGroup = (a: Results, b: Results): boolean => a.contender.group === b.contender.group;

/** The median over the rounds, so that a busy moment does not count. */
function timesReference(one: Results, results: readonly Results[]): number | null {
  const base = results.find((other) => other.contender.isReference === true && isSameGroup(other, one));
  return base === undefined ? null : median(one.times.map((time, round) => base.times[round]! / time));
}
