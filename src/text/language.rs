//! The language of a text, from the shares of its scripts.

use crate::label::Language;

/// At or below this share of Chinese a text is English.
pub const HAN_SHARE_EN: f64 = 0.15;
/// At or above this share of Chinese a text is Chinese.
pub const HAN_SHARE_ZH: f64 = 0.60;

/// A Chinese word has about 1.6 characters, so that many Han characters weigh as much as one Latin word.
const HAN_PER_WORD: f64 = 1.6;

/// What a text is written in, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Script {
    /// Han characters.
    pub han: usize,
    /// Latin words: runs of letters of an alphabet.
    pub words: usize,
}

impl Script {
    /// Counts `text`.
    pub fn of(text: &str) -> Self {
        let mut script = Script::default();
        let mut in_word = false;
        for c in text.chars() {
            if is_han(c) {
                script.han += 1;
                in_word = false;
            } else {
                let letter = c.is_alphabetic() || (in_word && matches!(c, '\'' | '-'));
                script.words += usize::from(letter && !in_word);
                in_word = letter;
            }
        }
        script
    }

    /// The share of Chinese among the words, 0 to 1; 0 for a text without words.
    pub fn han_share(self) -> f64 {
        let han = self.han as f64 / HAN_PER_WORD;
        let all = han + self.words as f64;
        if all == 0.0 { 0.0 } else { han / all }
    }

    /// English up to [`HAN_SHARE_EN`], Chinese from [`HAN_SHARE_ZH`], mixed between.
    pub fn language(self) -> Language {
        match self.han_share() {
            share if share <= HAN_SHARE_EN => Language::En,
            share if share >= HAN_SHARE_ZH => Language::Zh,
            _ => Language::Mixed,
        }
    }
}

/// The language of a text.
pub fn language(text: &str) -> Language {
    Script::of(text).language()
}

/// Whether the character is a Han ideograph.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}' | '〇')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges_by_shares() {
        let cases = [
            ("The company said on Monday.", Language::En),
            ("这家公司周一表示，模型已经上线。", Language::Zh),
            ("DeepSeek 只调用了 15 万次，MiniMax 更多。", Language::Zh),
            ("Anthropic 指控三家公司 represents a significant development in the AI industry", Language::Mixed),
            ("2026 · 15%", Language::En),
        ];
        for (text, expected) in cases {
            assert_eq!(language(text), expected, "{text}");
        }
    }
}
