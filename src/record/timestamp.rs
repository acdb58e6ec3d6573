//! Moments as text.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Now, RFC 3339 in UTC to the second.
pub fn timestamp() -> String {
    let now = OffsetDateTime::now_utc();
    let whole = now.replace_nanosecond(0).unwrap_or(now);
    // Fails only for years outside 0 to 9999.
    whole.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_reads_as_utc_without_fractions() {
        let now = super::timestamp();
        assert!(now.ends_with('Z') && now.len() == "2026-01-02T03:04:05Z".len(), "{now}");
    }
}
