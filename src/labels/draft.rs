//! What a record says before the whole file has said what its names and offsets mean.

use serde_json::{Map, Value};

use super::offsets::{Unit, Unknown};
use super::{Item, LabelMap, Suggestion};
use crate::label::{Class, Sentiment, Stance};

/// A record of a label file, with names for classes and offsets of any unit.
#[derive(Debug)]
pub(super) struct Draft {
    /// Where it begins.
    pub line: usize,
    /// What needs no file: an empty target name stands for the string at `span`.
    pub item: Item,
    /// The names of its class; several if they mean the same or all but one are left out.
    pub labels: Vec<String>,
    pub also: Option<String>,
    pub sentiment: Option<String>,
    pub suggestion: Option<Suggested>,
    /// Where the target stands.
    pub span: Option<Span>,
}

/// What a model thinks, in names.
#[derive(Debug)]
pub(super) struct Suggested {
    pub label: String,
    pub p: Option<Map<String, Value>>,
    pub model: Option<String>,
}

/// Offsets whose unit is not known.
#[derive(Debug)]
pub(super) struct Span {
    pub from: usize,
    pub to: usize,
    pub hint: Hint,
}

/// What stands at a span.
#[derive(Debug)]
pub(super) enum Hint {
    /// Exactly this.
    Exactly(String),
    /// Perhaps one of these, the names of its target.
    Names(Vec<String>),
    /// Nobody says what.
    Nothing,
}

/// How the names of classes are read.
pub(super) enum Names<'a> {
    /// Only ours, and of the right kind.
    Ours,
    /// By a map; `signed` if numbers are −1, 0 and 1.
    Map { map: &'a LabelMap, signed: bool },
}

impl Names<'_> {
    /// The class of a name, `None` if it is to be left out.
    fn class(&self, name: &str, of_target: bool) -> Result<Option<usize>, String> {
        match self {
            Names::Ours if of_target => {
                name.parse::<Stance>().map(|class| Some(class.index())).map_err(|e| e.to_string())
            }
            Names::Ours => name
                .parse::<Sentiment>()
                .map(|class| Some(class.index()))
                .map_err(|e| format!("{e} (a record without `target` has a sentiment)")),
            Names::Map { map, signed } => map.class(name, *signed).map_err(|e| e.to_string()),
        }
    }
}

impl Draft {
    /// Strings of which one should stand at the span, with the offsets.
    pub fn unknown<'a>(&'a self, expected: &'a [&'a str]) -> Option<Unknown<'a>> {
        let span = self.span.as_ref()?;
        Some(Unknown { text: &self.item.text, span: (span.from, span.to), expected })
    }

    /// What [`Draft::unknown`] wants to know.
    pub fn expected(&self) -> Vec<&str> {
        match self.span.as_ref().map(|span| &span.hint) {
            Some(Hint::Exactly(text)) => vec![text],
            Some(Hint::Names(names)) => names.iter().map(String::as_str).collect(),
            Some(Hint::Nothing) | None => Vec::new(),
        }
    }

    /// Whether its offsets are our fields, and not a tool's.
    pub fn is_ours(&self) -> bool {
        self.span.as_ref().is_some_and(|span| matches!(span.hint, Hint::Names(_)))
    }

    /// The item, with offsets of the given unit (code points if there is none); `None` if its label is to be left out.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn into_item(self, names: &Names, unit: Option<Unit>) -> Result<Option<Item>, String> {
        let Draft { mut item, labels, also, sentiment, suggestion, span, .. } = self;
        if item.text.trim().is_empty() {
            return Err("`text` is empty".into());
        }
        if let Some(span) = span {
            let unit = unit.unwrap_or(Unit::CodePoints);
            let part = unit.slice(&item.text, span.from, span.to).map(str::to_string);
            let at = unit.code_points(&item.text, span.from, span.to);
            let (Some(part), Some(at)) = (part, at) else {
                return Err(format!(
                    "`from` {} and `to` {} are not a span of the text, which has {} {unit}",
                    span.from,
                    span.to,
                    length(&item.text, unit)
                ));
            };
            // Tools differ in how they write line breaks within what they quote.
            let visible = |c: &char| !c.is_whitespace();
            if let Hint::Exactly(expected) = &span.hint
                && !expected.chars().filter(visible).eq(part.chars().filter(visible))
            {
                return Err(format!("at {}–{} ({unit}) stands `{part}`, not `{expected}`", span.from, span.to));
            }
            if let Some(target) = &mut item.target {
                target.at = Some(at);
                if target.name.is_empty() {
                    target.name = part;
                }
            }
        }
        let of_target = item.target.is_some();
        let class = |name: &str| names.class(name, of_target);
        let mut left_out = false;
        for label in &labels {
            match class(label)? {
                Some(found) if item.class.is_some_and(|class| class != found) => {
                    return Err(format!(
                        "its labels {} are of several classes; a text (or a target in it) can have one",
                        labels.join(", ")
                    ));
                }
                Some(found) => item.class = Some(found),
                None => left_out = true,
            }
        }
        if left_out && item.class.is_none() {
            return Ok(None);
        }
        item.also = also.map(|name| class(&name)).transpose().map_err(|e| format!("`also`: {e}"))?.flatten();
        item.sentiment = match sentiment {
            None => None,
            Some(name) => {
                names.class(&name, false).map_err(|e| format!("`sentiment`: {e}"))?.map(|i| Sentiment::ALL[i])
            }
        };
        item.suggestion = suggestion
            .and_then(|suggested| match class(&suggested.label) {
                Ok(found) => found.map(|class| suggested.of_class(class, &item)),
                Err(error) => Some(Err(error)),
            })
            .transpose()
            .map_err(|error| format!("`suggestion`: {error}"))?;
        Ok(Some(item))
    }
}

impl Suggested {
    fn of_class(self, class: usize, item: &Item) -> Result<Suggestion, String> {
        let names: [&str; 3] = [0, 1, 2].map(|class| item.class_name(class));
        let p = |p: Map<String, Value>| match names.map(|name| p.get(name).and_then(Value::as_f64)) {
            [Some(a), Some(b), Some(c)] => Ok([a, b, c]),
            _ => Err(format!("`p` needs numbers for {}", names.join(", "))),
        };
        Ok(Suggestion { class, p: self.p.map(p).transpose()?, model: self.model })
    }
}

fn length(text: &str, unit: Unit) -> usize {
    match unit {
        Unit::CodePoints => text.chars().count(),
        Unit::Utf16 => text.encode_utf16().count(),
        Unit::Bytes => text.len(),
    }
}
