/** A part of a page. */
export interface Section {
  readonly title: string;
  /** HTML. */
  readonly content: string;
}

const style = `
:root { color-scheme: light dark; --ink: #1f2328; --page: #ffffff; --line: #d0d7de; --faint: #f6f8fa; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --page: #0d1117; --line: #30363d; --faint: #161b22; } }
body { margin: 0 auto; padding: 24px; max-width: 960px; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 24px; } h2 { margin: 32px 0 8px; font-size: 18px; }
svg { max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 14px; } th { text-align: left; vertical-align: bottom; }
th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; }
pre { padding: 12px; overflow-x: auto; background: var(--faint); border-radius: 6px; font-size: 13px; }
`;

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
