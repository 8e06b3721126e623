import { fitInto } from '../output/canvas-fit.js';
import type { Size } from '../output/canvas-fit.js';
import type { LiveFace } from '../protocol/messages.js';
import { drawOverlay } from './overlay-drawing.js';
import { overlayShapes } from './overlay-shapes.js';

export interface Scene {
  /** Null leaves the ground as it is: transparent. */
  readonly picture: CanvasImageSource | null;
  readonly size: Size;
  readonly faces: readonly LiveFace[];
  readonly mirrored: boolean;
}

/** The canvas that shows a frame and its faces, as sharp as the screen is. */
export class Stage {
  private scene: Scene | null = null;
  private readonly context: CanvasRenderingContext2D;

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.context = canvas.getContext('2d')!;
    new ResizeObserver(() => {
      this.draw();
    }).observe(canvas);
  }

  show(scene: Scene): void {
    const before = this.scene?.size;
    if (before?.width !== scene.size.width || before.height !== scene.size.height) {
      this.canvas.style.aspectRatio = `${scene.size.width} / ${scene.size.height}`;
    }
    this.scene = scene;
    this.draw();
  }

  clear(): void {
    this.scene = null;
    this.draw();
  }

  private draw(): void {
    const { canvas, context, scene } = this;
    const view = { width: canvas.clientWidth, height: canvas.clientHeight };
    const [width, height] = [Math.round(view.width * devicePixelRatio), Math.round(view.height * devicePixelRatio)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    else context.clearRect(0, 0, width, height);
    if (scene === null) return;
    context.save();
    context.scale(devicePixelRatio, devicePixelRatio);
    if (scene.picture !== null) drawPicture(context, scene.picture, scene, view);
    drawOverlay(context, overlayShapes(scene.faces, scene.size, view, scene.mirrored), view);
    context.restore();
  }
}

function drawPicture(
  context: CanvasRenderingContext2D,
  picture: CanvasImageSource,
  { size, mirrored }: Scene,
  view: Size,
): void {
  const { scale, x, y } = fitInto(size, view);
  context.save();
  if (mirrored) {
    context.translate(view.width, 0);
    context.scale(-1, 1);
  }
  context.drawImage(picture, x, y, size.width * scale, size.height * scale);
  context.restore();
}
