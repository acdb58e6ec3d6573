//! What this processor is, and which of its instructions make int8 fast.

use std::fs;

/// The processor's name as its maker writes it; the architecture where the system does not tell.
pub fn cpu_model() -> String {
    system_model()
        .map(|name| name.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

#[cfg(target_os = "linux")]
fn system_model() -> Option<String> {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").ok()?;
    field(&cpuinfo, "model name")
        .or_else(|| field(&cpuinfo, "Model"))
        .map(str::to_owned)
        .or_else(|| arm_part(&cpuinfo))
}

#[cfg(target_os = "macos")]
fn system_model() -> Option<String> {
    let output =
        std::process::Command::new("sysctl").args(["-n", "machdep.cpu.brand_string"]).output().ok()?;
    String::from_utf8(output.stdout).ok()
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn system_model() -> Option<String> {
    std::env::var("PROCESSOR_IDENTIFIER").ok()
}

/// Linux on Arm gives numbers instead of a name: better those than nothing.
#[cfg(target_os = "linux")]
fn arm_part(cpuinfo: &str) -> Option<String> {
    let implementer = field(cpuinfo, "CPU implementer")?;
    let part = field(cpuinfo, "CPU part")?;
    Some(format!("Arm implementer {implementer} part {part}"))
}

/// The value of the first line `name : value`.
fn field<'a>(cpuinfo: &'a str, name: &str) -> Option<&'a str> {
    cpuinfo
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find_map(|(key, value)| (key.trim() == name).then(|| value.trim()))
}

/// The features that matter to int8 and that this processor has, in the words of `/proc/cpuinfo`:
/// on x86 `avx2`, `avx_vnni`, `avx512_vnni`, `avx512_bf16`, `amx_int8`; on Arm `asimddp` (dot
/// products) and `i8mm`.
pub fn int8_features() -> Vec<String> {
    present().into_iter().filter(|(_, has)| *has).map(|(name, _)| name.to_owned()).collect()
}

#[cfg(target_arch = "x86_64")]
fn present() -> Vec<(&'static str, bool)> {
    use std::arch::is_x86_feature_detected as has;
    vec![
        ("avx2", has!("avx2")),
        ("avx_vnni", has!("avxvnni")),
        ("avx512_vnni", has!("avx512vnni")),
        ("avx512_bf16", has!("avx512bf16")),
        // Detecting AMX is not in stable Rust.
        ("amx_int8", listed_by_linux("amx_int8")),
    ]
}

#[cfg(target_arch = "aarch64")]
fn present() -> Vec<(&'static str, bool)> {
    use std::arch::is_aarch64_feature_detected as has;
    vec![("asimddp", has!("dotprod")), ("i8mm", has!("i8mm"))]
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn present() -> Vec<(&'static str, bool)> {
    Vec::new()
}

#[cfg(target_arch = "x86_64")]
fn listed_by_linux(flag: &str) -> bool {
    fs::read_to_string("/proc/cpuinfo").is_ok_and(|cpuinfo| flag_in(&cpuinfo, flag))
}

#[cfg(target_arch = "x86_64")]
fn flag_in(cpuinfo: &str, flag: &str) -> bool {
    field(cpuinfo, "flags").is_some_and(|flags| flags.split_whitespace().any(|word| word == flag))
}

/// What these features mean for int8, in one sentence; nothing where int8 is at home.
pub fn int8_remark(features: &[String]) -> Option<&'static str> {
    let has = |names: &[&str]| features.iter().any(|feature| names.contains(&feature.as_str()));
    if has(&["avx_vnni", "avx512_vnni", "amx_int8", "asimddp", "i8mm"]) {
        return None;
    }
    Some(if has(&["avx2"]) {
        "no int8 dot products: int8 gains less here, and u8 × s8 products may saturate"
    } else {
        "no int8 instructions: int8 models may be slower than fp32 here"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CPUINFO: &str = "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nflags\t\t: fpu amx_int8 avx2\n";

    #[test]
    fn fields_are_read_by_their_whole_name() {
        assert_eq!(field(CPUINFO, "model name"), Some("Some CPU @ 2 GHz"));
        assert_eq!(field(CPUINFO, "model"), None);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn a_flag_is_a_whole_word() {
        assert!(flag_in(CPUINFO, "amx_int8"));
        assert!(!flag_in(CPUINFO, "amx"));
    }

    #[test]
    fn this_machine_has_a_name() {
        assert!(!cpu_model().is_empty());
    }

    #[test]
    fn only_processors_without_int8_products_get_a_remark() {
        assert_eq!(int8_remark(&["avx2".into(), "avx512_vnni".into()]), None);
        assert!(int8_remark(&["avx2".into()]).is_some_and(|text| text.contains("saturate")));
        assert!(int8_remark(&[]).is_some_and(|text| text.contains("slower")));
    }
}
