import { eventTarget, metaData, utilities } from "@cornerstonejs/core";
import { annotation, Enums, type Types } from "@cornerstonejs/tools";

import { text } from "../viewer/dicom.ts";
import { calibrationOfPicture, lengthUnitOfPicture, pictureOf } from "../viewer/loading.ts";
import type { Picture } from "../viewer/stacks.ts";
import { TOOLS, type Figures } from "../viewer/tools.ts";
import { CODES, UNITS } from "./codes.ts";
import { POINTS, uidOfUuid, type Code, type Figure, type Kind, type Measurement, type Point } from "./measurement.ts";

type Annotation = Types.Annotation;
type World = [number, number, number];
const KINDS = Object.keys(POINTS) as Kind[];

/** UIDs of the measurements that have been on a picture since the study was opened, whatever became of them. */
const drawn = new Set<string>();

export function drawnSoFar(): ReadonlySet<string> {
  return drawn;
}

export function forgetDrawn(): void {
  drawn.clear();
}

/** Tells of every change of a measurement, until it is called off. */
export function listen(onChange: () => void): () => void {
  const { ANNOTATION_COMPLETED, ANNOTATION_MODIFIED, ANNOTATION_REMOVED, ANNOTATION_ADDED } = Enums.Events;
  const all = [ANNOTATION_COMPLETED, ANNOTATION_MODIFIED, ANNOTATION_REMOVED, ANNOTATION_ADDED];
  for (const one of all) eventTarget.addEventListener(one, onChange);
  return () => {
    for (const one of all) eventTarget.removeEventListener(one, onChange);
  };
}

/** The measurements on pictures of a study (its UID), and how many are on planes that no picture has. */
export function measurementsOn(study: string): { measurements: Measurement[]; onPlanes: number } {
  const measurements: Measurement[] = [];
  let onPlanes = 0;
  for (const one of annotation.state.getAllAnnotations()) {
    const kind = KINDS.find((known) => TOOLS[known] === one.metadata?.toolName);
    if (kind === undefined) continue;
    const picture = pictureOf(one.metadata?.referencedImageId ?? "");
    if (picture === undefined) onPlanes += 1;
    else if (text(picture.attributes, "0020000D") === study) {
      const made = measured(kind, one, picture);
      if (made !== undefined) measurements.push(made);
    }
  }
  for (const { uid } of measurements) drawn.add(uid);
  return { measurements, onPlanes };
}

function measured(kind: Kind, one: Annotation, picture: Picture): Measurement | undefined {
  const points = (one.data.handles?.points ?? []) as World[];
  if (points.length !== POINTS[kind] || one.annotationUID === undefined) return undefined;
  const inPicture = points.map((point): Point => {
    const [x, y] = utilities.worldToImageCoords(picture.id, point) ?? [];
    return [x ?? 0, y ?? 0];
  });
  const found = (one.data.cachedStats as Record<string, Figures | undefined> | undefined)?.[`imageId:${picture.id}`];
  return {
    uid: uidOf(one.annotationUID),
    kind,
    place: { instance: picture.instance, sopClass: picture.sopClass, series: text(picture.attributes, "0020000E") ?? "", frame: picture.frame },
    points: kind === "ellipse" ? longerFirst(inPicture) : inPicture,
    figures: found === undefined ? [] : figuresOf(kind, found, picture),
  };
}

/** Puts saved measurements on their pictures, those of them that are among these. */
export function draw(measurements: readonly Measurement[], pictures: readonly Picture[]): void {
  const byPlace = new Map(pictures.map((one) => [`${one.instance}#${one.frame}`, one]));
  for (const one of measurements) {
    const picture = byPlace.get(`${one.place.instance}#${one.place.frame}`);
    if (picture === undefined) continue;
    drawn.add(one.uid);
    annotation.state.addAnnotation(annotationOf(one, picture), "");
  }
}

/** Takes measurements off their pictures. */
export function takeAway(uids: readonly string[]): void {
  for (const one of annotation.state.getAllAnnotations()) {
    if (one.annotationUID !== undefined && uids.includes(uidOf(one.annotationUID))) annotation.state.removeAnnotation(one.annotationUID);
  }
}

function annotationOf({ uid, kind, points }: Measurement, picture: Picture): Annotation {
  const plane = metaData.get("imagePlaneModule", picture.id) as { frameOfReferenceUID?: string } | undefined;
  const world = points.map((point) => utilities.imageToWorldCoords(picture.id, [point[0], point[1]]) as World);
  return {
    annotationUID: uid,
    highlighted: false,
    invalidated: true,
    isLocked: false,
    isVisible: true,
    metadata: { toolName: TOOLS[kind], FrameOfReferenceUID: plane?.frameOfReferenceUID, referencedImageId: picture.id },
    data: {
      label: "",
      cachedStats: {},
      handles: {
        points: kind === "ellipse" ? upright(world, points) : world,
        activeHandleIndex: null,
        textBox: { hasMoved: false, worldPosition: [0, 0, 0], worldBoundingBox: { topLeft: [0, 0, 0], topRight: [0, 0, 0], bottomLeft: [0, 0, 0], bottomRight: [0, 0, 0] } },
      },
    },
  } as unknown as Annotation;
}

/** An ellipse with the ends of its longer axis first, and of each axis the left or the lower one. PS3.3 C.18.6.1.2 */
function longerFirst(points: readonly Point[]): Point[] {
  const [a = [0, 0], b = [0, 0], c = [0, 0], d = [0, 0]] = points;
  const away = (one: Point, other: Point) => Math.hypot(other[0] - one[0], other[1] - one[1]);
  const axes: [Point, Point][] = away(c, d) > away(a, b) ? [[c, d], [a, b]] : [[a, b], [c, d]];
  return axes.flatMap(([one, other]) => {
    const isFlat = Math.abs(other[0] - one[0]) > Math.abs(other[1] - one[1]);
    return (isFlat ? one[0] <= other[0] : one[1] >= other[1]) ? [one, other] : [other, one];
  });
}

/** Bottom, top, left and right of an ellipse, as its tool wants them; DICOM has the ends of the longer axis first. */
function upright(world: readonly World[], points: readonly Point[]): World[] {
  const [a, b] = points;
  const isFlat = a !== undefined && b !== undefined && Math.abs(b[0] - a[0]) > Math.abs(b[1] - a[1]);
  const order = isFlat ? [2, 3, 0, 1] : [0, 1, 2, 3];
  const at = (n: number, axis: 0 | 1) => points[order[n] ?? 0]?.[axis] ?? 0;
  if (at(0, 1) < at(1, 1)) order.splice(0, 2, order[1] ?? 0, order[0] ?? 0);
  if (at(2, 0) > at(3, 0)) order.splice(2, 2, order[3] ?? 0, order[2] ?? 0);
  return order.map((n) => world[n] ?? [0, 0, 0]);
}

function uidOf(annotationUid: string): string {
  return annotationUid.startsWith("2.25.") ? annotationUid : uidOfUuid(annotationUid);
}

function figuresOf(kind: Kind, found: Figures, picture: Picture): Figure[] {
  if (kind === "length") return figure(CODES.length, found.length, lengthCode(found.unit, picture.id));
  if (kind === "angle") return figure(CODES.angle, typeof found.angle === "number" ? found.angle : undefined, UNITS.degrees);
  const modality = text(picture.attributes, "00080060");
  const isHounsfield = found.modalityUnit === "HU";
  const [concept, unit]: [Code | undefined, Code] =
    modality === "CT" && isHounsfield ? [CODES.attenuation, UNITS.hounsfield] : [modality === "MR" ? CODES.signal : undefined, UNITS.none];
  if (kind === "probe") return concept === undefined || typeof found.value !== "number" ? [] : figure(concept, found.value, unit);
  const derived = ([["mean", found.mean], ["deviation", found.stdDev], ["least", found.min], ["most", found.max]] as const).flatMap(([name, value]) =>
    concept === undefined ? [] : figure(concept, value, unit, CODES[name]));
  return [...figure(CODES.area, found.area, areaCode(found.areaUnit, picture.id)), ...derived];
}

function figure(concept: Code, value: number | undefined, unit: Code | undefined, derivation?: Code): Figure[] {
  if (value === undefined || !Number.isFinite(value) || unit === undefined) return [];
  return [{ concept, value, unit, derivation }];
}

function lengthCode(unit: string | undefined, id: string): Code | undefined {
  const said = lengthUnitOfPicture(id, unit ?? "");
  if (said === "mm") return calibrationOfPicture(id) === "detector" ? UNITS.mmDetector : UNITS.mm;
  return said === "cm" ? UNITS.cm : said === "px" ? UNITS.pixels : undefined;
}

function areaCode(unit: string | undefined, id: string): Code | undefined {
  const said = lengthUnitOfPicture(id, (unit ?? "").replace("²", ""));
  if (said === "mm") return calibrationOfPicture(id) === "detector" ? UNITS.mm2Detector : UNITS.mm2;
  return said === "cm" ? UNITS.cm2 : said === "px" ? UNITS.pixels2 : undefined;
}
