import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { tf } from '../tfjs.js';
import { FerError } from '../../errors/fer-error.js';
import { replaceFolder } from '../../files/replace-folder.js';
import { INFO_FILE, TOPOLOGY_FILE, WEIGHTS_FILE, digestFiles, folderHandler } from './checkpoint-files.js';
import { CHECKPOINT_FORMAT, parseCheckpointInfo } from './checkpoint-info.js';
import type { CheckpointDescription } from './checkpoint-info.js';

/**
 * Writes a model as a folder: `model.json` and `weights.bin` in TensorFlow.js' standard layout, and `ferstream.json` with their
 * checksums. The folder appears
 * complete or not at all, and replaces an older checkpoint.
 *
 * @throws FerError MODEL_INCOMPATIBLE when `info` does not describe the model, OUTPUT_UNWRITABLE when the folder cannot be written.
 */
export async function saveCheckpoint(
  model: tf.LayersModel,
  folder: string,
  info: CheckpointDescription,
): Promise<void> {
  const complete = parseCheckpointInfo(
    { format: CHECKPOINT_FORMAT, files: {}, ...info },
    `the description of checkpoint ${folder}`,
  );
  const outputs = model.outputs[0]!.shape.at(-1);
  if (outputs !== info.labelSet.labels.length) {
    throw new FerError(
      'MODEL_INCOMPATIBLE',
      `checkpoint ${folder}: the model has ${outputs ?? 'no'} outputs, label set "${info.labelSet.name}" has ${info.labelSet.labels.length} labels; use the label set it was built for`,
    );
  }
  await replaceFolder(folder, { marker: INFO_FILE, replace: true }, async (scratch) => {
    await model.save(folderHandler(scratch));
    const described = { ...complete, files: await digestFiles(scratch) };
    await writeFile(join(scratch, INFO_FILE), `${JSON.stringify(described, null, 2)}\n`);
    for (const file of [WEIGHTS_FILE, TOPOLOGY_FILE, INFO_FILE]) await flush(join(scratch, file));
  });
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
