//! What other files call the three classes.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use crate::label::{Class, Sentiment, Stance};

/// The names of the positive pole, the middle and the negative pole that are known, as [`fold`] leaves them.
///
/// Names that say whether something is true, relevant or sarcastic are not among them, and neither are those of mixed feelings, which some
/// guides count as neutral and others not: the user says what becomes of them.
const NAMES: [&[&str]; 3] = [
    &[
        "favor",
        "favour",
        "in favor",
        "in favour",
        "favorable",
        "favourable",
        "for",
        "pro",
        "support",
        "supports",
        "supporting",
        "supportive",
        "agree",
        "approve",
        "praise",
        "positive",
        "pos",
        "bullish",
        "good",
        "optimistic",
        "支持",
        "赞成",
        "赞同",
        "贊成",
        "贊同",
        "肯定",
        "正面",
        "正向",
        "积极",
        "積極",
        "正",
        "褒义",
        "褒義",
        "好评",
        "好評",
        "利好",
        "看多",
        "看涨",
        "看漲",
        "看好",
        "乐观",
        "樂觀",
    ],
    &[
        "neutral",
        "neu",
        "none",
        "neither",
        "no stance",
        "中性",
        "中立",
        "中",
        "无",
        "無",
        "无立场",
        "無立場",
        "客观",
        "客觀",
    ],
    &[
        "against",
        "anti",
        "con",
        "contra",
        "oppose",
        "opposes",
        "opposed",
        "opposing",
        "disagree",
        "disapprove",
        "blame",
        "negative",
        "neg",
        "bearish",
        "bad",
        "pessimistic",
        "反对",
        "反對",
        "不支持",
        "否定",
        "负面",
        "負面",
        "负向",
        "負向",
        "消极",
        "消極",
        "负",
        "負",
        "贬义",
        "貶義",
        "差评",
        "差評",
        "利空",
        "看空",
        "看跌",
        "看衰",
        "悲观",
        "悲觀",
    ],
];

/// One name for names that differ in case, width or the space around them; white space and `_` are one space.
fn fold(name: &str) -> String {
    let folded: String = name.nfkc().flat_map(char::to_lowercase).collect();
    folded.split(|c: char| c.is_whitespace() || c == '_').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The class of each label name: a table of names in English and Chinese, before which what the user adds takes precedence.
///
/// Names of stances and of sentiments mean the pole that they stand for: `positive` toward a target is favor. Case, width and surrounding
/// space make no difference. The numbers −1, 0 and 1 are known in files that contain a −1; in others nobody can tell whether 0 is
/// negative or neutral, so the user must say.
#[derive(Debug, Clone, Default)]
pub struct LabelMap {
    /// What the user says; `None` for names whose records are to be dropped.
    own: HashMap<String, Option<usize>>,
}

/// Why a label name has no class.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The name is neither in the table nor given by the user.
    #[error(
        "`{0}` is not the name of a class that is known; say --label-map '{0}=CLASS', or '{0}=' to leave its records out"
    )]
    Unknown(String),
    /// A number in a file whose numbers could mean several things.
    #[error(
        "the label {0} can mean several things in a file of numbers without -1; say --label-map {0}=CLASS for each number, such as --label-map 0=negative --label-map 1=positive"
    )]
    Number(String),
    /// A line or an argument that is not of the form NAME=CLASS.
    #[error("expected NAME=CLASS, where CLASS is favor, neutral, against, positive, negative or skip, not `{0}`")]
    Form(String),
}

impl LabelMap {
    /// Adds `NAME=CLASS`; CLASS may be any known name, or empty or `skip` for names whose records are to be left out.
    ///
    /// # Errors
    /// [`NameError::Form`].
    pub fn add(&mut self, pair: &str) -> Result<(), NameError> {
        let fail = || NameError::Form(pair.chars().take(80).collect());
        let (name, class) = pair.rsplit_once('=').or_else(|| pair.rsplit_once('\t')).ok_or_else(fail)?;
        let (name, class) = (fold(name), fold(class));
        let class = match class.as_str() {
            "" | "skip" => None,
            class => Some(known(class).ok_or_else(fail)?),
        };
        if name.is_empty() {
            return Err(fail());
        }
        self.own.insert(name, class);
        Ok(())
    }

    /// Adds the pairs of a file: a pair a line, as [`LabelMap::add`] takes them or separated by a tab; blank lines and lines that begin with
    /// `#` are passed over.
    ///
    /// # Errors
    /// The number of the line that is not a pair, and why.
    pub fn add_lines(&mut self, text: &str) -> Result<(), (usize, NameError)> {
        let lines = text.trim_start_matches('\u{FEFF}').lines().enumerate();
        for (at, line) in lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#')) {
            self.add(line.trim_end_matches('\r')).map_err(|error| (at + 1, error))?;
        }
        Ok(())
    }

    /// The index of the class that a name stands for, `None` if its records are to be left out. `signed` says that the numbers of the file
    /// are −1, 0 and 1.
    ///
    /// # Errors
    /// [`NameError::Unknown`] and [`NameError::Number`].
    pub fn class(&self, name: &str, signed: bool) -> Result<Option<usize>, NameError> {
        let folded = fold(name);
        if let Some(class) = self.own.get(&folded) {
            return Ok(*class);
        }
        if let Some(class) = known(&folded) {
            return Ok(Some(class));
        }
        let shown = || name.chars().take(60).collect::<String>();
        match number(&folded) {
            Some(number) if signed && (-1..=1).contains(&number) => {
                Ok(Some(usize::from(number < 1) + usize::from(number < 0)))
            }
            Some(_) if !signed => Err(NameError::Number(shown())),
            _ => Err(NameError::Unknown(shown())),
        }
    }

    /// Whether a name is that of a class, or of records that are to be left out.
    pub fn knows(&self, name: &str) -> bool {
        self.class(name, true).is_ok()
    }

    /// The names that are known without the user's, of each class, positive pole first.
    pub fn table() -> [(Stance, Sentiment, &'static [&'static str]); 3] {
        [0, 1, 2].map(|class| (Stance::ALL[class], Sentiment::ALL[class], NAMES[class]))
    }
}

fn known(folded: &str) -> Option<usize> {
    NAMES.iter().position(|names| names.contains(&folded))
}

/// A whole number, also when it is written `1.0`.
pub(super) fn number(name: &str) -> Option<i64> {
    let value: f64 = name.trim().replace('−', "-").parse().ok()?;
    (value.fract() == 0.0 && value.abs() < 1e9).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_both_languages_mean_their_pole() {
        let map = LabelMap::default();
        for (names, class) in [
            (
                [
                    "favor",
                    "FAVOR",
                    " Favour",
                    "support",
                    "Positive",
                    "In_Favor",
                    "支持",
                    "正面",
                    "利好",
                    "ｐｏｓ",
                    "bullish",
                ],
                0,
            ),
            (["neutral", "NONE", "Neutral", "中性", "中立", "無", "neu", "NEU", "neither", "no stance", "无立场"], 1),
            (["against", "AGAINST", "con", "anti", "Negative", "反对", "負面", "利空", "bearish", "oppose", "看跌"], 2),
        ] {
            for name in names {
                assert_eq!(map.class(name, false), Ok(Some(class)), "{name}");
            }
        }
        assert_eq!(map.class("ORG", true), Err(NameError::Unknown("ORG".into())));
    }

    #[test]
    fn every_name_is_folded_and_stands_for_one_class() {
        let all: Vec<&str> = NAMES.iter().flat_map(|names| names.iter().copied()).collect();
        for name in &all {
            assert_eq!(fold(name), *name);
            assert_eq!(all.iter().filter(|other| other == &name).count(), 1, "{name}");
        }
    }

    #[test]
    fn numbers_need_a_minus_or_the_user() {
        let mut map = LabelMap::default();
        for (name, class) in [("1", 0), ("+1", 0), ("1.0", 0), ("0", 1), ("-1", 2), ("−1", 2), ("-1.0", 2)] {
            assert_eq!(map.class(name, true), Ok(Some(class)), "{name}");
            assert_eq!(map.class(name, false), Err(NameError::Number(name.into())));
        }
        assert_eq!(map.class("2", true), Err(NameError::Unknown("2".into())));
        map.add("0=negative").unwrap();
        map.add("1=pro").unwrap();
        map.add("2 = skip").unwrap();
        assert_eq!(["0", "1", "2"].map(|name| map.class(name, false)), [Ok(Some(2)), Ok(Some(0)), Ok(None)]);
    }

    #[test]
    fn the_user_has_the_last_word() {
        let mut map = LabelMap::default();
        map.add_lines("# ours\n\nnone=\r\na=b=against\nORG\tskip\n").unwrap();
        assert_eq!(map.class("NONE", true), Ok(None));
        assert_eq!(map.class("A=B", true), Ok(Some(2)));
        assert_eq!(map.class("org", true), Ok(None));
        for (line, number) in [("\nfavor", 2), ("x=yes", 1), ("=favor", 1)] {
            assert_eq!(LabelMap::default().add_lines(line).unwrap_err().0, number, "{line}");
        }
    }
}
