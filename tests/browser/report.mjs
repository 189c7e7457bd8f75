// Tries the pages that `lichang` writes in a real browser.
//
//   npm ci --prefix tests/browser && node tests/browser/report.mjs [path of lichang] [folder for screenshots]
//
// Needs Chromium (CHROMIUM, else /usr/bin/chromium). Everything is read from files; a request to anywhere else fails the test.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { accessible, browser, run, shoot as shot, visit } from "./harness.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const program = resolve(process.argv[2] ?? join(root, "target/release/lichang"));
const shots = process.argv[3];
const shoot = (page, name) => shot(page, shots, name);
const work = mkdtempSync(join(tmpdir(), "lichang-browser-"));
const lichang = (...args) => execFileSync(program, args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const targets = ["--targets", "tests/inputs/report/targets.toml"];

const report = join(work, "report.html");
const single = join(work, "single.html");
const why = join(work, "why.html");
lichang("score", "tests/inputs/report", ...targets, "--format", "html", "--output", report);
lichang("score", "tests/inputs/report/quay.md", ...targets, "--format", "html", "--output", single);
lichang("explain", "tests/inputs/report/quay.md", ...targets, "--format", "html", "--output", why);

const tests = {
  async "opens articles, colours words, keeps texts"() {
    const { page, calm } = await visit(report);
    assert.equal(await page.locator("article").count(), 2);
    const plain = await page.locator(".p > p:first-child").allTextContents();
    for (const summary of await page.locator("article summary").all()) await summary.click();
    await page.selectOption("#company", "Brindlecore");
    assert.ok((await page.locator(".w").count()) > 5);
    assert.deepEqual(await page.locator(".p > p:first-child").allTextContents(), plain);
    // What is coloured is a word, not a piece of one, also behind characters beyond the basic plane.
    const bloated = page.locator(".w", { hasText: /^bloated$/ });
    assert.match(await bloated.getAttribute("class"), /\ba[1-5]\b/);
    await bloated.click();
    assert.match(await page.locator("#status").textContent(), /“bloated” −\d\.\d\d/);
    const zh = await page.locator(".w").allTextContents();
    assert.ok(zh.includes("失望") || zh.includes("令人失望"), zh.join(" "));
    assert.equal(await page.locator(".boilerplate").count(), 4);
    await accessible(page, "report");
    await shoot(page, "report-desktop");
    await calm();
  },

  async "a correction made with the keyboard is downloaded as a label record"() {
    const { page, context, calm } = await visit(single);
    const button = page.locator("li > button", { hasText: "Velmora" }).nth(0);
    await button.focus();
    await page.keyboard.press("Enter");
    assert.equal(await button.getAttribute("aria-expanded"), "true");
    const radios = page.locator("li", { hasText: "Velmora" }).first().locator("input[type=radio]");
    await radios.first().focus();
    await page.keyboard.press("Space");
    await page.keyboard.press("ArrowDown");
    assert.ok(await radios.nth(1).isChecked());
    assert.match(await button.textContent(), /neutral \(corrected\)/);
    assert.match(await page.locator("#status").textContent(), /Correction kept/);
    await page.fill("#annotator", "li wei");
    await accessible(page, "panel");
    await shoot(page, "panel");
    // Another, by clicks: Chinese text with characters beyond the basic plane.
    const chinese = page.locator(".p", { hasText: "遥遥领先" });
    await chinese.locator("button", { hasText: "Velmora" }).first().click();
    await chinese.getByRole("radio", { name: "against" }).last().check();
    await page.keyboard.press("Escape");
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-expanded")), "false");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
    assert.equal(download.suggestedFilename(), "corrections.jsonl");
    const file = join(work, "corrections.jsonl");
    await download.saveAs(file);
    const records = readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line));
    assert.equal(records.length, 2);
    assert.deepEqual(records.map((r) => [r.target, r.label, r.annotator, r.lang]), [["Velmora", "neutral", "li wei", "en"], ["Velmora", "against", "li wei", "zh"]]);
    // Offsets are code points, not UTF-16 units.
    const named = records.map((r) => [...r.text].slice(r.from, r.to).join(""));
    assert.deepEqual(named, ["Velmora", "维尔莫拉"]);
    for (const { text, from } of records) assert.notEqual(text.indexOf(text.includes("Velmora") ? "Velmora" : "维尔莫拉"), from);
    assert.match(records[0].suggestion.model, /^[0-9a-f]{12}/);
    assert.ok(Math.abs(Object.values(records[0].suggestion.p).reduce((a, b) => a + b) - 1) < 0.002);
    const evaluated = JSON.parse(lichang("evaluate", file, "--format", "json", ...targets));
    assert.equal(evaluated.stance.n, 2, "our own reader takes both records");
    // They are there again when the page is opened again, and gone when withdrawn.
    const again = await context.newPage();
    await again.goto(pathToFileURL(single).href);
    assert.match(await again.locator("#download").textContent(), /\(2\)/);
    await again.locator("li > button", { hasText: "(corrected)" }).first().click();
    await again.getByRole("button", { name: "Withdraw" }).first().click();
    assert.match(await again.locator("#download").textContent(), /\(1\)/);
    await calm();
  },

  async "speaks Chinese and remembers it"() {
    const { page, context, calm } = await visit(single);
    await page.click("#language");
    assert.equal(await page.getAttribute("html", "lang"), "zh-Hans");
    assert.equal(await page.locator("h1").textContent(), "对公司的立场");
    assert.match(await page.locator("li > button").first().textContent(), /支持|中立|反对/);
    assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll(".t")].map((e) => e.textContent).filter((t) => !/[\u4e00-\u9fff]/.test(t))), []);
    await shoot(page, "chinese");
    const again = await context.newPage();
    await again.goto(pathToFileURL(single).href);
    assert.equal(await again.getAttribute("html", "lang"), "zh-Hans");
    await again.click("#language");
    assert.equal(await again.locator("h1").textContent(), "Stance toward companies");
    await calm();
  },

  async "filters articles and opens all for printing"() {
    const { page, calm } = await visit(report);
    await page.fill("#filter", "harbour");
    assert.deepEqual(await page.locator("article").evaluateAll((all) => all.map((a) => a.hidden)), [true, false]);
    await page.emulateMedia({ media: "print" });
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    assert.equal(await page.locator("article details:not([open])").count(), 0);
    assert.equal(await page.locator("#tools").isVisible(), false);
    await calm();
  },

  async "is readable on a phone and in the dark"() {
    const phone = await visit(single, { viewport: { width: 360, height: 740 }, hasTouch: true });
    await phone.page.selectOption("#company", "Velmora");
    assert.ok(await phone.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing is wider than the phone");
    const heights = await phone.page.locator("table tr").evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().height));
    assert.ok(Math.max(...heights) < 60, `names are not broken into letters: ${heights}`);
    await accessible(phone.page, "phone");
    await shoot(phone.page, "phone");
    await phone.calm();
    const dark = await visit(report, { colorScheme: "dark" });
    for (const summary of await dark.page.locator("article summary").all()) await summary.click();
    await dark.page.locator("li > button").first().click();
    await accessible(dark.page, "dark");
    await shoot(dark.page, "dark");
    await dark.calm();
  },

  async "shows everything without JavaScript"() {
    const { page, calm } = await visit(report, { javaScriptEnabled: false });
    assert.equal(await page.locator("#tools").isVisible(), false);
    await page.locator("article summary").last().click();
    assert.match(await page.locator(".p.s").last().textContent(), /(favor|neutral|against)/);
    await shoot(page, "no-script");
    await calm();
  },

  async "explains"() {
    const { page, calm } = await visit(why);
    assert.ok((await page.locator(".w").count()) > 5);
    await accessible(page, "explanation");
    await shoot(page, "why");
    await page.click("#language");
    assert.equal(await page.locator("h1").textContent(), "为什么：得分背后的词语");
    assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll(".t")].map((e) => e.textContent).filter((t) => t !== "logit" && !/[\u4e00-\u9fff]/.test(t))), []);
    await calm();
  },

  async "works where storage is blocked"() {
    const context = await browser.newContext({ locale: "en-GB" });
    await context.addInitScript(() => Object.defineProperty(window, "localStorage", { get() { throw new DOMException("blocked", "SecurityError"); } }));
    const page = await context.newPage();
    await page.goto(pathToFileURL(single).href);
    await page.locator("li > button").first().click();
    await page.getByRole("radio").first().check();
    assert.match(await page.locator("#status").textContent(), /download before you leave/);
    await context.close();
  },
};

await run(tests);
rmSync(work, { recursive: true });
