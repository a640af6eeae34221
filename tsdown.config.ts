import { defineConfig, type UserConfig } from "tsdown";

const shared: UserConfig = {
  root: "src",
  format: "esm",
  platform: "neutral",
  target: "es2022",
  // Loaded on demand and in Node only; a neutral platform does not know them.
  deps: { neverBundle: [/^node:/] },
  sourcemap: true,
  clean: true,
  fixedExtension: false,
};

const config: UserConfig[] = defineConfig([
  // One file for each entry point and a few they share: importing two hundred small files takes 100 ms in Node, these 18 ms.
  { ...shared, entry: ["src/index.ts", "src/*/index.ts", "src/*/main.ts"], dts: true },
  // In a browser there is no process; code that asks for it is left out, and with it all that native code needs.
  {
    ...shared,
    entry: ["src/index.ts", "src/*/index.ts"],
    outDir: "dist/browser",
    dts: false,
    define: { process: "undefined" },
    minify: "dce-only",
  },
]);

export default config;
