//! Rules that recognise what surrounds an article and is not part of what its author says.
//!
//! Every rule looks at one paragraph alone. The table [`RULES`] says in words what each recognises; a rule whose words
//! also occur in running text carries a length limit, so that a paragraph that argues about copyright stays body.

use std::sync::LazyLock;

use regex::{Regex, RegexSet, RegexSetBuilder};

/// The reason why a paragraph is boilerplate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// A date or time, reading figures.
    DateLine,
    /// Who wrote, edited or translated it.
    Byline,
    /// The caption or credit of a picture.
    Caption,
    /// Risk warnings, "views are the author's own".
    Disclaimer,
    /// Copyright and reprint notices.
    Copyright,
    /// Licence and record numbers of a site.
    RecordNumber,
    /// Subscribe, share, click below.
    CallToAction,
    /// Where the text or a figure comes from: a label with an address, or an address alone.
    SourceLink,
    /// A publisher describing itself.
    SelfDescription,
    /// A block of code.
    Code,
}

impl Rule {
    /// The name shown beside a paragraph that the rule recognised.
    pub fn name(self) -> &'static str {
        match self {
            Rule::DateLine => "date line",
            Rule::Byline => "byline",
            Rule::Caption => "caption",
            Rule::Disclaimer => "disclaimer",
            Rule::Copyright => "copyright notice",
            Rule::RecordNumber => "record number",
            Rule::CallToAction => "call to action",
            Rule::SourceLink => "source link",
            Rule::SelfDescription => "self-description",
            Rule::Code => "code",
        }
    }
}

/// Each rule with what it recognises, in the order in which the rules are tried.
pub const RULES: [(Rule, &str); 10] = [
    (Rule::RecordNumber, "up to 120 characters with 京ICP备…, 公网安备, ISSN, a licence number"),
    (Rule::DateLine, "up to 80 characters that are only dates, times, weekdays, reading figures and labels for them"),
    (Rule::Byline, "By …, 作者：…, 编辑｜…, up to 80 characters"),
    (Rule::Caption, "Image from …, 图源：…, ▲ …, or a line that ends in (PHOTO: …)"),
    (Rule::SourceLink, "Original: …, 来源：…, up to 160 characters, or nothing but an address"),
    (Rule::Copyright, "reprint and copyright notices, up to 400 characters"),
    (Rule::Disclaimer, "risk warnings, no investment advice, views of the author, up to 500 characters"),
    (Rule::CallToAction, "subscribe, share, follow, click below, related reading, up to 240 characters"),
    (Rule::SelfDescription, "a platform or account that says what it is and what it is committed to"),
    (Rule::Code, "a fenced block"),
];

/// The patterns of all rules, looked for in one pass.
struct Patterns {
    set: RegexSet,
    rules: Vec<Limits>,
}

/// Beside its pattern, what a rule asks for.
struct Limits {
    rule: Rule,
    longest: usize,
    /// A second pattern that must match too.
    and: Option<Regex>,
}

/// Room for the states of the joint automaton, a thread; with the default it forgets and rebuilds them on every other paragraph.
const DFA_BYTES: usize = 24 << 20;

static DATE_SHAPE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\d{4}\s*年|\d{1,2}\s*月\s*\d{1,2}\s*日|\b\d{1,4}[/.\-]\d{1,2}\b|\b(jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?\s+\d|\d\s+(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|\d+\s*(views|comments|min read|次阅读|阅读)|阅读\s*\d",
    )
});

static DATE_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?ix)\b(january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec
        |monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tue|wed|thu|fri|sat|sun|am|pm|utc|gmt|est|edt|et|pt|bst|cst
        |published|updated|posted|last|on|at|st|nd|rd|th|views?|comments?|min|read)\b
        |星期[一二三四五六日天]|周[一二三四五六日]|[年月日时分秒]|发布时间|发布于|发布|更新时间|更新于|更新|時間|时间|日期|阅读量|阅读|閱讀|浏览|评论|次|上午|下午|[一二三四五六七八九十〇]+月",
    )
});

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let table: [(Rule, usize, &str); 9] = [
        (Rule::RecordNumber, 120, r"ICP\s*[备備证]|公网安备|\bISSN\b|许可证(编号|号)?\s*[:：]|统一社会信用代码"),
        (
            Rule::Byline,
            80,
            r"^(?i:(by|words by|reported by|written by|reporter|reporters|editor|author|text by|translated by|reporting by|editing by)\s*[:：]?)\s+[\p{Lu}][^.!?。！？]*$|^[（(【\[*]*(作者|文|撰文|编辑|編輯|责任编辑|責任編輯|责编|记者|記者|编译|編譯|译者|譯者|翻译|校对|出品|采写|審校|审校|监制|排版|文字|摄影|撰稿)\s*[|｜丨：:／/・·][^。！？]*$",
        ),
        (
            Rule::Caption,
            400,
            r"(?i)[(（](photo|image|picture|credit|photo credit|图|图片|图源|圖|圖片)\s*(credit|by|source|来源|來源)?\s*[:：/／][^()（）]*[)）]\s*$|^(image|photo|picture|photograph|screenshot|illustration)s?\s*(from|source|credit|courtesy|by|[:：])|^[▲△▼↑]|^[（(]?(图|圖)(片|为|為|源|[:：]|\s*\d|\|)[^。]{0,80}$|^[（(]?(图片|圖片|配图)?(来源|來源|源自)\s*[:：][^。]{0,40}[)）]?$|^fig(ure|\.)?\s*\d+\s*[:.：]",
        ),
        (
            Rule::SourceLink,
            160,
            r"(?i)^[（(【\[*]*(original(\s+(article|link|text))?|source|sources|via|link|references?|来源|來源|原文|原文链接|原文連結|原文地址|原文标题|原标题|原題|参考资料|参考链接|资料来源|資料來源)\s*[:：|｜]",
        ),
        (
            Rule::Copyright,
            400,
            r"(?i)©|all rights reserved|copyright of this article|(unauthori[sz]ed|without permission).{0,30}(reproduction|reprint|republication)|reproduction.{0,40}prohibited|the reprinted article|reprinted (from|with permission)|is exclusive to|版权(所有|归|声明)|版權(所有|歸|聲明)|未经.{0,8}(授权|许可|允许|同意).{0,10}转载|未經.{0,8}(授權|許可|允許|同意).{0,10}轉載|转载(请|须|需|自|来源)|轉載(請|須|自)|(谢绝|禁止|严禁)转载|本文(首发|转载|经授权|由.{0,20}授权|系.{0,20}(独家|原创))|独家稿件|侵权(请|必究|联系)",
        ),
        (
            Rule::Disclaimer,
            500,
            r"(?i)risk warning|\bdisclaimer\b|does not constitute.{0,40}advice|not (be )?(investment|financial) advice|(represents?|are) (only |solely )?the (personal )?(views?|opinions?) of the author|views expressed (here|in this)|author'?s own and do|免责声明|免責聲明|风险提示|風險提示|不构成.{0,8}(投资|建议)|不構成.{0,8}(投資|建議)|仅代表(作者|个人|本人)|僅代表(作者|個人)|不代表(本|平台|.{0,8}立场)|個人觀點|个人观点[，,。]|投资有风险|投資有風險|本文基于.{0,40}整理|本文.{0,20}仅供参考|由\s*AI\s*(生成|翻译)",
        ),
        (
            Rule::CallToAction,
            240,
            r"(?i)\bclick(ing)?\b.{0,50}\b(below|above|here|buttons?)\b|\bsubscribe (to|now|here)\b|\bsign up (for|to|here)\b|\bfollow us\b|\bshare this\b|^\s*(read more|read also|related( articles| stories| reading)?|more from|advertisement|recommended|share|tags?)\b.{0,80}$|点击.{0,8}(下方|上方|阅读原文|蓝字|关注|链接)|關注我們|关注(我们|本号|公众号|我的)|扫码|掃碼|长按.{0,6}(识别|二维码)|二维码|求?点赞.{0,6}(在看|转发|收藏|关注|评论)|欢迎(订阅|关注|留言|转发|在评论区|分享)|歡迎(訂閱|關注|留言)|(推荐|延伸|相关|延伸|更多)阅读|(推薦|延伸|相關)閱讀|加(入)?.{0,8}(读者群|微信群|交流群)|^(广告|廣告)$",
        ),
        (
            Rule::SelfDescription,
            900,
            r"(?i)\bis an? .{0,60}\b(platform|publication|newsletter|outlet|media (company|outlet))\b|(是一家|是一个|专注于?).{0,40}(平台|媒体|自媒体|公众号|智库)",
        ),
        (
            Rule::Byline,
            60,
            r"^\S{1,12}\s*/\s*(文|编译|整理)$|^文\s*/\s*\S{1,20}$|^[（(]?(完|全文完|本文完|END|The End)[)）]?$",
        ),
    ];
    let and = |rule| {
        let mission = r"(?i)\bwe are (committed|dedicated)|\bour mission|\bwe closely|providing valuable insights|致力于|我们(关注|专注)|旨在";
        (rule == Rule::SelfDescription).then(|| regex(mission))
    };
    Patterns {
        set: RegexSetBuilder::new(table.iter().map(|(_, _, pattern)| ascii_boundaries(pattern)))
            .dfa_size_limit(DFA_BYTES)
            .build()
            .expect("valid patterns"),
        rules: table.into_iter().map(|(rule, longest, _)| Limits { rule, longest, and: and(rule) }).collect(),
    }
});

/// Word boundaries are ASCII ones: with Unicode ones the engine falls back to its slowest way on any text that is not ASCII.
fn ascii_boundaries(pattern: &str) -> String {
    pattern.replace(r"\b", r"(?-u:\b)")
}

fn regex(pattern: &str) -> Regex {
    Regex::new(&ascii_boundaries(pattern)).expect("valid pattern")
}

/// The rule that recognises the plain words of a paragraph as boilerplate, if any does.
pub fn rule_for(plain: &str) -> Option<Rule> {
    let length = plain.chars().take(1000).count();
    if length == 0 || length == 1000 {
        return None;
    }
    if length <= 80 && is_date_line(plain) {
        return Some(Rule::DateLine);
    }
    let patterns = &*PATTERNS;
    let matches = patterns.set.matches(plain);
    let fits = |at: &usize| {
        let rule = &patterns.rules[*at];
        length <= rule.longest && rule.and.as_ref().is_none_or(|and| and.is_match(plain))
    };
    matches.into_iter().find(fits).map(|at| patterns.rules[at].rule)
}

fn is_date_line(plain: &str) -> bool {
    plain.bytes().any(|b| b.is_ascii_digit())
        && DATE_SHAPE.is_match(plain)
        && !DATE_WORDS.replace_all(plain, "").chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_what_surrounds_an_article() {
        let cases = [
            ("03/14 2026 512", Rule::DateLine),
            ("2026年05月30日 星期六", Rule::DateLine),
            ("Published on March 3, 2026 at 10:15 am", Rule::DateLine),
            ("2026-01-05 09:30 阅读 1024", Rule::DateLine),
            ("By WANG Lin & John O'Neil", Rule::Byline),
            ("作者：王林 编辑：李木", Rule::Byline),
            ("文｜王林", Rule::Byline),
            ("Engineers check a rack at a plant in Tianjin on May 2. (PHOTO: AGENCY)", Rule::Caption),
            ("Image from the Internet", Rule::Caption),
            ("图源：网络", Rule::Caption),
            ("▲ 发布会现场", Rule::Caption),
            ("Original: https://news.example/a/1", Rule::SourceLink),
            ("This article is exclusive to Some Network. Unauthorized reproduction is prohibited.", Rule::Copyright),
            ("未经授权，不得转载。", Rule::Copyright),
            ("Risk Warning and Disclaimer: markets carry risks; invest with care.", Rule::Disclaimer),
            ("本文基于公开资料整理，个人观点，欢迎讨论。", Rule::Disclaimer),
            ("Please express your attitude by clicking the [Top/Down] buttons below.", Rule::CallToAction),
            ("欢迎关注我们，点击下方蓝字。", Rule::CallToAction),
            ("京ICP备00000000", Rule::RecordNumber),
            (
                "Data Lantern is a professional analysis platform for the chip industry. We are committed to bridging the gap.",
                Rule::SelfDescription,
            ),
        ];
        for (text, rule) in cases {
            assert_eq!(rule_for(text), Some(rule), "{text}");
        }
    }

    #[test]
    fn leaves_running_text_alone() {
        for text in [
            "On May 14 the company released a policy paper that was oddly timed.",
            "By pressing the government to act, the company stands to benefit.",
            "这家公司未经作者授权就抓取了整个互联网。",
            "The question of copyright has not been settled by any court.",
            "网友纷纷为这家公司的开源精神点赞。",
            "2025年，公司营收增长了12%。",
            "Users of the platform can subscribe for ten dollars a month.",
            "15 30 22",
            "",
        ] {
            assert_eq!(rule_for(text), None, "{text}");
        }
    }
}
