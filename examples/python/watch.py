"""Follows who is primary of service "greeter", also before it is there:  watch.py ROUTER"""
import sys
import time

import grpc

from dualping.v1 import routing_pb2 as routing

BACK_OFF_S = 0.2


def changes(router):
    """Each assignment of the service as the router tells it, over breaks and restarts of the router."""
    while True:
        try:
            with grpc.insecure_channel(router) as channel:
                watch = channel.unary_stream(
                    "/dualping.v1.RoutingService/Watch",
                    request_serializer=routing.WatchRequest.SerializeToString,
                    response_deserializer=routing.WatchResponse.FromString,
                )
                for update in watch(routing.WatchRequest(service="greeter")):
                    yield from update.assignments
        except grpc.RpcError as error:
            print(f"no router: {error.code().name}", flush=True)
        time.sleep(BACK_OFF_S)


said = None
for assignment in changes(sys.argv[1]):
    addresses = {member.server_id: member.address for member in assignment.members}
    primary = assignment.primary.server_id
    line = (
        f"epoch {assignment.epoch}: s{primary} at {addresses.get(primary)}"
        if assignment.available
        else f"epoch {assignment.epoch}: nobody"
    )
    if line != said:
        print(line, flush=True)
    said = line
