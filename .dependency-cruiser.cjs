/** Who may import whom, between the rooms of src/ and between the folders of each room. `npm run lint` enforces it. */

/** Rooms that everybody may use; they import only each other, downwards. */
const GROUND = ['page', 'workers', 'storage', 'files', 'errors'];

/** What each room may import besides itself and the ground. */
const ROOMS = {
  model: [],
  ingest: [
    '^src/model/engines/',
    '^src/model/pretrained/',
    '^src/model/sessions/',
    '^src/model/(tfjs|crop-geometry)\\.ts$',
  ],
  stream: ['^src/ingest/', '^src/model/', '^src/version\\.ts$'],
  train: ['^src/ingest/', '^src/model/', '^src/version\\.ts$'],
  archive: ['^src/stream/', '^src/train/', '^src/ingest/', '^src/model/', '^src/version\\.ts$'],
  cli: ['^src/'],
};

/** Folders of each room, the highest layer first: a folder imports only those below it. "." is the room's own folder. */
const LAYERS = {
  model: ['heads', 'sessions', 'onnx', 'checkpoint', 'networks', 'engines', 'engines/kernels', 'pretrained', '.'],
  ingest: [
    'live',
    'sources',
    'probe',
    'nut',
    'ffmpeg',
    'face',
    'face/re-identify',
    'face/verify',
    'face/track',
    'face/detect',
    'face/align',
    '.',
  ],
  stream: ['web', 'client', 'annotate', 'server', 'live', 'protocol', 'output', 'report', 'results', 'pipeline'],
  train: [
    'workflows/recipe',
    'workflows/experiment',
    'workflows',
    'trainer',
    'job',
    'audit',
    'evaluate',
    'report',
    'data/faces',
    'data/synthesize',
    'data/training',
    'data/formats',
    'data/reading',
    'augment/footage',
    'augment/clip',
    'augment',
    'augment/operations',
    'data/preprocess',
    'data/crops',
    'data',
    'config',
    'records',
    'losses',
    'metrics',
    'util',
  ],
  archive: ['worker', 'tasks', 'segments', 'queue'],
  cli: ['.', 'doctor'],
};

const TEST = '\\.test\\.ts$';
const room = (name) => `^src/${name}/`;
/** Files that lie in this folder itself, not in a folder of it. Entries of the package stand above all folders. */
const folder = (name, layer) => `^src/${name}/${layer === '.' ? '' : `${layer}/`}[^/]+$`;
const ENTRY = '^src/(train|stream/(client|protocol))/(index|tensors)\\.ts$';

const groundRules = GROUND.map((name, i) => ({
  name: `${name}-is-ground`,
  severity: 'error',
  from: { path: room(name), pathNot: TEST },
  to: { path: '^src/', pathNot: [room(name), ...GROUND.slice(i + 1).map(room)] },
}));

const roomRules = Object.entries(ROOMS).map(([name, others]) => ({
  name: `${name}-imports-rooms-below`,
  severity: 'error',
  from: { path: room(name) },
  to: { path: '^src/', pathNot: [room(name), ...GROUND.map(room), ...others] },
}));

const layerRules = Object.entries(LAYERS).flatMap(([name, layers]) => [
  ...layers.slice(1).map((layer, i) => ({
    name: `${name}-layers`,
    comment: `${layer} may not import a folder above it: ${layers.slice(0, i + 1).join(', ')}`,
    severity: 'error',
    from: { path: folder(name, layer), pathNot: [TEST, ENTRY] },
    to: { path: layers.slice(0, i + 1).map((above) => folder(name, above)) },
  })),
  {
    name: `${name}-folders-have-a-layer`,
    comment: 'Add the folder to LAYERS in .dependency-cruiser.cjs.',
    severity: 'error',
    from: { path: room(name), pathNot: [...layers.map((layer) => folder(name, layer)), ENTRY] },
    to: {},
  },
]);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...groundRules,
    ...roomRules,
    ...layerRules,
    {
      name: 'browsers-have-no-node',
      comment: 'What a browser loads imports neither Node nor packages.',
      severity: 'error',
      from: {
        path: '^src/stream/(web|client|protocol)/',
        pathNot: [TEST, '^src/stream/protocol/message-schema\\.ts$'],
      },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer'] },
    },
    {
      name: 'only-dependencies',
      comment: 'The package is installed without development dependencies.',
      severity: 'error',
      from: { path: '^src/', pathNot: TEST },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm', 'npm-peer', 'npm-optional'] },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, dependencyTypesNot: ['npm-peer', 'npm-optional'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
