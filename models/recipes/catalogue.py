"""Which recipes there are. Nothing heavy is imported until one of them is run."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from .errors import RecipeError
from .options import Options

REPOSITORY = Path(__file__).resolve().parents[2]
CIFAR_FORMATS = "Parquet as from Hugging Face, the binary files, or the pickled ones for Python"


@dataclass(frozen=True)
class Recipe:
    """One system: what it is, what it needs, and the function `module.function` that makes it."""

    name: str
    module: str
    function: str
    folder: str
    summary: str
    gives: tuple[str, ...]
    data: Path
    where: str
    card: str = "README.md"
    requirements: str = "requirements.txt"
    shipped: bool = True
    """Whether the models belong into this repository; where not, they go to the work folder."""

    @property
    def work(self) -> Path:
        """Where checkpoints go unless told otherwise."""
        return REPOSITORY / "target" / "recipes" / self.name

    @property
    def out(self) -> Path:
        """Where the models go unless told otherwise."""
        return REPOSITORY / "models" / self.folder if self.shipped else self.work / "models"

    def run(self, options: Options):
        """Trains, exports and quantizes."""
        getattr(self._load(), self.function)(options)

    def system(self):
        """What its card says about it, a `card.System`."""
        systems = self._load().SYSTEMS
        if self.name not in systems:
            raise RecipeError(f"{self.name} has no card; there is one for {', '.join(systems)}")
        return systems[self.name]

    def _load(self):
        try:
            return import_module(f".{self.module}", __package__)
        except ModuleNotFoundError as missing:
            raise RecipeError(
                f"{self.name} needs the Python package {missing.name!r}: "
                f"pip install -r {Path(__file__).parent / self.requirements}"
            ) from missing

    def explain(self) -> str:
        """What `--list` says."""
        return "\n".join(
            (
                self.name,
                f"    {self.summary}",
                f"    gives  {', '.join(self.gives)} in {self.out}",
                f"    data   {self.data}",
                f"           {self.where}",
                f"    needs  {self.requirements}",
            )
        )


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "fashion-mnist-mobilenetv2", "fashion_mnist", "mobilenetv2", "fashion-mnist",
            "MobileNetV2, width 0.5, on 28x28 grey clothing; PyTorch, NCHW, logits. About an hour on two cores.",
            ("mobilenetv2.fp32.onnx", "mobilenetv2.int8.onnx"),
            Path("/usr/share/datasets/fashion-mnist"),
            "Debian package dataset-fashion-mnist, or the authors' four *-ubyte.gz files",
        ),
        Recipe(
            "fashion-mnist-depthwise-small", "depthwise_small", "depthwise_small", "fashion-mnist",
            "Two depthwise-separable blocks (MobileNetV1 style) on the same; Keras, NHWC, probabilities.",
            ("depthwise-small.fp32.onnx", "depthwise-small.int8.onnx"),
            Path("/usr/share/datasets/fashion-mnist"),
            "Debian package dataset-fashion-mnist, or the authors' four *-ubyte.gz files",
            card="depthwise-small.md",
            requirements="requirements-keras.txt",
        ),
        Recipe(
            "fashion-mnist-schemes", "schemes", "schemes", "fashion-mnist",
            "The flagship's fp32 file quantized in every way that there is, to compare them with `bench`.",
            ("dynamic.onnx", "s8s8.onnx", "u8s8-entropy.onnx", "u8s8-per-tensor.onnx", "u8s8-percentile.onnx",
             "u8s8.onnx"),
            Path("/usr/share/datasets/fashion-mnist"),
            "Debian package dataset-fashion-mnist, or the authors' four *-ubyte.gz files",
            shipped=False,
        ),
        Recipe(
            "cats-dogs", "cats_dogs", "cats_dogs", "cats-dogs",
            "MobileNetV2 transfer to photographs of cats and dogs; PyTorch, NCHW, one sigmoid output, [0,1].",
            ("fp32.onnx", "int8.onnx", "holdout.txt"),
            REPOSITORY / "models" / "cats-dogs" / "data",
            "any folder of class folders with photographs (cats/, dogs/), such as Kaggle's cats and dogs",
        ),
        Recipe(
            "cifar10", "cifar_stages", "cifar10", "cifar10",
            "MobileNetV2 transfer in four stages at 96x96, [-1,1]; PyTorch, NCHW, logits.",
            ("1-baseline.fp32.onnx", "2-extended.fp32.onnx", "3-enhanced.fp32.onnx",
             "4-fine-tuned.fp32.onnx", "4-fine-tuned.int8.onnx"),
            REPOSITORY / "models" / "cifar10" / "data",
            f"CIFAR-10: {CIFAR_FORMATS}",
        ),
        Recipe(
            "cifar100", "cifar_stages", "cifar100", "cifar100",
            "The same four stages on CIFAR-100, fine labels.",
            ("1-baseline.fp32.onnx", "2-extended.fp32.onnx", "3-enhanced.fp32.onnx",
             "4-fine-tuned.fp32.onnx", "4-fine-tuned.int8.onnx"),
            REPOSITORY / "models" / "cifar100" / "data",
            f"CIFAR-100: {CIFAR_FORMATS}",
        ),
        Recipe(
            "classes51", "classes51", "classes51", "classes51",
            "MobileNetV2 transfer to 51 symbols at 180x180, rendered by the recipe; PyTorch, NCHW, logits.",
            ("fp32.onnx", "int8.onnx"),
            REPOSITORY / "target" / "recipes" / "classes51-images",
            "rendered there from the font of the Debian package fonts-noto-color-emoji (--font names the file)",
        ),
    )
}  # fmt: skip
