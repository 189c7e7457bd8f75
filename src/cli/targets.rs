//! `lichang targets`.

use std::io::Write;

use anyhow::Context;
use lichang::report::pad;
use lichang::target::{Company, TargetTable, Via};

use super::args::{TargetsArgs, TargetsCommand};
use super::{Outcome, inputs};

/// Lists or checks.
pub fn run(args: TargetsArgs) -> anyhow::Result<Outcome> {
    let mut out = anstream::stdout().lock();
    match args.command {
        TargetsCommand::List { targets, filter } => {
            let (finder, _) = inputs::finder(&targets)?;
            let filter = filter.map(|f| f.to_lowercase());
            let wanted = |c: &&Company| {
                filter.as_ref().is_none_or(|filter| {
                    c.name.to_lowercase().contains(filter)
                        || c.aliases.iter().any(|a| a.text.to_lowercase().contains(filter))
                })
            };
            let companies: Vec<&Company> = finder.table().companies.iter().filter(wanted).collect();
            for company in &companies {
                writeln!(out, "{} {}", pad(&company.name, 16), company.country)?;
                for (via, what) in [(Via::Name, "names"), (Via::Product, "products"), (Via::Executive, "executives")] {
                    let of: Vec<String> = company
                        .aliases
                        .iter()
                        .filter(|a| a.via == via)
                        .map(|a| format!("{}{}", a.text, if a.condition.is_some() { "*" } else { "" }))
                        .collect();
                    if !of.is_empty() {
                        writeln!(out, "    {} {}", pad(what, 10), of.join(", "))?;
                    }
                }
            }
            let aliases: usize = companies.iter().map(|c| c.aliases.len()).sum();
            writeln!(
                out,
                "{} companies, {aliases} aliases; * counts only with support in the document",
                companies.len()
            )?;
        }
        TargetsCommand::Check { file } => {
            let text = inputs::read_table(&file)?;
            let own = TargetTable::parse(&text).with_context(|| format!("{} is not a sound table", file.display()))?;
            let count = own.companies.len();
            let names: Vec<String> = own.companies.iter().map(|c| c.name.clone()).collect();
            let merged = TargetTable::builtin()
                .merge(own)
                .with_context(|| format!("{} does not go with the built-in table", file.display()))?;
            for problem in merged.shadowed().iter().filter(|p| names.contains(&p.company)) {
                writeln!(out, "note: {problem}")?;
            }
            writeln!(out, "{}: {count} companies, sound", file.display())?;
        }
    }
    Ok(Outcome::Complete)
}
