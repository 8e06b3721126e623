import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { WebSocket } from 'ws';
import { openFile } from '../src/ingest/sources/open-source.js';
import { LiveProducer } from '../src/stream/client/live-producer.js';
import { buildPanningFace } from './panning-face.js';

/** Quality of the JPEGs that the page sends. */
const QUALITY = 70;
const RATE = 30;

/** What a webcam would show: 640x480 JPEGs of a drifting face. @param path where the clip may be written */
export async function webcamPictures(path: string): Promise<Buffer[]> {
  const source = await openFile(await buildPanningFace(path, { seconds: 6 }), { rgb: true });
  const pictures: Buffer[] = [];
  for await (const { data, width, height } of source.frames()) {
    pictures.push(
      await sharp(data, { raw: { width, height, channels: 3 } })
        .jpeg({ quality: QUALITY })
        .toBuffer(),
    );
  }
  return pictures;
}

/** What one producer saw of the server. */
export interface ProducerRecord {
  readonly results: number;
  /** Milliseconds from capture to result. */
  readonly latencies: readonly number[];
}

/** A page's work without a page: offers pictures 30 times a second, sends those for which there is credit, times the answers. */
export class ScriptedProducer {
  private readonly producer: LiveProducer;
  private readonly timer: NodeJS.Timeout;
  private latencies: number[] = [];

  constructor(url: string, pictures: readonly Buffer[]) {
    this.producer = new LiveProducer(url, { WebSocket });
    this.producer.on('result', ({ captureTime }) => this.latencies.push(performance.now() - captureTime));
    let next = Math.floor(Math.random() * pictures.length);
    this.timer = setInterval(() => {
      this.producer.send(pictures[next++ % pictures.length]!, performance.now());
    }, 1000 / RATE);
  }

  /** Resolves after this many results. */
  async warm(results = 20): Promise<void> {
    while (this.latencies.length < results) await sleep(50);
  }

  /** Begins to measure again. */
  reset(): void {
    this.latencies = [];
  }

  record(): ProducerRecord {
    return { results: this.latencies.length, latencies: this.latencies };
  }

  close(): void {
    clearInterval(this.timer);
    this.producer.close();
  }
}
