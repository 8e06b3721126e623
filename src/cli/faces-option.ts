import { Option } from 'commander';
import { FACE_CHOICES } from '../train/data/faces/face-handling.js';

export function facesOption(): Option {
  return new Option(
    '--faces <how>',
    'take pictures as they are, or find and align faces in them, or (auto) whichever the model learnt from; videos are always searched',
  ).choices([...FACE_CHOICES]);
}
