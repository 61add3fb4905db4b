"""Banking77 cut in two: 50 intents to train on, 27 that the model must not know; pure."""

from __future__ import annotations

from stream_app.labelled_data import Dataset, Example

HELD_OUT = frozenset(
    {
        "age_limit",
        "atm_support",
        "card_acceptance",
        "card_delivery_estimate",
        "card_not_working",
        "card_swallowed",
        "compromised_card",
        "contactless_not_working",
        "exchange_rate",
        "get_disposable_virtual_card",
        "get_physical_card",
        "getting_virtual_card",
        "lost_or_stolen_card",
        "passcode_forgotten",
        "pin_blocked",
        "receiving_money",
        "terminate_account",
        "top_up_by_bank_transfer_charge",
        "top_up_by_card_charge",
        "top_up_by_cash_or_cheque",
        "top_up_limits",
        "topping_up_by_card",
        "transfer_into_account",
        "unable_to_verify_identity",
        "verify_my_identity",
        "verify_source_of_funds",
        "virtual_card_not_working",
    }
)
"""The intents that Zhang et al. 2022 hold out ("Are Pretrained Transformers Robust in Intent
Classification?", arXiv 2106.04564)."""


def split_by_intent(banking77: Dataset) -> tuple[Dataset, tuple[Example, ...]]:
    """The data set of the 50 other intents, and the test rows of the `HELD_OUT` ones."""

    def inside(rows: tuple[Example, ...]) -> tuple[Example, ...]:
        return tuple(row for row in rows if row.intent not in HELD_OUT)

    known = Dataset(name="banking50", train=inside(banking77.train), test=inside(banking77.test))
    return known, tuple(row for row in banking77.test if row.intent in HELD_OUT)
