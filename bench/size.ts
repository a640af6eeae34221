// What the package adds to a page: the built package bundled by tsdown with the names below, minified, then gzipped.
// npm run size
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "tsdown";

interface Entry {
  readonly name: string;
  /** The most bytes allowed, gzipped. */
  readonly limit?: number;
  readonly code: string;
}

const core = `export { tensor, random, jit, grad, valueAndGrad } from "neurite";
export { add, sub, mul, matmul, mean, square, tanh, sigmoid } from "neurite";`;
const dense = `${core}\nexport { dense } from "neurite/nn";`;
const training = `${dense}\nexport { adam } from "neurite/optim";\nexport { Sequential } from "neurite/train";`;

const entries: readonly Entry[] = [
  { name: "tensor, autodiff, wasm", code: core },
  { name: "… and dense", code: dense, limit: 60_000 },
  { name: "… and Sequential, Adam", code: training },
  { name: "all operations", code: 'export * from "neurite";' },
];

/** The bundle of a module that consists of the code. */
async function bundle(code: string): Promise<string> {
  const path = fileURLToPath(new URL("entry.js", import.meta.url));
  const [{ chunks }] = await build({
    config: false,
    entry: { bundle: path },
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === path ? path : null),
        load: (id) => (id === path ? code : null),
      },
    ],
    platform: "browser",
    format: "esm",
    deps: { alwaysBundle: [/^neurite/], neverBundle: [/^node:/] },
    minify: true,
    dts: false,
    write: false,
    clean: false,
    logLevel: "error",
  });
  return chunks.map((chunk) => (chunk.type === "chunk" ? chunk.code : "")).join("");
}

const line = (...cells: readonly string[]): string =>
  cells.map((cell, k) => (k === 0 ? cell.padEnd(26) : cell.padStart(12))).join("");
const bytes = (count: number | undefined): string =>
  count === undefined ? "" : `${(count / 1000).toFixed(1)} kB`;

console.log(line("", "minified", "gzipped", "limit"));
for (const { name, code, limit } of entries) {
  const text = await bundle(code);
  const { length } = gzipSync(text, { level: 9 });
  console.log(line(name, bytes(text.length), bytes(length), bytes(limit)));
  if (limit !== undefined && length > limit) {
    console.log(`${name}: ${length - limit} bytes over the limit`);
    process.exitCode = 1;
  }
}
