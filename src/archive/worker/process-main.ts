import { serveSteps } from './work-process.js';
import { StepRunner } from './step-runner.js';

// The program of `WorkProcess`.
serveSteps(new StepRunner(process.argv[2]));
