import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { checkArchitecture, findCycles, importsOf, type Row, type Rules } from "./architecture-check.ts";

const lang = ["lang/program", "lang/kernel", "lang/ops", "lang/transforms", "lang/control"];
const exec = ["exec/compiler", "exec/render", "exec/runtime"];

/** A library folder sees base, the public surface of tensor, and what is named here. */
const library = (...sees: string[]): Row => ({ sees: ["base", "tensor", ...sees], behindIndex: true });

const below: Record<string, Row> = {
  nn: library(),
  losses: library(),
  optim: library(),
  metrics: library("losses"),
  data: library("io"),
  train: library("nn", "losses", "optim", "metrics", "data", "io"),
  classical: library("metrics"),
  rl: library("nn", "losses", "optim"),
  models: library("nn"),
  io: library(),
  viz: library("nn"),
  distributed: library(),
};

const rules: Rules = {
  rows: {
    base: { sees: [], pure: true },
    "lang/program": { sees: ["base", "lang/kernel"], pure: true },
    "lang/kernel": { sees: ["base"], pure: true },
    "lang/ops": { sees: ["base", "lang/kernel", "lang/program"], pure: true },
    "lang/transforms": { sees: ["base", "lang/program", "lang/ops"], pure: true },
    "lang/control": {
      sees: ["base", "lang/kernel", "lang/program", "lang/ops", "lang/transforms"],
      pure: true,
    },
    "exec/compiler": { sees: ["base", "lang/kernel", "lang/program"], pure: true },
    "exec/render": { sees: ["base", "lang/kernel"], pure: true },
    "exec/runtime": { sees: ["base", "lang/kernel", "lang/program"] },
    tensor: { sees: ["base", ...lang, ...exec], publicIndex: true },
    ...below,
    cli: library(...Object.keys(below)),
    "index.ts": { sees: ["base", ...lang, ...exec, "tensor", ...Object.keys(below)] },
  },
  maxLines: 500,
  longFiles: {},
};

/** The source files of src/ by path; tests beside the sources may cross layers and are left out. */
function readSources(): Map<string, string> {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const files = new Map<string, string>();
  for (const entry of readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.[cm]?[jt]sx?$/.test(entry.name) || entry.name.endsWith(".test.ts")) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(relative(root, path).split(sep).join("/"), readFileSync(path, "utf8"));
  }
  return files;
}

test("src follows the layering", () => {
  expect(checkArchitecture(readSources(), rules)).toEqual([]);
});

test("the table names only its own rows, and looks only downwards", () => {
  const names = Object.keys(rules.rows);
  const graph = new Map(names.map((name) => [name, rules.rows[name]!.sees]));
  expect([...graph.values()].flat().filter((name) => !names.includes(name))).toEqual([]);
  expect(findCycles(graph)).toEqual([]);
});

describe("the checker", () => {
  const check = (sources: Record<string, string>): string[] =>
    checkArchitecture(new Map(Object.entries(sources)), rules);

  test("accepts what the table allows", () => {
    const sources = {
      "src/base/shape.ts": "export type Shape = readonly number[];\n",
      "src/lang/program/program.ts": 'import type { Shape } from "../../base/shape.ts";\n',
      "src/exec/runtime/native/load.ts": 'import { open } from "node:fs";\nimport "../pool.ts";\n',
      "src/exec/runtime/pool.ts": "export {};\n",
      "src/tensor/index.ts": 'export * from "../lang/program/program.ts";\n',
      "src/nn/index.ts": 'import { add } from "../tensor/index.ts";\n',
      "src/index.ts": '// the public list\nexport * from "./tensor/index.ts";\n',
    };
    expect(check(sources)).toEqual([]);
  });

  test.each([
    ["a value import", 'import { x } from "../../lang/ops/add.ts";'],
    ["a type import", 'import type { X } from "../../lang/ops/add.ts";'],
    ["a re-export", 'export { x } from "../../lang/ops/add.ts";'],
    ["a dynamic import", 'export const f = () => import("../../lang/ops/add.ts");'],
    ["an import type", 'export type X = import("../../lang/ops/add.ts").X;'],
    ["a bare import", 'import "../../lang/ops/add.ts";'],
  ])("refuses %s against the layering", (_, line) => {
    expect(check({ "src/exec/compiler/fuse.ts": `\n${line}\n`, "src/lang/ops/add.ts": "" })).toEqual([
      "src/exec/compiler/fuse.ts:2: exec/compiler may not import lang/ops (../../lang/ops/add.ts)",
    ]);
  });

  test("ignores imports in comments and strings", () => {
    const text = '// import "../nn/index.ts"\nexport const s = `import "../nn/index.ts"`;\n';
    expect(check({ "src/base/a.ts": text, "src/nn/index.ts": "" })).toEqual([]);
  });

  test("lets the library see tensor through its index only", () => {
    const sources = {
      "src/nn/dense.ts": 'import { jit } from "../tensor/jit.ts";\n',
      "src/tensor/jit.ts": "export const jit = 1;\n",
    };
    expect(check(sources)).toEqual([
      "src/nn/dense.ts:1: nn sees tensor through its index.ts only (../tensor/jit.ts)",
    ]);
  });

  test("keeps siblings apart", () => {
    const sources = {
      "src/nn/dense.ts": 'import "../losses/index.ts";\n',
      "src/losses/index.ts": "export {};\n",
    };
    expect(check(sources)).toEqual(["src/nn/dense.ts:1: nn may not import losses (../losses/index.ts)"]);
  });

  test("refuses packages where only source files may be imported", () => {
    expect(check({ "src/base/a.ts": 'import { inspect } from "node:util";\n' })).toEqual([
      'src/base/a.ts:1: base may not import the package "node:util"',
    ]);
  });

  test("refuses a target that is no source file", () => {
    const [first, second] = check({ "src/base/a.ts": 'import "./b.js";\nimport "../../x.ts";\n' });
    expect(first).toContain('src/base/a.ts:1: "./b.js" is not a source file');
    expect(second).toContain('src/base/a.ts:2: "../../x.ts" is not a source file');
  });

  test("refuses cycles of value imports, but not of type imports", () => {
    const cycle = (kind: string) => ({
      "src/base/a.ts": 'import { b } from "./b.ts";\n',
      "src/base/b.ts": 'export * from "./c.ts";\n',
      "src/base/c.ts": `${kind} { a } from "./a.ts";\n`,
    });
    expect(check(cycle("import"))).toEqual([
      "import cycle: src/base/a.ts → src/base/b.ts → src/base/c.ts → src/base/a.ts",
    ]);
    expect(check(cycle("import type"))).toEqual([]);
    expect(check(cycle("export type"))).toEqual([]);
  });

  test("refuses a file over 500 lines", () => {
    expect(check({ "src/base/a.ts": "//\n".repeat(500) })).toEqual([]);
    expect(check({ "src/base/a.ts": "//\n".repeat(501) })).toEqual([
      "src/base/a.ts: 501 lines, at most 500 are allowed",
    ]);
    const longFiles = { "src/base/a.ts": { lines: 600, why: "a table" } };
    expect(
      checkArchitecture(new Map([["src/base/a.ts", "//\n".repeat(501)]]), { ...rules, longFiles }),
    ).toEqual([]);
  });

  test("refuses a folder that is not in the table", () => {
    expect(check({ "src/utils/a.ts": "", "src/lang/b.ts": "", "src/helpers.ts": "" })).toEqual([
      "src/utils/a.ts: its folder is not in the table",
      "src/lang/b.ts: its folder is not in the table",
      "src/helpers.ts: its folder is not in the table",
    ]);
  });

  test("refuses code in the public list", () => {
    expect(check({ "src/index.ts": "export const x = 1;\n" })).toEqual([
      "src/index.ts: holds code; it is a list of exports",
    ]);
  });

  test("reads every form of import", () => {
    const text =
      'import a, { type B } from "./a.ts";\nimport type C from "./c.ts";\nexport type * from "./d.ts";\n';
    expect(importsOf("x.ts", text)).toEqual([
      { specifier: "./a.ts", line: 1, typeOnly: false },
      { specifier: "./c.ts", line: 2, typeOnly: true },
      { specifier: "./d.ts", line: 3, typeOnly: true },
    ]);
  });
});
