"""Black-box tuning after CBBT: soft prompts by estimated gradients, light adapters on what the model answers.

Guo et al., "Black-Box Tuning of Vision-Language Models with Effective Gradient Approximation" (Findings of EMNLP 2023,
arXiv 2312.15901). The model is another process or an HTTP service. Embeddings go in, features or logits come out; its
weights and its gradients cannot cross. To be read in this order, each module standing on those before it only:

=================  ====================================================================================================
the boundary       ``frames``: what can cross, as bytes. ``box``: this side, with every answer checked and every query
                   counted. ``serving``: the model's side.
the estimate       ``estimator``: a gradient out of losses, as published and ours. ``optimiser``: clip, Adam, schedule.
                   ``prompts``: what is tuned, whole tokens or low-rank offsets. ``warmup``: CMA-ES before it.
the adapter        ``adapter``: on the output features, by its exact gradient, which is on this side.
the tuning         ``encoder``: texts and images to features, through a box. ``shots``: few-shot splits and the sealed
                   test split. ``tune``: both at once; ``state``: where it goes on. ``adapter_choice``: the adapter
                   once the prompt stands still. ``methods``: these and the baselines, each with one look at the test
                   split, and their table.
=================  ====================================================================================================

Three uses, which do not know each other: ``vision`` (a CLIP on the eleven image sets), ``digits`` (an encoder that any
machine can train, on real handwriting), ``verifier`` (the tutor's own model asked whether a solution is right).
"""
