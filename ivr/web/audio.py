"""Serves the recordings, each at a URL made of a hash of its sound, so that it may be cached for ever."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from ivr.prompts.recordings.folder import RecordingsFolder, read_sound

_YEAR = 365 * 86400


def audio_blueprint(folder: RecordingsFolder) -> Blueprint:
    """Return the blueprint that serves recordings; it is open to all, since any caller hears them.

    A URL is never used as a path: only recordings that were found in the folder can be asked for.
    """
    audio = Blueprint("audio", __name__)

    @audio.get("/audio/<language>/<name>.wav")
    def play(language: str, name: str) -> Response:
        recording = folder.recordings.by_hash.get((language, name))
        sound = read_sound(recording) if recording else None
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
