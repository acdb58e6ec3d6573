"""Every format gives the images that were written, and a broken file a message that names it."""

import gzip
import pickle
import unittest
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from recipes import cifar, idx, parquet, photographs
from recipes.cifar import CIFAR10, CIFAR100
from recipes.errors import DataMissing
from recipes.tests import made


class Folder(unittest.TestCase):
    def setUp(self):
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def refused(self, why: str, call, *arguments):
        with self.assertRaises(DataMissing) as refusal:
            call(*arguments)
        self.assertIn(why, str(refusal.exception))


class Cifar(Folder):
    def test_five_binary_batches_are_one_training_set(self):
        made.cifar10_binary(self.folder, count=30)
        found = cifar.load(self.folder, CIFAR10, "train")
        images, labels = made.pictures(30, 10, seed=4)
        self.assertEqual(found.images.shape, (150, 32, 32, 3))
        np.testing.assert_array_equal(found.images[120:], images)
        np.testing.assert_array_equal(found.labels[120:], labels)
        self.assertEqual(found.names[3], "class3")

    def test_a_batch_that_is_missing_in_between_is_named(self):
        made.cifar10_binary(self.folder, count=10)
        (self.folder / "cifar-10-batches-bin" / "data_batch_3.bin").unlink()
        self.refused("data_batch_3.bin is missing", cifar.load, self.folder, CIFAR10, "train")

    def test_cifar_100_has_the_fine_label_second(self):
        made.cifar100_binary(self.folder)
        found = cifar.load(self.folder, CIFAR100, "test")
        np.testing.assert_array_equal(found.labels, np.arange(200) % 100)
        self.assertEqual(found.names[99], "fine99")

    def test_pickles_and_binary_files_of_cifar_100_agree(self):
        made.cifar100_binary(self.folder)
        binary = cifar.load(self.folder / "cifar-100-binary", CIFAR100, "train")
        made.cifar100_python(self.folder)
        pickled = cifar.load(self.folder / "cifar-100-python", CIFAR100, "train")
        np.testing.assert_array_equal(pickled.images, binary.images)
        np.testing.assert_array_equal(pickled.labels, binary.labels)
        self.assertEqual(pickled.names, binary.names)

    def test_a_record_cut_short_is_an_error(self):
        made.cifar100_binary(self.folder)
        path = self.folder / "cifar-100-binary" / "train.bin"
        path.write_bytes(path.read_bytes()[:-1])
        self.refused("no whole number of records of 3074", cifar.load, self.folder, CIFAR100, "train")

    def test_a_pickle_that_would_run_something_is_refused(self):
        place = self.folder / "cifar-100-python"
        place.mkdir()
        (place / "train").write_bytes(pickle.dumps({"data": print}))
        self.refused("it asks for", cifar.load, self.folder, CIFAR100, "train")

    def test_another_folder_is_an_error_that_says_what_was_looked_for(self):
        self.refused("neither train.bin nor train", cifar.load, self.folder, CIFAR100, "train")


@unittest.skipUnless(find_spec("pyarrow"), "needs pyarrow")
class Parquet(Folder):
    def test_rows_are_decoded_and_classes_named(self):
        made.cifar10_parquet(self.folder, train=40, test=20)
        found = parquet.load(parquet.shards(self.folder, "train"), 10)
        images, labels = made.pictures(40, 10, seed=40)
        np.testing.assert_array_equal(found.images, images)
        np.testing.assert_array_equal(found.labels, labels)
        self.assertEqual(found.names[9], "class9")

    def test_of_fine_and_coarse_labels_the_fine_ones_count(self):
        made.cifar100_parquet(self.folder, train=300, test=100)
        found = parquet.load(parquet.shards(self.folder, "train"), 100)
        np.testing.assert_array_equal(found.labels, made.pictures(300, 100, seed=300)[1])
        self.assertEqual(found.names[99], "class99")

    def test_shards_are_found_below_and_in_order(self):
        (self.folder / "plain_text").mkdir()
        for number in (1, 0):
            (self.folder / "plain_text" / f"train-{number:05}-of-00002.parquet").touch()
        names = [path.name for path in parquet.shards(self.folder, "train")]
        self.assertEqual(names, ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"])

    def test_a_file_that_is_no_parquet_is_an_error(self):
        (self.folder / "train.parquet").write_bytes(b"nothing")
        self.refused(str(self.folder), parquet.load, parquet.shards(self.folder, "train"), 10)


class Idx(Folder):
    def test_packed_and_plain_files_agree(self):
        made.idx(self.folder)
        images, labels = idx.load(self.folder, "train")
        self.assertEqual((images.shape, labels.shape), ((300, 28, 28), (300,)))
        for path in list(self.folder.iterdir()):
            (self.folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
        np.testing.assert_array_equal(idx.load(self.folder, "train")[0], images)

    def test_a_file_cut_short_is_named(self):
        made.idx(self.folder)
        path = self.folder / "train-labels-idx1-ubyte"
        whole = path.read_bytes()
        for length in (0, 3, 6, len(whole) - 1):
            path.write_bytes(whole[:length])
            self.refused("train-labels-idx1-ubyte is not an IDX file", idx.load, self.folder, "train")

    def test_an_empty_folder_is_an_error(self):
        self.refused("neither train-images-idx3-ubyte.gz nor", idx.load, self.folder, "train")


class Photographs(Folder):
    def test_class_folders_count_in_byte_order(self):
        made.photographs(self.folder, each=3)
        found = photographs.find(self.folder)
        self.assertEqual(found.names, ["cats", "dogs"])
        self.assertEqual(found.ids[:1] + found.ids[-1:], ["cats/cat.0.jpg", "dogs/dog.2.jpg"])
        np.testing.assert_array_equal(found.labels, [0, 0, 0, 1, 1, 1])

    def test_another_number_of_classes_is_an_error(self):
        made.photographs(self.folder, each=3)
        (self.folder / "birds").mkdir()
        self.refused("3 class folders", photographs.find, self.folder, 2)

    def test_a_class_without_pictures_is_an_error(self):
        made.photographs(self.folder, each=3)
        for path in (self.folder / "dogs").iterdir():
            path.unlink()
        self.refused("dogs holds no picture", photographs.find, self.folder, 2)

    def test_a_varied_view_follows_from_its_seed(self):
        made.photographs(self.folder, each=1)
        path = self.folder / "cats" / "cat.0.jpg"
        once, again, other = (photographs.varied(path, 32, np.random.default_rng(seed)) for seed in (1, 1, 2))
        np.testing.assert_array_equal(once, again)
        self.assertTrue((once != other).any())


if __name__ == "__main__":
    unittest.main()
