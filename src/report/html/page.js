"use strict";
// Colours the words of a report by what they add to a score, collects corrections and switches the language of the interface. Without it the
// page shows texts, labels and numbers all the same.

const ZH = {
  "favor": "支持", "neutral": "中立", "against": "反对", "unsure": "不确定", "by reference": "仅以指代提及",
  "Company": "公司", "Score": "得分", "95 % interval": "95% 区间", "Label": "标签", "Paragraphs": "段落", "Mentions": "提及",
  "What the article says of each company": "文章对各公司的立场", "No company of the table is mentioned.": "文中没有提到表中的公司。",
  "Text": "正文", "paragraphs": "段", "boilerplate": "非正文", "heading": "标题", "quote": "引文", "list item": "列表项", "body": "正文",
  "date line": "日期行", "byline": "署名", "caption": "图片说明", "disclaimer": "免责声明", "copyright notice": "版权声明",
  "record number": "备案号", "call to action": "引导语", "source link": "来源链接", "self-description": "自我介绍", "code": "代码",
  "Skip to the articles": "跳到文章", "Stance toward companies": "对公司的立场", "Why: the words behind a score": "为什么：得分背后的词语",
  "Made offline by Lichang with the model": "由立场（Lichang）离线生成，模型",
  "The score is P(favor) − P(against), from −1 to +1; bars show it with its interval. In the margin: the probabilities of favor / neutral / against. A question mark: unsure.":
    "得分为 P(支持) − P(反对)，从 −1 到 +1；条形图显示得分及其区间。旁注依次为支持 / 中立 / 反对的概率。问号表示不确定。",
  "Words for the company have a straight underline, words against it a wavy one; the darker, the more they add to logit(favor) − logit(against).":
    "支持该公司的词用直线标出，反对的用波浪线；颜色越深，对 logit(支持) − logit(反对) 的贡献越大。",
  "A line in the margin opens its probabilities and words, and takes the right label if it is wrong.":
    "点按旁注可查看其概率和词语；若标签有误，可在那里改正。",
  "Colour words for": "按公司给词语着色", "no company": "不着色", "Show articles with": "只显示包含此文字或公司的文章", "Annotator": "标注者",
  "Download corrections": "下载更正", "Articles": "文章", "Probability": "概率", "Words for": "支持的词", "Words against": "反对的词",
  "Adds": "贡献", "Word": "词", "Right label": "正确的标签", "Withdraw": "撤回", "corrected": "已更正", "Correction kept": "更正已保存",
  "Correction withdrawn": "更正已撤回", "This browser keeps nothing; download before you leave.": "此浏览器不保存数据；离开前请下载。",
  "no word": "没有词", "Paragraph": "段落", "As the model reads it": "模型读到的文本", "stands for": "代表", "bias": "截距", "words": "词语合计",
  "no single word": "不属于任何词", "total": "合计", "missed by": "误差", "Sum of the parts: logit(favor) − logit(against)": "各部分之和：logit(支持) − logit(反对)",
  "By block of features": "按特征块", "Part": "部分", "Block": "特征块", "From logits to the label": "从 logit 到标签", "Step": "步骤",
  "logits": "logit", "probabilities": "概率", "calibrated": "校准后", "in the article": "结合全文", "ln p + offset": "ln p + 偏置",
  "Receipt of a training": "训练回执", "Skip to the figures": "跳到数据",
  "The new model beside the old one, each new label judged by a model that was not trained on its document. Intervals are 95 % (paired bootstrap over documents).":
    "新旧模型对照：每条新标签都由没有用过该文档的模型判断。区间为 95%（按文档的配对自助法）。",
  "Warnings": "警告", "Metric": "指标", "Old": "旧", "New": "新", "Difference": "差值", "Stance": "立场", "Sentiment": "情感",
  "the new model is better": "新模型更好", "the new model is worse": "新模型更差", "no significant change": "没有显著变化",
  "records in": "条标签，文档数", "documents": "篇", "right only before": "仅旧模型正确", "right only now": "仅新模型正确",
  "very close to the old model": "紧贴旧模型", "close to the old model": "接近旧模型", "free, from the old model": "以旧模型为起点，放开训练",
  "free, from half of the old model": "以旧模型的一半为起点，放开训练", "from the new labels alone, without the old model": "只用新标签，不用旧模型",
  "Training went": "训练方式", "How the departure was chosen": "离开旧模型的程度如何选定", "Departure": "方式", "Log-loss": "对数损失", "the old model as it is": "旧模型本身",
  "What changed": "变化的标签", "Record": "记录", "Truth": "人工标签", "Became": "结果", "Words": "词语", "broken": "改错", "still wrong": "仍错",
  "Calibration": "校准", "Probability up to": "概率不超过", "Records": "条数", "Mean probability": "平均概率", "Right": "正确率",
  "macro-F1": "宏平均 F1", "accuracy": "准确率", "calibration error": "校准误差", "F1 of favor": "F1（支持）", "F1 of neutral": "F1（中立）", "F1 of against": "F1（反对）",
  "F1 of positive": "F1（正面）", "F1 of negative": "F1（负面）", "positive": "正面", "negative": "负面", "all languages": "全部语言",
  "of which shown": "其中列出", "new model": "新模型", "old model": "旧模型",
};
const STANCES = ["favor", "neutral", "against"];
const MARKS = { favor: "▲", neutral: "●", against: "▼" };
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUE = new Map([...DIGITS].map((digit, at) => [digit, at]));

const storage = {
  get(key) { try { return localStorage.getItem(key); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(key, value); return true; } catch { return false; } },
};

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// --- language of the interface ---

let chinese = false;
const translate = (english) => (chinese && ZH[english]) || english;
const english = new WeakMap();

function show(element) {
  if (!english.has(element)) english.set(element, element.textContent);
  element.textContent = translate(english.get(element));
}
function word(text, tag = "span") {
  const element = make(tag, { className: "t", textContent: text });
  show(element);
  return element;
}
function setLanguage(to) {
  chinese = to;
  document.documentElement.lang = to ? "zh-Hans" : "en";
  document.querySelectorAll(".t").forEach(show);
  const button = document.getElementById("language");
  button.textContent = to ? "English" : "中文";
  button.lang = to ? "en" : "zh-Hans";
  storage.set("lichang language", to ? "zh" : "en");
}

// --- data ---

function number(text, at) { return VALUE.get(text[at]) * 64 + VALUE.get(text[at + 1]); }

// Tokens are a gap and a length in UTF-16 units: one digit where both are small, else an "A" and two digits each.
function tokens(text) {
  const found = [];
  let at = 0;
  for (let i = 0; i < text.length; ) {
    let gap, length;
    if (text[i] === "A") {
      [gap, length] = [number(text, i + 1), number(text, i + 3)];
      i += 5;
    } else {
      const value = VALUE.get(text[i]);
      [gap, length] = [value >> 5, value & 31];
      i += 1;
    }
    found.push([at + gap, at + gap + length]);
    at += gap + length;
  }
  return found;
}
// In hundredths of a logit: one digit where they are small, else a "_" and two digits.
function contributions(text) {
  const found = [];
  for (let i = 0; i < text.length; ) {
    const far = text[i] === "_";
    found.push((far ? number(text, i + 1) - 2047 : VALUE.get(text[i]) - 31) / 100);
    i += far ? 3 : 1;
  }
  return found;
}
const signed = (x, decimals) => {
  const text = (x < 0 ? "−" : "+") + Math.abs(x).toFixed(decimals);
  return /[1-9]/.test(text) ? text : "+" + text.slice(1);
};
function level(contribution) {
  const steps = [0.05, 0.15, 0.4, 0.8, 1.5];
  return steps.filter((step) => Math.abs(contribution) >= step).length;
}

// --- one article ---

const articles = [...document.querySelectorAll("article.scored")].map((element) => {
  const data = JSON.parse(element.querySelector("script").textContent);
  const title = element.querySelector("h2").textContent;
  return { element, data, title, details: element.querySelector("details"), ready: false, paragraphs: [] };
});
let company = "";

// What a line of the margin says, and what only the script knows of it.
function read(item, [from, to, coded]) {
  const [name, label, value, p] = item.childNodes;
  return {
    item, from, to, coded,
    target: name.textContent.trim(),
    label: item.className,
    unsure: label.textContent.endsWith("?"),
    value: value.textContent.trim(),
    p: p.textContent.split(" ", 3),
    byReference: p.textContent.endsWith("by reference"),
  };
}

function prepare(article) {
  if (article.ready) return;
  article.ready = true;
  const blocks = article.element.querySelectorAll(".p.s");
  article.paragraphs = article.data.p.map(([place, coded, scores], k) => {
    const block = blocks[k];
    const text = block.querySelector("p");
    const mentions = [];
    let at = 0;
    for (const node of text.childNodes) {
      const length = node.textContent.length;
      if (node.nodeType === Node.ELEMENT_NODE) mentions.push([at, at + length, Number(node.dataset.c)]);
      at += length;
    }
    const paragraph = { place, text, mentions, plain: text.textContent, tokens: tokens(coded) };
    paragraph.scores = [...block.querySelectorAll("li")].map((item, j) => read(item, scores[j]));
    paragraph.scores.forEach((score) => chip(article, paragraph, score));
    return paragraph;
  });
}

function colour(article) {
  if (!article.ready) return;
  const target = article.data.t.indexOf(company);
  for (const paragraph of article.paragraphs) {
    const score = paragraph.scores.find((s) => s.target === company);
    const values = score ? contributions(score.coded) : [];
    // Boundaries of what differs in looks: tokens and mentions.
    const cuts = new Set([0, paragraph.plain.length]);
    const spans = score ? paragraph.tokens : [];
    for (const [from, to] of [...spans, ...paragraph.mentions]) cuts.add(from).add(to);
    const sorted = [...cuts].sort((a, b) => a - b);
    const parts = [];
    let token = 0;
    for (let i = 0; i + 1 < sorted.length; i++) {
      const [from, to] = [sorted[i], sorted[i + 1]];
      const piece = paragraph.plain.slice(from, to);
      while (token < spans.length && spans[token][1] <= from) token++;
      const covered = token < spans.length && spans[token][0] <= from;
      const value = covered ? values[token] : 0;
      const mention = paragraph.mentions.find(([start, end]) => start <= from && to <= end);
      const steps = covered ? level(value) : 0;
      if (!mention && !steps) {
        parts.push(piece);
        continue;
      }
      const element = make(mention ? "b" : "span", { textContent: piece });
      if (mention) {
        element.dataset.c = mention[2];
        if (mention[2] === target) element.classList.add("me");
      }
      if (steps) {
        element.classList.add("w", (value > 0 ? "f" : "a") + steps);
        element.title = signed(value, 2);
      }
      parts.push(element);
    }
    paragraph.text.replaceChildren(...parts);
  }
}

function strongest(paragraph, score, favor) {
  const sums = new Map();
  const values = contributions(score.coded);
  paragraph.tokens.forEach(([from, to], i) => {
    const spelling = paragraph.plain.slice(from, to).toLowerCase();
    if (spelling) sums.set(spelling, (sums.get(spelling) || 0) + values[i]);
  });
  return [...sums]
    .filter(([, sum]) => (favor ? sum >= 0.005 : sum <= -0.005))
    .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]))
    .slice(0, 5);
}

function table(heads, rows) {
  const head = make("tr", {}, ...heads.map((text) => Object.assign(word(text, "th"), { scope: "col" })));
  const body = rows.map(([name, value]) => {
    const first = make("th", { scope: "row" });
    first.append(name);
    return make("tr", {}, first, make("td", { className: "n", textContent: value }));
  });
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
}

let panels = 0;

// Makes a line of the margin a button that opens probabilities, words and labels.
function chip(article, paragraph, score) {
  const { item, target, label: stance } = score;
  const key = [article.data.d, paragraph.place, target].join("\u001f");
  const id = "panel" + ++panels;
  const button = make("button", { type: "button" });
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", id);
  const panel = make("div", { className: "panel", id, hidden: true });
  const render = () => {
    const own = corrections.get(key);
    const label = own || stance;
    item.className = label;
    const mark = make("span", { ariaHidden: "true", textContent: MARKS[label] + " " });
    button.replaceChildren(mark, make("b", { textContent: target }), " ", word(label), score.unsure && !own ? "? " : " ");
    button.append(own ? make("i", {}, "(", word("corrected"), ")") : score.value);
    if (score.byReference) button.append(" · ", word("by reference"));
  };
  const fill = () => {
    const probabilities = STANCES.map((s, i) => [word(s), score.p[i]]);
    const list = (favor) => {
      const found = strongest(paragraph, score, favor);
      const rows = found.map(([text, sum]) => [text, signed(sum, 2)]);
      return table([favor ? "Words for" : "Words against", "Adds"], rows.length ? rows : [[word("no word"), "–"]]);
    };
    const legend = word("Right label", "legend");
    const choices = STANCES.map((s) => {
      const input = make("input", { type: "radio", name: id, value: s, checked: corrections.get(key) === s });
      input.addEventListener("change", () => {
        corrections.set(key, s);
        keep("Correction kept");
        render();
      });
      return make("label", {}, input, word(s));
    });
    const withdraw = make("button", { type: "button" }, word("Withdraw"));
    withdraw.addEventListener("click", () => {
      corrections.delete(key);
      panel.querySelectorAll("input").forEach((input) => (input.checked = false));
      keep("Correction withdrawn");
      render();
    });
    panel.replaceChildren(
      table(["Label", "Probability"], probabilities),
      make("div", { className: "side" }, list(true), list(false)),
      make("fieldset", {}, legend, ...choices, withdraw),
    );
  };
  button.addEventListener("click", () => {
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (panel.hidden) return;
    fill();
    choose(target);
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    button.click();
    button.focus();
  });
  item.replaceChildren(button, panel);
  render();
}

// --- corrections ---

// The report is told by its model and documents (FNV-1a, 32 bits).
function identity() {
  let hash = 0x811c9dc5;
  for (const c of [document.body.dataset.model, ...articles.map((a) => a.data.d)].join("\n")) {
    hash = Math.imul(hash ^ c.codePointAt(0), 0x01000193) >>> 0;
  }
  return "lichang corrections " + hash.toString(16);
}
const place = identity();
const corrections = new Map();
try {
  for (const [key, label] of JSON.parse(storage.get(place) || "[]")) if (STANCES.includes(label)) corrections.set(key, label);
} catch {
  // What another version kept is of no use.
}

function count() {
  const button = document.getElementById("download");
  if (button) button.lastChild.textContent = ` (${corrections.size})`;
}
function tell(...parts) { document.getElementById("status").replaceChildren(...parts); }
function keep(message) {
  const kept = storage.set(place, JSON.stringify([...corrections]));
  tell(word(message), kept ? "" : " ", kept ? "" : word("This browser keeps nothing; download before you leave."));
  count();
}

// Label records as `lichang train` reads them.
function records() {
  const annotator = document.getElementById("annotator").value.trim();
  const lines = [];
  for (const article of articles) {
    if (![...corrections.keys()].some((key) => key.startsWith(article.data.d + "\u001f"))) continue;
    prepare(article);
    for (const { place, text, plain, scores } of article.paragraphs) {
      for (const { target, label, from, to, p } of scores) {
        const own = corrections.get([article.data.d, place, target].join("\u001f"));
        if (!own) continue;
        const record = { id: `${article.data.d}#${place}#${target}`, doc: article.data.d, text: plain, target, label: own };
        if (from < to) Object.assign(record, { from, to });
        record.lang = text.lang || "mixed";
        if (annotator) record.annotator = annotator;
        const probabilities = Object.fromEntries(STANCES.map((s, i) => [s, Number(p[i])]));
        record.suggestion = { label, p: probabilities, model: document.body.dataset.model };
        lines.push(JSON.stringify(record) + "\n");
      }
    }
  }
  return lines;
}
function download() {
  const url = URL.createObjectURL(new Blob(records(), { type: "application/jsonl" }));
  const link = make("a", { href: url, download: "corrections.jsonl" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

// --- the page ---

function choose(name) {
  company = name;
  document.getElementById("company").value = name;
  articles.filter((a) => a.ready).forEach(colour);
}
// A bar from 0 to the score with its interval beside each score of a table.
function bars(article) {
  const rows = article.element.querySelectorAll("table tr");
  rows.forEach((row, i) => {
    const cells = row.querySelectorAll("td");
    const cell = make("td");
    row.insertBefore(cell, row.children[1]);
    if (i === 0) return;
    const [score, low, high] = `${cells[0].textContent} ${cells[1].textContent}`
      .replaceAll("−", "-").split(/[ …]+/).map((text) => Number(text) * 100);
    const draw = (parent, tag, attributes) => {
      const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      parent.append(element);
      return element;
    };
    const svg = draw(cell, "svg", { class: "bar", viewBox: "-100 -6 200 12", preserveAspectRatio: "none", "aria-hidden": "true" });
    draw(svg, "rect", { class: cells[2].className, x: Math.min(score, 0), y: -5, width: Math.abs(score), height: 10 });
    draw(svg, "path", { d: `M0-6v12M${low} 0H${high}` });
  });
}

function open(article) {
  prepare(article);
  colour(article);
}

function tools() {
  const bar = document.getElementById("tools");
  const counts = new Map();
  for (const { data } of articles) for (const name of data.t) counts.set(name, (counts.get(name) || 0) + 1);
  const names = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const select = make("select", { id: "company" }, word("no company", "option"));
  select.firstChild.value = "";
  for (const [name, times] of names) select.append(make("option", { value: name, textContent: `${name} (${times})` }));
  select.addEventListener("change", () => choose(select.value));
  const filter = make("input", { type: "search", id: "filter" });
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    articles.forEach((article, i) => {
      const known = [article.title, article.data.d, ...article.data.t].some((text) => text.toLowerCase().includes(wanted));
      article.element.hidden = !known;
      if (index.children[i]) index.children[i].hidden = !known;
    });
  });
  const annotator = make("input", { id: "annotator", autocomplete: "name", value: storage.get("lichang annotator") || "" });
  annotator.addEventListener("change", () => storage.set("lichang annotator", annotator.value));
  const save = make("button", { type: "button", id: "download" }, word("Download corrections"), make("span"));
  save.addEventListener("click", download);
  bar.append(make("label", {}, word("Colour words for"), select));
  const index = make("ol");
  if (articles.length > 1) {
    bar.append(make("label", {}, word("Show articles with"), filter));
    articles.forEach((article, i) => {
      article.element.id = "article" + (i + 1);
      index.append(make("li", {}, make("a", { href: "#article" + (i + 1), textContent: article.title })));
    });
    const list = make("details", {}, make("summary", {}, word("Articles"), ` (${articles.length})`), index);
    document.querySelector("main").prepend(make("nav", { ariaLabel: "Articles" }, list));
  }
  bar.append(make("label", {}, word("Annotator"), annotator), save);
  const hint = word("A line in the margin opens its probabilities and words, and takes the right label if it is wrong.", "p");
  hint.classList.add("legend");
  bar.append(hint);
}

if (articles.length) {
  articles.forEach(bars);
  tools();
  count();
  for (const article of articles.filter((a) => a.details)) {
    article.details.addEventListener("toggle", () => article.details.open && open(article));
  }
  if (articles.length === 1 && articles[0].details) articles[0].details.open = true;
  addEventListener("beforeprint", () => articles.forEach((a) => a.details && (a.details.open = true)));
}
// A table that is wider than the window must be within reach of the keyboard.
function reach() {
  for (const box of document.querySelectorAll(".scroll")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}
reach();
addEventListener("resize", reach);
// A touch has no pointer that rests on a word, so what it adds is said in the status line.
document.querySelector("main").addEventListener("click", (event) => {
  const touched = event.target.closest(".w");
  if (touched) tell(`“${touched.textContent}” ${touched.title}`);
});
document.getElementById("tools").hidden = false;
document.getElementById("language").addEventListener("click", () => setLanguage(!chinese));
const preferred = storage.get("lichang language") || (navigator.language || "").slice(0, 2);
if (preferred === "zh") setLanguage(true);
