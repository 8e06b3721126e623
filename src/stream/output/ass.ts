import type { FaceResult, FrameResult } from '../pipeline/frame-result.js';
import { assEvent, assFrame, assHeader, assLabel, assPill, assSizes, assText } from './ass-script.js';
import type { AssBody } from './ass-script.js';
import { clipBox, fitInto, placeBox } from './canvas-fit.js';
import type { Size } from './canvas-fit.js';
import { LabelLayout, textWidth } from './label-layout.js';
import { percent } from './subtitle-format.js';
import { LONE_FRAME, loneFrameSeconds } from '../results/frame-interval.js';
import { textFormat } from '../results/output-format.js';
import { UNSURE_COLOUR, expressionColour } from '../results/palette.js';

/** Boxes and labels as a subtitle script, to be shown by a player or burnt in. */
export const ASS = textFormat(
  {
    name: 'ass',
    ending: '.ass',
    summary: 'ASS subtitles: boxes that follow the faces, with expression and percentage, for mpv, VLC or ffmpeg',
  },
  (metadata) => {
    const track = new AssTrack(metadata.input.name, loneFrameSeconds(metadata));
    return { frame: (result) => track.push(result), end: () => track.end() };
  },
);

/** Seconds by which an event may begin before its frame; see `boundary`. */
const EARLY = 0.008;
/** For a script without frames. */
const DEFAULT_CANVAS: Size = { width: 1280, height: 720 };
/** The runner-up is named from this ambiguity on. */
const AMBIGUOUS = 0.5;
/** Between text and the sides of its pill, in units of the font size. */
const PADDING = 0.35;

/**
 * Turns results into ASS events that draw a box and a label for every face. The canvas is the size of the first frame that could be read;
 * frames of another size are scaled to fit. What does not change from one frame to the next is one event. Holds one frame.
 */
export class AssTrack {
  /** Size of the first frame that could be read; null before it. */
  canvas: Size | null = null;

  /** Events being shown, by their text, with the centisecond in which they began. */
  private showing = new Map<string, { body: AssBody; start: number }>();
  private last: { timestamp: number; boundary: number } | null = null;
  private layout: LabelLayout | null = null;

  /** @param interval seconds that a frame lasts, until two frames have shown it */
  constructor(
    private readonly title: string,
    private interval = LONE_FRAME,
  ) {}

  /** Script text that has become final; the first that is not empty begins with the header. */
  push(result: FrameResult): string {
    const now = this.boundary(result.timestamp);
    if (isUnreadable(result)) return this.show(now, []);
    const header = this.canvas === null ? this.begin(result) : '';
    const canvas = this.canvas ?? DEFAULT_CANVAS;
    return header + this.show(now, frameBodies(result, canvas, (this.layout ??= new LabelLayout(canvas))));
  }

  /** The rest of the script. */
  end(): string {
    const header = this.canvas === null ? assHeader(DEFAULT_CANVAS, this.title) : '';
    const end = this.last === null ? 0 : this.boundary(this.last.timestamp + this.interval);
    return header + this.show(end, []);
  }

  private begin({ width, height }: FrameResult): string {
    this.canvas = { width, height };
    return assHeader(this.canvas, this.title);
  }

  /**
   * The centisecond in which the events of a frame begin. Renderers compare it with the frame's own time cut to milliseconds, so rounding
   * to the nearest centisecond would show every other box a frame late. It is a little before the frame, but after the previous one:
   * right for anything up to 100 frames a second.
   */
  private boundary(timestamp: number): number {
    const { last } = this;
    if (last !== null && timestamp > last.timestamp) this.interval = timestamp - last.timestamp;
    const early = last === null ? EARLY : Math.min(this.interval / 2, EARLY);
    const boundary = Math.max(0, last?.boundary ?? 0, Math.round((timestamp - early) * 100));
    this.last = { timestamp, boundary };
    return boundary;
  }

  /** Ends events that are no longer shown and starts new ones. */
  private show(now: number, bodies: readonly AssBody[]): string {
    const next = new Map<string, { body: AssBody; start: number }>();
    for (const body of bodies) next.set(body.text, this.showing.get(body.text) ?? { body, start: now });
    let text = '';
    for (const [key, { body, start }] of this.showing) {
      if (!next.has(key) && start < now) text += assEvent(start, now, body);
    }
    this.showing = next;
    return text;
  }
}

/** Such a frame has no size. */
function isUnreadable({ width, height }: FrameResult): boolean {
  return width === 0 || height === 0;
}

/** Boxes below, pills and their texts above, so that no box crosses a label. */
function frameBodies(result: FrameResult, canvas: Size, layout: LabelLayout): AssBody[] {
  const fit = fitInto(result, canvas);
  const { fontSize, thickness } = assSizes(canvas);
  const shown = result.faces.flatMap((face) => {
    const box = clipBox(placeBox(face.box, fit), canvas);
    return box === null ? [] : [{ face, box }];
  });
  const labels = shown.map(({ face }) => labelOf(face, fontSize, roomFor(shown.length, canvas, fontSize)));
  const places = layout.place(shown.map(({ face, box }, k) => ({ id: face.trackId, box, size: labels[k]!.size })));
  return shown.flatMap(({ face, box }, k) => {
    const isSure = face.trust === 'sure';
    // Faces not seen in this frame are faded; unsure ones are grey, with "?".
    const look = { colour: isSure ? expressionColour(face.label) : UNSURE_COLOUR, faded: face.evidence === 'coasted' };
    const { text, fontSize: size, padding } = labels[k]!;
    const at = places[k]!;
    return [
      assFrame(box, Math.min(thickness, box.width * LINE), look),
      assPill(at, look.faded),
      assLabel(text, { x: at.x + padding, y: at.y + padding / 2, sits: 'under', fontSize: size }, look),
    ];
  });
}

/** Share of the canvas for a label, where there are few faces. */
const MOST_ROOM = 0.96;
/** Faces from which labels leave room for each other. */
const MANY = 4;
/** Least text height, as a share of the usual one, and in pixels. */
const SMALLEST = 0.5;
const LEGIBLE = 10;
/** Thickest line, as a share of the box. */
const LINE = 0.06;

/** Of a cell of the picture with one face: width of the label, and height of its text. */
const CELL_WIDTH = 0.92;
const CELL_TEXT = 0.16;

/** Width for a label, and height of its text at most, in pixels: many faces stand in about as many columns as rows. */
function roomFor(faces: number, { width, height }: Size, usual: number): Size {
  if (faces < MANY) return { width: width * MOST_ROOM, height: usual };
  const columns = Math.ceil(Math.sqrt(faces));
  const tallest = Math.min(usual, Math.max(smallest(usual), (height / columns) * CELL_TEXT));
  return { width: (width / columns) * CELL_WIDTH, height: tallest };
}

function smallest(usual: number): number {
  return Math.min(usual, Math.max(LEGIBLE, usual * SMALLEST));
}

interface Label {
  readonly text: string;
  readonly fontSize: number;
  readonly padding: number;
  /** Of the pill. */
  readonly size: Size;
}

/** As large as usual, smaller, or with less said, so that it fits into `room` while it can be read. */
function labelOf(face: FaceResult, usual: number, room: Size): Label {
  const least = smallest(usual);
  const pills = wordings(face).map((wording) => {
    const text = assText(wording);
    const wide = textWidth(text, 1);
    return { text, wide, fits: Math.min(room.height, room.width / (wide + 2 * PADDING)) };
  });
  const { text, wide, fits } = pills.find((pill) => pill.fits >= least) ?? pills.at(-1)!;
  const fontSize = fits; // below the least where not even the label fits
  const padding = fontSize * PADDING;
  return { text, fontSize, padding, size: { width: wide * fontSize + 2 * padding, height: fontSize + padding } };
}

/** "#1 happiness 92 %"; the runner-up too where it comes close, and "?" where the label is not sure. Then with less and less said. */
function wordings(face: FaceResult): string[] {
  const title = face.name ?? `#${face.trackId}`;
  const [first, second] = Object.entries(face.probabilities).sort((a, b) => b[1] - a[1]);
  const share = percent(face.probabilities[face.label] ?? 0);
  const rival = face.ambiguity >= AMBIGUOUS ? (first?.[0] === face.label ? second : first) : undefined;
  const label = `${face.label}${face.trust === 'sure' ? '' : '?'}`;
  const long = `${title} ${label} ${share}`;
  return [
    ...(rival === undefined ? [] : [`${long} / ${rival[0]} ${percent(rival[1])}`]),
    long,
    `${title} ${label}`,
    label,
  ];
}
