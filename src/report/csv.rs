//! CSV with a header; the columns are stable.

use std::io::{self, Write};

use super::rows::{ArticleRow, ParagraphRow, Row, article_rows, paragraph_rows};
use super::{Reporter, Shown};
use crate::score::ArticleResult;

/// Writes a header and the rows below it.
///
/// # Errors
/// Those of `out`.
pub(super) fn write_csv<R: Row>(mut rows: impl Iterator<Item = R>, out: impl Write) -> io::Result<()> {
    let mut out = ::csv::WriterBuilder::new().has_headers(false).from_writer(out);
    out.write_record(R::COLUMNS.iter().map(|column| column.name))?;
    rows.try_for_each(|row| out.serialize(row))?;
    out.flush()
}

/// A row an (article, company), or a (paragraph, company) when paragraphs are shown.
pub struct CsvReporter {
    shown: Shown,
}

impl CsvReporter {
    /// Shows what `shown` says.
    pub fn new(shown: Shown) -> Self {
        CsvReporter { shown }
    }
}

impl Reporter for CsvReporter {
    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        let columns = if self.shown.paragraphs { ParagraphRow::COLUMNS } else { ArticleRow::COLUMNS };
        let mut out = ::csv::Writer::from_writer(out);
        out.write_record(columns.iter().map(|column| column.name))?;
        out.flush()
    }

    fn article(&self, article: &ArticleResult, out: &mut dyn Write) -> io::Result<()> {
        let mut out = ::csv::WriterBuilder::new().has_headers(false).from_writer(out);
        if self.shown.paragraphs {
            paragraph_rows(article, self.shown).try_for_each(|row| out.serialize(row))?;
        } else {
            article_rows(article).try_for_each(|row| out.serialize(row))?;
        }
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::tests::article;
    use super::*;

    fn csv(shown: Shown, bare: bool) -> String {
        let reporter = CsvReporter::new(shown);
        let mut out = Vec::new();
        reporter.begin(&mut out).unwrap();
        reporter.article(&article(bare), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn articles_keep_their_bytes() {
        let shown = Shown { articles: true, paragraphs: false, boilerplate: false, text: false };
        let header =
            "doc,outlet,date,title,lang,target,label,score,low,high,abstain,paragraphs,mentions,author,url,model\n";
        let full = "\"a, b\",é,2026-01-02,\"T\n\"\"t\"\"\",mixed,Halden,favor,0.1235,-1,1,true,2,3,W. Orrin,https://a.example/1,0123456789ab@2026-11-28\n";
        assert_eq!(csv(shown, false), format!("{header}{full}"));
        assert_eq!(
            csv(shown, true),
            format!("{header}\"a, b\",,,,mixed,Halden,favor,0.1235,-1,1,true,2,3,,,0123456789ab@2026-11-28\n")
        );
    }

    #[test]
    fn paragraphs_keep_their_bytes() {
        let shown = Shown { articles: false, paragraphs: true, boilerplate: true, text: true };
        let full = csv(shown, false);
        let start = "doc,outlet,date,paragraph,kind,start,end,lang,target,label,score,p_favor,p_neutral,p_against,abstain,\
                     mentions,sentiment,sentiment_score,boilerplate,text,model\n\
                     \"a, b\",é,2026-01-02,0,list item,0,9,zh,曜石智能,against,0,0.25,0.5,0.25,false,0,negative,-1,,\
                     \"玄石 \"\"0\"\",\nno\",0123456789ab@2026-11-28\n";
        assert!(full.starts_with(start), "{full}");
        assert_eq!(full.matches("\"a, b\"").count(), 6);
        let bare = csv(Shown { boilerplate: false, text: false, ..shown }, true);
        let last = "\"a, b\",,,1,body,10,19,zh,Halden,against,0,0.25,0.5,0.25,true,0,,,,,0123456789ab@2026-11-28\n";
        assert!(bare.ends_with(last), "{bare}");
        assert_eq!(bare.matches("\"a, b\"").count(), 4);
    }
}
