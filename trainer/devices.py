"""Where small things run: on the first GPU, else on the CPU. The engine places its model itself."""

import torch


def device() -> torch.device:
    """The one that sampling, warm starts and evaluation use."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
