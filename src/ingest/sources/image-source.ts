import { open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FerError, printable, throwIfAborted } from '../../errors/fer-error.js';
import { workingSize } from '../ffmpeg/picture-filters.js';
import type { Frame } from '../frame.js';
import { isImageName, naturalOrder } from '../media-names.js';
import { inputError, outOfRange } from '../probe/refusal.js';
import { IMAGE_RATE } from './frame-source.js';
import type { DecodeReport, FrameSource, SourceInfo, SourceOptions } from './frame-source.js';

/**
 * The pictures of an image input in the order in which they are shown: those lying directly in a folder, by natural order
 * of their names; or the one file itself.
 * @throws FerError INPUT_NOT_FOUND when the path does not exist or the folder has no picture
 */
export async function imageFiles(path: string, name: string = path): Promise<string[]> {
  const listed = await readNames(path).catch((error: unknown) => {
    throw inputError(name, error);
  });
  if (listed === null) return [path];
  const names = listed.filter((file) => !file.startsWith('.') && isImageName(file));
  if (names.length === 0) {
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${name}: contains no picture (jpg, png, webp, tiff, avif): give a folder with pictures`,
    );
  }
  return names.sort(naturalOrder).map((file) => join(path, file));
}

/** null for what is not a folder. */
async function readNames(path: string): Promise<string[] | null> {
  return (await stat(path)).isDirectory() ? readdir(path) : null;
}

/** Remarks on single pictures that a note names. */
const REMARKS = 3;

/** Pixels; a file that claims more is refused. */
const LARGEST_PICTURE = 2 ** 30;

/** Slack against rounding when a time range is compared with position / rate, in seconds. */
const HALF_MICROSECOND = 5e-7;

/**
 * A folder of pictures, or a single one, as footage. Pictures carry no presentation time: the one at position i (from 0)
 * is shown at i / fps seconds, with 1 picture a second unless `fps` is given. All of them are kept, whatever `fps` is.
 * Pictures may differ in size. One that cannot be decoded leaves its time empty and counts as damage.
 * @throws FerError INPUT_NOT_FOUND
 */
export async function openImages(path: string, options: SourceOptions = {}, name: string = path): Promise<FrameSource> {
  return new ImageSource(name, await imageFiles(path, name), options);
}

interface TimedImage {
  readonly path: string;
  readonly timestamp: number;
}

class ImageSource implements FrameSource {
  readonly info: SourceInfo;
  private readonly images: readonly TimedImage[];
  private frameCount = 0;
  private unreadable = 0;
  private readonly remarks: string[] = [];
  private begun = false;

  constructor(
    readonly name: string,
    paths: readonly string[],
    private readonly options: SourceOptions,
  ) {
    const rate = options.fps ?? IMAGE_RATE;
    const start = (options.start ?? 0) - HALF_MICROSECOND;
    const end = (options.end ?? Infinity) - HALF_MICROSECOND;
    this.images = paths
      .map((path, position) => ({ path, timestamp: position / rate }))
      .filter(({ timestamp }) => timestamp >= start && timestamp < end);
    if (this.images.length === 0) throw outOfRange(name, options, 0, paths.length / rate);
    this.info = { container: 'images', codec: null, duration: paths.length / rate, expectedFrames: this.images.length };
  }

  async *frames(signal?: AbortSignal): AsyncGenerator<Frame, void, undefined> {
    if (this.begun) throw new FerError('USAGE', `${this.name}: a source can be read only once, open it again`);
    this.begun = true;
    const { keepUnreadable = false } = this.options;
    let lastError: unknown = null;
    for (const { path, timestamp } of this.images) {
      throwIfAborted(signal, this.name);
      let picture: Picture;
      try {
        picture = await this.decode(path);
      } catch (error) {
        lastError = error;
        this.unreadable++;
        if (keepUnreadable) yield { index: this.frameCount++, timestamp, ...noPicture(error), file: basename(path) };
        continue;
      }
      throwIfAborted(signal, this.name);
      yield { index: this.frameCount++, timestamp, ...picture, file: basename(path) };
    }
    if (this.unreadable > 0 && this.unreadable === this.images.length) {
      throw new FerError(
        'INPUT_UNREADABLE',
        `${this.name}: no picture in it can be decoded: check that the files are whole`,
        { cause: lastError },
      );
    }
  }

  report(): DecodeReport {
    const { frameCount: frames, unreadable: decodeErrors } = this;
    const expectedFrames = this.images.length;
    const degraded = decodeErrors > 0;
    const readable = this.options.keepUnreadable === true ? frames - decodeErrors : frames;
    const notes = degraded ? [`${readable} of ${expectedFrames} pictures, ${decodeErrors} unreadable`] : [];
    notes.push(...this.remarks.slice(0, REMARKS));
    if (this.remarks.length > REMARKS) notes.push(`${this.remarks.length - REMARKS} more pictures like these`);
    return { frames, expectedFrames, decodeErrors, degraded, note: notes.length === 0 ? null : notes.join('; ') };
  }

  private async decode(path: string): Promise<Picture> {
    const { picture, remark } = await decode(path, this.options.width ?? null);
    if (remark !== null) this.remarks.push(printable(`${basename(path)}: ${remark}`));
    return picture;
  }
}

type Picture = Pick<Frame, 'width' | 'height' | 'data'>;

function noPicture(error: unknown): Picture & Pick<Frame, 'unreadable'> {
  const reason = error instanceof Error ? error.message : String(error);
  return { width: 0, height: 0, data: new Uint8Array(0), unreadable: printable(reason.split('\n')[0]!) };
}

/** RGB as shown: rotated by EXIF orientation, grey and CMYK converted, transparency on black. Large pictures are decoded shrunk. */
async function decode(
  path: string,
  width: number | null,
): Promise<{ readonly picture: Picture; readonly remark: string | null }> {
  const { default: sharp } = await import('sharp');
  const { autoOrient, pages = 1, format } = await sharp(path).metadata();
  const upright = sharp(path, { failOn: 'error', limitInputPixels: LARGEST_PICTURE })
    .autoOrient()
    .flatten({ background: '#000' })
    .toColourspace('srgb')
    .removeAlpha();
  const size = width === null ? workingSize(autoOrient) : null;
  const isShrunk = size !== null && size.width < autoOrient.width;
  if (width !== null) {
    const height = Math.max(2, 2 * Math.round((width * autoOrient.height) / autoOrient.width / 2));
    upright.resize(width, height, { fit: 'fill' });
  } else if (isShrunk) upright.resize(size.width, size.height, { fit: 'fill' });
  const { data, info } = await upright.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(`${path}: ${info.channels} channels`);
  const remarks = [
    ...(isShrunk ? [`${autoOrient.width}x${autoOrient.height} pixels, decoded at ${size.width}x${size.height}`] : []),
    ...(pages > 1 || (format === 'png' && (await isAnimatedPng(path)))
      ? ['contains several pictures, only the first is used (convert it to mp4 or gif for all of them)']
      : []),
  ];
  return {
    picture: {
      width: info.width,
      height: info.height,
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    },
    remark: remarks.length === 0 ? null : remarks.join(', '),
  };
}

const PNG_SIGNATURE_BYTES = 8;
/** Length, type and checksum. */
const PNG_CHUNK_BYTES = 12;

/** Whether a chunk "acTL" precedes the image data, https://www.w3.org/TR/png-3/#acTL-chunk. */
async function isAnimatedPng(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const header = Buffer.alloc(8);
    for (let at = PNG_SIGNATURE_BYTES; ; at += PNG_CHUNK_BYTES + header.readUInt32BE(0)) {
      const { bytesRead } = await file.read(header, 0, header.length, at);
      const type = header.toString('latin1', 4);
      if (bytesRead < header.length || type === 'IDAT' || type === 'IEND') return false;
      if (type === 'acTL') return true;
    }
  } finally {
    await file.close();
  }
}
