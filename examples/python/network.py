"""TLS of a dualping network, from the files that `dualping certs` makes.

A certificate says who a part is, and never where. gRPC in Python checks host names only, so each certificate has
its role as one too: router.NETWORK.dualping.internal.
"""
import pathlib
import re
import ssl

import grpc

CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n", re.DOTALL)
KEY = re.compile("-----BEGIN PRIVATE KEY-----.+?-----END PRIVATE KEY-----\n", re.DOTALL)
# What the network's own certificate is called: a URI among its alternative names.
NAME = re.compile(rb"dualping://([0-9a-f]{12})/ca")


class Network:
    """A part's file has its key, its certificate and the network's own; network.pem has only the last."""

    def __init__(self, folder, name="network"):
        pem = (pathlib.Path(folder) / f"{name}.pem").read_text()
        certificates = CERTIFICATE.findall(pem)
        key = KEY.search(pem)
        # Who only watches has no certificate. While the network's own is replaced, there are two of those.
        own = certificates.pop(0) if key else None
        self._own = (key.group().encode(), own.encode()) if key else (None, None)
        self._roots = "".join(certificates).encode()
        self._id = NAME.search(ssl.PEM_cert_to_DER_cert(certificates[0])).group(1).decode()

    def channel(self, address, role):
        """To a part that has to prove that it is a "router", a "server" or a "member"."""
        credentials = grpc.ssl_channel_credentials(self._roots, *self._own)
        expected = ("grpc.ssl_target_name_override", f"{role}.{self._id}.dualping.internal")
        return grpc.secure_channel(address, credentials, [expected])

    def server_credentials(self):
        return grpc.ssl_server_credentials([self._own])
