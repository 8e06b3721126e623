import { Argument, Option } from 'commander';
import type { Command } from 'commander';
import { FerError } from '../errors/fer-error.js';
import { MODEL_NAMES } from '../model/expression-model.js';
import type { ExportFormat } from '../model/heads/export-model.js';
import { VERSION } from '../version.js';
import { EXIT } from './exit.js';
import { writeLine } from './options.js';

/** All face networks of the pipeline, by one name. */
const FACES = 'faces';

export function exportCommand(program: Command): void {
  program
    .command('export')
    .summary('write a model as ONNX files')
    .description(
      'Writes the networks of a model for other programs: ONNX (opset 17, float32, dynamic batch), or a copy as TensorFlow.js layers.',
    )
    .addArgument(
      new Argument('<model>', `${MODEL_NAMES.join(', ')}, a model folder, or "${FACES}" for the face networks`),
    )
    .option('-o, --output <dir>', 'output folder', 'fer-export')
    .addOption(new Option('--format <name>', 'file format').choices(['onnx', 'tfjs']).default('onnx'))
    .addHelpText(
      'after',
      '\nExamples:\n  fer export default -o models-onnx\n  fer export runs/nla/best\n  fer export faces\n\nInputs and outputs of the files: docs/export.md',
    )
    .action(async (model: string, flags: ExportFlags) => {
      process.exitCode = await runExport(model, flags);
    });
}

interface ExportFlags {
  readonly output: string;
  readonly format: ExportFormat;
}

/** Writes the files and prints their paths. Returns the exit code. */
async function runExport(model: string, { output, format }: ExportFlags): Promise<number> {
  if (model === FACES && format !== 'onnx')
    throw new FerError('USAGE', `--format ${format}: the face networks are exported as onnx only; leave --format out`);
  const { openBackend } = await import('../model/engines/open-backend.js');
  const { exportModel, writeExported } = await import('../model/heads/export-model.js');
  // Nothing is computed, so the engine that is always there will do.
  await openBackend({ backend: 'wasm' });
  if (model !== FACES) {
    for (const path of await exportModel(model, output, { format, version: VERSION })) writeLine(path);
    return EXIT.ok;
  }
  const { FACE_NETWORKS, faceNetToOnnx } = await import('../ingest/face/face-nets.js');
  for (const network of FACE_NETWORKS) {
    const file = { name: `${network.name}.onnx`, content: await faceNetToOnnx(network, VERSION) };
    for (const path of await writeExported([file], output)) writeLine(path);
  }
  return EXIT.ok;
}
