"""One side of a race (see accuracy_race.py): what people write today to learn a model's accuracy.

    accuracy_loop.py MODEL FOLDER SIDE SCORES [--workers N]

Images of FOLDER (one folder a class) to RGB, Pillow's bilinear to SIDExSIDE, x / 127.5 - 1, NCHW,
in batches of 32 through onnxruntime with its default threads. Without workers a plain loop, with
them a PyTorch DataLoader that hands over uint8 batches made in N processes. Writes the scores in
the order of the sorted paths to SCORES (.npy) and prints the seconds from the listing of the folder to the
accuracy: the interpreter's start and the imports are not in it.
"""

import argparse
from pathlib import Path
from time import perf_counter

import numpy
import onnxruntime
from PIL import Image

BATCH = 32


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("folder", type=Path)
    parser.add_argument("side", type=int)
    parser.add_argument("scores")
    parser.add_argument("--workers", type=int, default=0)
    return parser.parse_args()


def listed(folder):
    """`(path, label)` of every image, labels by the order of the class folders."""
    classes = sorted(entry for entry in folder.iterdir() if entry.is_dir())
    return [(str(path), label) for label, of in enumerate(classes) for path in sorted(of.iterdir())]


def pixels(path, side):
    """`[side, side, 3]` uint8."""
    with Image.open(path) as image:
        small = image.convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
    return numpy.asarray(small)


def plain(samples, side):
    """Image by image to `[3, side, side]` f32. Scaling whole batches takes longer: its intermediate
    results are new memory each time."""
    for first in range(0, len(samples), BATCH):
        some = samples[first : first + BATCH]
        images = [(pixels(path, side).astype(numpy.float32) / 127.5 - 1).transpose(2, 0, 1) for path, _ in some]
        yield numpy.stack(images), numpy.array([label for _, label in some])


class Pictures:
    """A map-style data set, as torch.utils.data wants it."""

    def __init__(self, samples, side):
        self.samples, self.side = samples, side

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        path, label = self.samples[index]
        return numpy.array(pixels(path, self.side)), label


def network_input(batch):
    """`[n, 3, side, side]` f32 of `[n, side, side, 3]` uint8."""
    return numpy.ascontiguousarray((batch.astype(numpy.float32) / 127.5 - 1).transpose(0, 3, 1, 2))


def loader(samples, side, workers):
    """The workers hand over uint8: with f32, four times as large, the whole took longer."""
    from torch.utils.data import DataLoader

    batches = DataLoader(Pictures(samples, side), batch_size=BATCH, num_workers=workers, prefetch_factor=4)
    return ((network_input(images.numpy()), labels.numpy()) for images, labels in batches)


def main():
    chosen = arguments()
    if chosen.workers:
        import torch.utils.data  # noqa: F401, so that it is not in the time
    begun = perf_counter()
    samples = listed(chosen.folder)
    session = onnxruntime.InferenceSession(chosen.model, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    batches = loader(samples, chosen.side, chosen.workers) if chosen.workers else plain(samples, chosen.side)
    scores, hits = [], 0
    for images, labels in batches:
        answers = session.run(None, {name: images})[0]
        hits += int((answers.argmax(1) == labels).sum())
        scores.append(answers)
    accuracy = hits / len(samples)
    print(perf_counter() - begun, accuracy)
    numpy.save(chosen.scores, numpy.concatenate(scores))


if __name__ == "__main__":
    main()
