// What the package adds to a page: the built package bundled for the names below, minified, then gzipped.
// Run it with: npm run size
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "tsdown";

interface Entry {
  readonly name: string;
  /** The most bytes allowed, gzipped. */
  readonly limit?: number;
  readonly code: string;
}

const core = `export { tensor, jit, grad, valueAndGrad } from "neurite";
export { add, sub, mul, matmul, mean, square, tanh, sigmoid } from "neurite";`;
const dense = `${core}\nexport { random } from "neurite";\nexport { dense } from "neurite/nn";`;
const training = `${dense}\nexport { adam } from "neurite/optim";\nexport { Sequential } from "neurite/train";`;

const entries: readonly Entry[] = [
  // All that a dense network written with functions needs: activation(x W + b), its loss and its gradients, compiled.
  { name: "dense network of functions", code: core, limit: 60_000 },
  // The layer takes activations, initializers and regularizers by name, and so brings them all.
  { name: "… and random, layer dense", code: dense },
  { name: "… and Sequential, Adam", code: training },
  { name: "all operations", code: 'export * from "neurite";' },
];

interface Size {
  readonly minified: number;
  readonly gzipped: number;
}

/** What a page loads for a module that consists of the code; what is imported when it is needed does not count. */
async function measure(code: string): Promise<Size> {
  const path = fileURLToPath(new URL("entry.js", import.meta.url));
  const [{ chunks }] = await build({
    config: false,
    // Its paths lead to the sources.
    inputOptions: { tsconfig: false },
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
  const files = chunks.filter((chunk) => chunk.type === "chunk");
  const loaded = new Set(files.filter((chunk) => chunk.isEntry));
  for (const { imports } of loaded) {
    for (const file of files) if (imports.includes(file.fileName)) loaded.add(file);
  }
  const texts = [...loaded].map((file) => file.code);
  return {
    minified: texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
    gzipped: texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0),
  };
}

const line = (...cells: readonly string[]): string =>
  cells.map((cell, k) => (k === 0 ? cell.padEnd(30) : cell.padStart(12))).join("");
const bytes = (count: number | undefined): string =>
  count === undefined ? "" : `${(count / 1000).toFixed(1)} kB`;

console.log(line("", "minified", "gzipped", "limit"));
for (const { name, code, limit } of entries) {
  const { minified, gzipped } = await measure(code);
  console.log(line(name, bytes(minified), bytes(gzipped), bytes(limit)));
  if (limit !== undefined && gzipped > limit) {
    console.log(`${name}: ${gzipped - limit} bytes over the limit`);
    process.exitCode = 1;
  }
}
