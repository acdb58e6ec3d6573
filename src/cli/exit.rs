//! Every exit status, with its meaning.

use std::process::ExitCode;

use crate::error::ErrorKind;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done; everything asked for was measured.
    Done,
    /// Done, and the preprocessing that was checked is in doubt.
    InDoubt,
    /// Done, and the gate fails.
    GateFailed,
    /// Wrong usage or settings.
    Usage,
    /// Something could not run: a model, the data, a runtime or a device.
    CouldNotRun,
    /// Done, and the gate cannot tell.
    CannotTell,
    /// A signal asked to stop; what was measured is saved.
    Interrupted(usize),
}

impl Exit {
    /// The status by the conventions of shells: 128 + n for signal n.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::InDoubt | Self::GateFailed => 1,
            Self::Usage => 2,
            Self::CouldNotRun => 3,
            Self::CannotTell => 4,
            Self::Interrupted(signal) => 128u8.saturating_add(signal.min(127) as u8),
        }
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Usage => Self::Usage,
            ErrorKind::Unusable | ErrorKind::Unsupported | ErrorKind::Unavailable => Self::CouldNotRun,
            ErrorKind::Interrupted => Self::Interrupted(2),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_the_documented_ones() {
        let documented = [(Exit::Done, 0), (Exit::InDoubt, 1), (Exit::Usage, 2), (Exit::CouldNotRun, 3)];
        let of_gates = [(Exit::GateFailed, 1), (Exit::CannotTell, 4)];
        for (exit, code) in documented.into_iter().chain(of_gates) {
            assert_eq!(exit.code(), code);
        }
        assert_eq!((Exit::Interrupted(2).code(), Exit::Interrupted(15).code()), (130, 143));
    }
}
