//! From jobs to records: one worker process a candidate, latencies interleaved round by round,
//! accuracy in a pass of its own, and whatever was measured kept when something fails.

mod bad_image;
mod candidate;
mod clock;
mod collector;
mod conductor;
mod environment;
mod evaluation;
mod inputs;
mod interrupt;
mod latency;
mod latency_pass;
mod launch;
mod link;
mod memory;
mod observer;
mod pixel_cache;
mod rounds;
mod same_session;
mod scores;
mod stretches;
mod sweep;
mod throughput;
mod twin;
mod wire;
mod worker;

pub use candidate::Candidate;
pub use clock::{Clock, SystemClock};
pub use conductor::{Conductor, Entrant};
pub use environment::environment;
pub use interrupt::Interrupt;
pub use latency::{Runner, block, warm_up};
pub use link::Placement;
pub use observer::{Event, Observer, Silent};
pub use sweep::{Answers, Sweep, Swept, sweep};
pub use worker::serve;
