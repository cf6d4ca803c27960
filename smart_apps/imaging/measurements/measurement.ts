/** A coded concept: value, scheme, meaning. PS3.3 8 */
export type Code = readonly [value: string, scheme: string, meaning: string];

export type Kind = "length" | "angle" | "ellipse" | "probe";
export type Point = readonly [x: number, y: number];

/** How many points each has: ends; end, corner, end; ends of two axes; the place. */
export const POINTS: Record<Kind, number> = { length: 2, angle: 3, ellipse: 4, probe: 1 };

/** The picture that something was measured on: an instance, or a frame of one (from 1). */
export interface Place {
  instance: string;
  sopClass: string;
  series: string;
  frame: number;
}

/** A number that was measured. */
export interface Figure {
  concept: Code;
  derivation?: Code;
  value: number;
  unit: Code;
}

export interface Measurement {
  /** Stays the same when it is moved and saved again. */
  uid: string;
  kind: Kind;
  place: Place;
  /** In pixels of the picture; 0, 0 is the upper left corner of the first one. PS3.3 C.18.6 */
  points: readonly Point[];
  figures: readonly Figure[];
  /** Who made it, as a person's name of DICOM. */
  by?: string;
}

/** Hundredths of a pixel are lost on the way to the screen and back. */
const SAME_PIXELS = 0.1;

export function isSame(a: Measurement, b: Measurement): boolean {
  if (a.uid !== b.uid || a.kind !== b.kind || a.place.instance !== b.place.instance || a.place.frame !== b.place.frame) return false;
  return a.points.length === b.points.length && a.points.every(([x, y], n) => Math.hypot(x - (b.points[n]?.[0] ?? Infinity), y - (b.points[n]?.[1] ?? Infinity)) < SAME_PIXELS);
}

/** A UID made of a UUID. PS3.5 B.2 */
export function uidOfUuid(uuid: string): string {
  return `2.25.${BigInt(`0x${uuid.replaceAll("-", "")}`)}`;
}

/** What is to be drawn and taken away when `before` was saved, `now` is, and `here` is what is on the pictures: what was changed here stays. */
export function merge(before: readonly Measurement[], now: readonly Measurement[], here: readonly Measurement[]): { draw: Measurement[]; remove: string[] } {
  const [was, shown] = [byUid(before), byUid(here)];
  const isUntouched = (uid: string) => {
    const [a, b] = [was.get(uid), shown.get(uid)];
    return a !== undefined && b !== undefined && isSame(a, b);
  };
  const wanted = byUid(now);
  const remove = here.filter(({ uid }) => isUntouched(uid) && wanted.get(uid) === undefined).map(({ uid }) => uid);
  const draw: Measurement[] = [];
  for (const one of now) {
    const known = shown.get(one.uid);
    if (known === undefined) {
      // What was saved before and isn't there has been taken away here.
      if (!was.has(one.uid)) draw.push(one);
    } else if (isUntouched(one.uid) && !isSame(known, one)) {
      remove.push(one.uid);
      draw.push(one);
    }
  }
  return { draw, remove };
}

/** Whether what is on the pictures differs from what was saved. `drawn`: the UIDs of those that have been on a picture since. */
export function isChanged(saved: readonly Measurement[], here: readonly Measurement[], drawn: ReadonlySet<string>): boolean {
  const [known, shown] = [byUid(saved), byUid(here)];
  const isKept = (one: Measurement) => {
    const found = known.get(one.uid);
    return found !== undefined && isSame(found, one);
  };
  return !here.every(isKept) || saved.some(({ uid }) => drawn.has(uid) && !shown.has(uid));
}

/** All that is to be saved: what is on the pictures, and what was saved of pictures that nobody has looked at. */
export function whole(saved: readonly Measurement[], here: readonly Measurement[], drawn: ReadonlySet<string>, by: string | undefined): Measurement[] {
  const known = byUid(saved);
  const mine = here.map((one) => {
    const before = known.get(one.uid);
    return { ...one, by: before !== undefined && isSame(before, one) ? before.by : by };
  });
  return [...saved.filter(({ uid }) => !drawn.has(uid) && !here.some((one) => one.uid === uid)), ...mine];
}

function byUid(all: readonly Measurement[]): Map<string, Measurement> {
  return new Map(all.map((one) => [one.uid, one]));
}
