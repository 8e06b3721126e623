import type { LiveEngine } from '../live/live-engine.js';
import { roundTo } from '../output/rounding.js';

/** Milliseconds without an answer after which the engine counts as dead; a busy one answers between two frames. */
const PATIENCE = 5_000;

/** Milliseconds for which an answer holds, so that those who ask often do not keep the engine busy. */
const FRESH = 1_000;

/** Whether the engine answers, and what it has to do. */
export class EngineWatch {
  private asked = -Infinity;
  private answer: Promise<number | null> = Promise.resolve(null);

  constructor(private readonly engine: LiveEngine) {}

  /** Share of its time that is taken, 0..1, as exact as anybody needs it. */
  load(): number {
    return roundTo(this.engine.load, 3);
  }

  /** @returns tensors held, or null when it does not answer. */
  tensors(): Promise<number | null> {
    if (performance.now() - this.asked > FRESH) {
      this.asked = performance.now();
      this.answer = this.ask();
    }
    return this.answer;
  }

  private async ask(): Promise<number | null> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, PATIENCE, null);
    });
    try {
      return await Promise.race([this.engine.tensors(), late]);
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
    }
  }
}
