//! The talk with the assistant. All its words come from the server, in the language of the page.

use clinical_api::{AssistantRequest, ProblemCode, SaidKind, SaidView, TalkLineView, TalkView};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::ResizeObserver;

use crate::api::{self, ApiError, spoken};
use crate::components::{Button, Failure, Field, Glyph, Icon, Look, Page, part};
use crate::i18n::{Key, lang, lang_now, say};
use crate::remote::Remote;
use crate::{tr, when};

/// The id of the field for words.
const FIELD: &str = "assistant-text";

/// `/assistant`
pub(crate) fn page() -> AnyView {
    // In another language the whole talk is read anew.
    part(move || talk(lang())).into_any()
}

fn talk(lang: crate::i18n::Lang) -> AnyView {
    let talk = Remote::new(move || api::assistant_talk(lang));
    let text = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let heard = RwSignal::new(String::new());
    let act = move |words: Option<String>, choice: Option<u32>| {
        let Some(before) = untrack(|| talk.value()) else {
            return;
        };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            let request = AssistantRequest {
                language: spoken(lang_now()),
                zone: when::own_zone(),
                text: words,
                choice,
                seen: before.count,
            };
            match api::say_to_assistant(&request).await {
                Ok(view) => {
                    if request.text.is_some() {
                        text.try_set(String::new());
                    }
                    heard.try_set(last(&view));
                    talk.put(view);
                    // What was chosen is gone, and the focus with it.
                    focus();
                }
                Err(refused) => {
                    if refused.is(ProblemCode::Changed) {
                        talk.reload();
                    }
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    let again = move || {
        spawn_local(async move {
            match api::forget_assistant_talk().await {
                Ok(()) => talk.reload(),
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
        });
    };
    let choose = move |choice| act(None, Some(choice));
    let send = move || {
        let words = text.get_untracked().trim().to_owned();
        if !words.is_empty() {
            act(Some(words), None);
        }
    };
    view! {
        <Page title=say(Key::AssistantTitle) class="narrow">
            <p>{say(Key::AssistantIs)}</p>
            <p class="unseen" role="status" aria-live="polite">{part(move || heard.get())}</p>
            {talk.show(move |view| view! { <Log view choose=Callback::new(choose)/> })}
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <form on:submit=move |event| {
                event.prevent_default();
                send();
            }>
                <Field id=FIELD label=say(Key::AssistantField) value=text testid="assistant-text"/>
                <div class="actions">
                    <Button submit=true icon=Glyph::Next busy testid="assistant-send">{say(Key::MessagesSend)}</Button>
                    <Button look=Look::Secondary testid="assistant-again" on_press=again>{say(Key::AssistantAgain)}</Button>
                </div>
            </form>
        </Page>
    }
    .into_any()
}

/// The last answer, as it is heard.
fn last(view: &TalkView) -> String {
    let said = view.lines.last().map(|line| line.said.as_slice());
    let texts: Vec<&str> = said
        .unwrap_or_default()
        .iter()
        .map(|it| it.text.as_str())
        .collect();
    texts.join(" ")
}

fn focus() {
    if let Some(field) = document().get_element_by_id(FIELD)
        && let Ok(field) = field.dyn_into::<web_sys::HtmlElement>()
    {
        // A field that cannot take the focus leaves it where it is.
        field.focus().ok();
    }
}

/// What was said, and what may be chosen.
#[component]
fn Log(view: TalkView, choose: Callback<u32>) -> impl IntoView {
    let log = NodeRef::<html::Div>::new();
    let kept = StoredValue::new_local(None);
    Effect::new(move || {
        if let Some(log) = log.get() {
            kept.try_set_value(stay_at_end(&log));
        }
    });
    on_cleanup(move || {
        if let Some(Some((observer, _))) = kept.try_update_value(Option::take) {
            observer.disconnect();
        }
    });
    let mut all = view.lines.iter().rev().flat_map(|line| &line.said);
    let danger = all.find(|it| it.kind == SaidKind::Emergency).cloned();
    let lines: Vec<AnyView> = view.lines.into_iter().map(line).collect();
    let choices: Vec<AnyView> = (0_u32..)
        .zip(view.choices)
        .map(|(number, label)| {
            view! {
                <button type="button" class="button secondary" data-testid="assistant-choice"
                    on:click=move |_| choose.run(number)>{label}</button>
            }
            .into_any()
        })
        .collect();
    view! {
        {view.emergency.then(|| danger.map(alarm))}
        <div node_ref=log class="messages-log" role="log" aria-live="off" aria-label=say(Key::AssistantLog)
            tabindex="0" data-testid="assistant-log" data-count=view.count.to_string()
            data-emergency=view.emergency.to_string()>
            <ol>{lines}</ol>
        </div>
        <div class="actions" role="group" aria-label=say(Key::AssistantChoices)>{choices}</div>
    }
}

/// Shows the end of the talk now, and again whenever it has another size: a turned phone, a keyboard, another
/// window.
fn stay_at_end(log: &web_sys::HtmlDivElement) -> Option<(ResizeObserver, Closure<dyn Fn()>)> {
    let end = log.clone();
    let watch = Closure::<dyn Fn()>::new(move || end.set_scroll_top(end.scroll_height()));
    // It is called once at the beginning.
    let observer = ResizeObserver::new(watch.as_ref().unchecked_ref()).ok()?;
    observer.observe(log);
    Some((observer, watch))
}

/// Whom to call stays in sight, however far the talk goes on.
fn alarm(it: SaidView) -> AnyView {
    view! {
        <div class="triage-call" role="alert" data-testid="assistant-alarm">
            <p><strong>{it.text.clone()}</strong></p>
            {link(it, "assistant-alarm-link")}
        </div>
    }
    .into_any()
}

fn link(it: SaidView, testid: &'static str) -> impl IntoView {
    it.href.zip(it.label).map(|(href, label)| {
        let is_call = href.starts_with("tel:");
        let class = if is_call {
            "button call"
        } else {
            "button secondary"
        };
        let glyph = if is_call { Glyph::Phone } else { Glyph::Link };
        view! {
            <a class=class href=href data-testid=testid><Icon glyph/><span>{label}</span></a>
        }
    })
}

fn line(it: TalkLineView) -> AnyView {
    if let Some(words) = it.mine {
        return view! {
            <li class="messages-line mine" data-testid="assistant-mine">
                <span class="messages-from"><strong>{say(Key::MessagesYou)}</strong></span>
                <span class="prose">{words}</span>
            </li>
        }
        .into_any();
    }
    let said: Vec<AnyView> = it.said.into_iter().map(said).collect();
    view! {
        <li class="messages-line" data-testid="assistant-said">
            <span class="messages-from"><strong>{say(Key::AssistantBot)}</strong></span>
            {said}
        </li>
    }
    .into_any()
}

const fn code(kind: SaidKind) -> &'static str {
    match kind {
        SaidKind::Text => "text",
        SaidKind::Card => "card",
        SaidKind::Advice => "advice",
        SaidKind::Urgent => "urgent",
        SaidKind::Emergency => "emergency",
    }
}

fn said(it: SaidView) -> AnyView {
    let class = match it.kind {
        SaidKind::Emergency | SaidKind::Urgent => "alert error",
        SaidKind::Text | SaidKind::Card | SaidKind::Advice => "prose",
    };
    let (testid, text) = (format!("said-{}", code(it.kind)), it.text.clone());
    let source = it.source.clone().map(|source| {
        view! { <p><small>{part(move || tr!(Key::AssistantSource, source = source))}</small></p> }
    });
    let link = it
        .href
        .is_some()
        .then(|| view! { <p>{link(it, "assistant-link")}</p> });
    view! {
        <div class=class data-testid=testid>
            <p>{text}</p>
            {source}
            {link}
        </div>
    }
    .into_any()
}
