"""What a run of a real model needs, worked out before a GPU is touched: memory per GPU, sequences at once, cores of the judge.

The model is built on the meta device, so its parameters are counted and none is stored. The arithmetic is that of
docs/how-to/real-models.md: FSDP2 with float32 weights sharded over the training GPUs, bfloat16 compute, AdamW, activation
checkpointing per layer; vLLM in bfloat16.
"""

from dataclasses import dataclass, field
from typing import Any

from trainer.plan_config import JudgingCost, ModelSource, PlanConfig
from trainer.settings import SettingOptions

GIB = 1 << 30
_SHARDED_BYTES = {"weights": 4, "gradients": 4, "optimizer": 8}
"""Of each parameter, float32: the weight, its gradient, Adam's two averages."""
_GATHERED_LAYERS = 2
"""Layers that are whole in bfloat16 at once: the one in use and the one that is being fetched."""
_RESERVE_GIB = 4.0
"""CUDA context, NCCL's buffers and fragments, on either kind of GPU."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a model without its weights."""

    parameters: int
    layer_parameters: int
    outside_parameters: int
    layers: int
    hidden: int
    ffn: int
    vocabulary: int
    kv_heads: int
    head: int
    context: int

    def kv_bytes(self, tensor_parallel: int) -> int:
        """Bytes of one token in one GPU's KV cache, bfloat16. Heads that cannot be divided further are held twice."""
        return 2 * self.layers * max(1, self.kv_heads // tensor_parallel) * self.head * 2


@dataclass(frozen=True, slots=True)
class Plan:
    """Memory in GiB per GPU by what it is for; `objections` says what does not fit, with the fix."""

    model: ModelFacts
    rollouts: int
    sequence_tokens: int
    training_gib: dict[str, float]
    sampling_gib: dict[str, float]
    sequences_at_once: int
    judge_cores: float
    objections: tuple[str, ...] = field(default=())


def plan(config: PlanConfig) -> Plan:
    """Work it out. Raises ValueError for a model that cannot be built from its config."""
    facts = model_facts(config.model)
    tokens = config.batch.max_prompt_tokens + config.setting.max_tokens
    training, sampling = _training_gib(facts, config, tokens), _sampling_gib(facts, config)
    kv = facts.kv_bytes(config.cluster.tensor_parallel) * tokens
    fit = int(max(0.0, sampling["kv cache"]) * GIB // kv) * (config.cluster.sampler_gpus // config.cluster.tensor_parallel)
    rollouts = config.batch.tasks * config.batch.group_size
    return Plan(
        model=facts,
        rollouts=rollouts,
        sequence_tokens=tokens,
        training_gib=training,
        sampling_gib=sampling,
        sequences_at_once=fit,
        judge_cores=judge_cores(rollouts, config.judging),
        objections=tuple(_objections(facts, config, tokens, training, fit)),
    )


def model_facts(source: ModelSource) -> ModelFacts:
    """Build the model on the meta device and count. Reads local files only. Raises ValueError."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    try:
        if source.directory is not None:
            config = AutoConfig.from_pretrained(source.directory, local_files_only=True)
        else:
            config = AutoConfig.for_model(**(source.config or {}))
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"model: no model can be built from {source.directory or 'its config'}: {error}") from error
    return _facts_of(model, config)


def _facts_of(model: Any, config: Any) -> ModelFacts:
    count = config.num_hidden_layers
    lists = [module for module in model.modules() if type(module).__name__ == "ModuleList" and len(module) == count]
    if not lists:
        raise ValueError(f"model: {type(model).__name__} has no list of {count} layers; it cannot be sharded by layer")
    layers = max(lists, key=_size)
    total = _size(model)
    heads = config.num_attention_heads
    return ModelFacts(
        parameters=total,
        layer_parameters=max(_size(layer) for layer in layers),
        outside_parameters=total - _size(layers),
        layers=len(layers),
        hidden=config.hidden_size,
        ffn=config.intermediate_size,
        vocabulary=config.vocab_size,
        kv_heads=getattr(config, "num_key_value_heads", None) or heads,
        head=getattr(config, "head_dim", None) or config.hidden_size // heads,
        context=config.max_position_embeddings,
    )


def _size(module: Any) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _training_gib(facts: ModelFacts, config: PlanConfig, tokens: int) -> dict[str, float]:
    at_once = tokens * config.batch.sequences_at_once
    share = facts.parameters / config.cluster.train_gpus
    gathered = _GATHERED_LAYERS * facts.layer_parameters + facts.outside_parameters
    needs = {name: share * size for name, size in _SHARDED_BYTES.items()}
    needs["gathered layers"] = 2 * gathered
    needs["checkpoints"] = 2 * facts.layers * at_once * facts.hidden
    needs["one layer"] = 2 * at_once * (10 * facts.hidden + 4 * facts.ffn)
    needs["logits"] = at_once * facts.vocabulary * (2 + 4 + 4)  # bfloat16, float32 for the log-softmax, its gradient
    return {name: size / GIB for name, size in needs.items()} | {"reserve": _RESERVE_GIB}


def _sampling_gib(facts: ModelFacts, config: PlanConfig) -> dict[str, float]:
    weights = 2 * facts.parameters / config.cluster.tensor_parallel / GIB
    pool = config.cluster.gpu_memory_gib * config.cluster.sampler_memory_share
    return {"weights": weights, "reserve": _RESERVE_GIB, "kv cache": pool - weights - _RESERVE_GIB}


def judge_cores(rollouts: int, cost: JudgingCost) -> float:
    """Cores for a step's verdicts in time: R · (s + T' · (t + o)) / (S · u), docs/how-to/sizing.md."""
    one = cost.program_overhead_s + cost.tests * (cost.test_cpu_s + cost.test_overhead_s)
    return rollouts * one / (cost.wait_s * cost.core_share)


def _objections(facts: ModelFacts, config: PlanConfig, tokens: int, training: dict[str, float], fit: int) -> list[str]:
    found = []
    memory, needed = config.cluster.gpu_memory_gib, sum(training.values())
    if needed > memory:
        fix = "take more, or lower setting.max_tokens or batch.sequences_at_once"
        found.append(f"cluster.train_gpus: training needs {needed:.1f} GiB of {memory:g}; {fix}")
    if fit < 1:
        found.append("cluster.tensor_parallel: not one sequence fits beside the weights of a vLLM server; raise it")
    if tokens > facts.context:
        found.append(f"setting.max_tokens: {tokens} tokens with the prompt, and the model's context is {facts.context}; lower it")
    if config.batch.tasks * config.batch.group_size % config.cluster.train_gpus:
        found.append(f"batch.tasks: tasks · group_size must be a multiple of the {config.cluster.train_gpus} training GPUs")
    return found


def setting_summary(options: SettingOptions) -> str:
    """The setting in one line, without what is at its default."""
    chosen = options.model_dump(exclude_defaults=True, exclude={"name"})
    return " ".join([options.name, *(f"{name}={value}" for name, value in chosen.items())])
