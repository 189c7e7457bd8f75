//! Which counts of an n-gram the blocks of a model take.

use std::ops::Range;
use std::sync::Arc;

use super::block::{BlockKind, Settings};
use super::grams::Family;

/// How many counts an n-gram has: one a block of a family, and one that is always 0.
pub(super) const LANES: usize = 8;
/// The lane of blocks of other heads.
const NOWHERE: u8 = 7;

/// The blocks of all heads of a model, as one list.
#[derive(Debug, PartialEq)]
pub(super) struct Layout {
    /// For each block, which of the counts of an n-gram is its: in the whole paragraph 0, in a part of it another.
    pub lanes: Vec<u8>,
    /// The blocks that count in parts of the paragraph: of tokens, and of character n-grams.
    pub parts: [Vec<usize>; 2],
    /// Whether a head looks at n-grams of characters across words.
    pub spelling: bool,
}

/// How the blocks of a head count n-grams.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub(super) layout: Arc<Layout>,
    /// Its blocks among those of all heads.
    pub(super) own: Range<usize>,
    /// The lanes of its blocks; those of others have nothing.
    pub(super) lanes: Vec<u8>,
    pub(super) families: [bool; 5],
    pub(super) topics: bool,
}

impl Plan {
    /// The plans for the heads of a model, whose blocks are numbered as one list.
    pub fn of(heads: &[&Settings]) -> Vec<Plan> {
        let blocks: Vec<_> = heads.iter().flat_map(|settings| &settings.blocks).collect();
        let lanes: Vec<u8> = blocks.iter().map(|block| lane(block.kind)).collect();
        let parts = [Family::Tokens, Family::Characters].map(|family| {
            let counts = |at: &usize| lanes[*at] > 0 && Family::of(blocks[*at].kind) == Some(family);
            (0..blocks.len()).filter(counts).collect()
        });
        let spelling = heads.iter().flat_map(|settings| settings.active()).any(|(_, b)| b.kind == BlockKind::Spelling);
        let layout = Arc::new(Layout { lanes, parts, spelling });
        let mut end = 0;
        let plan = |settings: &&Settings| {
            let own = end..end + settings.blocks.len();
            end = own.end;
            let lane = |(at, &lane): (usize, &u8)| if own.contains(&at) { lane } else { NOWHERE };
            let mut families = [false; 5];
            for family in settings.active().filter_map(|(_, block)| Family::of(block.kind)) {
                families[family as usize] = true;
            }
            Plan {
                lanes: layout.lanes.iter().enumerate().map(lane).collect(),
                layout: Arc::clone(&layout),
                own,
                families,
                topics: settings.active().any(|(_, block)| block.per_topic),
            }
        };
        heads.iter().map(plan).collect()
    }
}

fn lane(kind: BlockKind) -> u8 {
    match kind {
        BlockKind::Sentence | BlockKind::NearCharacters => 1,
        BlockKind::Window3 => 2,
        BlockKind::Window6 => 3,
        BlockKind::Window12 => 4,
        BlockKind::Before => 5,
        BlockKind::After => 6,
        _ => 0,
    }
}
