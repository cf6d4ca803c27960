import {
  addTool, AngleTool, annotation, CrosshairsTool, EllipticalROITool, Enums, init, LengthTool, PanTool, ProbeTool, StackScrollTool, ToolGroupManager,
  WindowLevelTool, ZoomTool,
} from "@cornerstonejs/tools";

import { text } from "../../shared/i18n/i18n.ts";
import { calibrationOfPicture, lengthUnitOfPicture } from "./loading.ts";

/** What dragging does. */
export const TOOLS = named({
  scroll: StackScrollTool,
  window: WindowLevelTool,
  zoom: ZoomTool,
  pan: PanTool,
  length: LengthTool,
  angle: AngleTool,
  ellipse: EllipticalROITool,
  probe: ProbeTool,
  crosshairs: CrosshairsTool,
});
export type Tool = keyof typeof TOOLS;

/** The names under which the library keeps its tools; not all of its classes type theirs. */
function named<K extends string>(tools: Record<K, { toolName: unknown }>): Record<K, string> {
  return Object.fromEntries(Object.entries<{ toolName: unknown }>(tools).map(([key, tool]) => [key, String(tool.toolName)])) as Record<K, string>;
}

export const MEASURING: readonly Tool[] = ["length", "angle", "ellipse", "probe"];
const STACKS = "stacks";
const VOLUMES = "volumes";
const { MouseBindings } = Enums;

/** What the library has calculated of a measurement, by its tool. */
export interface Figures {
  length?: number;
  unit?: string;
  /** A text while it isn't complete. */
  angle?: number | string;
  area?: number;
  areaUnit?: string;
  mean?: number;
  stdDev?: number;
  min?: number;
  max?: number;
  modalityUnit?: string;
  value?: number | number[];
}
type Lines = (data: { cachedStats: Record<string, Figures | undefined> }, target: string) => string[] | undefined;

export function startTools(): void {
  init();
  for (const tool of [StackScrollTool, WindowLevelTool, ZoomTool, PanTool, LengthTool, AngleTool, EllipticalROITool, ProbeTool, CrosshairsTool]) addTool(tool);
  const usual = annotation.config.style.getDefaultToolStyles();
  annotation.config.style.setDefaultToolStyles({
    ...usual,
    global: {
      ...usual.global,
      color: "rgb(255, 221, 87)", colorHighlighted: "rgb(111, 195, 224)", colorSelected: "rgb(159, 224, 182)", lineWidth: "2", textBoxFontSize: "15px",
      textBoxFontFamily: "system-ui, sans-serif", textBoxColor: "rgb(255, 221, 87)", textBoxBackground: "rgba(0, 0, 0, 0.65)",
    },
  });
  group(STACKS, ["length", "angle", "ellipse", "probe"]);
  group(VOLUMES, ["length", "angle", "ellipse", "crosshairs"]);
  choose("window");
}

function group(id: string, others: readonly Tool[]): void {
  const made = ToolGroupManager.createToolGroup(id);
  if (made === undefined) return;
  for (const tool of ["scroll", "window", "zoom", "pan"] as const) made.addTool(TOOLS[tool]);
  for (const tool of others) made.addTool(TOOLS[tool], tool in LINES ? { getTextLines: LINES[tool as keyof typeof LINES] } : {});
  for (const tool of others) if (tool !== "crosshairs") made.setToolPassive(TOOLS[tool]);
}

/** Puts a viewport under the tools: of stacks, or of volumes. */
export function equip(viewport: string, engine: string, kind: "stack" | "volume"): void {
  ToolGroupManager.getToolGroup(kind === "stack" ? STACKS : VOLUMES)?.addViewport(viewport, engine);
}

export function unequip(viewport: string, engine: string): void {
  for (const id of [STACKS, VOLUMES]) ToolGroupManager.getToolGroup(id)?.removeViewports(engine, viewport);
}

/** What the left button and one finger do; two fingers zoom and move, the wheel goes through the pictures. */
export function choose(tool: Tool, finger: Tool = tool): void {
  for (const id of [STACKS, VOLUMES]) {
    const made = ToolGroupManager.getToolGroup(id);
    if (made === undefined) continue;
    const has = (one: Tool) => made.hasTool(TOOLS[one]);
    const [button, touch] = [has(tool) ? tool : "window", has(finger) ? finger : "window"];
    for (const one of Object.keys(TOOLS) as Tool[]) {
      if (!has(one)) continue;
      const bindings = [
        ...(one === button ? [{ mouseButton: MouseBindings.Primary }] : []),
        ...(one === touch ? [{ numTouchPoints: 1 }] : []),
        ...(one === "zoom" ? [{ mouseButton: MouseBindings.Secondary }, { numTouchPoints: 2 }] : []),
        ...(one === "pan" ? [{ mouseButton: MouseBindings.Auxiliary }] : []),
        ...(one === "scroll" ? [{ mouseButton: MouseBindings.Wheel }] : []),
      ];
      if (one === "crosshairs" && one !== button) made.setToolDisabled(TOOLS[one]);
      else if (bindings.length > 0) {
        made.setToolPassive(TOOLS[one], { removeAllBindings: true });
        made.setToolActive(TOOLS[one], { bindings });
      } else if (MEASURING.includes(one)) made.setToolPassive(TOOLS[one], { removeAllBindings: true });
      else made.setToolEnabled(TOOLS[one]);
    }
  }
}

/** Takes every measurement away. */
export function clearMeasurements(): void {
  annotation.state.removeAllAnnotations();
}

/** Takes the chosen measurement away; says whether there was one. */
export function removeChosen(): boolean {
  const chosen = annotation.selection.getAnnotationsSelected();
  for (const one of chosen) annotation.state.removeAnnotation(one);
  return chosen.length > 0;
}

// Lengths carry what they are of: a millimetre at the detector is none in the patient.
const LINES: Record<"length" | "angle" | "ellipse" | "probe", Lines> = {
  length: (data, target) => {
    const found = data.cachedStats[target];
    if (found?.length === undefined) return undefined;
    return [`${round(found.length)} ${lengthUnitAt(target, found.unit)}`, ...caveat(target)];
  },
  angle: (data, target) => {
    const found = data.cachedStats[target];
    return typeof found?.angle !== "number" ? undefined : [`${round(found.angle)}°`];
  },
  ellipse: (data, target) => {
    const found = data.cachedStats[target];
    if (found?.area === undefined) return undefined;
    const unit = found.modalityUnit === undefined || found.modalityUnit === "raw" ? "" : ` ${found.modalityUnit}`;
    return [
      `${text("measured.area")} ${round(found.area)} ${areaUnitAt(target, found.areaUnit)}`,
      ...caveat(target),
      ...(found.mean === undefined ? [] : [`${text("measured.mean")} ${round(found.mean)}${unit}`]),
      ...(found.stdDev === undefined ? [] : [`${text("measured.sd")} ${round(found.stdDev)}${unit}`]),
      ...(found.min === undefined || found.max === undefined ? [] : [`${text("measured.range")} ${round(found.min)} – ${round(found.max)}${unit}`]),
    ];
  },
  probe: (data, target) => {
    const found = data.cachedStats[target];
    if (found?.value === undefined) return undefined;
    const unit = found.modalityUnit === undefined || found.modalityUnit === "raw" ? "" : ` ${found.modalityUnit}`;
    return Array.isArray(found.value) ? [found.value.map(round).join(" / ")] : [`${round(found.value)}${unit}`];
  },
};

function caveat(target: string): string[] {
  const id = pictureIn(target);
  const calibration = id === undefined ? "patient" : calibrationOfPicture(id);
  if (calibration === "detector") return [text("measured.detector")];
  return calibration === "none" ? [text("measured.pixels")] : [];
}

/** The picture that something was measured on; computed planes have none. */
function pictureIn(target: string): string | undefined {
  const id = target.replace(/^imageId:/, "");
  return id.startsWith("wadors:") ? id : undefined;
}

function lengthUnitAt(target: string, said = ""): string {
  const id = pictureIn(target);
  return (id === undefined ? undefined : lengthUnitOfPicture(id, said)) ?? unitOf(said);
}

function areaUnitAt(target: string, said = ""): string {
  const id = pictureIn(target);
  const unit = id === undefined ? undefined : lengthUnitOfPicture(id, said.replace("²", ""));
  return unit === undefined ? unitOf(said) : `${unit}²`;
}

/** A unit without the remarks of the library. */
export function unitOf(unit: string | undefined): string {
  return (unit ?? "").replace(/ (US Region|ERMF|USER|ERROR|PROJECTION|CALIBRATED|UNKNOWN)/g, "");
}

function round(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : 1;
  return value.toFixed(digits);
}
