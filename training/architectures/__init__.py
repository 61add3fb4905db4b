"""The kinds of model that can be trained, by name, with their presets; imports none of them.

Each lies behind the contract in `training.architectures.contract`. Torch is imported when a model
is built, so that a command can list and check names at once.
"""

from training.architectures.catalogue import ARCHITECTURES, Architecture, ArchitectureName

__all__ = ["ARCHITECTURES", "Architecture", "ArchitectureName"]
