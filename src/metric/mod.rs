//! Figures computed from a record, one file each. A metric carries its unit and direction itself,
//! so that comparison, gate and report never guess from a name.

mod spec;

pub use spec::{Better, Difference, MetricSpec, PairReading, Reading, Unit};
