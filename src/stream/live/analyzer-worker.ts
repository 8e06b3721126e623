/** The live worker thread: opens engine and networks, then analyzes one frame at a time. */

import { serveWorker } from '../../workers/serve-worker.js';
import { FaceAnalyzer } from './face-analyzer.js';
import type { AnalyzerApi } from './face-analyzer.js';
import type { EngineDescription, LiveSettings } from './live-engine.js';

await serveWorker<EngineDescription, AnalyzerApi>(async (settings: LiveSettings) => {
  const analyzer = await FaceAnalyzer.open(settings);
  return {
    ready: analyzer.description,
    api: {
      analyze: ({ stream, frame }) => analyzer.analyze(stream, frame),
      forget: (stream) => analyzer.forget(stream),
      tensors: () => analyzer.tensors,
    },
  };
});
