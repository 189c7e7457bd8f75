//! A comparison as JSON.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use super::super::round;
use super::super::rows::significant;
use crate::compare::Comparison;

/// The whole comparison as indented JSON, its fields in the order of [`Comparison`]: the same comparison gives the same bytes.
///
/// Numbers have four decimals, p-values (`p` and `adjusted`) six significant digits. What is undefined is `null`. The text reads back as a [`Comparison`].
///
/// # Errors
/// None that a comparison of finite numbers can cause.
pub fn compare_json(comparison: &Comparison) -> serde_json::Result<String> {
    let mut out = Vec::new();
    let formatter = Rounding { layout: PrettyFormatter::new(), key: Vec::new(), in_key: false };
    comparison.serialize(&mut Serializer::with_formatter(&mut out, formatter))?;
    out.push(b'\n');
    String::from_utf8(out).map_err(|error| serde_json::Error::io(io::Error::other(error)))
}

/// The pretty layout with rounded numbers; rounding on the way out reaches every number, whatever fields a comparison has.
struct Rounding {
    layout: PrettyFormatter<'static>,
    /// The last key of an object.
    key: Vec<u8>,
    in_key: bool,
}

impl Formatter for Rounding {
    fn write_f64<W: ?Sized + Write>(&mut self, out: &mut W, value: f64) -> io::Result<()> {
        let value = if matches!(self.key.as_slice(), b"p" | b"adjusted") { significant(value) } else { round(value) };
        self.layout.write_f64(out, value)
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        if self.in_key {
            self.key.extend_from_slice(fragment.as_bytes());
        }
        self.layout.write_string_fragment(out, fragment)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.key.clear();
        self.in_key = true;
        self.layout.begin_object_key(out, first)
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.in_key = false;
        self.layout.end_object_key(out)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.end_object_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.end_object(out)
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.layout.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.end_array_value(out)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::comparison;
    use super::*;

    #[test]
    fn reads_back_with_rounded_numbers() {
        let comparison = comparison();
        let json = compare_json(&comparison).unwrap();
        let back: Comparison = serde_json::from_str(&json).unwrap();
        assert_eq!(compare_json(&back).unwrap(), json);
        let (found, given) = (&back.cells[0].raw, &comparison.cells[0].raw);
        assert_eq!((found.value, found.se), (round(given.value), given.se.map(round)));
        assert_ne!(found.value, given.value);
        // Everything that is no number is as it was.
        let texts = |comparison: &Comparison| {
            let number = regex::Regex::new(r"-?\d+\.\d+(e-?\d+)?").unwrap();
            number.replace_all(&serde_json::to_string(comparison).unwrap(), "#").into_owned()
        };
        assert_eq!(texts(&back), texts(&comparison));
    }

    #[test]
    fn p_values_keep_their_digits() {
        let mut comparison = comparison();
        comparison.contrasts[0].p = Some(0.000_012_345_678);
        comparison.contrasts[0].adjusted = Some(1.0);
        let json = compare_json(&comparison).unwrap();
        assert!(json.contains("\"p\": 0.0000123457,") || json.contains("\"p\": 1.23457e-5,"), "{json}");
        assert!(json.contains("\"adjusted\": 1.0,"));
    }

    #[test]
    fn fields_stand_in_the_order_of_the_struct() {
        let json = compare_json(&comparison()).unwrap();
        let keys: Vec<&str> = json
            .lines()
            .filter_map(|line| line.strip_prefix("  \"").and_then(|line| line.split_once('"')))
            .map(|(key, _)| key)
            .collect();
        assert_eq!(
            keys,
            [
                "settings",
                "counts",
                "warnings",
                "groups",
                "companies",
                "cells",
                "contrasts",
                "family",
                "trends",
                "articles"
            ]
        );
    }
}
