import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it, test, vi } from "vitest";
import { encodeSafetensors } from "../io/index.ts";
import { devices, tensor } from "../tensor/index.ts";
import { run } from "./run.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "neurite-cli-"));
});
afterAll(() => rm(folder, { recursive: true }));

const printed: string[] = [];
const warned: string[] = [];
beforeEach(() => {
  printed.length = 0;
  warned.length = 0;
});

/** The exit code of a command line; what it wrote is in `printed` and `warned`. */
function neurite(...args: string[]): Promise<number> {
  return run(args, "1.2.3", { print: (text) => printed.push(text), warn: (text) => warned.push(text) });
}

/** A file in the folder of this test. */
async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

/** Rows of a table that is easy to learn: the sign of a − b, in words or numbers, and a + 2 b + (kind is "high" ? 5 : 0). */
function rows(count: number): { a: number; b: number; kind: string; sign: string; sum: number }[] {
  return Array.from({ length: count }, (_, i) => {
    const [a, b] = [Math.sin(12.9 * i) * 10, Math.cos(7.1 * i) * 10];
    const kind = i % 3 === 0 ? "high" : "low";
    return { a, b, kind, sign: a > b ? "more, or so" : "less", sum: a + 2 * b + (kind === "high" ? 5 : 0) };
  });
}

const byRow = rows(200);

describe("neurite train digits", () => {
  it("learns, saves a model, and predict agrees with what it printed", async () => {
    const model = join(folder, "digits.safetensors");
    const args = ["train", "digits", "--epochs", "3", "--output", model, "--json"];
    expect([await neurite(...args), warned]).toEqual([0, []]);
    const trained = JSON.parse(printed[0]);
    expect(trained).toMatchObject({
      kind: "classification",
      learned: 1437,
      test: 360,
      epochs: 3,
      seed: 0,
      model,
    });
    expect(trained.accuracy).toBeGreaterThan(0.9);

    printed.length = 0;
    expect(await neurite("predict", model, "digits")).toBe(0);
    expect(printed.join("\n").split("\n")).toHaveLength(361);
    expect(warned).toEqual([`test accuracy ${trained.accuracy.toPrecision(4)}`]);

    printed.length = 0;
    const output = join(folder, "digits.csv");
    expect(await neurite("predict", model, "digits", "--output", output)).toBe(0);
    expect(printed).toEqual([`test accuracy ${trained.accuracy.toPrecision(4)}`, output]);
    expect((await readFile(output, "utf8")).split("\n").slice(0, 2)).toEqual([
      "digit",
      expect.stringMatching(/^\d$/),
    ]);
  });

  it("prints the same figure again for the same seed, and the path last", async () => {
    const output = join(folder, "again.safetensors");
    const figures: string[] = [];
    for (let i = 0; i < 2; i++) {
      printed.length = 0;
      const args = ["train", "digits", "--epochs", "1", "--seed", "3", "--output", output];
      expect(await neurite(...args)).toBe(0);
      expect(printed.slice(-3)).toEqual([`report ${join(folder, "again.html")}`, expect.any(String), output]);
      figures.push(printed.at(-2) ?? "");
    }
    expect(figures[0]).toMatch(/^test accuracy 0\.\d{4}$/);
    expect(figures[1]).toBe(figures[0]);
  });
});

describe("neurite train iris", () => {
  it.each([
    ["iris", 0.85],
    ["wine", 0.9],
    ["breastCancer", 0.94],
  ])("learns %s, and predict agrees", async (name, least) => {
    const model = join(folder, `${name}.safetensors`);
    expect(await neurite("train", name, "--output", model, "--json")).toBe(0);
    const { accuracy, report } = JSON.parse(printed[0]);
    expect([accuracy > least, report]).toEqual([true, join(folder, `${name}.html`)]);
    expect(await neurite("predict", model, name)).toBe(0);
    expect(warned).toEqual([`validation accuracy ${accuracy.toPrecision(4)}`]);
  });

  it("learns diabetes, a regression", async () => {
    const model = join(folder, "diabetes.safetensors");
    expect(await neurite("train", "diabetes", "--output", model, "--json")).toBe(0);
    const { kind, learned, meanAbsoluteError, r2Score } = JSON.parse(printed[0]);
    expect([kind, learned]).toEqual(["regression", 353]);
    // Always saying the mean errs by 65.
    expect(meanAbsoluteError).toBeLessThan(50);
    expect([r2Score > 0.4, r2Score < 0.6]).toEqual([true, true]);
    expect(await neurite("predict", model, "diabetes")).toBe(0);
    expect(warned).toEqual([
      `validation mean absolute error ${meanAbsoluteError.toPrecision(4)}, R² ${r2Score.toPrecision(4)}`,
    ]);
    expect(await neurite("predict", model, "iris")).toBe(2);
    expect(warned[1]).toMatch(/was not trained on 'iris'/);
  });
});

describe("the report", () => {
  const titlesOf = (page: string): string[] =>
    [...page.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title);

  /** The page of a run; it must need no other file. */
  async function reportOf(...args: string[]): Promise<string> {
    const output = join(folder, "reported.safetensors");
    expect(await neurite("train", ...args, "--output", output, "--json")).toBe(0);
    expect(warned).toEqual([]);
    const page = await readFile(join(folder, "reported.html"), "utf8");
    const addresses = [...page.matchAll(/(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]+)/g)].map(([, to]) => to);
    expect(addresses.filter((to) => !to.startsWith("data:"))).toEqual([]);
    expect(page).not.toMatch(/NaN|undefined|<script/);
    return page;
  }

  it("of images shows the mistakes and the filters", async () => {
    const page = await reportOf("digits", "--epochs", "1");
    const { accuracy } = JSON.parse(printed[0]);
    const wrong = Math.round(360 * (1 - accuracy));
    expect(page).toContain(`<h1>digits: test accuracy ${accuracy.toPrecision(4)}</h1>`);
    expect(titlesOf(page)).toEqual([
      "Learning curves",
      "Confusion matrix",
      `Misclassified: ${wrong} of 360`,
      "Architecture",
      "Filters of the first layer",
      expect.stringMatching(/^Feature maps: digit \d$/),
      "Gradients",
      "Computation graph",
      "Settings",
    ]);
    // Mistakes; 32 filters and what each finds.
    expect(page.match(/<image /g)).toHaveLength(Math.min(24, wrong) + 64);
    expect(page).toContain("<td>seed</td><td>0</td>");
  });

  it("of a classification lists mistakes by line, and shows what the names mean literally", async () => {
    const text = byRow.map(({ a, b }, i) => `${a},${b},${i % 7 < 3 ? "<b>&" : "less"}`).join("\n");
    const data = await file("names.csv", `a,b,<i>sign</i>\n${text}\n`);
    const page = await reportOf(data, "--target", "<i>sign</i>", "--epochs", "5");
    expect(titlesOf(page)[2]).toMatch(/^Misclassified: \d+ of 40$/);
    expect(page).not.toMatch(/<b>|<i>/);
    // Every line that is listed has the class that is said.
    const listed = [...page.matchAll(/<td class="number">(\d+)<\/td><td>.*?\s%\)<\/td><td>(.*?)<\/td>/g)];
    expect(listed.length).toBeGreaterThan(0);
    for (const [, line, truth] of listed) {
      expect(truth).toBe((Number(line) - 2) % 7 < 3 ? "&#60;b&#62;&#38;" : "less");
    }
  });

  it("of examples with two numbers shows how the plane was divided, in their units", async () => {
    const text = byRow
      .map(({ a, b, sign }) => `${1000 * a},${b},${sign === "less" ? "less" : "more"}`)
      .join("\n");
    const data = await file("plane.csv", `first,second,sign\n${text}\n`);
    const page = await reportOf(data, "--target", "sign", "--epochs", "9");
    expect(titlesOf(page)).toContain("Decision boundary");
    for (const text of ["after 1 epoch", "after 3 epochs", "after 9 epochs", "first", "second", "5,000"]) {
      expect(page).toContain(`>${text}</text>`);
    }
  });

  it("of a regression shows predictions in the units of the target", async () => {
    const text = byRow.map(({ a, b, sum }) => `${a},${b},${1000 * sum}`).join("\n");
    const page = await reportOf(await file("units.csv", `a,b,sum\n${text}\n`), "--target", "sum", "-e", "3");
    expect(titlesOf(page).slice(1, 3)).toEqual(["Predictions", "Farthest from the truth"]);
    expect(page).toContain("mean absolute error (units of sum)");
    expect(page).toMatch(/>−?[12]0,000</);
  });
});

describe("neurite train data.csv", () => {
  it("finds a classification from texts, and predicts for other rows", async () => {
    const text = byRow.map(({ a, b, kind, sign }) => `${a},${b},${kind},"${sign}"`).join("\n");
    const data = await file("signs.csv", `a,b,kind,sign\n${text}\n`);
    const model = join(folder, "signs.safetensors");
    expect(
      await neurite("train", data, "--target", "sign", "--output", model, "--json", "--epochs", "60"),
    ).toBe(0);
    const trained = JSON.parse(printed[0]);
    expect(trained).toMatchObject({ kind: "classification", target: "sign", learned: 160, validation: 40 });
    expect(trained.accuracy).toBeGreaterThan(0.85);

    const others = await file("others.csv", "kind,b,a\nlow,-9,9\nhigh,9,-9\n");
    printed.length = 0;
    expect([await neurite("predict", model, others), printed]).toEqual([0, ['sign\n"more, or so"\nless']]);
    expect(warned).toEqual([]);
  });

  it("finds a classification from few whole numbers", async () => {
    const text = byRow.map(({ a, b, sign }) => `${a},${b},${sign === "less" ? 3 : 7}`).join("\n");
    const data = await file("numbers.csv", `a,b,sign\n${text}\n`);
    const model = join(folder, "numbers.safetensors");
    expect(
      await neurite("train", data, "--target", "sign", "--output", model, "--json", "--epochs", "60"),
    ).toBe(0);
    printed.length = 0;
    expect(await neurite("predict", model, data, "--json")).toBe(0);
    const { predictions, accuracy } = JSON.parse(printed[0]);
    expect(new Set(predictions)).toEqual(new Set(["3", "7"]));
    expect(accuracy).toBeGreaterThan(0.85);
  });

  it("finds a regression from numbers, and gives errors in their units", async () => {
    const text = byRow.map(({ a, b, kind, sum }) => `${a},${b},${kind},${1000 * sum}`).join("\n");
    const data = await file("sums.csv", `a,b,kind,sum\n${text}\n`);
    const model = join(folder, "sums.safetensors");
    expect(await neurite("train", data, "-t", "sum", "-o", model, "--json", "-e", "60")).toBe(0);
    const trained = JSON.parse(printed[0]);
    expect(trained.kind).toBe("regression");
    // A tenth of the standard deviation, 15,900.
    expect(trained.meanAbsoluteError).toBeLessThan(1590);
    const one = await file("one.csv", "a,b,kind,sum\n4,3,high,15000\n");
    printed.length = 0;
    expect(await neurite("predict", model, one, "--json")).toBe(0);
    const { predictions, meanAbsoluteError, r2Score } = JSON.parse(printed[0]);
    expect(Math.abs(predictions[0] - 15000)).toBeLessThan(4000);
    // One value does not vary.
    expect(r2Score).toBeUndefined();
    expect(meanAbsoluteError).toBeCloseTo(Math.abs(predictions[0] - 15000), 6);
  });
});

describe("wrong use has exit code 2", () => {
  test.each<[args: string[], message: RegExp]>([
    [["trian", "digits"], /unknown command 'trian'[\s\S]*Did you mean train/],
    [["train"], /missing required argument 'data'/],
    [["train", "digits", "--epoch", "3"], /unknown option '--epoch'[\s\S]*Did you mean --epochs/],
    [["train", "digits", "--epochs", "many"], /'many' is invalid.*not a whole number ≥ 1/],
    [["train", "digits", "--epochs", "0"], /not a whole number ≥ 1/],
    [["train", "digits", "--seed", "-1"], /--seed/],
    [["train", "digits", "--target", "x"], /--target is for CSV files/],
    [["train", "iris", "--target", "x"], /the target of the data 'iris' is known/],
    [["train", "breast-cancer"], /got 'breast-cancer', expected one of .* did you mean 'breastCancer'/],
    [["train", "data.csv"], /say which column of 'data.csv' to predict: --target/],
    [["train", "digits", "--device", "wsam"], /got 'wsam'.*did you mean 'wasm'/],
    [["predict", "model"], /missing required argument 'data'/],
    [[], /Usage: neurite/],
  ])("%j", async (args, message) => {
    expect(await neurite(...args)).toBe(2);
    expect(warned.join("\n")).toMatch(message);
    expect(printed).toEqual([]);
  });
});

describe("a failed run has exit code 1, one message, and leaves no file", () => {
  const table = "a,b,y\n1,2,x\n2,3,z\n3,4,x\n4,5,z\n";

  test.each<[why: string, text: string, target: string, message: RegExp]>([
    ["an unknown column", table, "why", /got 'why', expected one of 'a', 'b', 'y'/],
    ["a missing value", "a,y\n1,x\n,z\n", "y", /line 3, column 'a': no value/],
    ["a ragged row", "a,y\n1,x\n2\n", "y", /line 3 with 1 cells/],
    ["text among numbers", "a,y\n1,x\n2,x\ntwo,z\n", "y", /line 4, column 'a': the text 'two'/],
    ["a target with one value", "a,y\n1,x\n2,x\n", "y", /the same value 'x' in every row of column 'y'/],
    [
      "a target of names",
      "a,y\n1,x\n2,z\n3,u\n4,v\n",
      "y",
      /4 different texts in the 4 rows of column 'y', expected classes, of which there are at least two/,
    ],
    ["nothing to predict from", "y\n1\n2\n", "y", /no column but 'y'/],
    ["a table without rows", "a,y\n", "y", /a header without rows/],
  ])("%s", async (_, text, target, message) => {
    const data = await file("bad.csv", text);
    const before = await readdir(folder);
    const output = join(folder, "never.safetensors");
    expect(await neurite("train", data, "--target", target, "--output", output)).toBe(1);
    expect(warned).toEqual([expect.stringMatching(message)]);
    expect(warned[0]).toMatch(/^neurite: [^\n]*$/);
    expect([printed, await readdir(folder)]).toEqual([[], before]);
  });

  it("says what is wrong with files before it trains", async () => {
    expect(await neurite("train", join(folder, "none.csv"), "--target", "y")).toBe(1);
    expect(await neurite("train", "digits", "--output", join(folder, "none", "model"))).toBe(1);
    expect(await neurite("predict", join(folder, "none.safetensors"), "digits")).toBe(1);
    expect(warned).toEqual(new Array(3).fill(expect.stringMatching(/there is no such file or folder/)));
  });

  it("refuses models that it did not save, and data that do not fit", async () => {
    const foreign = join(folder, "foreign.safetensors");
    await writeFile(foreign, await encodeSafetensors({ x: tensor(1) }));
    expect(await neurite("predict", foreign, "digits")).toBe(1);
    expect(await neurite("predict", await file("junk", "no model at all"), "digits")).toBe(1);
    expect(warned[0]).toMatch(/does not say what its model predicts.*a file that 'neurite train' saved/);
    expect(warned[1]).toMatch(/decodeSafetensors/);

    const data = await file("good.csv", `${table}1,1,x\n`);
    const model = join(folder, "small.safetensors");
    expect(await neurite("train", data, "--target", "y", "--output", model, "--json", "--epochs", "1")).toBe(
      0,
    );
    warned.length = 0;
    expect(await neurite("predict", model, await file("other.csv", "a,c\n1,2\n"))).toBe(1);
    expect(await neurite("predict", model, "digits")).toBe(2);
    expect(warned[0]).toMatch(/got 'b', expected one of 'a', 'c'/);
    expect(await neurite("predict", model, await file("huge.csv", "a,b\n1,2\n1,1e60\n"))).toBe(1);
    expect(warned[1]).toMatch(/was not trained on 'digits'/);
    expect(warned[2]).toMatch(/predict: got NaN for line 3, expected finite numbers/);
  });
});

describe("neurite info and help", () => {
  it("lists versions and devices", async () => {
    expect(await neurite("info")).toBe(0);
    expect(printed[0]).toMatch(/^neurite 1\.2\.3, Node \d+/);
    expect(printed.join("\n")).toMatch(/^wasm +available, in use$/m);
    printed.length = 0;
    expect(await neurite("info", "--json")).toBe(0);
    const { versions, devices } = JSON.parse(printed[0]);
    expect(versions).toMatchObject({ neurite: "1.2.3", node: process.versions.node });
    expect(devices).toContainEqual({ name: "reference", available: true });
  });

  it("says why native code cannot run and what to do, and what runs instead", async () => {
    const main = fileURLToPath(new URL("main.ts", import.meta.url));
    const env = { ...process.env, NEURITE_DEVICE: "", PATH: "", XDG_CACHE_HOME: join(folder, "cache") };
    const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", main, "info"], {
      env,
    });
    expect(stdout).toMatch(/^native +not available: no [^;\n]+; (npm )?install [^\n]+$/m);
    expect(stdout).toMatch(/^wasm +available, in use$/m);
  });

  it("shows and clears the cache of compiled kernels", async (context) => {
    const native = devices().find(({ name }) => name === "native");
    if (native?.available !== true) context.skip(`no native device: ${native?.reason}`);
    const directory = await mkdtemp(join(tmpdir(), "neurite-cache-"));
    vi.stubEnv("XDG_CACHE_HOME", directory);
    try {
      expect(await neurite("cache", "--json")).toBe(0);
      expect(JSON.parse(printed[0])).toMatchObject({ files: 0, bytes: 0 });
      expect(await neurite("cache")).toBe(0);
      expect(printed.slice(1)).toEqual(["0 files, 0.0 MB of compiled kernels", join(directory, "neurite")]);
      await writeFile(join(directory, "neurite", `${"a".repeat(64)}.so`), new Uint8Array(2_000_000));
      expect(await neurite("cache", "--clear")).toBe(0);
      expect(printed[3]).toBe("removed 1 files, 2.0 MB");
      expect(await readdir(join(directory, "neurite"))).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
      await rm(directory, { recursive: true });
    }
  });

  it.each([[], ["train"], ["predict"], ["info"], ["cache"]])("%s --help", async (...command) => {
    expect(await neurite(...command, "--help")).toBe(0);
    expect(printed.join("\n")).toMatch(
      /Usage: neurite[\s\S]*Exit codes: 0 done, 1 the run failed, 2 wrong use/,
    );
    expect(warned).toEqual([]);
  });

  it("is a program of its own, whose exit code says what happened", async () => {
    const main = fileURLToPath(new URL("main.ts", import.meta.url));
    const spawn = (...args: string[]) =>
      promisify(execFile)(process.execPath, ["--import", "tsx", main, ...args]);
    const { stdout } = await spawn("--version");
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    await expect(spawn("predict", "none.safetensors", "digits")).rejects.toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(
        /^neurite: readBytes: got 'none.safetensors': there is no such file[^\n]*\n$/,
      ),
    });
  });
});
