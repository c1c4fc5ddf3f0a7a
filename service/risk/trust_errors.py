"""What this room refuses about models, reproductions and records of scores."""

from service.errors import TrailsealError


class ModelNotFound(TrailsealError):
    """No model with this hash was registered, and none lies in the folder of releases."""

    slug, title, status = "model-not-found", "No such model", 404


class ModelMissing(TrailsealError):
    """The files of a model are not in the folder of releases, or were altered."""

    slug, title, status = "model-missing", "The model's files are not there", 409


class NotBetter(TrailsealError):
    """Nothing says that the model is no worse than the best challenger."""

    slug, title, status = "model-not-better", "The model is not shown to be no worse", 409
