// Serves a folder over http, opens its page in a headless Chromium, and prints the first line that the page logs.
// node browser.mjs <chromium> <folder> [<import map as JSON>]
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { chromium } from "playwright-core";

const [executablePath, folder, importMap] = process.argv.slice(2);
// An isolated page may share memory with workers.
const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};
const types = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript" };

const server = createServer(async ({ url }, response) => {
  const { pathname } = new URL(url, "http://localhost");
  const path = normalize(pathname === "/" ? "/index.html" : pathname);
  try {
    let content = await readFile(join(folder, path));
    if (path === "/index.html" && importMap !== undefined) {
      content = content
        .toString()
        .replace("<script", `<script type="importmap">${importMap}</script>\n<script`);
    }
    response
      .writeHead(200, { ...isolation, "content-type": types[extname(path)] ?? "application/octet-stream" })
      .end(content);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const browser = await chromium.launch({ executablePath });
try {
  const page = await browser.newPage();
  const line = await new Promise((resolve, reject) => {
    page.on("console", (message) =>
      message.type() === "error" ? reject(new Error(message.text())) : resolve(message.text()),
    );
    page.on("pageerror", reject);
    page.goto(`http://127.0.0.1:${server.address().port}/`).catch(reject);
  });
  if (page.workers().length !== 1) throw new Error("no worker started as the second thread");
  console.log(line);
} finally {
  await browser.close();
  server.close();
}
