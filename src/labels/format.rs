//! Which form a label file has, by what is in it.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::json::{lines, values};

/// The forms of label files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Our own: a JSON object a line.
    Jsonl,
    /// Rows with a header, separated by commas.
    Csv,
    /// Rows with a header, separated by tabs.
    Tsv,
    /// JSON lines (or an array) of doccano.
    Doccano,
    /// Tasks of Label Studio, its full JSON.
    LabelStudio,
    /// Label Studio's JSON-MIN.
    LabelStudioMin,
    /// Prodigy's JSON lines.
    Prodigy,
    /// fastText's lines with `__label__`.
    Fasttext,
    /// JSON lines of NewsMTSC, as published or as on the Hugging Face Hub.
    NewsMtsc,
    /// Lines of PyABSA: three a record, or one with `$LABEL$`.
    Pyabsa,
}

/// A word that is not the name of a form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a form of label files; expected one of jsonl, csv, tsv, doccano, label-studio, label-studio-min, prodigy, fasttext, newsmtsc, pyabsa"
)]
pub struct UnknownFormat(String);

impl Format {
    /// Every form.
    pub const ALL: [Format; 10] = [
        Format::Jsonl,
        Format::Csv,
        Format::Tsv,
        Format::Doccano,
        Format::LabelStudio,
        Format::LabelStudioMin,
        Format::Prodigy,
        Format::Fasttext,
        Format::NewsMtsc,
        Format::Pyabsa,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Jsonl => "jsonl",
            Format::Csv => "csv",
            Format::Tsv => "tsv",
            Format::Doccano => "doccano",
            Format::LabelStudio => "label-studio",
            Format::LabelStudioMin => "label-studio-min",
            Format::Prodigy => "prodigy",
            Format::Fasttext => "fasttext",
            Format::NewsMtsc => "newsmtsc",
            Format::Pyabsa => "pyabsa",
        }
    }

    /// The form of a file by its content; its name decides only between commas and tabs that both could separate its columns.
    pub fn detect(bytes: &[u8], name: &str) -> Format {
        let start = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
        match start.first() {
            // An array of objects; `[B-ASP]` is none.
            Some(b'[') if !matches!(start[1..].trim_ascii_start().first(), None | Some(b'{' | b']')) => {
                of_text(start, name)
            }
            Some(first @ (b'[' | b'{')) => {
                let in_array = *first == b'[';
                // The lines of an array are parts of it, or all of it.
                let of_lines = lines(start).take(if in_array { 0 } else { SAMPLE });
                let of_lines = of_lines.filter_map(|(_, line)| serde_json::from_slice::<Value>(line).ok());
                let objects = values(start).take(1).filter_map(|(_, value)| value.ok()).chain(of_lines);
                let mut forms = objects.filter_map(|value| value.as_object().map(|object| of_object(object, in_array)));
                forms.find(|form| *form != Format::Jsonl).unwrap_or(Format::Jsonl)
            }
            _ => of_text(start, name),
        }
    }
}

/// How many lines are looked at.
const SAMPLE: usize = 20;

fn of_object(object: &Map<String, Value>, in_array: bool) -> Format {
    let is = |name: &str, kind: fn(&Value) -> bool| object.get(name).is_some_and(kind);
    let has = |name: &str| object.contains_key(name);
    // What our own form keeps of others beside `text` and `label` must not make it theirs.
    let named = is("label", |label| label.is_string() || label.is_null());
    if is("data", Value::is_object) && !has("text") {
        Format::LabelStudio
    } else if !has("text") && (has("sentence_normalized") || (has("sentence") && has("mention") && has("polarity"))) {
        Format::NewsMtsc
    } else if ["_task_hash", "_input_hash", "_annotator_id"].iter().any(|name| has(name))
        || is("answer", |answer| matches!(answer.as_str(), Some("accept" | "reject" | "ignore")))
        || (is("options", Value::is_array) && !named)
    {
        Format::Prodigy
    } else if is("label", Value::is_array)
        || (["entities", "cats"].iter().any(|name| is(name, Value::is_array)) && !named)
    {
        // JSON-MIN has regions where doccano has names or triples.
        let regions = |v: &Value| v.get(0).is_some_and(|first| first.get("labels").is_some());
        if is("label", regions) { Format::LabelStudioMin } else { Format::Doccano }
    } else if in_array {
        Format::LabelStudioMin
    } else {
        Format::Jsonl
    }
}

fn of_text(start: &[u8], name: &str) -> Format {
    let sample: Vec<String> =
        lines(start).take(SAMPLE).map(|(_, line)| String::from_utf8_lossy(line).into_owned()).collect();
    let any = |what: &str| sample.iter().any(|line| line.contains(what));
    if sample.iter().any(|line| line.starts_with("__label__")) {
        return Format::Fasttext;
    }
    if any("$LABEL$") || any("$T$") {
        return Format::Pyabsa;
    }
    let header = sample.first().map_or("", String::as_str);
    let count = |c: char| header.matches(c).count();
    let by_name = || name.to_ascii_lowercase().split('.').any(|part| part == "tsv" || part == "tab");
    if count('\t') > count(',') || (count('\t') == count(',') && by_name()) { Format::Tsv } else { Format::Csv }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;
    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        let found = Format::ALL.into_iter().find(|format| format.name() == text);
        found.ok_or_else(|| UnknownFormat(text.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_says_which_form_it_is() {
        let cases: [(&str, &str, Format); 24] = [
            (r#"{"text":"x","target":"y","label":"favor"}"#, "a.json", Format::Jsonl),
            ("\u{FEFF}\n {\"text\":\"x\",\"label\":null}", "a", Format::Jsonl),
            ("{not json\n{\"text\":\"x\",\"label\":[]}", "a", Format::Doccano),
            (r#"{"id":1,"text":"x","label":["favor"],"Comments":[]}"#, "a.jsonl", Format::Doccano),
            (r#"{"id":1,"text":"x","label":[[0,1,"favor"]]}"#, "a.jsonl", Format::Doccano),
            (r#"{"id":1,"text":"x","entities":[],"relations":[]}"#, "a.jsonl", Format::Doccano),
            (r#"[{"id":1,"text":"x","label":["favor"]}]"#, "a.json", Format::Doccano),
            ("[\n{\n\"id\":1,\"data\":{\"text\":\"x\"}}]", "a.json", Format::LabelStudio),
            ("{\"data\":\n{\"text\":\"x\"},\"annotations\":[]}", "a.json", Format::LabelStudio),
            (
                r#"[{"id":1,"text":"x","label":"favor","annotator":1,"annotation_id":2}]"#,
                "a.json",
                Format::LabelStudioMin,
            ),
            (r#"[{"text":"x","label":[{"start":0,"end":1,"labels":["favor"]}]}]"#, "a.json", Format::LabelStudioMin),
            (r#"{"text":"x","label":"favor","answer":"accept"}"#, "a.jsonl", Format::Prodigy),
            (r#"{"text":"x","options":[{"id":"favor"}]}"#, "a.jsonl", Format::Prodigy),
            (r#"{"text":"x","_task_hash":1}"#, "a.jsonl", Format::Prodigy),
            (r#"{"primary_gid":"a","sentence_normalized":"x","targets":[]}"#, "a.jsonl", Format::NewsMtsc),
            (r#"{"mention":"x","polarity":1,"from":0,"to":1,"sentence":"x","id":"a"}"#, "a.jsonl", Format::NewsMtsc),
            ("__label__favor x\n", "a.txt", Format::Fasttext),
            ("$T$ rose\nTao\nPositive\n", "a.txt", Format::Pyabsa),
            ("[B-ASP]Tao[E-ASP] rose $LABEL$ Positive\n", "a.txt", Format::Pyabsa),
            ("text,label\nx,favor\n", "a.txt", Format::Csv),
            ("text\tlabel\nx\tfavor\n", "a.csv", Format::Tsv),
            ("text\nx\n", "a.tsv.gz", Format::Tsv),
            ("text\nx\n", "a", Format::Csv),
            ("", "a", Format::Csv),
        ];
        for (text, name, format) in cases {
            assert_eq!(Format::detect(text.as_bytes(), name), format, "{text}");
        }
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(format));
        }
    }
}
