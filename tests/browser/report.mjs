// Tries the pages that `lichang` writes in a real browser.
//
//   npm ci --prefix tests/browser && node tests/browser/report.mjs [path of lichang] [folder for screenshots]
//
// Needs Chromium (CHROMIUM, else /usr/bin/chromium). Everything is read from files; a request to anywhere else fails the test.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
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

// Enough articles for a page whose texts are packed: the two of the folder by turns, each with a number in it.
const packed = join(work, "packed.html");
const few = join(work, "few.html");
const PACKED = 400;
const texts = ["quay", "lighthouse"].map((name) => readFileSync(join(root, `tests/inputs/report/${name}.md`), "utf8").replace(/^---[^]*?---\n/, ""));
const numbered = (at) => JSON.stringify({ id: `a${at}`, title: `Edition ${at}`, text: texts[at % 2].replace("\n\n", `\n\nEdition ${at} \u{1F4F0} </script> ${(at + 1) * 7919}\n\n`) }) + "\n";
writeFileSync(join(work, "many.jsonl"), Array.from({ length: PACKED }, (_, at) => numbered(at)).join(""));
writeFileSync(join(work, "few.jsonl"), numbered(0) + numbered(1));
lichang("score", join(work, "many.jsonl"), ...targets, "--format", "html", "--output", packed);
lichang("score", join(work, "few.jsonl"), ...targets, "--format", "html", "--output", few);

const receipt = join(work, "receipt.html");
lichang("train", "--base", "default", "data/examples/held-out.jsonl", "--output", join(work, "m.lichang"), "--report", receipt);

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

  async "shows probabilities when pointed at or focused"() {
    const { page, calm } = await visit(single);
    const line = page.locator("li", { has: page.locator("button", { hasText: "Velmora" }) }).first();
    const tip = line.getByRole("tooltip");
    assert.equal(await tip.isVisible(), false);
    await line.locator("button").first().hover();
    assert.match(await tip.textContent(), /^favor 0\.\d{3} · neutral 0\.\d{3} · against 0\.\d{3}$/);
    assert.equal(await tip.isVisible(), true);
    await page.mouse.move(0, 0);
    assert.equal(await tip.isVisible(), false);
    await page.keyboard.press("Tab");
    for (let i = 0; i < 40 && !(await tip.isVisible()); i++) await page.keyboard.press("Tab");
    assert.equal(await tip.isVisible(), true, "the keyboard reaches it");
    await accessible(page, "tooltip");
    await shoot(page, "tooltip");
    await page.keyboard.press("Escape");
    assert.equal(await tip.isVisible(), false);
    await calm();
  },

  async "a corrected sentiment is downloaded and trained on"() {
    const { page, context, calm } = await visit(single);
    const tones = page.locator("li.tone > button");
    assert.equal(await page.locator(".boilerplate li").count(), 0, "boilerplate has no margin");
    const line = page.locator(".p", { hasText: "bloated" }).locator("li.tone");
    assert.match(await line.locator("button").first().textContent(), /Sentiment (positive|neutral|negative)/);
    await line.locator("button").first().click();
    assert.deepEqual(await line.locator("input").evaluateAll((all) => all.map((input) => input.value)), ["positive", "neutral", "negative"]);
    await line.getByRole("radio", { name: "positive" }).check();
    const other = page.locator(".p", { hasText: "ferry" }).locator("li.tone");
    await other.locator("button").first().click();
    await other.getByRole("radio", { name: "negative" }).check();
    await page.locator("li > button", { hasText: "Brindlecore" }).nth(1).click();
    await page.locator("li", { has: page.locator("button", { hasText: "Brindlecore" }) }).nth(1).getByRole("radio", { name: "favor" }).check();
    await accessible(page, "sentiment");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
    const file = join(work, "sentiment.jsonl");
    await download.saveAs(file);
    const records = readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line));
    const tone = records.find((record) => !("target" in record));
    assert.equal(records.length, 3);
    assert.deepEqual([tone.label, tone.lang, "from" in tone], ["positive", "en", false]);
    assert.ok(Math.abs(Object.values(tone.suggestion.p).reduce((a, b) => a + b) - 1) < 0.002);
    const evaluated = JSON.parse(lichang("evaluate", file, "--format", "json", ...targets));
    assert.deepEqual([evaluated.stance.n, evaluated.sentiment.n], [1, 2]);
    const trained = join(work, "s.lichang");
    lichang("train", "--base", "default", file, "data/examples/held-out.jsonl", ...targets, "--output", trained);
    assert.ok(statSync(trained).size > 1000);
    const again = await context.newPage();
    await again.goto(pathToFileURL(single).href);
    assert.match(await again.locator("li.tone > button", { hasText: "(corrected)" }).first().textContent(), /positive/);
    assert.ok((await tones.count()) > 3);
    await calm();
  },

  async "a large page packs its texts and opens them"() {
    assert.ok(statSync(packed).size < 400_000, `${statSync(packed).size} bytes`);
    const { page, calm } = await visit(packed);
    const plain = await visit(few);
    assert.equal(await page.locator("article").count(), PACKED);
    assert.equal(await page.locator("script.pack").count(), 1);
    assert.equal(await page.locator(".p").count(), 0);
    for (const at of [0, 1, PACKED - 2, PACKED - 1]) {
      const article = page.locator("article").nth(at);
      const like = plain.page.locator("article").nth(at % 2);
      for (const one of [article, like]) if (!(await one.locator("details").evaluate((d) => d.open))) await one.locator("summary").click();
      // The same paragraphs, marks and labels as on a plain page.
      const looks = (of, at) =>
        of.locator(".p").evaluateAll((all, at) =>
          all.map((p) => [p.className, p.firstChild.outerHTML.replace(`Edition ${at} `, "Edition N ").replace(String((at + 1) * 7919), "M"), [...p.querySelectorAll("li > button")].map((b) => b.textContent)]), at);
      // Scores are differences of rounded probabilities.
      const [found, wanted] = [await looks(article, at), await looks(like, at % 2)];
      const scores = (of) => [...JSON.stringify(of).matchAll(/[+−](\d\.\d\d)/g)].map((match) => Number(match[1]));
      scores(found).forEach((score, i) => assert.ok(Math.abs(score - scores(wanted)[i]) < 0.011));
      const rest = (of) => JSON.stringify(of, null, 1).replace(/[+−]\d\.\d\d/g, "");
      assert.equal(rest(found), rest(wanted));
      const table = async (of) => (await of.locator("table").first().textContent()).replaceAll("\n", "");
      assert.equal(await table(article), await table(like));
    }
    // Words are coloured as there, but for the palest.
    for (const one of [page, plain.page]) await one.selectOption("#company", "Brindlecore");
    const words = (of) => of.locator("article").first().locator(".w:not(.f1, .a1)").allTextContents();
    const coloured = await words(page);
    assert.ok(coloured.includes("bloated"));
    assert.deepEqual(coloured, await words(plain.page));
    const bloated = page.locator(".w", { hasText: /^bloated$/ }).first();
    assert.match(await bloated.getAttribute("title"), /^≈ −\d\.\d\d$/);
    // A correction is downloaded with the text, also of an article that nobody opened since.
    const line = page.locator("article").nth(PACKED - 1).locator("li", { has: page.locator("button", { hasText: "Velmora" }) }).first();
    await line.locator("button").first().click();
    await line.getByRole("radio", { name: "against" }).check();
    await accessible(page, "packed");
    await page.reload();
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
    await download.saveAs(join(work, "packed.jsonl"));
    const record = JSON.parse(readFileSync(join(work, "packed.jsonl"), "utf8"));
    assert.deepEqual([record.doc.endsWith(`a${PACKED - 1}`), record.target, record.label, record.lang], [true, "Velmora", "against", "zh"]);
    assert.equal([...record.text].slice(record.from, record.to).join(""), "维尔莫拉");
    assert.equal(JSON.parse(lichang("evaluate", join(work, "packed.jsonl"), "--format", "json", ...targets)).stance.n, 1);
    await page.fill("#filter", "Edition 399");
    assert.equal(await page.locator("article:visible").count(), 1);
    await page.click("#language");
    assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll("article:not([hidden]) .t")].map((e) => e.textContent).filter((t) => !/[\u4e00-\u9fff]/.test(t))), []);
    await page.locator("article:visible summary").click();
    await shoot(page, "packed");
    await plain.calm();
    await calm();
    const still = await visit(packed, { javaScriptEnabled: false });
    assert.match(await still.page.locator("article").first().textContent(), /Brindlecore (favor|neutral|against)\?? [+−]0\.\d\d/);
    assert.match(await still.page.locator("main").textContent(), /open with JavaScript/);
    await still.calm();
  },

  async "the receipt of a training"() {
    const { page, calm } = await visit(receipt);
    assert.equal(await page.locator("h1").textContent(), "Receipt of a training");
    assert.ok((await page.locator("table").count()) > 5);
    assert.match(await page.locator("main").textContent(), /McNemar: \d+ /);
    await accessible(page, "receipt");
    await shoot(page, "receipt");
    await page.click("#language");
    assert.equal(await page.locator("h1").textContent(), "训练回执");
    const left = await page.evaluate(() => [...document.querySelectorAll(".t")].map((e) => e.textContent).filter((t) => !/[\u4e00-\u9fff]/.test(t)));
    assert.deepEqual([...new Set(left)], []);
    await shoot(page, "receipt-chinese");
    await calm();
    for (const options of [{ colorScheme: "dark" }, { viewport: { width: 390, height: 844 }, hasTouch: true }]) {
      const other = await visit(receipt, options);
      assert.ok(await other.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing is wider than the window");
      await accessible(other.page, "receipt " + JSON.stringify(options));
      await shoot(other.page, options.colorScheme ? "receipt-dark" : "receipt-phone");
      await other.calm();
    }
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
