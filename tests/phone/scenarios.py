"""What is tried with foreign telephones. Each function is one scenario, its first line its name."""

from sipp import (
    Sipp,
    ack,
    answer,
    bye,
    dial,
    expect,
    expect_request,
    info,
    invite,
    request,
    sdp,
    send,
    they_hang_up,
)


def pin_right(room):
    """PIN right, keys by INFO: into the visit, mute, hand, leave"""
    room.drain()
    keys = info("2123456", 2)
    in_visit = [expect_request("OPTIONS")] if False else []
    phone = Sipp([*dial(), ack(), *keys, *in_visit, *they_hang_up()], room.address)
    room.wait("pin right from ••• 78")
    room.wait("entered ••• 78")
    room.wait("play entered English")
    room.order("end")
    room.wait("play goodbye English")
    room.wait("left") if False else None
    phone.end()


def pin_wrong(room):
    """PIN wrong three times: goodbye"""
    room.drain()
    phone = Sipp([*dial(), ack(), *info("2111111222222333333", 2), *they_hang_up()], room.address)
    for _ in range(3):
        room.wait("pin wrong")
    room.wait("play too-many-tries")
    phone.end()


QUICK = [pin_right, pin_wrong]
LONG = []
ALL = (QUICK, LONG)
