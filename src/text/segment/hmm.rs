//! Words that the dictionary lacks, by jieba's hidden Markov model: each character begins a word, ends it, is inside it, or is a word.
//!
//! The most probable states are found as Viterbi (1967) does. Sums are formed in the order in which jieba forms them and ties are decided as there, so that the words are the same.

use super::dictionary::table;
use super::layout::Node;

/// Four starts and four rows of transitions.
static MODEL: &[[u8; 8]] = table!("model.bin");
/// What characters emit, by their codes; the first row is that of characters that the model has not seen.
static EMISSIONS: &[[u8; 32]] = table!("emissions.bin");

const BEGIN: usize = 0;
const END: usize = 1;
const MIDDLE: usize = 2;
const SINGLE: usize = 3;

/// The two states that may come before each.
const BEFORE: [[usize; 2]; 4] = [[END, SINGLE], [BEGIN, MIDDLE], [BEGIN, MIDDLE], [END, SINGLE]];

/// Calls `word` with the first character of each word of a run of characters and the one after its last.
///
/// `ways` is a buffer of which nothing is read.
pub fn cut(run: &[Node], ways: &mut Vec<u8>, mut word: impl FnMut(usize, usize)) {
    let Some((first, rest)) = run.split_first() else { return };
    let start = |state: usize| f64::from_le_bytes(MODEL[state]);
    let transition = |state: usize, next: usize| f64::from_le_bytes(MODEL[4 + 4 * state + next]);
    let emitted = emissions(*first);
    let mut p: [f64; 4] = std::array::from_fn(|state| start(state) + emitted[state]);
    let transitions: [[f64; 2]; 4] = std::array::from_fn(|state| BEFORE[state].map(|before| transition(before, state)));
    ways.clear();
    // Bit s of a byte says from which of its two states s came.
    ways.push(0);
    for character in rest {
        let emitted = emissions(*character);
        let mut way = 0;
        p = std::array::from_fn(|state| {
            let [a, b] = BEFORE[state];
            let [to_a, to_b] = transitions[state];
            let (a, b) = (p[a] + to_a + emitted[state], p[b] + to_b + emitted[state]);
            way |= u8::from(a <= b) << state;
            if a > b { a } else { b }
        });
        ways.push(way);
    }
    let mut state = if p[END] > p[SINGLE] { END } else { SINGLE };
    for way in ways.iter_mut().rev() {
        let before = BEFORE[state][usize::from(*way >> state & 1)];
        *way = state as u8;
        state = before;
    }
    let mut begin = 0;
    for (at, &state) in ways.iter().enumerate() {
        match usize::from(state) {
            BEGIN => begin = at,
            END => word(begin, at + 1),
            SINGLE => word(at, at + 1),
            _ => {}
        }
    }
}

#[inline(always)]
fn emissions(character: Node) -> [f64; 4] {
    let row = EMISSIONS.get(character.code() as usize).unwrap_or(&EMISSIONS[0]);
    let (numbers, _) = row.as_chunks();
    std::array::from_fn(|state| f64::from_le_bytes(numbers[state]))
}
