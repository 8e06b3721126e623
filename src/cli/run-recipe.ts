import { dirname } from 'node:path';
import { openBackend } from '../model/engines/open-backend.js';
import type { OpenBackendOptions } from '../model/engines/open-backend.js';
import { readRecipe } from '../train/workflows/recipe/recipe.js';
import { runRecipe } from '../train/workflows/recipe/run-recipe.js';
import { epochLine } from './epoch-line.js';
import { EXIT } from './exit-codes.js';
import { interruptSignal } from './interrupt.js';
import { Progress } from './progress.js';

/** The options of `fer recipe` as the command line gives them. */
export interface RecipeFlags {
  readonly output: string;
  readonly data?: string;
  readonly workers?: number;
  readonly check?: boolean;
  readonly backend?: NonNullable<OpenBackendOptions['backend']>;
}

/** Runs what is missing of a recipe, with a progress line on stderr and a line for every stage and epoch on stdout. Returns the exit code. */
export async function runRecipeFile(
  file: string,
  { output, data, workers, check = false, backend }: RecipeFlags,
): Promise<number> {
  const recipe = await readRecipe(file);
  if (check) {
    for (const { name, kind } of recipe.stages) say(`${name}: ${kind}`);
    return EXIT.ok;
  }
  const signal = interruptSignal();
  const { description } = await openBackend({ backend });
  say(`computing on ${description}`);
  let [progress, label] = [new Progress(process.stderr), ''];
  const clearThenSay = (line: string): void => {
    progress.clear();
    say(line);
  };
  const isComplete = await runRecipe(recipe, output, {
    ...{ data, signal },
    root: dirname(file),
    ...(workers === undefined ? {} : { workers }),
    onMessage: clearThenSay,
    onProgress: ({ label: now, unit, done, total, note }) => {
      if (now !== label) {
        progress = new Progress(process.stderr, unit);
        progress.start(now, total);
        label = now;
      }
      progress.update(done, note);
    },
    onEpoch: (record, epochs, isBest) => {
      clearThenSay(epochLine(record, epochs, isBest));
    },
  });
  progress.clear();
  if (!isComplete) say('stopped; the same command goes on from here');
  return isComplete ? EXIT.ok : EXIT.interrupted;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
