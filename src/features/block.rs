//! The list of feature blocks and the settings of the vectorizer.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which part of a text a block looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockKind {
    /// N-grams of the whole paragraph.
    Paragraph,
    /// N-grams of the sentences that mention the target.
    Sentence,
    /// N-grams of 3 tokens on each side of each mention.
    Window3,
    /// N-grams of 6 tokens on each side of each mention.
    Window6,
    /// N-grams of 12 tokens on each side of each mention.
    Window12,
    /// N-grams of what stands before the nearest mention in its sentence.
    Before,
    /// N-grams of what stands behind it.
    After,
    /// Character bigrams of the Chinese of the whole paragraph.
    Characters,
    /// Character bigrams of the Chinese within 12 tokens of a mention.
    NearCharacters,
    /// N-grams of 2 to 5 characters of the whole paragraph across words, of 1 to 4 where the first is Chinese.
    Spelling,
    /// The language of the text around the mentions.
    Language,
    /// N-grams of what is left of the target's sentences when only mentions, lexicon terms by class, negations and contrasts stay.
    Skeleton,
    /// Sums of lexicon valences: of the paragraph, its last sentence, the target's sentences, and before and behind the target.
    Lexicon,
    /// Mean word vector of the paragraph.
    VectorParagraph,
    /// Mean word vector of what stands before the nearest mention in its sentence.
    VectorBefore,
    /// Mean word vector of what stands behind it.
    VectorAfter,
}

impl BlockKind {
    /// Every kind, in the order in which new settings list them.
    pub const ALL: [BlockKind; 16] = [
        BlockKind::Paragraph,
        BlockKind::Sentence,
        BlockKind::Window3,
        BlockKind::Window6,
        BlockKind::Window12,
        BlockKind::Before,
        BlockKind::After,
        BlockKind::Characters,
        BlockKind::NearCharacters,
        BlockKind::Spelling,
        BlockKind::Language,
        BlockKind::Skeleton,
        BlockKind::Lexicon,
        BlockKind::VectorParagraph,
        BlockKind::VectorBefore,
        BlockKind::VectorAfter,
    ];

    /// The name used in files, flags and explanations.
    pub fn name(self) -> &'static str {
        match self {
            BlockKind::Paragraph => "paragraph",
            BlockKind::Sentence => "sentence",
            BlockKind::Window3 => "window3",
            BlockKind::Window6 => "window6",
            BlockKind::Window12 => "window12",
            BlockKind::Before => "before",
            BlockKind::After => "after",
            BlockKind::Characters => "characters",
            BlockKind::NearCharacters => "near-characters",
            BlockKind::Spelling => "spelling",
            BlockKind::Language => "language",
            BlockKind::Skeleton => "skeleton",
            BlockKind::Lexicon => "lexicon",
            BlockKind::VectorParagraph => "vector-paragraph",
            BlockKind::VectorBefore => "vector-before",
            BlockKind::VectorAfter => "vector-after",
        }
    }
}

impl fmt::Display for BlockKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is not a block's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a feature block; the blocks are {names}", names = BlockKind::ALL.map(BlockKind::name).join(", "))]
pub struct UnknownBlock(String);

impl FromStr for BlockKind {
    type Err = UnknownBlock;
    fn from_str(text: &str) -> Result<Self, UnknownBlock> {
        BlockKind::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| UnknownBlock(text.to_string()))
    }
}

/// A block of features.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// What it looks at.
    pub kind: BlockKind,
    /// The Euclidean length of the block's part of a row; 0 < scale.
    pub scale: f32,
    /// Whether it takes part.
    pub on: bool,
    /// A copy of the block for each topic of the views, beside the shared one (Daumé 2007).
    #[serde(default)]
    pub per_topic: bool,
    /// 0 for the blocks of a model trained from nothing, 1 for those that training from such a model added, and so on. Blocks of different
    /// generations have vocabularies of their own.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub generation: u8,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(generation: &u8) -> bool {
    *generation == 0
}

/// How texts become rows. Part of the model file: a model means nothing under other settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The blocks, in the order of their columns.
    pub blocks: Vec<Block>,
    /// The longest n-gram of tokens, 1 or 2.
    pub ngrams: usize,
    /// In paragraphs of more tokens than this, windows stop at the sentence of the mention.
    pub sentence_limit: usize,
    /// The fewest records in which a feature must occur to enter the vocabulary, at least 1.
    pub min_df: usize,
    /// Whether jieba may find words that its dictionary lacks.
    pub hmm: bool,
}

impl Settings {
    /// The settings for stance toward a target.
    pub fn stance() -> Self {
        let block = |kind| {
            let scale = match kind {
                BlockKind::Paragraph | BlockKind::Window12 | BlockKind::Spelling => 1.0,
                BlockKind::Language => 0.5,
                _ => 0.7,
            };
            Block { kind, scale, on: true, per_topic: false, generation: 0 }
        };
        Settings { blocks: BlockKind::ALL.map(block).to_vec(), ngrams: 2, sentence_limit: 60, min_df: 2, hmm: true }
    }

    /// The settings for the sentiment of a paragraph: only blocks that need no target.
    pub fn sentiment() -> Self {
        let mut settings = Self::stance();
        settings.blocks.retain(|b| {
            use BlockKind::{Characters, Language, Lexicon, Paragraph, Skeleton, Spelling, VectorParagraph};
            matches!(b.kind, Paragraph | Characters | Spelling | Language | Skeleton | Lexicon | VectorParagraph)
        });
        settings.emphasise_spelling();
        settings
    }

    /// Gives spelling most of the weight: where a text is judged as a whole, character n-grams say more than what stands around a mention.
    fn emphasise_spelling(&mut self) {
        for block in self.blocks.iter_mut().filter(|block| block.kind == BlockKind::Spelling) {
            block.scale = 3.0;
        }
    }

    /// The same settings with a copy of every block of n-grams for each topic.
    pub fn per_topic(mut self) -> Self {
        self.emphasise_spelling();
        let copies: Vec<Block> = self
            .blocks
            .iter()
            .filter(|block| super::width(block.kind) == 0)
            .map(|&block| Block { per_topic: true, ..block })
            .collect();
        self.blocks.extend(copies);
        self
    }

    /// These settings with the blocks of n-grams of `new` behind them, as a generation of their own. Blocks of numbers have no vocabulary and are
    /// shared; `new` decides how many tokens n-grams have and what enters the vocabulary.
    pub fn followed_by(&self, new: &Settings) -> Self {
        let generation = 1 + self.blocks.iter().map(|block| block.generation).max().unwrap_or(0);
        let grams = new.blocks.iter().filter(|block| super::width(block.kind) == 0);
        let mut blocks = self.blocks.clone();
        blocks.extend(grams.map(|&block| Block { generation, ..block }));
        Settings { blocks, min_df: new.min_df, ..self.clone() }
    }

    /// The blocks that take part.
    pub fn active(&self) -> impl Iterator<Item = (usize, &Block)> {
        self.blocks.iter().enumerate().filter(|(_, block)| block.on)
    }
}
