//! Resampling and crop in one: of the resized image only what the crop keeps is computed.

mod opencv;
mod pillow;
mod place;
mod separable;
mod taps;
mod tensorflow;

use super::pixels::{Grid, Pixels};
use super::{Filter, Resampler, Resize, Size};
use opencv::Method;
pub(super) use place::{Window, target};
use separable::{Arithmetic, Plan, Ring};
use taps::{Axis, Taps};

/// Everything that a resize needs beside the images, kept between them.
#[derive(Debug, Default)]
pub(super) struct Resizer {
    pillow: Separable<pillow::Pillow>,
    linear: Separable<opencv::Linear>,
    cubic: Separable<opencv::Cubic>,
    whole_areas: Separable<opencv::WholeAreas>,
    areas: Separable<opencv::Areas>,
    tensorflow: Separable<tensorflow::Floats>,
    bytes: Cut<u8>,
    floats: Cut<f32>,
}

/// What the weights depend on.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Task {
    step: Resize,
    from: Size,
    window: Window,
}

impl Task {
    fn across(&self) -> Axis {
        let (source, target) = (self.from.width as usize, self.window.whole.width as usize);
        Axis { source, target, positions: self.window.columns() }
    }

    fn down(&self) -> Axis {
        let (source, target) = (self.from.height as usize, self.window.whole.height as usize);
        Axis { source, target, positions: self.window.rows() }
    }
}

impl Resizer {
    /// The part of `source`, resized by `step` to `window.whole`, that lies in `window`. An image
    /// that has the size already is not touched, whatever the filter: so do all three libraries.
    pub fn run<'a>(&'a mut self, step: Option<Resize>, source: Grid<'a, u8>, window: Window) -> Pixels<'a> {
        match step.filter(|_| window.whole != source.size) {
            None if window == Window::all(source.size) => Pixels::Bytes(source),
            None => self.pick(source, (&axis_of(window.columns()), &axis_of(window.rows())), window),
            Some(step) => self.resample(source, &Task { step, from: source.size, window }),
        }
    }

    fn resample<'a>(&'a mut self, source: Grid<'_, u8>, task: &Task) -> Pixels<'a> {
        match (task.step.resampler, task.step.filter) {
            (_, Filter::Nearest) => self.nearest(source, task),
            (Resampler::Pillow, _) => self.as_pillow(source, task),
            (Resampler::Opencv, _) => self.as_opencv(source, task),
            (Resampler::Tensorflow, _) => self.as_tensorflow(source, task),
        }
    }

    fn nearest<'a>(&'a mut self, source: Grid<'_, u8>, task: &Task) -> Pixels<'a> {
        let places = match task.step.resampler {
            Resampler::Pillow => pillow::nearest,
            Resampler::Opencv => opencv::nearest,
            Resampler::Tensorflow => tensorflow::nearest,
        };
        self.pick(source, (&places(&task.across()), &places(&task.down())), task.window)
    }

    /// These columns of these rows.
    fn pick<'a>(
        &'a mut self,
        source: Grid<'_, u8>,
        (columns, rows): (&[usize], &[usize]),
        window: Window,
    ) -> Pixels<'a> {
        let channels = source.channels;
        let stride = source.size.width as usize * channels;
        self.bytes.values.clear();
        for &y in rows {
            let row = &source.values[y * stride..][..stride];
            match channels {
                1 => self.bytes.values.extend(columns.iter().map(|&x| row[x])),
                _ => columns.iter().for_each(|&x| self.bytes.values.extend_from_slice(&row[x * 3..][..3])),
            }
        }
        Pixels::Bytes(self.bytes.bordered(window, channels))
    }

    fn as_pillow<'a>(&'a mut self, source: Grid<'_, u8>, task: &Task) -> Pixels<'a> {
        let plan = |task: &Task| Plan {
            columns: pillow::taps(&task.step, &task.across()).within(task.across().source),
            rows: pillow::taps(&task.step, &task.down()),
        };
        self.pillow.run(pillow::Pillow, source, task, plan, &mut self.bytes.values);
        Pixels::Bytes(self.bytes.bordered(task.window, source.channels))
    }

    fn as_opencv<'a>(&'a mut self, source: Grid<'_, u8>, task: &Task) -> Pixels<'a> {
        let out = &mut self.bytes.values;
        match Method::of(task.step.filter, &task.across(), &task.down()) {
            Method::Cubic => {
                let plan = |task: &Task| on_both(task, opencv::cubic);
                self.cubic.run(opencv::Cubic, source, task, plan, out);
            }
            Method::WholeAreas(areas) => {
                let plan = |task: &Task| on_both(task, opencv::whole_areas);
                self.whole_areas.run(areas, source, task, plan, out);
            }
            Method::Areas => {
                let plan = |task: &Task| on_both(task, opencv::areas);
                self.areas.run(opencv::Areas, source, task, plan, out);
            }
            method => {
                let growing_area = method == Method::GrowingArea;
                let plan = |task: &Task| Plan {
                    columns: opencv::linear_columns(&task.across(), growing_area),
                    rows: opencv::linear(&task.down(), growing_area),
                };
                self.linear.run(opencv::Linear, source, task, plan, out);
            }
        }
        Pixels::Bytes(self.bytes.bordered(task.window, source.channels))
    }

    fn as_tensorflow<'a>(&'a mut self, source: Grid<'_, u8>, task: &Task) -> Pixels<'a> {
        let plan = |task: &Task| on_both(task, |axis| tensorflow::taps(&task.step, axis));
        self.tensorflow.run(tensorflow::Floats, source, task, plan, &mut self.floats.values);
        Pixels::Floats(self.floats.bordered(task.window, source.channels))
    }
}

fn axis_of(positions: std::ops::Range<usize>) -> Vec<usize> {
    positions.collect()
}

fn on_both<W: Copy + Default + std::ops::AddAssign>(task: &Task, taps: impl Fn(&Axis) -> Taps<W>) -> Plan<W> {
    let across = task.across();
    Plan { columns: taps(&across).within(across.source), rows: taps(&task.down()) }
}

/// The memory of one arithmetic: weights of the last task, and rows between the passes.
#[derive(Debug)]
struct Separable<A: Arithmetic> {
    made: Option<(Task, Plan<A::Weight>)>,
    ring: Ring<A::Between>,
}

impl<A: Arithmetic> Default for Separable<A> {
    fn default() -> Self {
        Self { made: None, ring: Ring::default() }
    }
}

impl<A: Arithmetic> Separable<A> {
    fn run(
        &mut self,
        arithmetic: A,
        source: Grid<'_, u8>,
        task: &Task,
        plan: impl Fn(&Task) -> Plan<A::Weight>,
        out: &mut Vec<A::Out>,
    ) {
        if self.made.as_ref().is_some_and(|(of, _)| of != task) {
            self.made = None;
        }
        let (_, plan) = self.made.get_or_insert_with(|| (*task, plan(task)));
        separable::resize(arithmetic, source, plan, &mut self.ring, out);
    }
}

/// What a window keeps of an image, and room for borders.
#[derive(Debug, Default)]
struct Cut<T> {
    values: Vec<T>,
    bordered: Vec<T>,
}

impl<T: Copy + Default> Cut<T> {
    /// The values with zeros around them where the window is larger than the image.
    fn bordered(&mut self, window: Window, channels: usize) -> Grid<'_, T> {
        let (columns, rows) = (window.columns().len() * channels, window.rows().len());
        let stride = window.size.width as usize * channels;
        let whole = stride * window.size.height as usize;
        if columns * rows == whole {
            return Grid { values: &self.values, channels, size: window.size };
        }
        self.bordered.clear();
        self.bordered.resize(whole, T::default());
        let (left, top) = (border(window.left) * channels, border(window.top));
        let into = self.bordered.chunks_exact_mut(stride.max(1)).skip(top);
        for (into, row) in into.zip(self.values.chunks_exact(columns.max(1))) {
            into[left..left + columns].copy_from_slice(row);
        }
        Grid { values: &self.bordered, channels, size: window.size }
    }
}

/// Missing pixels before an image whose first pixel would be this one.
fn border(first: i64) -> usize {
    usize::try_from(-first).unwrap_or(0)
}
