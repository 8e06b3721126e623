import { InvalidArgumentError, Option } from 'commander';
import { BACKEND_NAMES } from '../model/engines/backend.js';
import { DEFAULT_MODEL, MODEL_NAMES } from '../model/expression-model.js';
import { FACE_CHOICES } from '../train/data/faces/face-handling.js';
import { SPLITS } from '../train/data/sample.js';

// Options that several commands share.

export function backendOption(): Option {
  return new Option('--backend <name>', 'compute engine (default: the fastest that works)').choices([
    'auto',
    ...BACKEND_NAMES,
  ]);
}

export function modelOption(): Option {
  return new Option('--model <model>', `expression model: ${MODEL_NAMES.join(', ')}, or a model folder`).default(
    DEFAULT_MODEL,
  );
}

export function splitOption(description: string): Option {
  return new Option('--split <name>', description).choices(SPLITS);
}

export function foldOption(): Option {
  return new Option('--fold <n>', 'fold of a data set with several, from 1').argParser(number);
}

export function facesOption(): Option {
  return new Option(
    '--faces <how>',
    'take images as they are, detect and align faces, or as the model was trained (auto); videos are always searched for faces',
  ).choices(FACE_CHOICES);
}

/** A number on the command line; ranges are checked where the option is used. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

/** Where commands print results. */
export function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
