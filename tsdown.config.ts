import { defineConfig, type UserConfig } from "tsdown";

const config: UserConfig = defineConfig({
  // Every module is built, also those no entry point reaches yet: dist mirrors src file by file.
  entry: ["src/**/*.ts", "!src/**/*.test.ts"],
  root: "src",
  unbundle: true,
  format: "esm",
  platform: "neutral",
  target: "es2022",
  dts: true,
  sourcemap: true,
  clean: true,
  fixedExtension: false,
});

export default config;
