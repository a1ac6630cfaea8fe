"""A member of service "greeter":  member.py ROUTER SERVER-ID

The first live member is primary. Whether this one is rests on a pong to a ping of less than dead_after ago,
on the stream that stands: see docs/protocol.md, "A member's life".
"""
import secrets
import signal
import sys
import threading
import time
from concurrent import futures

import grpc

from dualping.v1 import routing_pb2 as routing

BACK_OFF_S = 0.2
ROUTER_TIMEOUT_S = 2


class Member:
    def __init__(self, router, server_id, address):
        self.server_id = server_id
        self.leaving = threading.Event()
        self._router = router
        self._identity = {
            "service": "greeter",
            "server_id": server_id,
            "address": address,
            "incarnation": int(time.time() * 1000),  # has to rise with each start
            "life_id": secrets.token_hex(16),
        }
        self._network_id = ""
        self._assignment = None
        self._attempt = 0
        self._dead_after_s = 0.5
        self._interval_s = 0.1
        self._asked = {}  # when each ping was sent
        self._valid_until = 0.0

    @property
    def epoch(self):
        return self._assignment.epoch if self._assignment else 0

    @property
    def is_primary(self):
        assignment = self._assignment
        named = assignment is not None and assignment.available and (
            assignment.primary.server_id, assignment.primary.life_id
        ) == (self.server_id, self._identity["life_id"])
        return named and not self.leaving.is_set() and time.monotonic() < self._valid_until

    def run(self):
        """Attaches, again and again, until it leaves or is refused."""
        while not self.leaving.is_set():
            try:
                with grpc.insecure_channel(self._router) as channel:
                    self._attach(channel)
            except grpc.RpcError as error:
                print(f"s{self.server_id} lost the router: {error.code().name}", flush=True)
            self._valid_until = 0.0
            self.leaving.wait(BACK_OFF_S)

    def _attach(self, channel):
        dual_ping = channel.stream_stream(
            "/dualping.v1.RoutingService/DualPing",
            request_serializer=routing.DualPingRequest.SerializeToString,
            response_deserializer=routing.DualPingResponse.FromString,
        )
        self._attempt += 1
        self._asked.clear()
        stream = dual_ping(self._says())
        for message in stream:
            kind = message.WhichOneof("message")
            if kind == "welcome":
                self._network_id = message.welcome.network_id
                self._interval_s = message.welcome.ping_interval_ms / 1000
                self._dead_after_s = message.welcome.dead_after_ms / 1000
                self._learn(message.welcome.assignment)
            elif kind == "pong":
                self._interval_s = message.pong.ping_interval_ms / 1000
                asked = self._asked.pop(message.pong.sequence, 0.0)
                self._valid_until = max(self._valid_until, asked + self._dead_after_s)
            elif kind == "assigned":
                self._learn(message.assigned.assignment)
            elif kind == "please_hand_over":
                self._valid_until = 0.0
                self._hand_over = message.please_hand_over.epoch
            elif kind == "refused":
                sys.exit(f"refused: {message.refused.reason}: {message.refused.detail}")

    def _says(self):
        """What goes to the router on one stream."""
        attach = routing.Attach(
            network_id=self._network_id, epoch=self.epoch, attempt=self._attempt, **self._identity
        )
        yield routing.DualPingRequest(attach=attach)
        sequence = 0
        self._hand_over = None
        while not self.leaving.wait(self._interval_s):
            if self._hand_over is not None:
                yield routing.DualPingRequest(hand_over=routing.HandOver(epoch=self._hand_over))
                self._hand_over = None
                self._asked.clear()  # what was asked before says nothing of what comes
            sequence += 1
            self._asked[sequence] = time.monotonic()
            yield routing.DualPingRequest(ping=routing.Ping(sequence=sequence))
        yield routing.DualPingRequest(leave=routing.Leave())

    def _learn(self, assignment):
        known = self._assignment
        if known is not None and (assignment.epoch, assignment.revision) < (known.epoch, known.revision):
            return
        self._assignment = assignment
        print(f"s{self.server_id} hears: s{assignment.primary.server_id} in epoch {assignment.epoch}", flush=True)


def main():
    router, server_id = sys.argv[1], int(sys.argv[2])
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    port = server.add_insecure_port("127.0.0.1:0")
    member = Member(router, server_id, f"127.0.0.1:{port}")

    def greet(request, context):
        if not member.is_primary:
            context.abort(grpc.StatusCode.UNAVAILABLE, f"s{server_id} is not primary")
        return f"hello {request.decode()}, this is s{server_id} in epoch {member.epoch}".encode()

    methods = {"Greet": grpc.unary_unary_rpc_method_handler(greet)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("example.Greeter", methods),))
    server.start()
    signal.signal(signal.SIGTERM, lambda *_: member.leaving.set())
    member.run()
    server.stop(grace=ROUTER_TIMEOUT_S).wait()


if __name__ == "__main__":
    main()
