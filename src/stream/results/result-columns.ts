import type { FaceResult, FrameResult } from '../pipeline/frame-result.js';

export type Cell = string | number;

/** A column of a table with one row per face per frame. */
export interface Column {
  readonly name: string;
  readonly type: 'integer' | 'number' | 'text';
  /** null: empty. `face` is null in the row of a frame without a face. */
  value(face: FaceResult | null, frame: FrameResult): Cell | null;
}

/** Options that determine the columns. */
export interface TableLayout {
  readonly labels: readonly string[];
  /** Adds the name of each frame's file, and why it could not be read: for image folders. */
  readonly files?: boolean;
  /** Adds the name of each face's person. */
  readonly names?: boolean;
  /** Adds posteriors relative to the person's resting face. */
  readonly relative?: boolean;
}

/** The columns of CSV and Parquet, for results rounded as in JSONL. */
export function resultColumns({ labels, files = false, names = false, relative = false }: TableLayout): Column[] {
  return [
    { name: 'frame', type: 'integer', value: (_, frame) => frame.index },
    { name: 'timestamp', type: 'number', value: (_, frame) => frame.timestamp },
    ...(files ? [text('file', (_, frame) => frame.file ?? null)] : []),
    { name: 'face_id', type: 'integer', value: (face) => face?.trackId ?? null },
    ...(names ? [text('name', (face) => face?.name ?? null)] : []),
    // A face without evidence in this frame has a box only from the frames around it.
    { name: 'success', type: 'integer', value: (face) => (face === null || face.evidence === 'coasted' ? 0 : 1) },
    { name: 'confidence', type: 'number', value: (face) => face?.score ?? 0 },
    number('x', (face) => face.box.x),
    number('y', (face) => face.box.y),
    number('w', (face) => face.box.width),
    number('h', (face) => face.box.height),
    ...labels.map((label) => number(label, (face) => face.probabilities[label] ?? null)),
    text('label', (face) => face?.label ?? null),
    number('ambiguity', (face) => face.ambiguity),
    text('trust', (face) => face?.trust ?? null),
    number('certainty', (face) => face.certainty),
    number('quality', (face) => face.quality.overall),
    number('size', (face) => face.quality.size),
    number('sharpness', (face) => face.quality.sharpness),
    number('yaw', (face) => face.quality.yaw),
    number('pitch', (face) => face.quality.pitch),
    number('roll', (face) => face.quality.roll),
    number('eyes_visible', (face) => face.quality.eyesVisible),
    number('mouth_visible', (face) => face.quality.mouthVisible),
    number('eye_opening', (face) => face.eyeOpening),
    number('mouth_opening', (face) => face.mouthOpening),
    {
      name: 'speaking',
      type: 'integer',
      value: (face) => (face?.speaking === undefined ? null : Number(face.speaking)),
    },
    ...(relative
      ? [
          text('relative_label', (face) => face?.relativeLabel ?? null),
          ...labels.map((label) => number(`relative_${label}`, (face) => face.relative?.[label] ?? null)),
        ]
      : []),
    ...(files ? [text('problem', (_, frame) => frame.problem ?? null)] : []),
  ];
}

/** The faces that have a row, by ascending id; one null for a frame without a face, so that every frame has a row. */
export function rowFaces({ faces }: FrameResult): readonly (FaceResult | null)[] {
  return faces.length === 0 ? [null] : faces.toSorted((a, b) => a.trackId - b.trackId);
}

/** The rows of one frame, with the precision of JSONL. */
export function tableRows(frame: FrameResult, columns: readonly Column[]): Cell[][] {
  return rowFaces(frame).map((face) => columns.map((column) => column.value(face, frame) ?? ''));
}

function number(name: string, value: (face: FaceResult) => number | null): Column {
  return { name, type: 'number', value: (face) => (face === null ? null : value(face)) };
}

function text(name: string, value: Column['value']): Column {
  return { name, type: 'text', value };
}

/** Rows as RFC 4180 CSV: commas, CR LF, quotes where needed. Browsers write it too, and two hours have a hundred thousand rows. */
export function csvText(rows: readonly (readonly Cell[])[]): string {
  let text = '';
  for (const row of rows) text += `${row.map(cellText).join(',')}\r\n`;
  return text;
}

function cellText(cell: Cell): string {
  if (typeof cell === 'number') return String(cell);
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
