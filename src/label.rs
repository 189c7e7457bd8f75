//! The labels of the two tasks and the languages of a text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A set of exactly three classes that a model head can learn.
///
/// The order of [`Class::ALL`] is the order of every probability triple in the library: the positive pole, the
/// middle, the negative pole.
pub trait Class: Copy + Eq + fmt::Debug + Send + Sync + 'static {
    /// Every class, positive pole first.
    const ALL: [Self; 3];

    /// The position in [`Class::ALL`], 0 to 2.
    fn index(self) -> usize;

    /// The name used in files and on the terminal.
    fn name(self) -> &'static str;
}

/// The index of the most probable class; of equals the middle one, then the first.
pub fn most_probable(p: [f64; 3]) -> usize {
    [0, 2].into_iter().fold(1, |best, class| if p[class] > p[best] { class } else { best })
}

/// A word that is not a label of the expected set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a label; expected one of {expected}")]
pub struct UnknownLabel {
    found: String,
    expected: &'static str,
}

macro_rules! classes {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $index:literal $text:literal),* } expected $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($(#[$vdoc])* $variant),* }

        impl Class for $name {
            const ALL: [Self; 3] = [$(Self::$variant),*];
            fn index(self) -> usize { match self { $(Self::$variant => $index),* } }
            fn name(self) -> &'static str { match self { $(Self::$variant => $text),* } }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.pad(self.name()) }
        }

        impl FromStr for $name {
            type Err = UnknownLabel;
            fn from_str(text: &str) -> Result<Self, UnknownLabel> {
                Self::ALL.into_iter().find(|class| class.name() == text).ok_or_else(|| UnknownLabel {
                    found: text.chars().take(40).collect(),
                    expected: $expected,
                })
            }
        }
    };
}

classes! {
    /// What a text expresses toward one company.
    Stance {
        /// The wording praises the company or presents it as better, stronger or in the right.
        Favor = 0 "favor",
        /// Bare facts, a yardstick, or praise and blame that balance.
        Neutral = 1 "neutral",
        /// The wording blames the company or presents it as worse, weaker or in the wrong.
        Against = 2 "against"
    } expected "favor, neutral, against"
}

classes! {
    /// The tone of a whole paragraph, whoever it is about.
    Sentiment {
        /// A glad, hopeful or approving tone.
        Positive = 0 "positive",
        /// Neither.
        Neutral = 1 "neutral",
        /// A grim, angry or disapproving tone.
        Negative = 2 "negative"
    } expected "positive, neutral, negative"
}

/// The language of a text, as far as the program treats it differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English, or any text without a real share of Han characters.
    En,
    /// Chinese in either script.
    Zh,
    /// Both carry content.
    Mixed,
}

impl Language {
    /// Every language, in the order in which results are listed.
    pub const ALL: [Language; 3] = [Language::En, Language::Zh, Language::Mixed];

    /// The short name used in files and on the terminal.
    pub fn name(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Zh => "zh",
            Language::Mixed => "mixed",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_indices_agree() {
        for (i, stance) in Stance::ALL.into_iter().enumerate() {
            assert_eq!(stance.index(), i);
            assert_eq!(stance.name().parse::<Stance>(), Ok(stance));
        }
        let error = "Favour".parse::<Stance>().unwrap_err().to_string();
        assert_eq!(error, "`Favour` is not a label; expected one of favor, neutral, against");
    }
}
