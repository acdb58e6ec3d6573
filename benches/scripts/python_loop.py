"""One side of an interleaved race (see interleave.py): onnxruntime's io-binding loop.

    python_loop.py MODEL MILLISECONDS

Answers each line on standard input with the median, in nanoseconds, of one block of back-to-back
runs at batch 1: one thread, all graph optimizations, input and output bound once.
"""

import statistics
import sys
from time import perf_counter_ns

import numpy
import onnxruntime


def session_of(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def shape_of(port):
    return [length if isinstance(length, int) else 1 for length in port.shape]


def bound(session):
    types = {"tensor(float)": numpy.float32, "tensor(float16)": numpy.float16,
             "tensor(uint8)": numpy.uint8, "tensor(int8)": numpy.int8}
    (entry,), output = session.get_inputs(), session.get_outputs()[0]
    random = numpy.random.default_rng(7)
    image = random.integers(0, 256, shape_of(entry))
    if "float" in entry.type:
        image = image / 255
    of = onnxruntime.OrtValue.ortvalue_from_numpy
    binding = session.io_binding()
    binding.bind_ortvalue_input(entry.name, of(image.astype(types[entry.type])))
    binding.bind_ortvalue_output(output.name, of(numpy.zeros(shape_of(output), types[output.type])))
    return binding


def block(session, binding, length_ns):
    samples, spent = [], 0
    run = session.run_with_iobinding
    while spent < length_ns:
        begun = perf_counter_ns()
        run(binding)
        sample = perf_counter_ns() - begun
        spent += sample
        samples.append(sample)
    return samples


def main():
    session = session_of(sys.argv[1])
    binding = bound(session)
    length_ns = float(sys.argv[2]) * 1e6
    for _ in range(5):
        block(session, binding, length_ns)
    print("ready", onnxruntime.__version__, flush=True)
    for _ in sys.stdin:
        print(statistics.median(block(session, binding, length_ns)), flush=True)


if __name__ == "__main__":
    main()
