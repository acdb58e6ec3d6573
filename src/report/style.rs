//! What the terminal can show: colour, Unicode, columns.

use super::view::Tone;

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    /// When the output is a terminal that can.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Most columns that a report takes, however wide the terminal is: longer lines are hard to follow.
pub const MOST_COLUMNS: usize = 100;

/// Fewest columns that a report is laid out for.
pub const FEWEST_COLUMNS: usize = 40;

/// What the output can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours.
    pub color: bool,
    /// More than ASCII.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
}

impl Style {
    /// Plain text of the widest layout, as for a file.
    pub const PLAIN: Self = Self { color: false, unicode: true, width: MOST_COLUMNS };

    /// What stdout of this process can show.
    pub fn of_stdout(choice: ColorChoice) -> Self {
        use std::io::IsTerminal as _;
        let columns = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        Self::detect(choice, std::io::stdout().is_terminal(), columns, |name| std::env::var(name).ok())
    }

    /// What an output can show, from the flag, whether it is a terminal, its columns, and the environment.
    pub fn detect(
        choice: ColorChoice,
        is_terminal: bool,
        columns: Option<usize>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let columns = columns.or_else(|| set("COLUMNS")?.parse().ok()).unwrap_or(MOST_COLUMNS);
        Self {
            color: color(choice, is_terminal, &set),
            unicode: unicode(&set),
            width: columns.clamp(FEWEST_COLUMNS, MOST_COLUMNS),
        }
    }

    /// `text` in the colour of `tone`.
    pub fn paint(&self, tone: Tone, text: &str) -> String {
        match tone {
            Tone::Better => self.ansi("32", text),
            Tone::Worse => self.ansi("31", text),
            Tone::Missing => self.ansi("2", text),
            Tone::Same | Tone::Plain => text.to_owned(),
        }
    }

    /// The sign of a tone: what its colour says, for those who do not see it.
    pub fn mark(&self, tone: Tone) -> &'static str {
        match (tone, self.unicode) {
            (Tone::Better, true) => "▲",
            (Tone::Better, false) => "^",
            (Tone::Worse, true) => "▼",
            (Tone::Worse, false) => "v",
            (Tone::Same, _) => "=",
            (Tone::Plain | Tone::Missing, true) => "·",
            (Tone::Plain | Tone::Missing, false) => "-",
        }
    }

    /// `text` in bold.
    pub fn bold(&self, text: &str) -> String {
        self.ansi("1", text)
    }

    /// `text` held back.
    pub fn dim(&self, text: &str) -> String {
        self.ansi("2", text)
    }

    /// `text` as this output can show it.
    pub fn text(&self, text: &str) -> String {
        if self.unicode { text.to_owned() } else { ascii(text) }
    }

    fn ansi(&self, code: &str, text: &str) -> String {
        if self.color && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// The flag wins, then `NO_COLOR`, then the variables that force colour, then what the terminal is.
fn color(choice: ColorChoice, is_terminal: bool, set: &dyn Fn(&str) -> Option<String>) -> bool {
    let forced = |name| set(name).is_some_and(|value| value != "0");
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if set("NO_COLOR").is_some() => false,
        ColorChoice::Auto if forced("CLICOLOR_FORCE") || forced("FORCE_COLOR") => true,
        ColorChoice::Auto => is_terminal && set("TERM").as_deref() != Some("dumb"),
    }
}

/// A locale that names another encoding means it; none at all, as in most containers, does not.
fn unicode(set: &dyn Fn(&str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    locale.is_none_or(|locale| locale.to_lowercase().replace('-', "").contains("utf8"))
}

/// The report's own signs in ASCII. Letters stay: they are the user's.
pub fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '−' | '·' => out.push('-'),
            '…' => out.push_str("..."),
            '→' => out.push_str("->"),
            '±' => out.push_str("+/-"),
            '×' => out.push('x'),
            'µ' => out.push('u'),
            '▲' => out.push('^'),
            '▼' => out.push('v'),
            '─' => out.push('-'),
            'Δ' => out.push_str("diff"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(choice: ColorChoice, is_terminal: bool, variables: &[(&str, &str)]) -> Style {
        Style::detect(choice, is_terminal, None, |name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    /// Flag, whether it is a terminal, environment, and whether there is colour.
    type Case = (ColorChoice, bool, &'static [(&'static str, &'static str)], bool);

    #[test]
    fn colour_follows_the_flag_then_the_environment_then_the_terminal() {
        use ColorChoice::{Always, Auto, Never};
        let cases: &[Case] = &[
            (Auto, true, &[], true),
            (Auto, false, &[], false),
            (Auto, true, &[("NO_COLOR", "1")], false),
            (Auto, true, &[("NO_COLOR", "")], true),
            (Auto, false, &[("CLICOLOR_FORCE", "1")], true),
            (Auto, false, &[("CLICOLOR_FORCE", "0")], false),
            (Auto, false, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
            (Auto, true, &[("TERM", "dumb")], false),
            (Always, false, &[("NO_COLOR", "1")], true),
            (Never, true, &[("CLICOLOR_FORCE", "1")], false),
        ];
        for (choice, is_terminal, variables, expected) in cases {
            assert_eq!(on(*choice, *is_terminal, variables).color, *expected, "{choice:?} {variables:?}");
        }
    }

    #[test]
    fn unicode_unless_the_locale_says_otherwise() {
        assert!(on(ColorChoice::Auto, true, &[]).unicode);
        assert!(on(ColorChoice::Auto, true, &[("LANG", "de_DE.UTF-8")]).unicode);
        assert!(!on(ColorChoice::Auto, true, &[("LANG", "C")]).unicode);
        assert!(!on(ColorChoice::Auto, true, &[("LC_ALL", "POSIX"), ("LANG", "C.utf8")]).unicode);
    }

    #[test]
    fn the_width_stays_within_what_can_be_read() {
        let width = |columns| Style::detect(ColorChoice::Auto, true, columns, |_| None).width;
        assert_eq!((width(None), width(Some(250)), width(Some(72)), width(Some(3))), (100, 100, 72, 40));
        assert_eq!(on(ColorChoice::Auto, false, &[("COLUMNS", "80")]).width, 80);
    }

    #[test]
    fn ascii_keeps_the_user_s_letters() {
        assert_eq!(ascii("Übung · −0.14 pp … ±0.3 → 95 µs ▼"), "Übung - -0.14 pp ... +/-0.3 -> 95 us v");
    }
}
