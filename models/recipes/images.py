"""Images in memory as training examples: mirrored and shifted on the fly."""

import torch
from torch.nn import functional as F


class Images:
    """`pixels` is `[N, C, H, W]`, normalised; an augmented one is mirrored or not and shifted by up to `shift`."""

    def __init__(self, pixels: torch.Tensor, labels: torch.Tensor, shift: int = 2):
        self.pixels, self.labels, self.shift = pixels, labels, shift

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, rows: torch.Tensor, augment: bool) -> torch.Tensor:
        """As `train.Examples` wants it."""
        batch = self.pixels[rows]
        return shifted(mirrored(batch), self.shift) if augment else batch


def mirrored(batch: torch.Tensor) -> torch.Tensor:
    """Half of the images, left and right exchanged."""
    return torch.where(torch.rand(len(batch), 1, 1, 1) < 0.5, batch.flip(3), batch)


def shifted(batch: torch.Tensor, shift: int) -> torch.Tensor:
    """Each image moved by up to `shift` places in both directions, edges repeated."""
    n, channels, height, width = batch.shape
    padded = F.pad(batch, (shift,) * 4, mode="replicate")
    down, right = torch.randint(0, 2 * shift + 1, (2, n))
    rows = (down[:, None] + torch.arange(height))[:, None, :, None]
    columns = (right[:, None] + torch.arange(width))[:, None, None, :]
    return padded[torch.arange(n)[:, None, None, None], torch.arange(channels)[None, :, None, None], rows, columns]
