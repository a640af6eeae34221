import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Tensor } from "../src/index.ts";
import type { Unary } from "../src/lang/ops/elementwise.ts";

type Operations = typeof import("../src/lang/ops/index.ts");
type Library = typeof import("../src/index.ts") & { readonly softsign: Unary };

const root = fileURLToPath(new URL("..", import.meta.url));
const patch =
  /^```diff\n([\s\S]*?)^```$/m.exec(readFileSync(join(root, "CONTRIBUTING.md"), "utf8"))?.[1] ?? "";
const copy = mkdtempSync(join(tmpdir(), "neurite-contributing-"));

beforeAll(() => {
  cpSync(join(root, "src"), join(copy, "src"), { recursive: true });
  execFileSync("git", ["apply", "-"], { cwd: copy, input: patch });
});

afterAll(() => rmSync(copy, { recursive: true }));

test("the op of CONTRIBUTING.md touches one file", () => {
  expect(patch.match(/^diff --git/gm)).toHaveLength(1);
});

test("the op of CONTRIBUTING.md is public, tested by the conformance suite, compiled and differentiated", async () => {
  const library: Library = await import(pathToFileURL(join(copy, "src/index.ts")).href);
  const { primitives }: Operations = await import(pathToFileURL(join(copy, "src/lang/ops/index.ts")).href);
  const { softsign, tensor, jit, grad, sum, setDevice } = library;
  expect(primitives).toContain(softsign.primitive);
  for (const device of ["reference", "wasm"]) {
    setDevice(device);
    const x = tensor([-1, 0, 3]);
    expect([...jit(softsign)(x).dataSync()]).toEqual([-0.5, 0, 0.75]);
    expect([...grad((x: Tensor) => sum(softsign(x)))(x).dataSync()]).toEqual([0.25, 1, 0.0625]);
  }
});
