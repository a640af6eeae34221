// Every example of the documentation type-checks, runs, and gives the values that its comments claim.
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { format } from "node:util";
import ts from "typescript";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { getDevice, setDevice, Tensor } from "../src/index.ts";
import {
  agrees,
  bodyOf,
  checkTypes,
  type Example,
  examplesOf,
  exportsOf,
  moduleOf,
  readClaim,
} from "./documentation-examples.ts";

const here = fileURLToPath(new URL(".", import.meta.url)).replace(/\/$/, "");
const root = dirname(here);

const { config } = ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile);
const options: ts.CompilerOptions = {
  ...ts.parseJsonConfigFileContent(config, ts.sys, root).options,
  noUnusedLocals: false,
  noUnusedParameters: false,
  declaration: false,
  isolatedDeclarations: false,
  verbatimModuleSyntax: false,
};

/** From the name under which users import an entry point to its source. */
const entries = new Map(
  Object.keys(JSON.parse(readFileSync(`${root}/package.json`, "utf8")).exports)
    .map((name): [string, string] => [
      name.replace(".", "neurite"),
      `src/${name.slice(2)}/index.ts`.replace("//", "/"),
    ])
    .filter(([, path]) => existsSync(`${root}/${path}`)),
);

const examples = ts.sys
  .readDirectory(root, [".ts", ".md"], ["**/node_modules", "**/*.test.ts"], ["src", "docs", "*.md"])
  .map((path) => relative(root, path))
  .flatMap((path) => examplesOf(path, readFileSync(`${root}/${path}`, "utf8")));

const sources = [
  ...new Set([
    ...entries.values(),
    ...examples.map(({ path }) => path).filter((path) => path.endsWith(".ts")),
  ]),
];
const exported = exportsOf(
  sources.map((path) => `${root}/${path}`),
  options,
);

/** What an example may use without importing it: what the entry points export (its own folder's first), and its own file. */
function scopeOf({ path }: Example): Map<string, string> {
  const own = `neurite/${path.split("/")[1]}`;
  const providers: [specifier: string, path: string][] = [[`../${path}`, path], ...[...entries].reverse()];
  if (entries.has(own)) providers.push([own, entries.get(own)!]);
  return new Map(
    providers.flatMap(([specifier, source]) =>
      (exported.get(`${root}/${source}`) ?? []).map((name): [string, string] => [name, specifier]),
    ),
  );
}

/** Runs a module; its imports come from the sources, its claims are checked. */
async function run(module: string): Promise<void> {
  const body = bodyOf(module);
  const modules = new Map<string, unknown>();
  for (const [, specifier] of body.matchAll(/require\("(.+?)"\)/g)) {
    const source = entries.get(specifier);
    modules.set(specifier, await import(source === undefined ? specifier : `../${source}`));
  }
  const execute = new Function("require", "exports", "claim", `return (async () => {${body}\n})();`);
  await execute((name: string) => modules.get(name), {}, claim);
}

let claims = 0;

function claim(comment: string, values: readonly unknown[]): void {
  const claimed = readClaim(comment) ?? [];
  const got = values.map(plain);
  const one = got.length === 1 && claimed.length > 1 ? got[0] : got;
  if (!agrees(one, claimed)) throw new Error(`claimed: ${comment}\ngot: ${JSON.stringify(one)}`);
  claims++;
}

function plain(value: unknown): unknown {
  if (value instanceof Tensor) return value.toArray();
  return Array.isArray(value) || ArrayBuffer.isView(value) ? Object.values(value).map(plain) : value;
}

const modules = new Map(examples.map((example) => [example, moduleOf(example, scopeOf(example))]));
const device = getDevice();

beforeEach(() => {
  // An example clears the cache of compiled kernels.
  vi.stubEnv("XDG_CACHE_HOME", join(tmpdir(), "neurite-documentation"));
  vi.spyOn(console, "log").mockImplementation((...values) => void format(...values));
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  setDevice(device);
});

test("the examples of the documentation have the types they need", () => {
  expect(checkTypes(modules, options, here)).toEqual([]);
});

describe("the examples of the documentation run", () => {
  test.each(examples.map((example) => ({ example, place: `${example.path}:${example.line}` })))(
    "$place",
    async ({ example }) => {
      await run(modules.get(example)!);
    },
  );

  test("and make claims that were checked", () => {
    expect(claims).toBeGreaterThan(100);
  });
});

describe("the checker", () => {
  const page = (code: string): Example => examplesOf("page.md", `text\n\`\`\`ts\n${code}\n\`\`\`\n`)[0];

  test("finds fences in doc comments and pages, and leaves out those that are marked", () => {
    const comment = "/**\n * @example\n * ```ts\n * const a = 1;\n *\n * a + 1;\n * ```\n */";
    expect(examplesOf("a.ts", comment)).toEqual([{ path: "a.ts", line: 4, code: "const a = 1;\n\na + 1;" }]);
    const text = "```ts no-run\nf();\n```\n\n```sh\nls\n```\n\n```ts\ng();\n```\n";
    expect(examplesOf("a.md", text)).toEqual([{ path: "a.md", line: 10, code: "g();" }]);
  });

  test("imports what the example uses and does not declare", () => {
    const scope = new Map([
      ["add", "neurite"],
      ["dense", "neurite/nn"],
      ["mul", "neurite"],
    ]);
    expect(moduleOf(page("const mul = add(1, 2);"), scope)).toBe(
      'import { add } from "neurite"; export {}; const mul = add(1, 2);',
    );
  });

  test("reports a wrong type at its line", () => {
    const example = page("const a = 1;\nconst b: string = a;");
    expect(checkTypes(new Map([[example, moduleOf(example, new Map())]]), options, here)).toEqual([
      "page.md:4: Type 'number' is not assignable to type 'string'.",
    ]);
  });

  test.each([
    ["a value", "Math.max(1, 2); // 3"],
    ["a constant", "const a = Math.max(1, 2); // 3"],
    ["one of several", 'const [a, b] = [1, "b"]; // 1 and "c"'],
    ["what is printed", "console.log(1, [2]); // 1, [3]"],
    ["digits", "Math.E; // 2.73…"],
    ["a shape", "[1, 2]; // [1, 2, 3]"],
  ])("refuses a false claim: %s", async (_, code) => {
    await expect(run(code)).rejects.toThrow("claimed");
  });

  test("reports what an example throws, and waits for it", async () => {
    await expect(run('await Promise.reject(new RangeError("late"));')).rejects.toThrow("late");
  });
});
