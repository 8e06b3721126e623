import { listCameras, watchCameras } from './camera.js';
import type { OpenCamera } from './camera.js';
import { element, remember, remembered, setText } from './dom.js';
import type { PageFacts } from './page-state.js';
import { VideoRecorder } from './recorder.js';
import type { FilmChoice } from './recorder.js';

export interface SettingsEvents {
  onMode(mode: PageFacts['mode']): void;
  /** Another camera or resolution. */
  onCamera(): void;
  /** @param tau seconds; 0 disables */
  onSmoothing(tau: number): void;
}

const DEFAULT_SMOOTHING = '0.3';

/** The drawer with all settings; the browser keeps them. */
export class SettingsDrawer {
  private readonly dialog = element('settings', HTMLDialogElement);
  private readonly mode = element('mode', HTMLSelectElement);
  private readonly camera = element('camera', HTMLSelectElement);
  private readonly resolution = element('resolution', HTMLSelectElement);
  private readonly smoothing = element('smoothing', HTMLInputElement);
  private readonly smoothingValue = element('smoothing-value', HTMLElement);
  private readonly film = element('film-choice', HTMLSelectElement);
  private readonly shortcuts = element('shortcuts', HTMLInputElement);

  constructor(private readonly events: SettingsEvents) {
    element('open-settings', HTMLButtonElement).addEventListener('click', () => {
      this.dialog.showModal();
    });
    element('close-settings', HTMLButtonElement).addEventListener('click', () => {
      this.dialog.close();
    });
    this.dialog.addEventListener('click', (event) => {
      // The backdrop: everything else in the dialog has its own element.
      if (event.target === this.dialog && event.offsetX < 0) this.dialog.close();
    });
    this.mode.addEventListener('change', () => {
      events.onMode(this.mode.value === 'source' ? 'source' : 'camera');
    });
    this.camera.addEventListener('change', () => {
      events.onCamera();
    });
    watchCameras(() => void this.listCameras(this.camera.value));
    keep(this.resolution, 'resolution', () => {
      events.onCamera();
    });
    keep(this.film, 'film');
    if (!VideoRecorder.isSupported) {
      this.film.value = 'none';
      this.film.disabled = true;
    }
    this.shortcuts.checked = remembered('shortcuts') !== 'off';
    this.shortcuts.addEventListener('change', () => {
      remember('shortcuts', this.shortcuts.checked ? 'on' : 'off');
    });
    this.smoothing.value = remembered('smoothing') ?? DEFAULT_SMOOTHING;
    this.smoothing.addEventListener('input', () => {
      remember('smoothing', this.smoothing.value);
      this.applySmoothing();
    });
    this.applySmoothing();
  }

  get cameraChoice(): { readonly deviceId: string | null; readonly resolution: string } {
    return {
      deviceId: this.camera.value === '' ? remembered('camera') : this.camera.value,
      resolution: this.resolution.value,
    };
  }

  get filmChoice(): FilmChoice {
    return this.film.value as FilmChoice;
  }

  get hasShortcuts(): boolean {
    return this.shortcuts.checked;
  }

  showMode(mode: PageFacts['mode']): void {
    this.mode.value = mode;
    element('camera-settings', HTMLElement).hidden = mode === 'source';
  }

  /** Lists the cameras, now that the browser gives their names. */
  async showCamera({ deviceId }: OpenCamera): Promise<void> {
    remember('camera', deviceId);
    await this.listCameras(deviceId);
  }

  private async listCameras(deviceId: string): Promise<void> {
    const cameras = await listCameras();
    this.camera.replaceChildren(
      ...cameras.map(
        (camera, index) =>
          new Option(
            camera.label === '' ? `Camera ${index + 1}` : camera.label,
            camera.deviceId,
            false,
            camera.deviceId === deviceId,
          ),
      ),
    );
  }

  private applySmoothing(): void {
    const tau = this.smoothing.valueAsNumber;
    setText(this.smoothingValue, tau === 0 ? 'off' : `${tau.toFixed(1)} s`);
    this.events.onSmoothing(tau);
  }
}

/** Restores the choice of a list, and keeps it when it changes. */
function keep(list: HTMLSelectElement, name: string, onChange = (): void => undefined): void {
  const value = remembered(name);
  if ([...list.options].some((option) => option.value === value)) list.value = value!;
  list.addEventListener('change', () => {
    remember(name, list.value);
    onChange();
  });
}
