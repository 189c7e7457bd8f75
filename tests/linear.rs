//! No input takes time that grows with its square.

use std::time::{Duration, Instant};

use lichang::article::Document;
use lichang::model::Model;
use lichang::score::Scorer;
use lichang::target::{Finder, TargetTable};

/// How often a measurement that another program may have disturbed is made again.
const TRIES: usize = 4;

/// How much longer ten times the input may take. Linear time is 10, quadratic time 100.
const MOST: f64 = 30.0;

fn scorer() -> Scorer {
    Scorer::new(Model::builtin().unwrap(), Finder::new(TargetTable::builtin())).unwrap()
}

/// The time from a text to its scores.
fn time(scorer: &Scorer, text: &str) -> Duration {
    let start = Instant::now();
    let article = scorer.score(&Document::from_text("long", text).into_article().unwrap());
    assert!(!article.scores.is_empty());
    start.elapsed()
}

#[test]
fn ten_times_the_input_takes_no_thirty_times_the_time() {
    let scorer = scorer();
    let paragraphs = |count: usize| -> String {
        (0..count).map(|i| format!("{} fell on day {i}.\n\n", if i % 10 == 0 { "OpenAI" } else { "Rain" })).collect()
    };
    let cases: [(&str, String, String); 4] = [
        ("paragraphs of an article", paragraphs(10_000), paragraphs(100_000)),
        (
            "mentions in a paragraph",
            "OpenAI beats DeepSeek and ".repeat(500),
            "OpenAI beats DeepSeek and ".repeat(5_000),
        ),
        (
            "mentions in a Chinese paragraph",
            "月之暗面胜过深度求索，".repeat(500),
            "月之暗面胜过深度求索，".repeat(5_000),
        ),
        (
            "mentions by role",
            "OpenAI was praised, and the company grew. ".repeat(500),
            "OpenAI was praised, and the company grew. ".repeat(5_000),
        ),
    ];
    for (what, small, large) in cases {
        // The shortest time of several is the one that was disturbed least.
        let (mut fast, mut slow, mut ratio) = (Duration::MAX, Duration::MAX, f64::MAX);
        for _ in 0..TRIES {
            fast = fast.min(time(&scorer, &small)).min(time(&scorer, &small));
            slow = slow.min(time(&scorer, &large));
            ratio = slow.as_secs_f64() / fast.as_secs_f64();
            if ratio < MOST {
                break;
            }
        }
        assert!(ratio < MOST, "{what}: {slow:?} for ten times what takes {fast:?}");
    }
}
