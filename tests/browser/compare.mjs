// Tries the page of `lichang compare` in a real browser.
//
//   cargo test --test compare_page && npm ci --prefix tests/browser && node tests/browser/compare.mjs [folder of the pages] [folder for screenshots]
//
// The pages are those that `tests/compare_page.rs` writes to `target/tmp`. Needs Chromium (CHROMIUM, else /usr/bin/chromium).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { accessible, run, shoot as shot, visit } from "./harness.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const pages = resolve(process.argv[2] ?? join(root, "target/tmp"));
const shots = process.argv[3];
const shoot = (page, name) => shot(page, shots, name);
const [good, hostile, empty, large] = ["compare", "hostile", "empty", "large"].map((name) => join(pages, name + ".html"));
const comparison = JSON.parse(readFileSync(join(root, "tests/browser/compare.json"), "utf8"));

// Nothing in a picture is cut off at its edge or written over something else.
async function legible(page) {
  return page.evaluate(() => {
    const wrong = [];
    for (const svg of document.querySelectorAll("svg.chart")) {
      if (!svg.getClientRects().length) continue;
      const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
      const boxes = [...svg.querySelectorAll("text")].map((text) => ({ text: text.textContent.trim(), box: text.getBBox() })).filter(({ text }) => text);
      for (const { text, box } of boxes) {
        if (box.x < -1 || box.y < -1 || box.x + box.width > width + 1 || box.y + box.height > height + 1) wrong.push(`cut off: ${text}`);
      }
      boxes.forEach((a, i) => {
        for (const b of boxes.slice(i + 1)) {
          // Line boxes are taller than letters.
          const across = Math.min(a.box.x + a.box.width, b.box.x + b.box.width) - Math.max(a.box.x, b.box.x);
          const down = Math.min(a.box.y + a.box.height, b.box.y + b.box.height) - Math.max(a.box.y, b.box.y);
          if (across > 1 && down > 5) wrong.push(`overlap: ${a.text} | ${b.text}`);
        }
      });
    }
    return wrong;
  });
}
const chinese = /[\u4e00-\u9fff]/;

const tests = {
  async "shows warnings first, every chart, and the articles behind each figure"() {
    const { page, calm } = await visit(good);
    assert.equal(await page.locator("main section").first().getAttribute("id"), "warnings");
    assert.match(await page.locator(".warnings li").first().textContent(), /^✕ Not answered/);
    assert.equal(await page.locator("svg.chart").count(), comparison.companies.length + comparison.trends.length + 2);
    for (const svg of await page.locator("svg.chart").all()) {
      assert.ok((await svg.locator("title").textContent()).length > 5);
      assert.ok((await svg.boundingBox()).height > 40);
    }
    assert.deepEqual(await legible(page), []);
    await accessible(page, "comparison");
    await shoot(page, "compare-desktop");
    // A figure of the table opens its articles; so does a cell of the map.
    const at = comparison.cells.findIndex((cell) => cell.examples.length > 5);
    await page.locator(`#cells a[href="#cell${at}"]`).first().click();
    const list = page.locator(`#cell${at}`);
    assert.ok(await list.evaluate((details) => details.open));
    assert.equal(await list.locator("li").count(), comparison.cells[at].examples.length);
    const first = comparison.articles[comparison.cells[at].examples[0]];
    assert.ok((await list.locator("li").first().textContent()).includes(first.title));
    assert.equal(await list.locator("li a").first().getAttribute("href"), comparison.cells[at].examples.map((i) => comparison.articles[i].url).find(Boolean));
    await page.locator(`rect[data-cell="${at + 1}"]`).click();
    assert.ok(await page.locator(`#cell${at + 1}`).evaluate((details) => details.open));
    await accessible(page, "comparison, opened");
    await calm();
  },

  async "charts show the numbers"() {
    const { page, calm } = await visit(good);
    const signed = (x) => (x < 0 && x.toFixed(2) !== "-0.00" ? "−" : "+") + Math.abs(x).toFixed(2);
    const shown = (cell) => signed(cell.shrunken?.estimate.value ?? (cell.corrected?.by === "gold" ? cell.corrected.estimate.value : cell.raw.value));
    const map = await page.locator("#map svg text").allTextContents();
    assert.deepEqual(map.map((t) => t.trim()).filter((t) => /^[+−]/.test(t)).sort(), comparison.cells.map(shown).sort());
    // A filled dot stands at its value: −1 and +1 are the ends of the axis.
    for (const [c, company] of comparison.companies.entries()) {
      const cells = comparison.cells.filter((cell) => cell.company === company && cell.shrunken);
      const values = cells.map((cell) => cell.shrunken.estimate.value).sort((a, b) => b - a);
      const places = await page.locator(`#stance figure[data-c="${c}"] circle[r="5"]`).evaluateAll((dots) => dots.map((dot) => Number(dot.getAttribute("cx"))));
      const [left, right] = [118, 344 - 14];
      values.forEach((value, i) => assert.ok(Math.abs(places[i] - (left + ((value + 1) / 2) * (right - left))) <= 1.5, `${company} ${value} ${places[i]}`));
    }
    await calm();
  },

  async "speaks Chinese and remembers it"() {
    const { page, context, calm } = await visit(good);
    await page.click("#language");
    assert.equal(await page.getAttribute("html", "lang"), "zh-Hans");
    assert.equal(await page.locator("h1").textContent(), "媒体立场比较");
    assert.equal(await page.title(), "媒体立场比较 – Lichang");
    const left = await page.evaluate(() => [...document.querySelectorAll(".t, [data-zh]")].map((e) => e.textContent));
    const names = new Set(comparison.companies.concat(comparison.groups.map((g) => g.name)));
    const allowed = (text) => chinese.test(text) || names.has(text) || /^(p|Hedges' g|[\d.,%]+|Lichang [\d.]+|outlet|2026-.*|[0-9a-f]{12}@.*)$/.test(text);
    assert.deepEqual(left.filter((text) => !allowed(text)), []);
    assert.deepEqual(await legible(page), []);
    await accessible(page, "comparison in Chinese");
    await shoot(page, "compare-chinese");
    const again = await context.newPage();
    await again.goto(page.url());
    await again.click("#language");
    assert.equal(await again.locator("h1").textContent(), "Outlets compared");
    await calm();
  },

  async "sorts tables and filters by company, with the keyboard"() {
    const { page, calm } = await visit(good);
    const head = page.locator("#cells table").nth(0).locator("th button").nth(3);
    const values = async () =>
      (await page.locator("#cells table").nth(0).locator("tbody tr td:nth-child(4) b").allTextContents()).map((t) => Number(t.replace("−", "-")));
    await head.focus();
    await page.keyboard.press("Enter");
    const up = await values();
    assert.deepEqual(up, [...up].sort((a, b) => a - b));
    assert.equal(await head.locator("..").getAttribute("aria-sort"), "ascending");
    await page.keyboard.press("Enter");
    assert.deepEqual(await values(), [...up].sort((a, b) => b - a));
    // What has no number stands last both ways.
    const p = page.locator("#differences th button").nth(4);
    for (let times = 0; times < 2; times++) {
      await p.click();
      assert.equal(await page.locator("#differences tbody tr").last().locator("td").nth(3).textContent(), "–");
    }
    await page.selectOption("#company", { label: comparison.companies[1] });
    assert.equal(await page.locator("#stance figure:visible").count(), 1);
    const rows = page.locator("#cells table").nth(0).locator("tbody tr:visible");
    assert.equal(await rows.count(), comparison.cells.filter((cell) => cell.company === comparison.companies[1]).length);
    assert.ok((await page.locator(".warnings li:visible").count()) === comparison.warnings.length, "warnings stay");
    await page.selectOption("#company", "");
    assert.equal(await page.locator("#stance figure:visible").count(), comparison.companies.length);
    await calm();
  },

  async "is readable on a phone and in the dark"() {
    const phone = await visit(good, { viewport: { width: 390, height: 844 }, hasTouch: true });
    assert.ok(await phone.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing is wider than the phone");
    assert.deepEqual(await legible(phone.page), []);
    await accessible(phone.page, "comparison on a phone");
    await shoot(phone.page, "compare-phone");
    await phone.page.click("#language");
    await shoot(phone.page, "compare-phone-chinese");
    await phone.calm();
    const dark = await visit(good, { colorScheme: "dark" });
    for (const summary of await dark.page.locator("summary").all()) await summary.click();
    await accessible(dark.page, "comparison in the dark");
    // The colours of the pictures follow: text of a chart is light, a coloured cell dark.
    const [ink, cell] = await dark.page.evaluate(() =>
      ["#map svg text", '#map svg rect[fill^="#"]'].map((which) => getComputedStyle(document.querySelector(which)).fill.match(/\d+/g).map(Number)));
    assert.ok(Math.min(...ink) > 200 && Math.max(...cell) < 160, `${ink} on ${cell}`);
    await shoot(dark.page, "compare-dark");
    await dark.calm();
  },

  async "prints"() {
    const { page, calm } = await visit(good, { viewport: { width: 718, height: 1000 } });
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator("details.numbers:not([open])").count(), 0);
    assert.equal(await page.locator("#tools").isVisible(), false);
    const wide = await page.evaluate(() =>
      [...document.querySelectorAll("table, svg")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.closest("section").id));
    assert.deepEqual(wide, [], "nothing is cut off at the edge of the paper");
    if (shots) await page.pdf({ path: join(shots, "compare.pdf"), format: "A4", margin: { top: "12mm", bottom: "12mm", left: "10mm", right: "10mm" } });
    await calm();
  },

  async "shows everything without JavaScript"() {
    const { page, calm } = await visit(good, { javaScriptEnabled: false });
    assert.equal(await page.locator("#tools").isVisible(), false);
    assert.equal(await page.locator("svg.chart").count(), comparison.companies.length + comparison.trends.length + 2);
    await page.locator(".behind summary").first().click();
    assert.ok(await page.locator(".behind li").first().isVisible());
    await calm();
  },

  async "runs nothing of hostile names"() {
    const { page, calm } = await visit(hostile, { viewport: { width: 390, height: 844 } });
    for (const summary of await page.locator("summary").all()) await summary.click();
    await page.click("#language");
    await page.selectOption("#company", { index: 1 });
    await page.selectOption("#company", "");
    await page.locator("th button").first().click();
    const links = await page.locator(".behind li a").evaluateAll((all) => all.map((a) => a.protocol));
    assert.ok(links.length > 10 && links.every((protocol) => /^https?:$/.test(protocol)), [...new Set(links)].join());
    assert.deepEqual(await page.evaluate(() => ({ ...document.documentElement.dataset })), {});
    // Every element is one of the page's own kinds, without handlers.
    const strange = await page.evaluate(() =>
      [...document.querySelectorAll("*")].filter((e) => ["IMG", "IFRAME", "OBJECT", "foreignObject"].includes(e.tagName) || [...e.attributes].some((a) => a.name.startsWith("on") || a.name === "style")).map((e) => e.outerHTML.slice(0, 80)));
    assert.deepEqual(strange, []);
    assert.equal(await page.locator("script").count(), 1);
    assert.deepEqual(await legible(page), []);
    const wide = await page.evaluate(() =>
      [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll")).map((e) => e.outerHTML.slice(0, 80)));
    assert.deepEqual(wide, [], "no name is wider than the phone");
    await accessible(page, "hostile");
    await shoot(page, "compare-hostile");
    await calm();
  },

  async "a large comparison is legible"() {
    const { page, calm } = await visit(large);
    assert.deepEqual(await legible(page), []);
    await shoot(page, "compare-large");
    await calm();
  },

  async "an empty comparison says so"() {
    const { page, calm } = await visit(empty);
    assert.equal(await page.locator("svg").count(), 0);
    await accessible(page, "empty");
    await calm();
  },
};
await run(tests);
