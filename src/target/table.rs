//! The table of companies and the checks on it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use aho_corasick::AhoCorasick;
use serde::Deserialize;

use super::Via;
use crate::text::Normalized;

/// The companies that the program knows, from a TOML file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetTable {
    /// The companies, in the order of the file.
    pub companies: Vec<Company>,
}

/// A company with everything that stands for it in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// The canonical name, shown in results.
    pub name: String,
    /// ISO code of its country; empty when unknown.
    pub country: String,
    /// Role nouns that fit it besides "company" and "firm": `startup`, `giant`, `chipmaker`, `carmaker`, `phonemaker`, …
    pub roles: Vec<String>,
    /// Names, products and executives.
    pub aliases: Vec<Alias>,
    /// Longer phrases that contain an alias and are something else ("apple pie").
    pub not: Vec<String>,
    /// Conditions that ambiguous aliases refer to.
    pub conditions: Vec<Condition>,
}

/// One string that stands for a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The string, normalised as texts are.
    pub text: String,
    /// What it names.
    pub via: Via,
    /// It counts only with exactly these capitals, or all in capitals.
    pub cased: bool,
    /// Index of the condition under which it counts, for an ambiguous alias.
    pub condition: Option<usize>,
}

/// An ambiguous alias counts only if one of these words, or an unambiguous alias of the company, is near or in the article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The supporting words, normalised.
    pub needs: Vec<String>,
}

/// A table that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Not TOML, or not of the documented form.
    #[error("{0}")]
    Syntax(#[from] toml::de::Error),
    /// TOML of the right form whose content is wrong.
    #[error("{}", list(.0))]
    Problems(Vec<Problem>),
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

/// Something wrong in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The company where it was found.
    pub company: String,
    /// What is wrong and how to mend it.
    pub problem: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.company, self.problem)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileForm {
    #[serde(default = "one")]
    version: u32,
    #[serde(default, rename = "company")]
    companies: Vec<CompanyForm>,
}

fn one() -> u32 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CompanyForm {
    name: String,
    #[serde(default)]
    country: String,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    en: Vec<String>,
    #[serde(default)]
    zh: Vec<String>,
    #[serde(default)]
    zh_hant: Vec<String>,
    #[serde(default)]
    products: Vec<String>,
    #[serde(default)]
    executives: Vec<String>,
    #[serde(default)]
    cased: Vec<String>,
    #[serde(default)]
    not: Vec<String>,
    #[serde(default)]
    ambiguous: Vec<AmbiguousForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AmbiguousForm {
    aliases: Vec<String>,
    needs: Vec<String>,
}

/// Brings a string of the table to the spelling of normalised texts.
fn normal(text: &str) -> String {
    Normalized::new(text, 0..text.len(), &[]).as_str().trim().to_string()
}

impl TargetTable {
    /// The companies that ship with the program.
    pub fn builtin() -> Self {
        let form = serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/targets.json")));
        Self::from_form(form.expect("a test reads the built-in table"), &mut Vec::new())
    }

    /// Reads a table.
    ///
    /// # Errors
    /// [`TableError`] for text that is not TOML, unknown fields (with the line), or a table with problems; all problems are listed at once.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let form: FileForm = toml::from_str(text)?;
        let mut problems = Vec::new();
        if form.version != 1 {
            problems.push(Problem {
                company: "version".into(),
                problem: format!("{} is not known to this program; expected 1", form.version),
            });
        }
        let table = Self::from_form(form, &mut problems);
        problems.extend(table.problems());
        if problems.is_empty() { Ok(table) } else { Err(TableError::Problems(problems)) }
    }

    fn from_form(form: FileForm, problems: &mut Vec<Problem>) -> Self {
        TargetTable { companies: form.companies.into_iter().map(|c| Company::from_form(c, problems)).collect() }
    }

    /// Adds the companies of `other`; one with the name of a company that is already here replaces it.
    ///
    /// # Errors
    /// [`TableError::Problems`] when an alias would then belong to two companies.
    pub fn merge(mut self, other: TargetTable) -> Result<Self, TableError> {
        for company in other.companies {
            match self.companies.iter_mut().find(|c| c.name == company.name) {
                Some(old) => *old = company,
                None => self.companies.push(company),
            }
        }
        let problems = self.problems();
        if problems.is_empty() { Ok(self) } else { Err(TableError::Problems(problems)) }
    }

    /// The index of the company that has this canonical name or, failing that, this alias.
    pub fn find(&self, name: &str) -> Option<usize> {
        let exact = self.companies.iter().position(|c| c.name.eq_ignore_ascii_case(name));
        exact.or_else(|| {
            let name = normal(name);
            self.companies.iter().position(|c| c.aliases.iter().any(|a| a.text.eq_ignore_ascii_case(&name)))
        })
    }

    /// Aliases that belong to two companies, and aliases that can never match.
    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut owners: HashMap<String, &str> = HashMap::new();
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        let decoys: HashMap<String, &str> = self
            .companies
            .iter()
            .flat_map(|c| c.not.iter().map(|n| (n.to_ascii_lowercase(), c.name.as_str())))
            .collect();
        for company in &self.companies {
            let mut report = |problem: String| problems.push(Problem { company: company.name.clone(), problem });
            *names.entry(company.name.to_lowercase()).or_default() += 1;
            if names[&company.name.to_lowercase()] == 2 {
                report("the company stands twice in the table; join the two".into());
            }
            if company.aliases.is_empty() {
                report("has no name to look for; give `en`, `zh`, `zh_hant` or `products`".into());
            }
            for alias in &company.aliases {
                let key = alias.text.to_ascii_lowercase();
                if !alias.text.chars().any(char::is_alphanumeric) {
                    report(format!("`{}` can never match: it has no letter or digit", alias.text));
                }
                if let Some(owner) = owners.get(&key).filter(|owner| **owner != company.name) {
                    report(format!("`{}` already belongs to {owner}; remove it from one of them", alias.text));
                }
                if let Some(owner) = decoys.get(&key) {
                    report(format!("`{}` can never match: it stands in `not` of {owner}", alias.text));
                }
                owners.entry(key).or_insert(&company.name);
            }
        }
        problems
    }

    /// Aliases that are part of an alias of another company; both work, but the longer one wins where it stands.
    pub fn shadowed(&self) -> Vec<Problem> {
        let all: Vec<(&Company, &str)> =
            self.companies.iter().flat_map(|c| c.aliases.iter().map(move |a| (c, a.text.as_str()))).collect();
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(all.iter().map(|(_, text)| text))
            .expect("a table of names is far below the automaton's limits");
        let mut found = Vec::new();
        for (hiding, longer) in &all {
            for part in automaton.find_overlapping_iter(longer) {
                let (company, alias) = all[part.pattern().as_usize()];
                if company.name != hiding.name && alias.len() < longer.len() {
                    found.push(Problem {
                        company: company.name.clone(),
                        problem: format!("`{alias}` is part of `{longer}` of {}, which wins there", hiding.name),
                    });
                }
            }
        }
        found
    }
}

impl Company {
    fn from_form(form: CompanyForm, problems: &mut Vec<Problem>) -> Self {
        let mut report = |problem: String| problems.push(Problem { company: form.name.clone(), problem });
        let cased: Vec<String> = form.cased.iter().map(|a| normal(a)).collect();
        let ambiguous: Vec<Vec<String>> =
            form.ambiguous.iter().map(|a| a.aliases.iter().map(|a| normal(a)).collect()).collect();
        let mut aliases: Vec<Alias> = Vec::new();
        let groups = [
            (&form.en, Via::Name),
            (&form.zh, Via::Name),
            (&form.zh_hant, Via::Name),
            (&form.products, Via::Product),
            (&form.executives, Via::Executive),
        ];
        for (group, via) in groups {
            for raw in group {
                let text = normal(raw);
                if text.is_empty() {
                    report("an alias is empty; remove it".into());
                    continue;
                }
                // A Traditional name is often the Simplified one once both are normalised.
                if aliases.iter().any(|a| a.text == text) {
                    continue;
                }
                let condition = ambiguous.iter().position(|group| group.contains(&text));
                aliases.push(Alias { cased: cased.contains(&text), text, via, condition });
            }
        }
        for (text, field) in
            cased.iter().map(|c| (c, "cased")).chain(ambiguous.iter().flatten().map(|a| (a, "ambiguous")))
        {
            if !aliases.iter().any(|a| a.text == *text) {
                report(format!(
                    "`{text}` stands in `{field}` but is not an alias; list it in `en`, `zh`, `products` or `executives`"
                ));
            }
        }
        if form.ambiguous.iter().any(|a| a.needs.is_empty()) {
            report("an `ambiguous` table has no `needs`; its aliases would never match".into());
        }
        Company {
            name: form.name.trim().to_string(),
            country: form.country,
            roles: form.roles,
            aliases,
            not: form.not.iter().map(|n| normal(n)).filter(|n| !n.is_empty()).collect(),
            conditions: form
                .ambiguous
                .iter()
                .map(|a| Condition { needs: a.needs.iter().map(|n| normal(n)).filter(|n| !n.is_empty()).collect() })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> String {
        TargetTable::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn the_builtin_table_is_sound_and_large() {
        let table = TargetTable::parse(include_str!("../../data/targets.toml")).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(table, TargetTable::builtin());
        assert!(table.companies.len() >= 60);
        for (alias, name) in
            [("月之暗面", "Moonshot AI"), ("深度求索", "DeepSeek"), ("Claude", "Anthropic"), ("輝達", "Nvidia")]
        {
            let at = table.find(alias).unwrap_or_else(|| panic!("{alias} is missing"));
            assert_eq!(table.companies[at].name, name);
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let cases = [
            (
                "[[company]]\nname = \"A\"\nen = [\"x\"]\n[[company]]\nname = \"B\"\nen = [\"X\"]",
                "already belongs to A",
            ),
            ("[[company]]\nname = \"A\"", "has no name to look for"),
            ("[[company]]\nname = \"A\"\nen = [\"x\"]\ncased = [\"y\"]", "`y` stands in `cased`"),
            ("[[company]]\nname = \"A\"\nen = [\"x\"]\nnot = [\"x\"]", "can never match"),
            ("[[company]]\nname = \"A\"\nen = [\"x\"]\n[[company]]\nname = \"a\"\nen = [\"z\"]", "twice"),
            ("[[company]]\nname = \"A\"\nalias = [\"x\"]", "unknown field `alias`"),
            ("version = 2", "not known to this program"),
        ];
        for (text, expected) in cases {
            assert!(problems(text).contains(expected), "{text}: {}", problems(text));
        }
    }

    #[test]
    fn a_user_table_adds_and_replaces() {
        let base = TargetTable::parse("[[company]]\nname = \"A\"\nen = [\"Aa\"]").unwrap();
        let user =
            TargetTable::parse("[[company]]\nname = \"A\"\nen = [\"Other\"]\n[[company]]\nname = \"B\"\nzh = [\"乙\"]")
                .unwrap();
        let merged = base.merge(user).unwrap();
        assert_eq!(merged.companies.len(), 2);
        assert_eq!(merged.find("乙"), Some(1));
        assert_eq!(merged.find("Aa"), None);
    }
}
