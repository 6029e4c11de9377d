// Opens pages in Chromium and saves what its scripts made of them: [from, to, selector, strip] lists on standard input, one a line.
// Nothing is fetched: addresses of the npm mirror are read from the folder of packages, all others are refused.
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const packages = process.argv[2];
const require = createRequire(packages + "/");
const puppeteer = require("puppeteer-core");
const MIRROR = "https://cdn.jsdelivr.net/npm/";
const SETTLED = 700; // milliseconds after which nothing more is drawn

const browser = await puppeteer.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });

async function answer(request) {
  const url = request.url();
  if (url.startsWith("file:") || url.startsWith("data:")) return request.continue();
  if (!url.startsWith(MIRROR)) return request.abort();
  const path = decodeURIComponent(new URL(url).pathname.slice("/npm/".length)).replace(/(?<=.)@\d[^/]*/, "");
  if (path.split("/").includes("..")) return request.abort();
  try {
    const body = await readFile(`${packages}/node_modules/${path}`);
    const contentType = path.endsWith(".css") ? "text/css" : "text/javascript";
    return request.respond({ body, contentType, headers: { "Access-Control-Allow-Origin": "*" } });
  } catch {
    return request.abort();
  }
}

async function settle(page, selector) {
  await page.waitForSelector(selector, { timeout: 20000 });
  let last = -1;
  for (let now = 0; now !== last; ) {
    last = now;
    await new Promise((done) => setTimeout(done, SETTLED));
    now = (await page.content()).length;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const [from, to, selector, strip] = JSON.parse(line);
  const page = await browser.newPage();
  await page.setRequestInterception(true);
  page.on("request", answer);
  try {
    await page.goto("file://" + from);
    await settle(page, selector);
    if (strip) await page.evaluate((what) => document.querySelectorAll(what).forEach((node) => node.remove()), strip);
    await writeFile(to, await page.content());
  } catch (error) {
    console.error(`${from}: ${error.message}`);
  }
  await page.close();
}
await browser.close();
