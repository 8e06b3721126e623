import type { Command } from 'commander';
import { FerError } from '../errors/fer-error.js';
import type { BackendName } from '../model/engines/backend.js';
import { unsplitLine } from '../train/data/sample.js';
import type { Calibration } from '../train/metrics/calibration.js';
import { EXIT, interruptSignal } from './exit.js';
import { addLabelledDataOptions, backendOption, checkFaceOptions, writeLine } from './options.js';
import type { LabelledDataFlags } from './options.js';
import { Progress, textTable } from './progress.js';
import type { ProgressTarget } from './progress.js';

export function calibrateCommand(program: Command): void {
  addLabelledDataOptions(
    program
      .command('calibrate')
      .summary('calibrate the confidence of a model')
      .description(
        'Fits the softmax temperature on labelled faces the model was not trained on and writes it into the model folder. Predictions stay the same, only their confidence changes. Training does this on its validation split.',
      )
      .requiredOption('--model <model>', 'model folder, or the default model, with --output')
      .option('-o, --output <dir>', 'write a calibrated copy there, and leave the model as it is'),
    'split to fit on; results on it no longer measure the model',
    'valid',
  )
    .option('--dry-run', 'print the result, write nothing')
    .addOption(backendOption())
    .addHelpText(
      'after',
      '\nExamples:\n  fer calibrate --model runs/nla/best --data manifest:./own --split valid\n  fer calibrate --model default --data manifest:./own --output my-model\n\nWhat a temperature is: docs/evaluate.md#calibration',
    )
    .action(async (flags: CalibrateFlags, own: Command) => {
      checkFaceOptions(own, flags.data);
      process.exitCode = await runCalibrate(flags, {
        write: writeLine,
        progress: process.stderr,
        signal: interruptSignal(),
      });
    });
}

interface CalibrateFlags extends LabelledDataFlags {
  readonly model: string;
  readonly output?: string;
  readonly dryRun?: boolean;
  readonly backend?: BackendName | 'auto';
}

/** Calibrates a model folder, or a copy of it, and prints the change. Returns the exit code. */
export async function runCalibrate(
  { model: name, output, dryRun = false, backend, faces, ...from }: CalibrateFlags,
  io: { write(line: string): void; readonly progress: ProgressTarget; readonly signal?: AbortSignal },
): Promise<number> {
  const { openBackend } = await import('../model/engines/open-backend.js');
  const { TrainedModel } = await import('../model/heads/trained-model.js');
  const { openSplit, withFaces } = await import('../train/data/faces/open-faces.js');
  const { calibrateModel } = await import('../train/evaluate/calibrate-model.js');
  const { copyModel, writeTemperature } = await import('../model/heads/copy-model.js');
  const { locateModel } = await import('../model/heads/open-model.js');
  const { temperatureAtLimit } = await import('../train/metrics/split-metrics.js');
  const source = await locateModel(name);
  if (!('folder' in source))
    throw new FerError('CONFIG_INVALID', `--model ${name}: has no temperature; give a trained model`);
  if (source.name !== undefined && output === undefined && !dryRun)
    throw new FerError(
      'CONFIG_INVALID',
      `--model ${name}: belongs to the installation; add --output DIR for a calibrated copy, or --dry-run`,
    );
  const { folder } = source;
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
    const { temperature } = after;
    if (!dryRun)
      await (output === undefined ? writeTemperature(folder, temperature) : copyModel(folder, output, { temperature }));
    progress.clear();
    const warning = temperatureAtLimit(temperature);
    if (warning !== null) io.write(warning);
    io.write(
      `${output ?? name} on ${count} faces of ${from.data}, ${dataset.unsplit === true ? 'the whole' : from.split}`,
    );
    const unsplit = unsplitLine(dataset);
    if (unsplit !== null) io.write(unsplit);
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
