import { Enums, eventTarget, type RenderingEngine, type Types } from "@cornerstonejs/core";
import { utilities } from "@cornerstonejs/tools";

import { text } from "./dicom.ts";
import { describe, PictureError } from "./loading.ts";
import { directionsOf, edgesOf, hangingOf, type Direction, type Edges } from "./orientation.ts";
import { rangeOf, windowOf, type Range } from "./presets.ts";
import { cross, dot, type Picture, type Stack } from "./stacks.ts";
import { equip, unequip } from "./tools.ts";

/** What a pane shows now. */
export interface ViewState {
  stack?: Stack;
  index: number;
  isLoading: boolean;
  error?: PictureError;
  window?: { centre: number; width: number };
  /** The sides of the patient at the edges. */
  edges: Edges;
  zoom: number;
  isInverted: boolean;
  isPlaying: boolean;
  fps: number;
}

type Listener = () => void;
const EMPTY: ViewState = { index: 0, isLoading: false, edges: {}, zoom: 1, isInverted: false, isPlaying: false, fps: 15 };

/** A stack on the screen: what is shown of it, and how. */
export class StackView {
  private current: ViewState = EMPTY;
  private readonly listeners = new Set<Listener>();
  private timer: ReturnType<typeof setInterval> | undefined;
  private readonly resized: ResizeObserver;
  private asked = 0;

  constructor(
    private readonly engine: RenderingEngine,
    readonly id: string,
    private readonly element: HTMLDivElement,
  ) {
    engine.enableElement({ viewportId: id, type: Enums.ViewportType.STACK, element, defaultOptions: { background: [0, 0, 0] } });
    equip(id, engine.id, "stack");
    // The right button zooms.
    element.addEventListener("contextmenu", noMenu);
    element.addEventListener(Enums.Events.STACK_NEW_IMAGE, this.onPicture);
    element.addEventListener(Enums.Events.VOI_MODIFIED, this.onLook);
    element.addEventListener(Enums.Events.CAMERA_MODIFIED, this.onLook);
    eventTarget.addEventListener(Enums.Events.IMAGE_LOAD_ERROR, this.onError);
    this.resized = new ResizeObserver(() => engine.resize(true, false));
    this.resized.observe(element);
  }

  get state(): ViewState {
    return this.current;
  }

  /** For useSyncExternalStore. */
  listen = (listener: Listener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  async show(stack: Stack, index: number): Promise<void> {
    this.pause();
    describe(stack.pictures);
    const asked = ++this.asked;
    this.set({ ...EMPTY, stack, index, isLoading: true, fps: stack.frameMs === undefined ? EMPTY.fps : Math.round(1000 / stack.frameMs) });
    try {
      await this.viewport.setStack(stack.pictures.map((one) => one.id), index);
      if (asked !== this.asked) return;
      this.viewport.render();
      utilities.stackContextPrefetch.enable(this.element);
    } catch (error) {
      if (asked === this.asked) this.set({ error: asPictureError(error) });
    } finally {
      if (asked === this.asked) this.set({ isLoading: false });
    }
  }

  /** Tries the picture again that couldn't be shown. */
  async retry(): Promise<void> {
    const { stack, index } = this.current;
    if (stack !== undefined) await this.show(stack, index);
  }

  goTo(index: number): void {
    const { stack } = this.current;
    if (stack === undefined || stack.pictures.length === 0) return;
    const next = Math.max(0, Math.min(stack.pictures.length - 1, index));
    if (next === this.current.index && this.current.error === undefined) return;
    this.set({ index: next, error: undefined });
    void this.viewport.setImageIdIndex(next).catch((error: unknown) => this.set({ error: asPictureError(error) }));
  }

  step(by: number): void {
    this.goTo(this.current.index + by);
  }

  setWindow(centre: number, width: number): void {
    this.viewport.setProperties({ voiRange: rangeOf(centre, width) });
    this.viewport.render();
  }

  invert(): void {
    this.viewport.setProperties({ invert: this.viewport.getProperties().invert !== true });
    this.viewport.render();
    this.onLook();
  }

  rotate(): void {
    const { rotation = 0 } = this.viewport.getViewPresentation();
    this.viewport.setViewPresentation({ rotation: (rotation + 90) % 360 });
    this.viewport.render();
  }

  flip(axis: "horizontal" | "vertical"): void {
    const { flipHorizontal = false, flipVertical = false } = this.viewport.getCamera();
    this.viewport.setCamera(axis === "horizontal" ? { flipHorizontal: !flipHorizontal } : { flipVertical: !flipVertical });
    this.viewport.render();
  }

  zoomBy(factor: number): void {
    this.viewport.setZoom(this.viewport.getZoom() * factor);
    this.viewport.render();
  }

  /** Draws again, after measurements were taken away. */
  redraw(): void {
    this.viewport.render();
  }

  /** As the picture came: window, place, size and sides. */
  reset(): void {
    this.hang();
    this.viewport.setViewPresentation({ rotation: 0 });
    this.viewport.resetCamera();
    this.viewport.resetProperties();
    this.viewport.render();
    this.onLook();
  }

  /** Shows the frames of a clip one after the other, again and again. */
  play(fps = this.current.fps): void {
    clearInterval(this.timer);
    this.set({ isPlaying: true, fps });
    this.timer = setInterval(() => {
      const count = this.current.stack?.pictures.length ?? 0;
      if (count > 1 && !this.current.isLoading) this.goTo((this.current.index + 1) % count);
    }, 1000 / fps);
  }

  pause(): void {
    clearInterval(this.timer);
    if (this.current.isPlaying) this.set({ isPlaying: false });
  }

  destroy(): void {
    this.pause();
    this.asked++;
    this.resized.disconnect();
    this.element.removeEventListener("contextmenu", noMenu);
    this.element.removeEventListener(Enums.Events.STACK_NEW_IMAGE, this.onPicture);
    this.element.removeEventListener(Enums.Events.VOI_MODIFIED, this.onLook);
    this.element.removeEventListener(Enums.Events.CAMERA_MODIFIED, this.onLook);
    eventTarget.removeEventListener(Enums.Events.IMAGE_LOAD_ERROR, this.onError);
    utilities.stackContextPrefetch.disable(this.element);
    unequip(this.id, this.engine.id);
    this.engine.disableElement(this.id);
  }

  private get viewport(): Types.IStackViewport {
    return this.engine.getViewport<Types.IStackViewport>(this.id);
  }

  private readonly onPicture = (): void => {
    this.set({ index: this.viewport.getCurrentImageIdIndex(), error: undefined });
    // Mammograms of one stack are of both sides.
    if (text(this.picture?.attributes ?? {}, "00080060") === "MG") this.hang();
    this.set(this.look());
  };

  private get picture(): Picture | undefined {
    return this.current.stack?.pictures[this.current.index];
  }

  /** Turned over as such pictures are read. */
  private hang(): void {
    const { isFlippedAcross, isFlippedDown } = hangingOf(this.picture?.attributes ?? {});
    this.viewport.setCamera({ flipHorizontal: isFlippedAcross, flipVertical: isFlippedDown });
  }

  private readonly onLook = (): void => {
    this.set(this.look());
  };

  private readonly onError = (event: CustomEvent<{ error: unknown; imageId?: string }>): void => {
    const shown = this.current.stack?.pictures[this.current.index]?.id;
    if (shown !== undefined && event.detail.imageId === shown) this.set({ error: asPictureError(event.detail.error) });
  };

  private look(): Partial<ViewState> {
    const { voiRange, invert } = this.viewport.getProperties();
    return {
      // Null for pictures in colour, whatever the types say.
      window: isRange(voiRange) ? windowOf(voiRange) : undefined,
      // Of MONOCHROME1 the usual look is inverted already.
      isInverted: (invert === true) !== this.isWhiteLow(),
      edges: this.edges(),
      zoom: this.viewport.getZoom(),
    };
  }

  private edges(): Edges {
    const { picture } = this;
    // There is none yet while the first picture is on its way.
    const image = this.viewport.getImageData() as Types.IImageData | undefined;
    const direction = image?.direction;
    const { viewUp: up, viewPlaneNormal: near } = this.viewport.getCamera();
    if (picture === undefined || direction === undefined || up === undefined || near === undefined) return {};
    const [along, below] = [[...direction].slice(0, 3), [...direction].slice(3, 6)];
    const inPicture = (one: readonly number[]): Direction => [dot(one, along), dot(one, below)];
    return edgesOf(directionsOf(picture.attributes, picture.frame), inPicture(cross(up, near)), inPicture(up.map((one) => -one)));
  }

  private isWhiteLow(): boolean {
    return text(this.picture?.attributes ?? {}, "00280004") === "MONOCHROME1";
  }

  private set(change: Partial<ViewState>): void {
    this.current = { ...this.current, ...change };
    for (const listener of this.listeners) listener();
  }
}

function noMenu(event: Event): void {
  event.preventDefault();
}

function asPictureError(error: unknown): PictureError {
  return error instanceof PictureError ? error : new PictureError(undefined, error instanceof Error ? error.message : String(error));
}

function isRange(range: Range | null | undefined): range is Range {
  return range !== null && range !== undefined;
}
