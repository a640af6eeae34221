import { expect, it } from "vitest";
import { NeuriteError } from "./error.ts";
import { loadOptional } from "./optional.ts";

it("gives the package, or says how to install it", async () => {
  expect(await loadOptional("readCsv", "papaparse", async () => 7)).toBe(7);
  const missing = loadOptional("readCsv", "papaparse", async () => {
    throw new Error("Cannot find package 'papaparse'\nRequire stack: …");
  });
  await expect(missing).rejects.toThrow(NeuriteError);
  await expect(missing).rejects.toThrow(
    "readCsv: got no package 'papaparse' (Cannot find package 'papaparse'), expected the optional dependency 'papaparse'; npm install papaparse",
  );
});
