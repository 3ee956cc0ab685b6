"""Small tensors: what torch's threads would hand around costs more than it gains."""

import torch

torch.set_num_threads(1)
