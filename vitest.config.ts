import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/**/*.test.ts", "src/**/*.test.ts"],
    pool: "threads",
    maxWorkers: 2,
    testTimeout: 30_000,
    // The device that exists everywhere, and one thread: tests that are about devices or threads choose them.
    env: {
      NEURITE_DEVICE: process.env.NEURITE_DEVICE ?? "wasm",
      NEURITE_THREADS: process.env.NEURITE_THREADS ?? "1",
    },
  },
});

export default config;
