"""CBBT's own setting: a CLIP that is a black box, adapted to image sets from a few images of each class.

``image_set`` is the value, three splits of labelled paths; ``coop_layout`` and ``torchvision_layout`` read it from
disk (``torchvision_import``: where its own import fails), ``eleven_sets`` finds which of them does; ``pixels`` makes of
paths what crosses the boundary; ``clip_box`` is a local CLIP behind it; ``experiment`` is every method on every set.
"""
