import { Option } from 'commander';
import type { Command } from 'commander';
import { BACKEND_NAMES } from '../model/engines/backend.js';
import { DEFAULT_MODEL, MODEL_NAMES } from '../model/model-names.js';
import { SPLITS } from '../train/data/sample.js';
import { facesOption } from './faces-option.js';
import { number } from './number-option.js';
import type { AuditFlags } from './run-audit.js';

export function auditCommand(program: Command): void {
  program
    .command('audit')
    .summary('find labels that are likely wrong')
    .description(
      'Ranks the labels of a data set by how little a network believes them: audit.csv, and audit.html to look at.',
    )
    .argument(
      '[data]',
      'FORMAT:DIR, such as manifest:my-faces; with the folder of a training run, its data set if left out',
    )
    .option(
      '--model <model>',
      `folder of a training run, folder of a model, or ${MODEL_NAMES.join(', ')}`,
      DEFAULT_MODEL,
    )
    .option('-o, --output <dir>', 'where audit.csv and audit.html are written', 'fer-audit')
    .addOption(new Option('--split <name>', 'which part of the data; train, if not given').choices(SPLITS))
    .option('--fold <n>', 'which fold of a set that has several, from 1', number)
    .addOption(facesOption())
    .addOption(
      new Option('--backend <name>', 'compute engine; the best that works, if not given').choices([
        'auto',
        ...BACKEND_NAMES,
      ]),
    )
    .addHelpText(
      'after',
      '\nThe folder of a training run is the best judge: it has seen every label in every epoch. --split and --faces are for models.\n\nExamples:\n  fer audit --model runs/first\n  fer audit manifest:my-faces --model runs/other/best -o audit\n  fer train manifest:my-faces --exclude audit/audit.csv\n\nWhat the score means: docs/audit.md',
    )
    .action(async (data: string | undefined, flags: AuditFlags) => {
      const { runAudit } = await import('./run-audit.js');
      process.exitCode = await runAudit(data, flags, {
        write: (line) => void process.stdout.write(`${line}\n`),
        progress: process.stderr,
      });
    });
}
