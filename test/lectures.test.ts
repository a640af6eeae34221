// docs/lectures.md: what it names is exported and where it says, and its links lead somewhere.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as data from "../src/data/index.ts";
import * as neurite from "../src/index.ts";
import * as losses from "../src/losses/index.ts";
import * as metrics from "../src/metrics/index.ts";
import * as nn from "../src/nn/index.ts";
import * as optim from "../src/optim/index.ts";
import * as train from "../src/train/index.ts";
import * as viz from "../src/viz/index.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): string => readFileSync(path, "utf8");
const page = join(root, "docs/lectures.md");
const links = [...read(page).matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)].map(([, text, target]) => ({
  text,
  target,
}));

/** The anchors of a page: its headings in lower case, without punctuation, with hyphens for spaces. */
function anchorsOf(path: string): string[] {
  return [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("every link leads to a file, and to a heading where it names one", () => {
  expect(links.length).toBeGreaterThan(150);
  const broken = links.filter(({ target }) => {
    const [file, anchor] = target.split("#");
    const path = file === "" ? page : join(dirname(page), file);
    return !existsSync(path) || (anchor !== undefined && !anchorsOf(path).includes(anchor));
  });
  expect(broken).toEqual([]);
});

test("every name that leads to the source is public, and stands in that file", () => {
  const entries = [neurite, nn, losses, optim, metrics, data, train, viz];
  const exported = new Set(entries.flatMap((entry) => Object.keys(entry)));
  for (const name of Object.keys({ ...nn.initializers, ...nn.regularizers })) exported.add(name);
  const named = links.filter(({ text, target }) => /^`\w+`$/.test(text) && target.startsWith("../src/"));
  expect(named.length).toBeGreaterThan(80);
  const wrong = named.filter(({ text, target }) => {
    const name = text.slice(1, -1);
    return !exported.has(name) || !new RegExp(`\\b${name}\\b`).test(read(join(dirname(page), target)));
  });
  expect(wrong).toEqual([]);
});

test("every lecture has its section, and every example of a lecture is named", () => {
  const text = read(page);
  for (const lecture of [1, 2, 3, 4, 5]) expect(text).toMatch(new RegExp(`^## Lecture ${lecture}: `, "m"));
  const examples = ["lecture1-seven-neurons", "lecture2-chain", "lecture3-jax", "lecture3-keras", "cost"];
  for (const name of [...examples, "lecture4-computation-graph", "mnist", "transfer"]) {
    expect(text).toContain(`../examples/${name}.ts`);
  }
});
