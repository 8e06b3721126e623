/**
 * The share of time with a smile, updated while the footage is read: the pipeline as an RxJS Observable.
 *
 *   npx tsx examples/observable.ts clip.mp4
 */
import { filter, map, scan, throttleTime } from 'rxjs';
import { annotate$ } from 'ferstream';

annotate$(process.argv[2] ?? 'fer-demo/demo.mp4')
  .pipe(
    filter(({ faces }) => faces.length > 0),
    map(({ timestamp, faces }) => ({ timestamp, smiling: faces.some(({ label }) => label === 'happiness') })),
    scan(
      (sum, { timestamp, smiling }) => ({ timestamp, frames: sum.frames + 1, smiles: sum.smiles + Number(smiling) }),
      {
        timestamp: 0,
        frames: 0,
        smiles: 0,
      },
    ),
    throttleTime(500, undefined, { leading: true, trailing: true }),
  )
  .subscribe(({ timestamp, frames, smiles }) => {
    console.log(
      `${timestamp.toFixed(1)} s: somebody smiles in ${Math.round((100 * smiles) / frames)} % of the frames with a face`,
    );
  });
