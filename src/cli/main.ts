#!/usr/bin/env node
import { readFile } from "node:fs/promises";
import { run } from "./run.ts";

const manifest = await readFile(new URL("../../package.json", import.meta.url), "utf8");
const { version }: { version: string } = JSON.parse(manifest);

// A reader that has seen enough, such as `head`, closes the pipe: that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

process.exitCode = await run(process.argv.slice(2), version, {
  print: (text) => process.stdout.write(`${text}\n`),
  warn: (text) => process.stderr.write(`${text}\n`),
});
