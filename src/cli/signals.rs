//! Ctrl-C and its kin ask the measurement to stop; a second one ends the program at once.

use signal_hook::consts::TERM_SIGNALS;

use crate::error::{Error, Result};
use crate::measure::Interrupt;
use crate::runtime::ort;

/// The terminal or the connection is gone.
#[cfg(unix)]
const HANGUP: &[i32] = &[signal_hook::consts::SIGHUP];
#[cfg(not(unix))]
const HANGUP: &[i32] = &[];

/// Routes the signals that end programs into `interrupt`; fetching listens to it too.
pub fn watch(interrupt: &Interrupt) -> Result<()> {
    for &signal in TERM_SIGNALS.iter().chain(HANGUP) {
        register(signal, interrupt).map_err(|e| Error::unusable("signals cannot be handled").because(e))?;
    }
    ort::stop_fetching_on(interrupt.flag());
    Ok(())
}

fn register(signal: i32, interrupt: &Interrupt) -> std::io::Result<()> {
    let flag = interrupt.flag();
    let again = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    // Order matters: the first signal finds `again` false and then sets it; the second one ends the program.
    signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, std::sync::Arc::clone(&again))?;
    signal_hook::flag::register(signal, again)?;
    signal_hook::flag::register_usize(signal, flag, signal as usize)?;
    Ok(())
}
