/** A part of a drawing: SVG elements within a box whose upper left corner is the origin; lengths in pixels. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly content: string;
}

/**
 * Colours for series and classes, after Okabe and Ito ("Color Universal Design", 2008): readers with any colour vision
 * tell them apart, and each stands out against white and against near-black. More series than colours begin again, dashed.
 */
export const palette: readonly string[] = ["#1f86d1", "#d55e00", "#009e73", "#b5649a", "#8a7a00", "#808080"];

/** The colour of a series or class, by its number. */
export function colorOf(series: number): string {
  return palette[series % palette.length];
}

/** The dashes of a series: none until the colours begin again. */
export function dashesOf(series: number): string {
  return ["none", "5 3", "2 3"][Math.floor(series / palette.length) % 3];
}

/** Text and lines are of this colour, everything faint of the same with opacity. */
const lightInk = "#1f2328";
const darkInk = "#e6edf3";
const inkOf = (ink: string): string => `.neurite-picture { color: ${ink}; }`;
/** Pixels of images stay squares, in browsers; resvg knows the attribute of the image only. */
const imageRule = ".neurite-picture image { image-rendering: pixelated; }";
const darkRules = `@media (prefers-color-scheme: dark) { ${inkOf(darkInk)} }`;

/** What a picture is shown on, where it is not the reader's page. */
export type Theme = "light" | "dark";

/** The same picture for one theme only, and the background that goes with it. */
export function fixTheme(svg: string, theme: Theme): { readonly svg: string; readonly background: string } {
  const rules = theme === "dark" ? inkOf(darkInk) : "";
  const themed = svg.replaceAll(darkRules, rules).replaceAll(imageRule, "");
  return { svg: themed, background: theme === "dark" ? "#0d1117" : "#ffffff" };
}

/** Kept free around a drawing. */
const edge = 8;

/** The text of a whole SVG file; the title is what a screen reader says. */
export function toSvg({ width, height, content }: Picture, title: string): string {
  const [across, down] = [Math.ceil(width) + 2 * edge, Math.ceil(height) + 2 * edge];
  const font = 'font-family="system-ui, DejaVu Sans, sans-serif" font-size="12"';
  return `<svg xmlns="http://www.w3.org/2000/svg" class="neurite-picture" viewBox="${-edge} ${-edge} ${across} ${down}" width="${across}" height="${down}" ${font} fill="currentColor" role="img">
<title>${escapeText(title)}</title>
<style>${inkOf(lightInk)} ${imageRule} ${darkRules}</style>
${content}
</svg>
`;
}

/** A picture moved to a place. */
export function placed(picture: Picture, x: number, y: number): string {
  return `<g transform="translate(${rounded(x)} ${rounded(y)})">${picture.content}</g>`;
}

/** Pictures in rows, at most `columns` in each; every column is as wide as its widest picture. */
export function arrange(pictures: readonly Picture[], columns: number, gap: number): Picture {
  const count = Math.min(columns, pictures.length);
  const width = Math.max(0, ...pictures.map((picture) => picture.width));
  const height = Math.max(0, ...pictures.map((picture) => picture.height));
  const rows = Math.ceil(pictures.length / columns);
  return {
    width: count * (width + gap) - gap,
    height: rows * (height + gap) - gap,
    content: pictures
      .map((picture, i) =>
        placed(picture, (i % columns) * (width + gap), Math.floor(i / columns) * (height + gap)),
      )
      .join("\n"),
  };
}

/** A picture under a heading. */
export function headed(heading: string, picture: Picture): Picture {
  const top = 24;
  return {
    width: Math.max(picture.width, widthOf(heading) * 1.1),
    height: picture.height + top,
    content: `<text y="14" font-weight="600">${escapeText(heading)}</text>${placed(picture, 0, top)}`,
  };
}

/** Series with their colours, in a row. */
export function legend(names: readonly string[]): Picture {
  let x = 0;
  const entries = names.map((name, i) => {
    const from = x;
    x += 24 + widthOf(name) + 14;
    const line = `stroke="${colorOf(i)}" stroke-width="3" stroke-dasharray="${dashesOf(i)}"`;
    return `<path d="M${from} 8h18" ${line}/><text x="${from + 24}" y="12">${escapeText(name)}</text>`;
  });
  return { width: x, height: 20, content: entries.join("") };
}

/** How wide a text of the size 12 is at most in common fonts, in pixels. */
export function widthOf(text: string): number {
  return 7.4 * text.length;
}

/** A text as part of an SVG or HTML file. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Places to a hundredth of a pixel. */
export function rounded(value: number): number {
  return Math.round(100 * value) / 100;
}
