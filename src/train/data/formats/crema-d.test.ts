import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { standIns, writeTree } from '../../../../test/support/write-tree.js';
import { cremaD } from './crema-d.js';

it('takes the label from the name and what silent viewers saw from the table', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    ...standIns(
      'VideoFlash/1001_DFA_ANG_XX.flv',
      'VideoFlash/1001_IEO_HAP_HI.flv',
      'VideoFlash/1002_IEO_NEU_XX.flv',
      'VideoFlash/1003_TIE_JOY_XX.flv',
    ),
    'processedResults/summaryTable.csv':
      '"","FileName","VoiceVote","VoiceLevel","FaceVote","FaceLevel","MultiModalVote","MultiModalLevel"\r\n' +
      '"1","1001_DFA_ANG_XX","N","5","A:D","60:50","A","67"\r\n"2","1001_IEO_HAP_HI","H","5","H","60","H","67"\r\n"3","1009_IEO_SAD_HI","H","5","H","60","H","67"\r\n',
  });
  const { samples, problems, labels } = await cremaD.read(root);
  expect(labels.labels).toEqual(['anger', 'disgust', 'fear', 'happiness', 'neutral', 'sadness']);
  expect(samples.map(({ label, subject, softLabel, split }) => [label, subject, softLabel, split])).toEqual([
    ['anger', '1001', [0.5, 0.5, 0, 0, 0, 0], 'test'],
    ['happiness', '1001', [0, 0, 0, 1, 0, 0], 'test'],
    ['neutral', '1002', null, 'train'],
  ]);
  expect(problems.map(({ kind, line }) => [kind, line])).toEqual([
    ['unreadable-row', null],
    ['missing-file', 4],
  ]);
});
