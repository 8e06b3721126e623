/** What was said of one face in one frame. */
export interface Said {
  /** Seconds. */
  readonly timestamp: number;
  readonly label: string;
}

/** Frames further apart than this, in seconds, are not neighbours: the face was away. */
const LONGEST_STEP = 0.5;

/** How often the label changes from one frame to the next, and for how long the face was followed. Over several faces both add up. */
export function switches(face: readonly Said[]): { readonly count: number; readonly seconds: number } {
  let [count, seconds] = [0, 0];
  for (const [i, { timestamp, label }] of face.entries()) {
    const before = face[i - 1];
    if (before === undefined || timestamp - before.timestamp > LONGEST_STEP) continue;
    seconds += timestamp - before.timestamp;
    if (label !== before.label) count += 1;
  }
  return { count, seconds };
}

/**
 * Seconds from a change until its label is there to stay; below 0 when it was there before the change, null when it never stays.
 * @param change presentation time of the first frame after it
 */
export function timeToShow(face: readonly Said[], change: number, label: string): number | null {
  const other = face.findLastIndex((said) => said.label !== label);
  const first = face[other + 1];
  return first === undefined ? null : first.timestamp - change;
}

/** Share of the frames with this label. */
export function shareOf(face: readonly Said[], label: string): number {
  return face.filter((said) => said.label === label).length / face.length;
}
