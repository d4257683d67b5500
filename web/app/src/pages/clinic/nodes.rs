//! The servers of the installation, for administrators: which run, how busy they are, and emptying one
//! before it is stopped.

use std::collections::BTreeMap;

use clinical_api::{NodeStateView, NodeView, NodesView, ProblemCode};
use gloo_timers::callback::Interval;
use leptos::prelude::*;
use leptos::task::spawn_local;
use signaling_protocol::{POINT_MS, POINTS_MAX};
use web_logic::plot::Points;

use crate::api::{self, ApiError};
use crate::components::{
    Alert, Button, Dialog, Glyph, Icon, Look, Page, Spinner, Tone, part, reason, toast,
};
use crate::i18n::{Key, say, t};
use crate::pages::calls::plot::{Measure, Plot};
use crate::{tr, when};

/// How often the page asks. A drain is watched by whoever has ordered it.
const RELOAD_MS: u32 = 2000;
/// Every how many answers is a point of the plots, whose points are six seconds apart.
const PER_POINT: u32 = POINT_MS / RELOAD_MS;

const LOAD: Measure = Measure {
    title: Key::NodesLoad,
    unit: "%",
    places: 0,
    limits: &[100.0],
    high: 120.0,
    testid: "plot-load",
};

/// What the page knows; all of it follows the server.
#[derive(Clone, Copy)]
struct Known {
    view: RwSignal<Option<NodesView>>,
    loads: RwSignal<BTreeMap<String, Points>>,
    asked: RwSignal<u32>,
    fault: RwSignal<Option<ApiError>>,
    /// Which server is to be emptied, once that is confirmed.
    chosen: RwSignal<Option<String>>,
}

impl Known {
    fn ask(self) {
        spawn_local(async move {
            match api::nodes().await {
                Ok(view) => self.hear(view),
                // What was heard before stays, with the fault above it.
                Err(fault) => drop(self.fault.try_set(Some(fault))),
            }
        });
    }

    fn hear(self, view: NodesView) {
        if let Some(asked) = self.asked.try_get_untracked() {
            if asked % PER_POINT == 0 {
                self.loads.try_update(|loads| note(loads, &view));
            }
            self.asked.try_set(asked.wrapping_add(1));
        }
        if self.view.try_get_untracked().flatten().as_ref() != Some(&view) {
            self.view.try_set(Some(view));
        }
    }

    fn wish(self, name: String, drain: bool) {
        self.fault.set(None);
        spawn_local(async move {
            let done = if drain {
                api::drain_node(&name).await
            } else {
                api::serve_node(&name).await
            };
            match done {
                Ok(()) => toast(untrack(|| tr!(Key::NodesAsked, name = name))),
                Err(fault) => drop(self.fault.try_set(Some(fault))),
            }
            self.ask();
        });
    }

    fn node(self, name: &str) -> Option<NodeView> {
        self.view.with(|view| {
            let mut nodes = view.iter().flat_map(|view| &view.nodes);
            nodes.find(|node| node.name == name).cloned()
        })
    }
}

/// Adds a point to the plot of every server.
fn note(loads: &mut BTreeMap<String, Points>, view: &NodesView) {
    for node in &view.nodes {
        let points = loads.entry(node.name.clone()).or_default();
        points.push(node.load.map(f64::from));
        if points.len() > POINTS_MAX {
            points.remove(0);
        }
    }
}

/// The page.
pub(crate) fn page() -> AnyView {
    let known = Known {
        view: RwSignal::new(None),
        loads: RwSignal::default(),
        asked: RwSignal::new(0),
        fault: RwSignal::new(None),
        chosen: RwSignal::new(None),
    };
    known.ask();
    let again = StoredValue::new_local(Some(Interval::new(RELOAD_MS, move || known.ask())));
    on_cleanup(move || drop(again.try_update_value(Option::take)));
    let names = Memo::new(move |_| {
        known.view.with(|view| {
            let nodes = view.iter().flat_map(|view| &view.nodes);
            nodes.map(|node| node.name.clone()).collect::<Vec<_>>()
        })
    });
    let is_cluster = Memo::new(move |_| {
        known
            .view
            .with(|view| view.as_ref().map(|view| view.is_cluster))
    });
    view! {
        <Page title=say(Key::NodesTitle)>
            <p class="lead">{say(Key::NodesText)}</p>
            {part(move || known.fault.get().map(|fault| view! {
                <Alert tone=Tone::Error testid="error">{part(move || why(&fault))}</Alert>
            }))}
            {part(move || match is_cluster.get() {
                None => view! { <Spinner/> }.into_any(),
                Some(true) => view! { <Sum known/> }.into_any(),
                Some(false) => view! {
                    <Alert tone=Tone::Info testid="nodes-single">{say(Key::NodesSingle)}</Alert>
                }
                .into_any(),
            })}
            <For each=move || names.get() key=|name| name.clone() let:name>
                <Node known name is_cluster/>
            </For>
            <Confirm known/>
        </Page>
    }
    .into_any()
}

fn why(fault: &ApiError) -> &'static str {
    if fault.is(ProblemCode::WrongState) {
        t(Key::NodesLast)
    } else {
        reason(fault)
    }
}

/// All servers together.
#[component]
fn Sum(known: Known) -> impl IntoView {
    let words = move || {
        known.view.with(|view| {
            let nodes = || view.iter().flat_map(|view| &view.nodes);
            let rooms: u32 = nodes().map(|node| node.rooms).sum();
            let people: u32 = nodes().map(|node| node.people).sum();
            let ready = nodes().filter(|node| node.state == NodeStateView::Ready);
            tr!(
                Key::NodesSum,
                ready = ready.count(),
                rooms = rooms,
                people = people
            )
        })
    };
    view! { <p data-testid="nodes-sum"><strong>{part(words)}</strong></p> }
}

#[component]
fn Node(known: Known, name: String, is_cluster: Memo<Option<bool>>) -> impl IntoView {
    let of = name.clone();
    let node = Memo::new(move |_| known.node(&of));
    let state = Memo::new(move |_| node.with(|node| node.as_ref().map(|node| node.state)));
    let fact = move |key: Key, read: fn(&NodeView) -> Option<String>| {
        let value = Memo::new(move |_| node.with(|node| node.as_ref().and_then(read)));
        part(move || {
            value.get().map(|value| {
                view! { <dt>{say(key)}</dt><dd>{value}</dd> }
            })
        })
    };
    let since = move || {
        let node = node.get()?;
        let key = if node.state == NodeStateView::Gone {
            Key::NodesHeard
        } else {
            Key::NodesSince
        };
        Some(view! { <dt>{say(key)}</dt><dd>{when::date_time(node.since_us)}</dd> })
    };
    let of = name.clone();
    let lines = Memo::new(move |_| {
        known
            .loads
            .with(|loads| vec![loads.get(&of).cloned().unwrap_or_default()])
    });
    let now = Signal::derive(move || {
        let load = node.with(|node| node.as_ref().and_then(|node| node.load));
        load.map_or_else(
            || t(Key::CallsUnknown).to_owned(),
            |load| format!("{load} %"),
        )
    });
    let here = Memo::new(move |_| node.with(|node| node.as_ref().is_some_and(|node| node.is_here)));
    let heading = name.clone();
    let acts = StoredValue::new(name.clone());
    view! {
        <section class="card" data-testid="node" data-node=name data-state=move || state.get().map(code)>
            <h2>
                <Icon glyph=Glyph::Chart/>{heading}
                {part(move || here.get().then(|| view! { " "<span class="badge quiet">{say(Key::NodesHere)}</span> }))}
            </h2>
            <p role="status" data-testid="node-state">
                <span class=move || mark(state.get()) aria-hidden="true"></span>
                {part(move || words(node.get().as_ref()))}
            </p>
            <dl class="facts">
                {fact(Key::NodesRooms, |node| Some(node.rooms.to_string()))}
                {fact(Key::NodesPeople, |node| Some(node.people.to_string()))}
                {fact(Key::NodesVersion, |node| node.version.clone())}
                {part(since)}
            </dl>
            <Plot measure=LOAD lines now/>
            {part(move || {
                let name = acts.get_value();
                match (is_cluster.get(), state.get()) {
                    (Some(true), Some(NodeStateView::Ready)) => Some(view! {
                        <Button look=Look::Secondary testid="node-drain" on_press=move || known.chosen.set(Some(name.clone()))>
                            {say(Key::NodesDrain)}
                        </Button>
                    }.into_any()),
                    (Some(true), Some(NodeStateView::Draining)) => Some(view! {
                        <Button testid="node-serve" on_press=move || known.wish(name.clone(), false)>
                            {say(Key::NodesUndo)}
                        </Button>
                    }.into_any()),
                    _ => None,
                }
            })}
        </section>
    }
}

const fn code(state: NodeStateView) -> &'static str {
    match state {
        NodeStateView::Ready => "ready",
        NodeStateView::Draining => "draining",
        NodeStateView::Gone => "gone",
    }
}

const fn mark(state: Option<NodeStateView>) -> &'static str {
    match state {
        Some(NodeStateView::Ready) => "dot good",
        Some(NodeStateView::Draining) => "dot fair",
        Some(NodeStateView::Gone) => "dot poor",
        None => "dot",
    }
}

/// How a server is; tracked.
fn words(node: Option<&NodeView>) -> &'static str {
    match node.map(|node| (node.state, node.rooms)) {
        Some((NodeStateView::Ready, _)) => t(Key::NodesReady),
        Some((NodeStateView::Draining, 0)) => t(Key::NodesEmpty),
        Some((NodeStateView::Draining, _)) => t(Key::NodesDraining),
        Some((NodeStateView::Gone, _)) => t(Key::NodesGone),
        None => t(Key::CallsUnknown),
    }
}

/// Asks once more before people's visits are moved.
#[component]
fn Confirm(known: Known) -> impl IntoView {
    let open = RwSignal::new(false);
    Effect::new(move || {
        if known.chosen.with(Option::is_some) {
            open.set(true);
        }
    });
    // Escape closes the dialog, too.
    Effect::new(move || {
        if !open.get() && known.chosen.with_untracked(Option::is_some) {
            known.chosen.set(None);
        }
    });
    let title = move || {
        let name = known.chosen.get().unwrap_or_default();
        tr!(Key::NodesDrainTitle, name = name)
    };
    let text = move || {
        let node = known.chosen.get().and_then(|name| known.node(&name))?;
        Some(tr!(
            Key::NodesDrainText,
            rooms = node.rooms,
            people = node.people
        ))
    };
    let go = move || {
        if let Some(name) = known.chosen.get_untracked() {
            known.wish(name, true);
        }
        open.set(false);
    };
    view! {
        <Dialog open title testid="node-confirm">
            <p>{part(text)}</p>
            <div class="actions">
                <Button look=Look::Secondary testid="node-keep" on_press=move || open.set(false)>{say(Key::NodesKeep)}</Button>
                <Button look=Look::Danger testid="node-drain-now" on_press=go>{say(Key::NodesDrainNow)}</Button>
            </div>
        </Dialog>
    }
}
