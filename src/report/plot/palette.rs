//! The colours of page and charts, light and dark, told apart by those who see fewer colours too: the
//! series follow Okabe and Ito's set, better and worse are blue and orange. Text in each has a contrast
//! of 4.5 to 1 and more against its ground, marks of 3 to 1 (WCAG 2.2), which a test holds.

/// A colour's name, and how it looks on light and on dark ground.
type Token = (&'static str, &'static str, &'static str);

/// Every colour.
const TOKENS: &[Token] = &[
    ("paper", "#ffffff", "#15181c"),
    ("panel", "#f5f7f9", "#1d2126"),
    ("rule", "#d8dde3", "#343a41"),
    ("ink", "#1a1e23", "#e7eaed"),
    ("dim", "#57606a", "#a3acb6"),
    ("accent", "#0a5fa8", "#7cbcff"),
    ("better", "#0a5fa8", "#7cbcff"),
    ("worse", "#ad4300", "#ffab70"),
    ("s0", "#4a525b", "#c3cad1"),
    ("s1", "#0072b2", "#56b4e9"),
    ("s2", "#c04e00", "#ff9e5e"),
    ("s3", "#007a5a", "#3fce9f"),
    ("s4", "#a8497f", "#e79bc6"),
    ("s5", "#7a6a00", "#e8d44d"),
    ("s6", "#5b4bb0", "#b3a7ff"),
    ("s7", "#8a5a2b", "#d9ac7c"),
    ("heat1", "#eaf2fa", "#1b2733"),
    ("heat2", "#d3e4f4", "#1e3247"),
    ("heat3", "#b3d0ea", "#21405e"),
    ("heat4", "#8bb7dd", "#265077"),
    ("heat5", "#5f9bcd", "#2f6695"),
    ("heat6", "#3a7db8", "#4a86bb"),
    ("heat7", "#1c5f9d", "#79abd9"),
    ("heat8", "#0b437a", "#add0f2"),
    ("gain1", "#e2eef9", "#1b2a3a"),
    ("gain2", "#a6cae9", "#265077"),
    ("gain3", "#5f9bcd", "#4a86bb"),
    ("gain4", "#1c5f9d", "#8fc0ec"),
    ("loss1", "#fdebdf", "#38251a"),
    ("loss2", "#f5bf98", "#74421f"),
    ("loss3", "#e28a4c", "#c06e33"),
    ("loss4", "#ad4300", "#ffb27d"),
];

/// Series that have a colour of their own; more begin again.
pub const SERIES: usize = 8;

/// Strong tints, on which text is written in the colour of the paper.
pub const STRONG_HEAT: u8 = 6;

/// The class of a series.
pub fn series(color: usize) -> String {
    // The baseline's grey is nobody else's.
    let color = if color < SERIES { color } else { 1 + (color - 1) % (SERIES - 1) };
    format!("s{color}")
}

/// The rules of every chart, with `var(--name)` for colours.
const RULES: &str = "\
.chart{font-family:system-ui,\"Segoe UI\",Roboto,\"Helvetica Neue\",Arial,sans-serif;font-size:11px;line-height:1.2;font-variant-numeric:tabular-nums}
.chart text{fill:var(--ink)}
.chart .tick,.chart .note{fill:var(--dim);font-size:10px}
.chart .small{font-size:9px}
.chart .tiny{font-size:7.5px}
.chart .name{font-weight:600}
.chart .mid{text-anchor:middle}
.chart .end{text-anchor:end}
.chart .ground{fill:var(--paper)}
.chart .grid{fill:none;stroke:var(--rule);stroke-width:1}
.chart .axis{fill:none;stroke:var(--dim);stroke-width:1}
.chart .guide{fill:none;stroke:var(--dim);stroke-width:1;stroke-dasharray:3 3}
.chart .band{fill:var(--panel)}
.chart .fill{fill:currentColor}
.chart .soft{fill:currentColor;fill-opacity:.45}
.chart .line{fill:none;stroke:currentColor;stroke-width:1.8;stroke-linejoin:round}
.chart .thin{fill:none;stroke:currentColor;stroke-width:1.2}
.chart .dot{fill:currentColor;stroke:var(--paper);stroke-width:1}
.chart .ring{fill:var(--paper);stroke:currentColor;stroke-width:1.6}
.chart .on-strong{fill:var(--paper)}
.chart .s2 .line{stroke-dasharray:7 3}
.chart .s3 .line{stroke-dasharray:2 2.5}
.chart .s4 .line{stroke-dasharray:9 3 2 3}
";

/// The rules of every chart for a page that has the variables.
pub fn rules() -> String {
    RULES.to_owned() + &color_classes()
}

/// The variables, light and, where the reader's system is dark, dark; always light in print.
pub fn variables() -> String {
    let set = |pick: fn(&Token) -> &'static str| -> String {
        TOKENS.iter().map(|token| format!("--{}:{};", token.0, pick(token))).collect()
    };
    format!(
        ":root{{{}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{}}}}}\n",
        set(|token| token.1),
        set(|token| token.2)
    )
}

/// The rules with colours in the place of variables, which not every viewer of SVG knows: light, and
/// dark where the reader's system is.
pub fn standalone() -> String {
    let dark = literal(|token| token.2);
    format!("{}@media screen and (prefers-color-scheme:dark){{{dark}}}", light())
}

/// The same, always light.
pub fn light() -> String {
    literal(|token| token.1)
}

fn literal(pick: fn(&Token) -> &'static str) -> String {
    TOKENS.iter().fold(rules(), |rules, token| rules.replace(&format!("var(--{})", token.0), pick(token)))
}

/// A class for each colour of a series, a tint, and what is better or worse.
fn color_classes() -> String {
    let class = |(name, ..): &Token| match *name {
        name if name.starts_with("heat") || name.starts_with("gain") || name.starts_with("loss") => {
            format!(".chart .{name}{{fill:var(--{name})}}\n")
        }
        name if name.len() == 2 && name.starts_with('s') => {
            format!(".{name}{{color:var(--{name})}}\n")
        }
        _ => String::new(),
    };
    TOKENS.iter().map(class).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, WCAG 2.2.
    fn luminance(color: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&color[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    fn look(name: &str) -> [&'static str; 2] {
        let token = TOKENS.iter().find(|token| token.0 == name).unwrap();
        [token.1, token.2]
    }

    #[test]
    fn text_and_marks_stand_out_from_their_ground_in_light_and_dark() {
        for theme in [0, 1] {
            for ground in ["paper", "panel"] {
                for text in ["ink", "dim", "accent", "better", "worse"] {
                    let found = contrast(look(text)[theme], look(ground)[theme]);
                    assert!(found >= 4.5, "{text} on {ground}: {found}");
                }
            }
            for series in 0..SERIES {
                let found = contrast(look(&format!("s{series}"))[theme], look("paper")[theme]);
                assert!(found >= 3.0, "s{series}: {found}");
            }
        }
    }

    #[test]
    fn numbers_can_be_read_on_every_tint() {
        let tints = (1..=8).map(|step| (format!("heat{step}"), step >= STRONG_HEAT));
        let changes =
            ["gain", "loss"].map(|name| (1..=4).map(move |step| (format!("{name}{step}"), step == 4)));
        for (tint, strong) in tints.chain(changes.into_iter().flatten()) {
            for theme in [0, 1] {
                let text = if strong { "paper" } else { "ink" };
                let found = contrast(look(text)[theme], look(&tint)[theme]);
                assert!(found >= 3.0, "{text} on {tint} in theme {theme}: {found}");
            }
        }
    }

    #[test]
    fn the_baseline_s_colour_is_never_given_to_another() {
        let given: Vec<String> = (0..20).map(series).collect();
        assert_eq!(given.iter().filter(|class| *class == "s0").count(), 1);
        assert_eq!((given[8].as_str(), given[15].as_str()), ("s1", "s1"));
    }

    #[test]
    fn every_rule_has_its_colour() {
        assert!(!standalone().contains("var("), "{}", standalone());
    }
}
