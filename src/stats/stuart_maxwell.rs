//! Whether two answers use the classes equally often, from the table of one against the other.

use statrs::function::gamma::checked_gamma_ur;

/// A chi-squared test on a square table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarginalTest {
    /// χ².
    pub statistic: f64,
    /// Degrees of freedom.
    pub degrees: usize,
    /// The probability of a statistic at least as large if there were no difference. An
    /// approximation that wants some ten or more off-diagonal counts.
    pub p: f64,
}

impl MarginalTest {
    fn new(statistic: f64, degrees: usize) -> Self {
        let p = checked_gamma_ur(degrees as f64 / 2.0, statistic / 2.0).unwrap_or(1.0);
        Self { statistic, degrees, p: p.clamp(0.0, 1.0) }
    }
}

/// Stuart and Maxwell's test of equal margins (A. Stuart, 1955; A. Maxwell, 1970): χ² = dᵀ V⁻ d
/// with d_i = n_i. − n_.i, V_ii = n_i. + n_.i − 2·n_ii and V_ij = −(n_ij + n_ji).
///
/// V is the Laplacian of the graph whose edges are the pairs of classes that were swapped, and d
/// sums to zero within each connected part. So a class without any swap drops out, each part
/// of k classes has k − 1 degrees of freedom, and within it one class can be left out: the
/// rest is positive definite, and no tolerance has to decide on the rank.
///
/// None where nothing lies off the diagonal, and for a table that is not square.
pub fn stuart_maxwell(table: &[Vec<u64>]) -> Option<MarginalTest> {
    let parts = connected_parts(table)?;
    let degrees: usize = parts.iter().map(|part| part.len() - 1).sum();
    let statistic = parts.iter().map(|part| shift_within(table, part)).sum();
    (degrees > 0).then(|| MarginalTest::new(statistic, degrees))
}

/// Bowker's test of symmetry (A. Bowker, 1948): χ² = Σ (n_ij − n_ji)²/(n_ij + n_ji) over the pairs
/// i < j with any count, which are also its degrees of freedom: a pair that never occurs can show
/// no asymmetry. With all pairs present these are K(K − 1)/2. None as for [`stuart_maxwell`].
pub fn bowker(table: &[Vec<u64>]) -> Option<MarginalTest> {
    let size = square(table)?;
    let pairs = (0..size).flat_map(|i| (0..i).map(move |j| (i, j)));
    let swapped = |(i, j): (usize, usize)| (table[i][j] as f64, table[j][i] as f64);
    let terms: Vec<f64> = pairs
        .map(swapped)
        .filter(|(one, other)| one + other > 0.0)
        .map(|(one, other)| (one - other).powi(2) / (one + other))
        .collect();
    (!terms.is_empty()).then(|| MarginalTest::new(super::sum(terms.iter().copied()), terms.len()))
}

fn square(table: &[Vec<u64>]) -> Option<usize> {
    table.iter().all(|row| row.len() == table.len()).then_some(table.len())
}

/// How often two classes were swapped, either way.
fn swaps(table: &[Vec<u64>], i: usize, j: usize) -> f64 {
    table[i][j] as f64 + table[j][i] as f64
}

/// The classes, grouped by what swaps connect.
fn connected_parts(table: &[Vec<u64>]) -> Option<Vec<Vec<usize>>> {
    let mut left: Vec<usize> = (0..square(table)?).collect();
    let mut parts = Vec::new();
    while let Some(first) = left.pop() {
        let mut part = vec![first];
        let mut next = 0;
        while next < part.len() {
            let class = part[next];
            part.extend(left.extract_if(.., |&mut other| swaps(table, class, other) > 0.0));
            next += 1;
        }
        parts.push(part);
    }
    Some(parts)
}

/// dᵀ V⁻ d of one connected part, its first class left out: Gaussian elimination of the rest turns
/// it into Σ d_k²/V_kk over the pivots, which are positive.
fn shift_within(table: &[Vec<u64>], part: &[usize]) -> f64 {
    let rest = &part[1..];
    let shift = |&i: &usize| part.iter().map(|&j| table[i][j] as f64 - table[j][i] as f64).sum::<f64>();
    let mut d: Vec<f64> = rest.iter().map(shift).collect();
    let mut v: Vec<Vec<f64>> = rest.iter().map(|&i| laplacian_row(table, part, i)).collect();
    let mut statistic = 0.0;
    for k in 0..rest.len() {
        let (done, below) = v.split_at_mut(k + 1);
        let pivot = &done[k];
        statistic += d[k] * d[k] / pivot[k];
        for (row, i) in below.iter_mut().zip(k + 1..) {
            let factor = row[k] / pivot[k];
            if factor != 0.0 {
                row[k..].iter_mut().zip(&pivot[k..]).for_each(|(to, from)| *to -= factor * from);
                d[i] -= factor * d[k];
            }
        }
    }
    statistic
}

/// The row of class `i` in V, over all classes of the part but the first.
fn laplacian_row(table: &[Vec<u64>], part: &[usize], i: usize) -> Vec<f64> {
    let all: f64 = part.iter().filter(|&&j| j != i).map(|&j| swaps(table, i, j)).sum();
    part[1..].iter().map(|&j| if j == i { all } else { -swaps(table, i, j) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::reference::{assert_close, fixture};

    #[derive(serde::Deserialize)]
    struct Reference {
        statistic: f64,
        degrees: usize,
        p: f64,
    }

    #[derive(serde::Deserialize)]
    struct Case {
        table: Vec<Vec<u64>>,
        homogeneity: Reference,
        symmetry: Reference,
    }

    fn assert_same(got: MarginalTest, wanted: Reference, what: &str) {
        assert_close(got.statistic, wanted.statistic, 1e-10, what);
        assert_eq!(got.degrees, wanted.degrees, "{what}");
        assert_close(got.p, wanted.p, 1e-9, what);
    }

    #[test]
    fn both_tests_are_those_of_statsmodels() {
        for Case { table, homogeneity, symmetry } in fixture::<Vec<Case>>("square_tables") {
            assert_same(stuart_maxwell(&table).unwrap(), homogeneity, "homogeneity");
            assert_same(bowker(&table).unwrap(), symmetry, "symmetry");
        }
    }

    #[test]
    fn two_classes_are_mcnemars_statistic() {
        let table = [vec![50, 10], vec![20, 70]];
        let wanted = 100.0 / 30.0;
        assert_close(stuart_maxwell(&table).unwrap().statistic, wanted, 1e-14, "margins");
        assert_close(bowker(&table).unwrap().statistic, wanted, 1e-14, "symmetry");
    }

    #[test]
    fn unconnected_parts_and_unused_classes_add_up() {
        let table = [
            vec![50, 10, 0, 0, 0],
            vec![20, 70, 0, 0, 0],
            vec![0, 0, 9, 0, 0],
            vec![0, 0, 0, 5, 7],
            vec![0, 0, 0, 3, 5],
        ];
        let got = stuart_maxwell(&table).unwrap();
        assert_close(got.statistic, 100.0 / 30.0 + 16.0 / 10.0, 1e-14, "sum");
        assert_eq!(got.degrees, 2);
    }

    #[test]
    fn full_agreement_has_no_shift() {
        let table = [vec![5, 0], vec![0, 7]];
        assert_eq!((stuart_maxwell(&table), bowker(&table)), (None, None));
        assert_eq!(stuart_maxwell(&[]), None);
        assert_eq!(bowker(&[vec![1, 2]]), None);
    }
}
