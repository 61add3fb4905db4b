"""The business's view of the intents: which team owns each, and how pressing it is by itself."""

from training.taxonomy.choose import GENERIC, choose_taxonomy
from training.taxonomy.taxonomy import Placement, Taxonomy, load_taxonomy

__all__ = ["GENERIC", "Placement", "Taxonomy", "choose_taxonomy", "load_taxonomy"]
