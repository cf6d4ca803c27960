import { Enums, utilities, type Types } from "@cornerstonejs/core";

import { bytesOf, rgbOf422 } from "./colours.ts";
import { number, text, type Attributes } from "./dicom.ts";
import { modalityTable, through, voiTable } from "./tables.ts";

const { VOILUTFunctionType: Functions } = Enums;
const FUNCTIONS = new Map([["LINEAR", Functions.LINEAR], ["LINEAR_EXACT", Functions.LINEAR_EXACT], ["SIGMOID", Functions.SAMPLED_SIGMOID]]);

/** A picture with what the library leaves out: tables for its values, the function of its window, rarer colours. PS3.3 C.7.6.3, C.11 */
export function tabled(image: Types.IImage, attributes: Attributes): Types.IImage {
  if (image.color) return coloured(image, attributes);
  image.voiLUTFunction = FUNCTIONS.get(text(attributes, "00281056") ?? "LINEAR") ?? Functions.LINEAR;
  const [modality, voi] = [modalityTable(attributes), voiTable(attributes)];
  if (modality === undefined && voi === undefined) return image;
  let values: ArrayLike<number> = image.voxelManager?.getScalarData() ?? image.getPixelData();
  if (modality !== undefined) values = through(modality, values);
  if (voi !== undefined) values = through(voi, values);
  const shown = values as Uint16Array<ArrayBuffer>;
  const [least, most] = rangeIn(shown);
  const hasWindow = voi === undefined && attributes["00281050"]?.Value !== undefined;
  const [lower, upper] = voi === undefined ? [least, most] : [0, 2 ** voi.bits - 1];
  return Object.assign(image, {
    voxelManager: utilities.VoxelManager.createImageVoxelManager({ scalarData: shown, width: image.columns, height: image.rows, numberOfComponents: 1 }),
    getPixelData: () => shown,
    dataType: "Uint16Array",
    sizeInBytes: shown.byteLength,
    minPixelValue: least,
    maxPixelValue: most,
    ...(hasWindow ? {} : { windowCenter: (lower + upper + 1) / 2, windowWidth: upper - lower + 1 }),
  } satisfies Partial<Types.IImage>);
}

function coloured(image: Types.IImage, attributes: Attributes): Types.IImage {
  const values = image.getPixelData();
  const bits = number(attributes, "00280100") ?? 8;
  const isHalf = text(attributes, "00280004") === "YBR_FULL_422" && values.length === 2 * image.rows * image.columns;
  if (!isHalf && values.BYTES_PER_ELEMENT === 1) return image;
  const shown = isHalf ? rgbOf422(values) : bytesOf(values, bits);
  return Object.assign(image, {
    voxelManager: utilities.VoxelManager.createImageVoxelManager({ scalarData: shown, width: image.columns, height: image.rows, numberOfComponents: 3 }),
    getPixelData: () => shown,
    dataType: "Uint8Array",
    sizeInBytes: shown.byteLength,
  } satisfies Partial<Types.IImage>);
}

function rangeIn(values: ArrayLike<number>): [number, number] {
  let [least, most] = [Infinity, -Infinity];
  for (let n = 0; n < values.length; n++) {
    const value = values[n] ?? 0;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}
