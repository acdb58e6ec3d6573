//! One error value for the whole crate: what is wrong, where, why, and what to do next.

use std::fmt;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The crate's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of trouble it is; decides the exit status and the outcome of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// Wrong flags or settings: the user must change what was asked for.
    Usage,
    /// A model, image, record or file cannot be used.
    Unusable,
    /// The runtime is sound but has no support for this model.
    Unsupported,
    /// A runtime, library or device is missing here.
    Unavailable,
    /// The user or the system asked to stop.
    Interrupted,
}

/// An error that a user can act on. It travels between processes, so it is plain data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Error {
    /// Decides the exit status.
    pub kind: ErrorKind,
    /// What is wrong, in one sentence without a full stop.
    pub what: String,
    /// The file, sample or graph node concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The message of the library or system underneath.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Error {
    /// An error of `kind` that says `what` is wrong.
    pub fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), place: None, cause: None, help: None }
    }

    /// Wrong flags or settings.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, what)
    }

    /// A model, image, record or file cannot be used.
    pub fn unusable(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unusable, what)
    }

    /// The runtime has no support for this model.
    pub fn unsupported(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, what)
    }

    /// A runtime, library or device is missing here.
    pub fn unavailable(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, what)
    }

    /// Names the file, sample or node concerned.
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// Names the file concerned.
    pub fn at_path(self, path: &Path) -> Self {
        self.at(path.display().to_string())
    }

    /// Names the file concerned, unless the error has said where it was.
    pub fn within(self, path: &Path) -> Self {
        if self.place.is_some() { self } else { self.at_path(path) }
    }

    /// Adds the message of the library or system underneath.
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// Says what to do next.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says one more thing to do, after what the error has said.
    pub fn and_help(self, more: impl fmt::Display) -> Self {
        let help = self.help.as_ref().map_or_else(|| more.to_string(), |help| format!("{help}; {more}"));
        self.help(help)
    }

    /// Says what to do next, unless the error has said so.
    pub fn or_help(self, help: impl Into<String>) -> Self {
        if self.help.is_some() { self } else { self.help(help) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(cause) = &self.cause {
            write!(f, ": {cause}")?;
        }
        if let Some(place) = &self.place {
            write!(f, "\n  where: {place}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  help:  {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_as_what_why_where_and_what_to_do() {
        let error = Error::unusable("the model cannot be read")
            .because("file too short")
            .at("a.onnx")
            .help("export it again");
        assert_eq!(
            error.to_string(),
            "the model cannot be read: file too short\n  where: a.onnx\n  help:  export it again"
        );
    }

    #[test]
    fn advice_that_is_there_is_not_replaced() {
        let error = Error::unusable("the file is empty").or_help("fetch it again");
        assert_eq!(error.or_help("give up").help.as_deref(), Some("fetch it again"));
    }

    #[test]
    fn advice_is_added_to_what_is_there() {
        let error = Error::unusable("the file is empty").and_help("fetch it again");
        assert_eq!(error.help.as_deref(), Some("fetch it again"));
        assert_eq!(error.and_help("or give up").help.as_deref(), Some("fetch it again; or give up"));
    }

    #[test]
    fn an_error_survives_the_way_between_processes() {
        let error = Error::unsupported("operator QLinearAdd is not in tract").at("Add_12");
        let json = serde_json::to_string(&error).expect("plain data serializes");
        assert_eq!(serde_json::from_str::<Error>(&json).expect("and comes back"), error);
    }
}
