"""Why a witness does not start, or does not sign."""

from service.errors import TrailsealError


class KeyRefused(TrailsealError):
    """The key file is missing, is not this user's alone, or holds no key."""

    slug, title, status = "witness-key-refused", "The witness's key cannot be used", 500


class FolderRefused(TrailsealError):
    """The folder is in use, belongs to another key or chain, or is damaged."""

    slug, title, status = "witness-folder-refused", "The witness's folder cannot be used", 500


class NodeIncoherent(TrailsealError):
    """The node tells blocks that do not fit together, or that are no blocks; nothing of it was signed."""

    slug, title, status = "node-incoherent", "The node's blocks do not fit together", 502


class Alarmed(TrailsealError):
    """The node contradicts what this witness signed. It signs nothing more until an operator acknowledges the alarm."""

    slug, title, status = "witness-alarmed", "The witness refuses to sign", 409
