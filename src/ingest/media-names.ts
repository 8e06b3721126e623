import { extname } from 'node:path';

const VIDEO: ReadonlySet<string> = new Set([
  '.mp4',
  '.m4v',
  '.mov',
  '.mkv',
  '.webm',
  '.avi',
  '.flv',
  '.f4v',
  '.wmv',
  '.asf',
  '.mpg',
  '.mpeg',
  '.m2v',
  '.ts',
  '.mts',
  '.m2ts',
  '.vob',
  '.ogv',
  '.ogg',
  '.3gp',
  '.3g2',
  '.mxf',
  '.dv',
  '.gif',
  '.mjpeg',
  '.mjpg',
  '.h264',
  '.264',
  '.hevc',
  '.h265',
  '.265',
  '.ivf',
  '.obu',
  '.nut',
  '.rm',
  '.rmvb',
  '.y4m',
  '.wtv',
]);
const IMAGE: ReadonlySet<string> = new Set([
  '.jpg',
  '.jpeg',
  '.jpe',
  '.jfif',
  '.png',
  '.webp',
  '.tif',
  '.tiff',
  '.avif',
]);

/** Whether a file's name says that it is footage. */
export function isVideoName(name: string): boolean {
  return VIDEO.has(extname(name).toLowerCase());
}

/** Whether a file's name says that it is a picture that can be read here. */
export function isImageName(name: string): boolean {
  return IMAGE.has(extname(name).toLowerCase());
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Orders names as people number them: "shot 2" before "shot 10". Names that differ only in case keep a fixed order too. */
export function naturalOrder(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}
