//! No input takes time that grows with its square.

use std::fs;
use std::time::Instant;

use lichang::article::Document;
use lichang::model::CompiledModel;
use lichang::score::Scorer;
use lichang::target::{Finder, TargetTable};

/// How often a measurement that something may have disturbed is made again.
const TRIES: usize = 5;

/// How much longer one input may take than ten of a tenth of its size. For linear time it is 1, for quadratic time 10.
const MOST: f64 = 3.0;

/// Seconds that this thread has had of the processor; seconds since `start` where the system does not tell them.
fn processor(start: Instant) -> f64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|line| line.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| start.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

/// Seconds from a text to its scores, `times` over.
fn time(scorer: &Scorer, text: &str, times: usize) -> f64 {
    let start = Instant::now();
    let before = processor(start);
    for _ in 0..times {
        let article = scorer.score(&Document::from_text("long", text).into_article().unwrap());
        assert!(!article.scores.is_empty());
    }
    processor(start) - before
}

#[test]
fn long_texts_take_time_by_their_length() {
    let scorer = Scorer::new(CompiledModel::builtin().unwrap(), Finder::new(TargetTable::builtin())).unwrap();
    let paragraphs = |count: usize| -> String {
        (0..count).map(|i| format!("{} fell on day {i}.\n\n", if i % 10 == 0 { "OpenAI" } else { "Rain" })).collect()
    };
    let by_name = |count: usize| "OpenAI beats DeepSeek and ".repeat(count / 2);
    let by_role = |count: usize| "OpenAI was praised, and the company grew. ".repeat(count / 2);
    let chinese = |count: usize| "月之暗面胜过深度求索，".repeat(count / 2);
    let cases: [(&str, String, String); 4] = [
        ("paragraphs of an article", paragraphs(10_000), paragraphs(100_000)),
        ("mentions in a paragraph", by_name(1_000), by_name(10_000)),
        ("mentions in a paragraph, half of them by role", by_role(1_000), by_role(10_000)),
        ("mentions in a Chinese paragraph", chinese(1_000), chinese(10_000)),
    ];
    for (what, small, large) in cases {
        // What is loaded once is not counted, and the shortest time of several is the one that was disturbed least.
        time(&scorer, &small, 1);
        let (mut ten, mut one) = (f64::MAX, f64::MAX);
        for _ in 0..TRIES {
            ten = ten.min(time(&scorer, &small, 10));
            one = one.min(time(&scorer, &large, 1));
            if one / ten < MOST {
                break;
            }
        }
        println!("{what}: {one:.3} s, ten of a tenth {ten:.3} s");
        assert!(one / ten < MOST, "{what}: {one} s, ten of a tenth {ten} s");
    }
}
