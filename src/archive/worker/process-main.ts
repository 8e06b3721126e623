import { serveSteps } from './work-protocol.js';
import { StepRunner } from './step-runner.js';

// The program of `WorkProcess`.
serveSteps(new StepRunner(process.argv[2]));
