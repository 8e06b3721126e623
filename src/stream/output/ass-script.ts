import { copyFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { FerError, printable } from '../../errors/fer-error.js';
import type { Box } from '../../ingest/face/align/geometry.js';
import type { Colour } from '../results/palette.js';
import type { Size } from './canvas-fit.js';

/** The font family that ferstream ships for the overlay; players without it use another. */
const ASS_FONT = 'DejaVu Sans';

/** Drawing coordinates are integers in units of 1/8 pixel: \p4 divides them by 2 ** (4 - 1). */
const DRAWING_SCALE = 8;
const DRAWING_TAG = '\\p4';

/** Everything before the events. All sizes are in pixels of `canvas`; renderers scale it to the video. */
export function assHeader(canvas: Size, title: string): string {
  const { fontSize, thickness } = assSizes(canvas);
  const style = (name: string, outline: number): string =>
    `Style: ${name},${ASS_FONT},${number(fontSize)},&H00FFFFFF,&H00FFFFFF,&H00000000,&H00000000,-1,0,0,0,100,100,0,0,1,${number(outline)},0,7,0,0,0,1\n`;
  return (
    '[Script Info]\n' +
    `Title: ${assText(title)}\n` +
    'ScriptType: v4.00+\n' +
    `PlayResX: ${canvas.width}\n` +
    `PlayResY: ${canvas.height}\n` +
    'WrapStyle: 2\n' +
    'ScaledBorderAndShadow: yes\n' +
    '\n' +
    '[V4+ Styles]\n' +
    'Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\n' +
    style('Box', thickness / 4) +
    style('Label', thickness / 2) +
    '\n' +
    '[Events]\n' +
    'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n'
  );
}

/** Text height and line width in pixels, in proportion to the picture. */
export function assSizes(canvas: Size): { fontSize: number; thickness: number } {
  const side = Math.min(canvas.width, canvas.height);
  return { fontSize: side * 0.05, thickness: side * 0.008 };
}

/** An event without its times. */
export interface AssBody {
  readonly layer: number;
  readonly style: 'Box' | 'Label';
  readonly text: string;
}

/** @param start in centiseconds, the resolution of ASS; so is `end` */
export function assEvent(start: number, end: number, { layer, style, text }: AssBody): string {
  return `Dialogue: ${layer},${assTime(start)},${assTime(end)},${style},,0,0,0,,${text}\n`;
}

/** "1:02:03.45" */
export function assTime(centiseconds: number): string {
  const pad = (value: number): string => String(value).padStart(2, '0');
  const seconds = Math.floor(centiseconds / 100);
  return `${Math.floor(seconds / 3600)}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}.${pad(centiseconds % 100)}`;
}

/** The outline of `box`, drawn inwards: an outer rectangle minus an inner one of opposite direction. */
export function assFrame(box: Box, thickness: number, look: { colour: Colour; faded: boolean }): AssBody {
  const inset = Math.min(thickness, box.width / 2, box.height / 2);
  const outer = corners(box.x, box.y, box.x + box.width, box.y + box.height);
  const inner = corners(box.x + inset, box.y + inset, box.x + box.width - inset, box.y + box.height - inset);
  const drawing = [path(outer), path([inner[0]!, inner[3]!, inner[2]!, inner[1]!])].join(' ');
  return { layer: 0, style: 'Box', text: `{\\an7\\pos(0,0)${paint(look)}${DRAWING_TAG}}${drawing}` };
}

/** A dark, rounded ground for a label. */
export function assPill(box: Box, faded: boolean): AssBody {
  const { x, y, width, height } = box;
  const radius = height * 0.3;
  const [right, bottom] = [x + width, y + height];
  const c = (...points: readonly (readonly [number, number])[]): string =>
    points.map(([px, py]) => `${Math.round(px * DRAWING_SCALE)} ${Math.round(py * DRAWING_SCALE)}`).join(' ');
  const corner = (...points: readonly (readonly [number, number])[]): string => `b ${c(...points)}`;
  const drawing = [
    `m ${c([x + radius, y])} l ${c([right - radius, y])}`,
    corner([right, y], [right, y], [right, y + radius]),
    `l ${c([right, bottom - radius])}`,
    corner([right, bottom], [right, bottom], [right - radius, bottom]),
    `l ${c([x + radius, bottom])}`,
    corner([x, bottom], [x, bottom], [x, bottom - radius]),
    `l ${c([x, y + radius])}`,
    corner([x, y], [x, y], [x + radius, y]),
  ].join(' ');
  const paint = `\\1c&H17110D&\\bord0\\1a&H${faded ? '90' : '30'}&`;
  return { layer: 1, style: 'Label', text: `{\\an7\\pos(0,0)${paint}${DRAWING_TAG}}${drawing}` };
}

/** A line of text, `fontSize` pixels high, whose lower left (`sits: 'on'`) or upper left (`'under'`) corner is at the point. */
export function assLabel(
  text: string,
  point: { x: number; y: number; sits: 'on' | 'under'; fontSize: number },
  look: { colour: Colour; faded: boolean },
): AssBody {
  const anchor = point.sits === 'on' ? 1 : 7;
  return {
    layer: 2,
    style: 'Label',
    text: `{\\an${anchor}\\pos(${number(point.x)},${number(point.y)})\\fs${number(point.fontSize)}${paint(look)}}${assText(text)}`,
  };
}

/**
 * Text that no renderer reads as a command. Braces open override blocks and a backslash starts commands such as \N; not every renderer
 * knows escapes for them, so similar characters replace them.
 */
export function assText(text: string): string {
  return printable(text).replace(/\s+/gu, ' ').replaceAll('{', '(').replaceAll('}', ')').replaceAll('\\', '/');
}

function paint({ colour, faded }: { colour: Colour; faded: boolean }): string {
  // ASS orders colours blue, green, red.
  const bgr = colour.slice(4, 6) + colour.slice(2, 4) + colour.slice(0, 2);
  return `\\1c&H${bgr}&${faded ? '\\alpha&H90&' : ''}`;
}

type Corner = readonly [x: number, y: number];

function corners(left: number, top: number, right: number, bottom: number): Corner[] {
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
}

function path(points: readonly Corner[]): string {
  const [first, ...others] = points.map(
    ([x, y]) => `${Math.round(x * DRAWING_SCALE)} ${Math.round(y * DRAWING_SCALE)}`,
  );
  return `m ${first!} l ${others.join(' ')}`;
}

function number(value: number): string {
  return String(Math.round(value * 100) / 100);
}

const require = createRequire(import.meta.url);

/** The bold cut of ASS_FONT, from an npm package. */
const FONT = 'dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf';

/**
 * Puts the overlay's font into its own folder, for libass' `fontsdir`. Without fonts (most containers) libass would drop every event,
 * boxes included, and ffmpeg would still exit with 0.
 *
 * @returns the folder
 * @throws FerError OUTPUT_UNWRITABLE if the font package is not installed
 */
export async function placeFont(folder: string): Promise<string> {
  let font: string;
  try {
    font = require.resolve(FONT);
  } catch (error) {
    throw new FerError(
      'OUTPUT_UNWRITABLE',
      'cannot draw an overlay: the font package dejavu-fonts-ttf is not installed; run npm install',
      {
        cause: error,
      },
    );
  }
  const fonts = join(folder, 'fonts');
  // Its own folder, because libass loads every file there.
  await mkdir(fonts);
  await copyFile(font, join(fonts, basename(font)));
  return fonts;
}
