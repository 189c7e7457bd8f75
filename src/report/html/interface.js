"use strict";
// What all pages share: the language of the interface, and small helpers. A page's own script follows and calls `start`.

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
  "A line in the margin shows its probabilities when pointed at, opens its words, and takes the right label if it is wrong.":
    "指向旁注可查看概率，点按可查看词语；若标签有误，可在那里改正。",
  "The texts of a page of this size are packed; they open with JavaScript.": "页面较大，正文已压缩，需启用 JavaScript 才能打开。",
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
  "records": "标签数", "documents": "文档数", "right only before": "仅旧模型正确", "right only now": "仅新模型正确",
  "very close to the old model": "紧贴旧模型", "close to the old model": "接近旧模型", "free, from the old model": "以旧模型为起点，放开训练",
  "free, from half of the old model": "以旧模型的一半为起点，放开训练", "from the new labels alone, without the old model": "只用新标签，不用旧模型",
  "Training went": "训练方式", "How the departure was chosen": "离开旧模型的程度如何选定", "Departure": "方式", "Log-loss": "对数损失", "the old model as it is": "旧模型本身",
  "What changed": "变化的标签", "Record": "记录", "Truth": "人工标签", "Became": "结果", "Words": "词语", "broken": "改错", "still wrong": "仍错",
  "Calibration": "校准", "Probability up to": "概率不超过", "Records": "条数", "Mean probability": "平均概率", "Right": "正确率",
  "en": "英文", "zh": "中文", "mixed": "中英混合", "Favg": "Favg（支持与反对的平均 F1）", "macro-F1": "宏平均 F1", "accuracy": "准确率", "calibration error": "校准误差", "F1 of favor": "F1（支持）", "F1 of neutral": "F1（中立）", "F1 of against": "F1（反对）",
  "F1 of positive": "F1（正面）", "F1 of negative": "F1（负面）", "positive": "正面", "negative": "负面", "all languages": "全部语言",
  "Outlets compared": "媒体立场比较", "Languages compared": "语言立场比较", "Months compared": "各月立场比较", "Authors compared": "作者立场比较", "Groups compared": "分组立场比较",
  "all companies": "全部公司", "abstains": "弃判", "labelled:": "人工标注：", "near-copies": "篇近似副本",
  "of which shown": "其中列出", "new model": "新模型", "old model": "旧模型",
};
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
// A text that is made of names and numbers brings its own Chinese.
const original = new WeakMap();
function showBoth(element) {
  if (!original.has(element)) original.set(element, element.textContent);
  element.textContent = chinese ? element.dataset.zh : original.get(element);
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
  document.querySelectorAll("[data-zh]").forEach(showBoth);
  for (const of of document.querySelectorAll("[data-zh-label]")) {
    of.dataset.label ??= of.ariaLabel;
    of.ariaLabel = to ? of.dataset.zhLabel : of.dataset.label;
  }
  document.title = document.querySelector("h1").textContent + " – Lichang";
  const button = document.getElementById("language");
  button.textContent = to ? "English" : "中文";
  button.lang = to ? "en" : "zh-Hans";
  storage.set("lichang language", to ? "zh" : "en");
}
function tell(...parts) { document.getElementById("status").replaceChildren(...parts); }

// --- the page ---

// A table that is wider than the window must be within reach of the keyboard.
function reach() {
  for (const box of document.querySelectorAll(".scroll")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

// Called when the page's own script is through.
function start() {
  reach();
  addEventListener("resize", reach);
  document.getElementById("tools").hidden = false;
  document.getElementById("language").addEventListener("click", () => setLanguage(!chinese));
  const preferred = storage.get("lichang language") || (navigator.language || "").slice(0, 2);
  if (preferred === "zh") setLanguage(true);
}
