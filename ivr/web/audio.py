"""Serves the recordings: each at an address made of its own sound, so that whoever fetches it may keep it for ever."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from ivr.prompts.recordings.folder import Folder, sound_of

_YEAR = 365 * 86400


def blueprint(folder: Folder) -> Blueprint:
    """Return the page; what it plays is what any caller hears, so nobody guards it.

    No address is ever made into a path: only what has been found in the folder can be asked for.
    """
    audio = Blueprint("audio", __name__)

    @audio.get("/audio/<language>/<name>.wav")
    def play(language: str, name: str) -> Response:
        found = folder.recordings.by_hash.get((language, name))
        sound = sound_of(found) if found else None
        if sound is None:
            abort(404)
        response = Response(sound, mimetype="audio/wav")
        response.set_etag(name)
        response.cache_control.max_age = _YEAR
        response.cache_control.public = True
        response.cache_control.immutable = True
        response.make_conditional(request, accept_ranges=True, complete_length=len(sound))
        return response

    return audio
