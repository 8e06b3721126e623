import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { findFfmpeg } from '../src/ingest/ffmpeg/binaries.js';

const FPS = 25;
/** A face of sample3.jpg; every second one in the grid is its mirror image. */
const REGION = { left: 520, top: 330, width: 400, height: 400 };

export interface FaceGridOptions {
  readonly frames?: number;
  /** Of the 16:9 picture. */
  readonly height?: number;
  /** Side of a face as a share of its cell. */
  readonly share?: number;
  /** Sensor noise on every frame: costs a decoder what recordings of a camera cost. */
  readonly grain?: boolean;
}

/** A clip of a grid of faces (of a photo that ships with face-api) that sway; 720p by default. */
export async function buildFaceGrid(
  path: string,
  faces: number,
  { frames = 50, height = 720, share = 0.88, grain = false }: FaceGridOptions = {},
): Promise<string> {
  const width = Math.round((height * 16) / 9 / 2) * 2;
  const folder = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'demo');
  const columns = Math.ceil(Math.sqrt(faces));
  const side = Math.round((share * height) / columns);
  const pictures = await Promise.all(
    [false, true].map((mirrored) =>
      sharp(join(folder, 'sample3.jpg')).extract(REGION).resize(side, side).flop(mirrored).toBuffer(),
    ),
  );
  const { path: ffmpeg } = await findFfmpeg();
  const child = spawn(
    ffmpeg,
    [
      ...[
        '-v',
        'error',
        '-f',
        'rawvideo',
        '-pix_fmt',
        'rgb24',
        '-s',
        `${width}x${height}`,
        '-r',
        String(FPS),
        '-i',
        '-',
      ],
      ...(grain ? ['-vf', 'noise=alls=8:allf=t+u', '-b:v', '16M'] : []),
      ...['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-y', path],
    ],
    { stdio: ['pipe', 'inherit', 'inherit'] },
  );
  for (let frame = 0; frame < frames; frame += 1) {
    const composed = Array.from({ length: faces }, (_, i) => ({
      input: pictures[i % pictures.length]!,
      left: place(((i % columns) + 0.5) / columns, width, side, (height / 72) * Math.sin(frame / 8 + i)),
      top: place((Math.floor(i / columns) + 0.5) / columns, height, side, (height / 180) * Math.cos(frame / 6 + i)),
    }));
    const background = { create: { width, height, channels: 3, background: '#445' } } as const;
    const pixels = await sharp(background).composite(composed).removeAlpha().raw().toBuffer();
    if (!child.stdin.write(pixels)) await once(child.stdin, 'drain');
  }
  child.stdin.end();
  await once(child, 'close');
  return path;
}

function place(share: number, length: number, side: number, sway: number): number {
  return Math.max(0, Math.min(length - side, Math.round(share * length - side / 2 + sway)));
}
