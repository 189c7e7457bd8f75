//! JSON values one by one, each with its line.

use serde_json::{Map, Value};

/// The lines of a file that are not blank, with their numbers from 1, without a byte order mark.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let lines = bytes.split(|b| *b == b'\n').enumerate().map(|(at, line)| (at + 1, line));
    lines.filter(|(_, line)| !line.iter().all(u8::is_ascii_whitespace))
}

/// The elements of an array, or values one behind the other, over as many lines as they like. What is not JSON ends the iteration with an error.
pub(super) fn values(bytes: &[u8]) -> impl Iterator<Item = (usize, Result<Value, String>)> {
    let mut rest = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut line = 1;
    let mut over = false;
    let mut in_array = None;
    let skip = |rest: &mut &[u8], line: &mut usize, separators: &[u8]| {
        let skipped = rest.iter().take_while(|b| b.is_ascii_whitespace() || separators.contains(b)).count();
        *line += rest[..skipped].iter().filter(|b| **b == b'\n').count();
        *rest = &rest[skipped..];
    };
    std::iter::from_fn(move || {
        if over {
            return None;
        }
        skip(&mut rest, &mut line, if in_array == Some(true) { b"," } else { b"" });
        if in_array.is_none() {
            in_array = Some(rest.first() == Some(&b'['));
            if in_array == Some(true) {
                rest = &rest[1..];
                skip(&mut rest, &mut line, b"");
            }
        }
        if rest.is_empty() || (in_array == Some(true) && rest[0] == b']') {
            over = true;
            let cut = rest.is_empty() && in_array == Some(true);
            return cut.then(|| (line, Err("the array is not closed: the file has been cut off".into())));
        }
        let mut stream = serde_json::Deserializer::from_slice(rest).into_iter::<Value>();
        let value = stream.next()?;
        let length = stream.byte_offset();
        let here = line;
        match value {
            Ok(value) => {
                line += rest[..length].iter().filter(|b| **b == b'\n').count();
                rest = &rest[length..];
                Some((here, Ok(value)))
            }
            Err(error) => {
                over = true;
                let line = here + error.line().saturating_sub(1);
                Some((line, Err(format!("not JSON, nothing is read from here on: {}", bare(&error)))))
            }
        }
    })
}

/// An object, or what is wrong with it.
pub(super) type Parsed = Result<Map<String, Value>, String>;

/// The objects of a file of JSON lines or of an array.
pub(super) fn objects(bytes: &[u8]) -> Box<dyn Iterator<Item = (usize, Parsed)> + '_> {
    let start = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    let object = |value: Value| match value {
        Value::Object(object) => Ok(object),
        _ => Err("not a JSON object".to_string()),
    };
    if start.first() == Some(&b'[') {
        return Box::new(values(bytes).map(move |(line, value)| (line, value.and_then(object))));
    }
    Box::new(lines(bytes).map(move |(number, line)| {
        let value = serde_json::from_slice(line).map_err(|error| format!("not a label record: {error}"));
        (number, value.and_then(object))
    }))
}

/// What is wrong, without the place, which is that within a part of the file.
fn bare(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_string()
}

/// The string of a string or number; `None` for anything else.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_lines() {
        let found = |text: &str| -> Vec<(usize, Result<String, String>)> {
            values(text.as_bytes()).map(|(line, value)| (line, value.map(|v| v.to_string()))).collect()
        };
        let ok = |line, text: &str| (line, Ok(text.to_string()));
        let pretty = "\n[\n{\n\"a\":\n1},\n\n{\"b\":2}\n]\n";
        assert_eq!(found(pretty), [ok(3, "{\"a\":1}"), ok(7, "{\"b\":2}")]);
        assert_eq!(found("{\"a\":1}\n{\"b\":2}"), [ok(1, "{\"a\":1}"), ok(2, "{\"b\":2}")]);
        assert_eq!(found("\u{FEFF}[]"), []);
        assert_eq!(found(""), []);
        let errors: Vec<usize> = ["[{\"a\":1},\n{\"b\":", "[1,\n", "{\"a\":\n\nx}"]
            .iter()
            .map(|text| found(text).pop().unwrap().0)
            .collect();
        assert_eq!(errors, [2, 2, 3]);
        for text in ["[{\"a\":1},\n{\"b\":", "[{},\n", "{\"a\":\n\nx}"] {
            assert!(found(text).pop().unwrap().1.is_err(), "{text}");
        }
    }
}
