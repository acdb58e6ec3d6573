// Looks at report pages in Chromium: no error on the console, no request, nothing wider than the
// window, every control in reach of the keyboard, axe-core's rules, and a picture of each section.
//
//   npm ci --prefix tests/browser
//   node tests/browser/check.mjs report.html… [--shots DIR] [--chromium PATH]

import { mkdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const WIDTHS = [390, 1440];
const SCHEMES = ["light", "dark"];
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const MOST_BYTES = 8_000_000;
const MOST_MILLISECONDS = 2_000;
// A flat picture of any section is smaller than this.
const LEAST_PICTURE_BYTES = 1_500;

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

function options(words) {
  const found = { pages: [], shots: null, chromium: process.env.CHROMIUM ?? "/usr/bin/chromium" };
  while (words.length > 0) {
    const word = words.shift();
    if (word === "--shots") found.shots = words.shift();
    else if (word === "--chromium") found.chromium = words.shift();
    else found.pages.push(word);
  }
  return found;
}

/** Opens the page and notes whatever it should not do. */
async function open(browser, file, settings) {
  const context = await browser.newContext(settings);
  const page = await context.newPage();
  const faults = [];
  const own = pathToFileURL(resolve(file)).href;
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (request.url() !== own && !request.url().startsWith("data:")) faults.push(`request: ${request.url()}`);
  });
  const start = performance.now();
  await page.goto(own, { waitUntil: "load" });
  const elapsed = performance.now() - start;
  if (elapsed > MOST_MILLISECONDS) faults.push(`it took ${Math.round(elapsed)} ms to load`);
  return { context, page, faults };
}

async function wider(page) {
  return page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    return document.documentElement.scrollWidth > room ? `${document.documentElement.scrollWidth} > ${room}` : null;
  });
}

/** Every control gets the focus in turn, and shows it. */
async function keyboard(page) {
  const wanted = await page.evaluate(() => {
    const controls = [...document.querySelectorAll("a[href], summary, [tabindex='0']")];
    const seen = controls.filter((control) => control.checkVisibility() || control.className === "skip");
    seen.forEach((control, index) => { control.dataset.stop = String(index); });
    return seen.length;
  });
  const reached = new Set();
  const unseen = [];
  for (let index = 0; index < wanted + 5; index += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const it = document.activeElement;
      const shown = it && getComputedStyle(it).outlineStyle !== "none";
      return { stop: it?.dataset.stop, shown, name: it?.textContent?.trim().slice(0, 40) };
    });
    if (stop.stop === undefined) continue;
    reached.add(stop.stop);
    if (!stop.shown) unseen.push(stop.name);
  }
  const faults = unseen.map((name) => `keyboard: the focus is not seen on “${name}”`);
  if (reached.size < wanted) faults.push(`keyboard: ${reached.size} of ${wanted} controls are reached`);
  return faults;
}

async function contrastAndLandmarks(page) {
  await page.evaluate(axe);
  await page.evaluate(() => document.querySelectorAll("details").forEach((it) => { it.open = true; }));
  const { violations } = await page.evaluate(
    (values) => window.axe.run(document, { runOnly: { type: "tag", values } }), RULES);
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.slice(0, 3).map((node) => `axe ${id}: ${help}: ${node.html.slice(0, 160)}`));
}

async function pictures(page, folder, name) {
  const faults = [];
  for (const section of await page.locator("main > section").all()) {
    const id = await section.getAttribute("id");
    const bytes = await section.screenshot(folder ? { path: join(folder, `${name}-${id}.png`) } : {});
    if (bytes.length < LEAST_PICTURE_BYTES) faults.push(`picture: section ${id} is empty`);
  }
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  return faults;
}

async function check(browser, file, shots) {
  const faults = [];
  const bytes = statSync(file).size;
  if (bytes > MOST_BYTES) faults.push(`it has ${bytes} bytes`);
  for (const width of WIDTHS) {
    for (const colorScheme of SCHEMES) {
      const settings = { viewport: { width, height: 900 }, colorScheme };
      const view = await open(browser, file, settings);
      const over = await wider(view.page);
      if (over) view.faults.push(`wider than the window: ${over}`);
      view.faults.push(...(await pictures(view.page, shots, `${basename(file, ".html")}-${width}-${colorScheme}`)));
      view.faults.push(...(await keyboard(view.page)));
      // Its own policy forbids the page to run anything, axe included.
      const read = await open(browser, file, { ...settings, bypassCSP: true });
      view.faults.push(...(await contrastAndLandmarks(read.page)));
      faults.push(...view.faults.map((fault) => `${width} px, ${colorScheme}: ${fault}`));
      await view.context.close();
      await read.context.close();
    }
  }
  return faults;
}

const { pages, shots, chromium: executablePath } = options(process.argv.slice(2));
if (pages.length === 0) {
  console.error("usage: node check.mjs report.html… [--shots DIR] [--chromium PATH]");
  process.exit(2);
}
if (shots) mkdirSync(shots, { recursive: true });
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
let failed = 0;
for (const file of pages) {
  const faults = await check(browser, file, shots);
  console.log(`${faults.length === 0 ? "pass" : "FAIL"}  ${file}`);
  for (const fault of faults) console.log(`      ${fault}`);
  failed += faults.length;
}
await browser.close();
process.exit(failed === 0 ? 0 : 1);
