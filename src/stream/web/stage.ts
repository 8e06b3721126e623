import { fitInto } from '../output/canvas-fit.js';
import type { Size } from '../output/canvas-fit.js';
import type { LiveFace } from '../protocol/messages.js';
import { drawOverlay, overlayShapes } from './overlay-drawing.js';

export interface Scene {
  /** Null: nothing but the overlay, on a transparent ground. */
  readonly picture: CanvasImageSource | null;
  /** Boxes are in pixels of this size; the picture itself may be larger. */
  readonly size: Size;
  readonly faces: readonly LiveFace[];
  readonly mirrored: boolean;
}

/** The canvas that shows a frame and its faces at the resolution of the screen. */
export class Stage {
  private current: Scene | null = null;
  private readonly context: CanvasRenderingContext2D;

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.context = canvas.getContext('2d')!;
    new ResizeObserver(() => {
      this.draw();
    }).observe(canvas);
  }

  get scene(): Scene | null {
    return this.current;
  }

  show(scene: Scene): void {
    const { width, height } = scene.size;
    if (this.current?.size.width !== width || this.current.size.height !== height)
      this.canvas.parentElement?.style.setProperty('--shape', `${width} / ${height}`);
    this.current = scene;
    this.draw();
  }

  clear(): void {
    this.current = null;
    this.draw();
  }

  private draw(): void {
    const { canvas, context } = this;
    const view = { width: canvas.clientWidth, height: canvas.clientHeight };
    const [width, height] = [Math.round(view.width * devicePixelRatio), Math.round(view.height * devicePixelRatio)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    else context.clearRect(0, 0, width, height);
    if (this.current === null) return;
    context.save();
    context.scale(devicePixelRatio, devicePixelRatio);
    paintScene(context, this.current, view);
    context.restore();
  }
}

/** The scene as a PNG, at the picture's own size or at least 960 pixels wide, so that labels are legible. */
export function snapshot(scene: Scene): Promise<Blob | null> {
  const picture = scene.picture as { readonly width?: unknown } | null;
  const width = Math.max(960, typeof picture?.width === 'number' ? picture.width : scene.size.width);
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height: Math.round((width * scene.size.height) / scene.size.width) });
  paintScene(canvas.getContext('2d')!, scene, canvas);
  return new Promise((resolve) => {
    canvas.toBlob(resolve, 'image/png');
  });
}

/** Draws picture and overlay, as large as the view allows. */
export function paintScene(context: CanvasRenderingContext2D, scene: Scene, view: Size): void {
  if (scene.picture !== null) drawPicture(context, scene.picture, scene, view);
  drawOverlay(context, overlayShapes(scene.faces, scene.size, view, scene.mirrored), view);
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
