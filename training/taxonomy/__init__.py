"""The business's view of the intents: which team owns each, and how pressing it is by itself."""

from training.taxonomy.taxonomy import Placement, Taxonomy, load_taxonomy

__all__ = ["Placement", "Taxonomy", "load_taxonomy"]
