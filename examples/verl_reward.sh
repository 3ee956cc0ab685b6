#!/bin/sh
# verl's GRPO with tierline's reward: sh examples/verl_reward.sh DATA.parquet function|url
#
# `function` loads compute_score of verl_reward.py: coverages, a batch for each program, and no reward where the judge failed.
# `url` leaves the reward to verl's own SandboxFusion code: a request for each test, which verl_reward.py --whole puts into the rows.
# JUDGE, MODEL and GPUS may be set.
set -eu
data=${1:?the file that verl_reward.py --data wrote}
judge=${JUDGE:-http://127.0.0.1:8077}
case ${2:-function} in
function) set -- reward.custom_reward_function.path="$(dirname "$0")/verl_reward.py" \
    reward.custom_reward_function.name=compute_score \
    +reward.custom_reward_function.reward_kwargs.url="$judge" \
    +reward.custom_reward_function.reward_kwargs.coverage=0.5 ;;
url) set -- reward.sandbox_fusion.url="$judge/run_code" reward.sandbox_fusion.max_concurrent=256 ;;
*) echo "usage: $0 DATA.parquet function|url" >&2; exit 2 ;;
esac
exec python3 -m verl.trainer.main_ppo "$@" \
    algorithm.adv_estimator=grpo \
    data.train_files="$data" data.val_files="$data" \
    data.train_batch_size=128 data.max_prompt_length=1024 data.max_response_length=2048 \
    actor_rollout_ref.model.path="${MODEL:-Qwen/Qwen2.5-Coder-7B-Instruct}" \
    actor_rollout_ref.rollout.name=vllm actor_rollout_ref.rollout.n=8 \
    actor_rollout_ref.actor.ppo_mini_batch_size=64 actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=4 \
    actor_rollout_ref.rollout.log_prob_micro_batch_size_per_gpu=4 \
    trainer.n_gpus_per_node="${GPUS:-8}" trainer.nnodes=1
