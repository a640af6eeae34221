import type { Box, Place } from "./layered-layout.ts";
import { escapeText, rounded } from "./svg.ts";

/** How a node of a graph looks. */
export interface NodeLook {
  readonly color: string;
  /** Round ends mark where a graph begins and ends. */
  readonly isRound: boolean;
  /** From 0, nothing, to 1. */
  readonly fillOpacity: number;
}

/** The size of a node with these words, a line each. */
export function boxOf([first, ...others]: readonly string[]): Box {
  // The first is bold, the others are small.
  const width = Math.max(8 * first.length, ...others.map((line) => 6.8 * line.length));
  return { width: width + 18, height: 12 + 15 * (1 + others.length) };
}

/** Words in a box around a place. */
export function drawNode(words: readonly string[], [x, y]: Place, look: NodeLook): string {
  const { width, height } = boxOf(words);
  const { color, isRound, fillOpacity } = look;
  const fill = `fill="${color}" fill-opacity="${fillOpacity}" stroke="${color}" stroke-opacity="0.8"`;
  const box = `<rect x="${rounded(x - width / 2)}" y="${rounded(y - height / 2)}" width="${rounded(width)}" height="${height}" rx="${isRound ? height / 2 : 4}" ${fill}/>`;
  const texts = words.map((word, i) => {
    const weight = i === 0 ? 'font-weight="600"' : 'font-size="11" fill-opacity="0.8"';
    return `<text x="${rounded(x)}" y="${rounded(y - height / 2 + 17 + 15 * i)}" text-anchor="middle" ${weight}>${escapeText(word)}</text>`;
  });
  return `${box}${texts.join("")}`;
}

/** A smooth line with an arrow head: straight down at each of its places. */
export function drawRoute(route: readonly Place[]): string {
  const [[startX, startY], ...rest] = route;
  let path = `M${rounded(startX)} ${rounded(startY)}`;
  let y = startY;
  let x = startX;
  for (const [nextX, nextY] of rest) {
    const half = rounded((y + nextY) / 2);
    path += `C${rounded(x)} ${half} ${rounded(nextX)} ${half} ${rounded(nextX)} ${rounded(nextY)}`;
    [x, y] = [nextX, nextY];
  }
  const head = `M${rounded(x - 4)} ${rounded(y - 6)}L${rounded(x)} ${rounded(y)}L${rounded(x + 4)} ${rounded(y - 6)}`;
  return `<path d="${path}${head}" fill="none" stroke="currentColor" stroke-opacity="0.5"/>`;
}
