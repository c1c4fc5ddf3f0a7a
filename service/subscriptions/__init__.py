"""Named queries, and what newly matches them: sent to webhooks, or told to who listens."""

from service.subscriptions.controls import Controls, SubscriptionRequest
from service.subscriptions.deliverer import Deliverer
from service.subscriptions.errors import (
    BadQueryName,
    NameTaken,
    QueryNotFound,
    ReservedName,
    SubscriptionControlsFault,
    SubscriptionNotFound,
    TooManyFeeds,
    TooManyQueries,
)
from service.subscriptions.feeds import Feed, Feeds
from service.subscriptions.named import NamedQueries, NamedQuery, NamedQueryPage
from service.subscriptions.webhooks import Subscription, SubscriptionPage, Subscriptions

__all__ = [
    "BadQueryName",
    "Controls",
    "Deliverer",
    "Feed",
    "Feeds",
    "NameTaken",
    "NamedQueries",
    "NamedQuery",
    "NamedQueryPage",
    "QueryNotFound",
    "ReservedName",
    "Subscription",
    "SubscriptionControlsFault",
    "SubscriptionNotFound",
    "SubscriptionPage",
    "SubscriptionRequest",
    "Subscriptions",
    "TooManyFeeds",
    "TooManyQueries",
]
