import { openBackend } from '../model/engines/open-backend.js';
import type { BackendName } from '../model/engines/backend.js';
import { TrainedModel } from '../model/heads/trained-model.js';
import { calibrateModel, writeTemperature } from '../train/evaluate/calibrate-model.js';
import type { Calibration } from '../train/metrics/calibration.js';
import type { Split } from '../train/data/sample.js';
import { openSplit, withFaces } from '../train/data/faces/open-faces.js';
import type { FaceChoice } from '../train/data/faces/face-handling.js';
import { EXIT } from './exit-codes.js';
import { Progress } from './progress.js';
import type { ProgressTarget } from './progress.js';
import { textTable } from './text-table.js';

/** The options of `fer calibrate` as the command line gives them. */
export interface CalibrateFlags {
  readonly model: string;
  readonly data: string;
  readonly split: Split;
  readonly fold?: number;
  readonly faces: FaceChoice;
  readonly dryRun?: boolean;
  readonly backend?: BackendName | 'auto';
}

/** Calibrates a model folder, and says what it changed. Returns the exit code. */
export async function runCalibrate(
  { model: folder, dryRun = false, backend, faces, ...from }: CalibrateFlags,
  io: { write(line: string): void; readonly progress: ProgressTarget; readonly signal?: AbortSignal },
): Promise<number> {
  const dataset = await openSplit(from);
  await openBackend({ backend });
  const model = await TrainedModel.load(folder);
  const progress = new Progress(io.progress, 'samples');
  try {
    progress.start(`calibrating on ${dataset.name}`, dataset.samples.length);
    const onSample = (done: number): void => {
      progress.update(done);
    };
    const { count, before, after } = await withFaces(
      dataset,
      from,
      { model, faces, onSample, ...(io.signal && { signal: io.signal }) },
      (crops) => calibrateModel(model, folder, crops, io.signal),
    );
    if (!dryRun) await writeTemperature(folder, after.temperature);
    progress.clear();
    io.write(`${folder} on ${count} faces of ${from.data}, ${from.split}`);
    for (const line of textTable(
      ['', 'temperature', 'cross entropy', 'calibration error'],
      [row('before', before), row(dryRun ? 'would be' : 'now', after)],
    ))
      io.write(line);
    return EXIT.ok;
  } finally {
    progress.clear();
    model.dispose();
  }
}

function row(name: string, { temperature, loss, expectedCalibrationError }: Calibration): string[] {
  return [name, temperature.toFixed(3), loss.toFixed(4), (100 * expectedCalibrationError).toFixed(2)];
}
