import { CaptureClock } from './capture-clock.js';

/** Pictures that belong together in time: those of a session, from its beginning or a reset to the next. */
export class PictureStream {
  private readonly clock = new CaptureClock();
  private pending = 0;
  private isEnded = false;

  /**
   * @param id of this stream alone
   * @param onForgotten called once, when it has ended and none of its pictures is on its way any more
   */
  constructor(
    readonly id: number,
    private readonly onForgotten: () => void,
  ) {}

  /** A picture sets out. @returns its time in seconds since the first one */
  begin(captureTime: number): number {
    this.pending += 1;
    return this.clock.next(captureTime);
  }

  /** A picture has arrived, or is not wanted any more. */
  finish(): void {
    this.pending -= 1;
    this.forgetIfOver();
  }

  /** No more pictures will come. */
  end(): void {
    this.isEnded = true;
    this.forgetIfOver();
  }

  private forgetIfOver(): void {
    if (this.isEnded && this.pending === 0) this.onForgotten();
  }
}
