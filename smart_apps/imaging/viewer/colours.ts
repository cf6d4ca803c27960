/** Colours of more than 8 bits as bytes, by what weighs most in them. */
export function bytesOf(values: ArrayLike<number>, bits: number): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(values.length);
  const share = 2 ** (bits - 8);
  for (let n = 0; n < made.length; n++) made[n] = (values[n] ?? 0) / share;
  return made;
}

/** Red, green and blue of brightnesses that share their colour two by two: Y1, Y2, Cb, Cr. PS3.3 C.7.6.3.1.2 */
export function rgbOf422(values: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const made = new Uint8ClampedArray((values.length / 2) * 3);
  let to = 0;
  for (let from = 0; from < values.length; from += 4) {
    const [blue, red] = [(values[from + 2] ?? 128) - 128, (values[from + 3] ?? 128) - 128];
    for (const y of [values[from] ?? 0, values[from + 1] ?? 0]) {
      made[to++] = y + 1.402 * red;
      made[to++] = y - 0.344136 * blue - 0.714136 * red;
      made[to++] = y + 1.772 * blue;
    }
  }
  return new Uint8Array(made.buffer);
}
