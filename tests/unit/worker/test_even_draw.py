"""The audit's draw is the same for a redelivered record and evenly spread over the others."""

from __future__ import annotations

from stream_app.worker.decide import even_draw


def test_a_redelivered_record_is_drawn_alike() -> None:
    assert even_draw("tickets.raw:3:1042") == even_draw("tickets.raw:3:1042")


def test_each_tenth_is_drawn_about_as_often_as_any_other() -> None:
    draws = [
        even_draw(f"tickets.raw:{partition}:{n}") for partition in range(4) for n in range(5_000)
    ]
    tenths = [sum(tenth / 10 <= draw < (tenth + 1) / 10 for draw in draws) for tenth in range(10)]
    assert sum(tenths) == 20_000
    # Ten standard deviations of a binomial count around its mean.
    assert all(abs(count - 2_000) < 425 for count in tenths)
