import { items, numbers, text, type Attributes } from "./dicom.ts";

/**
 * To which side of the patient something points: letters of A, P, R, L, H, F, the foremost first.
 * PS3.3 C.7.6.1.1.1
 */
export type Letters = string;

/** The sides of the patient at the edges of a picture, where they are known. */
export interface Edges {
  left?: Letters;
  right?: Letters;
  top?: Letters;
  bottom?: Letters;
}

/** A direction on the screen as shares of the picture's own: along its rows to the right, along its columns down. */
export type Direction = readonly [along: number, down: number];
type Vector = readonly number[];

const OPPOSITE: Record<string, string> = { A: "P", P: "A", R: "L", L: "R", H: "F", F: "H" };
/** Of a direction this much has to go to a side for its letter to be told: some 20 degrees. */
const LEAST_SHARE = 0.35;
/** Turned by other than quarters, an edge has no side. */
const ALONG = 0.9;

/** Where the rows of a picture point, to the right, and its columns, down: by Image Orientation, else Patient Orientation. */
export function directionsOf(image: Attributes, frame = 1): { row?: Letters; column?: Letters } {
  const cosines = cosinesOf(image, frame);
  if (cosines !== undefined) return { row: lettersOf(cosines.slice(0, 3)), column: lettersOf(cosines.slice(3, 6)) };
  return { row: text(image, "00200020"), column: text(image, "00200020", 1) };
}

/** Image Orientation (Patient), of an instance or of its frame. */
export function cosinesOf(image: Attributes, frame = 1): number[] | undefined {
  const own = items(image, "52009230")[frame - 1] ?? {};
  const shared = items(image, "52009229")[0] ?? {};
  const planes = [own, shared].flatMap((group) => items(group, "00209116"));
  return [...planes, image].map((one) => numbers(one, "00200037", 6)).find((one) => one?.some((share) => share !== 0) === true);
}

/** The letters at the edges of a picture as it lies on the screen. */
export function edgesOf({ row, column }: { row?: Letters; column?: Letters }, right: Direction, down: Direction): Edges {
  const [toRight, toBottom] = [right, down].map(([along, below]) => {
    if (Math.abs(along) > ALONG) return along > 0 ? row : opposite(row);
    if (Math.abs(below) > ALONG) return below > 0 ? column : opposite(column);
    return undefined;
  });
  return { left: opposite(toRight), right: toRight, top: opposite(toBottom), bottom: toBottom };
}

/** The other side: LF of RH; nothing for letters of animals, which have no such rule. */
export function opposite(letters: Letters | undefined): Letters | undefined {
  const isOfPeople = letters !== undefined && /^[APRLHF]+$/.test(letters);
  return isOfPeople ? letters.replace(/./g, (one) => OPPOSITE[one] ?? "") : undefined;
}

/** Letters of a direction in the patient: x to the left, y to the back, z to the head. PS3.3 C.7.6.2.1.1 */
function lettersOf([x = 0, y = 0, z = 0]: Vector): Letters {
  const shares: [number, Letters][] = [[x, x > 0 ? "L" : "R"], [y, y > 0 ? "P" : "A"], [z, z > 0 ? "H" : "F"]];
  return shares.filter(([share]) => Math.abs(share) > LEAST_SHARE).sort(([a], [b]) => Math.abs(b) - Math.abs(a)).map(([, letter]) => letter).join("");
}

/**
 * How a mammogram is turned over to hang as it is read: the chest wall of the right breast on the right and of the left
 * one on the left, so that both meet in the middle, with the upper or the outer side above. IHE RAD TF-2 4.16.4.2.2.1.1
 */
export function hangingOf(image: Attributes): { isFlippedAcross: boolean; isFlippedDown: boolean } {
  const { row = "", column = "" } = directionsOf(image);
  const side = text(image, "00200062") ?? text(image, "00200060");
  const isMammogram = text(image, "00080060") === "MG" && (side === "R" || side === "L");
  const chest = side === "R" ? "A" : "P";
  return {
    isFlippedAcross: isMammogram && row.startsWith(chest),
    isFlippedDown: isMammogram && (column.startsWith("H") || column.startsWith(side)),
  };
}
