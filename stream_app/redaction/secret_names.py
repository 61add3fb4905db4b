"""What people call the secrets that open an account, as parts of patterns; finds nothing."""

from __future__ import annotations

PHRASES = (
    r"pass\s?phrases?|(?:seed|recovery|backup|mnemonic)\s(?:phrases?|words?)"
    r"|mnemonics?(?!\s(?:phrases?|words?)\b)"
)
"""Of several words."""

PASSWORDS = (
    rf"{PHRASES}|pass\s?words?|passwd|pass\s?codes?|pwd?|pass(?=\s?[:=])"
    r"|memorable\s(?:words?|names?|places?|dates?|answers?|information|info|phrases?)"
    r"|secret\s(?:words?|answers?|questions?)|security\s(?:answers?|words?|questions?)"
    r"|maiden\sname"
)
"""Of letters, digits and signs."""

CODES = (
    r"pins?|p\.i\.n|otps?|(?:m|i|sms|chip|photo|push)?-?tans?|cvv2?|cvc2?|ccv|csc|cv2|codes?"
    r"|tokens?|security\s(?:number|digits?)|(?:three|3)[\s\-]digits?(?:\snumber)?"
    r"|(?:on|at)\sthe\sback|back\sof\s(?:the|my)\scard|expiry(?:\sdate)?|exp"
)
"""Of digits, and of letters beside them."""
