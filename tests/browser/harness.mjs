// What the browser tests share: Chromium, pages that fail when they ask for anything, axe, screenshots, and the running of tests.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

// A page that fails the test when it complains or asks for anything but itself.
export async function visit(file, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-GB", ...options });
  const page = await context.newPage();
  const trouble = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && trouble.push(message.text()));
  page.on("pageerror", (error) => trouble.push(String(error)));
  page.on("request", (request) => {
    const url = request.url();
    if (url !== pathToFileURL(file).href && !url.startsWith("blob:")) trouble.push(`asked for ${url}`);
  });
  await page.goto(pathToFileURL(file).href);
  return { page, context, calm: async () => (assert.deepEqual(trouble, []), await context.close()) };
}
export async function shoot(page, shots, name) {
  if (shots) await page.screenshot({ path: join(shots, name + ".png"), fullPage: true });
}
// Puts axe into the page past the policy, which forbids scripts but the page's own.
export async function accessible(page, where) {
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: axe });
  const found = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }));
  const serious = found.violations.filter((v) => ["serious", "critical"].includes(v.impact));
  const say = (v) => `${v.id}: ${v.nodes.map((n) => n.html).slice(0, 3).join(" | ")}`;
  assert.deepEqual(serious.map(say), [], where);
  return found.violations.length;
}


// Runs tests by name; what fails is printed and makes the process fail.
export async function run(tests) {
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test();
      console.log(`ok      ${name}`);
    } catch (error) {
      failed++;
      console.log(`FAILED  ${name}\n${error.stack}`);
    }
  }
  await browser.close();
  process.exitCode = failed ? 1 : 0;
}
