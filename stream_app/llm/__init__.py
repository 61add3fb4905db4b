"""Asks a language model about tickets that rules and model leave uncertain; decides nothing.

`open_layer` is the way in. Without a key it returns None and the client library is not imported.
"""

from stream_app.llm.layer import LlmLayer
from stream_app.llm.opening import open_layer
from stream_app.llm.question import Question

__all__ = ["LlmLayer", "Question", "open_layer"]
