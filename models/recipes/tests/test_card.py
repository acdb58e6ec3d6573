"""A card has the report's figures and nothing else."""

import unittest
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

if find_spec("onnx"):
    import onnx
    from onnx import TensorProto, helper

    from recipes import card


@dataclass
class Recipe:
    name: str = "pets"
    folder: str = "pets"
    summary: str = "Two pets."

    def system(self):
        return card.System("Pets", "A network.", "as they are", "Pets.", "90 %", "None.")


def column(label: str, accuracy: float, versus=None) -> dict:
    port = {"name": "image", "element": "f32", "shape": [{"symbol": "batch"}, {"known": 3}]}
    return {
        "label": label, "versus": versus,
        "job": {"input": port, "output": {**port, "activation": "logits"}},
        "model": {"path": f"elsewhere/{label.split()[-1]}.onnx", "parameters": 1234},
        "runtime": {"name": "ort", "version": "1.31.1"}, "environment": {"cpu": "a processor"},
        "evaluation": {"images": 200},
        "classes": {"names": ["cat", "dog"], "confusion": [[90, 10], [5, 95]]},
        "readings": [
            {"metric": "size", "value": 2_500_000},
            {"metric": "accuracy", "value": accuracy, "interval": {"low": 0.88, "high": 0.95}},
            {"metric": "macro_precision", "value": 0.92, "per_class": [0.9474, 0.9048]},
            {"metric": "macro_recall", "value": 0.92, "per_class": [0.9, 0.95]},
            {"metric": "macro_f1", "value": 0.92, "per_class": [0.9231, None]},
            {"metric": "latency_p50", "value": 12345678},
        ],
    }  # fmt: skip


@unittest.skipUnless(find_spec("onnx"), "needs onnx")
class Card(unittest.TestCase):
    def setUp(self):
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        ports = [[helper.make_tensor_value_info(name, TensorProto.FLOAT, [1])] for name in "xy"]
        graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", *ports)
        for name in ("fp32", "int8"):
            model = helper.make_model(graph)
            helper.set_model_props(model, {"recipe.name": "pets", "recipe.seed": "7", "recipe.seconds": "61"})
            onnx.save(model, self.folder / f"{name}.onnx")
        pair = {"pair": [{"metric": "agreement", "value": 0.985}]}
        columns = [column("ort · fp32", 0.925), column("ort · int8", 0.92, pair)]
        self.text = card.text(Recipe(), {"tool": {"version": "0.1.0"}}, columns, self.folder)

    def test_figures_stand_beside_each_other(self):
        self.assertIn("|  | ort · fp32 | ort · int8 |", self.text)
        self.assertIn("| accuracy | 92.50 % | 92.00 % |", self.text)
        self.assertIn("| same class as the baseline |  | 98.50 % |", self.text)
        self.assertIn("bench compare models/pets/fp32.onnx models/pets/int8.onnx", self.text)

    def test_a_figure_that_the_report_lacks_has_no_row(self):
        self.assertNotIn("log loss", self.text)

    def test_no_times_of_a_machine(self):
        self.assertNotIn("latency", self.text)

    def test_classes_and_confusion_are_those_of_the_baseline(self):
        self.assertIn("| cat | 0.9474 | 0.9000 | 0.9231 | 0.9231 |", self.text)
        self.assertIn("| dog | 0.9048 | 0.9500 |  |  |", self.text)
        self.assertIn("| dog | 5 | 95 |", self.text)

    def test_of_several_stages_the_last_is_shown_with_what_was_quantized_of_it(self):
        def column(runtime: str, path: str):
            return {"runtime": {"name": runtime}, "model": {"path": path}}

        files = ["1.fp32.onnx", "2.fp32.onnx", "2.int8.onnx"]
        columns = [column(runtime, path) for runtime in ("ort", "tract") for path in files]
        self.assertEqual(card._final(columns), columns[1:3])

    def test_seed_and_time_come_from_the_files(self):
        self.assertIn("| `fp32.onnx` | 7 |  |  |  | 61 |  |", self.text)


if __name__ == "__main__":
    unittest.main()
