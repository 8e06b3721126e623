/**
 * What ffmpeg may open. ffmpeg looks at the content, not at the name: a "video" that is a playlist or a script would
 * make it read other files or other hosts. So the containers are a list of what is wanted, not of what is feared.
 */
const VIDEO_FORMATS = [
  'mov',
  'mp4',
  'm4a',
  '3gp',
  '3g2',
  'mj2',
  'matroska',
  'webm',
  'avi',
  'flv',
  'live_flv',
  'kux',
  'mpegts',
  'mpeg',
  'mpegvideo',
  'h264',
  'hevc',
  'obu',
  'av1',
  'm4v',
  'ivf',
  'h263',
  'h261',
  'vc1',
  'vc1test',
  'ogg',
  'asf',
  'asf_o',
  'mxf',
  'gif',
  'nut',
  'rm',
  'yuv4mpegpipe',
  'mjpeg',
  'mjpeg_2000',
  'mpjpeg',
  'dv',
  'dirac',
  'wtv',
  'nsv',
  'swf',
  'smk',
  'bink',
  'roq',
  'nuv',
  'mtv',
  'ivr',
  'gxf',
  'lxf',
  'pmp',
  'r3d',
  'avs',
] as const;

export const FORMAT_WHITELIST = VIDEO_FORMATS.join(',');

/** Milliseconds a network input may stay silent. */
export const NETWORK_TIMEOUT = 20_000;

/** Kind of input: decides which protocols ffmpeg may use. */
export type InputPlace = 'file' | 'url' | 'stdin';

const PROTOCOLS: Readonly<Record<InputPlace, string>> = {
  file: 'file',
  url: 'http,https,tcp,tls',
  stdin: 'pipe',
};

/**
 * Input options for ffmpeg and ffprobe alike that keep an input from reaching for anything but itself.
 * @param networkTimeout milliseconds
 */
export function guardOptions(place: InputPlace, networkTimeout = NETWORK_TIMEOUT): string[] {
  return [
    '-format_whitelist',
    FORMAT_WHITELIST,
    '-protocol_whitelist',
    PROTOCOLS[place],
    ...(place === 'url' ? ['-rw_timeout', String(networkTimeout * 1000)] : []),
  ];
}

/** Value of -i: a file name may look like a protocol ("concat:a") or an option ("-y") and must not act as one. */
export function inputArgument(place: InputPlace, path: string): string {
  return place === 'file' ? `file:${path}` : path;
}

/** Bare JPEGs in a row look like a single picture to ffmpeg; the name tells that a video is meant. */
export function formatOptions(path: string): string[] {
  return /\.mjpe?g$/i.test(path) ? ['-f', 'mjpeg'] : [];
}

/**
 * The playlist or script format that a file's first bytes give away; null for none. ffmpeg versions differ in what they
 * take such a file for when it bears the name of a video.
 */
export function playlistFormat(head: string): string | null {
  const text = head.replace(/^\uFEFF/, '').trimStart();
  if (text.startsWith('#EXTM3U')) return 'hls';
  if (/^ffconcat\s+version/.test(text)) return 'concat';
  if (/^(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(MPD|AssetMap|CompositionPlaylist|smil)\b/s.test(text)) return 'dash';
  if (text.startsWith(';FFMETADATA')) return 'ffmetadata';
  if (/^v=0\r?\no=/.test(text)) return 'sdp';
  return null;
}

export type RefusedKind = 'playlist' | 'picture' | 'audio' | 'other';

/** Why a demuxer of this name is not on the list. */
export function refusedKind(format: string): RefusedKind {
  if (PLAYLISTS.has(format)) return 'playlist';
  if (format.endsWith('_pipe') || PICTURES.has(format)) return 'picture';
  if (AUDIO.has(format)) return 'audio';
  return 'other';
}

const PLAYLISTS: ReadonlySet<string> = new Set([
  'concat',
  'hls',
  'applehttp',
  'dash',
  'imf',
  'sdp',
  'rtsp',
  'rtp',
  'sap',
  'lavfi',
  'vapoursynth',
  'avisynth',
  'ffmetadata',
  'webm_dash_manifest',
  'tty',
]);
const PICTURES: ReadonlySet<string> = new Set([
  'image2',
  'image2pipe',
  'apng',
  'ico',
  'alias_pix',
  'brender_pix',
  'ilbm',
  'iff',
  'jpegxl_anim',
]);
const AUDIO: ReadonlySet<string> = new Set([
  'mp3',
  'wav',
  'w64',
  'flac',
  'aac',
  'ac3',
  'eac3',
  'aiff',
  'au',
  'amr',
  'amrnb',
  'amrwb',
  'ape',
  'caf',
  'dts',
  'dtshd',
  'mlp',
  'truehd',
  'tta',
  'tak',
  'wv',
  'voc',
  'qcp',
  'sox',
  'spdif',
  'gsm',
  'mpc',
  'mpc8',
  'shn',
  'opus',
  'loas',
  'xa',
  'oma',
  'dsf',
  'bit',
  'adts',
]);
