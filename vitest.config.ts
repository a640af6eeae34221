import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/**/*.test.ts", "src/**/*.test.ts"],
    pool: "threads",
    maxWorkers: 2,
    testTimeout: 30_000,
    // The device that exists everywhere; tests that are about devices choose them by name.
    env: { NEURITE_DEVICE: process.env.NEURITE_DEVICE ?? "wasm" },
  },
});

export default config;
