/** Calls `onFrame` once for every new frame of a playing video, with its capture time (milliseconds, as performance.now()). */
export class FrameLoop {
  private handle = 0;
  private readonly cancel: () => void;

  constructor(video: HTMLVideoElement, onFrame: (captureTime: number) => void) {
    // requestAnimationFrame follows the screen, not the video: alone it would repeat some frames and skip others.
    if ('requestVideoFrameCallback' in video) {
      const next = (now: number, { captureTime }: VideoFrameCallbackMetadata): void => {
        this.handle = video.requestVideoFrameCallback(next);
        onFrame(captureTime ?? now);
      };
      this.handle = video.requestVideoFrameCallback(next);
      this.cancel = () => {
        video.cancelVideoFrameCallback(this.handle);
      };
      return;
    }
    const old: HTMLVideoElement = video;
    let shown = -1;
    const look = (now: number): void => {
      this.handle = requestAnimationFrame(look);
      if (old.currentTime === shown) return;
      shown = old.currentTime;
      onFrame(now);
    };
    this.handle = requestAnimationFrame(look);
    this.cancel = () => {
      cancelAnimationFrame(this.handle);
    };
  }

  stop(): void {
    this.cancel();
  }
}
