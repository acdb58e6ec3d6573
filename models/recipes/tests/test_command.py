"""The command explains itself, and says what is wrong before it trains."""

import subprocess
import sys
import unittest
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from recipes.catalogue import RECIPES

MODELS = Path(__file__).resolve().parents[2]
NEEDS = {"requirements.txt": "torch", "requirements-keras.txt": "tensorflow"}


def recipes(*arguments) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "recipes", *map(str, arguments)]
    return subprocess.run(command, cwd=MODELS, capture_output=True, text=True, check=False)


class Command(unittest.TestCase):
    def test_the_list_tells_data_and_results_of_every_recipe(self):
        listed = recipes("--list")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        for name, recipe in RECIPES.items():
            self.assertIn(name, listed.stdout)
            self.assertIn(str(recipe.data), listed.stdout)
            self.assertIn(recipe.gives[0], listed.stdout)

    def test_an_unknown_recipe_is_answered_with_those_there_are(self):
        answer = recipes("cifar11")
        self.assertEqual(answer.returncode, 2)
        self.assertIn("cifar100", answer.stderr)

    def test_a_wrong_data_folder_is_told_before_anything_is_trained(self):
        for name, recipe in RECIPES.items():
            if name == "classes51" or not find_spec(NEEDS[recipe.requirements]):
                continue
            with self.subTest(name), TemporaryDirectory() as folder:
                work = Path(folder) / "work"
                answer = recipes(name, "--data", folder, "--out", Path(folder) / "out", "--work", work)
                self.assertEqual(answer.returncode, 3, answer.stderr)
                self.assertIn(folder, answer.stderr)
                self.assertNotIn("Traceback", answer.stderr)
                self.assertFalse(work.exists())

    def test_a_try_does_not_overwrite_what_is_shipped(self):
        answer = recipes("cats-dogs", "--limit", 10)
        self.assertEqual(answer.returncode, 3)
        self.assertIn("--out", answer.stderr)

    def test_a_report_without_evaluation_makes_no_card(self):
        with TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            report.write_text("{}")
            answer = recipes("cats-dogs", "--out", folder, "--card", report)
        self.assertEqual(answer.returncode, 3)
        self.assertIn("is no report", answer.stderr)


if __name__ == "__main__":
    unittest.main()
