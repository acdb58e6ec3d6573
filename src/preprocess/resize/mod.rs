//! Resampling and crop in one: of the resized image only what the crop keeps is computed.

mod fast;
mod opencv;
mod pillow;
mod place;
mod separable;
mod taps;
mod tensorflow;

use super::pixels::{Grid, Pixels};
use super::{Filter, Resampler, Resize, Size};
use crate::error::Result;
use fast::Fast;
use opencv::Method;
pub(super) use place::{Window, target};
use separable::{Arithmetic, Plan, Ring};
use taps::{Axis, Taps};

/// Everything that a resize needs beside the images, kept between them.
#[derive(Debug, Default)]
pub(super) struct Resizer {
    fast: Fast,
    pillow: Separable<pillow::Pillow>,
    /// Where Pillow begins with the columns: these, and what they lead to.
    pillow_columns: Separable<pillow::Pillow>,
    halfway: Vec<u8>,
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

    /// The same as two tasks, of which each resizes in one direction and leaves the other as it is.
    fn columns_then_rows(&self) -> (Self, Self) {
        let Self { step, from, window } = *self;
        let (columns, rows) = (window.columns(), window.rows());
        let halfway = Size { width: from.width, height: rows.len() as u32 };
        let whole = Size { height: window.whole.height, ..halfway };
        let down = Window { whole, left: 0, top: rows.start as i64, size: halfway };
        let whole = Size { width: window.whole.width, ..halfway };
        let size = Size { width: columns.len() as u32, ..halfway };
        let across = Window { whole, left: columns.start as i64, top: 0, size };
        (Self { step, from, window: down }, Self { step, from: halfway, window: across })
    }
}

impl Resizer {
    /// The part of `source`, resized by `step` to `window.whole`, that lies in `window`. An image
    /// that has the size already is not touched, whatever the filter: so do all three libraries.
    pub fn run<'a>(
        &'a mut self,
        step: Option<Resize>,
        source: Grid<'a, u8>,
        window: Window,
    ) -> Result<Pixels<'a>> {
        match step.filter(|_| window.whole != source.size) {
            None if window == Window::all(source.size) => Ok(Pixels::Bytes(source)),
            None => Ok(Pixels::Bytes(self.bytes.of(source, window))),
            Some(step) => self.resample(source, &Task { step, from: source.size, window }),
        }
    }

    fn resample<'a>(&'a mut self, source: Grid<'_, u8>, task: &Task) -> Result<Pixels<'a>> {
        Ok(match (task.step.resampler, task.step.filter) {
            (_, Filter::Nearest) => self.nearest(source, task),
            (Resampler::Pillow, _) if task.step.antialias => return self.near_pillow(source, task),
            (Resampler::Pillow | Resampler::PillowExact, _) => self.as_pillow(source, task),
            (Resampler::Opencv, _) => self.as_opencv(source, task),
            (Resampler::Tensorflow, _) => self.as_tensorflow(source, task),
        })
    }

    fn nearest<'a>(&'a mut self, source: Grid<'_, u8>, task: &Task) -> Pixels<'a> {
        let places = match task.step.resampler {
            Resampler::Pillow | Resampler::PillowExact => pillow::nearest,
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

    fn near_pillow<'a>(&'a mut self, source: Grid<'_, u8>, task: &Task) -> Result<Pixels<'a>> {
        let whole = self.fast.run(task.step.filter, source, task.window.whole)?;
        let all = task.window == Window::all(whole.size);
        Ok(Pixels::Bytes(if all { whole } else { self.bytes.of(whole, task.window) }))
    }

    /// Bit for bit. Without antialias it is PyTorch that is followed, which begins with the rows.
    fn as_pillow<'a>(&'a mut self, source: Grid<'_, u8>, task: &Task) -> Pixels<'a> {
        let plan = |task: &Task| on_both(task, |axis| pillow::taps(&task.step, axis));
        let (channels, out) = (source.channels, &mut self.bytes.values);
        if task.step.antialias && pillow::columns_first(task.from, task.window.whole) {
            let (columns, rows) = task.columns_then_rows();
            self.pillow_columns.run(pillow::Pillow, source, &columns, plan, &mut self.halfway);
            let halfway = Grid { values: &self.halfway, channels, size: columns.window.size };
            self.pillow.run(pillow::Pillow, halfway, &rows, plan, out);
        } else {
            self.pillow.run(pillow::Pillow, source, task, plan, out);
        }
        Pixels::Bytes(self.bytes.bordered(task.window, channels))
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
    /// The part of an image that lies in the window.
    fn of(&mut self, image: Grid<'_, T>, window: Window) -> Grid<'_, T> {
        let (columns, rows) = (window.columns(), window.rows());
        let columns = columns.start * image.channels..columns.end * image.channels;
        let lines = image.values.chunks_exact((image.size.width as usize * image.channels).max(1));
        self.values.clear();
        for line in lines.skip(rows.start).take(rows.len()) {
            self.values.extend_from_slice(&line[columns.clone()]);
        }
        self.bordered(window, image.channels)
    }

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
