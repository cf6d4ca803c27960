/** Window and level by what is looked for; centre and width in Hounsfield units for CT. */
export interface Preset {
  /** A key below "preset" of the texts. */
  key: string;
  centre: number;
  width: number;
}

// Usual values of teaching texts; hospitals differ by some tens of units.
const CT: readonly Preset[] = [
  { key: "softTissue", centre: 40, width: 400 },
  { key: "lung", centre: -600, width: 1500 },
  { key: "bone", centre: 480, width: 2500 },
  { key: "brain", centre: 40, width: 80 },
  { key: "stroke", centre: 32, width: 8 },
  { key: "subdural", centre: 75, width: 215 },
  { key: "mediastinum", centre: 50, width: 350 },
  { key: "liver", centre: 80, width: 150 },
  { key: "angiography", centre: 300, width: 600 },
];

/** The presets of a modality; other modalities have no common scale, and get what the image says. */
export function presetsOf(modality: string): readonly Preset[] {
  return modality === "CT" ? CT : [];
}

export interface Range {
  lower: number;
  upper: number;
}

/** Window centre and width as the lowest and highest value shown. PS3.3 C.11.2.1.2 */
export function rangeOf(centre: number, width: number): Range {
  return { lower: centre - 0.5 - (width - 1) / 2, upper: centre - 0.5 + (width - 1) / 2 };
}

export function windowOf({ lower, upper }: Range): { centre: number; width: number } {
  const width = upper - lower + 1;
  return { centre: lower + 0.5 + (width - 1) / 2, width };
}
