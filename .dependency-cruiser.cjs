/** The arrows between the rooms of the house: who may import whom. `npm run lint` fails on any other. */
const room = (name) => `^src/${name}/`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'ingest-imports-only-the-backend',
      comment: 'Ingest knows the engine, and the crop geometry it cuts for a model; nothing else of ours.',
      severity: 'error',
      from: { path: room('ingest') },
      to: {
        path: '^src/',
        pathNot: [
          room('ingest'),
          room('model/backend'),
          '^src/model/crop-geometry\\.ts$',
          room('model/pretrained'),
          '^src/(errors|files)/',
        ],
      },
    },
    {
      name: 'model-imports-nobody',
      severity: 'error',
      from: { path: room('model') },
      to: { path: '^src/', pathNot: [room('model'), '^src/(errors|files)/'] },
    },
    {
      name: 'train-imports-ingest-and-model',
      severity: 'error',
      from: { path: room('train') },
      to: {
        path: '^src/',
        pathNot: [room('train'), room('ingest'), room('model'), '^src/(errors|files)/', '^src/version\\.ts$'],
      },
    },
    {
      name: 'stream-imports-ingest-and-model',
      severity: 'error',
      from: { path: room('stream') },
      to: {
        path: '^src/',
        pathNot: [room('stream'), room('ingest'), room('model'), '^src/(errors|files)/', '^src/version\\.ts$'],
      },
    },
    {
      name: 'browsers-have-no-node',
      comment: 'What a browser loads imports neither Node nor packages.',
      severity: 'error',
      from: {
        path: '^src/stream/(web|client|protocol)/',
        pathNot: ['\\.test\\.ts$', '^src/stream/protocol/message-schema\\.ts$'],
      },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer'] },
    },
    {
      name: 'errors-import-nobody',
      severity: 'error',
      from: { path: '^src/errors/' },
      to: { path: '^src/', pathNot: '^src/errors/' },
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
