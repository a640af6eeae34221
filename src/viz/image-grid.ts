import { NeuriteError } from "../base/error.ts";
import { type Pixels, toDataAddress } from "./pixels.ts";
import { arrange, escapeText, type Picture, palette, rounded, widthOf } from "./svg.ts";

/** An image with a few words under it, a line each. */
export interface Tile {
  readonly pixels: Pixels;
  readonly caption: readonly string[];
}

const gap = 10;
const mostColumns = 8;

/** Images side by side, each on a frame; `side` pixels is the longer side of each. */
export function drawTiles(tiles: readonly Tile[], side: number, columns: number = mostColumns): Picture {
  const pictures = tiles.map(({ pixels, caption }): Picture => {
    const scale = side / Math.max(pixels.width, pixels.height);
    const [width, height] = [rounded(pixels.width * scale), rounded(pixels.height * scale)];
    const wide = Math.max(width, ...caption.map((line) => widthOf(line) * 0.92));
    const left = rounded((wide - width) / 2);
    const place = `x="${left}" width="${width}" height="${height}"`;
    const look = 'image-rendering="optimizeSpeed" preserveAspectRatio="none"';
    const lines = caption.map(
      (line, i) =>
        `<text x="${rounded(wide / 2)}" y="${rounded(height + 14 + 14 * i)}" font-size="11" text-anchor="middle">${escapeText(line)}</text>`,
    );
    return {
      width: wide,
      height: height + 14 * caption.length + (caption.length > 0 ? 4 : 0),
      content: `<image ${place} ${look} href="${toDataAddress(pixels)}"/><rect ${place} fill="none" stroke="currentColor" stroke-opacity="0.35"/>${lines.join("")}`,
    };
  });
  return framed(arrange(pictures, columns, gap));
}

/** With room for the lines of frames at the borders. */
function framed({ width, height, content }: Picture): Picture {
  return { width: width + 2, height: height + 2, content: `<g transform="translate(1 1)">${content}</g>` };
}

/** Light: 0 is black, `brightest` is white; one channel, or red, green and blue. `at` gives a value of a channel. */
export function lightPixels(
  height: number,
  width: number,
  channels: 1 | 3,
  at: (row: number, column: number, channel: number) => number,
  [darkest, brightest]: readonly [number, number],
): Pixels {
  const span = brightest - darkest || 1;
  return makePixels(height, width, (row, column) => {
    const level = (channel: number): number =>
      (255 * (at(row, column, channels === 3 ? channel : 0) - darkest)) / span;
    return [level(0), level(1), level(2), 255];
  });
}

const [negative, positive] = [palette[1], palette[0]].map((color) =>
  [1, 3, 5].map((start) => Number.parseInt(color.slice(start, start + 2), 16)),
);

/** Signed values: positive blue, negative orange, the stronger the larger; 0 is the page, in light and dark. */
export function signedPixels(
  height: number,
  width: number,
  at: (row: number, column: number) => number,
  largest: number,
): Pixels {
  return makePixels(height, width, (row, column) => {
    const value = at(row, column);
    const [red, green, blue] = value < 0 ? negative : positive;
    return [red, green, blue, (255 * Math.abs(value)) / (largest || 1)];
  });
}

function makePixels(
  height: number,
  width: number,
  at: (row: number, column: number) => readonly [number, number, number, number],
): Pixels {
  const rgba = new Uint8ClampedArray(4 * width * height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) rgba.set(at(row, column), 4 * (row * width + column));
  }
  return { width, height, rgba: new Uint8Array(rgba.buffer) };
}

/** Throws a NeuriteError for the first value that is not finite. */
export function requireFinite(operation: string, values: ArrayLike<number>): void {
  const odd = Array.prototype.findIndex.call(values, (value: number) => !Number.isFinite(value));
  if (odd >= 0) {
    throw new NeuriteError({
      operation,
      got: `${values[odd]} at position ${odd}`,
      expected: "finite numbers",
    });
  }
}

/** The largest magnitude. */
export function largestOf(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]));
  return largest;
}
