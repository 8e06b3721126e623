import { Option } from 'commander';
import type { Command } from 'commander';
import { BACKEND_NAMES } from '../model/engines/backend.js';
import { DEFAULT_MODEL, MODEL_NAMES } from '../model/model-names.js';
import type { LiveFlags } from './run-live.js';
import { number } from './number-option.js';

const DEFAULT_PORT = 8787;

export function liveCommand(program: Command): void {
  program
    .command('live')
    .summary('expressions live: of a webcam in the browser, or of a camera, stream or file on this machine')
    .description(
      "Serves a page that shows the expressions in the picture of its visitor's webcam, and, with --source, in that of a camera, stream or file here. Ctrl-C ends it.",
    )
    .option(
      '--source <source>',
      'what to watch: /dev/video0, rtsp://..., http(s)://... (MJPEG and others), a file, or lavfi:FILTER',
    )
    .option('--loop', 'begin a file anew at its end')
    .option(
      '--host <address>',
      'where to listen: 127.0.0.1 is this machine only, 0.0.0.0 all its networks',
      '127.0.0.1',
    )
    .option('--port <n>', '0 takes any that is free', number, DEFAULT_PORT)
    .option('--no-open', 'do not open the page in the browser')
    .option(
      '--token <text>',
      'what clients must show (8 characters or more); made up when others can reach the server and none is given',
    )
    .option('--cert <file>', 'certificate (PEM), for https: browsers give cameras to pages from other machines only so')
    .option('--key <file>', 'its key (PEM)')
    .option('--allow-origin <origin...>', 'web sites whose pages may connect too, as https://example.org')
    .option('--max-producers <n>', 'so many may send pictures at a time', number, 4)
    .option('--max-viewers <n>', 'so many may watch the source at a time', number, 100)
    .addOption(
      new Option(
        '--model <model>',
        `what names the expressions: ${MODEL_NAMES.join(', ')}, or the folder of a trained model`,
      ).default(DEFAULT_MODEL),
    )
    .addOption(
      new Option('--backend <name>', 'compute engine; the best that works, if not given').choices([
        'auto',
        ...BACKEND_NAMES,
      ]),
    )
    .option('--both-sides', 'look at the mirror image of each face too: a little more often right, for twice the work')
    .option('--detect-every <n>', 'detect on every n-th picture, follow faces in between', number, 5)
    .addHelpText(
      'after',
      '\nExamples:\n  fer live\n  fer live --source rtsp://user:password@camera/stream1\n  fer live --host 0.0.0.0 --cert cert.pem --key key.pem',
    )
    .action(async (flags: LiveFlags) => {
      const { runLive } = await import('./run-live.js');
      process.exitCode = await runLive(flags);
    });
}
