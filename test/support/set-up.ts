import { createRequire } from 'node:module';
import { removeFoldersAfterEachFile } from './temporary-folders.js';

removeFoldersAfterEachFile();

// Tests that open no engine compute in plain JavaScript.
createRequire(import.meta.url)('@tensorflow/tfjs-backend-cpu');
