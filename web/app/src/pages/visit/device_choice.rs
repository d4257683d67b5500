//! Which camera and which microphone; the same lists before and during a visit.

use leptos::prelude::*;
use leptos::task::spawn_local;
use signaling_protocol::Source;
use web_call::browser::{DeviceInfo, DeviceKind, Listener, LocalMedia};

use super::live_call::LiveCall;
use super::words::Kept;
use crate::components::Spinner;
use crate::i18n::{Key, fill, say, t};

/// The devices of this machine, kept up to date while cables are plugged.
#[derive(Clone, Copy)]
struct Devices {
    list: RwSignal<Option<Vec<DeviceInfo>>>,
    _plugged: Kept<Option<Listener>>,
}

impl Devices {
    fn new() -> Self {
        let list = RwSignal::new(None);
        let plugged = StoredValue::new_local(LocalMedia::watch_devices(move || read(list)));
        on_cleanup(move || plugged.set_value(None));
        read(list);
        Self {
            list,
            _plugged: plugged,
        }
    }
}

fn read(list: RwSignal<Option<Vec<DeviceInfo>>>) {
    spawn_local(async move {
        let found = LocalMedia::list().await.unwrap_or_default();
        list.try_set(Some(found));
    });
}

/// Two lists. `call.devices` counts changes, so the lists follow a permission that was just given.
#[component]
pub(super) fn DeviceChoices(call: LiveCall) -> impl IntoView {
    let devices = Devices::new();
    Effect::new(move || {
        call.devices.track();
        read(devices.list);
    });
    move || match devices.list.get() {
        None => view! { <Spinner/> }.into_any(),
        Some(list) => {
            let of = |kind: DeviceKind| -> Vec<DeviceInfo> {
                list.iter()
                    .filter(|device| device.kind == kind)
                    .cloned()
                    .collect()
            };
            view! {
                <div class="visit-choices">
                    <Choice call source=Source::Camera devices=of(DeviceKind::Camera)/>
                    <Choice call source=Source::Microphone devices=of(DeviceKind::Microphone)/>
                </div>
            }
            .into_any()
        }
    }
}

#[component]
fn Choice(call: LiveCall, source: Source, devices: Vec<DeviceInfo>) -> impl IntoView {
    let (id, label, none) = match source {
        Source::Microphone => (
            "device-microphone",
            Key::VisitMicrophone,
            Key::VisitNoMicrophone,
        ),
        Source::Camera | Source::Screen => ("device-camera", Key::VisitCamera, Key::VisitNoCamera),
    };
    let used = call.local().chosen_id(source);
    let empty = devices.is_empty();
    let options = devices
        .into_iter()
        .enumerate()
        .map(|(index, device)| {
            let selected = used.as_ref().map_or(index == 0, |used| *used == device.id);
            let number = index + 1;
            let name = device.label;
            let words = move || {
                if name.is_empty() {
                    fill(t(Key::VisitDeviceNumber), &[("n", &number.to_string())])
                } else {
                    name.clone()
                }
            };
            view! { <option value=device.id selected=selected>{words}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=id>{say(label)}</label>
            <select
                id=id
                data-testid=id
                disabled=empty
                on:change=move |event| call.choose(source, event_target_value(&event))
            >
                {empty.then(|| view! { <option>{say(none)}</option> })}
                {options}
            </select>
        </div>
    }
}
