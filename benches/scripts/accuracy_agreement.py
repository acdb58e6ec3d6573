"""How far scores lie apart: accuracy_agreement.py FIRST OTHER..., each .npy or bench's .parquet"""

import sys

import numpy
import pyarrow.parquet as parquet


def scores(path):
    """`[images, classes]` f32, in the order of the images."""
    if path.endswith(".npy"):
        return numpy.load(path)
    return numpy.array(parquet.read_table(path).column("scores").to_pylist(), dtype=numpy.float32)


def main():
    first, *others = [scores(path) for path in sys.argv[1:]]
    same = min((first.argmax(1) == other.argmax(1)).mean() for other in others)
    apart = max(numpy.abs(first - other).max() for other in others)
    print(f"same class in {same:.2%} of {len(first)} images; scores at most {apart / first.std():.3f} deviations apart")


if __name__ == "__main__":
    main()
