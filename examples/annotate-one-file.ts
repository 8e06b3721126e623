/**
 * Prints every change of expression.
 *
 *   npx tsx examples/annotate-one-file.ts clip.mp4
 */
import { annotate } from 'ferstream';

const shown = new Map<number, string>();
for await (const { timestamp, faces } of annotate(process.argv[2] ?? 'fer-demo/demo.mp4')) {
  for (const { trackId, label, probabilities } of faces) {
    if (shown.get(trackId) === label) continue;
    shown.set(trackId, label);
    console.log(`${timestamp.toFixed(2)} s  face ${trackId}: ${label} (${Math.round(probabilities[label]! * 100)} %)`);
  }
}
