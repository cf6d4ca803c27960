import { ActionIcon } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import type { RenderingEngine } from "@cornerstonejs/core";
import type { ImagingStudy, Patient } from "fhir/r4";
import { useEffect, useEffectEvent, useRef, useState, useSyncExternalStore, type KeyboardEvent } from "react";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { useDrawn } from "../measurements/useDrawn.ts";
import { Overlay } from "./Overlay.tsx";
import { sideOf } from "./overlay.ts";
import { PdfDocument } from "./PdfDocument.tsx";
import { PictureFailed } from "./PictureFailed.tsx";
import type { Stack } from "./stacks.ts";
import { StackView, type ViewState } from "./StackView.ts";
import { Structured } from "./Structured.tsx";
import { removeChosen } from "./tools.ts";
import { useStacks } from "./useStacks.ts";
import classes from "./viewer.module.css";

/** What is to be shown in a pane. */
export interface Shown {
  series: string | undefined;
  /** Which stack of the series: a series of clips has many. */
  stack: number;
  index: number;
  /** Instead of stack and index: the picture to look for. */
  find?: { instance: string; frame: number };
}

interface Given {
  engine: RenderingEngine;
  name: string;
  study: ImagingStudy;
  shown: Shown;
  /** Instead of a series: pictures that hang there, whatever series they are of. */
  hung?: Stack;
  patient?: Patient;
  isActive: boolean;
  isOne: boolean;
  isPrior: boolean;
  onActive: () => void;
  onShow: (what: Shown) => void;
  onView: (view: StackView | undefined) => void;
}

/** A part of the screen that shows one stack of a study, or a report or document of it. */
export function Pane(given: Given) {
  const { t } = useTexts();
  const { study, shown, hung, isActive, isOne, onActive, onShow } = given;
  const query = useStacks(study, shown.series);
  const stacks = hung === undefined ? query.data : [hung];
  const place = stacks === undefined ? undefined : hung === undefined ? placeOf(stacks, shown) : { stack: 0, index: 0 };
  const stack = stacks?.[place?.stack ?? 0];
  const count = stacks?.length ?? 0;
  return (
    <div className={classes.pane} data-active={isActive && !isOne} onPointerDownCapture={onActive} onFocusCapture={onActive}>
      {query.isError && hung === undefined && <div className={classes.message}><Failed error={query.error} retry={() => void query.refetch()} /></div>}
      {query.isPending && hung === undefined && shown.series !== undefined && <div className={classes.message}><Loading /></div>}
      {shown.series === undefined && <div className={classes.message}><Empty title={t("noSeries")} /></div>}
      {stacks !== undefined && stack === undefined && <div className={classes.message}><Empty title={t("noSeries")} /></div>}
      {stack?.kind === "pictures" && place !== undefined && <Pictures {...given} stack={stack} index={place.index} />}
      {stack?.kind === "report" && <Structured report={stack.attributes} patient={given.patient} />}
      {stack?.kind === "document" && <PdfDocument document={stack.attributes} patient={given.patient} />}
      {stack?.kind === "other" && <div className={classes.message}><Empty title={t("otherKind", { modality: stack.modality })}>{t("otherKindHint")}</Empty></div>}
      {count > 1 && place !== undefined && (
        <div className={classes.stacks}>
          <ActionIcon variant="filled" color="dark" size="lg" aria-label={t("previousClip")} disabled={place.stack === 0} onClick={() => onShow({ ...shown, find: undefined, stack: place.stack - 1, index: 0 })}><IconChevronLeft size={20} /></ActionIcon>
          <span>{t("clip", { n: place.stack + 1, count })}</span>
          <ActionIcon variant="filled" color="dark" size="lg" aria-label={t("nextClip")} disabled={place.stack >= count - 1} onClick={() => onShow({ ...shown, find: undefined, stack: place.stack + 1, index: 0 })}><IconChevronRight size={20} /></ActionIcon>
        </div>
      )}
    </div>
  );
}

/** The stack and picture that are meant, among those of the series. */
function placeOf(stacks: readonly Stack[], { stack, index, find }: Shown): { stack: number; index: number } {
  if (find === undefined) return { stack: Math.min(stack, stacks.length - 1), index };
  const at = stacks.findIndex((one) => one.pictures.some((picture) => picture.instance === find.instance));
  const found = stacks[at]?.pictures.findIndex((picture) => picture.instance === find.instance && picture.frame === find.frame) ?? 0;
  return { stack: Math.max(0, at), index: Math.max(0, found) };
}

const NOTHING: ViewState = { index: 0, isLoading: true, edges: {}, zoom: 1, isInverted: false, isPlaying: false, fps: 15 };

function Pictures({ engine, name, study, stack, hung, index, patient, isPrior, onView }: Given & { stack: Stack; index: number }) {
  const { t } = useTexts();
  const element = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<StackView>();
  const tell = useEffectEvent(onView);
  useEffect(() => {
    if (element.current === null) return;
    const made = new StackView(engine, name, element.current);
    setView(made);
    tell(made);
    return () => {
      tell(undefined);
      made.destroy();
    };
  }, [engine, name]);
  useEffect(() => {
    if (view !== undefined) void view.show(stack, index);
  }, [view, stack, index]);
  useDrawn(study, stack, view);
  const state = useSyncExternalStore(view?.listen ?? never, () => view?.state ?? NOTHING);
  const picture = stack.pictures[state.index];
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- it is operated by its own keys, as a slider
    <div
      className={classes.pictures} role="group" aria-roledescription={t("paneRole")} aria-label={t("pane", { name: isPrior ? t("prior") : hung === undefined ? t("study") : t(`side.${sideOf(hung.attributes) ?? "other"}`) })} aria-describedby={`${name}-keys`}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that the keys have a place to be heard
      tabIndex={0} onKeyDown={(event) => { if (view !== undefined && press(view, event)) event.preventDefault(); }}
    >
      <div ref={element} className={classes.canvas} data-testid={name} />
      <span id={`${name}-keys`} className="fs-hidden">{t("paneKeys")}</span>
      {picture !== undefined && <Overlay stack={stack} picture={picture} state={state} patient={patient} isPrior={isPrior} />}
      {state.error !== undefined && <PictureFailed error={state.error} retry={() => void view?.retry()} />}
      {state.isLoading && state.error === undefined && <div className={classes.busy} role="status">{t("loading")}</div>}
      {picture === undefined && state.error === undefined && !state.isLoading && <div className={classes.message}><Empty title={t("noSeries")} /></div>}
    </div>
  );
}

const never = () => () => undefined;

/** What a key does in a pane; says whether it did anything. */
function press(view: StackView, { key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey) return false;
  const count = view.state.stack?.pictures.length ?? 0;
  const acts: Record<string, () => void> = {
    ArrowDown: () => view.step(1), ArrowRight: () => view.step(1), ArrowUp: () => view.step(-1), ArrowLeft: () => view.step(-1),
    PageDown: () => view.step(10), PageUp: () => view.step(-10), Home: () => view.goTo(0), End: () => view.goTo(count - 1),
    "+": () => view.zoomBy(1.2), "-": () => view.zoomBy(1 / 1.2), i: () => view.invert(), r: () => view.rotate(), 0: () => view.reset(),
    " ": () => (view.state.isPlaying ? view.pause() : view.play()),
    Delete: () => { removeChosen(); view.redraw(); },
  };
  const act = acts[key];
  act?.();
  return act !== undefined;
}
