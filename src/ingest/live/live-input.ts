import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { FerError } from '../../errors/fer-error.js';
import { formatOptions, guardOptions, inputArgument } from '../ffmpeg/input-guards.js';
import { DEINTERLACE, PACE_UNTIMED, sizeFilters } from '../ffmpeg/picture-filters.js';
import { probeVideo } from '../probe/probe-video.js';
import { relayUrl } from '../ffmpeg/url-relay.js';
import type { RelayTrouble } from '../ffmpeg/url-relay.js';
import type { SourceAddress } from './live-source.js';

/** A source made ready for one run of ffmpeg. */
export interface LiveInput {
  /** Everything up to and with -i. */
  readonly args: readonly string[];
  /** From decoded frames to pictures of square pixels, at most as wide as requested. */
  readonly filters: string;
  /** Last error on the way to an http server; null without one. */
  readonly trouble: RelayTrouble | null;
  close(): Promise<void>;
}

/** Decoders that work on several frames at a time hold them back. */
const AT_ONCE = ['-flags', 'low_delay'];
/** Microseconds and bytes for finding out what a stream holds; the defaults are for files. */
const SHORT_LOOK = ['-analyzeduration', '2000000', '-probesize', '2000000'];

/**
 * @param patience milliseconds a network peer may stay silent
 * @throws FerError INPUT_*: the source is missing, or is not a video source
 */
export async function prepareInput(address: SourceAddress, maxWidth: number, patience: number): Promise<LiveInput> {
  switch (address.kind) {
    case 'camera':
      return camera(address, maxWidth);
    case 'rtsp':
      return rtsp(address.url, address.name, maxWidth);
    case 'http':
      return http(address.url, maxWidth, patience);
    case 'file':
      return file(address.path, address.name, maxWidth);
    case 'lavfi':
      return plain(['-re', '-f', 'lavfi', '-i', address.graph], limitWidth(maxWidth));
  }
}

async function camera(
  { format, device, name }: SourceAddress & { kind: 'camera' },
  maxWidth: number,
): Promise<LiveInput> {
  if (format === 'v4l2') await mustBeReadable(device, name);
  const options = { v4l2: [], avfoundation: ['-framerate', '30'], dshow: [] }[format];
  const input = { v4l2: device, avfoundation: device, dshow: `video=${device}` }[format];
  return plain([...AT_ONCE, '-f', format, ...options, '-i', input], limitWidth(maxWidth));
}

async function mustBeReadable(device: string, name: string): Promise<void> {
  try {
    await access(device, constants.F_OK);
  } catch (cause) {
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${name}: no such camera: plug it in, or name another ("fer doctor" lists them)`,
      { cause },
    );
  }
  try {
    await access(device, constants.R_OK | constants.W_OK);
  } catch (cause) {
    throw new FerError(
      'INPUT_UNREADABLE',
      `${name}: no permission to use it: sudo usermod -aG video "$USER", then log in again`,
      { cause },
    );
  }
}

async function rtsp(url: string, name: string, maxWidth: number): Promise<LiveInput> {
  const secure = /^rtsps:/i.test(url);
  // Over TCP, which passes firewalls and loses nothing; video only; no answer of the server can open a file.
  const guards = [
    '-format_whitelist',
    'rtsp',
    '-protocol_whitelist',
    secure ? 'rtp,tls,tcp' : 'rtp,tcp',
    '-rtsp_transport',
    'tcp',
    '-allowed_media_types',
    'video',
  ];
  // The name of a certificate must stay a name.
  const address = secure ? url : await withAddress(url, name);
  return plain([...AT_ONCE, ...SHORT_LOOK, ...guards, '-f', 'rtsp', '-i', address], limitWidth(maxWidth));
}

/** Statically linked ffmpeg builds, npm's among them, crash on looking up a host name. */
async function withAddress(url: string, name: string): Promise<string> {
  const parsed = new URL(url);
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  try {
    const { address } = await lookup(host);
    const { username, password, port, pathname, search } = parsed;
    const user = username === '' ? '' : `${username}${password === '' ? '' : `:${password}`}@`;
    return `rtsp://${user}${isIPv6(address) ? `[${address}]` : address}${port === '' ? '' : `:${port}`}${pathname}${search}`;
  } catch (cause) {
    throw new FerError('INPUT_NOT_FOUND', `${name}: no such host: check the address`, { cause });
  }
}

async function http(url: string, maxWidth: number, patience: number): Promise<LiveInput> {
  const relay = await relayUrl(url, patience);
  return {
    args: [
      ...AT_ONCE,
      ...SHORT_LOOK,
      ...guardOptions('url', 2 * patience),
      ...formatOptions(new URL(url).pathname),
      '-i',
      relay.address,
    ],
    filters: limitWidth(maxWidth),
    get trouble() {
      return relay.trouble;
    },
    close: () => relay.close(),
  };
}

async function file(path: string, name: string, maxWidth: number): Promise<LiveInput> {
  const { size, stream, timed, isInterlaced } = await probeVideo('file', path, name);
  const width = size === null || size.width <= maxWidth ? null : maxWidth;
  const fitted = size === null ? [limitWidth(maxWidth)] : sizeFilters({ width, size });
  const filters = [...(isInterlaced ? [DEINTERLACE] : []), ...fitted].join(',');
  return plain(
    ['-re', ...guardOptions('file'), ...formatOptions(path), '-i', inputArgument('file', path), '-map', `0:${stream}`],
    timed ? filters : `${PACE_UNTIMED},realtime,${filters}`,
  );
}

function plain(args: readonly string[], filters: string): LiveInput {
  return { args, filters, trouble: null, close: () => Promise.resolve() };
}

/** For a stream whose size only ffmpeg gets to know. */
function limitWidth(maxWidth: number): string {
  const shown = 'max(1,round(iw*sar))';
  const height = `if(gt(${shown},${maxWidth}),max(2,2*round(${maxWidth}*ih/(iw*sar)/2)),ih)`;
  return `scale=w='min(${maxWidth},${shown})':h='${height}':flags=fast_bilinear,format=rgb24`;
}
