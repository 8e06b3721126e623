import { dirname } from 'node:path';
import type { Command } from 'commander';
import type { OpenBackendOptions } from '../model/engines/open-backend.js';
import { epochLine } from './epoch-line.js';
import { EXIT, interruptSignal } from './exit.js';
import { backendOption, number } from './options.js';
import { Progress } from './progress.js';

export function recipeCommand(program: Command): void {
  program
    .command('recipe')
    .summary('make a model as a file of stages says')
    .description(
      'Runs the stages of a recipe in order: preparing crops, synthesizing clips, trainings that begin from each other, publishing. Run again, it goes on where it was stopped.',
    )
    .argument('<file>', 'JSON file of stages, such as models/recipe.json')
    .option('--data <format:dir>', 'the data set that the recipe is made from, such as ferplus:/data/ferplus')
    .option('-o, --output <dir>', 'where every stage gets a folder of its name', 'fer-recipe')
    .option('--workers <n>', 'threads that share every batch in training', number)
    .option('--check', 'only say which stages there are, and whether the file is right')
    .addOption(backendOption())
    .addHelpText(
      'after',
      '\nExample:\n  fer recipe models/recipe.json --data ferplus-votes:/data/ferplus -o runs/default\n\nWhat the file says, and what is written: docs/recipe.md',
    )
    .action(async (file: string, flags: RecipeFlags) => {
      process.exitCode = await runRecipeFile(file, flags);
    });
}

/** The options of `fer recipe` as the command line gives them. */
interface RecipeFlags {
  readonly output: string;
  readonly data?: string;
  readonly workers?: number;
  readonly check?: boolean;
  readonly backend?: NonNullable<OpenBackendOptions['backend']>;
}

/** Runs what is missing of a recipe, with a progress line on stderr and a line for every stage and epoch on stdout. Returns the exit code. */
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
