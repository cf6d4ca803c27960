"""TLS as a server speaks it: 1.2 or newer, forward secrecy, and client certificates where wanted.

The web tier, MLLP and DIMSE use the same contexts. https://www.rfc-editor.org/rfc/rfc9325 (BCP 195)
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final

from fhirserver.settings import InvalidSetting, Settings

# Of TLS 1.2; all suites of TLS 1.3 are good. https://www.rfc-editor.org/rfc/rfc9325#section-4.2
CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"

# What granian can't read, and how it begins.
_OLD_FORMS: Final = ("BEGIN RSA PRIVATE KEY", "BEGIN EC PRIVATE KEY", "BEGIN DSA PRIVATE KEY")


def server_context(
    settings: Settings,
    *,
    certificate: Path | None = None,
    key: Path | None = None,
    client_ca: Path | None = None,
) -> ssl.SSLContext:
    """What a listener wraps its connections with.

    The certificate (with its chain) and its key are those of the settings unless others are given;
    so is `client_ca`: who doesn't show a certificate that it signed is turned away. Raises
    InvalidSetting, with what to do.
    """
    certificate = certificate or settings.tls_certificate
    key = key or settings.tls_key
    client_ca = client_ca or settings.tls_client_ca
    if certificate is None or key is None:
        raise InvalidSetting(
            "TLS needs a certificate and its key: set FHIRSERVER_TLS_CERTIFICATE and "
            "FHIRSERVER_TLS_KEY"
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= (
        ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    )
    try:
        # Without a password: OpenSSL would ask for one on the terminal.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ssl.SSLError) as error:
        raise InvalidSetting(_why(certificate, key, error)) from error
    if client_ca is not None:
        try:
            context.load_verify_locations(client_ca)
        except (OSError, ssl.SSLError) as error:
            raise InvalidSetting(
                f"FHIRSERVER_TLS_CLIENT_CA: {client_ca} holds no certificates in PEM that can be "
                f"read: {error.strerror or error}"
            ) from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class Listener:
    """A context that follows its files: what is renewed on the disk is shown from then on.

    Ask for `context` at every new connection; those that are open stay.
    """

    def __init__(self, settings: Settings, **files: Path | None) -> None:
        self._settings = settings
        self._files = files
        self._paths = [
            path
            for path in (
                files.get("certificate") or settings.tls_certificate,
                files.get("key") or settings.tls_key,
                files.get("client_ca") or settings.tls_client_ca,
            )
            if path is not None
        ]
        self._stamps = self._current_stamps()
        self._context = server_context(settings, **files)

    @property
    def context(self) -> ssl.SSLContext:
        """The one of the newest files; of those before while the new ones don't fit together."""
        stamps = self._current_stamps()
        if stamps != self._stamps:
            try:
                self._context = server_context(self._settings, **self._files)
            except InvalidSetting:
                # The certificate is there already and its key not yet.
                return self._context
            self._stamps = stamps
        return self._context

    def _current_stamps(self) -> list[tuple[int, int, int] | None]:
        return [_stamp(path) for path in self._paths]


def is_old_form(key: Path) -> bool:
    """Whether a private key is in a form older than PKCS#8."""
    try:
        return any(form in key.read_text("ascii", errors="replace") for form in _OLD_FORMS)
    except OSError:
        return False


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _why(certificate: Path, key: Path, error: OSError) -> str:
    for variable, path in (("CERTIFICATE", certificate), ("KEY", key)):
        try:
            path.read_bytes()
        except OSError as trouble:
            return f"FHIRSERVER_TLS_{variable}: can't read {path}: {trouble.strerror}"
    reason = getattr(error, "reason", None) or str(error)
    if reason == "KEY_VALUES_MISMATCH":
        return f"FHIRSERVER_TLS_KEY: {key} isn't the key of the certificate {certificate}"
    return (
        f"FHIRSERVER_TLS_CERTIFICATE, FHIRSERVER_TLS_KEY: {certificate} and {key} must be PEM, the "
        f"key without a password ({reason})"
    )
