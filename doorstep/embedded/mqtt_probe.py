"""Whether an MQTT broker lets somebody in, asked with bare packets: a probe needs no client library and no thread."""

from __future__ import annotations

import socket
import ssl
from contextlib import nullcontext
from pathlib import Path


def accepts_mqtt(
    host: str, port: int, user: tuple[str, str] | None, timeout_s: float, tls: ssl.SSLContext | None = None
) -> bool:
    """Whether an MQTT 3.1.1 broker there answers a CONNECT (section 3.1) with an accepting CONNACK (section 3.2).
    `user`: name and password. Raises ssl.SSLCertVerificationError where its certificate is not to be trusted."""
    fields = [b"doorstep-probe", *(part.encode() for part in user or ())]
    flags = 0xC2 if user else 0x02  # clean session, with user name and password
    body = b"\x00\x04MQTT\x04" + bytes([flags, 0, 10])
    body += b"".join(len(field).to_bytes(2, "big") + field for field in fields)
    length = bytes([len(body)]) if len(body) < 128 else bytes([len(body) % 128 | 128, len(body) // 128])
    try:
        with (
            socket.create_connection((host, port), timeout_s) as plain,
            nullcontext(plain) if tls is None else tls.wrap_socket(plain, server_hostname=host) as connection,
        ):
            connection.sendall(b"\x10" + length + body)
            answer = connection.recv(1)
            while answer and len(answer) < 4 and (more := connection.recv(4 - len(answer))):
                answer += more
            connection.sendall(b"\xe0\x00")  # DISCONNECT
    except ssl.SSLCertVerificationError:
        raise
    except OSError:
        return False
    return len(answer) == 4 and answer[0] == 0x20 and answer[3] == 0


def own_certificate(cert_file: Path, client_cert: Path | None, client_key: Path | None) -> ssl.SSLContext:
    """Trusts exactly the certificate in this file, whatever name it bears and whoever signed it: our own server's."""
    context = ssl.create_default_context(cafile=cert_file)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if client_cert is not None:
        context.load_cert_chain(client_cert, client_key)
    return context
