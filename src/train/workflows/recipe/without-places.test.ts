import { expect, it } from 'vitest';
import { withoutPlaces } from './copy-model.js';

it.each([
  ['prepared:/home/someone/runs/crops', 'prepared:crops'],
  ['ferplus:../data/ferplus/', 'ferplus:ferplus'],
  ['/home/someone/runs/frames-48/best', 'frames-48/best'],
  ['runs/clips/last', 'clips/last'],
  ['C:\\Users\\someone\\audit.csv', 'audit.csv'],
  ['aff-wild2:D:\\sets\\aff', 'aff-wild2:aff'],
  ['v-naw', 'v-naw'],
  ['happiness', 'happiness'],
])('%s: %s', (place, name) => {
  expect(withoutPlaces({ config: { exclude: { file: place }, epochs: 3, labels: [place], init: null } })).toEqual({
    config: { exclude: { file: name }, epochs: 3, labels: [name], init: null },
  });
});
