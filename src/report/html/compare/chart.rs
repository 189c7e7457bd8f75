//! What all charts share: pictures drawn by `plotters` as SVG, in colours that the style sheet turns into those of the theme.
//!
//! A picture says nothing but names and numbers, so it is the same in both languages; what its axes mean stands in its caption. SVG measures no text
//! while it is written, so widths are estimated, generously, and names are cut to them.

use std::fmt::Write as _;
use std::io;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use unicode_width::UnicodeWidthChar;

use super::words::{Both, plain};
use crate::report::html::page::Escaped;

/// A picture, or a part of one.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// What drawing gives.
pub(super) type Drawn = Result<(), DrawingAreaErrorKind<io::Error>>;

/// The width of a picture that a phone shows whole, in CSS pixels.
pub(super) const PHONE: u32 = 344;

// The light theme's colours; `compare.css` has a rule for each.
pub(super) const INK: RGBColor = RGBColor(0x1B, 0x1B, 0x1B);
pub(super) const QUIET: RGBColor = RGBColor(0x59, 0x59, 0x59);
pub(super) const LINE: RGBColor = RGBColor(0xC9, 0xC9, 0xC9);
pub(super) const PAGE: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);
pub(super) const SOFT: RGBColor = RGBColor(0xF3, 0xF3, 0xF1);
pub(super) const FAVOR: RGBColor = RGBColor(0x0A, 0x62, 0x53);
pub(super) const AGAINST: RGBColor = RGBColor(0xA1, 0x2A, 0x0C);
/// From little to much favour.
pub(super) const FOR_STEPS: [RGBColor; 5] = [
    RGBColor(0xE6, 0xF4, 0xF0),
    RGBColor(0xCD, 0xEA, 0xE2),
    RGBColor(0xAA, 0xDC, 0xCF),
    RGBColor(0x85, 0xCD, 0xBB),
    RGBColor(0x62, 0xBD, 0xA7),
];
/// From little to much disfavour.
pub(super) const AGAINST_STEPS: [RGBColor; 5] = [
    RGBColor(0xFD, 0xEE, 0xE8),
    RGBColor(0xFB, 0xDC, 0xCF),
    RGBColor(0xF7, 0xC2, 0xAD),
    RGBColor(0xF3, 0xA8, 0x8B),
    RGBColor(0xEE, 0x8D, 0x69),
];
/// Parts of a bar, light and dark by turns so that neighbours differ in print; after Okabe & Ito, paler.
pub(super) const PARTS: [RGBColor; 8] = [
    RGBColor(0x9C, 0xC9, 0xE8),
    RGBColor(0xF6, 0xDD, 0xA3),
    RGBColor(0x7F, 0xC4, 0xA8),
    RGBColor(0xE9, 0xC3, 0xD8),
    RGBColor(0xE8, 0xA2, 0x74),
    RGBColor(0xD5, 0xE3, 0xEE),
    RGBColor(0xB9, 0xB3, 0xDD),
    RGBColor(0xDD, 0xDD, 0xD8),
];

/// The width of a text in hundredths of an em, rather too much than too little; whole, so that the order of adding is no matter.
fn extent(text: &str) -> u64 {
    text.chars().map(advance).sum()
}

fn advance(c: char) -> u64 {
    match c {
        'i' | 'j' | 'l' | '.' | ',' | '\'' | ':' | ';' | '!' | '|' | 'I' | ' ' => 36,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '-' => 45,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 100,
        'A'..='Z' | '+' | '−' | '&' | '<' | '>' | '=' | '~' => 78,
        _ => match c.width() {
            Some(0) => 0,
            Some(1) => 64,
            _ => 104,
        },
    }
}

/// The whole hundredths of an em that `width` pixels hold at `size` pixels an em.
fn room(width: f64, size: f64) -> u64 {
    (100.0 * width / size) as u64
}

/// The beginning of a name in `width` pixels at `size` pixels an em, with an ellipsis when something was cut.
pub(super) fn clip(name: &str, width: f64, size: f64) -> String {
    let name = plain(name);
    let room = room(width, size);
    if extent(&name) <= room {
        return name.into_owned();
    }
    let (mut out, mut taken) = (String::new(), advance('…'));
    for c in name.chars() {
        taken += advance(c);
        if taken > room {
            break;
        }
        out.push(c);
    }
    out.truncate(out.trim_end().len());
    out + "…"
}

/// A name on at most two lines of `width` pixels, broken at a space if there is one, else anywhere.
pub(super) fn two_lines(name: &str, width: f64, size: f64) -> (String, Option<String>) {
    let name = plain(name);
    let room = room(width, size);
    if extent(&name) <= room {
        return (name.into_owned(), None);
    }
    let (mut taken, mut fits, mut space) = (0, 0, None);
    for (at, c) in name.char_indices() {
        taken += advance(c);
        if taken > room {
            break;
        }
        fits = at + c.len_utf8();
        if c == ' ' {
            space = Some(at);
        }
    }
    let cut = space.filter(|at| *at > 0).unwrap_or(fits);
    let (first, rest) = name.split_at(cut);
    if rest.trim().is_empty() || cut == 0 {
        return (clip(&name, width, size), None);
    }
    (first.to_string(), Some(clip(rest.trim_start(), width, size)))
}

/// Where a text stands against its point.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Writes a text, vertically centred on its point; coordinates and the size of an em in pixels.
pub(super) fn write(area: &Area, text: &str, at: (i32, i32), size: f64, colour: RGBColor, anchor: Anchor) -> Drawn {
    written(area, text, at, size, colour, anchor, FontStyle::Normal)
}

/// The same in bold.
pub(super) fn write_bold(area: &Area, text: &str, at: (i32, i32), size: f64, anchor: Anchor) -> Drawn {
    written(area, text, at, size, INK, anchor, FontStyle::Bold)
}

fn written(
    area: &Area,
    text: &str,
    at: (i32, i32),
    size: f64,
    colour: RGBColor,
    anchor: Anchor,
    weight: FontStyle,
) -> Drawn {
    let across = match anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    area.draw(&Text::new(text.to_string(), at, font(size, colour, weight).pos(Pos::new(across, VPos::Center))))
}

/// A font; the backend divides sizes by 1.24.
pub(super) fn font(size: f64, colour: RGBColor, weight: FontStyle) -> TextStyle<'static> {
    let mut style = TextStyle::from(("sans-serif", size * 1.24, weight).into_font());
    style.color = colour.to_backend_color();
    style
}

/// A picture: its size in pixels, what it is called and shows, an id that nothing else has, and how it is drawn.
///
/// `more` is SVG to follow what is drawn. A picture that cannot be drawn is empty: its numbers stand in the table beside it.
pub(super) fn picture(
    id: &str,
    size: (u32, u32),
    (title, description): (&Both, &Both),
    more: &str,
    draw: impl FnOnce(&Area) -> Drawn,
) -> String {
    let mut drawn = String::new();
    let result = {
        let area = SVGBackend::with_string(&mut drawn, size).into_drawing_area();
        draw(&area).and_then(|()| area.present())
    };
    if result.is_err() {
        return String::new();
    }
    // Plotters' own opening names neither role nor title; its marks are wordier than needed. Quotes in texts are escaped, so no text is touched.
    let inside = drawn.split_once('>').and_then(|(_, rest)| rest.trim_end().strip_suffix("</svg>")).unwrap_or_default();
    let inside =
        inside.replace(" opacity=\"1\"", "").replace(" font-family=\"sans-serif\"", "").replace(" stroke=\"none\"", "");
    let (width, height) = size;
    let mut svg = format!(
        "<svg class=chart role=img width={width} height={height} viewBox=\"0 0 {width} {height}\" aria-labelledby={id}-t aria-describedby={id}-d>"
    );
    for (tag, text) in [("title", title), ("desc", description)] {
        let _ =
            write!(svg, "<{tag} id={id}-{} data-zh=\"{}\">{}</{tag}>", &tag[..1], Escaped(&text.zh), Escaped(&text.en));
    }
    svg.push_str(&inside);
    svg.push_str(more);
    svg.push_str("</svg>\n");
    svg
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::words::both;
    use super::*;

    #[test]
    fn every_colour_has_a_rule() {
        let style = include_str!("compare.css");
        let rest = [INK, QUIET, LINE, PAGE, SOFT, FAVOR, AGAINST];
        for RGBColor(r, g, b) in rest.into_iter().chain(FOR_STEPS).chain(AGAINST_STEPS).chain(PARTS) {
            assert!(style.contains(&format!("[fill=\"#{r:02X}{g:02X}{b:02X}\"]")), "#{r:02X}{g:02X}{b:02X}");
        }
        for RGBColor(r, g, b) in [INK, QUIET, LINE, PAGE, FAVOR, AGAINST] {
            assert!(style.contains(&format!("[stroke=\"#{r:02X}{g:02X}{b:02X}\"]")), "#{r:02X}{g:02X}{b:02X}");
        }
    }

    #[test]
    fn names_fit_their_room() {
        assert_eq!(clip("Quay", 100.0, 12.0), "Quay");
        // What fills the room to the hundredth.
        let full = "[['\"Aଏ𑍇 <|𛅤 \"";
        assert_eq!((extent(full), clip(full, 90.0, 12.0).as_str()), (750, full));
        assert_eq!(clip("北方科技观察与产业评论周刊", 84.0, 12.0), "北方科技观…");
        assert_eq!(two_lines("The Northern Harbour", 76.0, 12.0), ("The".into(), Some("Northern…".into())));
        assert_eq!(two_lines("北方科技观察周刊", 60.0, 12.0), ("北方科技".into(), Some("观察周刊".into())));
    }

    proptest! {
        #[test]
        fn no_name_is_wider_than_its_room_or_breaks_out(name in "\\PC{0,60}|[<>&\"'/\u{0}-\u{1F}]{0,20}") {
            prop_assert!(extent(&clip(&name, 90.0, 12.0)) <= room(90.0, 12.0));
            let (first, second) = two_lines(&name, 60.0, 11.0);
            let most = room(60.0, 11.0);
            prop_assert!(extent(&first) <= most && second.is_none_or(|line| extent(&line) <= most));
            let title = both(name.clone(), name.clone());
            let svg = picture("x", (100, 100), (&title, &title), "", |area| write(area, &name, (1, 1), 12.0, INK, Anchor::Start));
            let tags: Vec<&str> = svg.match_indices('<').map(|(at, _)| &svg[at..at + 4]).collect();
            prop_assert_eq!(tags, ["<svg", "<tit", "</ti", "<des", "</de", "<tex", "</te", "</sv"]);
        }
    }
}
