"""What is tried with foreign telephones. Each function is one scenario, its first line its name."""

import threading

from baresip import Baresip
from phone import Phone
from room import SECRET
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


def same(got, wanted):
    if got != wanted:
        raise AssertionError(f"{got!r} instead of {wanted!r}")


def pin_right(room):
    """SIPp: PIN right by INFO, let in, the visit ends"""
    phone = Sipp([*dial(), ack(), *info("2123456", 2), *they_hang_up()], room.address)
    room.wait("pin right from ••• 78")
    room.wait("entered ••• 78")
    room.wait("play entered English")
    room.order("end")
    room.wait("play goodbye English")
    phone.end()


def keys_in_sound(room):
    """RFC 4733: language, PIN, consent, mute, hand and leave, each key once"""
    with Phone(room.address) as phone:
        same(phone.invite().code, 200)
        phone.quiet()
        phone.keys("1234567")
        room.wait("pin right")
        room.wait("play ask-consent French")
        phone.keys("1")
        room.wait("consent Given")
        room.wait("play entered French")
        phone.keys("1")
        room.wait("mute true")
        phone.keys("1")
        room.wait("mute false")
        phone.keys("5")
        room.wait("hand true")
        room.order("consent")
        room.wait("play ask-consent")
        phone.keys("2")
        room.wait("room consent false")
        phone.keys("9")
        room.wait("left")
        phone.answer(phone.awaited("BYE"))


def wrong_three_times(room):
    """PIN wrong three times: goodbye"""
    with Phone(room.address, number="+33600000001") as phone:
        same(phone.invite().code, 200)
        phone.quiet()
        phone.keys("2")
        for word in ("wrong-pin", "wrong-pin", "too-many-tries"):
            phone.keys("111111")
            room.wait("pin wrong from ••• 01")
            room.wait(f"play {word} English")
        phone.answer(phone.awaited("BYE"))


def lockout(room):
    """nine failures lock the caller out, a right PIN included, and nobody else"""
    for _ in range(3):
        with Phone(room.address, number="+33600000002") as phone:
            same(phone.invite().code, 200)
            phone.quiet()
            phone.keys("2")
            for word in ("wrong-pin", "wrong-pin", "too-many-tries"):
                phone.keys("111111")
                room.wait(f"play {word} English")
            phone.answer(phone.awaited("BYE"))
    with Phone(room.address, number="+33600000002") as phone:
        same(phone.invite().code, 200)
        phone.quiet()
        phone.keys("2123456")
        room.wait("play too-many-tries")
        phone.answer(phone.awaited("BYE"))
    with Phone(room.address, number="+33600000003") as phone:
        same(phone.invite().code, 200)
        phone.quiet()
        phone.keys("2123456")
        room.wait("pin right from ••• 03")
        room.wait("entered")
        phone.bye()
        room.wait("left")


def hold(room):
    """SIPp: hold by sendonly, inactive and 0.0.0.0, with INVITE and UPDATE, and resume"""
    steps = [*dial(), ack()]
    cseq = 2
    forms = [("sendonly", "[media_ip]", "recvonly"), ("inactive", "[media_ip]", "inactive"), ("sendrecv", "0.0.0.0", "recvonly")]
    for version, (flow, address, wanted) in enumerate(forms, 2):
        steps += [invite((), sdp(flow, address, version), cseq, in_call=True), expect(100, optional=True)]
        steps += [expect(200, [f"a={wanted}"], rrs=True), ack(cseq)]
        cseq += 1
        steps += [invite((), sdp(version=version + 10), cseq, in_call=True), expect(100, optional=True)]
        steps += [expect(200, ["a=sendrecv"], rrs=True), ack(cseq)]
        cseq += 1
    update = request("UPDATE", cseq, (), sdp("sendonly", version=30), in_call=True)
    steps += [send(update), expect(200, ["a=recvonly"])]
    update = request("UPDATE", cseq + 1, (), sdp(version=31), in_call=True)
    steps += [send(update), expect(200, ["a=sendrecv"]), *bye(cseq + 2)]
    phone = Sipp(steps, room.address)
    for _ in range(4):
        room.wait("sound hold true")
        room.wait("sound hold false")
    phone.end()


def offerless(room):
    """SIPp: INVITE without an offer, at first and within the call"""
    again = [invite((), None, 2, in_call=True), expect(100, optional=True), expect(200, ["m=audio"], rrs=True)]
    steps = [*dial(None, (), ["m=audio [0-9]+ RTP/AVP .*8"]), ack(1, sdp()), *info("2", 2)]
    steps = [*steps, *[step.replace("CSeq: 2 INVITE", "CSeq: 3 INVITE") for step in again], ack(3, sdp(version=2)), *bye(4)]
    phone = Sipp(steps, room.address)
    room.wait("play enter-pin English")
    phone.end()


def offerless_without_answer(room):
    """an offer of ours that is not answered in the ACK ends the call"""
    with Phone(room.address) as phone:
        phone.request("INVITE")
        final = phone.response()
        same((final.code, "m=audio" in final.body), (200, True))
        phone.to, phone.target = final.get("To"), final.get("Contact").strip("<>")
        phone.request("ACK", cseq=1)
        phone.answer(phone.awaited("BYE"))


def session_timer(room):
    """SIPp: a session timer that is too small is refused, one that is not is agreed and refreshed"""
    small = ("Supported: timer", "Session-Expires: 30")
    good = ("Supported: timer", "Session-Expires: 90;refresher=uac")
    refresh = request("UPDATE", 3, good, None, in_call=True)
    steps = [invite(small, sdp()), expect(100, optional=True), expect(422, ["Min-SE: 90"]), ack(to_final=True)]
    steps += [invite(good, sdp(), 2), expect(100, optional=True), expect(180, optional=True)]
    steps += [expect(200, ["Session-Expires: 90;refresher=uac", "Require: timer"], rrs=True), ack(2)]
    steps += [send(refresh), expect(200, ["Session-Expires: 90;refresher=uac"]), *bye(4)]
    Sipp(steps, room.address).end()


def unknown_require(room):
    """SIPp: an unknown Require is refused with 420, at first and within the call"""
    unknown = ("Require: precondition, timer",)
    refused = [expect(100, optional=True), expect(420, ["Unsupported: precondition"])]
    Sipp([invite(unknown, sdp()), *refused, ack(to_final=True)], room.address).end()
    with Phone(room.address) as phone:
        same(phone.invite().code, 200)
        same(phone.invite(["Require: x"]).code, 420)
        same(phone.bye().code, 200)


def reliable(room):
    """SIPp: a reliable 180 is acknowledged with PRACK, then the call is answered"""
    first = expect(180, ["Require: 100rel"], rrs=True).replace(
        "</action>",
        '<ereg regexp="[0-9]+" search_in="hdr" header="RSeq:" check_it="true" assign_to="rseq"/></action>',
    )
    prack = send(request("PRACK", 2, ("RAck: [$rseq] 1 INVITE",), None, in_call=True))
    steps = [invite(("Require: 100rel",), sdp()), expect(100, optional=True), first, prack, expect(200)]
    Sipp([*steps, expect(200, ["m=audio"], rrs=True), ack(), *bye(3)], room.address).end()


def reliable_again(room):
    """a reliable 180 is repeated, a PRACK of another one is refused"""
    with Phone(room.address) as phone:
        phone.request("INVITE", ["Require: 100rel"], phone.offer())
        first, second = phone.response(180), phone.response(180)
        same((second.code, second.get("RSeq")), (180, first.get("RSeq")))
        phone.to, phone.target = first.get("To"), first.get("Contact").strip("<>")
        same(phone.within("PRACK", ["RAck: 5 1 INVITE"]).code, 481)
        phone.request("PRACK", [f"RAck: {first.get('RSeq')} 1 INVITE"])
        codes = sorted((phone.response().get("CSeq"), phone.response().get("CSeq")))
        same(codes, ["1 INVITE", "3 PRACK"])
        phone.request("ACK", cseq=1)
        same(phone.bye().code, 200)


def cancel(room):
    """CANCEL before the answer is 487; after it, it has no effect"""
    with Phone(room.address) as phone:
        branch = phone.request("INVITE", ["Require: 100rel"], phone.offer())
        same(phone.response(180).code, 180)
        phone.request("CANCEL", cseq=1, branch=branch)
        codes = set()
        while codes != {200, 487}:
            message = phone.response()
            codes.add(message.code)
            if message.code == 487:
                phone.to = message.get("To")
                phone.request("ACK", cseq=1, branch=branch)
    with Phone(room.address) as phone:
        branch = phone.request("INVITE", (), phone.offer())
        final = phone.response()
        phone.request("CANCEL", cseq=1, branch=branch)
        message = phone.response()
        while "CANCEL" not in message.get("CSeq"):
            message = phone.response()
        same(message.code, 200)
        phone.to, phone.target = final.get("To"), final.get("Contact").strip("<>")
        phone.request("ACK", cseq=1)
        same(phone.bye().code, 200)


def bye_before_ack(room):
    """BYE that comes before the ACK ends the call"""
    with Phone(room.address) as phone:
        phone.request("INVITE", (), phone.offer())
        final = phone.response()
        phone.to, phone.target = final.get("To"), final.get("Contact").strip("<>")
        phone.request("BYE")
        message = phone.response()
        while "BYE" not in message.get("CSeq"):
            message = phone.response()
        same(message.code, 200)
        phone.request("ACK", cseq=1)


def other_requests(room):
    """REFER 403, OPTIONS 200, REGISTER 405, BYE of no call 481, wrong bodies 415 and 488, unknown number 404"""
    with Phone(room.address) as phone:
        for method, code in (("OPTIONS", 200), ("REGISTER", 405), ("REFER", 403), ("BYE", 481), ("SUBSCRIBE", 405)):
            same((method, phone.within(method, ["Refer-To: <sip:x@y>"]).code), (method, code))
        same(phone.invite(["Content-Type: text/plain"], "x").code, 415)
        same(phone.invite((), "v=0\r\nm=video 9 RTP/AVP 96\r\n").code, 488)
        same(phone.invite().code, 200)
        same(phone.within("REFER", ["Refer-To: <sip:x@y>"]).code, 403)
        same(phone.within("OPTIONS").code, 200)
        same(phone.within("INFO", ["Content-Type: text/plain"], "x").code, 415)
        same(phone.within("INFO").code, 200)
        same(phone.within("MESSAGE", ["Content-Type: text/plain"], "x").code, 405)
        phone.cseq -= 3
        same(phone.within("INFO").code, 500)
        phone.cseq += 3
        same(phone.bye().code, 200)
        same(phone.within("INFO").code, 481)
    with Phone(room.address, called="+33199999999") as phone:
        same(phone.invite().code, 404)


def digest_by_sipp(room):
    """SIPp: a call with a password"""
    first = [invite((), sdp()), expect(100, optional=True), expect(401, auth=True), ack(to_final=True)]
    second = invite((f"[authentication username=carrier password={SECRET}]",), sdp(), 2)
    steps = [*first, second, expect(100, optional=True), expect(180, optional=True), expect(200, rrs=True), ack(2), *bye(3)]
    uri = ("-auth_uri", f"+33123456770@{room.address[0]}:{room.address[1]}")
    Sipp(steps, room.address, host="127.0.0.3", called="+33123456770", extra=uri).end()


def digest(room):
    """300 uses of one nonce, none of them twice, MD5 as well, and a wrong password"""
    with Phone(room.address, host="127.0.0.2", called="+33123456781") as phone:
        challenges = phone.invite().all("WWW-Authenticate")
        same(["SHA-256" in challenges[0], "MD5" in challenges[1]], [True, True])
        for nc in range(1, 301):
            phone.new_call()
            # The number is not ours: 404 says that the password was believed.
            same((nc, phone.invite([phone.digest(challenges[0], nc, SECRET)]).code), (nc, 404))
        for nc in (300, 17):
            phone.new_call()
            same(phone.invite([phone.digest(challenges[0], nc, SECRET)]).code, 401)
        phone.new_call()
        same(phone.invite([phone.digest(challenges[1], 301, SECRET, algorithm="MD5")]).code, 404)
        phone.new_call()
        same(phone.invite([phone.digest(challenges[0], 302, "wrong")]).code, 401)


def flood(room):
    """500 INVITE in a second of a stranger: silence, and a call of a trunk is set up meanwhile"""
    stranger = Phone(room.address, host="127.0.0.9")
    begun, pause = threading.Event(), threading.Event()

    def shout():
        for count in range(500):
            stranger.new_call()
            stranger.request("INVITE", (), stranger.offer())
            if count == 100:
                begun.set()
            pause.wait(0.002)

    thread = threading.Thread(target=shout)
    thread.start()
    begun.wait(30)
    with Phone(room.address) as phone:
        same(phone.invite().code, 200)
        phone.quiet()
        phone.keys("2123456")
        room.wait("entered")
        same(phone.bye().code, 200)
        room.wait("left")
    thread.join()
    # Whatever was to be answered was answered before this was.
    room.drain()
    stranger.socket.setblocking(False)
    try:
        got = stranger.socket.recv(2_000)
    except BlockingIOError:
        got = b""
    stranger.close()
    same(got, b"")


def odd_messages(room):
    """Latin-1, folded lines, short forms and no Content-Length are taken; torn ones get nothing"""
    with Phone(room.address) as phone:
        text = (
            f"INVITE {phone.uri} SIP/2.0\r\nv: SIP/2.0/UDP {phone.host}:{phone.port};branch=z9hG4bKodd;rport\r\n"
            f'f: "J\xfcrgen" <sip:+33612345678@h>\r\n ;tag=1\r\nt: <{phone.uri}>\r\ni: odd\r\nCSeq: 1 INVITE\r\n'
            f"m: <sip:me@{phone.host}:{phone.port}>\r\nc: application/sdp\r\n\r\n{phone.offer()}"
        )
        for torn in (b"\x00" * 900, text[:120].encode("latin-1"), b"INVITE sip:x SIP/2.0\r\nl: 99999\r\n\r\n"):
            phone.socket.sendto(torn, phone.server)
        phone.socket.sendto(text.encode("latin-1"), phone.server)
        final = phone.response()
        same((final.code, "m=audio" in final.body), (200, True))
        phone.call_id, phone.from_, phone.cseq = "odd", final.get("From"), 1
        phone.to, phone.target = final.get("To"), final.get("Contact").strip("<>")
        phone.request("ACK", cseq=1)
        same(phone.bye().code, 200)


def with_baresip(codec):
    def scenario(room):
        phone = Baresip(codec)
        phone.order("dial", f"sip:+33123456789@{room.address[0]}:{room.address[1]}")
        phone.wait("CALL_ESTABLISHED")
        for key in "2123456":
            phone.order("sndcode", key)
        room.wait("pin right from ••• 78")
        room.wait("entered")
        room.wait("heard in the room")
        phone.order("sndcode", "5")
        room.wait("hand true")
        phone.order("hangup")
        room.wait("left")
        phone.close()

    scenario.__doc__ = f"baresip: {codec}, keys in the sound, heard in the room, hangs up"
    scenario.__name__ = f"baresip_{codec.lower()}"
    return scenario


def uas(room, steps):
    return Sipp(steps, port=room.proxy)


def ring(room, steps, order="dial +33698765432"):
    phone = uas(room, steps)
    room.order(order)
    return phone


def refused_by(code, reason, outcome):
    def scenario(room):
        phone = ring(room, [expect_request("INVITE"), answer(180, "Ringing"), answer(code, reason), expect_request("ACK")])
        room.wait("progress Ringing")
        line = room.wait("progress Ended")
        same((f"outcome: {outcome}" in line, f"code: {code}" in line), (True, True))
        phone.end()

    scenario.__doc__ = f"SIPp is called: {code} is {outcome}"
    scenario.__name__ = f"refused_{code}"
    return scenario


def no_answer(room):
    """SIPp is called and nobody answers: CANCEL"""
    cancelled = [expect_request("CANCEL"), answer(200, "OK", tag=True)]
    final = answer(487, "Request Terminated").replace("[last_CSeq:]", "CSeq: 1 INVITE")
    phone = ring(room, [expect_request("INVITE"), answer(180, "Ringing"), *cancelled, final, expect_request("ACK")], "dial +33698765432 1")
    same("outcome: NoAnswer" in room.wait("progress Ended"), True)
    phone.end()


def hang_up_while_it_rings(room):
    """SIPp is called and the doctor hangs up while it rings: CANCEL"""
    cancelled = [expect_request("CANCEL"), answer(200, "OK", tag=True)]
    final = answer(487, "Request Terminated").replace("[last_CSeq:]", "CSeq: 1 INVITE")
    phone = ring(room, [expect_request("INVITE"), answer(180, "Ringing"), *cancelled, final, expect_request("ACK")])
    room.wait("progress Ringing")
    room.order("hang-up")
    same("outcome: GivenUp" in room.wait("progress Ended"), True)
    phone.end()


def called(steps_after=(), headers=()):
    return [expect_request("INVITE", ["a=sendrecv"]), answer(180, "Ringing"), answer(200, "OK", headers, sdp()), expect_request("ACK"), *steps_after]


def info_from_called(keys):
    steps = []
    for number, key in enumerate(keys, 1):
        lines = [
            "INFO [next_url] SIP/2.0",
            "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
            "From: [$1];tag=[pid]uas[call_number]",
            "To: [$2]",
            "Call-ID: [call_id]",
            f"CSeq: {number} INFO",
            "Max-Forwards: 70",
            "Content-Type: application/dtmf-relay",
            "Content-Length: [len]",
        ]
        steps += [send("\n".join(lines) + f"\n\nSignal={key}\nDuration=100\n"), expect(200)]
    return steps


def answered(room):
    """SIPp is called, presses 1 and is in the room; the visit ends"""
    remember = (
        '<recv request="INVITE" rrs="true"><action>'
        '<ereg regexp="&lt;.*" search_in="hdr" header="To:" check_it="true" assign_to="1"/>'
        '<ereg regexp="&lt;.*" search_in="hdr" header="From:" check_it="true" assign_to="2"/></action></recv>'
    )
    steps = [remember, answer(180, "Ringing"), answer(200, "OK", (), sdp()), '<recv request="ACK" rrs="true"></recv>']
    phone = ring(room, [*steps, *info_from_called("1"), *they_hang_up()])
    room.wait("progress Answered")
    room.wait("play press-one")
    room.wait("progress Confirmed")
    room.wait("entered ••• 32")
    room.wait("play entered English")
    room.order("end")
    same("outcome: Finished" in room.wait("progress Ended"), True)
    phone.end()


def not_allowed(room):
    """nobody is called in a country that is not on the list"""
    room.order("dial +15145550123")
    same("country" in room.wait("refused"), True)


def with_password(room):
    """SIPp is called and asks for a password"""
    asks = [
        expect_request("INVITE"),
        answer(407, "Proxy Authentication Required", ('Proxy-Authenticate: Digest realm="x", nonce="abc", qop="auth", algorithm=MD5',)),
        expect_request("ACK"),
        expect_request("INVITE", ['Proxy-Authorization: Digest username="clinic"', "nc=00000001", "CSeq: 2 INVITE"]),
        answer(486, "Busy Here"),
        expect_request("ACK"),
    ]
    phone = ring(room, asks)
    same("outcome: Busy" in room.wait("progress Ended"), True)
    phone.end()


def nobody_refreshes(room):
    """a call that is not refreshed ends with BYE (60 s)"""
    good = ["Supported: timer", "Session-Expires: 90;refresher=uac"]
    with Phone(room.address) as phone:
        same(phone.invite(good).code, 200)
        phone.quiet()
        phone.keys("2123456")
        room.wait("pin right")
        phone.answer(phone.awaited("BYE", 80))


def we_refresh(room):
    """where we are to refresh, we do (45 s)"""
    good = ["Supported: timer", "Allow: INVITE, ACK, BYE, UPDATE", "Session-Expires: 90;refresher=uas"]
    with Phone(room.address) as phone:
        same(phone.invite(good).get("Session-Expires"), "90;refresher=uas")
        phone.quiet()
        phone.keys("2123456")
        room.wait("pin right")
        refresh = phone.awaited("UPDATE", 80)
        phone.answer(refresh, headers=["Session-Expires: 90;refresher=uac", "Require: timer"])
        same(phone.bye().code, 200)


def no_key(room):
    """a caller who presses nothing is asked three times and then ended (60 s)"""
    with Phone(room.address) as phone:
        same(phone.invite().code, 200)
        for _ in range(3):
            room.wait("play welcome", 60)
        room.wait("play no-answer", 60)
        phone.answer(phone.awaited("BYE", 80))


def voicemail(room):
    """SIPp is called and is a machine: nothing is said to it but to press 1 (36 s)"""
    phone = ring(room, called(they_hang_up()))
    for _ in range(3):
        room.wait("play press-one")
    room.wait("progress VoicemailSuspected")
    line = room.wait("progress Ended")
    same([said for said in room.seen if said.startswith(("entered", "pin"))], [])
    same("code: 200" in line, True)
    phone.end()


QUICK = [
    pin_right,
    keys_in_sound,
    wrong_three_times,
    lockout,
    hold,
    offerless,
    offerless_without_answer,
    session_timer,
    unknown_require,
    reliable,
    reliable_again,
    cancel,
    bye_before_ack,
    other_requests,
    odd_messages,
    digest_by_sipp,
    digest,
    flood,
    with_baresip("G722"),
    with_baresip("PCMU"),
    refused_by(486, "Busy Here", "Busy"),
    refused_by(603, "Decline", "Declined"),
    refused_by(480, "Temporarily Unavailable", "NoAnswer"),
    no_answer,
    hang_up_while_it_rings,
    answered,
    with_password,
    not_allowed,
]
LONG = [nobody_refreshes, we_refresh, no_key, voicemail]
ALL = (QUICK, LONG)
