"""Words that go on a sentence behind "my password is" and the like; finds nothing itself."""

from __future__ import annotations

import re

FUNCTION = re.compile(
    r"a|about|after|all|also|an|and|any|are|as|at|be|because|been|before|but|by|can|cannot|could|did|do"
    r"|does|for|from|had|has|have|he|help|here|how|i|if|in|into|is|it|just|me|my|never|no|not|now|of|off"
    r"|on|or|our|out|please|she|since|so|than|that|the|then|there|they|this|to|too|until|via|was"
    r"|we|were|what|when|where|which|while|who|why|will|with|would|yet|you|your",
    re.IGNORECASE,
)
"""Words that go on a sentence and belong to no secret."""

ORDINARY = re.compile(
    r"accepted|actually|already|always|asked|asking|being|blank|blocked|breached|broken|called"
    r"|changed|changing|compromised|correct|cracked|declined|denied|different|disabled|empty"
    r"|entered|exactly|exposed|expired|fine|forgotten|given|gone|good|guessed|hacked|hidden"
    r"|incorrect|invalid|known|leaked|listed|locked|lost|missing|needed|new|ok|okay|old|only"
    r"|phished|public|refused|rejected|required|reset|resetting|right|safe|same|saved|secure|sent"
    r"|set|shared|showing|shown|still|stolen|strong|stuck|taken|unknown|unsafe|used|valid|very|weak"
    r"|working|wrong",
    re.IGNORECASE,
)
"""What goes on after "my password is" and is no password."""
