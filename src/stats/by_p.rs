//! The order in which procedures for many tests go through them.

/// Places of the p-values, the smallest first. A NaN is no test and has no place.
pub(super) fn by_p(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).filter(|&i| !p[i].is_nan()).collect();
    order.sort_by(|&i, &j| p[i].total_cmp(&p[j]));
    order
}
