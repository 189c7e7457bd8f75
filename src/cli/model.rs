//! `lichang model`.

use std::io::Write;

use lichang::label::{Class, Sentiment, Stance};
use lichang::model::Head;

use super::args::{ModelArgs, ModelCommand};
use super::{Outcome, inputs};

/// Shows a model.
pub fn run(args: ModelArgs) -> anyhow::Result<Outcome> {
    let ModelCommand::Show { file, top } = args.command;
    let model = inputs::model(file.as_deref())?;
    let mut out = anstream::stdout().lock();
    let bytes = model.to_bytes();
    let provenance = &model.provenance;
    writeln!(out, "model     {}", file.map_or("built-in".to_string(), |f| f.display().to_string()))?;
    writeln!(out, "identity  {}", model.identity())?;
    writeln!(out, "sha256    {}", model.sha256())?;
    writeln!(out, "size      {} bytes", bytes.len())?;
    writeln!(
        out,
        "trained   by lichang {} with jieba {}, seed {}",
        provenance.program, provenance.jieba, provenance.seed
    )?;
    if let Some(date) = &provenance.date {
        writeln!(out, "date      {date}")?;
    }
    for parent in &provenance.parents {
        writeln!(out, "parent    {parent}")?;
    }
    writeln!(out, "texts     {} known by their fingerprints", model.texts().fingerprints().len())?;
    writeln!(out, "targets   {}", provenance.targets)?;
    for data in &provenance.data {
        // A table of labels for another file's records has none of its own.
        let records = if data.records > 0 { format!("{} records of ", data.records) } else { String::new() };
        writeln!(out, "data      {records}{} (sha256 {})", data.name, data.sha256)?;
    }
    if let Some(head) = &model.stance {
        show::<Stance>(&mut out, "stance", head, top, provenance)?;
    }
    if let Some(head) = &model.sentiment {
        show::<Sentiment>(&mut out, "sentiment", head, top, provenance)?;
    }
    Ok(Outcome::Complete)
}

fn show<C: Class>(
    out: &mut impl Write,
    task: &str,
    head: &Head,
    top: usize,
    provenance: &lichang::model::Provenance,
) -> std::io::Result<()> {
    let vectorizer = head.vectorizer();
    let settings = vectorizer.settings();
    writeln!(out, "\n{task}: {} features", vectorizer.columns())?;
    if let Some(record) = provenance.heads.iter().find(|h| h.task == task) {
        let of: Vec<String> =
            C::ALL.iter().zip(record.examples).map(|(class, n)| format!("{n} {}", class.name())).collect();
        writeln!(out, "  examples     {}", of.join(", "))?;
        writeln!(
            out,
            "  solver       C {}, class weight {:?}, count ratio {}, {} iterations, gradient norm {:.1e}{}",
            record.c,
            record.class_weight,
            record.count_ratio,
            record.convergence.iterations,
            record.convergence.gradient_norm,
            if record.convergence.converged { "" } else { ", not converged" }
        )?;
        let calibrated = match record.calibration_folds {
            0 => "no".to_string(),
            folds => format!("on out-of-fold predictions of {folds} folds"),
        };
        writeln!(out, "  calibrated   {calibrated}")?;
        if let Some(adaptation) = &record.adaptation {
            writeln!(out, "  departure    {:?} from its parent", adaptation.departure)?;
        }
    }
    writeln!(
        out,
        "  settings     n-grams to {}, min df {}, windows stop at sentences above {} tokens, jieba HMM {}",
        settings.ngrams,
        settings.min_df,
        settings.sentence_limit,
        if settings.hmm { "on" } else { "off" }
    )?;
    let mut columns = vec![0usize; settings.blocks.len()];
    for &block in vectorizer.blocks() {
        columns[usize::from(block)] += 1;
    }
    let blocks: Vec<String> = settings
        .active()
        .map(|(at, b)| format!("{}{} ×{} ({})", b.kind, if b.per_topic { "/target" } else { "" }, b.scale, columns[at]))
        .collect();
    writeln!(out, "  blocks       {}", blocks.join(", "))?;
    for class in C::ALL {
        let at = class.index();
        // What speaks for a class and not for its rivals: its weight less the higher of the others.
        let edge = |w: &[f32; 3]| w[at] - (0..3).filter(|&o| o != at).map(|o| w[o]).fold(f32::MIN, f32::max);
        let mut order: Vec<usize> = (0..vectorizer.columns()).collect();
        order.sort_by(|&a, &b| edge(&head.weights()[b]).total_cmp(&edge(&head.weights()[a])).then(a.cmp(&b)));
        let words: Vec<String> = order
            .iter()
            .take(top)
            .map(|&i| {
                let block = settings.blocks[usize::from(vectorizer.blocks()[i])].kind;
                format!("{}:{}", block, vectorizer.terms()[i].replace('\u{1F}', "/").replace(' ', "_"))
            })
            .collect();
        writeln!(out, "  {:<12} {}", class.name(), words.join("  "))?;
    }
    Ok(())
}
