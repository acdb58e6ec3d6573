//! Round by round: how far each lies from its run's own median, so that drift is seen, and processes
//! that lie luckily in memory.

use super::scale::Scale;
use super::svg::{Anchor, Svg, step};
use super::{Heading, Series, WIDTH, axis, palette};
use crate::metric::Unit;

/// Height of a run's name.
const NAME: f64 = 20.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = WIDTH - 12.0;

/// Nothing smaller than this fills a strip, a share: noise would look like news.
const LEAST: f64 = 0.02;

/// One block of runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    /// Number of its round.
    pub round: u32,
    /// Which process ran it.
    pub launch: u32,
    /// How far its median lies from that of all blocks: 0.02 is 2 % longer.
    pub deviation: f64,
}

/// The blocks of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// The run.
    pub series: Series,
    /// In order of time.
    pub blocks: Vec<Block>,
    /// What is said of them: `−0.4 % to +0.9 %`.
    pub note: String,
}

/// The blocks of all `tracks`, each in a strip of its own on one time axis. A line joins blocks of one
/// process; a shade marks every second process.
pub fn rounds(heading: Heading, tracks: &[Track]) -> Svg {
    let room = super::strip_height(tracks.len());
    let bottom = tracks.len() as f64 * (NAME + room);
    let mut svg = Svg::new(heading, WIDTH, bottom + 22.0);
    let all = || tracks.iter().flat_map(|track| &track.blocks);
    let last = all().map(|block| block.round).max().unwrap_or(0);
    let x = Scale::linear((0.0, f64::from(last.max(1))), (LEFT + 4.0, RIGHT - 4.0));
    let most = all().map(|block| block.deviation.abs()).fold(LEAST, f64::max);
    for (index, track) in tracks.iter().enumerate() {
        let top = index as f64 * (NAME + room);
        let y = Scale::linear((-most, most), (top + NAME + room - 2.0, top + NAME + 2.0));
        svg.text("name", Anchor::Start, (LEFT, top + 13.0), &track.series.label);
        svg.text("tick", Anchor::End, (RIGHT, top + 13.0), &track.note);
        strip(&mut svg, track, &x, &y);
    }
    axis::below(&mut svg, &x, Unit::Count, (bottom, bottom), 6);
    svg
}

fn strip(svg: &mut Svg, track: &Track, x: &Scale, y: &Scale) {
    let (foot, head) = y.pixels();
    let launches: Vec<&[Block]> = track.blocks.chunk_by(|one, next| one.launch == next.launch).collect();
    for blocks in launches.iter().skip(1).step_by(2) {
        let place = |block: Option<&Block>| block.map_or(0.0, |block| x.at(f64::from(block.round)));
        let (from, to) = (place(blocks.first()), place(blocks.last()));
        svg.rect("band", (from - 2.0, head), (to - from + 4.0, foot - head));
    }
    axis::beside(svg, y, Unit::Fraction, (LEFT, RIGHT), 3);
    svg.open(&palette::series(track.series.color));
    for blocks in launches {
        let at = |block: &Block| (x.at(f64::from(block.round)), y.at(block.deviation));
        let path = blocks
            .iter()
            .enumerate()
            .map(|(index, block)| step(if index == 0 { 'M' } else { 'L' }, at(block)));
        svg.path("thin", &path.collect::<String>());
        for block in blocks {
            svg.circle("fill", at(block), 1.6, "");
        }
    }
    svg.close();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_are_told_apart_and_time_runs_on_one_axis() {
        let block = |round| Block { round, launch: round / 4, deviation: f64::from(round) * 1e-3 };
        let track = |color: usize, rounds: u32| Track {
            series: Series { label: format!("run {color}"), color },
            blocks: (0..rounds).map(block).collect(),
            note: "steady".into(),
        };
        let heading = Heading { title: "t".into(), description: "d".into() };
        let text = rounds(heading, &[track(0, 12), track(1, 8)]).embedded();
        assert_eq!(text.matches("class=\"thin\"").count(), 3 + 2);
        assert_eq!(text.matches("class=\"band\"").count(), 1 + 1);
        assert_eq!(text.matches("<circle").count(), 20);
        assert!(text.contains(">−2 %<") && text.contains(">2 %<"), "{text}");
    }

    #[test]
    fn no_blocks_are_an_empty_drawing() {
        let heading = Heading { title: "t".into(), description: "d".into() };
        assert!(!rounds(heading, &[]).embedded().contains("NaN"));
    }
}
