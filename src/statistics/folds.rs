//! Folds for cross-validation.

use std::collections::HashMap;

use rand::seq::SliceRandom;

use super::generator;

/// Assigns each item to one of `folds` folds so that items of one group share a fold and folds are of nearly equal size.
///
/// Groups are shuffled by `seed`, then each goes to the fold that is smallest so far. With fewer groups than folds some folds stay empty.
pub fn grouped_folds(groups: &[&str], folds: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<&str> = Vec::new();
    let mut sizes: HashMap<&str, usize> = HashMap::new();
    for &group in groups {
        let size = sizes.entry(group).or_default();
        if *size == 0 {
            order.push(group);
        }
        *size += 1;
    }
    order.shuffle(&mut generator(seed, 0));
    let mut load = vec![0usize; folds.max(1)];
    let mut fold_of: HashMap<&str, usize> = HashMap::new();
    for group in order {
        let fold = (0..load.len()).min_by_key(|&fold| load[fold]).unwrap_or(0);
        load[fold] += sizes[group];
        fold_of.insert(group, fold);
    }
    groups.iter().map(|group| fold_of[group]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn groups_stay_together(items in proptest::collection::vec(0u8..20, 1..80), folds in 2usize..6) {
            let names: Vec<String> = items.iter().map(u8::to_string).collect();
            let groups: Vec<&str> = names.iter().map(String::as_str).collect();
            let found = grouped_folds(&groups, folds, 7);
            for (i, a) in groups.iter().enumerate() {
                for (j, b) in groups.iter().enumerate() {
                    if a == b { proptest::prop_assert_eq!(found[i], found[j]); }
                }
            }
            proptest::prop_assert!(found.iter().all(|&f| f < folds));
        }
    }
}
