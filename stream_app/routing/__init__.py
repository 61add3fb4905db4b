"""The routing policy: from what is known of a ticket to exactly one queue; pure."""

from stream_app.routing.policy import Condition, Policy, Route, Routing, SecondOpinion, load_policy

__all__ = ["Condition", "Policy", "Route", "Routing", "SecondOpinion", "load_policy"]
