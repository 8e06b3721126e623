import sharp from 'sharp';
import { writeTree } from './write-tree.js';

/** A small PNG of one colour. */
export function picture(shade: number): Promise<Buffer> {
  return sharp({ create: { width: 8, height: 8, channels: 3, background: { r: shade, g: 0, b: 255 - shade } } })
    .png()
    .toBuffer();
}

/** Copies within and across splits, contradicting labels, a person in two splits, damage, and a row without a file. */
export async function writeTroubledDataset(root: string): Promise<void> {
  const [one, two, three, four] = await Promise.all([10, 20, 30, 40].map(picture));
  await writeTree(root, {
    'manifest.csv': [
      'path,label,start,end,subject,split',
      'one.png,happy,,,Ann,train',
      'one-again.png,happy,,,Ann,train',
      'two.png,sad,,,Bob,train',
      'two-tested.png,angry,,,Bob,test',
      'two-tested-again.png,angry,,,Bob,test',
      'three.png,sad,,,Cy,train',
      'cut.png,sad,,,Cy,train',
      'empty.mp4,sad,,,Cy,train',
      'gone.png,sad,,,Cy,train',
      'clip.mp4,happy,0,1,Cy,train',
      'clip.mp4,happy,1,2,Cy,train',
      'clip.mp4,happy,1,2,Cy,train',
    ].join('\n'),
    'one.png': one!,
    'one-again.png': one!,
    'two.png': two!,
    'two-tested.png': two!,
    'two-tested-again.png': two!,
    'three.png': three!,
    'cut.png': four!.subarray(0, four!.length - 30),
    'empty.mp4': '',
    'clip.mp4': 'two seconds',
  });
}
