//! How numbers are written: the one place that knows units, digits and signs. Everything here is in
//! Unicode (`−`, `µ`); a writer that cannot show it replaces them (`Style::text`).

use crate::metric::{Difference, Unit};

/// Digits of a measured quantity: enough to see a change of one percent, no more than a clock can carry.
const DIGITS: i32 = 3;

/// A metric's value with its unit.
pub fn value(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Bytes => bytes(value),
        Unit::Nanoseconds => duration(value),
        Unit::PerSecond => rate(value),
        Unit::Fraction => percent(value),
        Unit::Score | Unit::Nats => fixed(value, 4),
        Unit::Count => count(value),
        Unit::Ratio => ratio(value),
        Unit::Plain => plain(value),
    }
}

/// A difference with its sign and unit: `absolute` in the metric's unit, `relative` a share of the
/// baseline. `None` where the kind that the metric asks for is undefined.
pub fn difference(
    kind: Difference,
    unit: Unit,
    absolute: Option<f64>,
    relative: Option<f64>,
) -> Option<String> {
    match kind {
        Difference::Relative => relative.map(relative_change),
        Difference::Absolute => absolute.map(|change| match unit {
            Unit::Fraction => points(change),
            Unit::Score | Unit::Nats => signed(fixed(change.abs(), 4), change),
            _ => signed(value(change.abs(), unit), change),
        }),
    }
}

/// The interval of a difference in the metric's unit, without the unit: `[−0.33, +0.05]`.
pub fn interval_of_difference(low: f64, high: f64, unit: Unit) -> String {
    let end = |end: f64| match unit {
        Unit::Fraction => points_bare(end),
        Unit::Score | Unit::Nats => signed(fixed(end.abs(), 4), end),
        _ => signed(value(end.abs(), unit), end),
    };
    format!("[{}, {}]", end(low), end(high))
}

/// The interval of a value, without the unit where that goes without saying: `[1.23, 1.25]`.
pub fn interval(low: f64, high: f64, unit: Unit) -> String {
    let end = |end: f64| match unit {
        Unit::Ratio => ratio(end).trim_end_matches('x').to_owned(),
        _ => value(end, unit),
    };
    format!("[{}, {}]", end(low), end(high))
}

/// From this size on, a quantity is written in that unit, which is so many of the smallest one.
type Step = (f64, f64, &'static str);

const BYTES: &[Step] = &[(1e9, 1e9, "GB"), (1e6, 1e6, "MB"), (1e3, 1e3, "kB")];

/// Milliseconds begin at a tenth, since that is what latencies are compared in.
const TIMES: &[Step] = &[(1e9, 1e9, "s"), (1e5, 1e6, "ms"), (1e3, 1e3, "µs")];

/// Bytes in decimal units: `2.61 MB`.
pub fn bytes(bytes: f64) -> String {
    scaled(bytes, BYTES, "B")
}

/// Nanoseconds in the unit that suits them: `640 ns`, `95.3 µs`, `0.211 ms`, `17.2 ms`, `4.20 s`.
pub fn duration(nanoseconds: f64) -> String {
    scaled(nanoseconds, TIMES, "ns")
}

/// The marks of an axis, all in the unit of the largest and with the digits that each needs: `0.1 ms`,
/// `0.15 ms`, `0.2 ms`. Meant for round numbers; others lose what is beyond six decimals.
pub fn ticks(values: &[f64], unit: Unit) -> Vec<String> {
    let largest = values.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    let (size, name) = match unit {
        Unit::Bytes => unit_of(largest, BYTES, "B"),
        Unit::Nanoseconds => unit_of(largest, TIMES, "ns"),
        Unit::Fraction => (0.01, "%"),
        _ => (1.0, ""),
    };
    let write = |value: &f64| {
        let text = fixed(value / size, 6);
        let text = text.trim_end_matches('0').trim_end_matches('.').to_owned();
        match unit {
            Unit::Ratio => format!("{text}x"),
            Unit::PerSecond => format!("{}/s", grouped(&text)),
            _ if name.is_empty() => grouped(&text),
            _ => format!("{text} {name}"),
        }
    };
    values.iter().map(write).collect()
}

/// Seconds of a clock on the wall: `4 s`, `2 min 04 s`, `1 h 07 min`, `3 days`.
pub fn span(seconds: u64) -> String {
    let minutes = seconds / 60;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min {:02} s", seconds % 60),
        3600..172_800 => format!("{} h {:02} min", minutes / 60, minutes % 60),
        _ => format!("{} days", whole(seconds / 86_400)),
    }
}

/// Things a second: `6,900/s`.
pub fn rate(per_second: f64) -> String {
    format!("{}/s", significant(per_second))
}

/// A share in percent with two decimals: `94.12 %`.
pub fn percent(share: f64) -> String {
    format!("{} %", fixed(share * 100.0, 2))
}

/// A difference of shares in percentage points: `−0.14 pp`.
pub fn points(change: f64) -> String {
    format!("{} pp", points_bare(change))
}

/// A difference of shares in percentage points, without the unit: for columns that name it.
pub fn points_bare(change: f64) -> String {
    signed(fixed(change.abs() * 100.0, 2), change)
}

/// A change relative to the baseline: `−71 %`, `+2.4 %`, and from ten times on the ratio, `12.9x`,
/// since nobody reads four digits of percent.
pub fn relative_change(change: f64) -> String {
    if change >= 1.0 {
        return ratio(1.0 + change);
    }
    let percent = change.abs() * 100.0;
    // 9.95 and more would be written as 10.0.
    let text = if percent < 9.95 { fixed(percent, 1) } else { fixed(percent, 0) };
    format!("{} %", signed(text, change))
}

/// A probability: `0.09`, `0.0004`, `<0.0001`.
pub fn probability(p: f64) -> String {
    match p {
        p if p < 1e-4 => "<0.0001".into(),
        p if p < 0.01 => fixed(p, 4),
        p => fixed(p, 2),
    }
}

/// How firm a prediction is, the highest probability less the second: `0.873`.
pub fn firmness(margin: f64) -> String {
    fixed(margin, 3)
}

/// A ratio: `1.79x`.
pub fn ratio(ratio: f64) -> String {
    match ratio.abs() {
        size if size < 0.095 => format!("{}x", digits(ratio, 2)),
        size if size < 9.995 => format!("{}x", fixed(ratio, 2)),
        _ => format!("{}x", significant(ratio)),
    }
}

/// A whole number with thousands separators: `10,000`.
pub fn count(count: f64) -> String {
    grouped(&fixed(count, 0))
}

/// A whole number with thousands separators.
pub fn whole(count: impl TryInto<u64>) -> String {
    grouped(&count.try_into().map_or_else(|_| "many".to_owned(), |count: u64| count.to_string()))
}

/// A number and what it counts, in the plural where it is not one: `1 class`, `10 classes`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", whole(count), if count == 1 { one } else { many })
}

/// Whether a written difference is zero: `0.00 pp`, `0.0 %`.
pub fn reads_as_zero(text: &str) -> bool {
    !text.chars().any(|character| ('1'..='9').contains(&character))
}

/// A number without unit: plain digits while they are few, else `1.2e−7`. Just below one, as a
/// cosine is, what is missing to one has two digits: `0.99931`, and never `1.00`.
pub fn plain(number: f64) -> String {
    let missing = 1.0 - number.abs();
    if missing > 1e-9 && missing < 0.01 {
        return fixed(number, (1 - magnitude(missing)).unsigned_abs() as usize);
    }
    if number == 0.0 || (1e-4..1e9).contains(&number.abs()) {
        return significant(number);
    }
    minus(&format!("{number:.1e}"))
}

/// The largest unit that `number` reaches, in three significant digits.
fn scaled(number: f64, units: &[Step], base: &'static str) -> String {
    let (size, unit) = unit_of(number, units, base);
    match size == 1.0 && number.fract() == 0.0 {
        true => format!("{} {unit}", count(number)),
        false => format!("{} {unit}", significant(number / size)),
    }
}

/// The largest unit that `number` reaches, and its size. A number that rounding lifts to the next unit
/// is written in that unit: 999,999 B as 1.00 MB.
fn unit_of(number: f64, units: &[Step], base: &'static str) -> (f64, &'static str) {
    let rounded = round_to_digits(number.abs(), DIGITS);
    let reached = units.iter().find(|(from, ..)| rounded >= *from);
    reached.map_or((1.0, base), |(_, size, name)| (*size, *name))
}

/// Three significant digits; the digits before the point are never lost to zeros below 10,000.
fn significant(number: f64) -> String {
    digits(number, DIGITS)
}

fn digits(number: f64, digits: i32) -> String {
    if number == 0.0 {
        return "0".into();
    }
    let rounded = round_to_digits(number, digits);
    let decimals = (digits - 1 - magnitude(rounded)).max(0);
    grouped(&fixed(rounded, decimals.unsigned_abs() as usize))
}

fn round_to_digits(number: f64, digits: i32) -> f64 {
    if number == 0.0 || !number.is_finite() {
        return number;
    }
    let step = digits - 1 - magnitude(number);
    // Dividing by a whole power of ten keeps 0.1 as 0.1, where multiplying by 1e-1 would not.
    if step >= 0 {
        (number * 10f64.powi(step)).round() / 10f64.powi(step)
    } else {
        (number / 10f64.powi(-step)).round() * 10f64.powi(-step)
    }
}

/// Power of ten of the first digit.
fn magnitude(number: f64) -> i32 {
    // At most 309 for an f64, so the cast is exact.
    number.abs().log10().floor() as i32
}

fn fixed(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    // −0.00 is zero.
    if reads_as_zero(&text) { text.trim_start_matches('-').to_owned() } else { minus(&text) }
}

fn signed(magnitude: String, of: f64) -> String {
    if reads_as_zero(&magnitude) {
        return magnitude;
    }
    format!("{}{magnitude}", if of < 0.0 { '−' } else { '+' })
}

fn minus(text: &str) -> String {
    text.replace('-', "−")
}

/// Puts a comma between groups of three digits before the point.
fn grouped(text: &str) -> String {
    let start = text.find(|character: char| character.is_ascii_digit()).unwrap_or(text.len());
    let (sign, digits) = text.split_at(start);
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut out = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(write: fn(f64) -> String, cases: &[(f64, &str)]) {
        for (number, text) in cases {
            assert_eq!(write(*number), *text, "{number}");
        }
    }

    #[test]
    fn bytes_have_three_digits_in_decimal_units() {
        table(
            bytes,
            &[
                (0.0, "0 B"),
                (512.0, "512 B"),
                (999.0, "999 B"),
                (1_000.0, "1.00 kB"),
                (955_000.0, "955 kB"),
                (999_999.0, "1.00 MB"),
                (2_812_345.0, "2.81 MB"),
                (71_234_567.0, "71.2 MB"),
                (1_500_000_000.0, "1.50 GB"),
            ],
        );
    }

    #[test]
    fn durations_take_the_unit_that_suits_them() {
        table(
            duration,
            &[
                (640.0, "640 ns"),
                (95_310.0, "95.3 µs"),
                (99_990.0, "0.100 ms"),
                (211_000.0, "0.211 ms"),
                (2_214_000.0, "2.21 ms"),
                (17_200_000.0, "17.2 ms"),
                (999_900_000.0, "1.00 s"),
                (4_200_000_000.0, "4.20 s"),
                (83_000_000_000.0, "83.0 s"),
            ],
        );
    }

    #[test]
    fn spans_of_time_as_people_say_them() {
        let cases = [(4, "4 s"), (124, "2 min 04 s"), (4_020, "1 h 07 min"), (300_000, "3 days")];
        assert_eq!(cases.map(|(seconds, _)| span(seconds)), cases.map(|(_, text)| text.to_owned()));
    }

    #[test]
    fn rates_and_ratios() {
        table(
            rate,
            &[
                (6_903.2, "6,900/s"),
                (15_249.0, "15,200/s"),
                (720.4, "720/s"),
                (12.34, "12.3/s"),
                (0.5, "0.500/s"),
            ],
        );
        table(
            ratio,
            &[
                (1.789, "1.79x"),
                (0.2349, "0.23x"),
                (0.0123, "0.012x"),
                (10.52, "10.5x"),
                (1.0, "1.00x"),
                (9.999, "10.0x"),
            ],
        );
    }

    #[test]
    fn shares_and_their_differences() {
        table(percent, &[(0.9412, "94.12 %"), (1.0, "100.00 %"), (0.0, "0.00 %")]);
        table(
            points,
            &[(-0.0014, "−0.14 pp"), (0.0005, "+0.05 pp"), (0.0, "0.00 pp"), (-0.000_01, "0.00 pp")],
        );
        table(
            relative_change,
            &[
                (-0.71, "−71 %"),
                (0.0241, "+2.4 %"),
                (0.94, "+94 %"),
                (1.06, "2.06x"),
                (4.41, "5.41x"),
                (9.47, "10.5x"),
                (139.2, "140x"),
                (-0.0001, "0.0 %"),
                (0.0999, "+10 %"),
            ],
        );
    }

    #[test]
    fn counts_and_plain_numbers() {
        table(count, &[(0.0, "0"), (999.0, "999"), (10_000.0, "10,000"), (1_234_567.0, "1,234,567")]);
        table(
            plain,
            &[
                (0.0, "0"),
                (0.031_24, "0.0312"),
                (1.25e-7, "1.2e−7"),
                (123.4, "123"),
                (-0.5, "−0.500"),
                (0.999_312, "0.99931"),
                (1.0, "1.00"),
                (0.95, "0.950"),
            ],
        );
        assert_eq!(counted(1, "class", "classes"), "1 class");
        assert_eq!(counted(10, "class", "classes"), "10 classes");
    }

    #[test]
    fn a_difference_is_written_as_its_metric_asks() {
        let write = |kind, unit| difference(kind, unit, Some(-0.0019), Some(-0.25));
        assert_eq!(write(Difference::Relative, Unit::Nanoseconds).unwrap(), "−25 %");
        assert_eq!(write(Difference::Absolute, Unit::Fraction).unwrap(), "−0.19 pp");
        assert_eq!(write(Difference::Absolute, Unit::Nats).unwrap(), "−0.0019");
        assert_eq!(difference(Difference::Relative, Unit::Bytes, Some(1.0), None), None);
    }

    #[test]
    fn the_marks_of_an_axis_share_a_unit_and_have_no_digit_too_many() {
        assert_eq!(ticks(&[0.0, 50_000.0, 100_000.0], Unit::Nanoseconds), ["0 ms", "0.05 ms", "0.1 ms"]);
        assert_eq!(ticks(&[0.925, 0.95, 1.0], Unit::Fraction), ["92.5 %", "95 %", "100 %"]);
        assert_eq!(ticks(&[-0.02, 0.0], Unit::Fraction), ["−2 %", "0 %"]);
        assert_eq!(ticks(&[0.0, 20_000.0], Unit::Count), ["0", "20,000"]);
        assert_eq!(ticks(&[2_500_000.0], Unit::Bytes), ["2.5 MB"]);
        assert_eq!(ticks(&[], Unit::Bytes), [] as [String; 0]);
    }

    #[test]
    fn zero_is_seen_in_any_writing() {
        for text in ["0.00 pp", "0.0 %", "0", "0.0000"] {
            assert!(reads_as_zero(text), "{text}");
        }
        assert!(!reads_as_zero("−0.01 pp"));
    }
}
