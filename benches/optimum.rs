//! Fits rows in SVMlight form as `lichang train` fits its own, for `benches/optimum.py` to compare with scikit-learn.
//!
//!     cargo bench --bench optimum -- ROWS.svmlight C
//!
//! Prints a JSON object: the objective, its duality gap, epochs and seconds of the fit alone.

use std::time::Instant;

use lichang::features::{BagOfWords, Row};
use lichang::model::SparseLogistic;
use linfa::ParamGuard;
use linfa::dataset::DatasetBase;
use linfa::traits::Fit;
use ndarray::Array1;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let [path, c] = &arguments[..] else {
        // `cargo bench` runs every benchmark.
        eprintln!("optimum: no rows given, nothing to do");
        return Ok(());
    };
    let (mut rows, mut classes) = (Vec::new(), Vec::new());
    for line in std::fs::read_to_string(path)?.lines() {
        let mut fields = line.split(' ');
        classes.push(fields.next().ok_or("a line is empty")?.parse::<usize>()?);
        let mut row = Row::default();
        for field in fields.filter(|field| !field.is_empty()) {
            let (column, value) = field.split_once(':').ok_or("a field has no colon")?;
            row.indices.push(column.parse()?);
            row.values.push(value.parse()?);
        }
        rows.push(row);
    }
    let columns = rows.iter().filter_map(|row| row.indices.last()).max().map_or(0, |last| *last as usize + 1);
    let dataset = DatasetBase::new(BagOfWords::from_rows(&rows, columns), Array1::from(classes));
    let params = SparseLogistic::params().c(c.parse()?).check()?;
    let start = Instant::now();
    let found = params.fit(&dataset)?.convergence;
    println!(
        "{{\"objective\": {:?}, \"gap\": {:?}, \"epochs\": {}, \"seconds\": {:?}}}",
        found.objective,
        found.gap.unwrap_or(f64::NAN),
        found.iterations,
        start.elapsed().as_secs_f64()
    );
    Ok(())
}
