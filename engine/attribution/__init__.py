"""Why an entity was found, as numbers: how much each character or each modality adds to its probability, and how far that is so.

``attributing.attribute`` is the way in. Each method is captum's; what it says is measured by deletion and insertion, beside
random orders, and the measure travels with it.
"""
