// Colours the words of a report by what they add to a score and collects corrections. Without it a page shows labels and numbers all the same, and
// texts unless it is large.

const STANCES = ["favor", "neutral", "against"];
const TONE = ["positive", "neutral", "negative"];
const MARKS = { favor: "▲", positive: "▲", neutral: "●", against: "▼", negative: "▼" };
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUE = new Map([...DIGITS].map((digit, at) => [digit, at]));

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

// --- articles ---

const packs = [...document.querySelectorAll("script.pack")].map((script) => ({ script, articles: Number(script.dataset.articles) }));

const articles = [...document.querySelectorAll("article.scored")].map((element) => {
  const script = element.querySelector("script");
  const names = [...element.querySelectorAll(".sum > li")].map((item) => item.firstChild.textContent.trimEnd());
  const data = script ? JSON.parse(script.textContent) : { t: names };
  data.d = element.querySelector(".facts code").textContent;
  const title = element.querySelector("h2").textContent;
  return { element, data, title, details: element.querySelector("details"), ready: false, paragraphs: [] };
});
if (packs.length) {
  let first = 0;
  for (const pack of packs) {
    articles.slice(first, first + pack.articles).forEach((article, at) => {
      const scores = [...article.element.querySelectorAll(".sum > li")].filter((item) => item.children.length).map((item) => {
        const label = item.querySelector("i");
        const unsure = label.textContent.endsWith("?");
        item.className = label.textContent.replace("?", "");
        label.replaceChildren(word(item.className), unsure ? "?" : "");
        return { label: item.className, unsure, value: item.lastChild.textContent.trim() };
      });
      Object.assign(article, { pack, at, scores, details: make("details", {}, make("summary", {}, word("Text"))) });
      article.element.append(article.details);
    });
    first += pack.articles;
  }
}
let company = "";

// What a line of the margin says, and what only the script knows of it.
function read(item, paragraph, [from, to, coded]) {
  const [name, label, value, p] = item.childNodes;
  const score = {
    item, from, to,
    target: name.textContent.trim(),
    label: item.className,
    unsure: label.textContent.endsWith("?"),
    value: value.textContent.trim(),
    p: p.textContent.split(" ", 3),
    byReference: p.textContent.endsWith("by reference"),
  };
  const values = contributions(coded);
  score.words = paragraph.tokens.map(([start, end], i) => [start, end, values[i]]);
  return score;
}
function readTone(item) {
  return { item, label: item.classList[1], p: item.querySelector("small").textContent.split(" ", 3) };
}
function readPlain(article) {
  const blocks = article.element.querySelectorAll(".p.s");
  return article.data.p.map(([place, coded, scores], k) => {
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
    const items = [...block.querySelectorAll("li")];
    const tone = items.find((item) => item.classList.contains("tone"));
    paragraph.tone = tone && readTone(tone);
    paragraph.scores = scores.map((score, j) => read(items[j], paragraph, score));
    return paragraph;
  });
}

// The scores of a packed article as a table: those of its heading, and what the pack has of them.
function scoresOf(article, wholes) {
  const rows = wholes.map(({ low, high, paragraphs, mentions }, i) => {
    const { label, unsure, value } = article.scores[i];
    const range = `${signed(low, 2)} … ${signed(high, 2)}`;
    return [article.data.t[i], value, range, make("td", { className: label }, word(label), unsure ? "?" : ""), paragraphs, mentions];
  });
  const found = table(["Company", "Score", "95 % interval", "Label", "Paragraphs", "Mentions"], rows);
  found.prepend(word("What the article says of each company", "caption"));
  return make("div", { className: "scroll" }, found);
}

// The same from a pack: what a plain page has as HTML is made here.
function readPacked(article) {
  const { pack, at } = article;
  pack.unpacked ??= unpack(pack.script);
  const { wholes, parts } = pack.unpacked[at];
  const boilerplate = parts.filter((part) => part.kind === "boilerplate").length;
  article.details.querySelector("summary").append(`: ${parts.length} `, word("paragraphs"), `, ${boilerplate} `, word("boilerplate"));
  if (article.scores.length) article.details.append(scoresOf(article, wholes));
  bars(article);
  const paragraphs = [];
  for (const part of parts) {
    const text = make("p", { textContent: part.text, lang: part.lang });
    if (!part.lang) text.removeAttribute("lang");
    const judged = part.said.length > 0 || part.tone;
    const kind = part.kind === "body" ? "" : " " + part.kind.replace(" ", "-");
    const block = make("div", { className: `p${judged ? " s" : ""}${kind}` }, text);
    if (part.kind === "boilerplate") {
      block.append(make("p", { className: "why" }, word(part.kind), ...(part.rule ? [": ", word(part.rule)] : [])));
    }
    article.details.append(block);
    const paragraph = { place: part.place, text, mentions: part.marks, plain: part.text, rough: true };
    mark(paragraph);
    if (!judged) continue;
    const list = make("ul");
    block.append(list);
    const item = () => list.appendChild(make("li"));
    paragraph.scores = part.said.map((said) => {
      const first = part.marks.find((mention) => mention[2] === said.company) || [0, 0];
      const [from, to] = first.slice(0, 2).map((end) => [...part.text.slice(0, end)].length);
      return { ...said, item: item(), from, to, target: article.data.t[said.company], value: signed(said.score, 2) };
    });
    if (part.tone) paragraph.tone = { ...part.tone, item: item() };
    paragraphs.push(paragraph);
  }
  return paragraphs;
}

function prepare(article) {
  if (article.ready) return;
  article.ready = true;
  article.paragraphs = article.pack ? readPacked(article) : readPlain(article);
  for (const paragraph of article.paragraphs) {
    paragraph.scores.forEach((score) => chip(article, paragraph, score));
    if (paragraph.tone) chip(article, paragraph, paragraph.tone);
  }
}

// Shows the text of a paragraph with its mentions marked and, from `score`, its words coloured.
function mark(paragraph, score, target) {
  // Boundaries of what differs in looks: words and mentions.
  const cuts = new Set([0, paragraph.plain.length]);
  const spans = score ? score.words : [];
  for (const [from, to] of [...spans, ...paragraph.mentions]) cuts.add(from).add(to);
  const sorted = [...cuts].sort((a, b) => a - b);
  const parts = [];
  let token = 0;
  for (let i = 0; i + 1 < sorted.length; i++) {
    const [from, to] = [sorted[i], sorted[i + 1]];
    const piece = paragraph.plain.slice(from, to);
    while (token < spans.length && spans[token][1] <= from) token++;
    const covered = token < spans.length && spans[token][0] <= from;
    const value = covered ? spans[token][2] : 0;
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
      element.title = about(paragraph, value);
    }
    parts.push(element);
  }
  paragraph.text.replaceChildren(...parts);
}
// A contribution; packs hold them roughly.
const about = (paragraph, value) => (paragraph.rough ? "≈ " : "") + signed(value, 2);

function colour(article) {
  if (!article.ready) return;
  const target = article.data.t.indexOf(company);
  for (const paragraph of article.paragraphs) mark(paragraph, paragraph.scores.find((s) => s.target === company), target);
}

function strongest(paragraph, score, favor) {
  const sums = new Map();
  for (const [from, to, value] of score.words) {
    const spelling = paragraph.plain.slice(from, to).toLowerCase();
    if (spelling) sums.set(spelling, (sums.get(spelling) || 0) + value);
  }
  return [...sums]
    .filter(([, sum]) => (favor ? sum >= 0.005 : sum <= -0.005))
    .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]))
    .slice(0, 5);
}

function table(heads, rows) {
  const head = make("tr", {}, ...heads.map((text) => Object.assign(word(text, "th"), { scope: "col" })));
  const cell = (value) => (value instanceof Node ? value : make("td", { className: "n", textContent: value }));
  const body = rows.map(([name, ...values]) => make("tr", {}, make("th", { scope: "row" }, name), ...values.map(cell)));
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
}

let panels = 0;

// Makes a line of the margin a button that shows its probabilities when hovered or focused, and opens probabilities, words and labels. A line
// without a company is the paragraph's sentiment.
function chip(article, paragraph, score) {
  const { item, target = "", label: judged } = score;
  const labels = target ? STANCES : TONE;
  const key = keyOf(article, paragraph, score);
  const id = "panel" + ++panels;
  const button = make("button", { type: "button" });
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", id);
  button.setAttribute("aria-describedby", id + "p");
  const named = score.p.length === 3 ? labels : [judged];
  const tip = make("p", { className: "tip", id: id + "p", role: "tooltip" });
  named.forEach((name, i) => tip.append(i ? " · " : "", word(name), ` ${score.p[i]}`));
  const panel = make("div", { className: "panel", id, hidden: true });
  const render = () => {
    const own = corrections.get(key);
    const label = own || judged;
    item.className = target ? label : `tone ${label}`;
    const sign = make("span", { ariaHidden: "true", textContent: MARKS[label] + " " });
    button.replaceChildren(sign, target ? make("b", { textContent: target }) : word("Sentiment"), " ", word(label), score.unsure && !own ? "? " : " ");
    button.append(own ? make("i", {}, "(", word("corrected"), ")") : score.value || "");
    if (score.byReference) button.append(" · ", word("by reference"));
  };
  const fill = () => {
    const probabilities = named.map((name, i) => [word(name), score.p[i]]);
    const list = (favor) => {
      const found = strongest(paragraph, score, favor);
      const rows = found.map(([text, sum]) => [text, about(paragraph, sum)]);
      return table([favor ? "Words for" : "Words against", "Adds"], rows.length ? rows : [[word("no word"), "–"]]);
    };
    const legend = word("Right label", "legend");
    const choices = labels.map((name) => {
      const input = make("input", { type: "radio", name: id, value: name, checked: corrections.get(key) === name });
      input.addEventListener("change", () => {
        corrections.set(key, name);
        keep("Correction kept");
        render();
      });
      return make("label", {}, input, word(name));
    });
    const withdraw = make("button", { type: "button" }, word("Withdraw"));
    withdraw.addEventListener("click", () => {
      corrections.delete(key);
      panel.querySelectorAll("input").forEach((input) => (input.checked = false));
      keep("Correction withdrawn");
      render();
    });
    panel.replaceChildren(table(["Label", "Probability"], probabilities));
    if (target) panel.append(make("div", { className: "side" }, list(true), list(false)));
    panel.append(make("fieldset", {}, legend, ...choices, withdraw));
  };
  button.addEventListener("click", () => {
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (panel.hidden) return;
    fill();
    if (target) choose(target);
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    button.click();
    button.focus();
  });
  // What hovers can be sent away, and is back the next time.
  button.addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });
  for (const leave of ["blur", "pointerleave"]) button.addEventListener(leave, () => (tip.hidden = false));
  item.replaceChildren(button, tip, panel);
  render();
}

// --- corrections ---

const keyOf = (article, paragraph, { target = "" }) => [article.data.d, paragraph.place, target].join("\u001f");

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
  for (const [key, label] of JSON.parse(storage.get(place) || "[]")) {
    if ((key.endsWith("\u001f") ? TONE : STANCES).includes(label)) corrections.set(key, label);
  }
} catch {
  // What another version kept is of no use.
}

function count() {
  const button = document.getElementById("download");
  if (button) button.lastChild.textContent = ` (${corrections.size})`;
}
function keep(message) {
  const kept = storage.set(place, JSON.stringify([...corrections]));
  tell(word(message), kept ? "" : " ", kept ? "" : word("This browser keeps nothing; download before you leave."));
  count();
}

// A label record as `lichang train` reads it; one without a target is of the sentiment.
function record(article, paragraph, score, own) {
  const { target, label, from, to, p } = score;
  const labels = target ? STANCES : TONE;
  const doc = article.data.d;
  const found = { id: `${doc}#${paragraph.place}#${target || "sentiment"}`, doc, text: paragraph.plain };
  if (target) found.target = target;
  found.label = own;
  if (from < to) Object.assign(found, { from, to });
  found.lang = paragraph.text.lang || "mixed";
  const annotator = document.getElementById("annotator").value.trim();
  if (annotator) found.annotator = annotator;
  found.suggestion = { label };
  if (p.length === 3) found.suggestion.p = Object.fromEntries(labels.map((name, i) => [name, Number(p[i])]));
  found.suggestion.model = document.body.dataset.model;
  return found;
}
function records() {
  const lines = [];
  for (const article of articles) {
    if (![...corrections.keys()].some((key) => key.startsWith(article.data.d + "\u001f"))) continue;
    prepare(article);
    for (const paragraph of article.paragraphs) {
      for (const score of [...paragraph.scores, ...(paragraph.tone ? [paragraph.tone] : [])]) {
        const own = corrections.get(keyOf(article, paragraph, score));
        if (own) lines.push(JSON.stringify(record(article, paragraph, score, own)) + "\n");
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
  const hint = word("A line in the margin shows its probabilities when pointed at, opens its words, and takes the right label if it is wrong.", "p");
  hint.classList.add("legend");
  bar.append(hint);
}

if (articles.length) {
  articles.filter((article) => !article.pack).forEach(bars);
  tools();
  count();
  for (const article of articles.filter((a) => a.details)) {
    article.details.addEventListener("toggle", () => article.details.open && open(article));
  }
  if (articles.length === 1 && articles[0].details) articles[0].details.open = true;
  // On paper every text of a plain page; of a large one those that the reader opened.
  addEventListener("beforeprint", () => articles.forEach((a) => a.details && !a.pack && (a.details.open = true)));
}
// A touch has no pointer that rests on a word, so what it adds is said in the status line.
document.querySelector("main").addEventListener("click", (event) => {
  const touched = event.target.closest(".w");
  if (touched) tell(`“${touched.textContent}” ${touched.title}`);
});
start();
