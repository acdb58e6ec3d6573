//! A model evaluated under other session settings than it was timed with is another model.

use crate::error::Error;

/// What is wrong where the sessions of the latency pass and those of the evaluation were made with
/// settings of different digests; none where they were not.
pub fn differs(timed: &str, evaluated: &str) -> Option<Error> {
    (timed != evaluated).then(|| {
        Error::unusable("accuracy was measured with other session settings than latency")
            .because(format!("the digests of the settings are {evaluated} and {timed}"))
            .help("this is an error in bench; please report it with the command line")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Optimization, SessionOptions};

    #[test]
    fn another_setting_is_refused_and_the_same_settings_are_not() {
        let digest = |spinning| {
            let config = Default::default();
            SessionOptions { threads: 2, optimization: Optimization::All, spinning, config }.digest()
        };
        assert!(differs(&digest(true), &digest(true)).is_none());
        let error = differs(&digest(true), &digest(false)).unwrap();
        let cause = error.cause.unwrap();
        assert!(cause.contains(&digest(true)) && cause.contains(&digest(false)), "{cause}");
    }
}
