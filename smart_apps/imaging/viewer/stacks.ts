import { items, meaning, number, numbers, text, type Attributes } from "./dicom.ts";

/** One picture: an instance, or a frame of one. */
export interface Picture {
  /** As Cornerstone names it: wadors:…/frames/1 */
  id: string;
  instance: string;
  sopClass: string;
  frame: number;
  /** Instance Number, where it has one. */
  number?: number;
  attributes: Attributes;
}

export type Kind = "pictures" | "report" | "document" | "other";

/** What is looked at as one: the slices of a series, a clip, a report. */
export interface Stack {
  key: string;
  kind: Kind;
  series: string;
  modality: string;
  /** The attributes of its first instance. */
  attributes: Attributes;
  pictures: Picture[];
  /** Milliseconds of a frame, where it is a clip. */
  frameMs?: number;
  isVolume: boolean;
}

const REPORT = "1.2.840.10008.5.1.4.1.1.88.";
const KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59";
const PDF = "1.2.840.10008.5.1.4.1.1.104.1";
/** Pixels that are no pictures: segmentations, label maps, maps of numbers. */
const NO_PICTURES = new Set(["1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7", "1.2.840.10008.5.1.4.1.1.30"]);
const USUAL_FRAME_MS = 66;
const LEAST_SLICES = 5;

/** The stacks of a series, from its metadata; key object selections are marks, and no stack of their own. */
export function stacksOf(dicomweb: string, instances: readonly Attributes[]): Stack[] {
  const shown = instances.filter((one) => classOf(one) !== KEY_OBJECTS).sort(byNumber);
  const single: Attributes[] = [];
  const stacks: Stack[] = [];
  for (const instance of shown) {
    const kind = kindOf(instance);
    if (kind !== "pictures") stacks.push(stack(kind, instance, []));
    else if (framesOf(instance) > 1) stacks.push(clip(dicomweb, instance));
    else single.push(instance);
  }
  const [first] = single;
  if (first !== undefined) {
    const pictures = inSpace(single).map((one) => picture(dicomweb, one, 1));
    stacks.unshift({ ...stack("pictures", first, pictures), isVolume: isVolume(pictures) });
  }
  return stacks;
}

/** The address of an instance below DICOMweb. */
export function addressOf(dicomweb: string, instance: Attributes): string {
  return `${dicomweb}/studies/${text(instance, "0020000D") ?? ""}/series/${text(instance, "0020000E") ?? ""}/instances/${text(instance, "00080018") ?? ""}`;
}

function classOf(instance: Attributes): string {
  return text(instance, "00080016") ?? "";
}

function kindOf(instance: Attributes): Kind {
  const sopClass = classOf(instance);
  if (sopClass.startsWith(REPORT)) return "report";
  if (sopClass === PDF) return "document";
  // Single bits aren't decoded here.
  const isPicture = number(instance, "00280010") !== undefined && number(instance, "00280100") !== 1 && !NO_PICTURES.has(sopClass);
  return isPicture ? "pictures" : "other";
}

function framesOf(instance: Attributes): number {
  return Math.max(1, number(instance, "00280008") ?? 1);
}

function stack(kind: Kind, first: Attributes, pictures: Picture[]): Stack {
  return {
    key: text(first, "00080018") ?? "",
    kind,
    series: text(first, "0020000E") ?? "",
    modality: text(first, "00080060") ?? "OT",
    attributes: first,
    pictures,
    isVolume: false,
  };
}

function clip(dicomweb: string, instance: Attributes): Stack {
  const pictures = Array.from({ length: framesOf(instance) }, (_, n) => picture(dicomweb, instance, n + 1));
  const isTimed = ["00181063", "00180040", "00082144", "00181065"].some((tag) => instance[tag] !== undefined);
  return { ...stack("pictures", instance, pictures), frameMs: isTimed || !isSliced(instance) ? frameMs(instance) : undefined };
}

/** Frames that are slices in space (enhanced CT, MR), not a film. */
function isSliced(instance: Attributes): boolean {
  const frames = items(instance, "52009230");
  return frames.length > 1 && frames.every((frame) => items(frame, "00209113").length > 0);
}

/** Frame Time, Cine Rate or Recommended Display Frame Rate. PS3.3 C.7.6.5 */
function frameMs(instance: Attributes): number {
  const time = number(instance, "00181063");
  if (time !== undefined && time > 0) return time;
  const rate = number(instance, "00082144") ?? number(instance, "00180040");
  return rate !== undefined && rate > 0 ? 1000 / rate : USUAL_FRAME_MS;
}

function picture(dicomweb: string, attributes: Attributes, frame: number): Picture {
  return {
    id: `wadors:${addressOf(dicomweb, attributes)}/frames/${frame}`,
    instance: text(attributes, "00080018") ?? "",
    sopClass: classOf(attributes),
    frame,
    number: number(attributes, "00200013"),
    attributes,
  };
}

function byNumber(a: Attributes, b: Attributes): number {
  return (number(a, "00200013") ?? 0) - (number(b, "00200013") ?? 0) || (text(a, "00080018") ?? "").localeCompare(text(b, "00080018") ?? "");
}

/** Where a slice lies along its normal, in millimetres; undefined where it isn't said. PS3.3 C.7.6.2.1.1 */
export function positionOf(attributes: Attributes): number | undefined {
  const at = numbers(attributes, "00200032", 3);
  const normal = normalOf(attributes);
  return at === undefined || normal === undefined ? undefined : dot(at, normal);
}

export function normalOf(attributes: Attributes): number[] | undefined {
  const cosines = numbers(attributes, "00200037", 6) ?? [];
  const normal = cross(cosines.slice(0, 3), cosines.slice(3, 6));
  return normal.some((one) => one !== 0) ? normal : undefined;
}

/** In the order of space where all slices are parallel and each has a place of its own; else as they are numbered. */
function inSpace(instances: Attributes[]): Attributes[] {
  const placed = instances.map((one) => ({ one, at: positionOf(one) }));
  const distinct = new Set(placed.map(({ at }) => at?.toFixed(3)));
  if (placed.some(({ at }) => at === undefined) || distinct.size < instances.length || !areParallel(instances)) return instances;
  const sorted = placed.sort((a, b) => (a.at ?? 0) - (b.at ?? 0)).map(({ one }) => one);
  // The way through follows the numbers, which people know from the printed report.
  const [first, last] = [sorted[0], sorted.at(-1)];
  const isReversed = (number(first ?? {}, "00200013") ?? 0) > (number(last ?? {}, "00200013") ?? 0);
  return isReversed ? sorted.reverse() : sorted;
}

function areParallel(instances: Attributes[]): boolean {
  const [first] = instances.map(normalOf);
  return instances.every((one) => {
    const normal = normalOf(one);
    return first !== undefined && normal !== undefined && Math.abs(dot(first, normal)) > 0.999;
  });
}

/** Whether slices make a volume that can be cut in other planes: parallel, evenly spaced, of one size. */
export function isVolume(pictures: readonly Picture[]): boolean {
  if (pictures.length < LEAST_SLICES) return false;
  const all = pictures.map((one) => one.attributes);
  const [first = {}] = all;
  if (!["CT", "MR", "PT"].includes(text(first, "00080060") ?? "") || numbers(first, "00280030", 2) === undefined) return false;
  const same = (tag: string) => all.every((one) => text(one, tag) === text(first, tag));
  if (!["00280010", "00280011", "00200052"].every(same) || text(first, "00200052") === undefined || !areParallel(all)) return false;
  const at = all.map(positionOf);
  const steps = at.slice(1).map((one, n) => Math.abs((one ?? Number.NaN) - (at[n] ?? Number.NaN)));
  const [step = 0] = steps;
  return step > 0 && steps.every((one) => Math.abs(one - step) < Math.max(0.1, step * 0.1));
}

/** The picture of a stack that lies nearest to a place in the same frame of reference; else the one of the same share. */
export function matching(from: Stack, index: number, to: Stack): number {
  const [a, b] = [from.pictures[index]?.attributes, to.pictures[0]?.attributes];
  const [normal, other] = [a && normalOf(a), b && normalOf(b)];
  const isSameSpace = a !== undefined && b !== undefined && text(a, "00200052") !== undefined && text(a, "00200052") === text(b, "00200052");
  if (isSameSpace && normal !== undefined && other !== undefined && Math.abs(dot(normal, other)) > 0.99) {
    const at = numbers(a, "00200032", 3);
    const places = to.pictures.map((one) => numbers(one.attributes, "00200032", 3));
    if (at !== undefined && places.every((one) => one !== undefined)) {
      const away = places.map((one) => Math.abs(dot(one, normal) - dot(at, normal)));
      return away.indexOf(Math.min(...away));
    }
  }
  if (from.pictures.length < 2) return 0;
  return Math.round((index / (from.pictures.length - 1)) * (to.pictures.length - 1));
}

/** What a series is called. */
export function titleOf(attributes: Attributes): string {
  return text(attributes, "0008103E") ?? text(attributes, "00181030") ?? text(attributes, "00420010") ?? meaning(attributes, "0040A043") ?? "";
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, one, n) => sum + one * (b[n] ?? 0), 0);
}

export function cross([a = 0, b = 0, c = 0]: readonly number[], [d = 0, e = 0, f = 0]: readonly number[]): number[] {
  return [b * f - c * e, c * d - a * f, a * e - b * d];
}
