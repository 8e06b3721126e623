import { createRequire } from 'node:module';
import type * as core from '@tensorflow/tfjs-core';
import { afterAll, vi } from 'vitest';
import { removeFoldersAfterEachFile } from './temporary-folders.js';

// Runs once for each test file. Files share processes: each one finds the process as the first one did.

const require = createRequire(import.meta.url);
// Tests that open no engine compute in plain JavaScript.
require('@tensorflow/tfjs-backend-cpu');
await (require('@tensorflow/tfjs-core') as typeof core).setBackend('cpu');

const environment = { ...process.env };
removeFoldersAfterEachFile();
afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  for (const name of Object.keys(process.env)) if (!(name in environment)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, environment);
});
