use super::*;
use proptest::prelude::*;

fn press(menu: &mut Menu, keys: &str) {
    for key in keys.chars() {
        menu.handle(0, MenuInput::Key(Digit::try_from(key).unwrap()));
    }
}

fn outputs(menu: &mut Menu) -> Vec<MenuOutput> {
    std::iter::from_fn(|| menu.poll_output()).collect()
}

fn at_pin() -> Menu {
    let mut menu = Menu::new(0);
    press(&mut menu, "2");
    outputs(&mut menu);
    menu
}

fn in_visit() -> Menu {
    let mut menu = at_pin();
    press(&mut menu, "123456");
    menu.handle(0, MenuInput::Checked(Checked::Right { ask_consent: false }));
    menu.handle(0, MenuInput::Room(RoomNews::Admitted));
    outputs(&mut menu);
    menu
}

#[test]
fn the_way_in_with_consent() {
    let mut menu = Menu::new(0);
    press(&mut menu, "2471105");
    assert_eq!(menu.language(), Language::English);
    let done = outputs(&mut menu);
    let [welcome, enter, MenuOutput::Hush, MenuOutput::Check(pin)] = done.as_slice() else {
        panic!("{done:?}");
    };
    assert_eq!(
        (welcome, enter),
        (
            &MenuOutput::Say(Prompt::Welcome),
            &MenuOutput::Say(Prompt::EnterPin)
        )
    );
    assert_eq!(pin.expose(), "471105");
    assert!(!format!("{done:?}").contains("471105"));
    menu.handle(0, MenuInput::Checked(Checked::Right { ask_consent: true }));
    assert_eq!(outputs(&mut menu), [MenuOutput::Say(Prompt::AskConsent)]);
    press(&mut menu, "71");
    assert_eq!(
        outputs(&mut menu),
        [
            MenuOutput::Join(Consent::Given),
            MenuOutput::Say(Prompt::Waiting)
        ]
    );
    menu.handle(0, MenuInput::Room(RoomNews::DoctorCame));
    menu.handle(0, MenuInput::Room(RoomNews::Admitted));
    assert_eq!(
        outputs(&mut menu),
        [
            MenuOutput::Say(Prompt::DoctorComing),
            MenuOutput::Say(Prompt::Entered)
        ]
    );
    assert_eq!(menu.poll_timeout(), None);
}

#[test]
fn three_wrong_pins_end_the_call() {
    let mut menu = at_pin();
    for _ in 0..2 {
        press(&mut menu, "000000");
        menu.handle(0, MenuInput::Checked(Checked::Wrong));
        assert!(outputs(&mut menu).contains(&MenuOutput::Say(Prompt::WrongPin)));
    }
    press(&mut menu, "12#");
    assert!(outputs(&mut menu).ends_with(&[
        MenuOutput::Say(Prompt::TooManyTries),
        MenuOutput::HangUp(HangUp::Locked)
    ]));
}

#[test]
fn half_a_pin_is_forgotten_and_asked_for_again_and_then_it_ends() {
    let mut menu = at_pin();
    press(&mut menu, "12");
    let at = menu.poll_timeout().unwrap();
    menu.handle(at.saturating_sub(1), MenuInput::Timeout);
    assert_eq!(outputs(&mut menu), [MenuOutput::Hush]);
    menu.handle(at, MenuInput::Timeout);
    assert_eq!(outputs(&mut menu), [MenuOutput::Say(Prompt::EnterPin)]);
    press(&mut menu, "345678");
    let done = outputs(&mut menu);
    assert!(matches!(done.last(), Some(MenuOutput::Check(pin)) if pin.expose() == "345678"));
    // Nobody there at all.
    let mut menu = at_pin();
    for _ in 0..2 {
        menu.handle(menu.poll_timeout().unwrap(), MenuInput::Timeout);
        assert_eq!(outputs(&mut menu), [MenuOutput::Say(Prompt::EnterPin)]);
    }
    menu.handle(menu.poll_timeout().unwrap(), MenuInput::Timeout);
    assert!(outputs(&mut menu).contains(&MenuOutput::HangUp(HangUp::Silence)));
}

#[test]
fn who_does_not_answer_the_question_has_not_agreed() {
    let mut menu = at_pin();
    press(&mut menu, "123456");
    menu.handle(0, MenuInput::Checked(Checked::Right { ask_consent: true }));
    for _ in 0..3 {
        menu.handle(menu.poll_timeout().unwrap(), MenuInput::Timeout);
    }
    let done = outputs(&mut menu);
    assert!(
        done.contains(&MenuOutput::Join(Consent::Refused)),
        "{done:?}"
    );
}

#[test]
fn keys_in_the_visit_mute_raise_and_leave() {
    let mut menu = in_visit();
    press(&mut menu, "115359");
    let done = outputs(&mut menu);
    let acts: Vec<&MenuOutput> = done
        .iter()
        .filter(|o| !matches!(o, MenuOutput::Say(_)))
        .collect();
    assert_eq!(
        acts,
        [
            &MenuOutput::Mute(true),
            &MenuOutput::Mute(false),
            &MenuOutput::Hand(true),
            &MenuOutput::Hand(false),
            &MenuOutput::HangUp(HangUp::Left),
        ]
    );
}

#[test]
fn silence_in_the_visit_never_ends_a_call() {
    let mut menu = in_visit();
    menu.handle(i64::MAX, MenuInput::Timeout);
    assert_eq!((outputs(&mut menu), menu.poll_timeout()), (vec![], None));
}

#[test]
fn an_hour_in_the_lobby_is_the_end() {
    let mut menu = at_pin();
    press(&mut menu, "123456");
    menu.handle(0, MenuInput::Checked(Checked::Right { ask_consent: false }));
    let mut comforts = 0_u32;
    while let Some(at) = menu.poll_timeout() {
        menu.handle(at, MenuInput::Timeout);
        comforts = comforts.saturating_add(1);
    }
    assert_eq!(comforts, 60);
    assert!(outputs(&mut menu).contains(&MenuOutput::HangUp(HangUp::Silence)));
}

proptest! {
    /// Whatever happens: nobody joins without a PIN that was right, no PIN is tried more than
    /// three times, and after the end nothing is said.
    #[test]
    fn nobody_gets_in_without_a_right_pin(steps in prop::collection::vec((0..20u8, 0..5u8), 0..120)) {
        let mut menu = Menu::new(0);
        let (mut now, mut was_right, mut checks, mut over) = (0_i64, false, 0_u32, false);
        for (step, kind) in steps {
            let input = match step {
                0..=13 => MenuInput::Key(Digit::of_code(step.min(11)).unwrap()),
                14 => MenuInput::Timeout,
                15 => MenuInput::Room(RoomNews::Admitted),
                16 => MenuInput::Room([RoomNews::DoctorCame, RoomNews::Recording(Topic::Recording, true), RoomNews::AskConsent(Topic::Captions), RoomNews::DoctorCame, RoomNews::Ended][usize::from(kind)]),
                _ => MenuInput::Checked([Checked::Wrong, Checked::Wrong, Checked::Right { ask_consent: true }, Checked::Locked, Checked::TooEarly][usize::from(kind)]),
            };
            now = menu.poll_timeout().unwrap_or(now).max(now);
            let is_checking = matches!(menu.state, State::Checking);
            was_right |= is_checking && matches!(input, MenuInput::Checked(Checked::Right { .. }));
            menu.handle(now, input);
            for output in outputs(&mut menu) {
                prop_assert!(!over);
                match output {
                    MenuOutput::Check(_) => checks = checks.saturating_add(1),
                    MenuOutput::Join(_) | MenuOutput::Mute(_) | MenuOutput::Hand(_) => prop_assert!(was_right),
                    MenuOutput::HangUp(_) => over = true,
                    MenuOutput::Say(_) | MenuOutput::Hush | MenuOutput::Answer(..) => {}
                }
            }
            prop_assert!(checks <= 3);
            prop_assert!(!over || menu.poll_timeout().is_none());
        }
    }
}

#[test]
fn who_was_called_is_asked_for_no_pin() {
    let mut menu = Menu::called(0, Language::English, false);
    assert_eq!(
        outputs(&mut menu),
        [
            MenuOutput::Join(Consent::NotAsked),
            MenuOutput::Say(Prompt::Waiting)
        ]
    );
}

#[test]
fn consent_in_the_visit_takes_the_key_for_it_and_silence_is_no() {
    let mut menu = in_visit();
    menu.handle(0, MenuInput::Room(RoomNews::AskConsent(Topic::Recording)));
    press(&mut menu, "1");
    assert_eq!(
        outputs(&mut menu),
        [
            MenuOutput::Say(Prompt::AskConsent),
            MenuOutput::Hush,
            MenuOutput::Answer(Topic::Recording, Consent::Given)
        ]
    );
    press(&mut menu, "1");
    assert_eq!(outputs(&mut menu)[0], MenuOutput::Mute(true));
    menu.handle(0, MenuInput::Room(RoomNews::AskConsent(Topic::Recording)));
    outputs(&mut menu);
    menu.handle(menu.poll_timeout().unwrap(), MenuInput::Timeout);
    assert_eq!(
        outputs(&mut menu),
        [MenuOutput::Answer(Topic::Recording, Consent::Refused)]
    );
}

#[test]
fn two_questions_are_asked_one_after_the_other_and_answered_apart() {
    let mut menu = in_visit();
    menu.handle(0, MenuInput::Room(RoomNews::AskConsent(Topic::Captions)));
    menu.handle(0, MenuInput::Room(RoomNews::AskConsent(Topic::Recording)));
    press(&mut menu, "1");
    press(&mut menu, "2");
    let all = [
        MenuOutput::Say(Prompt::AskCaptions),
        MenuOutput::Hush,
        MenuOutput::Answer(Topic::Captions, Consent::Given),
        MenuOutput::Say(Prompt::AskConsent),
        MenuOutput::Hush,
        MenuOutput::Answer(Topic::Recording, Consent::Refused),
    ];
    assert_eq!(outputs(&mut menu), all);
    menu.handle(
        0,
        MenuInput::Room(RoomNews::Recording(Topic::Captions, true)),
    );
    assert_eq!(outputs(&mut menu), [MenuOutput::Say(Prompt::CaptionsOn)]);
}

#[test]
fn a_hand_that_the_doctor_has_lowered_is_raised_by_the_next_key() {
    let mut menu = in_visit();
    press(&mut menu, "5");
    assert!(outputs(&mut menu).contains(&MenuOutput::Hand(true)));
    menu.handle(0, MenuInput::Room(RoomNews::HandLowered));
    assert_eq!(outputs(&mut menu), [MenuOutput::Say(Prompt::HandLowered)]);
    press(&mut menu, "5");
    assert!(outputs(&mut menu).contains(&MenuOutput::Hand(true)));
}
