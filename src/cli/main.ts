#!/usr/bin/env node

import { Command, CommanderError } from 'commander';
import { FerError, printable } from '../errors/fer-error.js';
import { VERSION } from '../version.js';
import { annotateCommand } from './annotate.js';
import { auditCommand } from './audit.js';
import { calibrateCommand } from './calibrate.js';
import { convertCommand } from './convert.js';
import { datasetCommand } from './dataset-check.js';
import { demoCommand } from './demo.js';
import { doctorCommand } from './doctor.js';
import { evaluateCommand } from './evaluate.js';
import { EXIT, exitCodeFor, watchReaders } from './exit.js';
import { experimentCommand } from './experiment.js';
import { exportCommand } from './export.js';
import { liveCommand } from './live.js';
import { queueCommand } from './queue.js';
import { recipeCommand } from './recipe.js';
import { reportCommand } from './report.js';
import { trainCommand } from './train.js';
import { workerCommand } from './worker.js';

const program = new Command('fer')
  .description('Facial-expression recognition in video.')
  .version(VERSION)
  .option('--verbose', 'print the stack of an error')
  .exitOverride()
  .configureHelp({ showGlobalOptions: true });

const COMMANDS = {
  'Recorded footage:': [annotateCommand, reportCommand, convertCommand, demoCommand],
  'Live:': [liveCommand],
  'Training:': [
    ...[datasetCommand, trainCommand, evaluateCommand, calibrateCommand, auditCommand],
    ...[experimentCommand, recipeCommand, exportCommand],
  ],
  'Many machines:': [workerCommand, queueCommand],
  'This machine:': [doctorCommand],
};
for (const [heading, commands] of Object.entries(COMMANDS)) {
  program.commandsGroup(heading);
  for (const register of commands) register(program);
}

watchReaders();

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Prints one line and returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage; // commander has printed already
  const failure = FerError.from(error);
  process.stderr.write(`fer: ${printable(failure.message)} [${failure.code}]\n`);
  if (program.opts<{ verbose?: boolean }>().verbose === true) console.error(error);
  return exitCodeFor(failure.code);
}
