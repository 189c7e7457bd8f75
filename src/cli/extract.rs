//! `lichang extract`.

use std::collections::HashMap;
use std::io::{self, BufWriter, Write};

use anyhow::Context;
use lichang::article::{Article, Inputs};
use lichang::atomic;
use lichang::guard::guarded;
use rayon::prelude::*;

use super::args::ExtractArgs;
use super::progress::Counter;
use super::read::{self, Handing};
use super::{Outcome, Summary, report_error};

/// Writes the text of what the arguments name.
pub fn run(args: ExtractArgs) -> anyhow::Result<Outcome> {
    let strict = args.read.strict;
    let inputs = Inputs::new(args.inputs, read::options(args.read))?;
    if let Some(folder) = &args.output {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout());
    let mut names = HashMap::new();
    let counter = Counter::new("documents");
    let (mut done, mut failed) = (0u64, 0u64);
    let worked = read::batches(inputs, Handing::default(), |batches| -> anyhow::Result<bool> {
        for batch in batches {
            let found = batch?.found;
            let size = found.len();
            let texts = found.into_par_iter().map(|document| {
                let document = document.map_err(|error| error.to_string())?;
                let doc = document.doc.clone();
                let article = guarded("documents", || document.into_article());
                article.map_err(|error| format!("{doc}: {error}"))?.map_err(|error| error.to_string())
            });
            for article in texts.collect::<Vec<Result<Article, String>>>() {
                match article {
                    Ok(article) => {
                        let text = article.to_markdown();
                        match &args.output {
                            Some(folder) => {
                                let path = folder.join(file_name(&article.doc, &mut names));
                                atomic::write(&path, text.as_bytes())
                                    .with_context(|| format!("cannot write {}", path.display()))?;
                            }
                            None => {
                                let gap = if done > 0 { "\n" } else { "" };
                                counter.suspend(|| write!(out, "{gap}{text}"))?;
                            }
                        }
                        done += 1;
                    }
                    Err(error) => {
                        failed += 1;
                        counter.suspend(|| report_error(&error));
                        if strict {
                            return Ok(false);
                        }
                    }
                }
            }
            counter.add(size);
        }
        Ok(true)
    });
    counter.finish();
    out.flush()?;
    let worked = worked?;
    let summary = Summary { read: done, skipped: worked.skipped, failed };
    if !worked.whole {
        summary.print();
        anyhow::bail!("stopped at the first failure, as --strict asks");
    }
    Ok(summary.outcome())
}

/// A name for the file of a document that no other has, even where letter case is not told apart. `taken` counts the documents of each name.
fn file_name(doc: &str, taken: &mut HashMap<String, usize>) -> String {
    let last = doc.trim_end_matches('/').rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = [".md", ".txt", ".html", ".htm"].iter().find_map(|ending| last.strip_suffix(ending)).unwrap_or(last);
    let safe: String = stem
        .chars()
        .map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' })
        .take(60)
        .collect();
    let safe = safe.trim_matches(['.', '-']);
    let safe = if safe.is_empty() { "document" } else { safe };
    let mut number = taken.get(&safe.to_lowercase()).map_or(1, |count| count + 1);
    loop {
        let name = if number == 1 { safe.to_string() } else { format!("{safe}-{number}") };
        taken.insert(safe.to_lowercase(), number);
        if number == 1 || taken.insert(name.to_lowercase(), 1).is_none() {
            return format!("{name}.md");
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_their_own() {
        let mut taken = HashMap::new();
        let names: Vec<String> =
            ["a/page.html", "b/Page.html", "c/page-2.txt", "../..", "c.jsonl:3", "https://x.example/月?a=1", "d:\\e"]
                .map(|doc| file_name(doc, &mut taken))
                .to_vec();
        assert_eq!(names, ["page.md", "Page-2.md", "page-2-2.md", "document.md", "c.jsonl-3.md", "月-a-1.md", "e.md"]);
    }
}
