//! A call that we place, from INVITE to its end.

use std::sync::Arc;

use rsipstack::sip::{Header, Headers, Method, Request, Response, Uri, Version};
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::SipConnection;
use signaling_sip::{
    Call, Credentials, DigestParams, Direction, Ended, Outcome, Password, SESSION_MIN_S, SESSION_S,
    SessionTimer, Summons, answer_challenge,
};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::answers::takes_update;
use crate::conversation::{Conversation, Person, Step};
use crate::dialler::{CallProgress, Placed};
use crate::dialog::{Dialog, NotMade};
use crate::follow::wires;
use crate::invite::{Attempt, attempt};
use crate::line::{Answered, Line};
use crate::media::Media;
use crate::message::{ALLOWED, SUPPORTED, header, session_terms, value, values};
use crate::ports::SoundEvent;
use crate::stack::{CallPlace, Stack, transport_of};
use crate::talk::{Watch, talk};
use crate::trunk::VisitNumber;

/// INVITEs of one call: the first, one with a longer session, one without encryption, and each of these
/// once more with a password.
const ATTEMPTS_MAX: usize = 6;
/// Steps of the question to press 1 that wait: there are two.
const STEPS_MAX: usize = 4;

/// Calls somebody, and tells what becomes of it.
pub(crate) async fn outgoing(stack: Arc<Stack>, placed: Placed) {
    let tag = Stack::new_tag();
    let (place, requests) = stack.open(&tag);
    let call = Box::pin(call(&stack, &placed, (tag, place, requests))).await;
    let Call::Ended(Ended {
        outcome,
        code,
        talked_us,
        ..
    }) = call
    else {
        return;
    };
    let talked_s = u64::try_from(talked_us.saturating_add(999_999) / 1_000_000).unwrap_or(0);
    stack.caps.give_back(&placed.trunk.name, talked_s);
    let clinic = &stack.ports.clinic;
    clinic.end_call(placed.charge, talked_s).await;
    placed.tell(CallProgress::Ended {
        outcome,
        code,
        talked_us,
    });
}

type Place = (String, CallPlace, mpsc::Receiver<Transaction>);

async fn call(stack: &Arc<Stack>, placed: &Placed, (tag, place, requests): Place) -> Call {
    let call = Call::begin(Direction::Out);
    let opened = match stack.ports.sound.open(placed.outbound.proxy).await {
        Ok(opened) => opened,
        Err(error) => {
            tracing::warn!(%error, "a call found no sound");
            return call.end(503, stack.door.now_us());
        }
    };
    let connected = stack.connection(&placed.trunk, &placed.outbound).await;
    let connection = match connected {
        Ok(connection) => connection,
        Err(error) => {
            tracing::warn!(trunk = placed.trunk.name, %error, "a trunk is not reached");
            return call.end(503, stack.door.now_us());
        }
    };
    let mut media = Media::new(opened.leg, opened.local, &placed.trunk);
    let invite = match first_invite(stack, placed, &tag, &connection, media.offer()) {
        Ok(invite) => invite,
        Err(error) => {
            tracing::warn!(%error, "a call could not be made");
            return call.end(500, stack.door.now_us());
        }
    };
    let (invite, answer) = match ring(stack, placed, &connection, (invite, &mut media)).await {
        Ok(answered) => answered,
        Err(code) => return call.end(code, stack.door.now_us()),
    };
    let now_us = stack.door.now_us();
    let Ok(dialog) = Dialog::of_answer(&invite, &answer, connection, placed.outbound.proxy) else {
        return call.end(500, now_us);
    };
    let Ok(call) = call.answer(now_us) else {
        return Call::begin(Direction::Out).end(500, now_us);
    };
    let sound = core::str::from_utf8(&answer.body)
        .ok()
        .map(|text| media.accept(text));
    let mut line = Line::new(Answered {
        stack: Arc::clone(stack),
        dialog,
        media,
        tag,
        timer: SessionTimer::agreed(session_terms(&answer), now_us),
        call,
        takes_update: takes_update(&answer),
        place,
        requests,
        wires: wires(),
        invited: None,
    });
    if !matches!(sound, Some(Ok(()))) {
        // What was agreed on is not what was offered: there is nothing to talk with.
        line.hang_up();
        return line.ended(now_us);
    }
    placed.tell(CallProgress::Answered);
    question(stack, placed, line, opened.events).await
}

/// The question to press 1, and all that follows.
async fn question(
    stack: &Arc<Stack>,
    placed: &Placed,
    line: Line,
    events: mpsc::Receiver<SoundEvent>,
) -> Call {
    let now_us = stack.door.now_us();
    let order = &placed.order;
    let person = Person {
        number: VisitNumber {
            number: placed.outbound.caller.clone(),
            facility: String::new(),
            language: order.language,
        },
        caller: Some(order.number.clone()),
        trunk: placed.trunk.name.clone(),
    };
    let script = (Summons::new(now_us), order.language, order.ask_consent);
    let conversation = Conversation::called(stack, person, script, order.pass.clone());
    let (sender, mut steps) = mpsc::channel(STEPS_MAX);
    let watch = Watch {
        hang_up: placed.hang_up.clone(),
        until_us: now_us.saturating_add(placed.most_us),
        steps: sender,
    };
    let talking = talk(line, conversation, events, Some(watch));
    tokio::pin!(talking);
    let (mut declined, talked) = (
        false,
        loop {
            tokio::select! {
                step = steps.recv() => match step {
                    Some(Step::Confirmed) => placed.tell(CallProgress::Confirmed),
                    Some(Step::Machine) => placed.tell(CallProgress::VoicemailSuspected),
                    Some(_) | None => {}
                },
                talked = &mut talking => break talked,
            }
        },
    );
    while let Ok(step) = steps.try_recv() {
        match step {
            Step::Machine => placed.tell(CallProgress::VoicemailSuspected),
            Step::Declined => declined = true,
            Step::Confirmed => placed.tell(CallProgress::Confirmed),
            Step::Go | Step::End(_) => {}
        }
    }
    match talked.call {
        Call::Ended(ended) if declined => Call::Ended(Ended {
            outcome: Outcome::Declined,
            ..ended
        }),
        call => call,
    }
}

fn first_invite(
    stack: &Stack,
    placed: &Placed,
    tag: &str,
    connection: &SipConnection,
    offer: String,
) -> Result<Request, NotMade> {
    let (number, caller) = (
        placed.order.number.expose(),
        placed.outbound.caller.expose(),
    );
    let proxy = placed.outbound.proxy;
    let here = stack.places.public(transport_of(connection));
    let uri = format!("sip:{number}@{proxy}");
    let headers: Vec<Header> = vec![
        Header::Via(stack.via(connection)?.into()),
        header("Max-Forwards", "70"),
        header("Call-ID", Stack::new_tag()),
        header("From", format!("<sip:{caller}@{here}>;tag={tag}")),
        header("To", format!("<{uri}>")),
        header("CSeq", "1 INVITE"),
        header("Contact", stack.contact(connection)),
        header("Allow", ALLOWED),
        header("Supported", SUPPORTED.join(", ")),
        header("Session-Expires", SESSION_S.to_string()),
        header("Min-SE", SESSION_MIN_S.to_string()),
        header("Content-Type", "application/sdp"),
    ];
    Ok(Request {
        method: Method::Invite,
        uri: Uri::try_from(uri).map_err(rsipstack::Error::from)?,
        version: Version::V2,
        headers: Headers::from(headers),
        body: offer.into_bytes(),
    })
}

/// Rings until somebody answers, with a password or a longer session where that is asked for.
async fn ring(
    stack: &Arc<Stack>,
    placed: &Placed,
    connection: &SipConnection,
    (mut invite, media): (Request, &mut Media),
) -> Result<(Request, Response), u16> {
    let begun = Instant::now();
    let until = begun.checked_add(placed.order.ring_for).unwrap_or(begun);
    let mut code = 500;
    for sequence in 2..2 + ATTEMPTS_MAX {
        let tried = attempt(stack, placed, connection, invite.clone(), until).await;
        let response = match tried {
            Attempt::Answered(answer) => return Ok((invite, *answer)),
            Attempt::GaveUp => return Err(487),
            Attempt::NoAnswer => return Err(480),
            Attempt::Lost => return Err(503),
            Attempt::Refused(response) => response,
        };
        code = response.status_code.code();
        let changed = match code {
            // Who does not encrypt refuses the whole offer (RFC 3264 section 6).
            415 | 488 | 606 => in_clear(media, &invite),
            _ => again(placed, &invite, &response),
        };
        invite = changed.ok_or(code)?;
        renew(stack, &mut invite, connection, sequence).map_err(|_error| 500_u16)?;
    }
    Err(code)
}

fn renew(
    stack: &Stack,
    invite: &mut Request,
    connection: &SipConnection,
    sequence: usize,
) -> Result<(), NotMade> {
    invite
        .headers
        .unique_push(Header::Via(stack.via(connection)?.into()));
    invite
        .headers
        .unique_push(header("CSeq", format!("{sequence} INVITE")));
    Ok(())
}

/// The same INVITE without its password: what is changed is asked for it again, because no answer to a
/// challenge is given twice.
fn unsigned(invite: &Request) -> Request {
    let mut changed = invite.clone();
    changed.headers.retain(|header| {
        let name = header.name();
        !name.eq_ignore_ascii_case("Authorization")
            && !name.eq_ignore_ascii_case("Proxy-Authorization")
    });
    changed
}

/// The same INVITE with an offer that is not encrypted, where that is allowed and was not tried.
fn in_clear(media: &mut Media, invite: &Request) -> Option<Request> {
    let mut changed = unsigned(invite);
    changed.body = media.offer_in_clear()?.into_bytes();
    Some(changed)
}

/// The same INVITE with what the refusal asked for; nothing where that cannot be given.
fn again(placed: &Placed, invite: &Request, refusal: &Response) -> Option<Request> {
    let mut changed = invite.clone();
    let (challenge, name) = match refusal.status_code.code() {
        401 => ("WWW-Authenticate", "Authorization"),
        407 => ("Proxy-Authenticate", "Proxy-Authorization"),
        422 => {
            let wanted = session_terms(refusal).min_s?;
            if value(invite, "Session-Expires")?.trim().parse() == Ok(wanted) {
                return None;
            }
            changed = unsigned(invite);
            changed
                .headers
                .unique_push(header("Session-Expires", wanted.to_string()));
            changed
                .headers
                .unique_push(header("Min-SE", wanted.to_string()));
            return Some(changed);
        }
        _ => return None,
    };
    // A password that was refused once is not tried again.
    if value(invite, name).is_some() {
        return None;
    }
    let login = placed.outbound.login.as_ref()?;
    let credentials = Credentials {
        username: login.user.clone(),
        password: Password::new(login.secret.expose().to_owned()),
    };
    let uri = invite.uri.to_string();
    let cnonce = Stack::new_tag();
    let answer = values(refusal, challenge).into_iter().find_map(|text| {
        let params = DigestParams::parse(&text).ok()?;
        answer_challenge(&params, &credentials, ("INVITE", &uri), &cnonce, 1).ok()
    })?;
    changed.headers.push(header(name, answer));
    Some(changed)
}
