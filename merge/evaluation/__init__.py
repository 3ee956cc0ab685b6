"""What merged models can do: samples and their verdicts, pass@k, failures by kind, frontiers over alpha, ensembles.

samples         one JSON line a sample; read, added to, exported
evaluate        sampling and judging one model, or one pair at many alphas
pass_at_k       pass@k and its intervals
ensembles       pass@K of a budget that is split over alphas
frontiers       where correctness and optimization failures lie, and what lies beyond the trained ends
"""
