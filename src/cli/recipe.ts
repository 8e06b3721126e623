import { dirname } from 'node:path';
import type { Command } from 'commander';
import type { OpenBackendOptions } from '../model/engines/open-backend.js';
import { Progress, epochLine } from './progress.js';
import { EXIT, interruptSignal } from './exit.js';
import { backendOption, number } from './options.js';

export function recipeCommand(program: Command): void {
  program
    .command('recipe')
    .summary('build a model from a file of stages')
    .description(
      'Runs the stages of a recipe in order: prepare, synthesize, train, average, calibrate, publish. An interrupted run resumes.',
    )
    .argument('<file>', 'JSON file of stages, such as models/recipe.json')
    .option(
      '--data <format:dir>',
      'data set of the recipe, such as ferplus:/data/ferplus; repeatable',
      (value: string, before: readonly string[]) => [...before, value],
      [] as readonly string[],
    )
    .option('-o, --output <dir>', 'output folder, with one subfolder per stage', 'fer-recipe')
    .option('--workers <n>', 'training threads', number)
    .option('--check', 'check the file and list its stages')
    .addOption(backendOption())
    .addHelpText(
      'after',
      '\nExample:\n  fer recipe models/recipe.json --data ferplus-votes:/data/ferplus -o runs/default\n\nRecipe file and output: docs/recipe.md',
    )
    .action(async (file: string, flags: RecipeFlags) => {
      process.exitCode = await runRecipeFile(file, flags);
    });
}

interface RecipeFlags {
  readonly output: string;
  readonly data: readonly string[];
  readonly workers?: number;
  readonly check?: boolean;
  readonly backend?: NonNullable<OpenBackendOptions['backend']>;
}

/** Runs the missing stages. Progress goes to stderr, a line per stage and epoch to stdout. Returns the exit code. */
async function runRecipeFile(
  file: string,
  { output, data, workers, check = false, backend }: RecipeFlags,
): Promise<number> {
  const { openBackend } = await import('../model/engines/open-backend.js');
  const { readRecipe } = await import('../train/workflows/recipe/recipe.js');
  const { runRecipe } = await import('../train/workflows/recipe/run-recipe.js');
  const recipe = await readRecipe(file);
  if (check) {
    for (const { name, kind } of recipe.stages) say(`${name}: ${kind}`);
    return EXIT.ok;
  }
  const signal = interruptSignal();
  const { description } = await openBackend({ backend });
  say(`engine: ${description}`);
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
  if (!isComplete) say('interrupted; the same command resumes');
  return isComplete ? EXIT.ok : EXIT.interrupted;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
