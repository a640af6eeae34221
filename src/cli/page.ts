/** A part of a page. */
export interface Section {
  readonly title: string;
  /** HTML. */
  readonly content: string;
}

// Charts shrink to a narrow page; what would be too small then is moved sideways, as tables are.
const style = `
:root { color-scheme: light dark; --ink: #1f2328; --page: #ffffff; --line: #d0d7de; --faint: #f6f8fa; --dim: #59636e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --page: #0d1117; --line: #30363d; --faint: #161b22; --dim: #9198a1; }
}
body { margin: 0 auto; padding: 24px clamp(16px, 4vw, 40px); max-width: 960px; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 8px 0 0; font-size: 24px; line-height: 1.25; }
h2 { margin: 40px 0 12px; padding-bottom: 4px; border-bottom: 1px solid var(--line); font-size: 18px; }
p { margin: 0 0 12px; color: var(--dim); }
.charts { display: flex; flex-wrap: wrap; gap: 16px; }
.charts svg { max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
.wide svg { display: block; }
svg { margin-left: -8px; }
table { border-collapse: collapse; font-size: 14px; } th { text-align: left; vertical-align: bottom; }
th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; }
pre { margin: 16px 0 0; padding: 12px; overflow-x: auto; background: var(--faint); border-radius: 6px; font-size: 13px; }
summary { cursor: pointer; color: var(--dim); }
`;

/** Pictures side by side, or one under the other where there is no room. */
export function charts(...pictures: readonly string[]): string {
  return `<div class="charts">${pictures.join("\n")}</div>`;
}

/** What can be wider than the page. */
export function wide(content: string): string {
  return `<div class="wide">${content}</div>`;
}

/** A sentence under a title. */
export function sentence(text: string): string {
  return `<p>${escapeHtml(text)}</p>\n`;
}

/** A table; a column whose first value is a number is aligned on the right, with equally many decimals. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const columns = head.map((name, i) => {
    const cells = rows.map((row) => row[i]);
    const open = (tag: "th" | "td"): string =>
      typeof cells[0] === "number" ? `<${tag} class="number">` : `<${tag}>`;
    return {
      name: `${open("th")}${escapeHtml(name)}</th>`,
      cells: inText(cells).map((text) => `${open("td")}${escapeHtml(text)}</td>`),
    };
  });
  const header = columns.map(({ name }) => name).join("");
  const body = rows.map((_, row) => `<tr>${columns.map(({ cells }) => cells[row]).join("")}</tr>`).join("\n");
  return wide(`<table><thead><tr>${header}</tr></thead><tbody>\n${body}\n</tbody></table>`);
}

/** The cells of a column. */
function inText(cells: readonly (string | number)[]): string[] {
  const texts = cells.map(String);
  const isPlain = texts.every((text) => !text.includes("e"));
  const decimals = Math.max(0, ...texts.map((text) => text.split(".")[1]?.length ?? 0));
  return cells.map((cell, i) => {
    if (typeof cell === "string") return cell;
    return (isPlain ? cell.toFixed(decimals) : texts[i]).replace("-", "−");
  });
}

/** A whole HTML file that needs no other. */
export function toPage(title: string, sections: readonly Section[]): string {
  const parts = sections.map(
    ({ title, content }) => `<section>\n<h2>${escapeHtml(title)}</h2>\n${content}\n</section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${parts.join("\n")}
</body>
</html>
`;
}

/** A text as part of an HTML file. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
