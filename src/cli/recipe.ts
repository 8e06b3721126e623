import { Option } from 'commander';
import type { Command } from 'commander';
import { BACKEND_NAMES } from '../model/engines/backend.js';
import { number } from './number-option.js';
import type { RecipeFlags } from './run-recipe.js';

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
    .addOption(
      new Option('--backend <name>', 'compute engine; the best that works, if not given').choices([
        'auto',
        ...BACKEND_NAMES,
      ]),
    )
    .addHelpText(
      'after',
      '\nExample:\n  fer recipe models/recipe.json --data ferplus-votes:/data/ferplus -o runs/default\n\nWhat the file says, and what is written: docs/recipe.md',
    )
    .action(async (file: string, flags: RecipeFlags) => {
      const { runRecipeFile } = await import('./run-recipe.js');
      process.exitCode = await runRecipeFile(file, flags);
    });
}
