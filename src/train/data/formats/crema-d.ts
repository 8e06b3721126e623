import { join, parse } from 'node:path';
import { isVideoName } from '../../../ingest/media-names.js';
import { defineReader } from '../reading/define-reader.js';
import type { Reading } from '../reading/define-reader.js';
import { splitBySubject } from '../splits.js';
import { columns, readCsv } from '../read-csv.js';
import { CREMA_D, CREMA_D_CODES } from '../label-maps.js';

const FOLDS = 5;
const NAME = /^(\d{4})_([A-Z]{3})_([A-Z]{3})_([A-Z]{2})$/;

/**
 * CREMA-D: Cao et al., IEEE Transactions on Affective Computing 2014. The label is what the actor was asked to show; the soft label what most of
 * viewers without sound saw. No official division, so actors are assigned to five folds.
 */
export const cremaD = defineReader(
  {
    ...{ name: 'crema-d', title: 'CREMA-D', labels: CREMA_D, folds: FOLDS },
    fits: async (folders, root) =>
      (await folders.first(root, ['VideoFlash', 'VideoMP4', 'processedResults/summaryTable.csv'])) !== null,
  },
  async (reading) => {
    const { root, fold, folders, found } = reading;
    const videos = await folders.required(root, ['VideoFlash', 'VideoMP4', 'Video']);
    const clips = new Map<string, { path: string; label: string; subject: string }>();
    for (const file of (await folders.files(videos)).filter(isVideoName)) {
      const path = join(videos, file);
      const { name } = parse(file);
      const [, subject, , emotion = ''] = NAME.exec(name) ?? [];
      const label = CREMA_D_CODES.get(emotion);
      if (subject === undefined || label === undefined) {
        found.unreadable(
          { file: path, line: null },
          'the name is not <actor>_<sentence>_<ANG|DIS|FEA|HAP|NEU|SAD>_<level>',
        );
      } else clips.set(name, { path, label, subject });
    }
    const votes = await faceVotes(reading, clips);
    const splitOf = splitBySubject(
      [...clips.values()].map(({ subject }) => subject),
      fold,
      FOLDS,
    );
    for (const [id, { path, label, subject }] of clips) {
      found.clip({ id, path, label, subject, split: splitOf(subject), softLabel: votes.get(id) ?? null });
    }
  },
);

/** Clip to shares of the classes that most viewers named; a tie ("A:D") is shared evenly. */
async function faceVotes(
  { root, folders, found }: Reading,
  clips: ReadonlyMap<string, unknown>,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const file = await folders.first(root, ['processedResults/summaryTable.csv']);
  const votes = new Map<string, readonly number[]>();
  if (file === null) return votes;
  const [header, ...rows] = await readCsv(file);
  const column = columns(header);
  // The first column is a row number without a name.
  const name = column('FileName') ?? 1;
  const vote = column('FaceVote') ?? 4;
  for (const { line, cells } of rows) {
    const id = cells[name] ?? '';
    const winners = (cells[vote] ?? '').split(':').map((letter) => CREMA_D_CODES.get(letter.trim()));
    if (!clips.has(id)) found.missing({ file, line }, `no video of ${id}`);
    else if (winners.every((winner) => winner !== undefined)) {
      votes.set(
        id,
        CREMA_D.labels.map((label) => (winners.includes(label) ? 1 / winners.length : 0)),
      );
    } else found.unreadable({ file, line }, `face vote "${cells[vote] ?? ''}" is not made of A, D, F, H, N, S`);
  }
  return votes;
}
