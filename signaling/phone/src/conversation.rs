//! What is said between answer and end: menus, the clinic, the room. No SIP.

use std::sync::{Arc, PoisonError};

use sfu_phone::Digit;
use signaling_sip::{
    Checked, Consent, HangUp, Language, Menu, MenuInput, MenuOutput, PhoneNumber, Pin, Prompt,
    RoomNews as MenuNews, Standing, Summons, SummonsInput, SummonsOutput, Topic,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::ports::{
    ClinicDown, Entered, NotEntered, Pass, PinAnswer, PinTry, PlayId, Ports, RoomNews, RoomSeat,
    SoundLeg,
};
use crate::stack::Stack;
use crate::trunk::VisitNumber;

/// How long the last words may take, in microseconds.
const LAST_WORDS_US: i64 = 15_000_000;

/// Who is at the telephone.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// The number of ours that was called, or that calls.
    pub(crate) number: VisitNumber,
    /// Theirs; nothing where it is withheld.
    pub(crate) caller: Option<PhoneNumber>,
    /// The trunk.
    pub(crate) trunk: String,
}

impl Person {
    fn masked(&self) -> String {
        self.caller
            .as_ref()
            .map(PhoneNumber::masked)
            .unwrap_or_default()
    }

    /// Who fails together. Those who withhold their number share one standing on each trunk: or else
    /// withholding it would be the way to try all PINs.
    fn key(&self) -> String {
        match &self.caller {
            Some(number) => number.expose(),
            None => format!("withheld at {}", self.trunk),
        }
    }
}

/// What the call has to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Go on.
    Go,
    /// Somebody who was called has taken the call.
    Confirmed,
    /// Somebody who was called does not want to.
    Declined,
    /// A machine has answered.
    Machine,
    /// End the call.
    End(HangUp),
}

/// What a task of the clinic or the room brought.
#[derive(Debug)]
pub(crate) enum Done {
    Checked(Result<PinAnswer, ClinicDown>),
    Entered(Result<Entered, NotEntered>),
    Told,
}

enum Script {
    /// Somebody who was called: who, the language, whether consent is asked for.
    Summons(Summons, Language, bool),
    Menu(Menu),
}

/// One conversation.
pub(crate) struct Conversation {
    ports: Ports,
    stack: Arc<Stack>,
    person: Person,
    script: Script,
    pass: Option<Pass>,
    seat: Option<Box<dyn RoomSeat>>,
    pub(crate) news: Option<mpsc::Receiver<RoomNews>>,
    pub(crate) work: JoinSet<Done>,
    plays: u64,
    playing: Option<PlayId>,
    /// Why it ends once the last words are said, and when at the latest.
    ending: Option<(HangUp, i64)>,
}

impl Conversation {
    /// Somebody who calls.
    pub(crate) fn caller(stack: &Arc<Stack>, person: Person, menu: Menu) -> Self {
        Self::new(stack, person, Script::Menu(menu), None)
    }

    /// Somebody who was called and has a way in already.
    pub(crate) fn called(
        stack: &Arc<Stack>,
        person: Person,
        (summons, language, ask_consent): (Summons, Language, bool),
        pass: Pass,
    ) -> Self {
        let script = Script::Summons(summons, language, ask_consent);
        Self::new(stack, person, script, Some(pass))
    }

    fn new(stack: &Arc<Stack>, person: Person, script: Script, pass: Option<Pass>) -> Self {
        Self {
            ports: stack.ports.clone(),
            stack: Arc::clone(stack),
            person,
            script,
            pass,
            seat: None,
            news: None,
            work: JoinSet::new(),
            plays: 0,
            playing: None,
            ending: None,
        }
    }

    /// When something is to be done, in microseconds.
    pub(crate) fn due_us(&self) -> Option<i64> {
        match (&self.ending, &self.script) {
            (Some((_, at)), _) => Some(*at),
            (None, Script::Menu(menu)) => menu.poll_timeout(),
            (None, Script::Summons(summons, ..)) => summons.poll_timeout(),
        }
    }

    /// A key was pressed.
    pub(crate) fn pressed(&mut self, now_us: i64, leg: &dyn SoundLeg, digit: Digit) -> Step {
        match &mut self.script {
            Script::Menu(menu) => menu.handle(now_us, MenuInput::Key(digit)),
            Script::Summons(summons, ..) => summons.handle(now_us, SummonsInput::Key(digit)),
        }
        self.pump(now_us, leg)
    }

    /// The time of [`Conversation::due_us`] has come.
    pub(crate) fn timeout(&mut self, now_us: i64, leg: &dyn SoundLeg) -> Step {
        if let Some((why, at)) = self.ending {
            return if at <= now_us {
                Step::End(why)
            } else {
                Step::Go
            };
        }
        match &mut self.script {
            Script::Menu(menu) => menu.handle(now_us, MenuInput::Timeout),
            Script::Summons(summons, ..) => summons.handle(now_us, SummonsInput::Timeout),
        }
        self.pump(now_us, leg)
    }

    /// What was played has ended.
    pub(crate) fn played(&mut self, id: PlayId) -> Step {
        if self.playing == Some(id) {
            self.playing = None;
            if let Some((why, _)) = self.ending {
                return Step::End(why);
            }
        }
        Step::Go
    }

    /// The telephone holds, or listens again.
    pub(crate) fn held(&self, leg: &dyn SoundLeg, on: bool) {
        leg.hold(on);
        if let Some(seat) = &self.seat {
            seat.hold(on);
        }
    }

    /// Something happened in the room. A room that says nothing more has ended.
    pub(crate) fn room(&mut self, now_us: i64, leg: &dyn SoundLeg, news: Option<RoomNews>) -> Step {
        let news = match news {
            Some(RoomNews::Waiting) => return Step::Go,
            Some(RoomNews::DoctorCame) => MenuNews::DoctorCame,
            Some(RoomNews::Admitted(seat)) => {
                leg.join(&seat);
                MenuNews::Admitted
            }
            Some(RoomNews::Moved(seat)) => {
                leg.join(&seat);
                return Step::Go;
            }
            Some(RoomNews::Muted(true)) => MenuNews::MutedByDoctor,
            Some(RoomNews::Muted(false)) => return Step::Go,
            Some(RoomNews::HandLowered) => MenuNews::HandLowered,
            Some(RoomNews::AskConsent(topic)) => MenuNews::AskConsent(topic),
            Some(RoomNews::Recording(topic, on)) => MenuNews::Recording(topic, on),
            Some(RoomNews::Refused) => MenuNews::Refused,
            Some(RoomNews::Ended) => MenuNews::Ended,
            None => {
                self.news = None;
                MenuNews::Ended
            }
        };
        if let Script::Menu(menu) = &mut self.script {
            menu.handle(now_us, MenuInput::Room(news));
        }
        self.pump(now_us, leg)
    }

    /// A task of the clinic or the room has ended.
    pub(crate) fn done(&mut self, now_us: i64, leg: &dyn SoundLeg, done: Done) -> Step {
        let input = match done {
            Done::Told => return Step::Go,
            Done::Checked(answer) => MenuInput::Checked(self.judged(now_us, answer)),
            Done::Entered(Ok(entered)) => {
                self.seat = Some(entered.seat);
                self.news = Some(entered.news);
                return Step::Go;
            }
            Done::Entered(Err(NotEntered::Closed)) => MenuInput::Room(MenuNews::Ended),
            Done::Entered(Err(NotEntered::NoTelephones)) => MenuInput::Room(MenuNews::Refused),
        };
        if let Script::Menu(menu) = &mut self.script {
            menu.handle(now_us, input);
        }
        self.pump(now_us, leg)
    }

    fn judged(&mut self, now_us: i64, answer: Result<PinAnswer, ClinicDown>) -> Checked {
        let key = self.person.key();
        let mut lockout = self
            .stack
            .lockout
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match answer {
            Ok(PinAnswer::Right { pass, ask_consent }) => {
                lockout.succeeded(&key);
                self.pass = Some(pass);
                Checked::Right { ask_consent }
            }
            Ok(PinAnswer::Wrong) => {
                lockout.failed(&key, now_us);
                Checked::Wrong
            }
            Ok(PinAnswer::Locked) => Checked::Locked,
            Ok(PinAnswer::TooEarly) => Checked::TooEarly,
            Ok(PinAnswer::Over) => Checked::Over,
            Err(error) => {
                tracing::warn!(%error, "a PIN could not be checked");
                Checked::TooEarly
            }
        }
    }

    /// Does what the script wants.
    pub(crate) fn pump(&mut self, now_us: i64, leg: &dyn SoundLeg) -> Step {
        loop {
            let step = match &mut self.script {
                Script::Summons(summons, language, ask_consent) => {
                    let (language, ask_consent) = (*language, *ask_consent);
                    match summons.poll_output() {
                        None => return Step::Go,
                        Some(SummonsOutput::Say(prompt)) => self.say(leg, prompt, language),
                        Some(SummonsOutput::Taken) => {
                            let menu = Menu::called(now_us, language, ask_consent);
                            self.script = Script::Menu(menu);
                            return Step::Confirmed;
                        }
                        Some(SummonsOutput::Declined) => return Step::Declined,
                        Some(SummonsOutput::Machine) => return Step::Machine,
                    }
                }
                Script::Menu(menu) => match menu.poll_output() {
                    None => return Step::Go,
                    Some(output) => {
                        let language = menu.language();
                        self.order(now_us, leg, output, language)
                    }
                },
            };
            if step != Step::Go {
                return step;
            }
        }
    }

    fn say(&mut self, leg: &dyn SoundLeg, prompt: Prompt, language: Language) -> Step {
        self.plays = self.plays.saturating_add(1);
        let id = PlayId(self.plays);
        self.playing = Some(id);
        leg.play(id, &[prompt], language);
        Step::Go
    }

    fn order(
        &mut self,
        now_us: i64,
        leg: &dyn SoundLeg,
        output: MenuOutput,
        language: Language,
    ) -> Step {
        match output {
            MenuOutput::Say(prompt) => return self.say(leg, prompt, language),
            MenuOutput::Hush => {
                self.playing = None;
                leg.hush();
            }
            MenuOutput::Check(pin) => self.check(now_us, pin),
            MenuOutput::Join(consent) => self.join(consent),
            MenuOutput::Answer(topic, consent) => {
                if let Some(seat) = &self.seat {
                    seat.consent(topic, consent == Consent::Given);
                }
                if topic == Topic::Recording {
                    self.tell(consent);
                }
            }
            MenuOutput::Mute(on) => {
                leg.mute(on);
                if let Some(seat) = &self.seat {
                    seat.mute(on);
                }
            }
            MenuOutput::Hand(up) => {
                if let Some(seat) = &self.seat {
                    seat.hand(up);
                }
            }
            MenuOutput::HangUp(why) => {
                leg.leave();
                self.seat = None;
                self.news = None;
                if self.playing.is_none() {
                    return Step::End(why);
                }
                self.ending = Some((why, now_us.saturating_add(LAST_WORDS_US)));
            }
        }
        Step::Go
    }

    fn check(&mut self, now_us: i64, pin: Pin) {
        let standing = {
            let lockout = self
                .stack
                .lockout
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            lockout.standing(&self.person.key(), now_us)
        };
        if standing != Standing::Free {
            self.work
                .spawn(async { Done::Checked(Ok(PinAnswer::Locked)) });
            return;
        }
        let (clinic, person) = (Arc::clone(&self.ports.clinic), self.person.clone());
        self.work.spawn(async move {
            let masked = person.masked();
            let attempt = PinTry {
                called: &person.number,
                pin: &pin,
                masked: &masked,
                caller: person.caller.as_ref(),
            };
            Done::Checked(clinic.check_pin(attempt).await)
        });
    }

    /// Consent first: nobody is in a room before the clinic knows whether they may be recorded.
    fn join(&mut self, consent: Consent) {
        let Some(pass) = self.pass.clone() else {
            return;
        };
        let (ports, masked) = (self.ports.clone(), self.person.masked());
        self.work.spawn(async move {
            if consent != Consent::NotAsked
                && let Err(error) = ports.clinic.consent(&pass, consent).await
            {
                tracing::warn!(%error, "the clinic was not told of a consent");
            }
            Done::Entered(ports.rooms.enter(&pass, &masked).await)
        });
    }

    fn tell(&mut self, consent: Consent) {
        let Some(pass) = self.pass.clone() else {
            return;
        };
        let clinic = Arc::clone(&self.ports.clinic);
        self.work.spawn(async move {
            if let Err(error) = clinic.consent(&pass, consent).await {
                tracing::warn!(%error, "the clinic was not told of a consent");
            }
            Done::Told
        });
    }
}
