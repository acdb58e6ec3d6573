//! Student's t distribution.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// The value that the probability `p` lies below, with `degrees` of freedom. None unless `p` lies
/// between 0 and 1, ends excluded, and `degrees` is above 0.
pub fn student_quantile(p: f64, degrees: f64) -> Option<f64> {
    let standard = StudentsT::new(0.0, 1.0, degrees).ok()?;
    (p > 0.0 && p < 1.0).then(|| standard.inverse_cdf(p)).filter(|t| t.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Critical values of any printed table.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (degrees, wanted) in [(1.0, 12.706), (4.0, 2.776), (9.0, 2.262), (30.0, 2.042)] {
            assert!((student_quantile(0.975, degrees).unwrap() - wanted).abs() < 5e-4, "{degrees}");
        }
    }

    #[test]
    fn what_is_no_probability_has_no_quantile() {
        assert_eq!(student_quantile(1.0, 4.0), None);
        assert_eq!(student_quantile(f64::NAN, 4.0), None);
        assert_eq!(student_quantile(0.5, 0.0), None);
    }
}
