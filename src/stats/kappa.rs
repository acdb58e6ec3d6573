//! Agreement beyond what chance would give.

/// Cohen's κ of a square table of counts, one answer by row and the other by column (J. Cohen,
/// 1960): (p_o − p_e)/(1 − p_e), where p_o is the share on the diagonal and p_e the sum over
/// classes of row share × column share. 1 is full agreement, 0 that of chance. None where p_e is 1
/// (both always gave the same one class), for an empty table and for one that is not square.
pub fn cohen_kappa(table: &[Vec<u64>]) -> Option<f64> {
    if table.iter().any(|row| row.len() != table.len()) {
        return None;
    }
    // In whole numbers, so that full expected agreement is seen as such.
    let wide = |class: &[u64]| class.iter().map(|&count| u128::from(count)).sum::<u128>();
    let all: u128 = table.iter().map(|row| wide(row)).sum();
    let same: u128 = table.iter().enumerate().map(|(class, row)| u128::from(row[class])).sum();
    let columns = (0..table.len()).map(|class| table.iter().map(|row| u128::from(row[class])).sum::<u128>());
    let chance: u128 = table.iter().zip(columns).map(|(row, column)| wide(row).saturating_mul(column)).sum();
    let full = all.saturating_mul(all);
    (chance < full).then(|| (all * same) as f64 - chance as f64).map(|gain| gain / (full - chance) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::reference::{assert_close, fixture};

    #[derive(serde::Deserialize)]
    struct Case {
        table: Vec<Vec<u64>>,
        kappa: f64,
    }

    #[test]
    fn values_are_those_of_scikit_learn_and_statsmodels() {
        for Case { table, kappa } in fixture::<Vec<Case>>("kappa") {
            assert_close(cohen_kappa(&table).unwrap(), kappa, 1e-11, &format!("{table:?}"));
        }
    }

    #[test]
    fn one_class_for_everything_leaves_nothing_to_agree_on() {
        assert_eq!(cohen_kappa(&[vec![9, 0], vec![0, 0]]), None);
        assert_eq!(cohen_kappa(&[]), None);
        assert_eq!(cohen_kappa(&[vec![0, 0], vec![0, 0]]), None);
        assert_eq!(cohen_kappa(&[vec![1, 2]]), None);
    }

    #[test]
    fn full_agreement_is_one_and_none_is_below_chance() {
        assert_eq!(cohen_kappa(&[vec![3, 0], vec![0, 5]]), Some(1.0));
        assert!(cohen_kappa(&[vec![0, 3], vec![5, 0]]).unwrap() < 0.0);
    }
}
