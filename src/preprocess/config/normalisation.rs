//! Rescaling and normalisation of a file, as a scale with mean and deviation.

use super::fields::REPAIR;
use super::is_factor;
use crate::error::{Error, Result};
use crate::preprocess::Scale;

/// Factors this near to a known one are meant to be it: files hold them as `f32` or `f64`.
const SAME_FACTOR: f64 = 1e-6;

/// What happens to the levels 0 to 255, step by step.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Steps {
    /// First multiplied by this, if by anything.
    pub factor: Option<f64>,
    /// Then less 1.
    pub offset: bool,
    /// Then this mean is subtracted; empty for none.
    pub mean: Vec<f64>,
    /// Then divided by this deviation; empty for none.
    pub std: Vec<f64>,
    /// Then divided by this one; empty for none.
    pub std_again: Vec<f64>,
}

/// The same in one scale, mean and deviation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Folded {
    pub scale: Scale,
    pub mean: Vec<f32>,
    pub std: Vec<f32>,
}

impl Steps {
    /// Factors other than 1/255 are folded into mean and deviation: `(f·x − m) / s` is
    /// `(x − m/f) / (s/f)`.
    pub fn folded(&self) -> Result<Folded> {
        let (scale, factor) = self.scale()?;
        let deviations = [&self.std, &self.std_again];
        let wrong = |key: &str| {
            let why = "its values must be numbers from 1e-12 to 1e12";
            Error::usage(format!("`{key}` cannot be divided by: {why}")).help(REPAIR)
        };
        if !is_factor(factor) {
            return Err(wrong("rescale_factor"));
        }
        if !deviations.iter().all(|std| std.iter().copied().all(is_factor)) {
            return Err(wrong("image_std"));
        }
        let narrow = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect::<Vec<_>>();
        let mut std = product(deviations[0], deviations[1]);
        if std.is_empty() && factor != 1.0 {
            std.push(1.0);
        }
        let std = narrow(divided(std, factor));
        let mean = narrow(divided(self.mean.clone(), factor));
        if let Some(mean) = mean.iter().find(|mean| !mean.is_finite()) {
            return Err(
                Error::usage(format!("`image_mean` leads to {mean}, which is no number to use")).help(REPAIR)
            );
        }
        if std.iter().any(|std| !(std.is_finite() && *std > 0.0)) {
            return Err(wrong("image_std"));
        }
        Ok(Folded { scale, mean, std })
    }

    /// A scale, and the factor that it leaves to be folded.
    fn scale(&self) -> Result<(Scale, f64)> {
        let is = |wanted: f64| self.factor.is_some_and(|factor| (factor / wanted - 1.0).abs() < SAME_FACTOR);
        match (self.offset, self.factor) {
            (false, None) => Ok((Scale::Raw, 1.0)),
            (false, Some(_)) if is(1.0 / 255.0) => Ok((Scale::Unit, 1.0)),
            (false, Some(factor)) => Ok((Scale::Raw, factor)),
            (true, _) if is(1.0 / 127.5) => Ok((Scale::Signed, 1.0)),
            (true, _) => Err(Error::usage("`rescale_offset` is true, and `rescale_factor` is not 1/127.5")
                .because("releases of the library differ in what they then compute")
                .help("say what the model was trained with by --scale, --mean and --std, and --config-files false")),
        }
    }
}

/// Element by element; one value serves all channels, and no values are ones.
fn product(a: &[f64], b: &[f64]) -> Vec<f64> {
    let at = |values: &[f64], index: usize| values.get(index).or(values.first()).copied().unwrap_or(1.0);
    (0..a.len().max(b.len())).map(|index| at(a, index) * at(b, index)).collect()
}

fn divided(values: Vec<f64>, factor: f64) -> Vec<f64> {
    values.into_iter().map(|value| value / factor).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(factor: f64) -> Steps {
        Steps { factor: Some(factor), ..Steps::default() }
    }

    fn by_hand(folded: &Folded, x: f32) -> f32 {
        let scaled = match folded.scale {
            Scale::Raw => x,
            Scale::Unit => x / 255.0,
            Scale::Signed => x / 127.5 - 1.0,
        };
        let mean = folded.mean.first().copied().unwrap_or(0.0);
        (scaled - mean) / folded.std.first().copied().unwrap_or(1.0)
    }

    #[test]
    fn the_usual_factors_are_scales() {
        assert_eq!(steps(1.0 / 255.0).folded().unwrap().scale, Scale::Unit);
        assert_eq!(steps(f64::from(1.0f32 / 255.0)).folded().unwrap().scale, Scale::Unit);
        let signed = Steps { offset: true, ..steps(1.0 / 127.5) };
        assert_eq!(signed.folded().unwrap().scale, Scale::Signed);
        assert_eq!(
            Steps::default().folded().unwrap(),
            Folded { scale: Scale::Raw, mean: vec![], std: vec![] }
        );
    }

    #[test]
    fn other_factors_are_folded_and_come_out_the_same() {
        for factor in [1.0, 0.5, 1.0 / 256.0, 1.0 / 127.5] {
            for (mean, std) in
                [(vec![], vec![]), (vec![0.4], vec![]), (vec![0.4], vec![0.2]), (vec![], vec![3.0])]
            {
                let (m, s) = (mean.first().copied().unwrap_or(0.0), std.first().copied().unwrap_or(1.0));
                let folded = Steps { mean, std, ..steps(factor) }.folded().unwrap();
                for x in [0.0, 1.0, 100.0, 255.0] {
                    let expected = (x * factor - m) / s;
                    let got = f64::from(by_hand(&folded, x as f32));
                    assert!(
                        (got - expected).abs() <= 2e-6 * expected.abs().max(1.0),
                        "{factor} {x}: {got} {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn two_deviations_become_their_product() {
        let twice = Steps { std: vec![0.5], std_again: vec![0.2, 0.4, 0.6], ..steps(1.0 / 255.0) };
        assert_eq!(twice.folded().unwrap().std, [0.1, 0.2, 0.3]);
    }

    #[test]
    fn what_cannot_be_divided_by_is_refused_with_its_field() {
        for factor in [0.0, -1.0, 1e300, f64::MIN_POSITIVE] {
            assert!(steps(factor).folded().unwrap_err().what.contains("rescale_factor"), "{factor}");
        }
        for std in [0.0, -0.5, 1e-300] {
            let error = Steps { std: vec![std], ..Steps::default() }.folded().unwrap_err();
            assert!(error.what.contains("image_std"), "{error}");
        }
        let error = Steps { mean: vec![1e300], ..Steps::default() }.folded().unwrap_err();
        assert!(error.what.contains("image_mean"), "{error}");
        assert!(Steps { offset: true, ..steps(1.0 / 255.0) }.folded().is_err());
    }
}
