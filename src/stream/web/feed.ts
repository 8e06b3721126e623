import type { ConnectionState } from '../client/live-connection.js';
import { LiveViewer } from '../client/live-viewer.js';
import type { HelloMessage, ResultMessage, SourceMessage, StatsMessage } from '../protocol/messages.js';

/** A result and the picture it belongs to (null if none came). */
export interface Answer {
  readonly result: ResultMessage;
  readonly hello: HelloMessage;
  /** Unchanged until the next answer. */
  readonly picture: CanvasImageSource | null;
}

export interface FeedHandlers {
  onAnswer(answer: Answer): void;
  onState(state: ConnectionState): void;
  /** A session starts: face ids start again at 1. */
  onHello(hello: HelloMessage): void;
  onSource(message: SourceMessage): void;
  onStats(message: StatsMessage): void;
  /** The server refused a picture, or failed on it: one line. */
  onProblem(message: string): void;
}

/** Where answers come from: a camera of this device, or the server's source. */
export interface Feed {
  retryNow(): void;
  close(): void;
}

/** The server's source: its decoded pictures with their results. */
export class SourceFeed implements Feed {
  private readonly viewer: LiveViewer;
  /** Pictures being decoded, waiting for their results. */
  private readonly pictures = new Map<number, Promise<ImageBitmap | null>>();
  private hello: HelloMessage | null = null;
  private shown: ImageBitmap | null = null;
  private newest = -1;

  /** @param withPictures false: results only */
  constructor(
    server: string,
    token: string | undefined,
    withPictures: boolean,
    private readonly handlers: FeedHandlers,
  ) {
    this.viewer = new LiveViewer(server, { token, frames: withPictures });
    this.viewer.on('state', (state) => {
      handlers.onState(state);
    });
    this.viewer.on('hello', (hello) => {
      this.hello = hello;
      this.newest = -1;
      this.pictures.clear();
      handlers.onHello(hello);
    });
    this.viewer.on('source', (message) => {
      handlers.onSource(message);
    });
    this.viewer.on('frame', ({ sequence, jpeg }) => {
      this.pictures.set(sequence, decoded(jpeg));
    });
    this.viewer.on('stats', (message) => {
      handlers.onStats(message);
    });
    this.viewer.on('problem', ({ message }) => {
      handlers.onProblem(message);
    });
    this.viewer.on('result', (result) => {
      void this.answer(result);
    });
    handlers.onState(this.viewer.state);
  }

  retryNow(): void {
    this.viewer.retryNow();
  }

  close(): void {
    this.viewer.close();
    this.shown?.close();
  }

  private async answer(result: ResultMessage): Promise<void> {
    const { hello } = this;
    const picture = (await this.pictures.get(result.sequence)) ?? null;
    this.pictures.delete(result.sequence);
    // Decoding may finish out of order, but the display never goes back.
    const late =
      result.sequence < this.newest || hello === null || hello !== this.hello || this.viewer.state.state !== 'open';
    if (late) {
      picture?.close();
      return;
    }
    this.newest = result.sequence;
    this.handlers.onAnswer({ result, hello, picture });
    this.shown?.close();
    this.shown = picture;
  }
}

async function decoded(jpeg: Uint8Array): Promise<ImageBitmap | null> {
  try {
    return await createImageBitmap(new Blob([new Uint8Array(jpeg)], { type: 'image/jpeg' }));
  } catch {
    return null;
  }
}
