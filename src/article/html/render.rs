//! From a tree of HTML to the paragraphs that a reader sees, and those as Markdown.

use dom_query::{NodeData, NodeRef};

use super::{Step, Visitor, walk};

/// A row of cells that holds more than this is laid out as a table and is none.
const LONGEST_ROW: usize = 600;

/// A paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub part: Part,
    /// The words as they are shown, in one line; in code, line by line.
    pub text: String,
}

/// What part a paragraph plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Heading(usize),
    Plain,
    Quote,
    Item,
    Caption,
    Code,
}

/// The paragraphs below `root` in order.
pub(super) fn blocks(root: NodeRef<'_>) -> Vec<Block> {
    let mut render = Render::default();
    walk(root, &mut render);
    render.end_block();
    let Render { mut blocks, .. } = render;
    let chars = |code: bool| {
        let chosen = blocks.iter().filter(|block| (block.part == Part::Code) == code);
        chosen.map(|block| block.text.len()).sum::<usize>()
    };
    // Where nearly all is preformatted it is no code: mails and old pages have their text so.
    if chars(true) > 10 * chars(false) {
        blocks = blocks.into_iter().flat_map(prose).collect();
    }
    blocks
}

/// Preformatted text as paragraphs, which blank lines and indents part.
fn prose(block: Block) -> Vec<Block> {
    if block.part != Part::Code {
        return vec![block];
    }
    let mut render = Render::default();
    for line in block.text.lines() {
        if line.trim().is_empty() || line.starts_with('\u{3000}') {
            render.end_block();
        }
        render.line.push_str(line);
        render.line.push('\n');
    }
    render.end_block();
    render.blocks
}

/// Writes paragraphs as Markdown that is read back as these paragraphs with these words.
pub(super) fn markdown(blocks: &[Block]) -> String {
    let mut out = String::new();
    for block in blocks {
        if !out.is_empty() {
            out.push('\n');
        }
        match block.part {
            Part::Heading(level) => out.extend(std::iter::repeat_n('#', level).chain([' '])),
            Part::Quote => out.push_str("> "),
            Part::Item => out.push_str("- "),
            Part::Caption => out.push_str("▲ "),
            Part::Code => {
                out.push_str("```\n");
                for line in block.text.lines() {
                    // A fence in the code would end it.
                    out.push_str(if line.trim_start().starts_with("```") { "\\" } else { "" });
                    out.push_str(line);
                    out.push('\n');
                }
                out.push_str("```\n");
                continue;
            }
            Part::Plain => {}
        }
        escape(&block.text, &mut out);
        out.push('\n');
    }
    out
}

/// Puts a backslash before what would be read as a mark.
fn escape(text: &str, out: &mut String) {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let marks_item = |mark: char| text[digits..].strip_prefix(mark).is_some_and(|rest| rest.starts_with(' '));
    // The offset of the character that makes the start of the line a mark, if one does.
    let first = if text.starts_with(['#', '>']) || ["- ", "+ "].iter().any(|mark| text.starts_with(mark)) {
        Some(0)
    } else {
        ((1..=3).contains(&digits) && (marks_item('.') || marks_item(')'))).then_some(digits)
    };
    let mut before = '\0';
    let mut address = 0;
    for (at, c) in text.char_indices() {
        if at >= address && starts_address(&text[at..], before) {
            let length = text[at..].find(|c: char| !is_of_address(c)).unwrap_or(text.len() - at);
            address = at + length;
        }
        // A mark in an address would cut it.
        if at < address {
            out.push(c);
            before = c;
            continue;
        }
        let next = || text[at + c.len_utf8()..].chars().next();
        let is_mark = match c {
            '*' | '_' | '`' => true,
            '~' => before == '~' || next() == Some('~'),
            '\\' => next().is_some_and(|next| next.is_ascii_punctuation()),
            '<' => next().is_some_and(|next| next.is_ascii_alphabetic() || next == '/'),
            '[' => before == '!',
            '(' => before == ']',
            _ => false,
        };
        if is_mark || first == Some(at) {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
}

/// Whether a bare web address starts here, as it is read in Markdown.
fn starts_address(text: &str, before: char) -> bool {
    let part_of_word = before.is_ascii_alphanumeric() || before == '_';
    text.starts_with("http://") || text.starts_with("https://") || (text.starts_with("www.") && !part_of_word)
}

fn is_of_address(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c)
}

/// The words of one paragraph, white space folded as HTML folds it.
#[derive(Default)]
struct Line {
    text: String,
    /// White space since the last word: any, of it line breaks in the source, of it spaces that do not fold.
    space: bool,
    newline: bool,
    hard: usize,
    /// `<br>` since the last word.
    breaks: usize,
}

impl Line {
    fn push_str(&mut self, text: &str) {
        text.chars().for_each(|c| self.push(c));
    }

    fn push(&mut self, c: char) {
        match c {
            '\n' | '\r' => self.newline = true,
            ' ' | '\t' | '\u{C}' => self.space = true,
            // Places where a word may be broken, and marks of byte order and direction that copying leaves.
            '\u{AD}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}' => {}
            _ if c.is_whitespace() => self.hard += 1,
            _ if c.is_control() => {}
            _ => {
                let soft = self.hard == 0 && (self.newline || self.breaks > 0);
                let gap = soft || self.hard > 0 || self.space;
                if let Some(before) = self.text.chars().next_back().filter(|_| gap)
                    && !(soft && joins(before, c))
                {
                    self.text.push(' ');
                }
                (self.space, self.newline, self.hard, self.breaks) = (false, false, 0, 0);
                self.text.push(c);
            }
        }
    }

    /// Whether what comes next is a paragraph of its own: after two line breaks, or one and an indent.
    fn is_over(&self) -> bool {
        self.breaks > 1 || (self.breaks > 0 && self.hard > 1)
    }
}

/// Whether a line broken between two characters has no space there: where both are of a script without spaces between
/// words, or one is and the other is a mark that such scripts share.
fn joins(before: char, after: char) -> bool {
    let wide = |c| {
        matches!(c, '\u{2E80}'..='\u{2FFF}' | '\u{3001}'..='\u{312F}' | '\u{31A0}'..='\u{31FF}' | '\u{3400}'..='\u{9FFF}'
            | '\u{F900}'..='\u{FAFF}' | '\u{FE30}'..='\u{FE4F}' | '\u{FF01}'..='\u{FF60}' | '\u{20000}'..='\u{3FFFF}')
    };
    let shared = |c| matches!(c, '“' | '”' | '‘' | '’' | '…' | '—' | '·');
    (wide(before) && (wide(after) || shared(after))) || (shared(before) && wide(after))
}

#[derive(Default)]
struct Render {
    blocks: Vec<Block>,
    line: Line,
    heading: Option<usize>,
    quotes: usize,
    items: usize,
    captions: usize,
    /// Preformatted elements that are open, and their text.
    code: usize,
    lines: String,
    /// The cells of the row that is being read.
    cells: Option<Vec<String>>,
}

impl Render {
    /// Ends the paragraph.
    fn end_block(&mut self) {
        let text = std::mem::take(&mut self.line).text;
        if self.cells.is_some() {
            self.line = Line { hard: usize::from(!text.is_empty()), text, ..Line::default() };
        } else {
            self.push(text);
        }
    }

    fn push(&mut self, text: String) {
        // What has no letters and digits is an ornament.
        if !text.chars().any(char::is_alphanumeric) {
            return;
        }
        let part = match self.heading {
            _ if self.captions > 0 => Part::Caption,
            _ if self.quotes > 0 => Part::Quote,
            Some(level) => Part::Heading(level),
            None if self.items > 0 => Part::Item,
            None => Part::Plain,
        };
        self.blocks.push(Block { part, text });
    }

    fn words(&mut self, text: &str) {
        if self.code > 0 {
            self.lines.push_str(text);
            return;
        }
        for c in text.chars() {
            if self.line.is_over() && !c.is_whitespace() {
                self.end_block();
            }
            self.line.push(c);
        }
    }

    fn end_cell(&mut self) {
        let text = std::mem::take(&mut self.line).text;
        if let Some(cells) = &mut self.cells
            && !text.is_empty()
        {
            cells.push(text);
        }
    }
}

/// Elements that change nothing in how their words are read.
fn is_inline(name: &str) -> bool {
    matches!(name, "span" | "a" | "time" | "ruby" | "rb")
}

fn heading(name: &str) -> Option<usize> {
    ["h1", "h2", "h3", "h4", "h5", "h6"].iter().position(|known| *known == name).map(|at| at + 1)
}

impl<'a> Visitor<'a> for Render {
    fn enter(&mut self, node: &NodeRef<'a>) -> Step {
        node.query(|inner| {
            if let NodeData::Text { contents } = &inner.data {
                self.words(contents);
            }
        });
        let Some(name) = node.qual_name_ref() else { return Step::Over };
        let name = name.local.as_ref();
        match name {
            _ if is_inline(name) => return Step::Into,
            "title" | "rt" | "rp" | "rtc" => return Step::Over,
            "br" | "wbr" if self.code > 0 => {
                self.lines.push('\n');
                return Step::Over;
            }
            // The other stands for a line break that is hidden from readability.
            "br" | "wbr" => {
                self.line.breaks += 1;
                return Step::Over;
            }
            "q" => {
                self.words("“");
                return Step::Into;
            }
            "td" | "th" if self.cells.is_some() => return Step::Into,
            "pre" => self.code += 1,
            _ if self.code > 0 => return Step::Into,
            _ => {}
        }
        self.end_block();
        match name {
            "blockquote" => self.quotes += 1,
            "li" => self.items += 1,
            "figcaption" => self.captions += 1,
            "tr" if self.cells.is_none() && is_row(node) => self.cells = Some(Vec::new()),
            _ => self.heading = heading(name).or(self.heading),
        }
        Step::Into
    }

    fn leave(&mut self, node: &NodeRef<'a>) {
        let Some(name) = node.qual_name_ref() else { return };
        let name = name.local.as_ref();
        match name {
            _ if is_inline(name) => return,
            "q" => return self.words("”"),
            "td" | "th" if self.cells.is_some() => return self.end_cell(),
            "pre" => {
                self.code -= 1;
                if self.code == 0 {
                    let lines = std::mem::take(&mut self.lines);
                    let text = lines.trim_matches('\n').to_string();
                    if text.chars().any(char::is_alphanumeric) {
                        self.blocks.push(Block { part: Part::Code, text });
                    }
                }
                return;
            }
            _ if self.code > 0 => return,
            _ => {}
        }
        if name == "tr" && self.cells.is_some() {
            // Words of a row outside its cells.
            self.end_cell();
            let cells = self.cells.take().unwrap_or_default();
            return self.push(cells.join(" | "));
        }
        self.end_block();
        match name {
            "blockquote" => self.quotes -= 1,
            "li" => self.items -= 1,
            "figcaption" => self.captions -= 1,
            _ if heading(name).is_some() => self.heading = None,
            _ => {}
        }
    }
}

/// Whether a row is one of a table of data, and not a page or paragraphs laid out as a table.
fn is_row(row: &NodeRef<'_>) -> bool {
    struct Cells {
        cells: usize,
        paragraphs: usize,
        chars: usize,
        breaks: usize,
        flow: bool,
    }
    impl<'a> Visitor<'a> for Cells {
        fn enter(&mut self, node: &NodeRef<'a>) -> Step {
            node.query(|inner| {
                if let NodeData::Text { contents } = &inner.data {
                    self.chars += contents.chars().filter(|c| !c.is_whitespace()).take(LONGEST_ROW + 1).count();
                }
            });
            if let Some(name) = node.qual_name_ref() {
                match name.local.as_ref() {
                    "td" | "th" => (self.cells, self.paragraphs) = (self.cells + 1, 0),
                    "p" => self.paragraphs += 1,
                    "br" | "wbr" => self.breaks += 1,
                    "table" | "pre" | "blockquote" | "ul" | "ol" | "article" | "main" | "figcaption" => {
                        self.flow = true;
                    }
                    name => self.flow |= heading(name).is_some(),
                }
            }
            self.flow |= self.paragraphs > 1 || self.chars > LONGEST_ROW || self.breaks > 2 * self.cells;
            if self.flow { Step::Stop } else { Step::Into }
        }

        fn leave(&mut self, _: &NodeRef<'a>) {}
    }
    let mut cells = Cells { cells: 0, paragraphs: 0, chars: 0, breaks: 0, flow: false };
    walk(*row, &mut cells);
    !cells.flow && cells.cells > 1
}
