import { rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { FerError } from '../../errors/fer-error.js';
import { findFfmpeg } from '../ffmpeg/binaries.js';
import { startFfmpeg } from '../ffmpeg/command.js';

const RATE = 25;
const WIDTH = 640;
const HEIGHT = 480;
/** Part of its beginning by which a shot's picture section shrinks until its end. */
const ZOOM = 0.2;
/** zoompan moves in whole pixels; on an enlarged picture those are small. */
const OVERSAMPLING = 3;

/** A slow zoom across a part of a photo. Lengths in pixels of the photo. */
interface PhotoShot {
  readonly photo: string;
  readonly seconds: number;
  readonly left: number;
  readonly top: number;
  /** The section is as high as 4:3 makes it. */
  readonly width: number;
  /** Where the zoom leads to, as parts of the section. */
  readonly towards: readonly [x: number, y: number];
}

/** A shot without a person. */
interface EmptyShot {
  readonly photo: null;
  readonly seconds: number;
}

/** One person, two others, an empty shot, the first person again elsewhere and larger, and a fourth. */
const SHOTS: readonly (PhotoShot | EmptyShot)[] = [
  { photo: 'sample3.jpg', seconds: 2.4, left: 420, top: 240, width: 620, towards: [0.5, 0.4] },
  { photo: 'sample6.jpg', seconds: 2.4, left: 140, top: 260, width: 880, towards: [0.4, 0.4] },
  { photo: null, seconds: 1.2 },
  { photo: 'sample3.jpg', seconds: 2, left: 480, top: 250, width: 520, towards: [0.3, 0.5] },
  { photo: 'sample5.jpg', seconds: 1.6, left: 1300, top: 260, width: 600, towards: [0.4, 0.4] },
];

/**
 * Writes some 10 seconds of H.264 (640x480, 25 fps) made from the photos that come with @vladmandic/face-api: cuts between
 * people, one stretch without a face, one person returning. Complete under `outputPath`, or not there at all.
 * @throws FerError WEIGHTS_MISSING when the photos are not installed, FFMPEG_MISSING, FFMPEG_FAILED
 */
export async function buildDemoFootage(outputPath: string): Promise<void> {
  const { path: program } = await findFfmpeg();
  const photos = photoFolder();
  const temporary = `${outputPath}.tmp-${process.pid}.mp4`;
  const run = startFfmpeg({
    program,
    inputs: SHOTS.map((shot) =>
      shot.photo === null
        ? { source: `color=c=black:s=${WIDTH}x${HEIGHT}:r=${RATE}:d=${shot.seconds}`, options: ['-f', 'lavfi'] }
        : { source: join(photos, shot.photo), options: ['-f', 'image2'] },
    ),
    outputOptions: [
      ...['-filter_complex', filterGraph(), '-map', '[film]', '-an'],
      ...[
        '-c:v',
        'libx264',
        '-preset',
        'veryfast',
        '-crf',
        '21',
        '-pix_fmt',
        'yuv420p',
        '-r',
        String(RATE),
        '-movflags',
        '+faststart',
      ],
    ],
    target: temporary,
  });
  try {
    const { failure, log } = await run.ended;
    if (failure !== null) {
      throw new FerError(
        'FFMPEG_FAILED',
        `demo footage could not be made at ${outputPath}: ${log.tail.at(-1) ?? failure.message}: try another ffmpeg (FFMPEG_PATH)`,
        {
          cause: failure,
        },
      );
    }
    await rename(temporary, outputPath);
  } finally {
    await run.stop();
    await rm(temporary, { force: true });
  }
}

function filterGraph(): string {
  const shots = SHOTS.map(
    (shot, index) =>
      `[${index}:v]${shot.photo === null ? emptyShot() : photoShot(shot)},setsar=1,format=yuv420p[shot${index}]`,
  );
  const all = SHOTS.map((_, index) => `[shot${index}]`).join('');
  return [...shots, `${all}concat=n=${SHOTS.length}:v=1:a=0[film]`].join(';');
}

function photoShot({ seconds, left, top, width, towards: [x, y] }: PhotoShot): string {
  const height = Math.round((width * HEIGHT) / WIDTH);
  const frames = Math.round(seconds * RATE);
  const large = `${WIDTH * OVERSAMPLING}:${HEIGHT * OVERSAMPLING}`;
  const zoom = `z='1+${ZOOM}*on/${frames}':x='(iw-iw/zoom)*${x}':y='(ih-ih/zoom)*${y}'`;
  return `crop=${width}:${height}:${left}:${top},scale=${large},zoompan=${zoom}:d=${frames}:s=${WIDTH}x${HEIGHT}:fps=${RATE}`;
}

/** Drifting colours, computed small and enlarged. */
function emptyShot(): string {
  const colour = "r='90+60*sin(X/9+T)':g='110+50*sin(Y/7-T)':b='130+40*sin((X+Y)/11+2*T)'";
  return `scale=64:48,format=gbrp,geq=${colour},scale=${WIDTH}:${HEIGHT}:flags=bilinear`;
}

function photoFolder(): string {
  try {
    const require = createRequire(import.meta.url);
    return join(dirname(require.resolve('@vladmandic/face-api/package.json')), 'demo');
  } catch (cause) {
    throw new FerError('WEIGHTS_MISSING', 'the photos of @vladmandic/face-api are not there: run "npm install" again', {
      cause,
    });
  }
}
